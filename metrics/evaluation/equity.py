"""What following a wallet with equal stakes would have brought, as a curve. Pure."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd

FEWEST: Final = 8  #: round trips below which no interval is told
DRAWS: Final = 1000  #: of the bootstrap: its ends then wander by a few percent of the interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Equity:
    """Profit in stakes by day: 1.0 is what one stake is."""

    days: tuple[date, ...]  #: UTC, every day from the first to the last
    profit: tuple[float, ...]  #: sum of the returns closed up to and with that day
    n: int  #: round trips counted
    unknown: int  #: round trips left out, because their return is not known
    low: float | None  #: 95 % interval of the last value; None: fewer than ``FEWEST`` round trips
    high: float | None


def equity(round_trips: pd.DataFrame, *, since: date, until: date, rng: np.random.Generator) -> Equity:
    r"""Sum the returns of a wallet's round trips, one equal stake on each.

    .. math:: E_d = \sum_{i:\, since \le day_i \le d} r_i

    It assumes that the follower gets the wallet's own prices with the same stake on every round trip, whatever the
    wallet's size, and reinvests nothing: delay, slippage and the follower's own gas are not taken off.

    Parameters
    ----------
    round_trips
        One wallet's rows, as in ``metrics.frames``; a round trip counts on the UTC day on which it closed.
    since, until
        UTC days; ``until`` itself does not count.
    rng
        Draws for the interval of the last value: circular blocks of :math:`n^{1/3}` successive round trips, because
        neighbours are alike (Politis and Romano 1992).

    Returns
    -------
    Equity
        Without days where ``until`` is not after ``since``.
    """
    day = round_trips["closed_at"].dt.date
    rows = round_trips[(day >= since) & (day < until)].sort_values("closed_at", kind="stable")
    known = rows[np.isfinite(rows["return"])]
    returns = known["return"].to_numpy(dtype=np.float64)
    by_day = known.groupby(known["closed_at"].dt.date)["return"].sum().to_dict()
    days = tuple(since + timedelta(days=i) for i in range((until - since).days))
    profit = np.cumsum([by_day.get(each, 0.0) for each in days])
    low, high = _interval(returns, rng)
    return Equity(
        days=days,
        profit=tuple(profit.tolist()),
        n=len(known),
        unknown=len(rows) - len(known),
        low=low,
        high=high,
    )


def _interval(returns: np.ndarray, rng: np.random.Generator) -> tuple[float | None, float | None]:
    n = len(returns)
    if n < FEWEST:
        return None, None
    length = max(1, round(n ** (1 / 3)))
    begins = rng.integers(0, n, size=(DRAWS, math.ceil(n / length)))
    places = (begins[:, :, None] + np.arange(length)).reshape(DRAWS, -1)[:, :n] % n
    low, high = np.quantile(returns[places].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)
