"""The native coin that came back unseen: no log tells it, but it must add up.

Without a trace, what a wallet was paid is estimated by conservation: native coin that was sent, unwrapped
or given by a venue, and that was neither wrapped nor taken by a venue, went to who sent the transaction, to a
router as its fee, or back as a refund.
"""

from collections.abc import Callable, Mapping, Sequence

from ingest.flows import Movements
from ingest.logs import Log
from ingest.types import NATIVE, NativeSource
from ingest.venues.event import SwapEvent
from ingest.venues.evidence import Edge
from ingest.venues.paths import Conversions, explain
from ingest.venues.payouts import after_fees, names, told
from ingest.venues.wraps import routed_wrap


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
    account: bool,
    data: bytes,
    every_log: Callable[[], Sequence[Log]],
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
    account
        Whether the wallet acted without sending: native coin that venues took may have been its own.
    data
        The transaction's calldata.
    every_log
        Reads all logs of the transaction, of unknown events too.

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
        refund = left if _is_refund(-value, left, net, data) else 0
        return value + refund, source if refund else NativeSource.VALUE
    if account and value == 0 and not any(amount < 0 for amount in net.values()):
        # What it gave stands in the calldata, as the value of the call that its own code made.
        for given in (left, unwrapped - rewrapped):
            ordered = given < 0 and names(data, -given)
            spent = explain({**net, NATIVE: given}, edges, links, wrapped) if ordered else None
            if spent is not None and NATIVE in spent.sold:
                return given, NativeSource.POOL
    if left > 0:
        got = {**net, NATIVE: left}
        paid = routed_wrap(got, moved, wallet, wrapped) or explain(got, edges, links, wrapped)
        if paid is not None and NATIVE in paid.bought:
            sold = {token: -amount for token, amount in net.items() if amount < 0}
            summary = told(every_log(), sold, wallet, left)
            return after_fees(data, left) if summary is None else summary, source
    return value, NativeSource.VALUE


def _is_refund(sent: int, left: int, net: Mapping[str, int], data: bytes) -> bool:
    """Tell whether what was left of the native coin sent came back, rather than being a router's fee.

    A fee is ordered beforehand, as an amount or a share. A refund is what is left of a swap whose other end
    was ordered: the exact amount to buy, or to spend. Where less than half was seen used, the rest went
    somewhere unseen.
    """
    used = sent - left
    if left <= 0 or 2 * used < sent or names(data, left):
        return False
    return names(data, used) or any(amount > 0 and names(data, amount) for amount in net.values())
