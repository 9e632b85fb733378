"""What all wallets share is the market's: only what a wallet does beyond it is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from metrics.evaluation.synthetic import START, population
from metrics.monitor import Monitor
from metrics.types import Metric

WALLETS, SINCE, DAYS = 24, 20, 34
CHANGED = [f"w{i:02d}" for i in range(0, WALLETS, 4)]

Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def holiday(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Three of four trades are not made."""
    return frame[rng.random(len(frame)) > 0.75]


def dull(frame: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    """Wins are less than half as large."""
    return frame.assign(**{"return": np.where(frame["return"] > 0, frame["return"] * 0.45, frame["return"])})


def rough(frame: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    """Losses are twice as large."""
    return frame.assign(**{"return": np.where(frame["return"] < 0, frame["return"] * 2, frame["return"]).clip(-1)})


def flagged(change: Change, metric: Metric, *, whom: list[str] | None) -> float:
    """Share of the wallets in ``CHANGED`` that are flagged for a metric at the end of the change."""
    found, possible = 0, 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        frame, _ = population(rng, wallets=WALLETS, history_days=90, days=DAYS, rate=6.0)
        hit = frame["closed_at"] >= START + timedelta(days=SINCE)
        if whom is not None:
            hit &= frame["wallet"].isin(whom)
        frame = pd.concat([frame[~hit], change(frame[hit], rng)]).sort_values("closed_at", kind="stable")
        past = frame["closed_at"] < START
        monitor = Monitor()
        names = sorted(frame["wallet"].unique())
        monitor.start(frame[past], {each: [o for o in names if o != each] for each in names}, followed_since=START)
        for each in monitor.tick(START + timedelta(days=DAYS), frame[~past]):
            if each.wallet in CHANGED:
                possible += 1
                found += each.flagged and each.evidence.lead is metric
    return found / possible


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "metric", "least"),
    [(holiday, Metric.TRADE_FREQUENCY, 0.5), (dull, Metric.AVERAGE_RETURN, 0.5), (rough, Metric.AVERAGE_RETURN, 0.25)],
)
def test_what_all_do_is_nobodys_own_change(change: Change, metric: Metric, least: float) -> None:
    """The same change flags those who make it alone, and hardly anybody where everybody makes it."""
    alone = flagged(change, metric, whom=CHANGED[:2]) * len(CHANGED) / 2
    together = flagged(change, metric, whom=None)
    assert alone >= least
    assert together <= 0.1


def fallen(seed: int, points: float) -> tuple[pd.DataFrame, datetime]:
    """Eleven steady wallets, a round trip a day, all of which win less often by so many points for good."""
    rng = np.random.default_rng(seed)
    since, frames = datetime(2025, 5, 1, tzinfo=UTC), []
    for i in range(11):
        day = np.repeat(np.arange(-120, 60), rng.poisson(1.0, 180))
        won = rng.random(len(day)) < 0.55 + 0.02 * (i % 8) + points * (day >= 0)
        size = np.where(won, 0.08, -0.06) * rng.lognormal(0, 0.6, len(day))
        at = pd.Timestamp(since) + pd.to_timedelta(day * 86_400 + rng.integers(0, 86_400, len(day)), unit="s")
        frames.append(
            pd.DataFrame(
                {
                    "wallet": f"w{i:02d}",
                    "closed_at": at,
                    "return": np.maximum(size, -0.99),
                    "pnl_usd": 1000 * size,
                    "size_usd": 1000.0,
                    "holding_s": 7200.0,
                }
            )
        )
    return pd.concat(frames).sort_values("closed_at", kind="stable"), since


def test_a_lasting_fall_of_all_flags_hardly_anybody() -> None:
    """Twenty points from all of a short list, overnight and for good: it is the market's, however long it lasts.

    By chance about one in six is flagged within the sixty days.
    """
    found = 0
    for seed in range(4):
        frame, since = fallen(seed, -0.2)
        monitor = Monitor()
        monitor.start(frame[frame["closed_at"] < since], followed_since=since)
        monitor.tick(since + timedelta(days=60), frame[frame["closed_at"] >= since])
        scores = [monitor.evidence_by_day(f"w{i:02d}")["score"].max() for i in range(11)]
        found += sum(score >= 1.0 for score in scores)
    assert found <= 44 * 0.25
