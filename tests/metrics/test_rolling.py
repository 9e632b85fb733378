"""Rolling windows of one wallet."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.rolling import rolling

START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 30 * 86_400 - 1),
        st.one_of(st.sampled_from([0.0, float("nan")]), st.floats(-1, 10, allow_nan=False)),
    ),
    max_size=40,
)


def frame(rows: list[tuple[int, float]]) -> pd.DataFrame:
    times = pd.DatetimeIndex([START + timedelta(seconds=s) for s, _ in rows], tz="UTC")
    return pd.DataFrame({"closed_at": times, "return": np.array([r for _, r in rows], dtype=float)})


@given(rows=ROWS, trades=st.lists(st.integers(0, 30 * 86_400 - 1), max_size=40), window=st.integers(1, 25))
@settings(deadline=None, max_examples=60)
def test_equals_a_naive_loop(rows: list[tuple[int, float]], trades: list[int], window: int) -> None:
    """Each day's row is what a loop over the round trips of its window gives."""
    days = [date(2026, 1, 1) + timedelta(days=d) for d in range(-2, 33, 3)]
    traded = pd.DataFrame({"traded_at": pd.DatetimeIndex([START + timedelta(seconds=s) for s in trades], tz="UTC")})
    got = rolling(frame(rows), days, window_days=window, trades=traded)
    for day in days:
        d = (day - date(2026, 1, 1)).days
        inside = [r for s, r in rows if d - window < s // 86_400 <= d]
        row = got.loc[pd.Timestamp(day)]
        assert row["n"] == len(inside)
        assert row["trades_per_day"] == sum(d - window < s // 86_400 <= d for s in trades) / window
        if not inside or any(np.isnan(inside)):
            assert np.isnan(row["win_rate"])
            assert np.isnan(row["average_return"])
        else:
            assert row["win_rate"] == pytest.approx(sum(r > 0 for r in inside) / len(inside))
            assert row["average_return"] == pytest.approx(sum(inside) / len(inside), abs=1e-12)


def test_a_day_counts_whole() -> None:
    """A close in the last second of a day belongs to that day's window, and leaves it window_days later."""
    rows = frame([(86_399, 0.5)])
    got = rolling(rows, [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)], window_days=2)
    assert got["n"].tolist() == [1, 1, 0]


def test_without_trades_closes_count() -> None:
    """Where no trades are given, every round trip counts as one trade."""
    got = rolling(frame([(0, 0.1), (5, -0.1)]), [date(2026, 1, 1)], window_days=4)
    assert got["trades_per_day"].tolist() == [0.5]


def test_refuses_an_empty_window() -> None:
    """A window of no days is a mistake, not an empty result."""
    with pytest.raises(ValueError, match="window_days"):
        rolling(frame([]), [], window_days=0)
