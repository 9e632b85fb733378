"""What each wallet's peers share, day by day: it is the market's, and no wallet's own change.

Five common factors (:class:`metrics.peers.Factor`). For each, every peer that tells offers what was seen less what was
expected of it and the variance of that, summed over some days with a fading memory; ``common_shift`` makes one robust,
shrunk shift of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from metrics.panel import Panel
from metrics.peers import FEW_PEERS, LEAST_ACTIVITY, MEMORY, Factor, Witnesses, common_shift, fading_sums
from metrics.streams import Bank

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The factors at the end of a UTC day; W wallets, F factors."""

    residual: FloatArray  #: fading sum of what was seen less what was expected of each wallet, (F, W)
    information: FloatArray  #: its variance, (F, W)
    shift: FloatArray  #: common shift of each wallet's peers, in the factor's unit, (F, W)
    market_se: FloatArray  #: standard error of the win rate's, (W,)

    @classmethod
    def empty(cls, wallets: int) -> "Common":
        """Before the first day: nothing is known to have moved."""
        zero = np.zeros((len(Factor), wallets))
        return cls(residual=zero, information=zero, shift=zero, market_se=np.zeros(wallets))

    def after(
        self,
        sums: Mapping[str, FloatArray],
        *,
        weekend: bool,
        bank: Bank,
        told: Mapping[Factor, BoolArray],
        peers: Witnesses,
        flagged: BoolArray,
    ) -> "Common":
        """One day further.

        Parameters
        ----------
        sums
            The day's row of the panel, by field, (W,).
        told
            Whose day tells of each factor, (W,): baseline known, day read.
        peers
            Of each wallet. Fewer than ``FEW_PEERS`` that ever tell show no common shift.
        flagged
            Who left its form, and is no witness of the market, (W,).
        """
        witnesses = peers.those(~flagged)
        shift = np.zeros_like(self.shift)
        residual, information = MEMORY[:, None] * self.residual, MEMORY[:, None] * self.information
        market_se = self.market_se
        for factor in Factor:
            use = told[factor] & (sums["covered"] > 0)
            # What the win rate's factor explains of the others is in their expectation already.
            seen, variance = _terms(factor, sums, bank, market=shift[Factor.MARKET], weekend=weekend)
            residual[factor] += np.where(use, seen, 0.0)
            information[factor] += np.where(use, variance, 0.0)
            moved, error = witnesses.shift(residual[factor], information[factor])
            enough = peers.those(told[factor]).enough
            shift[factor] = np.where(enough, moved, 0.0)
            if factor is Factor.MARKET:
                # With too few peers there is no market to be unsure about: the wallet's own inflation holds its swings.
                market_se = np.where(enough, error, 0.0)
        # Estimated as a ratio, which is linear in what was counted; used as a logarithm.
        shift[Factor.ACTIVITY] = np.log(np.maximum(1.0 + shift[Factor.ACTIVITY], LEAST_ACTIVITY))
        return Common(residual=residual, information=information, shift=shift, market_se=market_se)


def _terms(
    factor: Factor, sums: Mapping[str, FloatArray], bank: Bank, *, market: FloatArray, weekend: bool
) -> tuple[FloatArray, FloatArray]:
    r"""What was seen of a factor less what was expected, and its variance, (W,).

    Wins and overdue positions are binomial. For trades, :math:`n \sim NB(\mu (1 + \theta), \phi)`, it is the score at
    :math:`\theta = 0`, which is :math:`(n - \mu) / (1 + \phi \mu)`, with the variance
    :math:`\mu / (1 + \phi \mu)`; the ratio of both is :math:`n / \mu - 1`.
    """
    if factor is Factor.MARKET:
        return _win_terms(sums["closes"], sums["wins"], bank.win_logit)
    if factor is Factor.OVERDUE:
        n, p = sums["sold"] + sums["overdue"], bank.overdue_share
        return sums["overdue"] - n * p, n * p * (1 - p)
    if factor is Factor.ACTIVITY:
        mean = bank.rate * np.exp(bank.rate_slope * market) * (bank.weekend if weekend else 1.0)
        spread = (1.0 + bank.overdispersion * mean) * bank.rate_inflation
        known = ~np.isnan(sums["trades"])
        return np.where(known, (sums["trades"] - mean) / spread, 0.0), np.where(known, mean / spread, 0.0)
    if factor is Factor.WIN_SIZE:
        n, usual = sums["wins"], bank.win_size_slope * market + bank.win_size
        return _size_terms(sums["win_size"] - usual * n, n, bank.win_size_inflation, bank.win_spread)
    n, usual = sums["closes"] - sums["wins"], bank.loss_size_slope * market + bank.loss_size
    return _size_terms(sums["loss_size"] - usual * n, n, bank.loss_size_inflation, bank.loss_spread)


def _size_terms(
    residual: FloatArray, n: FloatArray, inflation: FloatArray, spread: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Sizes vary by one on each wallet's own scale, times its inflation; what is shared is a factor on all."""
    return residual / (inflation * spread), n / (inflation * spread**2)


def _win_terms(closes: FloatArray, wins: FloatArray, win_logit: FloatArray) -> tuple[FloatArray, FloatArray]:
    p = expit(win_logit)
    return wins - closes * p, closes * p * (1 - p)


def past_market(
    peers: IntArray, panel: Panel, first: int, end: int, *, win_logit: FloatArray, informs_from: IntArray
) -> FloatArray:
    """Common shift of the win rates of ``peers``, by row, on the days ``first .. end - 1`` of a history, (days,).

    Each day is read from both sides: in a history what came next is known, and a drawdown is seen at its first day.
    """
    if int((informs_from[peers] <= end).sum()) < FEW_PEERS:
        return np.zeros(end - first)
    closes, wins, covered = (panel.view(name, first, end)[peers].T for name in ("closes", "wins", "covered"))
    use = (covered > 0) & (np.arange(first, end)[:, None] >= informs_from[peers])
    terms = (np.where(use, each, 0.0) for each in _win_terms(closes, wins, win_logit[peers]))
    residual, information = (fading_sums(term) + fading_sums(term[::-1])[::-1] - term for term in terms)
    return common_shift(residual, information, np.ones(residual.shape, dtype=bool))[0]
