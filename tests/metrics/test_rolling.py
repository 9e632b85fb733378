"""Rolling windows of one wallet."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.intervals import ALIKE
from metrics.rolling import form, rolling, trailing, windows

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


CLOSES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 50), st.floats(-1, 10, allow_nan=False, width=32)), max_size=60
)


@given(rows=CLOSES, window=st.integers(1, 40))
@settings(deadline=None, max_examples=100)
def test_trailing_equals_a_naive_loop(rows: list[tuple[int, int, float]], window: int) -> None:
    """Each close has what a loop over its wallet's closes of the window finds, those of the same second included."""
    rows = sorted(rows)
    wallet, second, returns = (np.array([row[i] for row in rows]) for i in range(3))
    count, win_rate, average = trailing(wallet, second.astype(np.int64), returns.astype(np.float64), window_s=window)
    for i, (who, at, _) in enumerate(rows):
        inside = [r for w, t, r in rows if w == who and at - window < t <= at]
        assert count[i] == len(inside)
        assert win_rate[i] == pytest.approx(sum(r > 0 for r in inside) / len(inside))
        assert average[i] == pytest.approx(sum(inside) / len(inside), abs=1e-9)


def test_trailing_refuses_disorder_and_keeps_wallets_apart() -> None:
    """Closes out of order are refused, not answered wrongly; an absurd return costs the next wallet no digit."""
    with pytest.raises(ValueError, match="in order"):
        trailing(np.array([1, 1]), np.array([5, 4]), np.array([0.1, 0.1]), window_s=10)
    average = trailing(np.array([1, 2]), np.array([5, 5]), np.array([1e18, 0.1]), window_s=10)[2]
    assert average.tolist() == [1e18, 0.1]


@given(rows=CLOSES, trades=st.lists(st.integers(0, 3), max_size=30))
@settings(deadline=None, max_examples=25)
def test_form_lies_within_its_intervals(rows: list[tuple[int, int, float]], trades: list[int]) -> None:
    """Every wallet that closed or traded has a row; a value that is defined lies in its interval; unknown stays so."""
    closed = pd.DataFrame(rows, columns=["wallet", "day", "return"]).astype({"wallet": str, "return": float})
    closed["closed_at"] = pd.Timestamp(START) + pd.to_timedelta(closed.pop("day").astype(float), unit="D")
    traded = pd.DataFrame({"wallet": [str(each) for each in trades]}, dtype=object)
    traded["traded_at"] = pd.Timestamp(START)
    got = form(closed, traded, until=START + timedelta(days=30), window_days=30)
    assert set(got.index) == {*closed["wallet"], *traded["wallet"]}
    for wallet, row in got.iterrows():
        mine = [r for w, t, r in rows if str(w) == wallet and t < 30]
        assert row["n"] == len(mine)
        assert row["trades_per_day"] == pytest.approx(sum(str(each) == wallet for each in trades) / 30)
        assert row["trades_low"] <= row["trades_per_day"] <= row["trades_high"]
        if not mine:
            assert row[["win_rate", "win_low", "average_return", "median_return"]].isna().all()
            continue
        assert row["median_return"] == pytest.approx(np.median(mine))
        assert row["win_low"] <= row["win_rate"] <= row["win_high"]
        alike = len(mine) > 1 and np.std(mine, ddof=1) <= ALIKE * abs(np.mean(mine))
        assert np.isnan(row["return_low"]) == (len(mine) < 2 or alike), "one return, or its like again, has no spread"
        assert np.isnan(row["median_low"]) == (len(mine) < 6 or alike)
        for name in ("return", "median"):
            value = row["average_return" if name == "return" else "median_return"]
            assert np.isnan(row[f"{name}_low"]) or row[f"{name}_low"] - 1e-9 <= value <= row[f"{name}_high"] + 1e-9


def test_the_interval_of_the_mean_holds_it() -> None:
    """Over 400 samples of 20 normal returns the interval holds the mean in 95 % of them; the median's in no fewer."""
    rng = np.random.default_rng(7)
    closed = pd.DataFrame(
        {
            "wallet": np.repeat([f"w{n}" for n in range(400)], 20),
            "closed_at": pd.Timestamp(START),
            "return": rng.normal(0.1, 0.3, 8_000),
        }
    )
    none = pd.DataFrame({"wallet": pd.Series(dtype=object), "traded_at": pd.Series(dtype="datetime64[us, UTC]")})
    got = form(closed, none, until=START + timedelta(days=1), window_days=7)
    held = ((got["return_low"] <= 0.1) & (got["return_high"] >= 0.1)).mean()
    assert 0.92 < held < 0.98
    assert ((got["median_low"] <= 0.1) & (got["median_high"] >= 0.1)).mean() > 0.93


def test_windows_are_the_forms_of_one_wallet() -> None:
    """A row for each window, the longest holding what the shortest does; a wallet without any row has none."""
    closed = frame([(day * 86_400, 0.1 if day % 2 else -0.1) for day in range(100)]).assign(wallet="w")
    traded = pd.DataFrame({"wallet": "w", "traded_at": closed["closed_at"]})
    got = windows(closed, traded, until=START + timedelta(days=100))
    assert got["n"].to_dict() == {7: 7, 21: 21, 30: 30, 90: 90}
    assert got.loc[30].equals(form(closed, traded, until=START + timedelta(days=100), window_days=30).iloc[0])
    assert windows(closed.iloc[:0], traded.iloc[:0], until=START).empty


def test_the_intervals_of_a_share_and_of_a_pace_hold_them() -> None:
    """Over 1,000 wallets of 30 closes each that win 70 %, and 20 trades or so each: 95 %, and both ends are missed."""
    rng = np.random.default_rng(8)
    names, n, share, expected = [f"w{i}" for i in range(1000)], 30, 0.7, 20.0
    count = rng.poisson(expected, len(names))
    moment = pd.Timestamp(START)
    closed = pd.DataFrame({"wallet": np.repeat(names, n), "closed_at": moment})
    closed["return"] = np.where(rng.random(len(closed)) < share, 0.1, -0.1)
    traded = pd.DataFrame({"wallet": np.repeat(names, count), "traded_at": moment})
    got = form(closed, traded, until=START + timedelta(days=1), window_days=10)
    for low, high, true in (("win_low", "win_high", share), ("trades_low", "trades_high", expected / 10)):
        above, below = (got[low] > true).mean(), (got[high] < true).mean()
        assert 0.92 <= 1 - above - below <= 0.98
        assert 0.005 < above < 0.04
        assert 0.005 < below < 0.04
