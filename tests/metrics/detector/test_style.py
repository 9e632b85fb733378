"""Rarer and larger wins that earn no less are another style, and no decay."""

import numpy as np
import pandas as pd
import pytest

from metrics.evaluation.synthetic import START, world
from metrics.monitor import Monitor
from metrics.types import Assessment, State
from tests.metrics.days import day_by_day

HISTORY, JUDGED, A_DAY = 120, 40, 5


def trips(name: str, seed: int, *, now: tuple[float, float, float]) -> pd.DataFrame:
    """Wins 65 % of its trades with +8 and -6 %, and from ``START`` on as ``now`` says: win rate, win, loss."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(-HISTORY, JUDGED), rng.poisson(A_DAY, HISTORY + JUDGED))
    share, win, loss = (np.where(day < 0, before, after) for before, after in zip((0.65, 0.08, 0.06), now, strict=True))
    size = rng.lognormal(0, 0.6, len(day))
    returns = np.where(rng.random(len(day)) < share, win * size, -np.minimum(loss * size, 0.99))
    closed = pd.DatetimeIndex([START] * len(day)) + pd.to_timedelta(
        day * 86_400 + rng.integers(0, 86_400, len(day)), "s"
    )
    return pd.DataFrame(
        {"wallet": name, "closed_at": closed, "return": returns, "pnl_usd": returns, "size_usd": 1.0, "holding_s": 60.0}
    )


def course(seed: int, now: tuple[float, float, float]) -> list[Assessment]:
    same = (0.65, 0.08, 0.06)
    parts = [trips("w", seed, now=now), *(trips(f"p{n}", 100 * seed + n, now=same) for n in range(6))]
    frame = pd.concat(parts).sort_values("closed_at")
    monitor = Monitor()
    monitor.start(frame[frame["closed_at"] < START], followed=["w"], followed_since=START)
    return [each for told in day_by_day(monitor, frame, JUDGED) for each in told]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_better_business_is_told_as_another_style(seed: int) -> None:
    """From 65 % wins of 8 % to 40 % of 30 %, three times the mean return: after two weeks it is in form, and told."""
    later = course(seed, (0.40, 0.30, 0.06))[14:]
    assert {each.state for each in later} <= {State.OK}
    assert any("Its style changed" in note for each in later for note in each.evidence.notes)


def test_who_trades_as_ever_has_no_other_style() -> None:
    """Larger wins that chance brings are not told: where nothing stands out, there is nothing that they explain.

    Of the days of unchanged wallets that no rule left out, 2 % would be told as another style.
    """
    frame = world(np.random.default_rng([5, 0]), wallets=24, days=JUDGED)
    monitor = Monitor()
    monitor.start(frame[frame["closed_at"] < START], followed_since=START)
    found = [each for told in day_by_day(monitor, frame, JUDGED) for each in told]
    assert np.mean(["Its style changed" in " ".join(each.evidence.notes) for each in found]) < 0.006


@pytest.mark.parametrize("now", [(0.40, 0.08, 0.06), (0.20, 0.16, 0.06)])
def test_rarer_wins_that_earn_less_are_flagged(now: tuple[float, float, float]) -> None:
    """Rarer wins of the same size, and so much rarer ones that being larger does not help, are a lost edge."""
    found = course(4, now)
    assert any(each.flagged for each in found[:21])
    assert not any("Its style changed" in note for note in found[-1].evidence.notes)
