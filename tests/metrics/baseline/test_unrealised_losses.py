"""Laws of bags: which open positions are losses that were never booked, and since when."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.baseline.unrealised_losses import BAG_MARK, FREE_MARK, spells, standing, told_positions
from metrics.baseline.wallet_history import DAY_S, WalletHistory

P95 = 3_600.0
FIRST = 100  # day on which the position below is first told
MARKS = st.one_of(st.none(), st.floats(-1.0, 1.0))


def ledger_of(
    marks: list[float | None], *, idle_since: float = FIRST * DAY_S, closed: int | None = None
) -> WalletHistory:
    """One position ``p``, told at the end of each day from ``FIRST`` on; nan: not open that day."""
    ledger = WalletHistory()
    if closed is not None:
        ledger.add("p", (closed * DAY_S + 60.0, -0.7, 1.0, 1.0))
    for i, mark in enumerate(marks):
        held = {} if mark is not None and np.isnan(mark) else {"p": (idle_since, mark)}
        ledger.tell((FIRST + i + 1) * DAY_S, held, keep_below=FREE_MARK)
    return ledger


def bags(ledger: WalletHistory, end: int, p95: float = P95) -> dict[int, dict[str, float]]:
    return standing(spells(ledger.frames, ledger.marked, ledger.closed, holding_p95_s=p95), end)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([-0.49], {}),
        ([-0.5], {FIRST: {"p": -0.5}}),
        ([-0.4, -0.6, -0.9], {FIRST + 1: {"p": -0.6}}),
        ([-0.6, -0.36, -0.49, -0.35], {FIRST: {"p": -0.6}}),
        ([-0.6, -0.34], {}),
        ([-0.6, -0.34, -0.49], {}),
        ([-0.6, -0.34, -0.55], {FIRST + 2: {"p": -0.55}}),
        ([-0.6, None, None], {FIRST: {"p": -0.6}}),
        ([None, None], {}),
        ([-0.6, float("nan")], {}),
        ([], {}),
    ],
)
def test_a_bag_begins_at_half_and_ends_above_its_bound(
    marks: list[float | None], expected: dict[int, dict[str, float]]
) -> None:
    """A mark that hovers is one bag of one day; an unknown mark changes nothing; what is open no more is no bag."""
    assert bags(ledger_of(marks), FIRST + 10) == expected


def test_only_what_lies_longer_than_usual_is_a_bag() -> None:
    """Idle time is compared with this wallet's own holding times; without any, nothing is overdue."""
    end = FIRST + 10
    assert bags(ledger_of([-0.9, -0.9]), end, p95=1.5 * DAY_S) == {FIRST + 1: {"p": -0.9}}
    assert bags(ledger_of([-0.9, -0.9]), end, p95=2.0 * DAY_S) == {}
    assert bags(ledger_of([-0.9, -0.9]), end, p95=0.0) == {}


def test_a_bag_at_its_first_mark_is_dated_when_it_became_overdue() -> None:
    """Since when it was a bag nobody knows: it must not look like a loss of today."""
    old = ledger_of([None, -0.9], idle_since=40.5 * DAY_S)
    assert bags(old, FIRST + 2, p95=2 * DAY_S) == {42: {"p": -0.9}}
    sunk = ledger_of([-0.1, -0.9], idle_since=40.5 * DAY_S)
    assert bags(sunk, FIRST + 2, p95=2 * DAY_S) == {FIRST + 1: {"p": -0.9}}


@given(marks=st.lists(MARKS, max_size=8), closed=st.integers(0, 9), later=st.lists(MARKS, max_size=3))
@settings(deadline=None)
def test_a_close_ends_a_bag_whatever_frames_say(
    marks: list[float | None], closed: int, later: list[float | None]
) -> None:
    """Once its close is over it never was one; before, it stands as if the close were not known yet."""
    known = ledger_of(marks + later, closed=FIRST + closed)
    ignorant = ledger_of(marks + later)
    for end in range(FIRST, FIRST + 14):
        assert bags(known, end) == ({} if end > FIRST + closed else bags(ignorant, end))


@given(marks=st.lists(MARKS, max_size=8), end=st.integers(0, 8))
@settings(deadline=None)
def test_what_stood_then_does_not_depend_on_what_came_later(marks: list[float | None], end: int) -> None:
    """The bags before a day are those of a ledger that ends there, and obey their definition."""
    full = ledger_of(marks, closed=FIRST + 8)
    assert bags(full, FIRST + end) == bags(ledger_of(marks[:end]), FIRST + end)
    for day, held in bags(full, FIRST + end).items():
        assert held["p"] <= BAG_MARK
        first_known = next(i for i, mark in enumerate(marks) if mark is not None)
        # A bag at its first mark was overdue since the first day already.
        assert held["p"] == marks[first_known if day == FIRST else day - FIRST]


@given(order=st.permutations(range(6)), marks=st.lists(MARKS, min_size=6, max_size=6))
@settings(deadline=None)
def test_the_order_in_which_frames_arrive_does_not_show(order: list[int], marks: list[float | None]) -> None:
    """Three frames a day, told in any order: the last moment of a day counts for it."""
    told = WalletHistory()
    for i in order:
        told.tell((FIRST + i / 3 + 1 / 3) * DAY_S, {"p": (0.0, marks[i])}, keep_below=FREE_MARK)
    expected = {2: marks[2], 5: marks[5]}
    for day, i in ((FIRST, 2), (FIRST + 1, 5)):
        kept = told.frames[day][1].get("p")
        mark = expected[i]
        assert kept == (None if mark is not None and mark > FREE_MARK else (0.0, mark))


def test_frames_are_read_as_they_are_given() -> None:
    """Positions without a name go by their opening; unknown marks stay unknown; moments may be many."""
    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    opened = now - timedelta(days=2)
    plain = pd.DataFrame({"wallet": "w", "opened_at": [opened, now], "mark_return": [-0.7, float("nan")]})
    told = told_positions(plain, now)
    assert told == {
        now.timestamp(): {
            "w": {
                f"@{opened.timestamp():.0f}": (opened.timestamp(), -0.7),
                f"@{now.timestamp():.0f}": (now.timestamp(), None),
            }
        }
    }
    assert told_positions(plain.iloc[:0], now) == {now.timestamp(): {}}
    dated = plain.assign(position_id=["a", "b"], touched_at=now, marked_at=[opened, now])
    assert told_positions(dated, now) == {
        opened.timestamp(): {"w": {"a": (now.timestamp(), -0.7)}},
        now.timestamp(): {"w": {"b": (now.timestamp(), None)}},
    }
    with pytest.raises(ValueError, match="marked_at"):
        told_positions(plain, None)
