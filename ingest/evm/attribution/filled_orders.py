"""Orders of which a known contract tells only that they were filled: 1inch, Bebop, UniswapX.

What the order was is not told, and who made it often only by its hash. But what an order does is plain from the
transfers: one account's net movement is one token in and another out, and a known settlement contract attests that
an order was filled. That pair is what whoever took the order swapped.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ingest.evm.attribution.pool_verification import Step
from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log, as_address
from ingest.evm.logs.token_flows import ZERO, Transfer
from ingest.evm.venues.swap_event import Holding, SwapEvent
from ingest.types import NATIVE, Dex, VenueStatus, VenueSwap

KINDS = {
    topics.ONEINCH_FILLED: "oneinch",
    topics.ONEINCH_FILLED_V3: "oneinch",
    topics.ONEINCH_RFQ_FILLED: "oneinch",
    topics.BEBOP_ORDER: "bebop",
    topics.UNISWAPX_FILL: "uniswapx",
}
"""Events that name no tokens, and the registry kind of the contracts that are believed."""
NAMED = frozenset({topics.UNISWAPX_FILL})
"""Those of them that name who made the order, as their third field."""


def attested(logs: Iterable[Log], transfers: Sequence[Transfer], dexes: Iterable[Dex], wallet: str) -> list[Step]:
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
    fills = [log for log in logs if log.topic in KINDS]
    if fills:
        believed = {(dex.kind, dex.factory) for dex in dexes}
        fills = [log for log in fills if (KINDS[log.topic], log.address) in believed]
    if not fills:
        return []
    nets: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for t in transfers:
        nets[t.source][t.token] -= t.amount
        nets[t.target][t.token] += t.amount
    found = []
    for account, fill in _makers(fills, nets.keys() - {ZERO, wallet, *(fill.address for fill in fills)}):
        got = [token for token, amount in nets[account].items() if amount > 0]
        gave = [token for token, amount in nets[account].items() if amount < 0]
        if fill.topic in NAMED and not got:
            got = [NATIVE]  # it moves without a log
        if len(got) == 1 and len(gave) == 1:
            found.append(_step(account, fill, got[0], gave[0], nets[account]))
    return found


def _makers(fills: Sequence[Log], accounts: Iterable[str]) -> Iterator[tuple[str, Log]]:
    """Yield accounts whose order may have been filled, with the event that says so."""
    left = set(accounts)
    for fill in fills:
        fields = fill.fields()
        if fill.topic in NAMED and len(fields) > 2 and (maker := as_address(fields[2])) in left:
            left.remove(maker)
            yield maker, fill
    unnamed = [fill for fill in fills if fill.topic not in NAMED]
    if unnamed:
        yield from ((account, unnamed[0]) for account in sorted(left))


def _step(account: str, fill: Log, got: str, gave: str, net: Mapping[str, int]) -> Step:
    family = KINDS[fill.topic]
    event = SwapEvent(
        family=family,
        holding=Holding.ORDER,
        emitter=fill.address,
        log_index=fill.index,
        amount_in=net.get(got, 0),
        amount_out=-net[gave],
        token_in=got,
        token_out=gave,
    )
    swap = VenueSwap(
        family=family,
        emitter=fill.address,
        log_index=fill.index,
        status=VenueStatus.VERIFIED,
        reason="known contract attests that an order was filled; one account's movements are the order",
    )
    return Step(event, swap, ((got, gave),), account)
