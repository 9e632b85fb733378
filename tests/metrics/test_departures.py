"""What left a position unsold is told with its worth at that time, in either unit, and never as a win."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from alerts import text
from metrics.departures import moved_away
from metrics.positions import keep_books
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
    """Half of the cost left, under water by the marks known then; what lies beyond their life or later is unknown."""
    made = dressed(unit)
    assert [trip.pnl_usd for trip in made.round_trips] == [10] * 5
    marked = [*(mark(12, 20, n) for n in (5, 6)), mark(12, 70, 7), mark(-60, 20, 8), mark(60, 20, 9)]
    assert moved_away(made, marked) == MovedAway(
        share=0.5, cost_usd=Decimal(250), positions=5, under_water=2, unknown=2
    )


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
    assert text.moved_away(found) == (
        "31 % of what it bought was moved away unsold, $4,200 in 5 positions (3 under water then, 1 of unknown worth)"
    )
