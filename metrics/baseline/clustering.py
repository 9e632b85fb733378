r"""How much one day's trades hang together: parts of one order, or positions on one move, are no independent trades.

The intraclass correlation :math:`\rho` of the trades of a day says how much. The mean of n of them is then worth that
of :math:`n / (1 + (n - 1) \rho)` independent ones (the design effect of Kish 1965). So each day's sums are multiplied
by :math:`w = 1 / (1 + (n - 1) \rho)` before they are evidence of anything.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

UNLINKED = 0.1  # correlation that a mood of days explains: only what lies above it is counted here
UNLINKED_WEIGHT = 10.0  # that no correlation at all is worth, in trades of one day beside its first
BUSY = 40.0  # trades beside its first for which a day counts at most
WILDEST_DAY = 4.0  # squared mean of a day, relative to the variance of one trade


def correlation(residual: FloatArray, n: FloatArray, variance: float) -> tuple[float, float]:
    r"""Sum of the days' correlations of two trades, each with its weight, and the sum of the weights.

    A day of n trades whose residuals sum to R has the correlation :math:`(R^2 / v - n) / (n (n - 1))`, where v is the
    variance of one. Days with one trade say nothing.

    Parameters
    ----------
    residual
        Of each day, what was seen less what was expected, (days,).
    n
        Trades of each day, (days,).
    variance
        Of one trade.
    """
    many = n >= 2
    count = n[many]
    square = np.minimum((residual[many] / count) ** 2 / max(variance, 1e-9), WILDEST_DAY)
    single = (square * count - 1) / (count - 1)
    weight = np.minimum(count - 1, BUSY)
    return float((weight * single).sum()), float(weight.sum())


def linked(closes: FloatArray, wins: FloatArray, win_size: FloatArray, loss_size: FloatArray) -> float:
    """Correlation of one day's trades, 0 to 1: of whether they win, or of how much, whichever is closer.

    Parameters
    ----------
    closes, wins
        Of each day, (days,).
    win_size, loss_size
        Sums of the sizes of its wins and of its losses on the robust scale (standard deviation 1), (days,).
    """
    losses = closes - wins
    share = (float(wins.sum()) + 1.0) / (float(closes.sum()) + 2.0)
    sign = correlation(wins - closes * share, closes, share * (1 - share))
    sizes = [
        correlation(size - count * float(size.sum()) / max(float(count.sum()), 1.0), count, 1.0)
        for size, count in ((win_size, wins), (loss_size, losses))
    ]
    pooled = (sizes[0][0] + sizes[1][0], sizes[0][1] + sizes[1][1])
    found = max(total / (weight + UNLINKED_WEIGHT) for total, weight in (sign, pooled))
    return min(1.0, max(0.0, (found - UNLINKED) / (1 - UNLINKED)))


def parts_of(closes: FloatArray, weight: FloatArray) -> float:
    """Trades that are one independent trade, over all days, (days,) each: ten where each order is filled in ten parts.

    Counts of trades are divided by it, which keeps a slower pace visible where the weights of busy days would not.
    """
    worth = float((closes * weight).sum())
    return float(closes.sum()) / worth if worth else 1.0


def day_weight(closes: FloatArray, link: FloatArray | float) -> FloatArray:
    """What each trade of a day with so many is worth, beside an independent one: 1 for a single one."""
    out: FloatArray = 1.0 / (1.0 + link * np.maximum(closes - 1.0, 0.0))
    return out
