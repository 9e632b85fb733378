"""The native coin that came back unseen: no log tells it, but it must add up.

Without a trace, what a wallet was paid is estimated by conservation: native coin that was sent, unwrapped
or given by a venue, and that was neither wrapped nor taken by a venue, went back to who sent the transaction.
"""

from collections.abc import Mapping, Sequence

from ingest.flows import Movements
from ingest.types import NATIVE, NativeSource
from ingest.venues.event import SwapEvent
from ingest.venues.evidence import Edge
from ingest.venues.paths import Conversions, explain


def settle_native(
    value: int,
    net: Mapping[str, int],
    *,
    edges: Sequence[Edge],
    links: Conversions,
    moved: Movements,
    wallet: str,
    wrapped: str | None,
    orders: Sequence[SwapEvent],
    native_in: int,
    native_out: int,
    paying: bool,
) -> tuple[int, NativeSource]:
    """Estimate the wallet's net native movement where no trace tells it.

    Parameters
    ----------
    value
        What is seen: the transaction's value, negative where the wallet sent it.
    net
        The wallet's net token flow.
    edges, links
        Swaps and conversions of the transaction.
    moved
        The transaction's movements.
    wallet
        Lower-case address.
    wrapped
        The chain's wrapped native coin.
    orders
        Settled orders that name the wallet.
    native_in, native_out
        Native coin that venues took and gave without wrapping.
    paying
        Whether what is left over belongs to this wallet: it sent or signed.

    Returns
    -------
    tuple
        Signed wei and how it was learned.
    """
    promised = sum(e.amount_out for e in orders if e.token_out == NATIVE)
    if promised:
        return value + promised, NativeSource.POOL
    if not paying:
        return value, NativeSource.VALUE
    unwrapped = -sum(w.amount for w in moved.wraps if w.amount < 0 and w.account != wallet)
    rewrapped = sum(w.amount for w in moved.wraps if w.amount > 0 and w.account != wallet)
    left = -value + unwrapped + native_out - rewrapped - native_in
    source = NativeSource.WITHDRAWAL if unwrapped else NativeSource.POOL
    if value < 0:
        # A refund. Where less than half was seen used, the rest went somewhere unseen rather than back.
        used = -value - left
        return (value + left, source) if left > 0 and 2 * used >= -value else (value, NativeSource.VALUE)
    if left > 0:
        paid = explain({**net, NATIVE: left}, edges, links, wrapped)
        if paid is not None and NATIVE in paid.bought:
            return left, source
    return value, NativeSource.VALUE
