"""What a receipt says about the liquidity of pools: who added how much, and how deep a pool was that was swapped in.

Liquidity is counted as pools of two tokens count it, the square root of the product of both sides, so that what was
added and what is there compare within one pool whatever its tokens are worth. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isqrt

import msgspec

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues.families import read_events
from ingest.types import VenueStatus, VenueSwap

Q96 = 1 << 96  #: of a square root price (Uniswap v3 core, SqrtPriceMath)
_CHANGES = frozenset(
    {topics.V2_MINT, topics.V2_BURN, topics.SOLIDLY_BURN, topics.V3_MINT, topics.V3_BURN, topics.V4_MODIFY}
)
_CONCENTRATED = frozenset(
    {
        *(topics.UNISWAP_V3_SWAP, topics.PANCAKE_V3_SWAP, topics.ALGEBRA_SWAP),
        *(topics.UNISWAP_V4_SWAP, topics.PANCAKE_INFINITY_CL_SWAP),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """Liquidity that was added to a pool (+) or taken out of it (-)."""

    pool: str  #: address, or the id of a manager's pool
    log_index: int
    liquidity: int  #: signed
    lower: int | None  #: ticks between which it works; None: everywhere
    upper: int | None


class PoolUse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One swap in a pool whose depth its own events tell."""

    pool: str  #: address, or the id of a manager's pool
    emitter: str
    topic: str
    log_index: int
    amount_in: int
    amount_out: int
    zero_for_one: bool
    liquidity: int  #: working after the swap
    tick: int | None
    share: float  #: what was taken, as a fraction of what the pool held of that token before


def provisions(logs: Iterable[Log]) -> list[Provision]:
    """Read what the logs of a transaction say was added to and taken out of pools, claimed by whom it may be."""
    found = [_provision(log) for log in logs if log.topic in _CHANGES]
    return [each for each in found if each is not None and each.liquidity]


def _provision(log: Log) -> Provision | None:
    if log.topic == topics.V2_MINT and log.fits(1, 2):
        return _anywhere(log, 1)
    if log.topic in (topics.V2_BURN, topics.SOLIDLY_BURN) and log.fits(2, 2):
        return _anywhere(log, -1)
    if log.topic == topics.V3_MINT and log.fits(3, 4):
        return _between(log, log.address, log.word(1), log.indexed[1:])
    if log.topic == topics.V3_BURN and log.fits(3, 3):
        return _between(log, log.address, -log.word(0), log.indexed[1:])
    if log.topic == topics.V4_MODIFY and log.fits(2, 4):
        return _between(log, f"0x{log.indexed[0]:064x}", log.signed(2), (log.word(0), log.word(1)))
    return None


def _anywhere(log: Log, sign: int) -> Provision:
    liquidity = sign * isqrt(log.word(0) * log.word(1))
    return Provision(pool=log.address, log_index=log.index, liquidity=liquidity, lower=None, upper=None)


def _between(log: Log, pool: str, liquidity: int, ticks: Sequence[int]) -> Provision | None:
    lower, upper = (_tick(word) for word in ticks)
    if lower is None or upper is None:
        return None
    return Provision(pool=pool, log_index=log.index, liquidity=liquidity, lower=lower, upper=upper)


def _tick(word: int) -> int | None:
    value = word - (1 << 256) if word >> 255 else word
    return value if -(1 << 23) <= value < 1 << 23 else None


def pool_uses(logs: Sequence[Log], swaps: Iterable[VenueSwap]) -> list[PoolUse]:
    """Read how deep the pools were in which a transaction swapped, in log order.

    Only what the decoder found verified counts: anyone can emit a ``Swap``, and reserves to go with it. Families
    whose events tell no depth are left out.

    Parameters
    ----------
    logs
        Of the transaction, in order.
    swaps
        What the decoder made of its swap events.
    """
    verified = {swap.log_index for swap in swaps if swap.status is VenueStatus.VERIFIED}
    by_index = {log.index: log for log in logs}
    uses = []
    for event in read_events(logs):
        log = by_index.get(event.log_index)
        if event.log_index not in verified or log is None or event.zero_for_one is None or event.amount_out <= 0:
            continue
        if (depth := _depth(log, logs, zero_for_one=event.zero_for_one)) is not None:
            left, liquidity, tick = depth
            uses.append(
                PoolUse(
                    pool=event.pool or event.emitter,
                    emitter=event.emitter,
                    topic=log.topic,
                    log_index=log.index,
                    amount_in=event.amount_in,
                    amount_out=event.amount_out,
                    zero_for_one=event.zero_for_one,
                    liquidity=liquidity,
                    tick=tick,
                    share=event.amount_out / (left + event.amount_out),
                )
            )
    return uses


def _depth(log: Log, logs: Iterable[Log], *, zero_for_one: bool) -> tuple[int, int, int | None] | None:
    """What was left of the token that was taken, the liquidity, and the tick."""
    if log.topic in _CONCENTRATED:
        price, liquidity, tick = log.word(2), log.word(3), _tick(log.word(4))
        if liquidity >> 128 or price >> 160 or tick is None:
            return None
        # Within its range such a pool trades like one that holds these amounts.
        left = liquidity * price // Q96 if zero_for_one else (liquidity * Q96 // price if price else 0)
        return left, liquidity, tick
    synced = [
        each
        for each in logs
        if each.address == log.address and each.topic in (topics.SYNC, topics.SOLIDLY_SYNC) and each.index < log.index
    ]
    if not synced or not synced[-1].fits(0, 2):
        return None
    reserves = synced[-1].word(0), synced[-1].word(1)
    return reserves[1 if zero_for_one else 0], isqrt(reserves[0] * reserves[1]), None
