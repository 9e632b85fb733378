"""How slow a pace is slow, by the wallet's own slow weeks."""

import numpy as np
import pandas as pd
import pytest

from metrics.baseline.slow_stretches import Stretches, next_pace, stretch_years
from metrics.detector.recurrence import PAUSE_SHARE, STRETCH_SHARE, own_silence
from metrics.evaluation.synthetic import START
from metrics.monitor import Monitor
from metrics.types import Assessment, Metric
from tests.metrics.days import day_by_day


def learned(trades: np.ndarray) -> Stretches:
    return Stretches.of(trades.astype(float), trades > 0)


def years(pace: float | np.ndarray, of: Stretches) -> np.ndarray:
    pace = np.atleast_1d(np.asarray(pace, dtype=float))
    one = np.ones(len(pace))
    return stretch_years(pace, one, years=of.years * one, slowest=of.slowest * one)


def test_slower_is_rarer_and_always_finite() -> None:
    """A slower pace comes up less often, finite down to none; the slowest of the history is no news yet."""
    of = learned(np.random.default_rng(1).poisson(1.5, 200))
    found = years(np.linspace(3.0, 0.0, 100), of)
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()
    assert years(of.slowest * 0.91, of)[0] < 1e-5
    assert years(of.slowest * 0.89, of)[0] == pytest.approx(200 / 365.25 * 1.35, rel=0.05)
    assert years(of.slowest / 2, of)[0] > 5 * 200 / 365.25


@pytest.mark.parametrize("busy", [[], [1, 2], [5, 9, 30, 31]])
def test_too_few_trading_days_say_nothing(busy: list[int]) -> None:
    """Below five days with trades no pace is evidence."""
    trades = np.zeros(90)
    trades[busy] = 3
    assert years(0.0, learned(trades))[0] < 1e-3


def test_parts_of_orders_change_nothing() -> None:
    """A wallet whose orders are filled in ten parts has the same stretches as one whose are not."""
    rng = np.random.default_rng(2)
    trades = rng.poisson(0.8, 150).astype(float)
    one, ten = learned(trades), learned(10 * trades)
    assert (one.slowest, one.last) == pytest.approx((ten.slowest, ten.last))
    assert ten.per_day == pytest.approx(10 * one.per_day)
    known = np.ones(1)
    paces = [
        next_pace(known, known, np.array([times * 2.0]), known, np.array([of.per_day]))
        for times, of in ((1, one), (10, ten))
    ]
    assert paces[0][0][0] == pytest.approx(paces[1][0][0])


def test_the_day_by_day_pace_is_that_of_the_history() -> None:
    """Going on from the middle of a record gives the pace that the whole record ends with."""
    trades = np.random.default_rng(3).poisson(1.2, 240).astype(float)
    of = learned(trades[:200])
    pace, exposure = np.array([of.last]), np.ones(1)
    for each in trades[200:]:
        pace, exposure = next_pace(pace, exposure, np.array([each]), np.ones(1), np.array([of.per_day]))
    mean = trades[:200].mean() / of.per_day
    expected = mean
    for each in trades:
        expected = 0.95 * expected + 0.05 * min(each / of.per_day, 4.0)
    assert pace[0] == pytest.approx(expected)
    assert exposure[0] == 1.0


def test_a_market_that_trades_less_is_no_slow_wallet() -> None:
    """Where peers trade half as often for long, so may the wallet: the evidence is that of its usual pace."""
    of = learned(np.tile([1.0, 0.0], 100))
    pace, exposure = np.array([of.last]), np.ones(1)
    for day in range(200):
        trades = np.array([1.0 if day % 4 == 0 else 0.0])
        pace, exposure = next_pace(pace, exposure, trades, np.array([0.5]), np.array([of.per_day]))
    apart = stretch_years(pace, exposure, years=np.array([of.years]), slowest=np.array([of.slowest]))
    alone = stretch_years(pace, np.ones(1), years=np.array([of.years]), slowest=np.array([of.slowest]))
    assert apart[0] < 1e-5 < 1.0 < alone[0]


def test_an_even_pace_is_never_at_its_slowest() -> None:
    """A wallet that trades twice on every weekday, and so on, is in form on every day."""
    week = np.array([2, 2, 2, 2, 2, 0, 0])
    found = followed(np.tile(week, 60), judged=90)
    assert all(each.evidence.metrics[2].recurrence_years < 0.25 for each in found[1:])


def test_the_louder_of_pause_and_stretch_speaks() -> None:
    """What silence brings is the larger of both, each by its share."""
    pause, stretch = np.array([2.0, 0.1]), np.array([0.2, 4.0])
    assert own_silence(pause, stretch).tolist() == [2.0 * PAUSE_SHARE, 4.0 * STRETCH_SHARE]


def followed(trades_by_day: np.ndarray, *, judged: int) -> list[Assessment]:
    days = np.repeat(np.arange(len(trades_by_day)) - (len(trades_by_day) - judged), trades_by_day)
    rng = np.random.default_rng(9)
    closed = pd.DatetimeIndex([START] * len(days)) + pd.to_timedelta(days, unit="D") + pd.Timedelta(hours=9)
    returns = np.where(rng.random(len(days)) < 0.6, 0.08, -0.06) * rng.lognormal(0, 0.5, len(days))
    trips = pd.DataFrame(
        {
            "wallet": "w",
            "closed_at": closed,
            "return": returns,
            "pnl_usd": returns,
            "size_usd": 1.0,
            "holding_s": 3600.0,
        }
    )
    monitor = Monitor()
    monitor.start(trips[trips["closed_at"] < START], {}, followed_since=START)
    return [each for told in day_by_day(monitor, trips, judged) for each in told]


def test_a_third_of_the_pace_is_flagged_within_two_months() -> None:
    """A wallet that trades in bursts and slows to a third is flagged for it, though no single pause is long."""
    rng = np.random.default_rng(12)
    busy = np.repeat(rng.random(60) < 0.55, 5)
    trades = rng.poisson(np.where(busy, 1.6, 0.15))
    trades[240:] = rng.binomial(trades[240:], 0.3)
    found = followed(trades[:300], judged=60)
    first = next((each for each in found if each.flagged), None)
    assert first is not None
    assert first.evidence.lead is Metric.TRADE_FREQUENCY
