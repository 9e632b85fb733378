"""First in, first out: each sell is a round trip of its own, matched with the oldest lots.

For wallets whose positions hardly ever close: market makers, rolling inventories, savers who trade around a core.
"""

from collections import deque
from collections.abc import Iterable

from msgspec.structs import replace

from metrics.draft import Draft
from metrics.lots import Lot, Origin, lot_of, take
from metrics.postings import CRUMB, Posting, TokenKey
from metrics.types import TokenBook


def book_fifo(wallet: str, key: TokenKey, postings: Iterable[Posting]) -> TokenBook:
    """Keep the book of one token, one round trip a sell.

    All that a wallet holds is one queue of lots in order of arrival. A sell takes from its front::

        cost     = sum over the lots taken of  lot cost with gas * part taken
        proceeds = (value - gas) * quantity of known cost / quantity sold

    The part of a sell that takes lots which arrived by transfer, or more than there is, has no known cost: it is
    counted and no round trip. A sell without a price, or from unpriced lots, is counted as unpriced. A move out takes
    from the front too, with the lots' cost and no verdict; what moves in takes those lots back, last out first in, to
    their old place in the queue, and is a lot of unknown cost beyond them. So a deposit and its withdrawal leave the
    queue as it was.

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
    draft = Draft(wallet, key)
    held: deque[Lot] = deque()
    away: deque[Lot] = deque()
    for posting in postings:
        quantity = posting.quantity
        if not posting.is_move:
            draft.see_price(posting)
            if quantity > 0:
                held.append(lot_of(posting))
            else:
                _sell(draft, posting, take(held, -quantity))
        elif quantity > 0:
            back = take(away, quantity)
            held.extendleft(back)
            if rest := quantity - sum(lot.quantity for lot in back):
                held.append(lot_of(replace(posting, quantity=rest)))
        else:
            out = take(held, -quantity)
            away.extendleft(out)
            draft.unmatched += -quantity - sum(lot.quantity for lot in out)
    return _finish(draft, held, away)


def _sell(draft: Draft, posting: Posting, lots: list[Lot]) -> None:
    sold, net = -posting.quantity, posting.net
    cost = known = matched = unpriced = arrived = 0
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
        elif lot.origin is Origin.UNPRICED:
            unpriced += lot.quantity
        else:
            arrived += lot.quantity
    short = sold - known - unpriced - arrived
    draft.unmatched += short
    if arrived or short:
        draft.count_sources(sold, arrived=arrived, unmatched=short)
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


def _finish(draft: Draft, held: deque[Lot], away: deque[Lot]) -> TokenBook:
    bought = [lot for lot in held if lot.origin is not Origin.ARRIVED]
    draft.unknown = sum(lot.quantity for lot in held) - sum(lot.quantity for lot in bought)
    quantity, cost = sum(lot.quantity for lot in bought), sum(lot.cost for lot in bought)
    priced = all(lot.origin is Origin.BOUGHT for lot in bought)
    position = None
    # Lots that cost no more than a dollar are no position: what a rounding leaves would else be open for ever.
    if bought and not (priced and cost <= CRUMB):
        opening = bought[0].opening
        position = draft.open_position(
            draft.position_id(opening),
            opening.timestamp,
            quantity=quantity,
            cost=cost if priced else None,
            sells=0,
        )
    else:
        draft.leftover = quantity
    return draft.finish(position, open_cost=cost, away_cost=sum(lot.cost for lot in away))
