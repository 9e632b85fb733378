"""From one window's raw transactions to trades: decode, ask the node what only it can say, decode again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest.decode import decode_transaction
from ingest.evm.attribution import cow_eth_flow
from ingest.evm.logs.token_flows import Movements, read_movements
from ingest.evm.lookup import pools
from ingest.evm.lookup.orders import look_up as look_up_orders
from ingest.evm.lookup.tokens import read_tokens
from ingest.evm.lookup.traces import Internal, Tracer
from ingest.evm.movements.transfers import moves_of
from ingest.evm.pricing.chainlink import Feeds
from ingest.evm.pricing.intermediate_quote import quote_hop
from ingest.evm.pricing.valuation import FeedPrices, Prices, quote_tokens, value
from ingest.evm.rpc.node import Node
from ingest.evm.venues.families import read_events
from ingest.files.price_file import PriceFile
from ingest.types import (
    NATIVE,
    BlockRef,
    Chain,
    Decoding,
    Fact,
    Leg,
    Move,
    NativeSource,
    PlacedOrder,
    PoolFact,
    RawTransaction,
    Trade,
    Valuation,
    VenueStatus,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """What a window of raw transactions means, and what was asked of the node to know it."""

    decodings: tuple[tuple[RawTransaction, str, Decoding], ...]  #: one for each wallet of each transaction
    moved: Mapping[str, Movements]  #: all that moved in each transaction
    trades: tuple[Trade, ...]
    moves: tuple[Move, ...]
    valuations: tuple[Valuation, ...]
    facts: Mapping[str, PoolFact]  #: pools looked up for the first time
    orders: Mapping[str, PlacedOrder]  #: who placed which order, by uid, as far as it was not known before
    internals: Mapping[str, list[Internal]]  #: traced transactions
    fed: FeedPrices  #: what the feeds said
    tokens: Mapping[str, tuple[str | None, int | None]]  #: symbol and decimals of tokens met for the first time


@dataclass(slots=True)
class Interpreter:
    """Interprets windows of one chain; remembers what was looked up and whether the node offers traces.

    Parameters
    ----------
    node, chain
        Whom to ask, and about what.
    known
        Pools and orders looked up before; new ones are added.
    tracer
        Whether the node offers traces.
    decimals
        Of tokens met before; new ones are added.
    file
        The user's own prices.
    """

    node: Node
    chain: Chain
    known: dict[str, Fact]
    tracer: Tracer = field(default_factory=Tracer)
    decimals: dict[str, int | None] = field(default_factory=dict)
    file: PriceFile | None = None
    _feeds: Feeds = field(init=False)

    def __post_init__(self) -> None:
        self._feeds = Feeds(self.node, self.chain)

    def interpret(self, transactions: Iterable[RawTransaction]) -> Interpretation:
        """Trades of every watched wallet in these transactions, in the chain's order."""
        everything = [(raw, wallet) for raw in transactions for wallet in sorted(raw.wallets)]
        moved = {raw.tx_hash: read_movements(raw.receipt, self.chain.wrapped_native) for raw, _ in everything}
        orders = {
            uid: order
            for each in moved.values()
            for uid, order in cow_eth_flow.placements(each.logs, self.chain).items()
            if uid not in self.known
        }
        self.known |= orders
        first = [
            decode(raw, wallet, self.chain, known=self.known, moved=moved[raw.tx_hash]) for raw, wallet in everything
        ]
        doubtful = {
            swap.emitter
            for decoding in first
            for swap in decoding.venues
            if swap.status is VenueStatus.UNVERIFIED and swap.emitter not in self.known
        }
        facts = pools.look_up(self.node, self.chain, doubtful)
        self.known |= facts
        filled = [
            self._filled(wallet, decoding, moved[raw.tx_hash])
            for (raw, wallet), decoding in zip(everything, first, strict=True)
        ]
        asked = {
            (uid, wallet): raw.block.number
            for (raw, wallet), uids in zip(everything, filled, strict=True)
            for uid in uids
        }
        new = look_up_orders(self.node, self.chain, asked)
        self.known |= new
        wanted = [
            raw.tx_hash
            for (raw, wallet), decoding in zip(everything, first, strict=True)
            if _hides_native(raw, wallet, decoding, moved[raw.tx_hash])
        ]
        internals = self.tracer.read(self.node, list(dict.fromkeys(wanted)))
        # What nothing new is known of would be decoded to the same again.
        last = [
            decode(
                raw,
                wallet,
                self.chain,
                known=self.known,
                internal_transactions=internals.get(raw.tx_hash),
                moved=moved[raw.tx_hash],
            )
            if raw.tx_hash in internals or any(swap.emitter in facts for swap in decoding.venues) or uids & new.keys()
            else decoding
            for (raw, wallet), decoding, uids in zip(everything, first, filled, strict=True)
        ]
        trades = tuple(trade for decoding in last for trade in decoding.trades)
        tokens = self._name_tokens(trades)
        quotes = quote_tokens(self.chain)
        hops = [
            quote_hop(decoding, moved[raw.tx_hash].transfers, quotes) if decoding.trades else None
            for (raw, _), decoding in zip(everything, last, strict=True)
        ]
        priced: dict[str, dict[int, BlockRef]] = {}
        for (raw, _), decoding, hop in zip(everything, last, hops, strict=True):
            for token in _priced_by(decoding, hop, self.chain):
                priced.setdefault(token, {})[raw.block.number] = raw.block
        fed = self._feeds.read(priced)
        prices = Prices(chain=self.chain, fed=fed, file=self.file, decimals=self.decimals)
        meanings = [
            mean(decoding, raw, wallet, prices, hop)
            for (raw, wallet), decoding, hop in zip(everything, last, hops, strict=True)
        ]
        return Interpretation(
            decodings=tuple((*pair, decoding) for pair, decoding in zip(everything, last, strict=True)),
            moved=moved,
            trades=trades,
            moves=tuple(move for moves, _ in meanings for move in moves),
            valuations=tuple(worth for _, valuations in meanings for worth in valuations),
            facts=facts,
            orders=orders | new,
            internals=internals,
            fed=fed,
            tokens=tokens,
        )

    def _filled(self, wallet: str, decoding: Decoding, moved: Movements) -> set[str]:
        """Orders that the wallet may have placed and paid in an earlier transaction; empty where it is known."""
        if not any(trade.venue_status is VenueStatus.UNVERIFIED for trade in decoding.trades):
            return set()
        orders = cow_eth_flow.filled(read_events(moved.logs), moved, self.chain, wallet)
        return {uid for uid, _ in orders if uid and uid not in self.known}

    def _name_tokens(self, trades: Iterable[Trade]) -> dict[str, tuple[str | None, int | None]]:
        """What the tokens of trades say about themselves, of those not met before."""
        met = {leg.token for trade in trades for leg in trade.sold + trade.bought if leg.token != NATIVE}
        tokens = read_tokens(self.node, sorted(met - self.decimals.keys()))
        self.decimals |= {token: decimals for token, (_, decimals) in tokens.items()}
        return tokens


def decode(
    raw: RawTransaction,
    wallet: str,
    chain: Chain,
    *,
    known: Mapping[str, Fact],
    internal_transactions: list[Internal] | None = None,
    moved: Movements | None = None,
) -> Decoding:
    """Decode one raw transaction for one wallet."""
    return decode_transaction(
        raw.transaction,
        raw.receipt,
        wallet=wallet,
        chain_id=chain.chain_id,
        timestamp=raw.block.timestamp,
        internal_transactions=internal_transactions,
        known=known,
        chain=chain,
        moved=moved,
    )


def mean(
    decoding: Decoding, raw: RawTransaction, wallet: str, prices: Prices, hop: Leg | None
) -> tuple[list[Move], list[Valuation]]:
    """What a decoded transaction left over of the wallet's movements, and what its trades were worth.

    ``hop`` is its ``quote_hop``.
    """
    moves = moves_of(
        decoding,
        transaction=raw.transaction,
        receipt=raw.receipt,
        wallet=wallet,
        chain_id=prices.chain.chain_id,
        timestamp=raw.block.timestamp,
    )
    return moves, [value(trade, prices, hop) for trade in decoding.trades]


def _priced_by(decoding: Decoding, hop: Leg | None, chain: Chain) -> set[str]:
    """The tokens whose prices the trades of a transaction need: their legs, what lies between them, and gas."""
    if not decoding.trades:
        return set()
    legs = [leg for trade in decoding.trades for leg in trade.sold + trade.bought]
    tokens = {leg.token for leg in legs} | ({hop.token} if hop else set())
    native = chain.wrapped_native in tokens or any(trade.fee_native_raw for trade in decoding.trades)
    return tokens | ({NATIVE} if native else set())


def _hides_native(raw: RawTransaction, wallet: str, decoding: Decoding, moved: Movements) -> bool:
    """Whether native coin may have moved that no log shows: the only transactions worth a trace.

    Swaps were seen, and the wallet sent coin along of which a part may have come back, or the coin that it got had to
    be estimated, or only one side of what may have been a trade is seen. Of coin that was wrapped to the last unit,
    and nothing of it unwrapped, none is left to come back.
    """
    if not decoding.venues:
        return False
    value = _value(raw.transaction) if str(raw.transaction.get("from", "")).lower() == wallet else 0
    wrapped = sum(wrap.amount for wrap in moved.wraps if wrap.account != wallet)
    if value and (wrapped != value or any(wrap.amount < 0 for wrap in moved.wraps)):
        return True
    if decoding.trades:
        estimated = {NativeSource.WITHDRAWAL, NativeSource.POOL}
        return any(trade.native_source in estimated for trade in decoding.trades)
    net: dict[str, int] = {}
    for flow in decoding.flows:
        net[flow.token] = net.get(flow.token, 0) + flow.amount_raw
    return any(amount for token, amount in net.items() if token != NATIVE)


def _value(transaction: Mapping[str, Any]) -> int:
    try:
        return int(transaction.get("value") or "0x0", 16)
    except (TypeError, ValueError):
        return 0
