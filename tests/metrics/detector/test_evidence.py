"""The explanation of a verdict."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from metrics.detector.evidence import Comparison, Window, back_to_level, checked, effective
from metrics.monitor import Monitor
from metrics.peers.peers import Factor, Witnesses
from metrics.types import Metric, MetricEvidence
from tests.metrics.detector.test_cusum import bank


@pytest.mark.parametrize(
    ("record", "recent", "peers_change", "expected"),
    [
        (0.70, 0.54, 0.0, True),  # hot, now where wallets like it are
        (0.70, 0.35, 0.0, False),  # hot, now far below them: an edge lost
        (0.70, 0.42, -0.12, True),  # as far below, but so are the peers
        (0.57, 0.50, 0.0, False),  # was never hot
        (0.585, 0.54, 0.0, True),  # three points above them are hot
        (0.575, 0.54, 0.0, False),  # and less is not
        (0.70, 0.72, 0.0, False),  # did not fall
    ],
)
def test_a_streak_that_ends_is_no_edge_lost(record: float, recent: float, peers_change: float, expected: bool) -> None:
    """A hot record that falls back to the level of wallets like it was luck; a fall below them is not."""
    form = np.array([logit(0.55) + 0.2])
    one = replace(bank(), level=form - 0.2, win_logit=form, win_se=np.array([0.1]), win_rate=np.array([record]))
    win = Comparison(
        recent=np.array([recent]),
        baseline=np.array([record]),
        low=np.array([record - 0.1]),
        high=np.array([record + 0.1]),
        peers_change=np.array([peers_change]),
        peers_se=np.array([0.0]),
        n=np.array([80.0]),
        worth=np.array([80.0]),
        peers_down=np.array([0]),
    )
    assert back_to_level(one, win)[0] == expected
    assert not back_to_level(replace(one, win_se=np.array([0.077])), win)[0], "its form was surely above them"


def window(closes: np.ndarray) -> Window:
    """Ten days of wallets that close so many round trips a day, half of them won."""
    daily = np.repeat(closes[:, None], 10, axis=1)
    none = np.zeros_like(daily)
    return Window(
        closes=daily,
        wins=daily / 2,
        returns=none,
        trades=daily,
        sold=daily,
        overdue=none,
        worth=daily,
        win_worth=daily / 2,
        win_size=none,
        loss_size=none,
        covered=np.ones_like(daily),
        common=np.zeros((len(Factor), *daily.shape)),
        market_se=none,
        marked=np.zeros(len(closes), dtype=bool),
        weekend=np.zeros(10, dtype=bool),
        inside=np.ones_like(daily),
        days=np.full(len(closes), 10),
    )


def test_peers_that_hardly_trade_do_not_check_the_market() -> None:
    """Three alike do, two do not; nine of which eight close one position in a month are no market."""
    alike = bank().repeat(0, 10)
    three, two = (Witnesses.of([set(range(1, 1 + n)), *[set()] * 9]) for n in (3, 2))
    assert checked(alike, three)[0] == 3
    assert checked(alike, two)[0] == 0
    idle = replace(alike, worth=np.where(np.arange(10) < 2, alike.worth, alike.days / 30))
    assert checked(idle, Witnesses.of([set(range(1, 10)), *[set()] * 9]))[0] == 0


def test_peers_are_worth_as_many_as_tell_equally_much() -> None:
    """Nine alike are worth nine; nine of which eight hardly trade about one; those that never trade nothing."""
    many = bank().repeat(0, 10)
    peers = Witnesses.of([{*range(10)} - {i} for i in range(10)])
    busy, idle = np.full(10, 5.0), np.full(10, 0.0)
    mixed = np.array([5.0, 5.0, *[0.02] * 8])
    assert effective(many, window(busy), peers) == pytest.approx(np.full(10, 9.0))
    assert effective(many, window(mixed), peers)[0] < 1.5
    assert effective(many, window(idle), peers) == pytest.approx(np.zeros(10))


def test_one_mispriced_trade_does_not_move_what_is_shown() -> None:
    """A row of a million percent, in the baseline or in the window, moves the average return by a point or so."""
    rng = np.random.default_rng(4)
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    value = np.where(rng.random(450) < 0.6, 0.08, -0.06) * rng.lognormal(0, 0.6, 450)
    closed = [begin + timedelta(hours=8 * n) for n in range(450)]

    def shown(at: int | None) -> MetricEvidence:
        returns = value.copy()
        if at is not None:
            returns[at] = 10_000.0
        table = pd.DataFrame({"wallet": "w", "closed_at": closed, "return": returns})
        monitor = Monitor(1.0)
        monitor.start(table[:375], peers={}, followed_since=begin + timedelta(days=125))
        [told] = monitor.tick(begin + timedelta(days=150), table[375:])
        return next(each for each in told.evidence.metrics if each.metric is Metric.AVERAGE_RETURN)

    usual = shown(None)
    for poisoned in (shown(100), shown(400)):
        for name in ("recent", "baseline", "low", "high"):
            assert getattr(poisoned, name) == pytest.approx(getattr(usual, name), abs=0.012)
