"""A wallet's own reference: what its win rate, return sizes and trade times were, and how much they wander.

Fitted once from the history before the wallet is followed, and frozen: a baseline that keeps learning
learns the decay it should report. What one short history cannot tell is taken from the population it is part
of (empirical Bayes), and what remains unknown is kept as a standard error.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from metrics.baseline.overdispersion import COMMON, Mood, Prior, pooled
from metrics.baseline.pace import MINIMUM_TRADING_DAYS, is_weekend, overdispersion, weekly
from metrics.baseline.pauses import Pauses
from metrics.baseline.size_scale import Scale
from metrics.baseline.slow_stretches import Stretches
from metrics.baseline.unrealised_losses import overdue_bound
from metrics.intervals import moments

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MINIMUM_ROUND_TRIPS = 20
MINIMUM_DAYS = 14
"""Below either of what was read whole, a wallet is learning: its own form cannot be told from luck."""

BETA_SPREAD = 0.4  # sd of the wallets' responses to their common market, around 1
WIDE_SPREAD = 1.0  # sd of win logits where nothing is known of the population
LIKELY_SPREAD, WEIGHT_OF_LIKELY = 0.55, 2.0  # what the spread around the sizes is shrunk to, worth two wallets
HOT_WEIGHT = 0.5  # of a record above the level: who is followed was chosen for looking hot, so luck lies on that side
NEWEST = 60  # round trips, the record that a follower looks at first
STREAK = 0.5  # of what they add to the older ones, held for luck
SIZE_RIDGE = 2.0  # precision of the prior "sizes say nothing" of both slopes


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One wallet's covered days before it is followed; all arrays have shape (days,)."""

    day: IntArray  #: days since 1970-01-01
    closes: FloatArray  #: each worth its ``clustering.day_weight``; likewise the next three
    wins: FloatArray
    win_size: FloatArray  #: sum of ``Scale.z`` of the day's wins
    loss_size: FloatArray  #: sum of ``Scale.z`` of the day's losses
    trades: FloatArray  #: divided by ``parts``
    link: float = 0.0  #: ``clustering.linked``: how much the round trips of one day hang together
    parts: float = 1.0  #: ``clustering.parts_of``
    active: BoolArray  #: whether it traded, also where it is not known how often
    market: FloatArray  #: common shift of the peers, logit units; 0 without peers
    returns: FloatArray  #: every return of these days, cut by ``Scale.largest``, shape (round trips,)
    holding_s: FloatArray  #: how long each round trip was held, as far as that is known
    timed: FloatArray  #: round trips of which that is known; bags are none
    long_held: FloatArray  #: of them, held for longer than the 95th percentile of ``holding_s``
    overdue: int = 0  #: positions that became overdue on these days and are open still
    scale_win: Scale
    scale_loss: Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What the wallets of a watchlist have in common; the prior of each."""

    win_logit: float = 0.0  #: of a wallet with typical sizes
    win_spread: float = WIDE_SPREAD  #: sd of the wallets' win logits around what their sizes suggest
    typical_win: float = 0.0  #: median log size of wins, as ``Scale.median``
    typical_loss: float = 0.0
    logit_by_win: float = 0.0  #: change of the win logit per unit of log win size: many small wins or few large ones
    logit_by_loss: float = 0.0
    win_mood: Prior = COMMON  #: how the moods of wins are spread, logit units
    win_size_mood: Prior = COMMON  #: the same for the sizes of wins, robust sd
    loss_size_mood: Prior = COMMON
    rate_mood: Prior = COMMON  #: the same for day counts, relative to their variance
    patience_mood: Prior = COMMON  #: the same for the share of long holdings, logit units
    win_size_slope: float = 0.0  #: change of size, in robust sd, per logit of market
    loss_size_slope: float = 0.0
    rate_slope: float = 0.0  #: change of the log rate per logit of market

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """From what ``dataclasses.asdict`` gave, also by way of JSON."""
        fields: dict[str, Any] = {
            name: Prior(tuple(v["spread"]), tuple(v["effect"]), v["spells"]) if isinstance(v, dict) else v
            for name, v in saved.items()
        }
        return cls(**fields)

    def level(self, history: "History") -> float:
        """Win logit of wallets that take wins and losses of this size: where luck, once it is over, leads back to."""
        return (
            self.win_logit
            + self.logit_by_win * (history.scale_win.median - self.typical_win)
            + self.logit_by_loss * (history.scale_loss.median - self.typical_loss)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One wallet's frozen reference."""

    first_day: int  #: days since 1970-01-01
    end_day: int  #: not included: the first day that is judged
    days: float  #: covered days
    n: int  #: round trips
    worth: float  #: independent ones that say as much about their mean, moods apart
    link: float  #: how much those of one day hang together, 0 to 1 (``metrics.baseline.clustering``)
    win_rate: float  #: plain share; nan without any
    mean_return: float  #: mean of the cut returns, fraction of cost
    return_sd: float  #: of single returns; nan: their spread is not known (``interval.moments``)
    return_skew: float  #: of single returns
    win_logit: float  #: logit of the win rate in a calm market, shrunk to the population, less half of a last streak
    level: float  #: win logit of wallets like it (``Population.level``), to which it is shrunk
    market_beta: float  #: the win logit's response to the peers' common shift, shrunk to 1
    beta_se: float  #: standard error of ``market_beta``
    win_inflation: float  #: variance of wins relative to independent tosses, >= 1 (the wallet's mood)
    win_se: float  #: standard error of ``win_logit``
    scale_win: Scale
    scale_loss: Scale
    win_size: float  #: mean z of wins
    loss_size: float
    win_size_slope: float  #: as in the population
    loss_size_slope: float
    win_size_inflation: float
    loss_size_inflation: float
    win_size_se: float
    loss_size_se: float
    rate: float  #: independent trades per weekday
    parts: float  #: trades that are one independent one (``metrics.baseline.clustering``)
    rate_known: float  #: 1 where it traded on enough days to know its pace, else 0
    weekend: float  #: weekend rate relative to weekdays
    overdispersion: float  #: alpha of the day counts: variance = mu + alpha mu^2
    rate_slope: float
    rate_inflation: float
    rate_se: float  #: relative standard error of ``rate``
    holding_p95_s: float  #: 95th percentile of the holding times, seconds; 0 = unknown
    overdue_share: float  #: share of its positions that may become overdue while nothing changes: an upper bound
    overdue_se: float
    overdue_inflation: float  #: long holdings come in spells: variance relative to independent ones
    pauses: Pauses  #: the tail of its pauses between days with a trade
    stretches: Stretches  #: the slowest weeks that it had

    @property
    def win_spread(self) -> float:
        """Robust sd of the logarithm of a win's size."""
        return self.scale_win.spread

    @property
    def loss_spread(self) -> float:
        """The same of a loss's."""
        return self.scale_loss.spread

    @property
    def win_size_known(self) -> float:
        """1 where it won often enough to know how large its wins are, else 0."""
        return float(self.scale_win.known)

    @property
    def loss_size_known(self) -> float:
        """The same of its losses."""
        return float(self.scale_loss.known)

    @property
    def overdue_known(self) -> float:
        """1 where it is known for how long it usually holds, else 0."""
        return float(self.holding_p95_s > 0)


def fit_win(
    closes: FloatArray,
    wins: FloatArray,
    market: FloatArray,
    prior: float,
    *,
    spread: float = WIDE_SPREAD,
    inflation: float = 1.0,
) -> tuple[float, float]:
    r"""Posterior mode of a and b in :math:`\text{logit } p_d = a + b\,m_d`.

    Priors: a ~ N(``prior``, ``spread``²); b ~ N(1, 0.4²): wallets respond to their market much alike, and one
    history holds few drawdowns. What a moody wallet shows counts for less: its information is divided by its
    ``inflation``. Newton steps, one coordinate at a time.
    """
    hold_a, hold_b = inflation / spread**2, inflation / BETA_SPREAD**2
    total = float(closes.sum())
    share = (float(wins.sum()) + 6 * expit(prior)) / (total + 6)
    a, b = float(logit(share)), 1.0
    for _ in range(8):
        p = expit(a + b * market)
        information = closes * p * (1 - p)
        a += (float((wins - closes * p).sum()) - hold_a * (a - prior)) / (float(information.sum()) + hold_a)
        if market.any():
            p = expit(a + b * market)
            information = closes * p * (1 - p)
            slope = float((market * (wins - closes * p)).sum()) - hold_b * (b - 1.0)
            b += slope / (float((market**2 * information).sum()) + hold_b)
    return a, b


def fit_population(histories: Sequence[History]) -> Population:
    """Pool the wallets' histories; with none, the defaults."""
    if not histories:
        return Population()
    closes, wins = (sum(float(getattr(h, name).sum()) for h in histories) for name in ("closes", "wins"))
    slopes = Population(
        win_logit=float(logit((wins + 1) / (closes + 2))),
        win_size_slope=_slope([(h.win_size, h.wins, h.market) for h in histories]),
        loss_size_slope=_slope([(h.loss_size, h.closes - h.wins, h.market) for h in histories]),
        rate_slope=_slope([_rate_terms(h) for h in histories]),
    )
    moods = [_moods(h, slopes) for h in histories]
    win, win_size, loss_size, rate, patience = (pooled(each) for each in zip(*moods, strict=True))
    levels: dict[str, Any] = _levels(histories, [each[0].inflation(win) for each in moods], slopes.win_logit)
    return replace(
        slopes,
        win_mood=win,
        win_size_mood=win_size,
        loss_size_mood=loss_size,
        rate_mood=rate,
        patience_mood=patience,
        **levels,
    )


def _levels(histories: Sequence[History], inflations: Sequence[float], pooled_logit: float) -> dict[str, float]:
    r"""Regress the wallets' win logits on their typical win and loss: :math:`a_i = c + x_i \beta + N(0, \tau^2)`.

    A wallet that takes small wins often wins often, so its sizes tell much of its win rate before it has shown
    it, and they are not what a follower chose it for. Each wallet's own estimate is taken unshrunk, weighted by
    :math:`1 / (v_i + \tau^2)` for its error :math:`v_i`; :math:`\tau^2` is the moment estimate, shrunk to a
    likely one. Records above the level weigh half (an expectile, Newey and Powell 1987) and :math:`\tau^2` is
    measured below it: a list that was chosen by its records has its luck above. Too few wallets for three
    coefficients are told apart by the ridge and by a wider spread.
    """
    own, error = [], []
    for each, inflation in zip(histories, inflations, strict=True):
        a, b = fit_win(each.closes, each.wins, each.market, pooled_logit)
        p = expit(a + b * each.market)
        information = max(1.0, float((each.closes * p * (1 - p)).sum()))
        own.append(a + (a - pooled_logit) / WIDE_SPREAD**2 / information)  # one Newton step without the prior
        error.append(inflation / information)
    y, v = np.array(own), np.array(error)
    size = np.array([(each.scale_win.median, each.scale_loss.median) for each in histories])
    centre = size.mean(axis=0)
    x = np.column_stack((np.ones(len(y)), size - centre))
    ridge = np.diag([1e-6, SIZE_RIDGE, SIZE_RIDGE])
    freedom = len(y) / max(1.0, len(y) - x.shape[1])
    coefficients, variance, tilt = np.zeros(3), LIKELY_SPREAD**2, np.ones(len(y))
    for _ in range(6):
        weight = tilt / (v + variance)
        coefficients = np.linalg.solve((x.T * weight) @ x + ridge, (x.T * weight) @ y)
        residual = y - x @ coefficients
        below = residual <= 0
        tilt = np.where(below, 1.0, HOT_WEIGHT)
        square = 1.0 / (v + variance) ** 2
        likely = WEIGHT_OF_LIKELY * float(np.median(square))
        excess = float((square * (freedom * residual**2 - v))[below].sum()) / max(float(below.mean()), 0.1)
        variance = max(0.02, (excess + likely * LIKELY_SPREAD**2) / (float(square.sum()) + likely))
    return {
        "win_logit": float(coefficients[0]),
        "win_spread": math.sqrt(variance * (1.0 + 3.0 / len(y))),
        "typical_win": float(centre[0]),
        "typical_loss": float(centre[1]),
        "logit_by_win": float(coefficients[1]),
        "logit_by_loss": float(coefficients[2]),
    }


def fit(history: History, population: Population, *, first_day: int, end_day: int) -> Baseline:
    """One wallet's baseline; needs no minimum (the caller knows when a wallet is still learning)."""
    win, win_size, loss_size, rate, patience = _moods(history, population)
    inflation = win.inflation(population.win_mood)
    level = population.level(history)
    spread = population.win_spread
    a, b = fit_win(history.closes, history.wins, history.market, level, spread=spread, inflation=inflation)
    older = np.cumsum(history.closes[::-1])[::-1] > NEWEST  # all but the last round trips
    before, _ = fit_win(
        history.closes * older, history.wins * older, history.market, level, spread=spread, inflation=inflation
    )
    a -= STREAK * max(0.0, a - before)
    p = expit(a + b * history.market)
    information = history.closes * p * (1 - p)
    losses = history.closes - history.wins
    size = _size_residual(history.win_size, history.wins, history.market, population.win_size_slope)
    loss = _size_residual(history.loss_size, losses, history.market, population.loss_size_slope)
    win_size_inflation = win_size.inflation(population.win_size_mood)
    loss_size_inflation = loss_size.inflation(population.loss_size_mood)
    per_day, weekend = weekly(history.day, history.trades)
    mean = per_day * np.where(is_weekend(history.day), weekend, 1.0)
    alpha = overdispersion(history.trades, mean)
    rate_inflation = rate.inflation(population.rate_mood)
    rate_variance = rate_inflation * float((mean + alpha * mean**2).sum())
    n = len(history.returns)
    sd, skew = moments(history.returns)
    overdue_share, overdue_se = overdue_bound(len(history.holding_s), history.overdue)
    return Baseline(
        first_day=first_day,
        end_day=end_day,
        days=float(len(history.day)),
        n=n,
        worth=float(history.closes.sum()),
        link=history.link,
        win_rate=float((history.returns > 0).mean()) if n else math.nan,
        mean_return=float(np.sort(history.returns).mean()) if n else math.nan,
        return_sd=sd,
        return_skew=skew,
        win_logit=a,
        level=level,
        market_beta=b,
        beta_se=math.sqrt(1.0 / (float((history.market**2 * information).sum()) / inflation + 1.0 / BETA_SPREAD**2)),
        win_inflation=inflation,
        win_se=math.sqrt(1.0 / (float(information.sum()) / inflation + 1.0 / spread**2)),
        scale_win=history.scale_win,
        scale_loss=history.scale_loss,
        win_size=float(size.sum()) / (float(history.wins.sum()) + 3.0),
        loss_size=float(loss.sum()) / (float(losses.sum()) + 3.0),
        win_size_slope=population.win_size_slope,
        loss_size_slope=population.loss_size_slope,
        win_size_inflation=win_size_inflation,
        loss_size_inflation=loss_size_inflation,
        win_size_se=math.sqrt(win_size_inflation / (float(history.wins.sum()) + 1.0)),
        loss_size_se=math.sqrt(loss_size_inflation / (float(losses.sum()) + 1.0)),
        rate=per_day,
        parts=history.parts,
        rate_known=float((history.trades > 0).sum() >= MINIMUM_TRADING_DAYS),
        weekend=weekend,
        overdispersion=alpha,
        rate_slope=population.rate_slope,
        rate_inflation=rate_inflation,
        rate_se=math.sqrt(rate_variance) / max(float(mean.sum()), 1e-9),
        holding_p95_s=usual_longest(history.holding_s),
        overdue_share=overdue_share,
        overdue_se=overdue_se,
        overdue_inflation=patience.inflation(population.patience_mood),
        pauses=Pauses.of(history.active),
        stretches=Stretches.of(history.trades, history.active),
    )


def usual_longest(holding_s: FloatArray) -> float:
    """95th percentile of a wallet's holding times, seconds; 0 = unknown: too few of them (n,) are known (above 0)."""
    known = holding_s[holding_s > 0]
    return float(np.quantile(known, 0.95)) if len(known) >= MINIMUM_ROUND_TRIPS else 0.0


def _size_residual(size: FloatArray, count: FloatArray, market: FloatArray, slope: float) -> FloatArray:
    return size - slope * market * count


def _slope(terms: Sequence[tuple[FloatArray, FloatArray, FloatArray]]) -> float:
    """Pooled ridge regression through the origin of day sums on market times count."""
    cross = sum(float((market * value).sum()) for value, _, market in terms)
    square = sum(float((market**2 * count).sum()) for _, count, market in terms)
    return cross / (square + 50.0)


def _rate_terms(history: History) -> tuple[FloatArray, FloatArray, FloatArray]:
    per_day, weekend = weekly(history.day, history.trades)
    mean = per_day * np.where(is_weekend(history.day), weekend, 1.0)
    return history.trades - mean, mean, history.market


def _moods(history: History, population: Population) -> tuple[Mood, Mood, Mood, Mood, Mood]:
    """Moods of wins, sizes of wins, sizes of losses, rate, and long holdings."""
    level = population.level(history)
    a, b = fit_win(history.closes, history.wins, history.market, level, spread=population.win_spread)
    p = expit(a + b * history.market)
    _, mean, _ = _rate_terms(history)
    mean = mean * np.exp(population.rate_slope * history.market)
    variance = mean + overdispersion(history.trades, mean) * mean**2
    losses = history.closes - history.wins
    return (
        Mood.of(history.day, history.wins - history.closes * p, history.closes * p * (1 - p)),
        _size_mood(history, history.win_size, history.wins, population.win_size_slope),
        _size_mood(history, history.loss_size, losses, population.loss_size_slope),
        Mood.of(history.day, history.trades - mean, variance),
        Mood.of(history.day, history.long_held - 0.05 * history.timed, 0.05 * 0.95 * history.timed),
    )


def _size_mood(history: History, size: FloatArray, count: FloatArray, slope: float) -> Mood:
    residual = _size_residual(size, count, history.market, slope)
    residual = residual - float(residual.sum()) / (float(count.sum()) + 3.0) * count
    return Mood.of(history.day, residual, count)
