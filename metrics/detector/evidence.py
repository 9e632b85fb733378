"""What a person is shown: each metric now, before, and in the range that chance alone explains.

Closed forms around the frozen baselines, for all wallets at once. The verdict itself comes from
``metrics.detector.cusum``; this is its explanation.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from metrics.baseline.bank import Bank
from metrics.baseline.clustering import day_weight
from metrics.baseline.day_panel import DayPanel
from metrics.baseline.overdispersion import within
from metrics.intervals import next_mean
from metrics.peers.peers import FEW_PEERS, LEAST_WORTH, Factor, Witnesses
from metrics.types import Metric, MetricEvidence

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

SHORTEST_DAYS, LONGEST_DAYS = 7, 90
USUAL_DAYS = 30  # window while nothing stands out
HOT = 0.03  # share of wins above wallets like it, from which a record was a streak
SURE = 2.58  # standard errors from which a form was above them: by luck alone one record in 200 looks so
AGREES = 2.5  # standard deviations: what raised a flag is the worst stretch of many, so it lies far from any level
Z95 = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One metric of all wallets over each one's own window; shape (W,) each, nan = nothing to compare."""

    recent: FloatArray
    baseline: FloatArray
    low: FloatArray
    high: FloatArray
    peers_change: FloatArray
    n: FloatArray
    peers_se: FloatArray  #: standard error of ``peers_change``
    worth: FloatArray  #: independent ones that ``n`` are worth
    peers_down: IntArray  #: peers whose own metric fell at least half as far in the same window


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Recent days of the panel and each wallet's window in them; W wallets, T days."""

    closes: FloatArray  #: (W, T), 0 on days that were not read; likewise below
    worth: FloatArray  #: independent round trips that these are worth, moods apart
    win_worth: FloatArray  #: likewise of those that won
    win_size: FloatArray  #: sums of the robust z of their sizes, each by what it is worth
    loss_size: FloatArray
    wins: FloatArray
    returns: FloatArray
    trades: FloatArray
    sold: FloatArray
    overdue: FloatArray
    covered: FloatArray
    common: FloatArray  #: what each wallet's peers share, by ``Factor``, (F, W, T)
    market_se: FloatArray  #: standard error of its first, (W, T)
    marked: BoolArray  #: whether its open positions are known, (W,)
    weekend: BoolArray  #: (T,)
    inside: FloatArray  #: 1 where a day belongs to the wallet's window, (W, T)
    days: IntArray  #: length of the window, (W,)

    @classmethod
    def of(
        cls,
        panel: DayPanel,
        common: FloatArray,
        market_se: FloatArray,
        *,
        first: IntArray,
        end: int,
        marked: BoolArray,
        link: FloatArray,
    ) -> "Window":
        """Windows ``first[i] .. end - 1``; ``common`` and ``market_se`` are those of the last T days."""
        begin = end - market_se.shape[1]
        day = np.arange(begin, end)
        covered = panel.view("covered", begin, end).copy()
        inside = (day >= first[:, None]).astype(np.float64)
        names = ("closes", "wins", "returns", "trades", "sold", "overdue")
        sums: dict[str, Any] = {name: np.nan_to_num(panel.view(name, begin, end)) * covered for name in names}
        weight = day_weight(sums["closes"], link[:, None])
        return cls(
            **sums,
            worth=sums["closes"] * weight,
            win_worth=sums["wins"] * weight,
            win_size=panel.view("win_size", begin, end) * covered * weight,
            loss_size=panel.view("loss_size", begin, end) * covered * weight,
            covered=covered,
            common=common,
            market_se=market_se,
            marked=marked,
            weekend=(day + 3) % 7 >= 5,
            inside=inside,
            days=end - first,
        )

    def own(self, values: FloatArray) -> FloatArray:
        """Sum of (W, T) values over each wallet's own window, (W,)."""
        out: FloatArray = (values * self.inside).sum(axis=1)
        return out

    def others(self, values: FloatArray, peers: Witnesses) -> FloatArray:
        """Sum of each peer's values over wallet i's window, (W, K) as ``peers.index``."""
        # Windows end with the last day, so each is a difference from the end.
        newest = np.zeros((len(values), values.shape[1] + 1))
        np.cumsum(values[:, ::-1], axis=1, out=newest[:, 1:])
        out: FloatArray = newest[peers.index, np.minimum(self.days, values.shape[1])[:, None]]
        return out


def compare(bank: Bank, window: Window, peers: Witnesses) -> dict[Metric, Comparison]:
    """Recent against baseline for each metric.

    The 95 % range is normal: chance, times the wallet's own inflation (of wins: mood, as far as one shows within the
    window), plus the standard error of the baseline, around the baseline moved by the ``peers``, known ones. Win rates
    are cut to [0, 1], frequencies to >= 0. That of returns is wider towards the side of their long tail.
    """
    few = peers.where(peers.enough)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            Metric.WIN_RATE: _win_rate(bank, window, few),
            Metric.AVERAGE_RETURN: _average_return(bank, window, few),
            Metric.TRADE_FREQUENCY: _trade_frequency(bank, window, few),
            Metric.OPEN_LOSSES: _open_losses(bank, window, few),
        }


def back_to_level(bank: Bank, win: Comparison) -> BoolArray:
    """Whether a win rate that fell only fell back to where wallets like it stand, (W,).

    Then the record was probably luck, and no edge was lost: it stood ``HOT`` above them, luck alone could have made
    it, and the recent rate, the peers' change taken off, lies no more than ``AGREES`` standard deviations below them.
    Luck could not where the posterior of its form, from its record and theirs, lies ``SURE`` standard errors above.
    """
    level = expit(bank.level)
    sd = (win.high - win.low) / (2 * Z95)
    hot = bank.win_rate >= level + HOT
    unsure = bank.win_logit - bank.level < SURE * bank.win_se
    calm = win.recent - np.nan_to_num(win.peers_change)
    fell: BoolArray = hot & unsure & (win.recent < bank.win_rate) & (calm >= level - AGREES * sd)
    return fell


def effective(bank: Bank, window: Window, peers: Witnesses) -> FloatArray:
    """How many peers that tell equally much each wallet's peers are worth over its window, (W,)."""
    p = expit(bank.win_logit)[peers.index]
    return peers.worth(window.others(window.worth, peers) * p * (1 - p))


def checked(bank: Bank, peers: Witnesses) -> FloatArray:
    """How many peers that tell equally much can tell the market from each wallet, (W,); 0: too few.

    There are ``FEW_PEERS`` of them, and they are worth ``LEAST_WORTH`` over ``USUAL_DAYS`` at the pace of their
    baselines. Else the market is estimated as well as it can be, but evidence against the wallet must be as rare as
    without peers.
    """
    p = expit(bank.win_logit)
    information = USUAL_DAYS * bank.worth / np.maximum(bank.days, 1.0) * p * (1 - p)
    worth = peers.worth(information[peers.index])
    return np.where(peers.enough & (worth >= LEAST_WORTH), worth, 0.0)


def metric_evidence(
    metric: Metric, of: Comparison, i: int, *, days: int, recurrence: float, long_run: float | None = None
) -> MetricEvidence:
    """Wallet ``i``'s row of a comparison, unknowns as None."""
    return MetricEvidence(
        metric=metric,
        recent=_known(of.recent[i]),
        baseline=_known(of.baseline[i]),
        low=_known(of.low[i]),
        high=_known(of.high[i]),
        peers_change=_known(of.peers_change[i]),
        peers_low=_known(of.peers_change[i] - Z95 * of.peers_se[i]),
        peers_high=_known(of.peers_change[i] + Z95 * of.peers_se[i]),
        long_run=long_run,
        n=int(of.n[i]),
        window_days=days,
        recurrence_years=recurrence,
        worth=_known(of.worth[i]),
    )


def _win_rate(bank: Bank, window: Window, peers: Witnesses) -> Comparison:
    n = window.own(window.closes)
    # Weights of one trade in a million keep the expectation defined where nothing closed.
    weight = window.closes + 1e-6
    p = expit(bank.win_logit[:, None] + bank.market_beta[:, None] * window.common[Factor.MARKET])
    total = window.own(weight)
    expected = window.own(weight * p) / total
    spread = window.own(weight * p * (1 - p)) / total
    # The errors of neighbouring days' market are much alike: their mean, not their root-mean, stays.
    market_se = window.own(weight * window.market_se) / total
    shift_variance = bank.win_se**2 + (bank.market_beta * market_se) ** 2
    inflation = within(bank.win_inflation, window.days)
    worth = np.maximum(window.own(window.worth), 1.0)
    sd = np.sqrt(inflation * spread / worth + spread**2 * shift_variance)
    calm = expit(bank.win_logit)
    recent = window.own(window.wins) / n
    theirs = window.others(window.wins, peers) / window.others(window.closes, peers)
    return Comparison(
        recent=recent,
        baseline=calm,
        low=np.clip(expected - Z95 * sd, 0.0, 1.0),
        high=np.clip(expected + Z95 * sd, 0.0, 1.0),
        peers_change=np.where(peers.use.any(axis=1), expected - calm, np.nan),
        peers_se=spread * bank.market_beta * market_se,
        n=n,
        worth=window.own(window.worth) / inflation,
        peers_down=_fell_too(peers.use, recent - calm, theirs - calm[peers.index]),
    )


def _average_return(bank: Bank, window: Window, peers: Witnesses) -> Comparison:
    n = window.own(window.closes)
    count = window.others(window.closes, peers)
    theirs = window.others(window.returns, peers) / count
    # Returns of wallets differ in scale: changes are compared in each one's own standard deviations.
    change = np.where(
        peers.use & (count >= 5), (theirs - bank.mean_return[peers.index]) / bank.return_sd[peers.index], np.nan
    )
    moved = _median(change) * bank.return_sd
    told = (~np.isnan(change)).sum(axis=1)
    # The median of few peers is itself a guess; its variance is about pi/2 that of their mean.
    guess = np.where(told > 1, np.pi / 2 * _variance(change) / np.maximum(told, 1), 0.0)
    worth = np.maximum(window.own(window.worth), 1.0)
    chance = bank.win_inflation * (1 / worth + 1 / np.maximum(bank.worth, 1.0))
    sd = bank.return_sd * np.sqrt(chance + guess)
    centre = bank.mean_return + np.nan_to_num(moved)
    recent = window.own(window.returns) / n
    below, above = next_mean(bank.return_skew, np.maximum(bank.worth, 2.0), worth)
    return Comparison(
        recent=recent,
        baseline=bank.mean_return,
        low=np.maximum(centre - below * sd, -1.0),
        high=centre + above * sd,
        peers_change=moved,
        peers_se=np.where(told > 1, bank.return_sd * np.sqrt(guess), np.nan),
        n=n,
        worth=window.own(window.worth) / within(bank.win_inflation, window.days),
        peers_down=_fell_too(peers.use, (recent - bank.mean_return) / bank.return_sd, change),
    )


def _trade_frequency(bank: Bank, window: Window, peers: Witnesses) -> Comparison:
    days = window.own(window.covered)
    usual = bank.rate * bank.parts * (5 + 2 * bank.weekend) / 7
    mean = bank.rate[:, None] * np.where(window.weekend, bank.weekend[:, None], 1.0) * window.covered
    mean *= np.exp(bank.rate_slope[:, None] * window.common[Factor.MARKET] + window.common[Factor.ACTIVITY])
    variance = window.own(mean + bank.overdispersion[:, None] * mean**2) * bank.rate_inflation
    expected = window.own(mean) / days * bank.parts
    sd = np.sqrt(variance * (bank.parts / days) ** 2 + (expected * bank.rate_se) ** 2)
    sd = np.where(bank.rate_known > 0, sd, np.nan)
    theirs = window.others(window.trades, peers) / window.others(window.covered, peers)
    recent = window.own(window.trades) / days
    change = np.where(peers.use, theirs / usual[peers.index] - 1.0, np.nan)
    told = (~np.isnan(change)).sum(axis=1)
    return Comparison(
        recent=recent,
        baseline=usual,
        low=np.maximum(expected - Z95 * sd, 0.0),
        high=expected + Z95 * sd,
        peers_change=_median(change) * usual,
        peers_se=np.where(told > 1, usual * np.sqrt(np.pi / 2 * _variance(change) / np.maximum(told, 1)), np.nan),
        n=window.own(window.trades),
        worth=np.full(len(days), np.nan),
        peers_down=_fell_too(peers.use, recent / usual - 1.0, theirs / usual[peers.index] - 1.0),
    )


def _open_losses(bank: Bank, window: Window, peers: Witnesses) -> Comparison:
    """The baseline is a bound, so ``low`` is 0: to stay in fewer losers than that is no news."""
    n = np.where(window.marked, window.own(window.sold + window.overdue), 0.0)
    weight = window.sold + window.overdue + 1e-6
    base = np.log(bank.overdue_share / (1 - bank.overdue_share))
    p = expit(base[:, None] + np.maximum(window.common[Factor.OVERDUE], 0.0))
    expected = window.own(weight * p) / window.own(weight)
    variance = bank.overdue_inflation * expected * (1 - expected) / np.maximum(n, 1.0) + bank.overdue_se**2
    total = window.others(window.sold + window.overdue, peers)
    rise = window.others(window.overdue, peers) / total - bank.overdue_share[peers.index]
    theirs = peers.use & window.marked[peers.index]
    enough = theirs.sum(axis=1) >= FEW_PEERS
    recent = np.where(n > 0, window.own(window.overdue) / n, np.nan)
    known = np.where(window.marked, 1.0, np.nan)
    return Comparison(
        recent=recent,
        baseline=bank.overdue_share * known,
        low=0.0 * known,
        high=np.minimum(expected + Z95 * np.sqrt(variance), 1.0) * known,
        peers_change=np.where(enough, expected - bank.overdue_share, np.nan) * known,
        peers_se=np.full(len(n), np.nan),
        n=n,
        worth=np.full(len(n), np.nan),
        peers_down=_fell_too(theirs, bank.overdue_share - recent, -rise),
    )


def _fell_too(peers: BoolArray, own: FloatArray, theirs: FloatArray) -> IntArray:
    """How many peers fell at least half as far as the wallet; where it did not fall itself: at all.

    ``own`` (W,) and ``theirs`` (W, K) are changes from each one's own baseline, in one unit.
    """
    bound = np.minimum(0.5 * np.nan_to_num(own), 0.0)
    fell: IntArray = (peers & (theirs < 0) & (theirs <= bound[:, None])).sum(axis=1)
    return fell


def _median(values: FloatArray) -> FloatArray:
    """Median of each row, nan left out; nan where a row has nothing else."""
    out = np.full(len(values), np.nan)
    some = ~np.isnan(values).all(axis=1)
    out[some] = np.nanmedian(values[some], axis=1)
    return out


def _variance(values: FloatArray) -> FloatArray:
    """Variance of each row, nan left out; 0 where a row has nothing else."""
    count = np.maximum((~np.isnan(values)).sum(axis=1), 1)
    mean = np.nansum(values, axis=1) / count
    out: FloatArray = np.nansum((values - mean[:, None]) ** 2, axis=1) / count
    return out


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
