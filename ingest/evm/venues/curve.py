"""Curve and StableSwap forks (Saddle, Synapse, Hop): amounts and coin numbers, never token addresses.

Routers also swap by adding one coin to a pool and taking another out: no exchange event tells that, the pool's
liquidity events do.
"""

from collections.abc import Callable, Iterable, Sequence

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log, as_address
from ingest.evm.venues.swap_event import SwapEvent, unnamed

FAMILY = "curve"

COINS = {
    topics.CURVE_ADD_2: 2,
    topics.CURVE_ADD_3: 3,
    topics.CURVE_ADD_4: 4,
    topics.CURVE_ADD_CRYPTO_2: 2,
    topics.CURVE_ADD_CRYPTO_3: 3,
}
"""How many coin amounts stand first in the data; ``CURVE_ADD_NG`` says it itself."""
_ADDS = frozenset({*COINS, topics.CURVE_ADD_NG})


def reader(family: str, words: int, sold: int, bought: int) -> Callable[[Log], SwapEvent | None]:
    """Return a reader of an exchange event whose amounts stand at two data words.

    Parameters
    ----------
    family
        The family's name.
    words
        Number of data words.
    sold, bought
        Positions of what went in and what came out.
    """

    def read(log: Log) -> SwapEvent | None:
        return unnamed(family, log, log.word(sold), log.word(bought)) if log.fits(1, words) else None

    return read


def through_liquidity(logs: Sequence[Log]) -> Iterable[SwapEvent]:
    """Yield the swaps made by adding one coin to a pool and removing another.

    The same account did both in the same pool, and burned exactly the shares that it was minted: nothing of
    the position stayed.

    Parameters
    ----------
    logs
        The transaction's logs, in order.
    """
    if not any(log.topic in _ADDS for log in logs):
        return
    added: dict[tuple[str, int], int] = {}
    minted: set[tuple[int, int]] = set()
    for log in logs:
        if log.topic == topics.TRANSFER and log.fits(2, 1) and log.indexed[0] == 0:
            minted.add((log.indexed[1], log.word(0)))
        if len(log.indexed) != 1:
            continue
        where = (log.address, log.indexed[0])
        came, removed = _added(log), _removed(log)
        if came is not None:
            added[where] = came
        if removed is not None and where in added and (log.indexed[0], removed[0]) in minted:
            event = unnamed(FAMILY, log, added[where], removed[1])
            if event is not None:
                yield event


def providers(logs: Iterable[Log]) -> frozenset[tuple[str, str]]:
    """Return pools and the accounts that added to them or took one coin out, as the pools tell it.

    Parameters
    ----------
    logs
        The transaction's logs.
    """
    told = (log for log in logs if len(log.indexed) == 1 and (log.topic in _ADDS or _removed(log) is not None))
    return frozenset((log.address, account) for log in told if (account := as_address(log.indexed[0])) is not None)


def _added(log: Log) -> int | None:
    """Return the one coin amount that was added; None if it was not exactly one."""
    if log.topic == topics.CURVE_ADD_NG and log.fits(1, 6):
        first, coins = 5, log.word(4)
    else:
        first, coins = 0, COINS.get(log.topic, 0)
    if not 2 <= coins <= 8 or not log.fits(1, first + coins):
        return None
    amounts = [a for a in (log.word(first + i) for i in range(coins)) if a]
    return amounts[0] if len(amounts) == 1 else None


def _removed(log: Log) -> tuple[int, int] | None:
    """Return the shares burned and the coin amount taken out."""
    if log.topic == topics.CURVE_REMOVE_ONE_OLD and log.fits(1, 2):
        return log.word(0), log.word(1)
    if log.topic == topics.CURVE_REMOVE_ONE and log.fits(1, 3):
        # CryptoSwap puts the coin's number before its amount, StableSwap the supply behind it.
        return log.word(0), log.word(2 if log.word(1) < 8 else 1)
    if log.topic == topics.CURVE_REMOVE_ONE_NG and log.fits(1, 4):
        return log.word(1), log.word(2)
    return None


READERS = {
    topics.CURVE_EXCHANGE: reader(FAMILY, 4, 1, 3),
    topics.CURVE_EXCHANGE_UNDERLYING: reader(FAMILY, 4, 1, 3),
    topics.CURVE_CRYPTO_EXCHANGE: reader(FAMILY, 4, 1, 3),
    topics.CURVE_NG_EXCHANGE: reader(FAMILY, 6, 1, 3),
    topics.SADDLE_SWAP: reader("saddle", 4, 0, 1),
    topics.SADDLE_SWAP_UNDERLYING: reader("saddle", 4, 0, 1),
}
