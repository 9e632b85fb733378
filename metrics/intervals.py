"""Intervals that need no model of the wallet."""

import math

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

FloatArray = npt.NDArray[np.float64]

Z95 = 1.959964


def wilson(wins: float, n: float) -> tuple[float, float]:
    r"""95 % interval of a share by Wilson's score.

    .. math:: \frac{p + z^2/2n \pm z \sqrt{p(1-p)/n + z^2/4n^2}}{1 + z^2/n}

    Parameters
    ----------
    wins, n
        ``wins`` of ``n``; at least 1 in all. Where trials hang together, of as many independent ones as they are worth.

    Returns
    -------
    tuple of float
        Within [0, 1]. It holds chance alone: a wallet whose form wanders by itself wanders further than that.

    Notes
    -----
    Source: Wilson (1927).
    """
    if not 0 <= wins <= n or n < 1:
        raise ValueError(f"{wins} of {n} is no share")
    p, z2 = wins / n, Z95**2
    centre, half = p + z2 / (2 * n), Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    # Rounding must not put the share itself outside: at 0 and 1 it is an end of its interval.
    low, high = (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n)
    return max(0.0, min(p, low)), min(1.0, max(p, high))


def median_ranks(n: int) -> tuple[int, int] | None:
    """Places, from 0, of the two of ``n`` ordered values between which the median lies with at least 95 %.

    The number of values below the median is binomial(n, 1/2), whatever their distribution. None below 6 values: even
    the whole range holds the median too rarely.
    """
    below, place = 0.0, -1
    while place + 1 < n and below + math.comb(n, place + 1) / 2**n <= 0.025:
        place += 1
        below += math.comb(n, place) / 2**n
    return (place, n - 1 - place) if place >= 0 else None


ALIKE = 0.01  # of their mean: returns that differ by less are parts of one trade, and tell nothing of the next


def moments(returns: FloatArray) -> tuple[float, float]:
    """Standard deviation and skewness of returns (n,), for the range of a mean.

    nan below three, and where they are as alike as the fills of one order: how far the next one may lie from them is
    not known then.
    """
    if len(returns) < 3:
        return math.nan, math.nan
    ordered = np.sort(returns)  # so that their order does not show
    mean, sd = float(ordered.mean()), float(ordered.std(ddof=1))
    if sd <= ALIKE * abs(mean):
        return math.nan, math.nan
    n = len(ordered)
    return sd, n / ((n - 1) * (n - 2)) * float((((ordered - mean) / sd) ** 3).sum())


def next_mean(skew: FloatArray, before: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""How many standard errors the mean of ``n`` values lies below and above that of ``before`` earlier ones, at 95 %.

    Student's quantile t, and on the side of the long tail more:
    :math:`|\frac{a}{2} + \frac{z^2 - 1}{6}(k + 3a)|` with :math:`a = \frac{g}{N s}`,
    :math:`k = \frac{g (n^{-2} - N^{-2})}{s^3}`, :math:`s = \sqrt{1/n + 1/N}` for the skewness g. A tail that the
    earlier values do not show stays unknown: who lives from one jackpot in fifty trades must have had some of them.

    Notes
    -----
    Source: Cornish and Fisher (1938), with what a skewed sample's own standard deviation adds (Johnson 1978).
    """
    s = np.sqrt(1 / n + 1 / before)
    a = skew / (before * s)
    k = np.clip(skew * (1 / n**2 - 1 / before**2) / s**3 + 3 * a, -MOST_SKEWED, MOST_SKEWED)
    tail = a / 2 + (Z95**2 - 1) / 6 * k
    t = stdtrit(np.maximum(before - 1, 2), 0.975)
    return t + np.maximum(-tail, 0), t + np.maximum(tail, 0)


MOST_SKEWED = 4.0  # beyond it, the expansion overshoots


def poisson(mean: float) -> tuple[int, int]:
    """Range in which a Poisson count of this mean lies with at least 95 %: its 2.5 % and 97.5 % quantiles."""
    if not 0 <= mean < math.inf:
        raise ValueError(f"{mean} is no mean of a count")
    below, number, low = 0.0, -1, None
    while below < 0.975:
        number += 1
        below += math.exp(number * math.log(mean) - mean - math.lgamma(number + 1)) if mean else 1.0
        if low is None and below >= 0.025:
            low = number
    return low or 0, number
