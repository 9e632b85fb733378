"""Positions that left unsold by transfer: what they were worth then, as far as that is known.

A wallet that moves its losers to another address never loses by what it sells. So a person is told what left, and how
much of it was under water then. What comes back has not left; one that leaves in profit is no win, for nobody paid that
profit.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from metrics.positions import Books
from metrics.types import Departure, Mark, MovedAway

MARK_LIFE = timedelta(days=3)  #: an older mark says nothing of the moment of leaving


def moved_away(books: Books, marks: Iterable[Mark]) -> MovedAway | None:
    """Sum up what was moved out of positions and has not come back; None where nothing was.

    Each part of a position is valued by the newest mark of its token that is at most ``MARK_LIFE`` older than its move
    out, in proportion to the quantity; no later one is looked at. A position of which a part has none counts as
    unknown too.
    """
    if not books.departures:
        return None
    valued = _valued(books.departures, marks)
    return MovedAway(
        share=float(books.moved_out_usd / books.bought_usd) if books.bought_usd else 0.0,
        cost_usd=books.moved_out_usd,
        positions=len(valued),
        under_water=sum(pnl is not None and pnl < 0 for pnl, _ in valued),
        unknown=sum(unknown for _, unknown in valued),
    )


def _valued(departures: Iterable[Departure], marks: Iterable[Mark]) -> list[tuple[Decimal | None, bool]]:
    """Worth less cost of each position as far as it is known, US dollars, and whether a part is not known."""
    by_token: defaultdict[tuple[str, int, str], list[Mark]] = defaultdict(list)
    for mark in sorted(marks, key=lambda each: each.marked_at):
        by_token[mark.wallet, mark.chain_id, mark.token].append(mark)
    by_position: defaultdict[str, list[Departure]] = defaultdict(list)
    for departure in departures:
        by_position[departure.position_id].append(departure)
    return [
        _position(parts, by_token[parts[0].wallet, parts[0].chain_id, parts[0].token]) for parts in by_position.values()
    ]


def _position(parts: list[Departure], marks: list[Mark]) -> tuple[Decimal | None, bool]:
    gained, known = Decimal(0), 0
    for part in parts:
        mark = _mark_at(part, marks)
        if mark is not None and part.cost_usd:
            gained += mark.proceeds_usd * part.quantity_raw / mark.quantity_raw - part.cost_usd
            known += 1
    return (gained if known else None), known < len(parts)


def _mark_at(part: Departure, marks: list[Mark]) -> Mark | None:
    n = bisect_right(marks, part.left_at, key=lambda each: each.marked_at)
    if not n or marks[n - 1].marked_at < part.left_at - MARK_LIFE or marks[n - 1].quantity_raw <= 0:
        return None
    return marks[n - 1]
