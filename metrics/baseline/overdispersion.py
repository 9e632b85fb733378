r"""How much a wallet wanders beyond what independent trades would: its own variance.

What makes 55 % to 45 % normal for one wallet and 75 % to 65 % a change for another. Two things add to the luck of
independent trades. The trades of one day may hang together, as the parts of one order or positions on one move do: the
*design effect* (Kish 1965) is by how many times that raises the variance of a day's sum. And a mood is a latent AR(1)
path of daily shifts. A short history tells little of either, so each wallet's are a posterior over ``EFFECTS`` and
``SPREADS``, whose prior is what the wallets of its list show together (empirical Bayes, Robbins 1956).

Real people also have spells of weeks, which no mood of days explains. So the sums over spells of three weeks are held
against what effect and mood make of them, and the inflation is multiplied by that ratio, shrunk to the list's (the
moderated variance of Smyth 2004).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
"""Standard deviations that a mood may have: of win logits, of robust sizes, or relative to the variance of a count;
as multiples of the root of the design effect."""
EFFECTS = np.array([1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0, 16.0])
"""Design effects that a day's trades may have: ten trades that are one count for one at 10."""
PRIOR = (0.06, 0.09, 0.12, 0.14, 0.15, 0.14, 0.12, 0.09, 0.06, 0.02, 0.01)
EFFECT_PRIOR = (0.8, 0.08, 0.04, 0.03, 0.02, 0.01, 0.01, 0.005, 0.005)
PRIOR_WALLETS = 1.0  # that ``PRIOR`` is worth beside those of a list
WILDEST = 4.0  # standard deviations: one wild day is no wild wallet
LARGEST = 40.0
SPELL = 21  # days, over which a drop becomes visible
SPELL_MEMORY = LASTING - 2 * MEMORY * (1 - MEMORY**SPELL) / (
    SPELL * (1 - MEMORY) ** 2
)  # of ``LASTING``, within a spell
STEADY_SPELLS = 15.0  # that a ratio of 1 is worth beside those of a list
LIST_SPELLS = 10.0  # that the list's ratio is worth beside a wallet's own
LONGEST_SPELL = 12.0  # of a squared sum: one wild spell is no wild wallet
EM_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Prior:
    """Shares of the wallets of a list."""

    spread: tuple[float, ...] = PRIOR  #: by ``SPREADS``
    effect: tuple[float, ...] = EFFECT_PRIOR  #: by ``EFFECTS``
    spells: float = 1.0  #: mean variance of their spells, relative to what effect and mood make likely


COMMON = Prior()  #: of a list of which nothing is known


@dataclass(frozen=True, slots=True)
class Mood:
    """What a history tells of its mood."""

    log_likelihood: FloatArray  #: of each of ``SPREADS`` with each of ``EFFECTS``, (spreads, effects), up to a constant
    daily: float  #: mean information (variance under independence) of a day
    spells: FloatArray  #: squared sums of the spells, relative to their information

    @classmethod
    def of(cls, day: IntArray, residual: FloatArray, information: FloatArray) -> Self:
        r"""From the days' sums of what was seen less what was expected, and their variances if all were independent.

        With :math:`y_d = R_d / I_d \sim N(a + u_d, \delta / I_d)`, :math:`u` the mood, :math:`\delta` the design effect
        and :math:`a` an error of the level of which nothing is known, the restricted likelihood (Patterson and Thompson
        1971) is that of :math:`\delta V`, :math:`V = \text{diag}(1/I) + \sigma^2 C`, where the mood's variance is
        :math:`\delta \sigma^2`. C's inverse K is tridiagonal, so that
        :math:`V^{-1} = I - \sigma^2 I (K + \sigma^2 I)^{-1} I` and
        :math:`|V| = |K + \sigma^2 I| / (|K| |I|)` take time linear in the days; :math:`\delta` costs nothing more.
        """
        limit = WILDEST * np.sqrt(information)
        residual = np.clip(residual, -limit, limit)
        told = information > 0
        if told.sum() < 2:
            return cls(np.zeros((len(SPREADS), len(EFFECTS))), 0.0, np.empty(0))
        i, r = information[told], residual[told]
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
        freedom = len(i) - 1
        of_effect = freedom * np.log(EFFECTS) + square[:, None] / EFFECTS
        likelihood = -0.5 * ((size + np.log(level))[:, None] + of_effect)
        return cls(likelihood, float(information.sum()) / len(day), _spells(day, residual, information))

    def inflation(self, prior: Prior) -> float:
        """Variance of long sums relative to independence, expected a posteriori; at least 1."""
        seen, known = self.excess(prior)
        ratio = (LIST_SPELLS * prior.spells + seen) / (LIST_SPELLS + known)
        return min(LARGEST, max(1.0, ratio * self._variance(prior, LASTING)))

    def excess(self, prior: Prior) -> tuple[float, float]:
        """Sum of the spells' squares relative to what effect and mood make likely, and its degrees of freedom."""
        if len(self.spells) < 2:
            return 0.0, 0.0
        square = np.minimum(self.spells / self._variance(prior, SPELL_MEMORY), LONGEST_SPELL)
        return float(square.sum()), len(self.spells) - 1.0

    def _variance(self, prior: Prior, lasting: float) -> float:
        log_prior = np.log(prior.spread)[:, None] + np.log(prior.effect)
        weight = softmax(log_prior + self.log_likelihood)
        return float((weight * EFFECTS * (1.0 + lasting * SPREADS[:, None] ** 2 * self.daily)).sum())


def _spells(day: IntArray, residual: FloatArray, information: FloatArray) -> FloatArray:
    """Squared sums of the whole spells between the first day and the last, relative to their information."""
    which = (day[-1] - day) // SPELL
    residual = residual - information * residual.sum() / information.sum()  # the level is not known
    squares = np.bincount(which, weights=residual) ** 2
    known = np.bincount(which, weights=information)
    whole = (np.bincount(which) >= SPELL / 2) & (known > 0)
    return squares[whole] / known[whole]


def within(inflation: FloatArray, days: IntArray) -> FloatArray:
    r"""Variance of sums over so many days alone, from that of long ones: a short window holds few turns of a mood.

    Of what a mood adds, the share is :math:`1 - \frac{2 m (1 - m^T)}{T (1 - m^2)}` for T days and the memory m: the
    variance of a mean of an AR(1), relative to its limit.
    """
    t = np.maximum(days, 1)
    out: FloatArray = 1.0 + (inflation - 1.0) * (1 - 2 * MEMORY * (1 - MEMORY**t) / (t * (1 - MEMORY**2)))
    return out


def pooled(moods: Sequence[Mood]) -> Prior:
    """The shares under which the wallets' histories are likeliest, with the priors for some more (EM, Laird 1978)."""
    likelihood = np.array([each.log_likelihood for each in moods]).reshape(-1, len(SPREADS), len(EFFECTS))
    spread, effect = np.array(PRIOR), np.array(EFFECT_PRIOR)
    for _ in range(EM_ROUNDS):
        weight = softmax(np.log(spread)[:, None] + np.log(effect) + likelihood, axis=(1, 2))
        spread = PRIOR_WALLETS * np.array(PRIOR) + weight.sum(axis=(0, 2))
        effect = PRIOR_WALLETS * np.array(EFFECT_PRIOR) + weight.sum(axis=(0, 1))
        spread, effect = spread / spread.sum(), effect / effect.sum()
    prior = Prior(tuple(spread.tolist()), tuple(effect.tolist()))
    seen, known = (
        (sum(each) for each in zip(*(one.excess(prior) for one in moods), strict=True)) if moods else (0.0, 0.0)
    )
    return replace(prior, spells=(STEADY_SPELLS + seen) / (STEADY_SPELLS + known))
