"""How long a wallet usually pauses between the days on which it trades, and how seldom it would pause for longer.

People trade in bursts: two busy weeks, ten days away, a busy month. Counts of trades by the day see a pause as one
quiet day after another, each of little weight for a wallet that bursts. Its own pauses say directly how long is long.
"""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LEAST_PAUSES = 4  # fewer say nothing: trades on five days, as for the pace
TAIL = 3.0
"""Exponent of a Pareto tail beyond the longest pause: twice as long comes up an eighth as often."""
POWER = 0.4
"""Usual pauses are exponential in days to this power: 1 is a wallet that trades at random times, 0 is a Pareto tail."""
UPPER, LEAST_LONG = 0.6, 12
"""They are learned from this share of a wallet's pauses, the longest ones, and from so many at least."""
PRIOR_WEIGHT, PRIOR_RATIO = 16.0, 2.6
"""What other wallets are like, worth so many pauses: excesses over the usual length u like that of 2.6 u."""
SHARE_OF_USUAL = 0.3
"""How much the usual pauses say beside the longest, on the log scale."""
LONGEST_LOG = 200.0  # log years: keeps what is shown finite
YEAR = 365.25  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    r"""One wallet's pauses, in days from one day with a trade to the next; only days that were read count.

    The mean time until it pauses for longer than t without having changed is taken in two ways:

    * by its longest pause L in a history of H years, which comes up about once in H years. Beyond it, the tail is
      that of a Pareto distribution:

      .. math:: \text{years}_1 = H \, (t / L)^3

    * by all of its longer pauses. Of those above the usual length u, :math:`x^c - u^c` is exponential with
      a rate known as :math:`\text{Gamma}(a, b)`; so for m of them a year (posterior predictive, a Lomax tail)

      .. math:: \text{years}_2 = \frac{1}{m} \left(1 + \frac{t^c - u^c}{b}\right)^a

      with :math:`a = a_0 + k` and :math:`b = a_0 ((2.6 u)^c - u^c) + \sum_i (x_i^c - u^c)`.

    The first holds whatever the pauses look like and is coarse; the second is sharp and fails for a wallet with a few
    long absences between busy weeks. Their weighted geometric mean is used. Nothing is said below four pauses.
    """

    years: float = 0.0  #: of history that was read
    longest: float = 1.0  #: days, the pause that was not over when the history ended among them
    usual: float = 1.0  #: u, days
    per_year: float = 0.0  #: m, pauses longer than u in a year; 0 = too few are known
    shape: float = 1.0  #: a
    scale: float = 1.0  #: b

    @property
    def known(self) -> bool:
        """Whether there are pauses enough to say anything."""
        return self.per_year > 0

    @classmethod
    def of(cls, active: BoolArray) -> "Pauses":
        """Learn them from consecutive days that were read, shape (days,): whether the wallet traded on each."""
        days = np.flatnonzero(active)
        if len(days) <= LEAST_PAUSES:
            return cls()
        pauses = np.sort(np.diff(days).astype(np.float64))[::-1]
        unfinished = float(len(active) - days[-1])
        counted = min(len(pauses), max(LEAST_LONG, int(UPPER * len(pauses))))
        usual = max(float(pauses[counted - 1]) - 0.5, 0.5)  # whole days: half a day below is between two lengths
        long = pauses[pauses > usual]
        years = len(active) / YEAR
        return cls(
            years=years,
            longest=max(float(pauses[0]), unfinished),
            usual=usual,
            per_year=len(long) / years,
            shape=PRIOR_WEIGHT + len(long),
            scale=PRIOR_WEIGHT * ((PRIOR_RATIO * usual) ** POWER - usual**POWER)
            + float((long**POWER - usual**POWER).sum()),
        )


def pause_years(
    quiet: FloatArray,
    *,
    years: FloatArray,
    longest: FloatArray,
    usual: FloatArray,
    per_year: FloatArray,
    shape: FloatArray,
    scale: FloatArray,
) -> FloatArray:
    """Mean years until an unchanged wallet pauses for that long.

    Parameters
    ----------
    quiet
        Days without a trade so far, (wallets,); a pause of so many lasts half a day longer at least.
    years, longest, usual, per_year, shape, scale
        Of :class:`Pauses`, (wallets,) each.

    Returns
    -------
    array of shape (wallets,)
        Above 0, finite, growing with ``quiet``; next to nothing where too few pauses are known.
    """
    known = per_year > 0
    length = quiet + 0.5
    by_longest = np.log(np.where(known, years, 1.0)) + TAIL * np.log(length / longest)
    beyond = np.maximum(length, usual) ** POWER - usual**POWER
    by_usual = shape * np.log1p(beyond / scale) - np.log(np.where(known, per_year, 1.0))
    log_years = (1 - SHARE_OF_USUAL) * by_longest + SHARE_OF_USUAL * by_usual
    out: FloatArray = np.exp(np.where(known, np.clip(log_years, -LONGEST_LOG, LONGEST_LOG), -LONGEST_LOG))
    return out


def days_until(least_years: float, pauses: Pauses, *, within: int) -> float | None:
    """Days without a trade that come up once in so many years; None: too few pauses are known, or not ``within``."""
    days = np.arange(float(within + 1))
    one = {name: np.full(len(days), value) for name, value in asdict(pauses).items()}
    enough = pause_years(days, **one) >= least_years
    return float(days[enough.argmax()]) if pauses.known and enough.any() else None
