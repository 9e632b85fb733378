"""What left a position unsold is told with its worth at that time, in either unit, and never as a win."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from alerts import wording
from metrics.books.bookkeeping import keep_books
from metrics.books.departures import MARK_LIFE, marked_departures, moved_away
from metrics.types import Mark, MovedAway, Unit
from tests.builders import START, USD, WALLET, buy, move, sell

QUOTES = {1: frozenset({USD})}


def token(n):
    return f"0x{n:040x}"


def mark(hour, usd, n):
    at = datetime.fromtimestamp(START, UTC) + timedelta(hours=hour)
    return Mark(wallet=WALLET, chain_id=1, token=token(n), marked_at=at, quantity_raw=100, proceeds_usd=Decimal(usd))


def dressed(unit, *more):
    """Five winners sold, five losers moved away."""
    entries = [buy(n, 100, "50", token=token(n)) for n in range(10)]
    entries += [sell(20 + n, 100, "60", token=token(n)) for n in range(5)]
    return keep_books(
        WALLET, entries, QUOTES, [*(move(30 + n, -100, token(n)) for n in range(5, 10)), *more], unit=unit
    )


@pytest.mark.parametrize("unit", Unit)
def test_losers_that_are_moved_away_are_told(unit):
    """Half of the cost left; the mark before counts, else the one after it, neither beyond its life."""
    made = dressed(unit)
    assert [trip.pnl_usd for trip in made.round_trips] == [10] * 5
    life = MARK_LIFE // timedelta(hours=1)
    marked = [mark(12, 20, 5), mark(12, 70, 6), mark(38, 20, 6), mark(38 - life - 1, 20, 8), mark(38 + life + 1, 20, 8)]
    marked += [mark(37 - life, 20, 7), mark(39 + life, 20, 9), mark(38, 0, 5)]
    assert moved_away(made, marked) == MovedAway(
        share=0.5, cost_usd=Decimal(250), positions=5, under_water=3, unknown=1
    )
    returns = [each.mark_return for each in marked_departures(made.departures, marked)]
    assert returns == [pytest.approx(-0.6), pytest.approx(0.4), pytest.approx(-0.6), None, pytest.approx(-0.6)]


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize(("part", "counts"), [(50, False), (51, True), (100, True)])
def test_the_larger_part_is_the_end_of_a_position(unit, part, counts):
    """Half that leaves is none: the other half is still to be sold. It is told in either case."""
    made = keep_books(WALLET, [buy(0, 100, "50")], QUOTES, [move(1, -part)], unit=unit)
    found = marked_departures(made.departures, [])
    assert len(made.departures) == 1
    assert bool(found) == counts
    later = keep_books(WALLET, [buy(0, 100, "50")], QUOTES, [move(1, -part), move(2, part - 100)], unit=unit)
    assert marked_departures(later.departures, [])[-1].departure.stayed_raw == 0


@pytest.mark.parametrize("unit", Unit)
def test_what_left_has_the_name_of_the_position_that_it_was(unit):
    """So that one that was a loss already is not counted again once it leaves, at once, in two moves, or in part."""
    entries = [buy(0, 100, "50"), buy(1, 50, "10"), sell(2, 10, "6")]
    [opened] = keep_books(WALLET, entries, QUOTES, unit=unit).open_positions
    for moves in ([move(3, -140)], [move(3, -120), move(4, -20)], [move(3, -140), move(4, 20)]):
        made = keep_books(WALLET, entries, QUOTES, moves, unit=unit)
        assert made.departures[0].held_as == opened.position_id
        assert made.departures[0].opened_at == opened.opened_at


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize(
    ("back", "cost", "positions", "under_water"), [(0, 250, 5, 1), (50, 225, 5, 1), (100, 200, 4, 0)]
)
def test_what_comes_back_has_not_left(unit, back, cost, positions, under_water):
    """Half of a position that comes back leaves half of its cost; all of it, none."""
    made = dressed(unit, *([move(40, back, token(5))] if back else []))
    found = moved_away(made, [mark(12, 20, 5)])
    assert (found.cost_usd, found.positions, found.under_water) == (cost, positions, under_water)


def test_it_is_said_in_plain_words():
    """The share, the cost and the number of positions."""
    found = MovedAway(share=0.31, cost_usd=Decimal(4200), positions=5, under_water=3, unknown=1)
    assert wording.moved_away(found) == (
        "31 % of what it bought was moved away unsold, $4,200 in 5 positions (3 under water then, 1 of unknown worth)"
    )
