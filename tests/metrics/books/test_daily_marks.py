"""Marks and books become what was open at the end of each day: nothing is made up, and nothing of later days shows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.types import Move
from metrics.books.bookkeeping import Entry, keep_books
from metrics.books.daily_marks import marked_positions
from metrics.frames import open_position_frame
from metrics.types import Mark, Unit
from tests.builders import ASSET, OTHER, START, USD, WALLET, buy, move, sell

QUOTES = {1: frozenset({USD})}
BEGIN = datetime.fromtimestamp(START, UTC)


def day(n):
    return BEGIN + timedelta(days=n)


def mark(at, quantity, usd, token=ASSET, wallet=WALLET):
    """A mark ``at`` days after the beginning."""
    return Mark(
        wallet=wallet, chain_id=1, token=token, marked_at=day(at), quantity_raw=quantity, proceeds_usd=Decimal(usd)
    )


def held(*items, until=4.0, unit=Unit.EPISODE):
    """(day of the frame, opening's number, idle since, return) of each row."""
    found = marked_positions(
        WALLET,
        [item for item in items if isinstance(item, Entry)],
        QUOTES,
        [item for item in items if isinstance(item, Move)],
        [item for item in items if isinstance(item, Mark)],
        unit=unit,
        until=day(until),
    )
    return [
        (
            (row.marked_at - BEGIN) / timedelta(days=1),
            int(row.position_id.split(":")[2], 16),
            (row.touched_at - BEGIN) / timedelta(hours=1),
            row.mark_return if row.mark_return is None else pytest.approx(row.mark_return),
        )
        for row in found
    ]


def test_a_position_is_told_from_its_first_mark_until_it_closes():
    """At the end of each day, at the mark of that day; a day without a mark is unknown; the last frame is the last."""
    items = [buy(2, 100, "50"), mark(1.5, 100, "20"), mark(3.2, 100, "10")]
    assert held(*items, until=3.7) == [(2, 2, 2, -0.6), (3, 2, 2, None), (3.7, 2, 2, -0.8)]
    assert held(*items, sell(60, 100, "30")) == [(2, 2, 2, -0.6)]
    assert held(buy(2, 100, "50")) == []
    assert held(mark(1.5, 100, "20")) == []


def test_the_return_is_that_of_the_whole_position():
    """What was sold of it counts: half sold for four times its cost is no loss, whatever the rest is worth."""
    assert held(buy(0, 100, "50"), sell(1, 50, "100"), mark(0.5, 50, "1"), until=1) == [(1, 0, 1, 101 / 50 - 1)]
    assert held(buy(0, 100, "50"), sell(1, 50, "5"), mark(0.5, 50, "1"), until=1) == [(1, 0, 1, 6 / 50 - 1)]


def test_a_mark_of_another_quantity_counts_in_proportion():
    """The pool was asked for all that the wallet held at that block; the position may be a part of it."""
    assert held(buy(0, 100, "50"), mark(0.5, 400, "40"), until=1) == [(1, 0, 0, -0.8)]
    assert held(buy(0, 100, "50"), move(1, 300), mark(0.5, 400, "40"), until=1) == [(1, 0, 0, -0.8)]


def test_unknown_cost_is_an_unknown_return():
    """No cost, no return; a drained pool is a total loss; other wallets' marks are nobody's."""
    assert held(buy(0, 100, None), mark(0.5, 100, "40"), until=1) == [(1, 0, 0, None)]
    assert held(buy(0, 100, "50"), mark(0.5, 100, "0"), until=1) == [(1, 0, 0, -1.0)]
    assert held(buy(0, 100, "50"), mark(0.5, 100, "9", wallet=OTHER), until=1) == []


def test_a_new_position_in_the_same_token_has_a_name_of_its_own():
    """By episode and by lots: what was bought again is another position."""
    items = [buy(0, 100, "50"), mark(0.5, 100, "10"), sell(30, 100, "9"), buy(31, 10, "5"), mark(1.6, 10, "1")]
    for unit in Unit:
        assert held(*items, until=2, unit=unit) == [(1, 0, 0, -0.8), (2, 31, 31, -0.8)]


def test_lots_that_are_sold_first_leave_the_name_to_the_next():
    """By lots, a rest is named by its oldest lot: sold, it is open no more; the return is that of what is left."""
    items = [buy(0, 100, "50"), buy(1, 100, "100"), mark(0.5, 200, "15"), sell(30, 100, "9"), mark(1.6, 100, "5")]
    assert held(*items, until=2, unit=Unit.FIFO) == [(1, 0, 1, -0.9), (2, 1, 30, -0.95)]
    assert held(*items, until=2) == [(1, 0, 1, -0.9), (2, 0, 30, (9 + 5) / 150 - 1)]


STEPS = st.lists(st.tuples(st.sampled_from("bsmx"), st.integers(1, 100), st.integers(0, 200)), max_size=25)


@given(steps=STEPS, unit=st.sampled_from(Unit), cut=st.integers(1, 5))
@settings(deadline=None)
def test_the_past_does_not_depend_on_the_future(steps, unit, cut):
    """The frames up to a day are those made on that day; each is open in the books of its moment, under its name."""
    kinds = {"b": buy, "s": sell}
    items = []
    for n, (kind, quantity, usd) in enumerate(steps):
        if kind in kinds:
            items.append(kinds[kind](6 * n, quantity, str(usd)))
        else:
            items.append(move(6 * n, quantity) if kind == "m" else mark((6 * n + 1) / 24, quantity, str(usd)))

    def frames(until):
        now = day(until)
        known = [
            item
            for item in items
            if (item.marked_at if isinstance(item, Mark) else _time(item)) <= now  # nothing of later
        ]
        entries, moves = ([i for i in known if isinstance(i, kind)] for kind in (Entry, Move))
        marks = [i for i in known if isinstance(i, Mark)]
        found = marked_positions(WALLET, entries, QUOTES, moves, marks, unit=unit, until=now)
        books = keep_books(WALLET, entries, QUOTES, moves, unit=unit, until=now)
        return found, {each.position_id for each in books.open_positions}

    whole, _ = frames(7)
    part, opened = frames(cut)
    assert [row for row in whole if row.marked_at <= day(cut)] == part
    assert {row.position_id for row in part if row.marked_at == day(cut)} <= opened
    assert open_position_frame(part)["mark_return"].isna().sum() == sum(row.mark_return is None for row in part)


def _time(item):
    timestamp = item.timestamp if isinstance(item, Move) else item.trade.timestamp
    return datetime.fromtimestamp(timestamp, UTC)
