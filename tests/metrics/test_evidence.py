"""The explanation of a verdict."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from metrics.evidence import Comparison, Window, back_to_level, checked, effective
from metrics.peers import Factor, Witnesses
from tests.metrics.test_streams import bank


@pytest.mark.parametrize(
    ("record", "recent", "peers_change", "expected"),
    [
        (0.70, 0.54, 0.0, True),  # hot, now where wallets like it are
        (0.70, 0.35, 0.0, False),  # hot, now far below them: an edge lost
        (0.70, 0.42, -0.12, True),  # as far below, but so are the peers
        (0.57, 0.50, 0.0, False),  # was never hot
        (0.605, 0.54, 0.0, True),  # five points above them are hot
        (0.595, 0.54, 0.0, False),  # and less is not
        (0.70, 0.72, 0.0, False),  # did not fall
    ],
)
def test_a_streak_that_ends_is_no_edge_lost(record: float, recent: float, peers_change: float, expected: bool) -> None:
    """A hot record that falls back to the level of wallets like it was luck; a fall below them is not."""
    one = replace(bank(), level=np.array([logit(0.55)]), win_rate=np.array([record]))
    win = Comparison(
        recent=np.array([recent]),
        baseline=np.array([record]),
        low=np.array([record - 0.1]),
        high=np.array([record + 0.1]),
        peers_change=np.array([peers_change]),
        peers_se=np.array([0.0]),
        n=np.array([80.0]),
        peers_down=np.array([0]),
    )
    assert back_to_level(one, win)[0] == expected


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
        covered=np.ones_like(daily),
        common=np.zeros((len(Factor), *daily.shape)),
        market_se=none,
        marked=np.zeros(len(closes), dtype=bool),
        weekend=np.zeros(10, dtype=bool),
        inside=np.ones_like(daily),
        days=np.full(len(closes), 10),
    )


def test_peers_that_hardly_trade_do_not_check_the_market() -> None:
    """Five alike do, four do not; nine of which eight close one position in a month are no market."""
    alike = bank().repeat(0, 10)
    five, four = (Witnesses.of([set(range(1, 1 + n)), *[set()] * 9]) for n in (5, 4))
    assert checked(alike, five)[0]
    assert not checked(alike, four)[0]
    idle = replace(alike, n=np.where(np.arange(10) < 2, alike.n, alike.days / 30))
    assert not checked(idle, Witnesses.of([set(range(1, 10)), *[set()] * 9]))[0]


def test_peers_are_worth_as_many_as_tell_equally_much() -> None:
    """Nine alike are worth nine; nine of which eight hardly trade about one; those that never trade nothing."""
    many = bank().repeat(0, 10)
    peers = Witnesses.of([{*range(10)} - {i} for i in range(10)])
    busy, idle = np.full(10, 5.0), np.full(10, 0.0)
    mixed = np.array([5.0, 5.0, *[0.02] * 8])
    assert effective(many, window(busy), peers) == pytest.approx(np.full(10, 9.0))
    assert effective(many, window(mixed), peers)[0] < 1.5
    assert effective(many, window(idle), peers) == pytest.approx(np.zeros(10))
