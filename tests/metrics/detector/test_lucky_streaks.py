"""Whether a fall is told as the end of a lucky streak: never of a proven edge, mostly of a record that was chosen."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from metrics.monitor import Monitor
from metrics.types import Evidence, Metric

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
HISTORY, JUDGED = 120, 75
LEVEL = 0.5


def record(rng: np.random.Generator, name: str, before: float, after: float) -> pd.DataFrame:
    """Two trades a day, of which so many win before it is judged and so many since."""
    day = np.repeat(np.arange(HISTORY + JUDGED), rng.poisson(2.0, HISTORY + JUDGED))
    wins = rng.random(len(day)) < np.where(day < HISTORY, before, after)
    value = np.where(wins, 0.08, -0.06) * rng.lognormal(0, 0.6, len(day))
    second = rng.integers(0, 86_400, len(day))
    closed = pd.DatetimeIndex([BEGIN] * len(day)) + pd.to_timedelta(day * 86_400 + second, unit="s")
    return pd.DataFrame({"wallet": name, "day": day, "closed_at": closed, "return": np.maximum(value, -0.99)})


def first_flags(records: list[pd.DataFrame], followed: list[str], dial: float = 1.0) -> list[Evidence]:
    """Evidence of each wallet's first flag that its win rate leads."""
    table = pd.concat(records).sort_values("closed_at", kind="stable")
    monitor = Monitor(dial)
    start = BEGIN + timedelta(days=HISTORY)
    monitor.start(table[table["day"] < HISTORY], followed=followed, followed_since=start)
    found: dict[str, Evidence] = {}
    for day in range(HISTORY, HISTORY + JUDGED):
        for each in monitor.tick(BEGIN + timedelta(days=day + 1), table[table["day"] == day]):
            if each.flagged:
                found.setdefault(each.wallet, each.evidence)
    return [evidence for evidence in found.values() if evidence.lead is Metric.WIN_RATE]


def test_a_proven_edge_that_breaks_is_not_called_luck():
    """Of records some eight standard deviations above the level that fall to it, at most 5 % are called luck."""
    told = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        edges = [f"edge {n}" for n in range(12)]
        others = [record(rng, f"w{n}", LEVEL, LEVEL) for n in range(24)]
        told += first_flags([*others, *(record(rng, name, 0.76, LEVEL) for name in edges)], edges)
    assert len(told) >= 18
    assert sum(evidence.fell_back for evidence in told) <= 0.05 * len(told)


def test_a_streak_that_was_chosen_and_ends_is_called_luck():
    """Of the best records of many wallets of one level, at least 70 % of the flags say that they were luck."""
    told = []
    for seed in range(3):
        rng = np.random.default_rng(100 + seed)
        records = {f"w{n}": record(rng, f"w{n}", LEVEL, LEVEL) for n in range(80)}
        share = {name: (each["return"][each["day"] < HISTORY] > 0).mean() for name, each in records.items()}
        best = sorted(share, key=lambda name: -share[name])[:8]
        told += first_flags(list(records.values()), best, dial=4.0)
    assert len(told) >= 6
    assert sum(evidence.fell_back for evidence in told) >= 0.7 * len(told)
