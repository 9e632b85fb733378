"""Small records for tests, every field settable."""

from datetime import UTC, datetime
from decimal import Decimal

from msgspec.structs import replace

from ingest.types import Leg, Move, NativeSource, Trade, Valuation, VenueStatus
from metrics.books.bookkeeping import Entry

USD = "0x" + "aa" * 20
ASSET = "0x" + "bb" * 20
OTHER = "0x" + "cc" * 20
WALLET = "0x" + "11" * 20
START = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())


def trade(n: int, sold: list[tuple[str, int]], bought: list[tuple[str, int]], **changes: object) -> Trade:
    """The n-th trade of a wallet, an hour after the one before."""
    made = Trade(
        chain_id=1,
        block_number=100 + n,
        transaction_index=0,
        tx_hash=f"0x{n:064x}",
        ordinal=0,
        wallet=WALLET,
        timestamp=START + 3600 * n,
        sold=tuple(Leg(*leg) for leg in sold),
        bought=tuple(Leg(*leg) for leg in bought),
        venue="uniswap_v2",
        venue_status=VenueStatus.VERIFIED,
        native_source=NativeSource.VALUE,
        fee_native_raw=0,
    )
    return replace(made, **changes)


def entry(made: Trade, usd: str | None, gas: str | None = "0") -> Entry:
    """A trade worth ``usd`` dollars."""
    return Entry(
        trade=made,
        valuation=Valuation(
            chain_id=made.chain_id,
            tx_hash=made.tx_hash,
            wallet=made.wallet,
            ordinal=made.ordinal,
            value_usd=None if usd is None else Decimal(usd),
            gas_usd=None if gas is None else Decimal(gas),
            source="peg",
            as_of=made.timestamp,
        ),
    )


def buy(n: int, quantity: int, usd: str | None, token: str = ASSET, **options: object) -> Entry:
    """Dollars for an asset."""
    gas = options.pop("gas", "0")
    return entry(trade(n, [(USD, 1)], [(token, quantity)], **options), usd, gas)


def sell(n: int, quantity: int, usd: str | None, token: str = ASSET, **options: object) -> Entry:
    """An asset for dollars."""
    gas = options.pop("gas", "0")
    return entry(trade(n, [(token, quantity)], [(USD, 1)], **options), usd, gas)


def move(n: int, amount: int, token: str = ASSET, **changes: object) -> Move:
    """Base units in (positive) or out (negative) without a trade, in the hour of the n-th trade and after it."""
    made = Move(
        chain_id=1,
        block_number=100 + n,
        transaction_index=1,
        tx_hash=f"0x{n:062x}ee",
        wallet=WALLET,
        timestamp=START + 3600 * n,
        token=token,
        amount_raw=amount,
    )
    return replace(made, **changes)
