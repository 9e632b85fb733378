"""The explanation of a verdict."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from metrics.evidence import Comparison, back_to_level
from tests.metrics.test_streams import bank


@pytest.mark.parametrize(
    ("record", "recent", "peers_change", "expected"),
    [
        (0.70, 0.54, 0.0, True),  # hot, now where wallets like it are
        (0.70, 0.35, 0.0, False),  # hot, now far below them: an edge lost
        (0.70, 0.42, -0.12, True),  # as far below, but so are the peers
        (0.57, 0.50, 0.0, False),  # was never hot
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
        n=np.array([80.0]),
        peers_down=np.array([0]),
    )
    assert back_to_level(one, win)[0] == expected
