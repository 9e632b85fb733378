"""Lots: layers of inventory with what they cost, first in, first out."""

from collections import deque
from enum import Enum

import msgspec

from metrics.books.postings import Posting


class Origin(Enum):
    """What is known of a lot's cost."""

    BOUGHT = "bought"
    UNPRICED = "unpriced"
    """Bought, but a part of it has no price; the cost is the part that has."""


class Lot(msgspec.Struct, frozen=True, gc=False):
    """So many base units at one cost."""

    quantity: int  #: base units, > 0
    cost: int  #: of the whole lot with its gas, trillionths of a dollar
    origin: Origin
    opening: Posting  #: the buy that brought it
    left: Posting | None = None  #: the move that took it out; None: held
    stayed: int = 0  #: base units of its position that this move left there


def lot_of(posting: Posting) -> Lot:
    """Return the lot that a buy brings."""
    cost = posting.net
    if cost is None:
        return Lot(posting.quantity, 0, Origin.UNPRICED, posting)
    return Lot(posting.quantity, cost, Origin.BOUGHT, posting)


def take(lots: deque[Lot], wanted: int) -> list[Lot]:
    """Take base units off the front; fewer where there are fewer.

    A lot that is taken in part is split in proportion; the part that stays keeps the remainder of the division, so
    that no cost is lost or made.
    """
    taken = []
    while wanted and lots:
        lot = lots.popleft()
        if lot.quantity > wanted:
            share = lot.cost * wanted // lot.quantity
            rest = lot.quantity - wanted, lot.cost - share
            lots.appendleft(Lot(*rest, lot.origin, lot.opening, lot.left, lot.stayed))
            lot = Lot(wanted, share, lot.origin, lot.opening, lot.left, lot.stayed)
        taken.append(lot)
        wanted -= lot.quantity
    return taken
