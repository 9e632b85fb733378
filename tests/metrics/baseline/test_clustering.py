"""How much one day's trades hang together, and that parts of an order change no verdict."""

import numpy as np
import pandas as pd
import pytest

from metrics.baseline.clustering import correlation, day_weight, linked, parts_of
from metrics.evaluation.synthetic import START, Change, world
from metrics.monitor import Monitor
from metrics.types import Assessment, Metric
from tests.metrics.days import day_by_day

PARTS = 10


def days_of(rng: np.random.Generator, *, parts: int, orders: float = 2.0, days: int = 120) -> list[np.ndarray]:
    """Sums by day of closes, wins, sizes of wins and of losses; every order is filled in so many parts."""
    n = rng.poisson(orders, days)
    won = rng.binomial(n, 0.6)
    sizes = [np.array([rng.normal(size=k).sum() for k in each]) for each in (won, n - won)]
    return [parts * np.asarray(each, dtype=float) for each in (n, won, *sizes)]


def test_independent_trades_are_not_linked() -> None:
    """Independent trades show next to no link on average, so that what they tell is not thrown away."""
    rng = np.random.default_rng(1)
    found = [linked(*days_of(rng, parts=1, orders=4.0)) for _ in range(60)]
    assert np.mean(found) < 0.02


def test_parts_of_one_order_are_one_trade() -> None:
    """A wallet with one order a day, each in ten parts: a day's parts are worth little more than one trade."""
    rng = np.random.default_rng(2)
    n, won, win_size, loss_size = days_of(rng, parts=PARTS, orders=0.8)
    single = n <= PARTS
    link = linked(*(each[single] for each in (n, won, win_size, loss_size)))
    assert link > 0.85
    assert day_weight(np.array([10.0]), link)[0] * 10 == pytest.approx(1.0, abs=0.2)


def test_several_orders_a_day_are_several() -> None:
    """Where a day holds some orders in ten parts each, a part is worth a tenth of a trade, give or take a half."""
    rng = np.random.default_rng(3)
    sums = days_of(rng, parts=PARTS, orders=3.0, days=300)
    weight = day_weight(sums[0], linked(*sums))
    assert parts_of(sums[0], weight) == pytest.approx(PARTS, rel=0.55)


def test_a_day_with_one_trade_says_nothing() -> None:
    """Single trades have no correlation, and each is worth one."""
    ones = np.ones(50)
    assert correlation(np.linspace(-1, 1, 50), ones, 1.0) == (0.0, 0.0)
    assert linked(ones, ones * 0.0, ones * 0.0, ones * 3.0) == 0.0
    assert day_weight(np.array([0.0, 1.0]), 0.7).tolist() == [1.0, 1.0]
    assert parts_of(np.zeros(3), np.ones(3)) == 1.0


def test_the_correlation_is_that_of_pairs() -> None:
    """Two trades on every day that always agree have a correlation of 1; that always differ, of -1."""
    two = np.full(40, 2.0)
    agree = np.where(np.arange(40) % 2, 1.0, -1.0)
    same, weight = correlation(agree, two, 0.25)
    assert same / weight == pytest.approx(1.0)
    opposed, weight = correlation(np.zeros(40), two, 0.25)
    assert opposed / weight == pytest.approx(-1.0)


def followed(trips: pd.DataFrame, days: int) -> list[dict[str, Assessment]]:
    monitor = Monitor()
    monitor.start(trips[trips["closed_at"] < START], followed_since=START)
    return [{each.wallet: each for each in told} for told in day_by_day(monitor, trips, days)]


def split(trips: pd.DataFrame, parts: int) -> pd.DataFrame:
    """Every trade in so many parts, one second apart."""
    out = trips.loc[trips.index.repeat(parts)].reset_index(drop=True)
    out["closed_at"] += pd.to_timedelta(np.tile(np.arange(parts), len(trips)), unit="s")
    return out.assign(pnl_usd=out["pnl_usd"] / parts, size_usd=out["size_usd"] / parts).sort_values("closed_at")


@pytest.mark.slow
def test_splitting_every_trade_changes_next_to_nothing() -> None:
    """With each trade in ten parts, at most 12 % of the states differ, and the ranges of the win rate by a half.

    What is left of differences comes from estimating how the parts hang together, and falls on wallets that
    changed and are flagged either way.
    """
    changes = {0: Change(day=0, win_shift=-0.9), 1: Change(day=5, win_size=0.5), 2: Change(day=0, rate=0.3)}
    trips = world(np.random.default_rng([77, 0]), wallets=12, days=50, changes=changes)
    whole, parts = followed(trips, 50), followed(split(trips, PARTS), 50)
    pairs = [(one[name], other[name]) for one, other in zip(whole, parts, strict=True) for name in one]
    assert np.mean([one.state is not other.state for one, other in pairs]) < 0.12
    widths = []
    for one, other in pairs:
        spans = [
            item.high - item.low
            for each in (one, other)
            for item in each.evidence.metrics
            if item.metric is Metric.WIN_RATE and item.low is not None and item.high is not None and item.n
        ]
        if len(spans) == 2:
            widths.append(spans[1] / spans[0])
    assert 0.8 < np.median(widths) < 1.5
