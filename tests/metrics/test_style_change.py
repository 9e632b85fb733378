"""What else changed, as information: large and sure changes only, and never from few round trips."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from metrics.style_change import FEWEST, following, manner

FOLLOWED = date(2025, 3, 1)
UNTIL = date(2025, 4, 1)


def frame(before: dict[str, list[float]], now: dict[str, list[float]]) -> pd.DataFrame:
    """Rows before and after it was followed; columns left out are unknown."""
    parts = []
    for columns, first in ((before, date(2025, 1, 1)), (now, FOLLOWED)):
        count = len(columns["return"])
        at = [datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(hours=5 * i) for i in range(count)]
        filled = {name: columns.get(name, [np.nan] * count) for name in ("return", "size_usd", "holding_s")}
        parts.append(pd.DataFrame({"closed_at": pd.Series(at, dtype="datetime64[us, UTC]"), **filled}))
    return pd.concat(parts, ignore_index=True)


def compare(before: dict[str, list[float]], now: dict[str, list[float]]):
    return manner(frame(before, now), followed_since=FOLLOWED, since=FOLLOWED, until=UNTIL)


def test_typical_wins_and_losses():
    """Medians of wins and of losses apart: one jackpot does not move them; a return of zero is neither."""
    found = compare({"return": [0.2, -0.1] * 20}, {"return": [0.1, -0.3] * 20 + [50.0, 0.0]})
    assert (found.win_size.before, found.win_size.now) == (0.2, 0.1)
    assert (found.loss_size.before, found.loss_size.now) == (-0.1, -0.3)
    assert (found.stake_usd, found.holding_s) == (None, None)


def test_few_round_trips_say_nothing():
    """Below eight on either side there is no typical one."""
    few = {"return": [0.1] * (FEWEST - 1), "size_usd": [9e9] * (FEWEST - 1)}
    many = {"return": [0.2] * 50, "size_usd": [1.0] * 50}
    for found in (compare(many, few), compare(few, many), compare({"return": []}, {"return": []})):
        assert (found.win_size, found.loss_size, found.stake_usd) == (None, None, None)


def test_a_change_of_style_is_large_and_sure():
    """Twice the stakes are told; the same stakes, a small change, and a large one that chance may bring are not."""
    rng = np.random.default_rng(3)

    def stakes(median: float, count: int, spread: float = 0.4) -> dict[str, list[float]]:
        return {
            "return": [0.1] * count,
            "size_usd": (median * np.exp(spread * rng.standard_normal(count))).tolist(),
            "holding_s": [3600.0] * count,
        }

    found = compare(stakes(500, 60), stakes(1500, 30))
    assert found.stake_usd.now / found.stake_usd.before == pytest.approx(3, rel=0.3)
    assert found.holding_s is None
    assert compare(stakes(500, 60), stakes(600, 30)).stake_usd is None
    said = sum(compare(stakes(500, 60, 2.0), stakes(500, 12, 2.0)).stake_usd is not None for _ in range(200))
    assert said <= 6


def test_what_following_brought():
    """The sum of returns since the day, at one equal stake each; nothing closed or a return unknown: not known."""
    rows = frame({"return": [9.0] * 3}, {"return": [0.5, -0.75, -0.25]})
    assert following(rows, since=FOLLOWED, until=UNTIL) == (3, -0.5)
    assert following(rows, since=UNTIL, until=UNTIL) is None
    assert following(frame({"return": []}, {"return": [0.5, np.nan]}), since=FOLLOWED, until=UNTIL) is None
