"""How large a win or a loss is for this wallet: a robust scale of the sizes of its returns."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

WINSOR = 2.5  # robust sd; one trade of +1000 % must not move a wallet's form
RETURN_FLOOR = 1e-4  # a return of zero has no logarithm
FEWEST = 5  # returns; of fewer the scale is made up in part, and no evidence may rest on it


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Location and spread of log \\|return\\| of a wallet's wins (or losses)."""

    median: float  #: of log(|return| + 1e-4)
    spread: float  #: 1.4826 times the median absolute deviation, at least 0.25
    n: int = FEWEST  #: returns that it was learned from

    @property
    def known(self) -> bool:
        """Whether it is the wallet's own."""
        return self.n >= FEWEST

    @classmethod
    def of(cls, returns: FloatArray) -> "Scale":
        """Median and spread of ``returns`` (n,), all of one sign; below ``FEWEST`` of them, wide defaults join in."""
        x = np.log(np.abs(returns) + RETURN_FLOOR)
        if len(x) < FEWEST:
            x = np.concatenate((x, [-3.0, -2.0, -1.0]))
        median = float(np.median(x))
        spread = 1.4826 * float(np.median(np.abs(x - median)))
        return cls(median=median, spread=max(0.25, spread), n=len(returns))

    @property
    def largest(self) -> float:
        """Size beyond which no return counts in a mean that is shown: ``WINSOR`` robust standard deviations."""
        return math.exp(self.median + WINSOR * self.spread) - RETURN_FLOOR

    def z(self, value: float) -> float:
        """Size of one return, in robust standard deviations, winsorised."""
        z = (math.log(abs(value) + RETURN_FLOOR) - self.median) / self.spread
        return min(WINSOR, max(-WINSOR, z))
