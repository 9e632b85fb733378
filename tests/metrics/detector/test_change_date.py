"""The interval of the date of change."""

from datetime import timedelta

import numpy as np
import pytest

from metrics.evaluation.synthetic import START, Change, world
from metrics.monitor import Monitor

AT, DAYS = 30, 60


@pytest.mark.slow
@pytest.mark.parametrize("change", [Change(day=AT, win_shift=-1.6), Change(day=AT, rate=0.1)])
def test_the_interval_holds_the_day_of_the_change(change: Change) -> None:
    """A change that is seen is dated within its interval in most worlds, and the interval says something."""
    inside, width = [], []
    for seed in range(9):
        rng = np.random.default_rng(seed)
        frame = world(rng, wallets=10, history_days=90, days=DAYS, changes={0: change}, rate=5.0)
        monitor = Monitor()
        monitor.start(frame[frame["closed_at"] < START], followed_since=START)
        (one,) = [
            each
            for each in monitor.tick(START + timedelta(days=DAYS), frame[frame["closed_at"] >= START])
            if each.wallet == "w00"
        ]
        evidence = one.evidence
        if not one.flagged:
            continue
        assert evidence.since is not None
        assert evidence.since_from is not None
        assert evidence.since_to is not None
        assert evidence.since_from <= evidence.since <= evidence.since_to
        day = (START + timedelta(days=AT)).date()
        inside.append(evidence.since_from <= day <= evidence.since_to)
        width.append((evidence.since_to - evidence.since_from).days)
    assert len(inside) >= 6
    assert np.mean(inside) >= 0.75
    assert np.median(width) <= 25
