"""Intervals that need no model of the wallet."""

import math

Z95 = 1.959964


def wilson(wins: float, n: int) -> tuple[float, float]:
    r"""95 % interval of a share by Wilson's score.

    .. math:: \frac{p + z^2/2n \pm z \sqrt{p(1-p)/n + z^2/4n^2}}{1 + z^2/n}

    Parameters
    ----------
    wins, n
        ``wins`` of ``n``; at least 1 in all.

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
