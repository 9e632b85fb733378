"""How wallets traded, from a sample of the blocks: the same estimate for all of them, so that what it misses cancels.

Pace is transactions with a swap in the sampled places, divided by the time that the sampled windows cover: unbiased
for whoever trades as the clock goes, with a relative error of 1 / sqrt(transactions) (Poisson). Holding times are not
seen in windows that are shorter than they, so they are not known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum
from statistics import median

import numpy as np

from metrics.peers.similarity import FEWEST_TRADES, Style

DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """One swap of a wallet in a sampled place."""

    wallet: str
    tx_hash: str
    second: int  #: unix
    tokens: frozenset[str]  #: assets, quote tokens apart
    size_usd: float | None  #: None: not known


class BlockClock:
    """When blocks were, between some of which that is known.

    Parameters
    ----------
    known
        (block, unix seconds); outside of these the nearest one's time counts.
    """

    def __init__(self, known: Iterable[tuple[int, int]]) -> None:
        self._blocks, self._times = np.array(sorted(set(known)), dtype=float).reshape(-1, 2).T

    def at(self, block: int) -> float:
        """Unix seconds of a block."""
        return float(np.interp(block, self._blocks, self._times))


def styles(swaps: Sequence[Swap], *, chain_id: int, sampled_s: float) -> dict[str, Style]:
    """How each wallet of a sample traded.

    Parameters
    ----------
    swaps
        In any order; those of one transaction in one token (a route that was split) are one trade.
    chain_id
        Where.
    sampled_s
        Seconds that the sampled windows cover together, > 0.
    """
    by_wallet: dict[str, dict[str, list[Swap]]] = {}
    for swap in swaps:
        by_wallet.setdefault(swap.wallet, {}).setdefault(swap.tx_hash, []).append(swap)
    found = {}
    for wallet, trades in by_wallet.items():
        sizes = [size for parts in trades.values() if (size := _size(parts)) is not None]
        found[wallet] = Style(
            wallet=wallet,
            chains=frozenset({chain_id}),
            trades=len(trades),
            trades_per_day=len(trades) / (sampled_s / DAY_S),
            holding_s=None,
            size_usd=median(sizes) if sizes else None,
            tokens=frozenset(token for parts in trades.values() for swap in parts for token in swap.tokens),
        )
    return found


def _size(parts: Sequence[Swap]) -> float | None:
    """Dollars of a transaction: of its largest token, where all its swaps tell."""
    sizes: dict[frozenset[str], list[float]] = {}
    for swap in parts:
        if swap.size_usd is None:
            return None
        sizes.setdefault(swap.tokens, []).append(swap.size_usd)
    return max(map(fsum, sizes.values()))  # exact, whatever the order


def share_needed(trades: Iterable[int], *, wanted: int) -> float | None:
    """Which share of the blocks to sample, so that so many trades of the median wallet are expected among them.

    Parameters
    ----------
    trades
        Of each wallet, in all blocks; wallets with too few to tell a style are left out.
    wanted
        How many to see.

    Returns
    -------
    float or None
        Above 0, at most 1; None where no wallet has enough.
    """
    enough = [each for each in trades if each >= FEWEST_TRADES]
    return min(1.0, wanted / median(enough)) if enough else None
