"""CoW's ETH-flow: native coin paid to a contract in an earlier transaction, filled in this one.

The order's owner is the contract, so nothing in the fill says who paid. Who received exactly what the order
bought is taken to be the payer; as anyone may buy a token for someone else, such a trade stays unverified.
"""

from collections.abc import Iterable, Sequence

from ingest.flows import Transfer
from ingest.types import Chain
from ingest.venues.event import SwapEvent
from ingest.venues.orders import COW

KIND = "cow_eth_flow"


def paid_earlier(events: Iterable[SwapEvent], transfers: Sequence[Transfer], chain: Chain | None, wallet: str) -> int:
    """Return the native coin with which the wallet's ETH-flow orders were paid, or 0.

    Parameters
    ----------
    events
        The transaction's swap events.
    transfers
        Its ERC-20 movements.
    chain
        The chain's registry entry: names the settlement and the ETH-flow contracts.
    wallet
        Lower-case address.
    """
    events = [event for event in events if event.family == COW]
    if chain is None or not events:
        return 0
    owners = {dex.factory for dex in chain.dexes if dex.kind == KIND}
    settlements = {dex.factory for dex in chain.dexes if dex.kind == COW}
    received = {(t.source, t.token, t.amount) for t in transfers if t.target == wallet}
    return sum(
        e.amount_in
        for e in events
        if e.emitter in settlements
        and e.token_in == chain.wrapped_native
        and owners.intersection(e.parties)
        and (e.emitter, e.token_out, e.amount_out) in received
    )
