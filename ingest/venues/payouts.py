"""What a router kept of the native coin before it paid the wallet: a fee that leaves no log of its own.

Conservation gives what could have been paid at most. Two things tell what really was: a router's own summary
of the trade, and the fee that the calldata orders. Both only lower the estimate; neither makes a trade.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ingest import abi
from ingest.logs import Log
from ingest.types import NATIVE
from ingest.venues.create2 import word

BASIS = 10_000

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
        if log.topic == abi.TRANSFER:
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
