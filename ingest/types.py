"""Records that ``ingest`` produces.

Amounts are integers in base units and are never narrowed. Addresses and hashes are lower-case hex strings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

NATIVE = "0x" + "ee" * 20
"""The native coin's stand-in address (EIP-7528)."""


class VenueStatus(StrEnum):
    """How sure it is that the emitter of a swap event is a real venue."""

    VERIFIED = "verified"
    """A pool of a known factory, or a known singleton or settlement contract."""
    UNVERIFIED = "unverified"
    """A plausible swap by an emitter nobody vouches for: exported and marked, kept out of the metrics."""


class NativeSource(StrEnum):
    """How the wallet's native coin movement was learned: it leaves no log of its own."""

    VALUE = "value"
    """The transaction's own value; nothing came back that could be seen."""
    INTERNAL = "internal"
    """Internal transactions or a trace of the node."""
    WITHDRAWAL = "withdrawal"
    """An unwrap (WETH ``Withdrawal``) by the contract that paid the wallet."""
    POOL = "pool"
    """The amounts of the pool's own swap event."""


# Structs, where there are several of each transaction: made in C, at a tenth of a dataclass's cost.
class Leg(msgspec.Struct, frozen=True, gc=False):
    """One token given or got in a trade."""

    token: str  #: lower-case address; the native coin is ``NATIVE``
    amount_raw: int  #: base units, > 0


class Trade(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one wallet gave and got in one transaction. Key: (chain_id, tx_hash, wallet, ordinal)."""

    chain_id: int
    block_number: int
    transaction_index: int
    tx_hash: str
    ordinal: int  #: 0 for the transaction's first trade of this wallet
    wallet: str
    timestamp: int | None  #: unix seconds of the block
    sold: tuple[Leg, ...]
    bought: tuple[Leg, ...]
    venue: str  #: family of the venue, e.g. ``uniswap_v3``; several are joined by ``+`` in log order
    venue_status: VenueStatus
    native_source: NativeSource | None  #: None where no native coin moved
    fee_native_raw: int  #: gas (with L1 fee) paid by the wallet, wei; 0 where it did not send
    native_bounds: tuple[int, int] | None = None
    """Least and most native coin, wei, where the venues are verified but the amount takes a trace to know."""

    @property
    def counts(self) -> bool:
        """Whether the books count it: it is verified, or no more than 1 % of its native coin is open."""
        if self.venue_status is VenueStatus.VERIFIED:
            return True
        if self.native_bounds is None:
            return False
        least, most = self.native_bounds
        return 100 * (most - least) <= most


class Flow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One movement of a token into (+) or out of (-) the wallet."""

    token: str
    amount_raw: int  #: base units, signed: positive into the wallet
    counterparty: str | None  #: the other side; None for a summed native movement
    log_index: int | None  #: None for native coin


class Move(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A wallet's net movement of one token in one transaction that no trade explains.

    A transfer, liquidity added or removed, a vault, a bridge, an airdrop. Key: (chain_id, tx_hash, wallet, token).
    """

    chain_id: int
    block_number: int
    transaction_index: int  #: -1: not known (an index named it), and so before everything else of its block
    tx_hash: str
    wallet: str
    timestamp: int | None  #: unix seconds of the block
    token: str
    amount_raw: int  #: base units, signed: positive into the wallet; never 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a wallet moved to one address in one transaction without trading, net of what came back from there."""

    chain_id: int
    block_number: int
    tx_hash: str
    timestamp: int  #: unix seconds of the block
    token: str
    amount_raw: int  #: base units, > 0
    to: str


class VenueSwap(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One swap event seen in a transaction."""

    family: str
    emitter: str
    log_index: int
    status: VenueStatus | None  #: None: forged, the emitter's own transfers do not match the event
    reason: str  #: why it has this status, in words


class Decoding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything the decoder saw in one transaction for one wallet."""

    flows: tuple[Flow, ...]
    venues: tuple[VenueSwap, ...]
    trades: tuple[Trade, ...]
    reasons: tuple[str, ...]  #: why it is, or is not, a trade; one sentence each
    on_behalf: bool = False  #: no trade: another swapped what the wallet had approved


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFact:
    """Who made a pool, and of which tokens."""

    factory: str | None  #: None: asked, and no known factory vouches for it
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """An order that was paid in native coin when it was placed, in a transaction before the one that fills it."""

    wallet: str  #: who placed it


Fact = PoolFact | PlacedOrder
"""What the shell looked up for the decoder: about a pool, by its address, or about an order, by its uid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteToken:
    """A token that prices others, known by address and never by symbol."""

    address: str
    symbol: str
    decimals: int
    usd: Decimal | None = None  #: its peg; None for the wrapped native coin, which the feed prices
    usd_feed: str | None = None  #: Chainlink aggregator proxy, token / USD: whether the peg holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Dex:
    """One exchange deployment of a chain: a factory whose pools can be re-derived, or a singleton."""

    kind: str  #: family name as in ``ingest/evm/venues``
    factory: str  #: factory, singleton, vault or settlement contract
    init_code_hash: str | None = None  #: of its pools (EIP-1014); None where pools cannot be derived offline
    deployer: str | None = None  #: CREATE2 deployer where it is not the factory
    name: str | None = None  #: what people call it


@dataclass(frozen=True, slots=True, kw_only=True)
class UncoveredVenue:
    """A venue of a chain whose trades are not verified, or not seen, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What must be known of a chain to read it."""

    name: str
    chain_id: int
    native_symbol: str
    wrapped_native: str
    quote_tokens: tuple[QuoteToken, ...] = ()
    native_usd_feed: str | None = None  #: Chainlink aggregator proxy, native / USD
    dexes: tuple[Dex, ...] = ()
    block_seconds: float = 12.0  #: rough, for estimates only
    unverified: tuple[UncoveredVenue, ...] = ()  #: read here, but vouched for by nobody
    unseen: tuple[UncoveredVenue, ...] = ()  #: not read


class BlockRef(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A block by number and hash."""

    number: int
    hash: str
    timestamp: int  #: unix seconds


class Valuation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a trade was worth; a row of its own, because a trade is a fact and a price is an opinion."""

    chain_id: int
    tx_hash: str
    wallet: str
    ordinal: int
    value_usd: Decimal | None  #: None: unpriced, which is not zero
    gas_usd: Decimal | None  #: the trade's gas; None: unpriced
    source: str  #: one of ``ingest.evm.pricing.valuation.SOURCES``, or ``hop`` (the quote token between two assets)
    as_of: int | None  #: unix seconds of the price


FILE_CHAIN = 0  #: stands for "no chain that a node could be asked about": rows that a file brought


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledTrip:
    """A closed round trip as a file tells it: somebody else kept these books. Key: (wallet, position_id)."""

    wallet: str
    chain_id: int = FILE_CHAIN
    token: str = ""  #: what was traded, in the file's words; empty: not said
    position_id: str
    opened_at: datetime | None  #: UTC, whole seconds
    closed_at: datetime  #: UTC, whole seconds
    cost_usd: Decimal | None  #: what was put in, > 0; in the file's own currency, if that is another
    pnl_usd: Decimal | None
    return_fraction: float | None  #: of what was put in; None: the file does not say

    @property
    def timestamp(self) -> int:
        """Unix seconds of the close: a moment at which the wallet traded."""
        return int(self.closed_at.timestamp())

    @property
    def holding_s(self) -> float | None:
        """Seconds from opening to close."""
        return None if self.opened_at is None else (self.closed_at - self.opened_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTransaction:
    """A node's own words on one transaction, its block hash checked."""

    tx_hash: str
    block: BlockRef
    transaction_index: int
    transaction: Mapping[str, Any]
    receipt: Mapping[str, Any]
    wallets: frozenset[str]  #: watched wallets whose tokens it moved, those apart that were only sent some
