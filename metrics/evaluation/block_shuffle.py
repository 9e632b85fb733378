"""The days of a record in another order, so that no change is left in it: a flag in it is luck. Pure.

Weeks are moved as blocks, and those of all wallets by the same permutation: moods of days, weekends and market days
that hit many wallets at once stay whole, while what came before and what came after are mixed. Under "nothing changed"
every order of the blocks is as likely as the one that was lived (exchangeability). Source: the block bootstrap (Kuensch
1989), by permutation (Good 2005): each day is used once, so that a record's totals stay what they are.

What swings more slowly than a block is cut, so that such a record is calmer than life. A lasting change becomes spells
as long as a block, as of a moody wallet. Open positions cannot be moved (one of many weeks would lie in several blocks
at once) and are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
Interval = tuple[datetime, datetime]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = 7  #: days; blocks are whole weeks, so that a Sunday stays one
LEAST_DAYS = 12 * WEEK  #: of a stretch: half of it is history
PRESENT = 0.9  #: share of its days that were read of a wallet that belongs to it
CANDIDATES = 40  #: first and last days of stretches that are tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days that were read of several wallets."""

    first: int  #: days since 1970-01-01
    days: int  #: a multiple of the block
    block: int  #: days
    wallets: tuple[str, ...]

    @property
    def begin(self) -> datetime:
        """UTC midnight at which it begins."""
        return EPOCH + self.first * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffled:
    """A stretch in another order."""

    trips: pd.DataFrame
    trades: pd.DataFrame
    covered: dict[str, list[Interval]]  #: wallet to the days that were read


def stretches(covered: Mapping[str, Sequence[Interval]], *, block: int = 2 * WEEK) -> list[Stretch]:
    """Part wallets by when they were read: each stretch holds as many wallet-days as it can of those that are left.

    Parameters
    ----------
    covered
        Wallet → intervals that were read.
    block
        Days of a block, a multiple of seven.

    Returns
    -------
    list of Stretch
        Most wallet-days first. A wallet whose record is too short or too full of holes is in none.
    """
    if block < 1 or block % WEEK:
        raise ValueError(f"a block is a multiple of {WEEK} days, not {block}")
    spans = {wallet: _whole_days(intervals) for wallet, intervals in sorted(covered.items())}
    left = {wallet: days for wallet, days in spans.items() if days}
    if not left:
        return []
    start = min(days[0][0] for days in left.values())
    end = max(days[-1][1] for days in left.values())
    names = list(left)
    read = np.stack([_read(left[name], start, end) for name in names])
    total = np.concatenate([np.zeros((len(names), 1)), np.cumsum(read, axis=1)], axis=1)
    free = np.ones(len(names), dtype=bool)
    found = []
    while (best := _best(total, read, free, block)) is not None:
        first, last, members = best
        found.append(
            Stretch(
                first=start + first,
                days=last - first,
                block=block,
                wallets=tuple(names[i] for i in np.flatnonzero(members)),
            )
        )
        free &= ~members
    return found


def _best(
    total: npt.NDArray[np.float64], read: BoolArray, free: BoolArray, block: int
) -> tuple[int, int, BoolArray] | None:
    firsts = _candidates([int(np.argmax(row)) for row in read[free]])
    lasts = _candidates([row.shape[0] - int(np.argmax(row[::-1])) for row in read[free]])
    best: tuple[int, int, BoolArray] | None = None
    most = 0
    for first in firsts:
        for last in lasts:
            days = (last - first) // block * block
            if days < LEAST_DAYS:
                continue
            members = free & (total[:, last] - total[:, last - days] >= PRESENT * days)
            if days * int(members.sum()) > most:
                most, best = days * int(members.sum()), (last - days, last, members)
    return best


def _candidates(days: Sequence[int]) -> list[int]:
    unique = np.unique(days)
    chosen = unique[np.unique(np.linspace(0, len(unique) - 1, CANDIDATES).astype(int))] if len(unique) else unique
    return [int(day) for day in chosen]


def shuffle(
    stretch: Stretch,
    trips: pd.DataFrame,
    trades: pd.DataFrame,
    covered: Mapping[str, Sequence[Interval]],
    rng: np.random.Generator,
) -> Shuffled:
    """Put the blocks of a stretch into an order of chance, the same for all its wallets.

    Parameters
    ----------
    trips, trades
        With ``closed_at`` and ``traded_at``; what lies outside of the stretch, and other wallets, are left out.
    covered
        Wallet → intervals that were read; a day goes with what happened on it.
    """
    blocks = stretch.days // stretch.block
    place = rng.permutation(blocks)  # where each block goes
    shift = (place - np.arange(blocks)) * stretch.block
    order = np.argsort(place)
    read = {}
    for wallet in stretch.wallets:
        days = _read(_whole_days(covered[wallet]), stretch.first, stretch.first + stretch.days)
        mixed = days.reshape(blocks, stretch.block)[order].ravel()
        edges = np.flatnonzero(np.diff(np.concatenate([[False], mixed, [False]]).astype(int)))
        read[wallet] = [
            (stretch.begin + int(a) * DAY, stretch.begin + int(b) * DAY)
            for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]
    return Shuffled(
        trips=_moved(trips, "closed_at", stretch, shift),
        trades=_moved(trades, "traded_at", stretch, shift),
        covered=read,
    )


def _moved(frame: pd.DataFrame, column: str, stretch: Stretch, shift: IntArray) -> pd.DataFrame:
    """Rows of the stretch with their times moved by whole weeks, in the new order of time."""
    day = np.floor(((frame[column] - stretch.begin) / DAY).to_numpy(dtype=np.float64))
    inside = frame["wallet"].isin(stretch.wallets).to_numpy() & (day >= 0) & (day < stretch.days)
    kept = frame[inside].copy()
    weeks = shift[day[inside].astype(np.int64) // stretch.block]
    kept[column] = kept[column] + pd.to_timedelta(weeks, unit="D")
    ordered: pd.DataFrame = kept.sort_values(column, kind="stable").reset_index(drop=True)
    return ordered


def _whole_days(intervals: Sequence[Interval]) -> list[tuple[int, int]]:
    """Days that lie whole within an interval, as (first, end)."""
    whole = [(-((EPOCH - a) // DAY), (b - EPOCH) // DAY) for a, b in intervals]
    return sorted((a, b) for a, b in whole if b > a)


def _read(days: Sequence[tuple[int, int]], first: int, end: int) -> BoolArray:
    out = np.zeros(end - first, dtype=bool)
    for a, b in days:
        out[max(0, a - first) : max(0, b - first)] = True
    return out
