"""A record's blocks of weeks in another order."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.evaluation.block_shuffle import DAY, LEAST_DAYS, WEEK, shuffle, stretches

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def record(days, *, per_day=2):
    """Round trips of two wallets in the same seconds; the return tells the day."""
    moments = [BEGIN + timedelta(days=d, hours=3 + 7 * n, seconds=d) for d in range(days) for n in range(per_day)]
    frames = [
        pd.DataFrame(
            {
                "wallet": wallet,
                "closed_at": pd.Series(moments, dtype="datetime64[us, UTC]"),
                "return": [float((at - BEGIN) // DAY) for at in moments],
                "position_id": [f"{wallet}{i}" for i in range(len(moments))],
            }
        )
        for wallet in ("a", "b")
    ]
    return pd.concat(frames, ignore_index=True)


def mixed(days, block, seed, gap=0):
    trips = record(days)
    trades = trips[["wallet", "closed_at"]].rename(columns={"closed_at": "traded_at"})
    end = BEGIN + timedelta(days=days)
    hole = BEGIN + timedelta(days=days // 2)
    covered = {"a": [(BEGIN, end)], "b": [(BEGIN, hole), (hole + timedelta(days=gap), end)]}
    [stretch] = stretches(covered, block=block)
    return trips, covered, stretch, shuffle(stretch, trips, trades, covered, np.random.default_rng(seed))


@given(st.integers(LEAST_DAYS, 300), st.sampled_from([7, 14, 28]), st.integers(0, 10_000), st.integers(0, 8))
@settings(max_examples=25, deadline=None)
def test_each_day_is_there_once_and_whole(days, block, seed, gap):
    """No row and no day that was read is lost or doubled; the time of day and the day of the week stay."""
    trips, _, stretch, found = mixed(days, block, seed, gap)
    assert stretch.days == days // block * block
    last = trips[trips["closed_at"] >= stretch.begin]
    assert sorted(found.trips["position_id"]) == sorted(last["position_id"])
    assert len(found.trades) == len(last)
    both = found.trips.merge(last, on="position_id")
    moved = (both["closed_at_x"] - both["closed_at_y"]) / DAY
    assert (moved % WEEK == 0).all()
    read = {name: sum((b - a) // DAY for a, b in intervals) for name, intervals in found.covered.items()}
    assert read == {"a": stretch.days, "b": stretch.days - gap}


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_what_happened_together_stays_together(seed):
    """All wallets go by the same permutation: a market day is one for all of them, and blocks stay whole."""
    _, _, stretch, found = mixed(182, 14, seed)
    day = ((found.trips["closed_at"] - stretch.begin) / DAY).astype(int)
    was = found.trips["return"].groupby(day).agg(["min", "max", "size"])
    assert (was["min"] == was["max"]).all()
    assert (was["size"] == 4).all()
    whole = was["min"].to_numpy().reshape(-1, 14)
    assert (np.diff(whole, axis=1) == 1).all()


def test_no_change_is_left():
    """A level that changes midway: on average over orders both halves are alike, while they were 1 apart."""
    trips = record(168)
    trips["return"] = (trips["return"] >= 84).astype(float)
    covered = {"a": [(BEGIN, BEGIN + timedelta(days=168))]}
    [stretch] = stretches(covered, block=14)
    rng, apart = np.random.default_rng(3), []
    for _ in range(200):
        found = shuffle(stretch, trips, trips.rename(columns={"closed_at": "traded_at"}), covered, rng).trips
        late = found["closed_at"] >= BEGIN + timedelta(days=84)
        apart.append(found.loc[late, "return"].mean() - found.loc[~late, "return"].mean())
    assert abs(np.mean(apart)) < 3 * np.std(apart) / np.sqrt(200)
    assert np.mean(np.abs(apart)) < 0.5


def test_wallets_are_parted_by_when_they_were_read():
    """Wallets of different years make stretches of their own; a short record, or one with many holes, is in none."""

    def days(first, end):
        return BEGIN + timedelta(days=first), BEGIN + timedelta(days=end)

    holes = [days(d, d + 1) for d in range(0, 400, 2)]
    covered = {
        "early": [days(0, 400)],
        "also early": [days(10, 405)],
        "late": [days(900, 1100)],
        "short": [days(0, LEAST_DAYS - 1)],
        "full of holes": holes,
        "never": [],
    }
    found = stretches(covered, block=14)
    assert [(each.wallets, each.days) for each in found] == [(("also early", "early"), 392), (("late",), 196)]
    assert stretches({"never": []}) == []


@pytest.mark.parametrize("block", [0, 10, -7])
def test_a_block_is_whole_weeks(block):
    """Else a Sunday would become a Monday."""
    with pytest.raises(ValueError, match="multiple of 7"):
        stretches({}, block=block)
