"""What a receipt says about the liquidity of pools: who added how much, and how deep a pool was that was swapped in.

Liquidity is counted as pools of two tokens count it, the square root of the product of both sides, so that what was
added and what is there compare within one pool whatever its tokens are worth. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

from ingest import abi
from ingest.logs import Log, read_logs
from ingest.types import VenueStatus, VenueSwap
from ingest.venues.families import read_events

SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
SOLIDLY_SYNC = "0xcf2aa50876cdfbb541206f89af0ee78d44a2abf8d328e37fa4917f982149848a"
V2_MINT = "0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f"
V2_BURN = "0xdccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496"
SOLIDLY_BURN = "0x5d624aa9c148153ab3446c1b154f660ee7701e549fe9b62dab7171b1c80e6fa2"
V3_MINT = "0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde"
V3_BURN = "0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c"
V4_MODIFY = "0xf208f4912782fd25c7f114ca3723a2d5dd6f3bcc3ac8db5af63baa85f711d5ec"

SIGNATURES = {
    SYNC: "Sync(uint112,uint112)",
    SOLIDLY_SYNC: "Sync(uint256,uint256)",
    V2_MINT: "Mint(address,uint256,uint256)",
    V2_BURN: "Burn(address,uint256,uint256,address)",
    SOLIDLY_BURN: "Burn(address,address,uint256,uint256)",
    V3_MINT: "Mint(address,address,int24,int24,uint128,uint256,uint256)",
    V3_BURN: "Burn(address,int24,int24,uint128,uint256,uint256)",
    V4_MODIFY: "ModifyLiquidity(bytes32,address,int24,int24,int256,bytes32)",
}

Q96 = 1 << 96  #: of a square root price (Uniswap v3 core, SqrtPriceMath)
_CONCENTRATED = frozenset(
    {
        *(abi.UNISWAP_V3_SWAP, abi.PANCAKE_V3_SWAP, abi.ALGEBRA_SWAP),
        *(abi.UNISWAP_V4_SWAP, abi.PANCAKE_INFINITY_CL_SWAP),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
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


def provisions(receipt: Mapping[str, Any]) -> list[Provision]:
    """Read what was added to and taken out of pools, claimed by whom it may be."""
    found = (_provision(log) for log in read_logs(receipt.get("logs"), every=True) if log.topic in SIGNATURES)
    return [each for each in found if each is not None and each.liquidity]


def _provision(log: Log) -> Provision | None:
    if log.topic == V2_MINT and log.fits(1, 2):
        return _anywhere(log, 1)
    if log.topic in (V2_BURN, SOLIDLY_BURN) and log.fits(2, 2):
        return _anywhere(log, -1)
    if log.topic == V3_MINT and log.fits(3, 4):
        return _between(log, log.address, log.word(1), log.indexed[1:])
    if log.topic == V3_BURN and log.fits(3, 3):
        return _between(log, log.address, -log.word(0), log.indexed[1:])
    if log.topic == V4_MODIFY and log.fits(2, 4):
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


def pool_uses(receipt: Mapping[str, Any], swaps: Iterable[VenueSwap]) -> list[PoolUse]:
    """Read how deep the pools were in which a transaction swapped, in log order.

    Only what the decoder found verified counts: anyone can emit a ``Swap``, and reserves to go with it. Families
    whose events tell no depth are left out.

    Parameters
    ----------
    receipt
        The raw receipt.
    swaps
        What the decoder made of its swap events.
    """
    verified = {swap.log_index for swap in swaps if swap.status is VenueStatus.VERIFIED}
    logs = read_logs(receipt.get("logs"), every=True)
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
        if each.address == log.address and each.topic in (SYNC, SOLIDLY_SYNC) and each.index < log.index
    ]
    if not synced or not synced[-1].fits(0, 2):
        return None
    reserves = synced[-1].word(0), synced[-1].word(1)
    return reserves[1 if zero_for_one else 0], isqrt(reserves[0] * reserves[1]), None
