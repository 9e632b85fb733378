"""What following with equal stakes brings."""

import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.evaluation.equity import FEWEST, equity
from metrics.style_change import following

BEGIN = date(2025, 1, 1)


def frame(rows):
    closed = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour, _ in rows]
    return pd.DataFrame(
        {
            "closed_at": pd.Series(closed, dtype="datetime64[us, UTC]"),
            "return": pd.Series([each for _, each in rows], dtype="float64"),
        }
    )


def curve(rows, since=0, until=10):
    days = [BEGIN + timedelta(days=each) for each in (since, until)]
    return equity(frame(rows), since=days[0], until=days[1], rng=np.random.default_rng(1))


def test_by_hand():
    """Each day adds what closed on it; days before, the last day and unknown returns do not count."""
    found = curve([(-1, 9.0), (1, 0.5), (23, -0.1), (30, math.nan), (49, 0.2), (72, 7.0)], until=3)
    assert found.days == tuple(BEGIN + timedelta(days=each) for each in range(3))
    assert found.profit == pytest.approx((0.4, 0.4, 0.6))
    assert (found.n, found.unknown, found.low, found.high) == (3, 1, None, None)
    assert curve([(1, 0.5)], until=0).days == ()


@given(st.lists(st.tuples(st.integers(0, 239), st.floats(-1, 20)), max_size=40), st.randoms())
def test_it_ends_where_the_card_says(rows, random):
    """The last value is the sum that the card tells, in whatever order the rows come; the interval is ordered."""
    found, told = curve(rows), following(frame(rows), since=BEGIN, until=BEGIN + timedelta(days=10))
    assert found.profit[-1] == pytest.approx(told[1] if told else 0.0, abs=1e-9)
    assert found.n == (told[0] if told else 0)
    assert (found.low is None) == (found.n < FEWEST)
    if found.low is not None:
        assert found.low <= found.high
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert curve(shuffled).profit == pytest.approx(found.profit)


def test_the_interval_holds_what_it_promises():
    """Where round trips are independent, about 95 % of records of the same kind hold the true sum."""
    rng, held, n = np.random.default_rng(3), 0, 60
    for _ in range(200):
        found = curve([(4 * i, value) for i, value in enumerate(rng.normal(0.02, 0.1, n))])
        held += found.low <= 0.02 * n <= found.high
    assert 0.86 <= held / 200 <= 0.99


def test_neighbours_that_are_alike_widen_the_interval():
    """Blocks keep streaks together: returns that come in spells are less certain than the same ones mixed."""
    spells = [(4 * i, 0.2 if (i // 6) % 2 else -0.1) for i in range(60)]
    mixed = [(4 * i, 0.2 if i % 2 else -0.1) for i in range(60)]
    wide, narrow = curve(spells), curve(mixed)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
