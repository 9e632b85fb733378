"""From one raw transaction and its receipt to the trades of one wallet: pure, and never raising on hostile input.

A trade is what a wallet gave and got, net over the transaction, where it agreed to give and where swaps of
known venue families lead from what it gave to what it got. No router's address decides anything.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ingest.evm import chains
from ingest.evm.attribution.authorisation import KIND as ENTRY_POINT
from ingest.evm.attribution.authorisation import acted, signers
from ingest.evm.attribution.calldata import read_call
from ingest.evm.attribution.cow_eth_flow import Paid, filled, paid_earlier
from ingest.evm.attribution.deposits import beside, share, whole
from ingest.evm.attribution.erc4337 import own_part
from ingest.evm.attribution.filled_orders import attested
from ingest.evm.attribution.native_settlement import Native, Untraced
from ingest.evm.attribution.oneinch import signed_order
from ingest.evm.attribution.own_swaps import OwnPath, own_way
from ingest.evm.attribution.pool_verification import Edge, Judge, PoolEvidence
from ingest.evm.attribution.pool_verification import edges as edges_of
from ingest.evm.attribution.router_fees import calldata
from ingest.evm.attribution.swap_paths import Conversions, Explained, conversions, explain
from ingest.evm.attribution.token_facades import facades, unmasked
from ingest.evm.attribution.wraps import routed_wrap
from ingest.evm.logs.logs import address, number, read_logs
from ingest.evm.logs.token_flows import (
    Movements,
    native_flow,
    net_by_token,
    read_movements,
    seen_native,
    token_flows,
)
from ingest.evm.venues.curve import providers
from ingest.evm.venues.families import read_events
from ingest.evm.venues.swap_event import Holding, SwapEvent
from ingest.types import (
    NATIVE,
    Chain,
    Decoding,
    Fact,
    Flow,
    Leg,
    NativeSource,
    Trade,
    VenueStatus,
    VenueSwap,
)

VERSION = 5
"""Raised when the same transaction may decode differently; stored beside every trade."""


def trades_in_transaction(
    transaction: Mapping[str, Any],
    receipt: Mapping[str, Any],
    *,
    wallet: str,
    chain_id: int,
    timestamp: int | None = None,
    internal_transactions: Sequence[Mapping[str, Any]] | None = None,
    known: Mapping[str, Fact] | None = None,
    chain: Chain | None = None,
) -> list[Trade]:
    """Return the trades of ``decode_transaction``, whose parameters it takes."""
    decoding = decode_transaction(
        transaction,
        receipt,
        wallet=wallet,
        chain_id=chain_id,
        timestamp=timestamp,
        internal_transactions=internal_transactions,
        known=known,
        chain=chain,
    )
    return list(decoding.trades)


def decode_transaction(
    transaction: Mapping[str, Any],
    receipt: Mapping[str, Any],
    *,
    wallet: str,
    chain_id: int,
    timestamp: int | None = None,
    internal_transactions: Sequence[Mapping[str, Any]] | None = None,
    known: Mapping[str, Fact] | None = None,
    chain: Chain | None = None,
    moved: Movements | None = None,
) -> Decoding:
    """Decode what one wallet did in one transaction.

    Parameters
    ----------
    transaction, receipt
        Raw JSON-RPC results.
    wallet
        The wallet's address.
    chain_id
        The chain; what the registry knows of it is used unless ``chain`` is given.
    timestamp
        Unix seconds of the block, if known.
    internal_transactions
        Etherscan ``txlistinternal`` entries; None where there is no trace, which makes native proceeds an
        estimate.
    known
        What was looked up: who made a pool, by its lower-case address; who placed an order, by its uid.
    chain
        What is known of the chain; of an unknown chain every venue stays unverified.
    moved
        What ``read_movements`` reads from the receipt, where that was done before.
    """
    chain = chain or chains.by_id(chain_id)
    me = address(wallet)
    if me is None:
        return _nothing("The wallet is not an address.")
    if number(receipt.get("status")) == 0:
        return _nothing("The transaction failed: nothing moved.")
    moved = moved or read_movements(receipt, chain.wrapped_native if chain else None)
    case = _Case(
        transaction=transaction,
        receipt=receipt,
        wallet=me,
        chain=chain,
        moved=moved,
        own=own_part(moved, me, chain.dexes if chain else ()),
        internal_transactions=internal_transactions,
        known=known or {},
        sent=address(transaction.get("from")) == me,
        data=calldata(transaction),
    )
    return case.decode(chain_id, timestamp)


def _nothing(reason: str) -> Decoding:
    return Decoding(flows=(), venues=(), trades=(), reasons=(reason,))


_VERIFIED = "Verified swaps lead from what left to what came."
_PLAUSIBLE = "Swaps lead from what left to what came, but not all venues are verified."
_UNSETTLED = "Verified swaps lead from what left to what came; how much native coin moved takes a trace to know."
_PLACED = "The wallet placed the order and paid for it in an earlier transaction; this one filled it."
_PAYER_UNKNOWN = (
    "An order that was paid in an earlier transaction bought exactly what the wallet received; who paid is not known."
)
_UNNAMED = "The wallet neither sent the transaction nor is it named by a settlement."
_ON_ITS_BEHALF = (
    "Another swapped on the wallet's behalf, by an approval: it neither sent the transaction nor is it named by a "
    "settlement, so this is not counted."
)


class _Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a transaction says about swaps, as far as it concerns the wallet."""

    evidence: PoolEvidence
    way: OwnPath
    judge: Judge  #: who weighed them
    edges: list[Edge]
    links: Conversions
    orders: list[SwapEvent]  #: settled orders that name the wallet
    signed: bool  #: a known contract checked the wallet's signature, or its own code acted
    account: bool  #: code of the wallet's own acted, and somebody else sent the transaction
    served: bool  #: somebody else sent the transaction and filled the wallet's order
    earlier: Paid  #: what the wallet paid in an earlier transaction for orders filled in this one
    behind: dict[str, str]  #: facade tokens and the token behind each

    @property
    def ordered(self) -> bool:
        """Whether a known settlement filled an order that names the wallet."""
        believed = {s.log_index for s in self.evidence.swaps if s.status is VenueStatus.VERIFIED} if self.orders else ()
        return any(order.log_index in believed for order in self.orders)


class _Case(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One transaction seen by one wallet."""

    transaction: Mapping[str, Any]
    receipt: Mapping[str, Any]
    wallet: str
    chain: Chain | None
    moved: Movements
    own: Movements  #: of the wallet's own operations in a bundle, else all
    internal_transactions: Sequence[Mapping[str, Any]] | None
    known: Mapping[str, Fact]
    sent: bool  #: by the wallet
    data: bytes  #: calldata

    @property
    def _wrapped(self) -> str | None:
        return self.chain.wrapped_native if self.chain else None

    def decode(self, chain_id: int, timestamp: int | None) -> Decoding:
        events = read_events(self.own.logs)
        judge = Judge(self.chain, self.known, self.own.transfers)
        evidence = judge.weigh(events)
        tokens = token_flows(self.moved, self.wallet, self._wrapped)
        seen = self._see(events, evidence, tokens, judge)
        native = self._native(seen, tokens)
        flows = tokens + native_flow(native.amount)
        net = {token: amount for token, amount in net_by_token(flows).items() if token not in seen.behind}
        explained, sure, reason = self._judge(net, seen)
        trades: tuple[Trade, ...] = ()
        if explained is not None:
            moved_native = NATIVE in (*explained.sold, *explained.bought)
            bounds = native.bounds if sure and moved_native else None
            if sure and moved_native and not native.settled:
                sure, reason = False, _UNSETTLED
            trade = Trade(
                chain_id=chain_id,
                block_number=number(self.receipt.get("blockNumber")) or 0,
                transaction_index=number(self.receipt.get("transactionIndex")) or 0,
                tx_hash=_hash(self.receipt.get("transactionHash") or self.transaction.get("hash")),
                ordinal=0,
                wallet=self.wallet,
                timestamp=timestamp,
                sold=tuple(Leg(t, -net[t]) for t in explained.sold),
                bought=tuple(Leg(t, net[t]) for t in explained.bought),
                venue="+".join(dict.fromkeys(s.family for s in explained.swaps)),
                venue_status=VenueStatus.VERIFIED if sure else VenueStatus.UNVERIFIED,
                native_source=native.source if moved_native else None,
                native_bounds=bounds,
                fee_native_raw=self._fee(),
            )
            trades = (trade,)
        return Decoding(
            flows=flows,
            venues=evidence.swaps,
            trades=trades,
            reasons=(reason,),
            on_behalf=reason == _ON_ITS_BEHALF,
        )

    def _see(
        self, events: Sequence[SwapEvent], evidence: PoolEvidence, tokens: tuple[Flow, ...], judge: Judge
    ) -> _Seen:
        chain, transfers = self.chain, self.own.transfers
        quotes = {chain.wrapped_native, *(quote.address for quote in chain.quote_tokens)} if chain else set()
        behind = facades(transfers, quotes)
        dexes = chain.dexes if chain else ()
        real = [t for t in transfers if t.token not in behind] if behind else transfers
        links = conversions(real, providers(self.own.logs))
        way = own_way(
            (*evidence.steps, *attested(self.own.logs, transfers, dexes, self.wallet)),
            transfers,
            self.own.wraps,
            links,
            wallet=self.wallet,
            wrapped=self._wrapped,
            sent_native=self.sent and bool(number(self.transaction.get("value"))),
        )
        edges = unmasked(edges_of(way.steps), behind) if behind else list(edges_of(way.steps))
        signed = signers(self.moved.logs, dexes).get(self.wallet) or signed_order(
            self.moved.logs, self.data, self.wallet, chain
        )
        if signed is not None and signed[0].settles:
            edges += _settled(net_by_token(tokens), signed[0].kind, signed[1].address, signed[1].index)
        account = acted(self.moved.logs, address(self.transaction.get("to")), self.wallet)
        return _Seen(
            evidence=evidence,
            way=way,
            judge=judge,
            edges=edges,
            links=links,
            orders=[e for e in events if e.holding is Holding.ORDER and self.wallet in e.parties],
            signed=signed is not None or account,
            account=not self.sent and (account or (signed is not None and signed[0].kind == ENTRY_POINT)),
            served=not self.sent and signed is not None and signed[0].settles,
            earlier=paid_earlier(filled(events, self.own, chain, self.wallet), self.known, self.wallet),
            behind=behind,
        )

    def _native(self, seen: _Seen, tokens: tuple[Flow, ...]) -> Native:
        """Return the wallet's net native movement, and how it was learned."""
        native, source = seen_native(self.transaction, self.moved, self.wallet, self.internal_transactions)
        if source is not NativeSource.VALUE or not (seen.edges or self.own.wraps):
            found = Native(native, source)  # seen, or beside no swap at all
        else:
            native_in, native_out = seen.judge.native(seen.way.reached)
            found = Untraced(
                wallet=self.wallet,
                wrapped=self._wrapped,
                net={token: amount for token, amount in net_by_token(tokens).items() if token not in seen.behind},
                edges=seen.edges,
                links=seen.links,
                moved=self.own,
                way=seen.way,
                native_in=native_in,
                native_out=native_out,
                orders=seen.orders,
                paying=self.sent or seen.signed,
                served=seen.served,
                account=seen.account,
                called=address(self.transaction.get("to")),
                data=self.data,
                call=read_call(self.data),
                every_log=lambda: read_logs(self.receipt.get("logs"), every=True),
            ).settle(native)
        return Native(native - seen.earlier.amount, NativeSource.POOL) if seen.earlier.amount else found

    def _judge(self, net: Mapping[str, int], seen: _Seen) -> tuple[Explained | None, bool, str]:
        """Return what swaps explain of the net flows, whether all of it is verified, and why."""
        if not any(v < 0 for v in net.values()):
            return None, False, "Nothing left the wallet."
        if not any(v > 0 for v in net.values()):
            return None, False, "Nothing came into the wallet."
        if not (self.sent or seen.signed or seen.earlier.amount or seen.ordered):
            sure = [e for e in seen.edges if e.swap.status is VenueStatus.VERIFIED]
            moved = sure and explain(net, sure, seen.links, self._wrapped) is not None
            return None, False, _ON_ITS_BEHALF if moved else _UNNAMED
        wrap = routed_wrap(net, self.own, self.wallet, self._wrapped)
        if wrap is not None and self.wallet not in self.moved.nft_receivers:
            return wrap, True, "Another contract wrapped or unwrapped the native coin for the wallet: a conversion."
        every = explain(net, seen.edges, seen.links, self._wrapped)
        if every is None:
            forged = sum(s.status is None for s in seen.evidence.swaps)
            why = f"; {forged} swap events were not borne out by transfers" if forged else ""
            return None, False, f"No swap leads from what left to what came{why}."
        vouched = not seen.earlier.amount or seen.earlier.proven
        sure = [e for e in seen.edges if vouched and e.swap.status is VenueStatus.VERIFIED]
        verified = every if sure == seen.edges else explain(net, sure, seen.links, self._wrapped)
        if verified is not None and (verified.sold, verified.bought) != (every.sold, every.bought):
            verified = None
        part = share(every, seen.evidence.steps, seen.links)
        if part is not None:
            return (
                None,
                False,
                f"{part} is a share of a pool or vault: it was deposited or withdrawn.",
            )
        sign = beside(net, every, self.own, self.wallet)
        if sign is not None:
            legs = {token: net[token] for token in (*every.sold, *every.bought)}
            if verified is None or not whole(legs, seen.way, self._wrapped, seen.judge.native(seen.way.reached)):
                return None, False, sign
        if verified is not None:
            return verified, True, _PLACED if seen.earlier.amount else _VERIFIED
        return every, False, _PLAUSIBLE if vouched else _PAYER_UNKNOWN

    def _fee(self) -> int:
        if not self.sent:
            return 0
        price = number(self.receipt.get("effectiveGasPrice"))
        if price is None:
            price = number(self.transaction.get("gasPrice"))
        return (number(self.receipt.get("gasUsed")) or 0) * (price or 0) + (number(self.receipt.get("l1Fee")) or 0)


def _settled(net: Mapping[str, int], kind: str, emitter: str, log_index: int) -> list[Edge]:
    """Return what a settlement that names the wallet, but no tokens, says: it got this for that."""
    swap = VenueSwap(
        family=kind,
        emitter=emitter,
        log_index=log_index,
        status=VenueStatus.VERIFIED,
        reason=f"known {kind} contract filled an order of the wallet",
    )
    sold, bought = [t for t, v in net.items() if v < 0], [t for t, v in net.items() if v > 0]
    return [Edge(a, b, swap) for a in sold[:8] for b in (bought[:8] or [NATIVE])]


def _hash(value: object) -> str:
    return value.lower() if isinstance(value, str) else ""
