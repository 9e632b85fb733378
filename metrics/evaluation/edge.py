r"""A wallet's record as evidence of its edge: the long-run mean return of a round trip, in standard deviations of one.

The mean of n linked trades is worth that of fewer (``metrics.baseline.clustering``), and spells make it less sure still
(``metrics.baseline.overdispersion``). A standard error that rests on a few jackpots has few degrees of freedom. Where
losses are rare and large, a mean looks too good for as long as they are missing, so its skewness is taken off (Hall
1992); of that of gains only what the wallet's usual sizes show, so that a jackpot makes no mean surer.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.baseline.baseline import MINIMUM_DAYS, MINIMUM_ROUND_TRIPS
from metrics.baseline.clustering import day_weight, linked
from metrics.baseline.overdispersion import Mood
from metrics.baseline.size_scale import FEWEST, Scale
from metrics.intervals import MOST_SKEWED, moments

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEAST_FREEDOM = 3.0  # degrees of freedom of a mean that one jackpot makes
LARGEST = 2.0  # edge, standard deviations of one round trip: beyond it, none is told apart
LEAST_WORTH = 3.0  # independent round trips
HUGE = 1e6  # fraction of cost: larger returns are not told apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A record, weighed as evidence of its mean."""

    n: int  #: round trips
    mean: float  #: return of one, fraction of cost; each worth its ``clustering.day_weight``
    sd: float  #: of one, fraction of cost
    skew: float  #: of single returns, or of those cut at the usual sizes where that is less
    worth: float  #: independent round trips that say as much about the mean, spells apart
    freedom: float  #: degrees of freedom of the standard error
    mood: Mood  #: what the days tell of spells

    def independent(self, inflation: float) -> float:
        """Independent round trips that say as much about the mean, spells counted in by their ``inflation``, >= 1."""
        return self.worth / inflation

    def deviate(self, edge: FloatArray, inflation: float) -> FloatArray:
        r"""How far the mean lies above an edge: a standard normal deviate for the one that is true.

        :math:`t = (m / s - \delta) \sqrt n` for n independent round trips; a skewness g makes it
        :math:`t + a t^2 + a^2 t^3 / 3 + a / 2` with :math:`a = g / (3 \sqrt n)`; Student's t of v degrees of freedom
        becomes normal by :math:`\pm \frac{8 v + 1}{8 v + 3} \sqrt{v \log(1 + t^2 / v)}`.

        Parameters
        ----------
        edge
            :math:`\delta`, standard deviations of one round trip; any shape.
        inflation
            Variance of the mean relative to round trips without spells, >= 1.

        Notes
        -----
        Sources: Hall (1992), Wallace (1959).
        """
        root = math.sqrt(self.independent(inflation))
        t = (max(-LARGEST, min(LARGEST, self.mean / self.sd)) - edge) * root
        a = max(-MOST_SKEWED, min(MOST_SKEWED, self.skew)) / (3 * root)
        t = t + a * t**2 + a**2 * t**3 / 3 + a / 2
        v = self.freedom
        out: FloatArray = np.sign(t) * np.sqrt(v * np.log1p(t**2 / v)) * (8 * v + 1) / (8 * v + 3)
        return out


def weigh(day: IntArray, returns: FloatArray) -> Weighed | None:
    """Weigh a record as evidence of its mean return; the order of the round trips says nothing.

    Parameters
    ----------
    day
        Of each close, days since 1970-01-01, (round trips,).
    returns
        Fraction of cost, (round trips,); what is no number is left out.

    Returns
    -------
    Weighed or None
        None where that cannot be told: below 20 round trips or 14 days, as everywhere; with fewer than five that did
        not win, because nobody knows how large its losses are; or where returns are as alike as the fills of one order.

    Notes
    -----
    Degrees of freedom of a variance that is estimated from n values of kurtosis k: :math:`2 n / (k - 1)` (Satterthwaite
    1946).
    """
    known = ~np.isnan(returns)
    day, returns = day[known], np.clip(returns[known], -HUGE, HUGE)
    order = np.lexsort((returns, day))
    day, returns = day[order], returns[order]
    won = returns > 0
    if len(day) < MINIMUM_ROUND_TRIPS or day[-1] - day[0] + 1 < MINIMUM_DAYS or np.count_nonzero(~won) < FEWEST:
        return None
    days, at = np.unique(day, return_inverse=True)

    def by_day(value: npt.NDArray[Any]) -> FloatArray:
        return np.bincount(at, weights=value, minlength=len(days)).astype(np.float64)

    win, loss = Scale.of(returns[won]), Scale.of(returns[~won])
    size = np.array([(win if each > 0 else loss).z(each) for each in returns])
    closes = by_day(np.ones(len(day)))
    weight = day_weight(closes, linked(closes, by_day(won), by_day(size * won), by_day(size * ~won)))
    each_weight = weight[at]
    worth = float(each_weight.sum())
    sd, skew = moments(returns)
    # As for spells, no round trip counts beyond the wallet's usual sizes: one wild day is no spell.
    usual = np.clip(returns, -loss.largest, win.largest)
    spread = float(usual.std())
    if not sd > 0 or not spread > 0 or worth < LEAST_WORTH:
        return None
    residual = (usual - float((each_weight * usual).sum()) / worth) / spread
    kurtosis = float((((returns - returns.mean()) / returns.std()) ** 4).mean())
    return Weighed(
        n=len(day),
        mean=float((each_weight * returns).sum()) / worth,
        sd=sd,
        skew=min(skew, moments(usual)[1]),
        worth=worth,
        freedom=max(LEAST_FREEDOM, 2 * worth / max(kurtosis - 1, 1e-9)),
        mood=Mood.of(days, weight * by_day(residual), weight * closes),
    )
