"""Positions that left unsold by transfer: what they were worth then, as far as that is known.

A wallet that moves its losers to another address never loses by what it sells. So a person is told what left and how
much of it was under water, and what left under water is a loss at its mark (``metrics.baseline.unrealised_losses``).
What comes back has not left; one that leaves in profit is no win, for nobody paid that profit.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from metrics.books.bookkeeping import Books
from metrics.types import Departure, Mark, MovedAway

MARK_LIFE = timedelta(days=3)  #: a mark that is further away says nothing of the moment of leaving

Holding = tuple[str, int, str]
"""Wallet, chain id, token."""


class MarkedDeparture(NamedTuple):
    """What left of a position, and what it would have returned."""

    departure: Departure
    mark_return: float | None  #: if it had been sold at the mark nearest to its leaving; None: unknown
    marked_at: datetime | None  #: UTC


def moved_away(books: Books, marks: Iterable[Mark]) -> MovedAway | None:
    """Sum up what was moved out of positions and has not come back; None where nothing was.

    Each part of a position is valued by the newest mark of its token before its move out, else by the first later one,
    at most ``MARK_LIFE`` away, in proportion to the quantity. A position of which a part has none counts as unknown
    too.
    """
    if not books.departures:
        return None
    by_token = _by_token(marks)
    by_position: defaultdict[str, list[Departure]] = defaultdict(list)
    for departure in books.departures:
        by_position[departure.position_id].append(departure)
    valued = [_position(parts, by_token) for parts in by_position.values()]
    return MovedAway(
        share=float(books.moved_out_usd / books.bought_usd) if books.bought_usd else 0.0,
        cost_usd=books.moved_out_usd,
        positions=len(valued),
        under_water=sum(pnl is not None and pnl < 0 for pnl, _ in valued),
        unknown=sum(unknown for _, unknown in valued),
    )


def marked_departures(departures: Iterable[Departure], marks: Iterable[Mark]) -> list[MarkedDeparture]:
    """Value what left, as :func:`moved_away` does, of each move that took more of a position than it left there.

    A smaller part that leaves, as a fee, is no end of a position: the rest of it is still to be sold.
    """
    by_token = _by_token(marks)
    found = []
    for each in departures:
        if each.quantity_raw > each.stayed_raw:
            mark = _mark_at(each, by_token) if each.cost_usd else None
            value = float(_worth(each, mark) / each.cost_usd) - 1 if mark and each.cost_usd else None
            found.append(MarkedDeparture(each, value, mark.marked_at if mark else None))
    return found


def _by_token(marks: Iterable[Mark]) -> Mapping[Holding, list[Mark]]:
    found: defaultdict[Holding, list[Mark]] = defaultdict(list)
    for mark in sorted(marks, key=lambda each: each.marked_at):
        if mark.quantity_raw > 0:
            found[mark.wallet, mark.chain_id, mark.token].append(mark)
    return found


def _position(parts: Sequence[Departure], marks: Mapping[Holding, list[Mark]]) -> tuple[Decimal | None, bool]:
    """Worth less cost as far as it is known, US dollars, and whether a part is not known."""
    gained, known = Decimal(0), 0
    for part in parts:
        mark = _mark_at(part, marks)
        if mark is not None and part.cost_usd:
            gained += _worth(part, mark) - part.cost_usd
            known += 1
    return (gained if known else None), known < len(parts)


def _worth(part: Departure, mark: Mark) -> Decimal:
    return mark.proceeds_usd * part.quantity_raw / mark.quantity_raw


def _mark_at(part: Departure, marks: Mapping[Holding, list[Mark]]) -> Mark | None:
    mine = marks.get((part.wallet, part.chain_id, part.token), [])
    n = bisect_right(mine, part.left_at, key=lambda each: each.marked_at)
    if n and mine[n - 1].marked_at >= part.left_at - MARK_LIFE:
        return mine[n - 1]
    if n < len(mine) and mine[n].marked_at <= part.left_at + MARK_LIFE:
        return mine[n]
    return None
