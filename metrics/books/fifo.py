"""First in, first out: each sell is a round trip of its own, matched with the oldest lots.

For wallets whose positions hardly ever close: market makers, rolling inventories, savers who trade around a core.
"""

from collections import deque
from collections.abc import Iterable

from msgspec.structs import replace

from metrics.books.draft_book import DraftBook
from metrics.books.lots import Lot, Origin, lot_of, take
from metrics.books.postings import CRUMB, Posting, TokenKey
from metrics.types import TokenBook


def book_fifo(wallet: str, key: TokenKey, postings: Iterable[Posting]) -> TokenBook:
    """Keep the book of one token, one round trip a sell.

    All that a wallet bought is one queue of lots in order of purchase. A sell takes from its front::

        cost     = sum over the lots taken of  lot cost with gas * part taken
        proceeds = (value - gas) * quantity of known cost / quantity sold

    What arrived by transfer has an unknown cost and lies beneath all that was bought, as in ``metrics.books.episodes``:
    a sell takes it last, so that no transfer, a stranger's or one's own, takes the place of a lot that lost. That part
    of a sell, and what is more than there is, is counted and no round trip. A sell without a price, or from unpriced
    lots, is counted as unpriced.

    A move out takes what arrived first, then lots from the front, with their cost and no verdict. What moves in takes
    those lots back, last out first in, to their old place in the queue; beyond them it has arrived. So a deposit and
    its withdrawal leave the queue as it was.

    Lots are in exact integers: a split leaves the remainder with the part that stays. Time is linear in postings.

    Parameters
    ----------
    wallet
        Whose book it is.
    key
        Chain id and token.
    postings
        Of this token, in the order of the chain.
    """
    draft = DraftBook(wallet, key)
    held: deque[Lot] = deque()
    away: deque[Lot] = deque()
    left = 0  # base units in ``held``
    for posting in postings:
        quantity = posting.quantity
        if not posting.is_move:
            draft.see_price(posting)
            if quantity > 0:
                held.append(lot_of(posting))
                left += quantity
            else:
                _sell(draft, posting, take(held, -quantity))
                left = max(0, left + quantity)
        elif quantity > 0:
            back = take(away, quantity)
            held.extendleft(replace(lot, left=None, stayed=0) for lot in back)
            returned = sum(lot.quantity for lot in back)
            left += returned
            draft.unknown += quantity - returned
        else:
            arrived = min(-quantity, draft.unknown)
            out = take(held, -quantity - arrived)
            taken = sum(lot.quantity for lot in out)
            left -= taken
            away.extendleft(replace(lot, left=posting, stayed=left) for lot in out)
            draft.unknown -= arrived
            draft.unmatched += -quantity - arrived - taken
    return _finish(draft, held, away)


def _sell(draft: DraftBook, posting: Posting, lots: list[Lot]) -> None:
    sold, net = -posting.quantity, posting.net
    cost = known = matched = unpriced = 0
    opened = posting.timestamp
    last = None
    for lot in lots:
        cost += lot.cost
        if lot.origin is Origin.BOUGHT:
            known += lot.quantity
            if lot.opening is not last:  # a lot that was split by a move stays one lot
                matched += 1
                last = lot.opening
                if last.timestamp < opened:
                    opened = last.timestamp
        else:
            unpriced += lot.quantity
    rest = sold - known - unpriced
    if rest:
        arrived = min(rest, draft.unknown)
        draft.unknown -= arrived
        draft.unmatched += rest - arrived
        draft.count_sources(sold, arrived=arrived, unmatched=rest - arrived)
    priced = net is not None and cost > 0
    draft.unpriced += bool(unpriced or (known and not priced))
    if net is None or not priced:
        draft.left_out += cost
        return
    draft.close(
        draft.position_id(posting),
        opened,
        posting.timestamp,
        cost=cost,
        proceeds=net * known // sold,
        buys=matched,
        sells=1,
    )


def _finish(draft: DraftBook, held: deque[Lot], away: deque[Lot]) -> TokenBook:
    quantity, cost = sum(lot.quantity for lot in held), sum(lot.cost for lot in held)
    priced = all(lot.origin is Origin.BOUGHT for lot in held)
    position = None
    # Lots that cost no more than a dollar are no position: what a rounding leaves would else be open for ever.
    if held and not (priced and cost <= CRUMB):
        opening = held[0].opening
        position = draft.open_position(
            draft.position_id(opening),
            opening.timestamp,
            quantity=quantity,
            cost=cost if priced else None,
            sells=0,
        )
    else:
        draft.leftover = quantity
    return draft.finish(position, open_cost=cost, away=away, by_move=True)
