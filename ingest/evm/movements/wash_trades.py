"""Trades that look like wash trades: made in a pool of the wallet's own, or in a toy pool with nobody else in it. Pure.

A trade that is marked is left out of the record, so that a mark on an honest trade costs more than a missing one:
a tiny pool alone is no reason, nor is being the last one to sell there. What two wallets of one owner do in a deep
pool is not seen.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ingest.evm.movements.liquidity import PoolUse, Provision
from ingest.types import Trade

FLOOR_USD = Decimal(1_000)
"""A pool with less on one side is a toy: 50 $ move its price by a tenth, so that its price is whoever's last trade."""
MOST_OF = 0.5  #: a trade that takes more than this of one side leaves a price of its own making
FEWEST_SWAPS = 4  #: before a pool's crowd says anything: two round trips


class Doubt(StrEnum):
    """Why a trade looks like a wash trade."""

    OWN_POOL = "own_pool"
    """At least half of the pool's liquidity was the wallet's own."""
    ALONE = "alone"
    """In a toy pool, within a day, the wallet bought and sold and made at least half of all swaps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A doubt about one trade. Key: (chain_id, tx_hash, wallet, ordinal)."""

    chain_id: int
    tx_hash: str
    wallet: str
    ordinal: int
    pool: str  #: address, or the id of a manager's pool
    doubt: Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """One swap of a pool's day."""

    tx_hash: str
    zero_for_one: bool


def main_uses(trade: Trade, uses: Iterable[PoolUse]) -> list[PoolUse]:
    """Return the swaps that carried the trade: about its whole sold or bought side, not a sliver that a router cut."""

    def about(amount: int, legs: Iterable[int]) -> bool:
        return any(leg <= 2 * amount <= 4 * leg for leg in legs)

    sold, bought = [leg.amount_raw for leg in trade.sold], [leg.amount_raw for leg in trade.bought]
    return [use for use in uses if about(use.amount_in, sold) or about(use.amount_out, bought)]


def is_own(use: PoolUse, own: Iterable[Provision]) -> bool:
    """Tell whether at least half of the liquidity that worked in a swap was the wallet's own.

    Parameters
    ----------
    use
        The swap.
    own
        All that the wallet itself added to this pool and took out before.
    """
    working = sum(
        each.liquidity
        for each in own
        if each.lower is None or each.upper is None or (use.tick is not None and each.lower <= use.tick < each.upper)
    )
    return 0 < use.liquidity <= 2 * working


def is_toy(use: PoolUse, value_usd: Decimal | None) -> bool:
    """Tell whether a pool was so small that its price means nothing.

    The value of one side of the pool is the trade's value over the share that it took. Where the trade has no value,
    its share alone decides.
    """
    if use.share > MOST_OF:
        return True
    return value_usd is not None and use.share > 0 and value_usd / Decimal(use.share) < FLOOR_USD


def is_alone(day: Sequence[Swapped], own: Collection[str]) -> bool:
    """Tell whether a wallet traded with itself: both ways, and at least half of all swaps of a pool's last day.

    Parameters
    ----------
    day
        The pool's swaps of the day that ends with the trade.
    own
        Hashes of the wallet's own trades.
    """
    mine = [swap for swap in day if swap.tx_hash in own]
    both_ways = len({swap.zero_for_one for swap in mine}) == 2
    return len(day) >= FEWEST_SWAPS and both_ways and 2 * len(mine) >= len(day)
