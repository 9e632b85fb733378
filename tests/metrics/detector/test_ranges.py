"""The ranges that people are shown hold what they say: 95 %, between 92 and 98 by simulation with fixed seeds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.special import expit

from metrics.baseline.bank import Bank
from metrics.baseline.day_panel import DayPanel
from metrics.baseline.overdispersion import LASTING, MEMORY
from metrics.detector.change_date import began_between
from metrics.detector.cusum import MEMBERS, SILENCE_RATES, SURGE_RATES, WIN_SHIFTS, Day, Stream, increments, statistic
from metrics.detector.daily_step import Checkpoint
from metrics.detector.evidence import Comparison, Window, compare, metric_evidence
from metrics.detector.recurrence import recurrence_years, score_years
from metrics.detector.time_to_detect import sight
from metrics.evaluation.synthetic import wandering
from metrics.intervals import moments
from metrics.peers.peers import Factor, Witnesses
from metrics.types import Metric
from tests.metrics.detector.test_cusum import bank, baseline

FloatArray = npt.NDArray[np.float64]
Law = Callable[[np.random.Generator, tuple[int, ...]], FloatArray]

WALLETS = 3000
FIRST = 20_002  # a Monday


def like(**fields: float) -> Bank:
    """So many wallets of one kind, known without error but for what is said."""
    sure = {
        "win_se": 0.0,
        "beta_se": 0.0,
        "rate_se": 0.0,
        "win_inflation": 1.0,
        "rate_inflation": 1.0,
        "parts": 1.0,
        "end_day": FIRST,
    }
    many = bank().repeat(0, WALLETS)
    given = {name: np.full(WALLETS, value) for name, value in {**sure, **fields}.items()}
    return replace(many, **{**given, "end_day": given.get("end_day", many.end_day).astype(np.int64)})


def window(daily: dict[str, FloatArray], *, market: float = 0.0, market_se: float = 0.0) -> Window:
    """The last days of wallets of which all was read, in a market that is known so well."""
    some = next(iter(daily.values()))
    none = np.zeros_like(some)
    days = some.shape[1]
    names = ("closes", "wins", "returns", "trades", "sold", "overdue")
    return Window(
        **{name: daily.get(name, none) for name in names},
        worth=daily.get("closes", none),
        win_worth=daily.get("wins", none),
        win_size=none,
        loss_size=none,
        covered=np.ones_like(some),
        common=np.where(np.arange(len(Factor))[:, None, None] == Factor.MARKET, market, np.zeros(some.shape)),
        market_se=np.full(some.shape, market_se),
        marked=np.ones(len(some), dtype=bool),
        weekend=(np.arange(days) + FIRST + 3) % 7 >= 5,
        inside=np.ones_like(some),
        days=np.full(len(some), days),
    )


def compared(of: Bank, daily: dict[str, FloatArray], metric: Metric, **market: float) -> Comparison:
    return compare(of, window(daily, **market), Witnesses.of([set()] * WALLETS))[metric]


def covered(of: Bank, daily: dict[str, FloatArray], metric: Metric, **market: float) -> float:
    """Share of the wallets whose recent value lies in the range told."""
    one = compared(of, daily, metric, **market)
    told = ~np.isnan(one.recent)
    return float(((one.low <= one.recent) & (one.recent <= one.high))[told].mean())


@pytest.mark.parametrize("days", [7, 30, 90])
@pytest.mark.parametrize("mood", [0.0, 0.35, 0.7])
@pytest.mark.parametrize("se", [0.0, 0.3])
def test_the_win_rate_of_a_steady_wallet_lies_in_its_range(days: int, mood: float, se: float) -> None:
    """However moody a wallet is, and however well it is known: chance, mood and that error are in the range."""
    rng = np.random.default_rng(days)
    level, a_day = 0.3, 6.0
    path = wandering(rng, days * WALLETS, memory=MEMORY, sd=mood).reshape(WALLETS, days)
    closes = rng.poisson(a_day, (WALLETS, days)).astype(float)
    wins = rng.binomial(closes.astype(int), expit(level + se * rng.normal(size=(WALLETS, 1)) + path)).astype(float)
    information = a_day * expit(level) * (1 - expit(level))
    of = like(win_logit=level, win_se=se, win_inflation=1 + LASTING * mood**2 * information)
    assert 0.92 <= covered(of, {"closes": closes, "wins": wins}, Metric.WIN_RATE) <= 0.98


@pytest.mark.parametrize("se", [0.0, 0.5])
def test_the_win_rate_in_a_drawdown_lies_in_its_range(se: float) -> None:
    """A market that fell is in the range as far as the wallet answers to it, and so is what is not known of it."""
    rng = np.random.default_rng(3)
    level, beta, market = 0.3, 0.6, -1.2
    fall = beta * (market + se * rng.normal(size=(WALLETS, 1)))
    closes = rng.poisson(6.0, (WALLETS, 14)).astype(float)
    wins = rng.binomial(closes.astype(int), expit(level + fall)).astype(float)
    of, daily = like(win_logit=level, market_beta=beta), {"closes": closes, "wins": wins}
    assert 0.92 <= covered(of, daily, Metric.WIN_RATE, market=market, market_se=se) <= 0.98


@pytest.mark.parametrize("days", [7, 30, 90])
@pytest.mark.parametrize("rate", [1.0, 8.0])
@pytest.mark.parametrize("se", [0.0, 0.2])
def test_the_pace_of_a_steady_wallet_lies_in_its_range(days: int, rate: float, se: float) -> None:
    """However often it trades, and however well that is known: chance, busy days and that error are in the range."""
    rng = np.random.default_rng(days)
    alpha = 0.6
    weekend = window({"trades": np.zeros((1, days))}).weekend
    mean = rate * np.where(weekend, 0.5, 1.0) * np.exp(se * rng.normal(size=(WALLETS, 1)))
    trades = rng.poisson(mean * rng.gamma(1 / alpha, alpha, (WALLETS, days))).astype(float)
    of = like(rate=rate, weekend=0.5, overdispersion=alpha, rate_se=se)
    assert 0.92 <= covered(of, {"trades": trades}, Metric.TRADE_FREQUENCY) <= 0.98
    if days == 7:
        assert compared(of, {"trades": trades}, Metric.TRADE_FREQUENCY).baseline[0] == pytest.approx(rate * 6 / 7)


@pytest.mark.parametrize("days", [30, 90])
def test_the_pace_of_a_wallet_with_moods_lies_in_its_range(days: int) -> None:
    """Busy and quiet weeks of the history are in the range."""
    rng = np.random.default_rng(days)
    rate, alpha, mood = 8.0, 0.3, 0.08
    variance = rate + alpha * rate**2
    path = wandering(rng, days * WALLETS, memory=MEMORY, sd=mood).reshape(WALLETS, days)
    mean = np.maximum(rate + variance * path, 0.0)
    trades = rng.poisson(mean * rng.gamma(1 / alpha, alpha, (WALLETS, days))).astype(float)
    of = like(rate=rate, weekend=1.0, overdispersion=alpha, rate_inflation=1 + LASTING * mood**2 * variance)
    assert 0.92 <= covered(of, {"trades": trades}, Metric.TRADE_FREQUENCY) <= 0.98


@pytest.mark.parametrize("se", [0.0, 0.02])
def test_open_losses_of_a_steady_wallet_lie_below_their_bound(se: float) -> None:
    """The end of a one-sided range: 39 of 40 are below it, in spells of patience and where the share is a guess."""
    rng = np.random.default_rng(9)
    share, inflation, positions = 0.1, 2.0, 200
    spells = share * (1 - share) * (inflation - 1) / positions
    at = np.clip(share + rng.normal(size=WALLETS) * np.sqrt(spells + se**2), 0.0, 1.0)
    overdue = rng.binomial(positions, at)[:, None] / np.full((1, 10), 10.0)
    daily = {"sold": positions / 10 - overdue, "overdue": overdue}
    one = compared(like(overdue_share=share, overdue_se=se, overdue_inflation=inflation), daily, Metric.OPEN_LOSSES)
    assert 0.96 <= float((one.recent <= one.high).mean()) <= 0.99


def steady(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    return rng.normal(0.01, 0.05, shape)


def edge(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Wins of some 20 %, now and then far more, and losses of as much."""
    win = np.minimum(0.2 * np.exp(0.8 * rng.standard_normal(shape)), 10.0)
    return np.where(rng.random(shape) < 0.55, win, -np.minimum(0.2 * np.exp(0.6 * rng.standard_normal(shape)), 1.0))


def jackpots(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """One in twenty brings five times its cost, the others lose 15 %."""
    return np.where(
        rng.random(shape) < 0.05, np.exp(1.5 + 0.8 * rng.standard_normal(shape)), rng.normal(-0.15, 0.05, shape)
    )


def rugs(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Small wins, and one in twenty loses nearly all."""
    return np.where(rng.random(shape) < 0.05, rng.uniform(-1.0, -0.3, shape), rng.normal(0.06, 0.02, shape))


@pytest.mark.parametrize("law", [steady, edge, jackpots, rugs])
@pytest.mark.parametrize("before", [150, 400])
@pytest.mark.parametrize("n", [10, 30, 100])
def test_the_average_return_of_a_steady_wallet_lies_in_its_range(law: Law, before: int, n: int) -> None:
    """However skewed its returns are, once the history has shown them: the mean of the next ones is in the range."""
    rng = np.random.default_rng(before + n)
    past, later = law(rng, (WALLETS, before)), law(rng, (WALLETS, n))
    spread = np.array([moments(row) for row in past])
    of = like(n=before, worth=before)
    of = replace(of, mean_return=past.mean(axis=1), return_sd=spread[:, 0], return_skew=spread[:, 1])
    daily = {"closes": np.full((WALLETS, 10), n / 10), "returns": np.repeat(later.sum(axis=1)[:, None] / 10, 10, 1)}
    assert 0.92 <= covered(of, daily, Metric.AVERAGE_RETURN) <= 0.98


def test_what_moods_do_to_an_average_return_is_in_its_range() -> None:
    """Sums of a moody wallet's returns swing three times as much as independent ones: before as well as now."""
    rng = np.random.default_rng(2)
    before, n, sd = 200, 40, 0.1
    past, later = (rng.normal(0.02, sd * np.sqrt(3 / size), WALLETS) for size in (before, n))
    of = replace(like(n=before, worth=before, win_inflation=3.0, return_sd=sd, return_skew=0.0), mean_return=past)
    daily = {"closes": np.full((WALLETS, 10), n / 10), "returns": np.repeat(later[:, None] * n / 10, 10, 1)}
    assert 0.92 <= covered(of, daily, Metric.AVERAGE_RETURN) <= 0.98


def test_what_peers_share_lies_in_their_range_and_the_wallet_in_its_own() -> None:
    """In a market that takes half a standard deviation off everybody: twelve peers tell it, with their own error."""
    rng = np.random.default_rng(4)
    groups, peers, n, fall, sd = 200, 12, 30, -0.05, 0.1
    rows = groups * (peers + 1)
    many = bank().repeat(0, rows)
    given = {"mean_return": 0.02, "return_sd": sd, "return_skew": 0.0, "win_inflation": 1.0, "n": 1e6, "worth": 1e6}
    of = replace(many, **{name: np.full(rows, value) for name, value in given.items()})
    # Peers answer to their market each in its own way.
    mean = 0.02 + fall + np.where(np.arange(rows) % (peers + 1) > 0, rng.normal(0, 0.08, rows), 0.0)
    later = rng.normal(mean, sd / np.sqrt(n))
    daily = {"closes": np.full((rows, 10), n / 10), "returns": np.repeat(later[:, None] * n / 10, 10, 1)}
    first = np.arange(0, rows, peers + 1)
    witnesses = Witnesses.of([set(range(i + 1, i + peers + 1)) if i in set(first) else set() for i in range(rows)])
    one = compare(of, window(daily), witnesses)[Metric.AVERAGE_RETURN]
    assert 0.92 <= float(((one.low <= one.recent) & (one.recent <= one.high))[first].mean()) <= 0.98
    told = [metric_evidence(Metric.AVERAGE_RETURN, one, i, days=10, recurrence=1.0) for i in first]
    ends = np.array([(each.peers_low, each.peers_high) for each in told], dtype=float)
    assert 0.9 <= float(((ends[:, 0] <= fall) & (fall <= ends[:, 1])).mean()) <= 0.98


def test_the_fills_of_one_order_have_no_range() -> None:
    """23 parts that brought 24.4 % each say nothing of how far the next trade may be from that; 23 trades do."""
    assert np.isnan(moments(np.full(23, 0.244))).all()
    assert np.isnan(moments(0.244 + np.linspace(-0.002, 0.002, 23))).all()
    apart = 0.244 + np.linspace(-0.1, 0.1, 23)
    assert moments(apart) == (pytest.approx(apart.std(ddof=1)), pytest.approx(0, abs=1e-9))
    mixed = np.array([0.01, -0.01] * 12)
    assert moments(mixed)[0] == pytest.approx(mixed.std(ddof=1))


@pytest.mark.parametrize("closes", [3.0, 8.0])
def test_the_day_of_a_change_lies_in_its_interval(closes: float) -> None:
    """A change of one of the sizes looked for, on any day: both ends of the interval are right as often as they say."""
    wallets, days = 500, 60
    rng = np.random.default_rng(7)
    change = rng.integers(0, days, wallets)
    shift = rng.choice(WIN_SHIFTS, wallets)
    after = np.arange(days) >= change[:, None]
    panel = DayPanel(wallets, FIRST)
    n = rng.poisson(closes, (wallets, days))
    wins = rng.binomial(n, expit(0.4 - shift[:, None] * after))
    for name, values in (("closes", n), ("wins", wins), ("covered", np.ones_like(n))):
        panel.view(name, FIRST, FIRST + days)[:] = values
    of = like(win_logit=0.4)
    kept = [Checkpoint.empty(wallets)] * days
    found = np.array(
        [began_between(of, i, panel, kept, stream=Stream.WIN_RATE, end=FIRST + days) for i in range(wallets)]
    )
    low, high = (found - FIRST).T
    assert 0.92 <= float(((low <= change) & (change <= high)).mean()) <= 0.98
    assert float((change < low).mean()) <= 0.045
    assert float((change > high).mean()) <= 0.045


def told(closes: float, wins: float, trades: float) -> Day:
    none = np.zeros(1)
    return Day(
        closes=np.array([closes]),
        wins=np.array([wins]),
        win_size=none,
        loss_size=none,
        trades=np.array([trades]),
        sold=none,
        overdue=none,
        weekend=False,
    )


@pytest.mark.parametrize("trades", [0, 3, 12])
def test_the_pace_that_evidence_is_held_against_is_moved_by_one_standard_error(trades: int) -> None:
    """Evidence of silence (of more trades) is a likelihood ratio against a pace one standard error lower (higher)."""
    of = replace(bank(), rate=np.array([4.0]), rate_se=np.array([0.3]), rate_inflation=np.array([1.0]))
    size = 1 / of.overdispersion[0]
    got = increments(of, told(0, 0, trades), np.zeros((len(Factor), 1)), np.zeros(1))[0]
    first = sum(MEMBERS[: Stream.SILENCE])
    for column, by in enumerate((*SILENCE_RATES, *SURGE_RATES), start=first):
        mean = 4.0 * np.exp(-0.3 if by < 1 else 0.3)
        changed, usual = (stats.nbinom.logpmf(trades, size, size / (size + m)) for m in (mean * by, mean))
        assert got[column] == pytest.approx(np.clip(changed - usual, -5, 5))


@pytest.mark.parametrize("wins", [0, 3, 6])
def test_the_win_rate_that_evidence_is_held_against_is_moved_by_seven_tenths(wins: int) -> None:
    """Evidence of fewer wins is a likelihood ratio against a win rate that is 0.7 standard errors lower."""
    of = replace(bank(), win_logit=np.array([0.5]), win_se=np.array([0.4]), win_inflation=np.array([1.0]))
    got = increments(of, told(6, wins, 6), np.zeros((len(Factor), 1)), np.zeros(1))[0]
    for column, shift in enumerate(WIN_SHIFTS):
        null = 0.5 - 0.7 * 0.4
        changed, usual = (stats.binom.logpmf(wins, 6, expit(x)) for x in (null - shift, null))
        assert got[column] == pytest.approx(changed - usual)


@pytest.mark.parametrize("peers", [np.inf, 3.0, 0.0])
def test_what_is_in_sight_is_what_the_streams_need(peers: float) -> None:
    """After the days told, evidence at its mean pace in one alternative is a flag, and after nine tenths it is none."""
    one = baseline()
    of, flag_years = Bank.of([one], [0]), 1.0
    seen = sight(one, flag_years=flag_years, peers=peers)
    share = float(expit(one.win_logit)) - 0.2
    closes = one.n / one.days
    usual = told(closes, share * closes, 0), told(0, 0, 0)
    a_week = (5 + 2 * one.weekend) / 7
    silent = replace(of, rate=of.rate * a_week)
    none = np.zeros((len(Factor), 1))
    a_day = increments(of, usual[0], none, np.zeros(1))[0], increments(silent, usual[1], none, np.zeros(1))[0]
    for stream, days, add in (
        (Stream.WIN_RATE, seen.win_rate_drop_20pp_days, a_day[0]),
        (Stream.SILENCE, seen.silence_days, a_day[1]),
    ):
        assert days is not None
        first = sum(MEMBERS[:stream])
        best = first + int(add[first : first + MEMBERS[stream]].argmax())
        scores = []
        for part in (0.9, 1.02):
            total = np.zeros((1, sum(MEMBERS)))
            total[0, best] = part * days * add[best]
            years = recurrence_years(statistic(total), of.rate, np.array([peers]))
            scores.append(score_years(years, np.array([peers]))[0])
        assert scores[0] < flag_years <= scores[1]
