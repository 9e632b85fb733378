"""How much a wallet usually trades over some weeks, and how seldom it would trade as little without having changed.

A pace that falls to a third shows in no single pause, and counts of trades by the day see little of it where a wallet
trades in bursts. Its own slow weeks say how slow is slow.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metrics.baseline.pace import MINIMUM_TRADING_DAYS
from metrics.baseline.pauses import YEAR

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

STRETCH_MEMORY = 0.95  # from one day to the next: a mean of some 40 days, of which the last weigh most
FIRST_DAYS = 14  # in which the mean says little of its own yet
STRETCH_TAIL = 3.0
"""Exponent of a power law below the slowest stretch: half of it comes up an eighth as often."""
SLOWER = 0.9
"""Share of the slowest stretch below which a pace says anything: a wallet of an even pace is at its slowest always."""
LEAST_PACE = 0.03  # usual trading days per day: below, a slow wallet's pace is not told from none
BUSIEST = 4.0  # usual trading days: one wild day does not hide a slow month
NO_NEWS = 1e-6  # years


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    r"""One wallet's pace over its baseline, in its usual trading days per day; only days that were read count.

    The pace is an exponentially weighted mean of the trades of each day, divided by the wallet's mean on days with a
    trade (so that orders that are filled in parts change nothing). A history of H years whose slowest stretch had the
    pace s tells that such a stretch comes up about once in H years. Below it:

    .. math:: \text{years} = H \left(\frac{x + 0.03}{s + 0.03}\right)^{-3}

    for a pace x at least a tenth below s; one less slow is no news. Nothing is said of a wallet with trades on fewer
    than five days.
    """

    years: float = 0.0  #: of history that was read; 0 = too little is known
    per_day: float = 1.0  #: trades on a day with a trade
    slowest: float = 1.0  #: lowest pace
    last: float = 1.0  #: pace at the end of the baseline

    @classmethod
    def of(cls, trades: FloatArray, active: BoolArray) -> "Stretches":
        """Learn them from consecutive days that were read.

        Parameters
        ----------
        trades
            Of each day, (days,); 0 where their number is not known.
        active
            Whether the wallet traded on each, (days,).
        """
        counted = trades > 0
        if counted.sum() < MINIMUM_TRADING_DAYS:
            return cls()
        per_day = float(trades[counted].mean())
        done = np.where(active & ~counted, 1.0, np.minimum(trades / per_day, BUSIEST))
        pace = float(done.mean())
        slowest = pace
        for day, each in enumerate(done):
            pace = STRETCH_MEMORY * pace + (1 - STRETCH_MEMORY) * float(each)
            slowest = min(slowest, pace) if day >= FIRST_DAYS else slowest
        return cls(years=len(trades) / YEAR, per_day=per_day, slowest=slowest, last=pace)


def next_pace(
    pace: FloatArray, exposure: FloatArray, trades: FloatArray, expected: FloatArray, per_day: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Pace and exposure one day later, (wallets,) each.

    Parameters
    ----------
    pace, exposure
        Those of the day before; the exposure is the mean of ``expected`` over the same time.
    trades
        Of the day; nan: the wallet traded, and how often is not known.
    expected
        Share of its usual trades that a wallet has in such a market, 1 at most.
    per_day
        Of :class:`Stretches`.
    """
    done = np.minimum(np.nan_to_num(trades / per_day, nan=1.0), BUSIEST)
    return (
        STRETCH_MEMORY * pace + (1 - STRETCH_MEMORY) * done,
        STRETCH_MEMORY * exposure + (1 - STRETCH_MEMORY) * expected,
    )


def stretch_years(pace: FloatArray, exposure: FloatArray, *, years: FloatArray, slowest: FloatArray) -> FloatArray:
    """Mean years until an unchanged wallet trades so little over some weeks, (wallets,).

    Next to nothing where its stretches are not known, or the pace is no slower than they were.
    """
    now = pace / exposure
    ratio = (now + LEAST_PACE) / (slowest + LEAST_PACE)
    out: FloatArray = np.where((years > 0) & (now < SLOWER * slowest), years * ratio**-STRETCH_TAIL, NO_NEWS)
    return out
