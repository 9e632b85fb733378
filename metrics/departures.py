"""Positions that left unsold by transfer: what they were worth then, as far as that is known.

A wallet that moves its losers to another address never loses by what it sells. So a position that leaves while it is
worth less than it cost is a loss, provisionally: the books know it as gone only as long as it does not come back, and
then its close alone stands. One that leaves in profit is no win, for nobody paid that profit.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from metrics.positions import Books
from metrics.types import Departure, Mark, MovedAway, RoundTrip

MARK_LIFE = timedelta(days=3)  #: an older mark says nothing of the moment of leaving


def losses(departures: Iterable[Departure], marks: Iterable[Mark]) -> list[RoundTrip]:
    """Return the positions that left under water as round trips that brought their mark, with no sell.

    Of a position that left in parts, the parts whose cost and mark are known count together.

    Parameters
    ----------
    departures
        What left and has not come back.
    marks
        In any order; of each part the newest mark of its token counts that is at most ``MARK_LIFE`` older than the
        moment of leaving, in proportion to the quantity. No later one is looked at.
    """
    return [trip for trip, _ in _valued(departures, marks) if trip is not None and trip.pnl_usd < 0]


def moved_away(books: Books, marks: Iterable[Mark]) -> MovedAway | None:
    """Sum up what was moved out of positions; None where nothing was."""
    if not books.departures:
        return None
    valued = _valued(books.departures, marks)
    return MovedAway(
        share=float(books.moved_out_usd / books.bought_usd) if books.bought_usd else 0.0,
        cost_usd=books.moved_out_usd,
        positions=len(valued),
        under_water=sum(trip is not None and trip.pnl_usd < 0 for trip, _ in valued),
        unknown=sum(unknown for _, unknown in valued),
    )


def _valued(departures: Iterable[Departure], marks: Iterable[Mark]) -> list[tuple[RoundTrip | None, bool]]:
    """Each position as far as it is known, and whether a part is not."""
    by_token: defaultdict[tuple[str, int, str], list[Mark]] = defaultdict(list)
    for mark in sorted(marks, key=lambda each: each.marked_at):
        by_token[mark.wallet, mark.chain_id, mark.token].append(mark)
    by_position: defaultdict[str, list[Departure]] = defaultdict(list)
    for departure in departures:
        by_position[departure.position_id].append(departure)
    return [
        _position(parts, by_token[parts[0].wallet, parts[0].chain_id, parts[0].token]) for parts in by_position.values()
    ]


def _position(parts: list[Departure], marks: list[Mark]) -> tuple[RoundTrip | None, bool]:
    cost = worth = Decimal(0)
    known = []
    for part in parts:
        mark = _mark_at(part, marks)
        if mark is not None and part.cost_usd:
            cost += part.cost_usd
            worth += mark.proceeds_usd * part.quantity_raw / mark.quantity_raw
            known.append(part)
    if not known:
        return None, True
    trip = RoundTrip(
        wallet=known[0].wallet,
        chain_id=known[0].chain_id,
        token=known[0].token,
        position_id=known[0].position_id,
        opened_at=min(part.opened_at for part in known),
        closed_at=max(part.left_at for part in known),
        cost_usd=cost,
        proceeds_usd=worth,
        buys=0,
        sells=0,
        left_raw=sum(part.quantity_raw for part in known),
    )
    return trip, len(known) < len(parts)


def _mark_at(part: Departure, marks: list[Mark]) -> Mark | None:
    n = bisect_right(marks, part.left_at, key=lambda each: each.marked_at)
    if not n or marks[n - 1].marked_at < part.left_at - MARK_LIFE or marks[n - 1].quantity_raw <= 0:
        return None
    return marks[n - 1]
