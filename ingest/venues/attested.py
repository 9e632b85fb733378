"""Orders of which a known contract tells only that they were filled: 1inch, Bebop.

Who made the order is not told, or only by its hash. But what an order does is plain from the transfers: one
account's net movement is one token in and another out, and a known settlement contract attests that an order was
filled. That pair is what whoever took the order swapped.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ingest import abi
from ingest.flows import ZERO, Transfer
from ingest.logs import Log
from ingest.types import Dex, VenueStatus, VenueSwap
from ingest.venues.evidence import Edge

KINDS = {
    abi.ONEINCH_FILLED: "oneinch",
    abi.ONEINCH_FILLED_V3: "oneinch",
    abi.ONEINCH_RFQ_FILLED: "oneinch",
    abi.BEBOP_ORDER: "bebop",
}
"""Events that name no tokens, and the registry kind of the contracts that are believed."""


def attested(logs: Iterable[Log], transfers: Sequence[Transfer], dexes: Iterable[Dex], wallet: str) -> list[Edge]:
    """Return what the makers of filled orders swapped, seen from who took them.

    Parameters
    ----------
    logs
        The transaction's logs.
    transfers
        Its ERC-20 movements.
    dexes
        The chain's registry: only its contracts are believed.
    wallet
        Lower-case address: its own movement proves nothing about anybody else's order.
    """
    believed = {(dex.kind, dex.factory) for dex in dexes}
    fills = [log for log in logs if (KINDS.get(log.topic, ""), log.address) in believed]
    if not fills:
        return []
    fill = fills[0]
    swap = VenueSwap(
        family=KINDS[fill.topic],
        emitter=fill.address,
        log_index=fill.index,
        status=VenueStatus.VERIFIED,
        reason="known contract attests that an order was filled; one account's movements are the order",
    )
    nets: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for t in transfers:
        nets[t.source][t.token] -= t.amount
        nets[t.target][t.token] += t.amount
    edges = []
    for account in nets.keys() - {ZERO, wallet, fill.address}:
        got = [token for token, amount in nets[account].items() if amount > 0]
        gave = [token for token, amount in nets[account].items() if amount < 0]
        if len(got) == 1 and len(gave) == 1:
            edges.append(Edge(got[0], gave[0], swap))
    return sorted(edges, key=lambda edge: (edge.token_in, edge.token_out))
