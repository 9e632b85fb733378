"""Ten points less is a change for a steady wallet and a bad month for one that wanders: its own variance decides."""

from datetime import timedelta

import numpy as np
from scipy.special import logit

from metrics.evaluation.synthetic import START, Change, world
from metrics.monitor import Monitor
from metrics.types import MetricEvidence

AT, DAYS = 20, 80


def win_rate_after(seed: int, before: float, after: float, mood: float) -> MetricEvidence:
    """What is said of the win rate of a wallet that wins ``after`` where it won ``before``, 60 days later."""
    frame = world(
        np.random.default_rng(seed),
        wallets=10,
        days=DAYS,
        changes={0: Change(day=AT, win_shift=float(logit(after) - logit(before)))},
        rate=6.0,
        win_logit=float(logit(before)),
        mood=mood,
        mood_memory=0.9,
    )
    monitor = Monitor()
    monitor.start(frame[frame["closed_at"] < START], followed_since=START)
    told = monitor.tick(START + timedelta(days=DAYS), frame[frame["closed_at"] >= START])
    return next(each for each in told if each.wallet == "w00").evidence.metrics[0]


def test_ten_points_are_a_change_only_for_who_never_wandered() -> None:
    """75 % to 65 % is structural for a steady wallet; 55 % to 45 % is within the variance of one that swings."""
    steady = [win_rate_after(seed, 0.75, 0.65, mood=0.05) for seed in range(8)]
    wandering = [win_rate_after(seed, 0.55, 0.45, mood=0.6) for seed in range(8)]
    rare = [float(np.median([each.recurrence_years for each in group])) for group in (steady, wandering)]
    assert rare[0] > 1.5
    assert rare[1] < 0.75
    outside = [sum(each.recent < each.low for each in group) for group in (steady, wandering)]  # type: ignore[operator]
    assert outside[0] >= 5
    assert outside[1] < outside[0]
