"""CoW's ETH-flow: native coin paid to a contract in an earlier transaction, filled in this one.

The order's owner is the contract, so nothing in the fill says who paid; the ``OrderPlacement`` of the earlier
transaction does, and the hash of the order that it tells is the one that was filled. Where that is not known, who
received exactly what the order bought is taken to be the payer; as anyone may buy a token for someone else, such a
trade stays unverified.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from eth_utils import keccak  # type: ignore[attr-defined]

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log, as_address
from ingest.evm.logs.token_flows import Movements
from ingest.evm.venues.create2 import word
from ingest.evm.venues.orders import COW
from ingest.evm.venues.swap_event import SwapEvent
from ingest.types import Chain, Fact, PlacedOrder

KIND = "cow_eth_flow"

_ORDER = keccak(
    text="Order(address sellToken,address buyToken,address receiver,uint256 sellAmount,uint256 buyAmount,"
    "uint32 validTo,bytes32 appData,uint256 feeAmount,string kind,bool partiallyFillable,"
    "string sellTokenBalance,string buyTokenBalance)"
)
_DOMAIN = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_NAME = keccak(text="Gnosis Protocol")
_VERSION = keccak(text="v2")
_FIELDS = 12
_VALID_TO = 5  #: position of the order's ``validTo``
_UID_AT, _UID_SIZE = 7 * 32, 56
"""Where the settlement's ``Trade`` holds the order's uid: behind five words, its offset and its length."""


class Paid(msgspec.Struct, frozen=True, gc=False):
    """Native coin with which orders filled in this transaction were paid earlier."""

    amount: int = 0  #: wei, the settlement's fee in it
    proven: bool = False  #: the wallet is known to have placed every one of them


NOTHING = Paid()


def order_uid(order: bytes, settlement: str, chain_id: int, owner: str) -> str:
    """Return an order's uid: its EIP-712 hash, its owner, and when it expires.

    Parameters
    ----------
    order
        Its twelve fields as ABI words; what is a text in the hashed type is given as its hash.
    settlement
        The contract that fills it.
    chain_id
        Where that contract is.
    owner
        The account that the settlement takes the sold token from.

    Notes
    -----
    GPv2Order.hash and packOrderUidParams of cowprotocol/contracts.
    """
    domain = keccak(_DOMAIN + _NAME + _VERSION + word(chain_id) + word(settlement))
    digest = keccak(b"\x19\x01" + domain + keccak(_ORDER + order))
    return "0x" + (digest + word(owner)[12:] + order[32 * _VALID_TO + 28 : 32 * _VALID_TO + 32]).hex()


def contract_of(uid: str) -> str:
    """Return an order's owner: the ETH-flow contract that holds what it was paid with."""
    return "0x" + uid[66:106]


def placements(logs: Iterable[Log], chain: Chain) -> dict[str, PlacedOrder]:
    """Return who placed which orders, by uid: as the chain's ETH-flow contracts tell, since anyone can emit an event.

    Parameters
    ----------
    logs
        Of a transaction, or of an answer to ``eth_getLogs``.
    chain
        The registry entry: names the settlements and the ETH-flow contracts.
    """
    told = [log for log in logs if log.topic == topics.COW_ORDER_PLACEMENT and log.fits(1, _FIELDS + 2)]
    if not told:
        return {}
    contracts = {dex.factory for dex in chain.dexes if dex.kind == KIND}
    settlements = [dex.factory for dex in chain.dexes if dex.kind == COW]
    return {
        order_uid(log.data[: 32 * _FIELDS], settlement, chain.chain_id, log.address): PlacedOrder(wallet=wallet)
        for log in told
        if log.address in contracts and (wallet := as_address(log.indexed[0])) is not None
        for settlement in settlements
    }


def filled(events: Iterable[SwapEvent], moved: Movements, chain: Chain | None, wallet: str) -> list[tuple[str, int]]:
    """Return the ETH-flow orders of which the wallet received exactly what they bought: uid, and native coin sold.

    Parameters
    ----------
    events
        The transaction's swap events.
    moved
        Its movements.
    chain
        The chain's registry entry: names the settlement and the ETH-flow contracts.
    wallet
        Lower-case address.
    """
    events = [event for event in events if event.family == COW]
    if chain is None or not events:
        return []
    owners = {dex.factory for dex in chain.dexes if dex.kind == KIND}
    settlements = {dex.factory for dex in chain.dexes if dex.kind == COW}
    received = {(t.source, t.token, t.amount) for t in moved.transfers if t.target == wallet}
    mine = {
        e.log_index: e.amount_in
        for e in events
        if e.emitter in settlements
        and e.token_in == chain.wrapped_native
        and owners.intersection(e.parties)
        and (e.emitter, e.token_out, e.amount_out) in received
    }
    return [(_uid(log), mine[log.index]) for log in moved.logs if log.index in mine] if mine else []


def _uid(log: Log) -> str:
    uid = log.data[_UID_AT : _UID_AT + _UID_SIZE]
    return "0x" + uid.hex() if len(uid) == _UID_SIZE else ""


def paid_earlier(orders: Sequence[tuple[str, int]], known: Mapping[str, Fact], wallet: str) -> Paid:
    """Return what the wallet's own of these orders were paid with; another's are a gift to it.

    Parameters
    ----------
    orders
        See ``filled``.
    known
        Who placed which order, by uid, as far as that is known.
    wallet
        Lower-case address.
    """
    if not orders:
        return NOTHING  # as in most transactions
    placed = [(known.get(uid), amount) for uid, amount in orders]
    mine = [(fact, amount) for fact, amount in placed if not isinstance(fact, PlacedOrder) or fact.wallet == wallet]
    proven = bool(mine) and all(isinstance(fact, PlacedOrder) for fact, _ in mine)
    return Paid(sum(amount for _, amount in mine), proven)
