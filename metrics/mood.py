r"""How much a wallet wanders beyond what independent trades would: its own variance.

What makes 55 % to 45 % normal for one wallet and 75 % to 65 % a change for another. A mood is a latent AR(1) path of
daily shifts with the standard deviation :math:`\sigma`. A short history tells little of it, so each wallet's is a
posterior over ``SPREADS``, whose prior is what the wallets of its list show together (empirical Bayes, Robbins 1956).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.special import softmax

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MEMORY = 0.8  # of a mood from one day to the next: it lasts for days to weeks
LASTING = (1 + MEMORY) / (1 - MEMORY)  # times by which that raises the variance of long sums over that of single days
SPREADS = np.array([0.0, 0.05, 0.08, 0.12, 0.17, 0.24, 0.34, 0.48, 0.68, 0.95, 1.35])
"""Standard deviations that a mood may have: of win logits, of robust sizes, or relative to the variance of a count."""
PRIOR = (0.06, 0.09, 0.12, 0.14, 0.15, 0.14, 0.12, 0.09, 0.06, 0.02, 0.01)
PRIOR_WALLETS = 1.0  # that ``PRIOR`` is worth beside those of a list
WILDEST = 4.0  # standard deviations: one wild day is no wild wallet
LARGEST = 40.0
EM_ROUNDS = 30

Prior = tuple[float, ...]
"""Share of the wallets by ``SPREADS``."""


@dataclass(frozen=True, slots=True)
class Mood:
    """What a history tells of its mood."""

    log_likelihood: FloatArray  #: of each of ``SPREADS``, up to a constant
    daily: float  #: mean information (variance under independence) of a day

    @classmethod
    def of(cls, day: IntArray, residual: FloatArray, information: FloatArray) -> Self:
        r"""From the days' sums of what was seen less what was expected, and their variances if all were independent.

        With :math:`y_d = R_d / I_d \sim N(a + u_d, 1 / I_d)`, :math:`u` the mood and :math:`a` an error of the level of
        which nothing is known, the restricted likelihood (Patterson and Thompson 1971) is that of
        :math:`V = \text{diag}(1/I) + \sigma^2 C`. C's inverse K is tridiagonal, so that
        :math:`V^{-1} = I - \sigma^2 I (K + \sigma^2 I)^{-1} I` and
        :math:`|V| = |K + \sigma^2 I| / (|K| |I|)` take time linear in the days.
        """
        told = information > 0
        if told.sum() < 2:
            return cls(np.zeros(len(SPREADS)), 0.0)
        i = information[told]
        r = np.clip(residual[told], -WILDEST * np.sqrt(i), WILDEST * np.sqrt(i))
        tie = MEMORY ** np.diff(day[told])
        new = 1 - tie**2
        variance = SPREADS[:, None] ** 2
        # One system of all spreads, the last day of each not tied to the first of the next.
        lower = np.append(-tie / new, 0.0)
        middle = np.append(1 / new, 1.0) + np.append(0.0, tie**2 / new)
        bands = np.stack((middle + variance * i, np.broadcast_to(lower, (len(SPREADS), len(i))))).reshape(2, -1)
        root = cholesky_banded(bands, lower=True, check_finite=False)
        right = np.tile(np.column_stack((r, i)), (len(SPREADS), 1))
        smooth = cho_solve_banded((root, True), right, check_finite=False).reshape(len(SPREADS), len(i), 2)
        of_r, of_one = (each - i * variance * smooth[:, :, k] for k, each in enumerate((r, i)))
        size = 2 * np.log(root[0]).reshape(len(SPREADS), -1).sum(axis=1) + np.log(new).sum()
        level = of_one.sum(axis=1)
        square = (of_r * (r / i)).sum(axis=1) - of_r.sum(axis=1) ** 2 / level
        return cls(-0.5 * (size + np.log(level) + square), float(information.sum()) / len(day))

    def inflation(self, prior: Prior) -> float:
        """Variance of long sums relative to independence, by the mood's expected variance a posteriori; at least 1."""
        weight = softmax(np.log(prior) + self.log_likelihood)
        return min(LARGEST, 1.0 + LASTING * float(weight @ SPREADS**2) * self.daily)


def within(inflation: FloatArray, days: IntArray) -> FloatArray:
    r"""Variance of sums over so many days alone, from that of long ones: a short window holds few turns of a mood.

    Of what a mood adds, the share is :math:`1 - \frac{2 m (1 - m^T)}{T (1 - m^2)}` for T days and the memory m: the
    variance of a mean of an AR(1), relative to its limit.
    """
    t = np.maximum(days, 1)
    out: FloatArray = 1.0 + (inflation - 1.0) * (1 - 2 * MEMORY * (1 - MEMORY**t) / (t * (1 - MEMORY**2)))
    return out


def pooled(moods: Sequence[Mood]) -> Prior:
    """The shares under which the wallets' histories are likeliest, with ``PRIOR`` for some more (EM, Laird 1978)."""
    likelihood = np.array([each.log_likelihood for each in moods]).reshape(-1, len(SPREADS))
    share = np.array(PRIOR)
    for _ in range(EM_ROUNDS):
        told = PRIOR_WALLETS * np.array(PRIOR) + softmax(np.log(share) + likelihood, axis=1).sum(axis=0)
        share = told / told.sum()
    return tuple(share.tolist())
