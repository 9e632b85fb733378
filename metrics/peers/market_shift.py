"""What each wallet's peers share, day by day: it is the market's, and no wallet's own change.

Five common factors (:class:`metrics.peers.peers.Factor`). For each, every peer that tells offers what was seen less
what was expected of it and the variance of that, summed over blocks of days; ``metrics.peers.market_level`` makes one
shift of their robust means.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from metrics.baseline.bank import Bank
from metrics.baseline.day_panel import DayPanel
from metrics.peers.market_level import EDGES, block_sums
from metrics.peers.peers import FEW_PEERS, LEAST_ACTIVITY, Factor, Witnesses, common_shift, fading_sums

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


OTHERS = [factor for factor in Factor if factor is not Factor.MARKET]
LEAST_INFORMATION = 1e-3  # of a day: keeps the mood of a wallet that hardly trades finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The factors at the end of a UTC day; W wallets, F factors."""

    seen: tuple[FloatArray, ...]  #: of the last days, newest first: what was seen less what was expected, (F, W)
    variance: tuple[FloatArray, ...]  #: of that, if all trades were independent, likewise
    shift: FloatArray  #: common shift of each wallet's peers, in the factor's unit, (F, W)
    market_se: FloatArray  #: standard error of the win rate's, (W,)

    @classmethod
    def empty(cls, wallets: int) -> "Common":
        """Before the first day: nothing is known to have moved."""
        zero = np.zeros((len(Factor), wallets))
        return cls(seen=(), variance=(), shift=zero, market_se=np.zeros(wallets))

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
        kept = EDGES[-1] - 1
        seen = (np.zeros_like(self.shift), *self.seen[:kept])
        variance = (np.zeros_like(self.shift), *self.variance[:kept])
        shift, error = np.zeros_like(self.shift), np.zeros_like(self.shift)
        enough = np.stack([peers.those(told[factor]).enough for factor in Factor])
        wandering = np.zeros_like(self.shift)
        wandering[Factor.MARKET] = _wandering(bank)
        # What the win rate's factor explains of the others is in their expectation already.
        for factors in ([Factor.MARKET], [factor for factor in OTHERS if told[factor].any()]):
            for factor in factors:
                use = told[factor] & (sums["covered"] > 0)
                terms = _terms(factor, sums, bank, market=shift[Factor.MARKET], weekend=weekend)
                seen[0][factor], variance[0][factor] = (np.where(use, each, 0.0) for each in terms)
            residual, information = (block_sums([day[factors] for day in each]) for each in (seen, variance))
            shift[factors], error[factors] = witnesses.shift(residual, information, wandering[factors])
            shift[factors] = np.where(enough[factors], shift[factors], 0.0)
        # Estimated as a ratio, which is linear in what was counted; used as a logarithm.
        shift[Factor.ACTIVITY] = np.log(np.maximum(1.0 + shift[Factor.ACTIVITY], LEAST_ACTIVITY))
        # With too few peers there is no market to be unsure about: the wallet's own inflation holds its swings.
        market_se = np.where(enough[Factor.MARKET], error[Factor.MARKET], 0.0)
        return Common(seen=seen, variance=variance, shift=shift, market_se=market_se)


def _wandering(bank: Bank) -> FloatArray:
    """Variance that each wallet's mood adds to the mean of its win logit over one long day of many, (W,).

    Over days with the information I it inflates the variance of the sum from I to (1 + :math:`v I`) I; this is v.
    """
    chance = expit(bank.win_logit)
    daily = bank.worth / np.maximum(bank.days, 1.0) * chance * (1 - chance)
    out: FloatArray = (bank.win_inflation - 1.0) / np.maximum(daily, LEAST_INFORMATION)
    return out


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
    peers: IntArray, panel: DayPanel, first: int, end: int, *, win_logit: FloatArray, informs_from: IntArray
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
