"""First in, first out: each sell is matched with the oldest lots, exactly."""

from collections import deque
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.types import Move
from metrics.books.bookkeeping import Entry, keep_books
from metrics.types import OpenPosition, RoundTrip, Unit
from tests.builders import ASSET, START, USD, WALLET, buy, move, sell

QUOTES = {1: frozenset({USD})}


def books(*items):
    entries = [item for item in items if isinstance(item, Entry)]
    moves = [item for item in items if isinstance(item, Move)]
    return keep_books(WALLET, entries, QUOTES, moves, unit=Unit.FIFO)


def results(made):
    return [(float(trip.cost_usd), float(trip.proceeds_usd)) for trip in made.round_trips]


def hour(n):
    return datetime.fromtimestamp(START + 3600 * n, UTC)


def test_each_sell_is_a_round_trip_from_the_oldest_lots():
    """The whole record: a sell that takes a lot and half of the next, with their share of the gas."""
    made = books(buy(0, 100, "50", gas="1"), buy(1, 100, "80", gas="2"), sell(5, 150, "300", gas="3"))
    assert made.round_trips == (
        RoundTrip(
            wallet=WALLET,
            chain_id=1,
            token=ASSET,
            position_id=f"1:{ASSET}:0x{5:064x}:0",
            opened_at=hour(0),
            closed_at=hour(5),
            cost_usd=Decimal(92),
            proceeds_usd=Decimal(297),
            buys=2,
            sells=1,
        ),
    )
    assert made.open_positions == (
        OpenPosition(
            wallet=WALLET,
            chain_id=1,
            token=ASSET,
            position_id=f"1:{ASSET}:0x{1:064x}:0",
            opened_at=hour(1),
            quantity_raw=50,
            cost_usd=Decimal(41),
            mark_return=None,
        ),
    )


def test_partial_exits_are_round_trips_of_their_own():
    """Two sells of one lot, each with its half of the cost, a win and a loss."""
    made = books(buy(0, 100, "50"), sell(1, 50, "40"), sell(2, 50, "10"))
    assert results(made) == [(25, 40), (25, 10)]
    assert len({trip.position_id for trip in made.round_trips}) == 2


def test_what_arrived_by_transfer_lies_beneath_what_was_bought():
    """Older than the lot that was bought or not, it goes last: that part of a sell is counted and no round trip."""
    for when in (0, 2):
        made = books(move(when, 60), buy(1, 100, "50"), sell(3, 80, "160"), sell(4, 50, "100"))
        assert (results(made), made.unknown_cost) == ([(40, 160), (10, 40)], 1)


def test_an_arrival_larger_than_all_later_sells_hides_none_of_them():
    """Five losers sold are five losses, whatever amount of the token came in before, between or after them."""
    losers = [step for n in range(1, 11, 2) for step in (buy(n, 100, "50"), sell(n + 1, 100, "20"))]
    for when in (0, 3, 20):
        made = books(*losers, move(when, 10**9))
        assert (results(made), made.unknown_cost, made.open_positions) == ([(50, 20)] * 5, 0, ())


def test_more_than_there_is_has_no_known_cost():
    """The part of a sell that nothing brought is counted and no round trip."""
    made = books(buy(0, 50, "50"), sell(1, 100, "160"))
    assert (results(made), made.unmatched_sells, made.unknown_cost) == ([(50, 80)], 1, 0)


def test_an_unpriced_lot_or_sell_is_counted_and_no_round_trip():
    """Unknown is not zero, on either side."""
    made = books(buy(0, 50, None), buy(1, 50, "50"), sell(2, 100, "160"), buy(3, 10, "5"), sell(4, 10, None))
    assert (results(made), made.unpriced) == ([(50, 80)], 2)


def test_a_deposit_and_its_withdrawal_leave_the_queue_as_it_was():
    """The oldest lots go out and come back to their old place, at their old cost."""
    plain = [buy(0, 100, "10"), buy(1, 100, "30"), sell(5, 100, "60"), sell(6, 100, "60")]
    round_about = [move(2, -120), move(2, -30, transaction_index=2, tx_hash="0xff"), move(3, 50), move(4, 100)]
    assert books(*plain, *round_about).round_trips == books(*plain).round_trips


def test_a_transfer_out_takes_the_oldest_lots_without_a_verdict():
    """Neither proceeds nor loss; their cost is kept for the case that they come back."""
    made = books(buy(0, 100, "10"), buy(1, 100, "30"), move(2, -100), sell(3, 100, "40"))
    assert (results(made), made.moved_out_usd) == ([(30, 40)], 10)


def test_a_crumb_is_no_open_position():
    """What a rounding leaves at a cost of a dollar or less is not open for ever."""
    assert books(buy(0, 1000, "100"), sell(1, 995, "120")).open_positions == ()


steps = st.lists(st.tuples(st.booleans(), st.integers(1, 30), st.integers(1, 10**6)), max_size=15)


@given(steps)
def test_it_is_what_matching_unit_by_unit_gives(made):
    """Each base unit a lot of its own, in exact fractions: the same cost, proceeds and age."""
    units: deque[tuple[int, Fraction]] = deque()
    expected = []
    for n, (buys, quantity, value) in enumerate(made):
        if buys:
            units.extend([(n, Fraction(value, quantity))] * quantity)
            continue
        taken = [units.popleft() for _ in range(min(quantity, len(units)))]
        if taken:
            cost, opened = sum(cost for _, cost in taken), taken[0][0]
            expected.append((hour(opened), hour(n), float(cost), float(Fraction(value * len(taken), quantity))))
    entries = [(buy if buys else sell)(n, q, str(v)) for n, (buys, q, v) in enumerate(made)]
    got = books(*entries).round_trips
    assert [(trip.opened_at, trip.closed_at) for trip in got] == [each[:2] for each in expected]
    for trip, (_, _, cost, proceeds) in zip(got, expected, strict=True):
        assert (float(trip.cost_usd), float(trip.proceeds_usd)) == pytest.approx((cost, proceeds), rel=1e-9)
