"""What else a person wants to know of a change, as information and never as a verdict. Pure.

How large wins and losses are, whether stakes and holding times changed, and what following has brought since.
"""

import math
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from metrics.types import Shift

FEWEST = 8  #: round trips on either side below which nothing is said
CHANGED = 1.5  #: factor between medians, either way, from which a change is worth a line
SURE = 0.005  #: two-sided chance of such ranks while nothing changed

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """One wallet's manner before it was followed against its manner since a day; None: nothing to tell."""

    win_size: Shift | None  #: median return of wins, fraction of cost
    loss_size: Shift | None
    stake_usd: Shift | None  #: median cost of a round trip, only where it changed
    holding_s: Shift | None  #: median holding time, only where it changed


def manner(round_trips: pd.DataFrame, *, followed_since: date, since: date, until: date) -> Manner:
    """Compare a wallet's round trips from before it was followed with those of ``since .. until``.

    Parameters
    ----------
    round_trips
        One wallet's rows, as in ``metrics.frames``.
    followed_since, since, until
        UTC days; the first belongs to the later time, and ``until`` does not count.
    """
    day = round_trips["closed_at"].dt.date
    before, now = round_trips[day < followed_since], round_trips[(day >= since) & (day < until)]
    return Manner(
        win_size=_sizes(before, now, 1),
        loss_size=_sizes(before, now, -1),
        stake_usd=_changed(_known(before["size_usd"]), _known(now["size_usd"])),
        holding_s=_changed(_known(before["holding_s"]), _known(now["holding_s"])),
    )


def following(round_trips: pd.DataFrame, *, since: date, until: date) -> tuple[int, float] | None:
    """What one equal stake on each round trip closed on ``since .. until`` (not counted) has brought.

    Returns
    -------
    tuple or None
        How many there were, and the sum of their returns: profit in stakes, the wallet's own gas taken off and a
        follower's delay, slippage and gas not. None where nothing closed, or a return is not known.
    """
    day = round_trips["closed_at"].dt.date
    returns = round_trips.loc[(day >= since) & (day < until), "return"].tolist()
    total = math.fsum(returns)
    return (len(returns), total) if returns and math.isfinite(total) else None


def _sizes(before: pd.DataFrame, now: pd.DataFrame, sign: int) -> Shift | None:
    sides = [_known(frame["return"]) for frame in (before, now)]
    first, last = (side[side * sign > 0] for side in sides)
    if min(len(first), len(last)) < FEWEST:
        return None
    return Shift(before=float(np.median(first)), now=float(np.median(last)))


def _changed(before: FloatArray, now: FloatArray) -> Shift | None:
    """A shift of medians that is large and that chance would hardly bring; by the rank-sum test, ties averaged."""
    n, m = len(before), len(now)
    if min(n, m) < FEWEST:
        return None
    first, last = float(np.median(before)), float(np.median(now))
    if min(first, last) <= 0 or max(first / last, last / first) < CHANGED:
        return None
    ranks = pd.Series(np.concatenate((before, now))).rank().to_numpy()
    sd = math.sqrt(n * m * ranks.var(ddof=1) / (n + m))  # of the rank sum, its ties counted in
    z = (ranks[n:].sum() - m * (n + m + 1) / 2) / sd if sd else 0.0
    return Shift(before=first, now=last) if 2 * ndtr(-abs(z)) <= SURE else None


def _known(values: "pd.Series[float]") -> FloatArray:
    numbers = values.to_numpy(dtype=np.float64)
    return np.asarray(numbers[np.isfinite(numbers)], dtype=np.float64)
