"""What a router kept of the native coin before it paid the wallet: a fee that leaves no log of its own.

Conservation gives what could have been paid at most. Two things tell what really was: a router's own summary
of the trade, and the fee that the calldata orders. Both only lower the estimate; neither makes a trade.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log, as_address
from ingest.evm.venues.create2 import word
from ingest.types import NATIVE

BASIS = 10_000
SAFE_RECEIVED = "0x3d0ce9bfc3ed7d6862dbb28b2dea94561fe714a1b4d019aa8af39730d1ad7c3d"
"""keccak of ``SafeReceived(address,uint256)``: a Safe tells what native coin it received."""
_SMALL, _ACCOUNT = 1 << 24, 1 << 112
"""Below are counters and shares, above are addresses; between them are amounts of a coin of 18 decimals."""

# 0x Settler: BASIC(sellToken, bps, pool, offset, data) gives a share of its balance to ``pool``. With native
# coin, no offset and no calldata that is a payment: `eeee…`, bps, pool, 0, 0xa0, 0.
_BASIC = bytes.fromhex("38c9c147")
_NATIVE_WORD = word(NATIVE)
_PLAIN = word(0) + word(0xA0) + word(0)


def calldata(transaction: Mapping[str, Any]) -> bytes:
    """Return a transaction's input; empty if there is none that can be read."""
    raw = transaction.get("input", transaction.get("data"))
    try:
        return bytes.fromhex(raw.removeprefix("0x")) if isinstance(raw, str) else b""
    except ValueError:
        return b""


def names(data: bytes, amount: int) -> bool:
    """Tell whether the calldata holds an amount as a word."""
    return word(amount) in data


def told(logs: Iterable[Log], sold: Mapping[str, int], wallet: str, ceiling: int) -> int | None:
    """Return what a router's summary says that the wallet was paid in native coin.

    A summary is one event that names a token sold, exactly how much of it, and the native coin: by a stand-in
    address, or as zero beside the wallet itself.

    Parameters
    ----------
    logs
        The transaction's logs.
    sold
        What the wallet gave, by token, positive.
    wallet
        Lower-case address.
    ceiling
        What it can have been paid at most; a summary of less than nine tenths of it speaks of something else.
    """
    me, native = int(wallet, 16), int(NATIVE, 16)
    given = {(int(token, 16), amount) for token, amount in sold.items() if token != NATIVE}
    best: int | None = None
    for log in logs:
        if log.topic == topics.TRANSFER:
            continue
        fields = log.fields()
        words = set(fields)
        if not any(token in words and amount in words for token, amount in given):
            continue
        if native in words or (0 in words and me in words):
            # A router may add a few wei of dust, and a promise (a minimum) is below what was paid.
            amounts = [f for f in fields if 9 * ceiling <= 10 * f and f <= ceiling + 9 and (f not in sold.values())]
            best = max([*amounts, *([best] if best is not None else [])], default=None)
    return best


def received(logs: Iterable[Log], senders: Container[str | None], most: int) -> int:
    """Return the native coin that Safes say they received: a fee, if it is less than ``most``.

    Parameters
    ----------
    logs
        The transaction's logs, of unknown events too.
    senders
        Accounts on the wallet's way: what others paid was not the wallet's.
    most
        What was left of the native coin before fees.
    """
    return sum(
        amount
        for log in logs
        if log.topic == SAFE_RECEIVED
        and log.fits(1, 1)
        and as_address(log.indexed[0]) in senders
        and 0 < (amount := log.word(0)) < most
    )


def kept(logs: Iterable[Log], router: str | None, left: int) -> int:
    """Return the native coin that a router says it kept.

    Its events that hold one amount, at most a tenth of what was left, an account, and nothing else but small numbers.

    Parameters
    ----------
    logs
        The transaction's logs, of unknown events too.
    router
        The contract that the transaction called.
    left
        What was left of the native coin before fees.
    """
    found = 0
    for log in logs:
        if log.address == router and log.topic not in topics.SIGNATURES and 2 <= len(log.fields()) <= 3:
            amounts = [field for field in log.fields() if _SMALL <= field < _ACCOUNT]
            if len(amounts) == 1 and 10 * amounts[0] <= left and any(_ACCOUNT <= f < 1 << 160 for f in log.fields()):
                found += amounts[0]
    return found


def spoken_for(logs: Iterable[Log], wallet: str, amount: int) -> bool:
    """Tell whether an event that does not name the wallet names an amount: it went to somebody else."""
    me = int(wallet, 16)
    return any(
        amount in (fields := log.fields()) and me not in fields for log in logs if log.topic not in topics.SIGNATURES
    )


def after_fees(data: bytes, amount: int) -> int:
    """Return what is left of native proceeds after the fees that the calldata orders in basis points."""
    start = data.find(_BASIC)
    while start >= 0:
        fields = data[start + 4 : start + 4 + 6 * 32]
        bps = int.from_bytes(fields[32:64])
        if fields[:32] == _NATIVE_WORD and fields[96:192] == _PLAIN and 0 < bps < BASIS:
            amount -= amount * bps // BASIS
        start = data.find(_BASIC, start + 4)
    return amount
