"""What a call orders to be done with native coin: whom to pay, what to give back, and which fee to keep.

Known by the public interfaces of exchanges' routers (selectors), never by a router's address. A call that is not
known here leaves open whether a fee was kept from what the pools paid.
"""

from collections.abc import Iterator

import msgspec

from ingest.evm.logs.logs import as_address
from ingest.evm.venues.create2 import word

BASIS = 10_000

# Word of the arguments at which the receiver stands; None: the caller is paid.
_RECEIVER: dict[str, int | None] = {
    # Uniswap v2's router and its forks.
    "18cbafe5": 3,  # swapExactTokensForETH
    "791ac947": 3,  # swapExactTokensForETHSupportingFeeOnTransferTokens
    "4a25d94a": 3,  # swapTokensForExactETH
    "676528d1": 3,  # swapExactTokensForAVAX
    "762b1562": 3,  # swapExactTokensForAVAXSupportingFeeOnTransferTokens
    "18a13086": 3,  # swapExactTokensForETH of Solidly
    "c6b7f1b6": 3,  # swapExactTokensForETH of Velodrome v2
    "12bc3aca": 3,  # swapExactTokensForETHSupportingFeeOnTransferTokens of Velodrome v2
    # Uniswap v1.
    "95e3c50b": None,  # tokenToEthSwapInput
    # 1inch.
    "0502b1c5": None,  # unoswap
    "2e95b6c8": None,  # unoswap
    "83800a8e": None,  # unoswap
    "8770ba91": None,  # unoswap2
    "19367472": None,  # unoswap3
    "e449022e": None,  # uniswapV3Swap
    "bc80f1a8": 0,  # uniswapV3SwapTo
    "f78dc253": 0,  # unoswapTo
    "12aa3caf": 4,  # swap: dstReceiver
    "07ed2379": 4,  # swap: dstReceiver
    # 0x.
    "d9627aa4": None,  # sellToUniswap
    "803ba26d": 3,  # sellTokenForEthToUniswapV3
}
_SPENDS = frozenset({"7ff36ab5", "b6f9de95", "a2a1623d", "414bf389", "04e45aaf", "c04b8d59", "b858183f", "881d5592"})
"""swapExactETHForTokens and the like: all of the value is spent."""
_DESCRIBED = {"7c025200": (1, 3), "90411a32": (1, 3)}
"""1inch's older ``swap``: the word that says where the description lies, and the receiver's word in it."""
_REFUNDS = frozenset({"fb3bdb41", "8a657e67"})
"""swapETHForExactTokens, swapAVAXForExactTokens: what is left of the value goes back to the caller."""

# Calls within a multicall of Uniswap v3's periphery, each behind its length.
_UNWRAP = word(4 + 64) + bytes.fromhex("49404b7c")  # unwrapWETH9(minimum, receiver)
_UNWRAP_OWN = word(4 + 32) + bytes.fromhex("49616997")  # unwrapWETH9(minimum)
_UNWRAP_FEE = word(4 + 128) + bytes.fromhex("9b2c0a37")  # unwrapWETH9WithFee(minimum, receiver, bips, feeReceiver)
_UNWRAP_OWN_FEE = word(4 + 96) + bytes.fromhex("d4ef38de")  # unwrapWETH9WithFee(minimum, bips, feeReceiver)
_REFUND = word(4) + bytes.fromhex("12210e8a")  # refundETH()
_MULTICALLS = frozenset({"ac9650d8", "5ae401dc", "1f0464d1"})

# Commands of the Universal Router.
_EXECUTE = frozenset({"3593564c", "24856bc3"})
_SWEEP, _TRANSFER, _PORTION, _UNWRAP_COMMAND = 0x04, 0x05, 0x06, 0x0C
_CALLER, _ROUTER = 1, 2  # stand-ins for addresses
_MOST = 64  #: commands of one call that are read

_METAMASK = "5f575529"
"""MetaMask's swap: deep in its arguments stand a fee, who gets it, and whether it is taken from what was bought."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """What a known call orders."""

    receiver: str | None = None  #: of native proceeds; None: the caller
    refunds: bool = False  #: what is left of the native coin sent goes back; else nothing of it does
    bips: tuple[int, ...] = ()  #: shares of native coin that are kept as fees, one after another
    fee: int = 0  #: a fixed amount of native coin that is kept

    def keeps(self, amount: int) -> int:
        """Return what is kept of an amount of native coin."""
        left = amount - self.fee
        for share in self.bips:
            left -= left * share // BASIS
        return amount - left


def read_call(data: bytes) -> Call | None:
    """Read what a transaction's call orders; None if it is not known.

    Parameters
    ----------
    data
        The calldata, or a part that begins with a selector.
    """
    selector, arguments = data[:4].hex(), data[4:]
    if selector in _RECEIVER:
        at = _RECEIVER[selector]
        return Call(receiver=None if at is None else _address(arguments, at))
    if selector in _DESCRIBED:
        where, position = _DESCRIBED[selector]
        return Call(receiver=_address(arguments[_word(arguments, where) :], position))
    if selector in _SPENDS or selector in _REFUNDS:
        return Call(refunds=selector in _REFUNDS)
    if selector in _MULTICALLS:
        return _multicall(arguments)
    if selector in _EXECUTE:
        return _commands(arguments)
    return _metamask(arguments) if selector == _METAMASK else None


def _word(data: bytes, position: int) -> int:
    """Return a word of the arguments; what is missing is larger than any position."""
    found = data[32 * position : 32 * position + 32]
    return int.from_bytes(found) if len(found) == 32 else 1 << 63


def _address(data: bytes, position: int) -> str | None:
    """Return the account at a word; None for zero, which stands for the caller."""
    return as_address(_word(data, position) or 1 << 160)


def _multicall(data: bytes) -> Call:
    receiver, bips = None, []
    for mark, at, share in (
        (_UNWRAP, 1, None),
        (_UNWRAP_FEE, 1, 2),
        (_UNWRAP_OWN, None, None),
        (_UNWRAP_OWN_FEE, None, 1),
    ):
        start = data.find(mark)
        if start >= 0:
            inner = data[start + len(mark) :]
            receiver = None if at is None else _address(inner, at)
            bips += [] if share is None else [_word(inner, share)]
    return Call(receiver=receiver, refunds=_REFUND in data, bips=tuple(b for b in bips if 0 < b < BASIS))


def _commands(data: bytes) -> Call:
    """Read the Universal Router's commands: what is left of the value goes back only where one says so."""
    receiver, refunds, bips, fee = None, False, [], 0
    for command, arguments in _inputs(data):
        to = _word(arguments, 1 if command in (_SWEEP, _TRANSFER, _PORTION) else 0)
        native = command == _UNWRAP_COMMAND or _word(arguments, 0) == 0
        if not native or to == _ROUTER:
            continue
        if command in (_UNWRAP_COMMAND, _SWEEP):
            refunds = True
            receiver = None if to == _CALLER else as_address(to)
        elif command == _PORTION and 0 < _word(arguments, 2) < BASIS:
            bips.append(_word(arguments, 2))
        elif command == _TRANSFER:
            fee += _word(arguments, 2)
    return Call(receiver=receiver, refunds=refunds, bips=tuple(bips), fee=fee)


def _inputs(data: bytes) -> Iterator[tuple[int, bytes]]:
    at, inputs = _word(data, 0), _word(data, 1)
    size = _word(data[at:], 0)
    commands = data[at + 32 : at + 32 + min(size, _MOST)]
    lists = data[inputs + 32 :]
    for position, command in enumerate(commands):
        kind = command & 0x3F
        if kind in (_SWEEP, _TRANSFER, _PORTION, _UNWRAP_COMMAND):
            yield kind, lists[_word(lists, position) + 32 :]


def _metamask(data: bytes) -> Call:
    for position in range(5, len(data) // 32 - 2):
        fee, to, taken = (_word(data, position + i) for i in range(3))
        # The fee is a share of a percent, so that an address or an offset in its place is told apart by its size.
        if taken == 1 and to >> 96 and not to >> 160 and fee >> 32 and not fee >> 96:
            return Call(fee=fee)
    return Call()
