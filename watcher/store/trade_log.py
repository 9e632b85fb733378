"""Raw transactions, trades, valuations, prices, tokens and coverage."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, and_, bindparam, delete, exists, func, insert, select, update

from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.lookup.traces import Internal
from ingest.evm.pricing.valuation import Answer, FeedPrices
from ingest.evm.sync.header_checks import ENDS, PROVEN
from ingest.types import (
    FILE_CHAIN,
    BlockRef,
    Leg,
    Move,
    NativeSource,
    RawTransaction,
    Trade,
    Valuation,
    VenueStatus,
)
from watcher.store.sql.bulk import insert_rows
from watcher.store.sql.schema import (
    coverage,
    feed_price,
    move,
    raw_transaction,
    raw_wallet,
    token,
    trade,
    valuation,
)
from watcher.types import Coverage, TokenInfo

PACKED = 3  #: zlib level; 6 is 7 % smaller and takes 1.7 times as long on receipts
LEVELS = (PROVEN, ENDS, "indexed")  #: of coverage by a node, see ``Coverage``

# -- raw ---------------------------------------------------------------------------------------------------------------


def add_raw(
    connection: Connection, chain_id: int, items: Iterable[RawTransaction], internals: Mapping[str, list[Internal]]
) -> None:
    """Keep raw transactions, with the internal transactions of those that were traced."""
    rows, touched = [], []
    for raw in items:
        body: dict[str, Any] = {"transaction": raw.transaction, "receipt": raw.receipt}
        if raw.tx_hash in internals:
            body["internal_transactions"] = internals[raw.tx_hash]
        rows.append(
            {
                "chain_id": chain_id,
                "tx_hash": raw.tx_hash,
                "block_number": raw.block.number,
                "block_hash": raw.block.hash,
                "transaction_index": raw.transaction_index,
                "timestamp": raw.block.timestamp,
                "body": zlib.compress(msgspec.json.encode(body), PACKED),
            }
        )
        touched += [{"chain_id": chain_id, "tx_hash": raw.tx_hash, "wallet": wallet} for wallet in sorted(raw.wallets)]
    insert_rows(connection, raw_transaction, rows)
    insert_rows(connection, raw_wallet, touched)


def raw_transactions(
    connection: Connection, wallet: str | None = None, *, since: int | None = None
) -> Iterator[tuple[int, RawTransaction, list[Internal] | None]]:
    """Every raw transaction that was kept, once for each wallet that it touched, in the chain's order.

    With its chain id before it, and behind it its internal transactions, None where there was no trace. Those of one
    ``wallet``, or of blocks ``since`` a time (unix seconds), where these are given.
    """
    joined = and_(
        raw_wallet.c.chain_id == raw_transaction.c.chain_id, raw_wallet.c.tx_hash == raw_transaction.c.tx_hash
    )
    query = (
        select(raw_transaction, raw_wallet.c.wallet)
        .join(raw_wallet, joined)
        .order_by(
            raw_transaction.c.chain_id,
            raw_transaction.c.block_number,
            raw_transaction.c.transaction_index,
            raw_wallet.c.wallet,
        )
    )
    if wallet is not None:
        query = query.where(raw_wallet.c.wallet == wallet)
    if since is not None:
        query = query.where(raw_transaction.c.timestamp >= since)
    for row in connection.execute(query).yield_per(500):
        body = msgspec.json.decode(zlib.decompress(row.body))
        raw = RawTransaction(
            tx_hash=row.tx_hash,
            block=BlockRef(number=row.block_number, hash=row.block_hash, timestamp=row.timestamp),
            transaction_index=row.transaction_index,
            transaction=body["transaction"],
            receipt=body["receipt"],
            wallets=frozenset({row.wallet}),
        )
        yield row.chain_id, raw, body.get("internal_transactions")


# -- trades ------------------------------------------------------------------------------------------------------------


def add_trades(
    connection: Connection,
    trades: Iterable[Trade],
    *,
    decoder: int,
    known_at: datetime,
    known_before: Mapping[tuple[int, str, str], datetime] = MappingProxyType({}),
) -> None:
    """Add trades; a trade that is there stays as it is.

    ``known_before`` (see ``known_times``) keeps the time at which a transaction first became known.
    """
    rows = [
        {
            "chain_id": item.chain_id,
            "tx_hash": item.tx_hash,
            "wallet": item.wallet,
            "ordinal": item.ordinal,
            "block_number": item.block_number,
            "transaction_index": item.transaction_index,
            "timestamp": item.timestamp,
            "sold": [[leg.token, str(leg.amount_raw)] for leg in item.sold],
            "bought": [[leg.token, str(leg.amount_raw)] for leg in item.bought],
            "venue": item.venue,
            "venue_status": item.venue_status.value,
            "native_source": item.native_source.value if item.native_source else None,
            "native_bounds": [str(n) for n in item.native_bounds] if item.native_bounds else None,
            "fee_native_raw": item.fee_native_raw,
            "decoder": decoder,
            "known_at": known_before.get((item.chain_id, item.tx_hash, item.wallet), known_at),
        }
        for item in trades
    ]
    insert_rows(connection, trade, rows)


def _legs(value: Any) -> tuple[Leg, ...]:
    return tuple(Leg(address, int(amount)) for address, amount in value)


def trades(connection: Connection, wallet: str | None = None) -> list[tuple[Trade, Valuation | None, datetime]]:
    """Trades with their valuation and the time they became known, in the order of the export."""
    key = ("chain_id", "tx_hash", "wallet", "ordinal")
    joined = and_(*(trade.c[name] == valuation.c[name] for name in key))
    query = select(trade, valuation.c.value_usd, valuation.c.gas_usd, valuation.c.source, valuation.c.as_of).outerjoin(
        valuation, joined
    )
    if wallet is not None:
        query = query.where(trade.c.wallet == wallet)
    query = query.order_by(
        trade.c.chain_id, trade.c.block_number, trade.c.transaction_index, trade.c.wallet, trade.c.ordinal
    )
    found = []
    for row in connection.execute(query):
        item = Trade(
            chain_id=row.chain_id,
            block_number=row.block_number,
            transaction_index=row.transaction_index,
            tx_hash=row.tx_hash,
            ordinal=row.ordinal,
            wallet=row.wallet,
            timestamp=row.timestamp,
            sold=_legs(row.sold),
            bought=_legs(row.bought),
            venue=row.venue,
            venue_status=VenueStatus(row.venue_status),
            native_source=NativeSource(row.native_source) if row.native_source else None,
            fee_native_raw=row.fee_native_raw,
            native_bounds=(int(row.native_bounds[0]), int(row.native_bounds[1])) if row.native_bounds else None,
        )
        worth = None
        if row.source is not None:
            worth = Valuation(
                chain_id=row.chain_id,
                tx_hash=row.tx_hash,
                wallet=row.wallet,
                ordinal=row.ordinal,
                value_usd=row.value_usd,
                gas_usd=row.gas_usd,
                source=row.source,
                as_of=row.as_of,
            )
        found.append((item, worth, row.known_at))
    return found


def known_times(connection: Connection) -> dict[tuple[int, str, str], datetime]:
    """(chain id, transaction, wallet) to the time at which its trades became known."""
    rows = connection.execute(select(trade.c.chain_id, trade.c.tx_hash, trade.c.wallet, trade.c.known_at))
    return {(row.chain_id, row.tx_hash, row.wallet): row.known_at for row in rows}


_MOVE = ("chain_id", "tx_hash", "wallet", "token", "block_number", "transaction_index", "timestamp", "amount_raw")


def add_moves(connection: Connection, items: Iterable[Move]) -> None:
    """Add moves; one that is there stays as it is."""
    insert_rows(connection, move, [{name: getattr(item, name) for name in _MOVE} for item in items])


def moves(connection: Connection, wallet: str | None = None) -> list[Move]:
    """What moved without being traded, in the chain's order."""
    query = select(move).order_by(move.c.chain_id, move.c.block_number, move.c.transaction_index, move.c.token)
    if wallet is not None:
        query = query.where(move.c.wallet == wallet)
    return [Move(**{name: getattr(row, name) for name in _MOVE}) for row in connection.execute(query)]


def clear_trades(connection: Connection) -> None:
    """Drop trades, moves and valuations, to be built again from the raw transactions.

    A move that was read from its log alone has no raw transaction, and stays.
    """
    same = [raw_wallet.c[name] == move.c[name] for name in ("chain_id", "tx_hash", "wallet")]
    connection.execute(delete(move).where(exists().where(*same)))
    connection.execute(delete(valuation))
    connection.execute(delete(trade))


def add_valuations(connection: Connection, items: Iterable[Valuation]) -> None:
    """Add valuations; one that is there stays as it is."""
    names = ("chain_id", "tx_hash", "wallet", "ordinal", "value_usd", "gas_usd", "source", "as_of")
    insert_rows(connection, valuation, [{name: getattr(item, name) for name in names} for item in items])


# -- prices and tokens -------------------------------------------------------------------------------------------------


def unvalued(connection: Connection, chain_id: int) -> list[tuple[Trade, Valuation]]:
    """Verified trades of a chain that nothing has priced yet, with their valuations."""
    return [
        (item, worth)
        for item, worth, _ in trades(connection)
        if item.chain_id == chain_id
        and item.counts
        and item.timestamp is not None
        and worth is not None
        and worth.source == "none"
    ]


def revalue(connection: Connection, items: Iterable[Valuation]) -> None:
    """Replace valuations of trades that nothing had priced; one that has a source by now stays."""
    for item in items:
        key = [valuation.c[name] == getattr(item, name) for name in ("chain_id", "tx_hash", "wallet", "ordinal")]
        found = {"value_usd": item.value_usd, "source": item.source, "as_of": item.as_of}
        connection.execute(update(valuation).where(*key, valuation.c.source == "none").values(found))


def add_feed_prices(connection: Connection, chain_id: int, prices: FeedPrices) -> None:
    """Keep what each token's feed said at each block."""
    rows = []
    for address, answers in sorted(prices.items()):
        for block, answer in sorted(answers.items()):
            usd, as_of = answer or (None, None)
            rows.append({"chain_id": chain_id, "token": address, "block_number": block, "usd": usd, "as_of": as_of})
    insert_rows(connection, feed_price, rows)


def feed_prices(connection: Connection, chain_id: int) -> FeedPrices:
    """What each token's feed said at each block."""
    prices: dict[str, dict[int, Answer | None]] = {}
    for row in connection.execute(select(feed_price).where(feed_price.c.chain_id == chain_id)):
        prices.setdefault(row.token, {})[row.block_number] = None if row.usd is None else (row.usd, row.as_of)
    return prices


def add_tokens(connection: Connection, items: Iterable[TokenInfo]) -> None:
    """Keep what tokens say about themselves."""
    names = ("chain_id", "address", "symbol", "decimals")
    insert_rows(connection, token, [{name: getattr(item, name) for name in names} for item in items])


def tokens(connection: Connection) -> dict[tuple[int, str], TokenInfo]:
    """(chain id, address) to token."""
    rows = connection.execute(select(token)).mappings()
    return {(row["chain_id"], row["address"]): TokenInfo(**row) for row in rows}


def decimals(connection: Connection, chain_id: int) -> dict[str, int | None]:
    """Address to decimals of every token of a chain that was asked; None where it gave no usable answer."""
    rows = connection.execute(select(token.c.address, token.c.decimals).where(token.c.chain_id == chain_id))
    return {row.address: row.decimals for row in rows}


# -- coverage ----------------------------------------------------------------------------------------------------------


def add_coverage(connection: Connection, items: Iterable[Coverage]) -> None:
    """Note blocks as read; a range that touches its neighbour of the same level is joined to it.

    A window is noted for each of a thousand wallets: in three statements, however many they are.
    """
    added = list(items)
    if not added:
        return
    chain_ids = {item.chain_id for item in added}
    first, last = min(item.first_block for item in added), max(item.last_block for item in added)
    near = and_(coverage.c.first_block <= last + 1, coverage.c.last_block >= first - 1)
    here = select(coverage).where(coverage.c.chain_id.in_(chain_ids), near)
    before = [Coverage(**row) for row in connection.execute(here).mappings()]
    after: dict[tuple[int, str, str], list[Coverage]] = {}
    for item in before:
        after.setdefault((item.chain_id, item.wallet, item.level), []).append(item)
    for item in added:
        known = after.setdefault((item.chain_id, item.wallet, item.level), [])
        parts = [each for each in known if _touch(each, item)]
        known[:] = [each for each in known if each not in parts] + [_joined([item, *parts])]
    wanted = {item for ranges in after.values() for item in ranges}
    keys = ("chain_id", "wallet", "first_block")
    gone = [{f"_{key}": getattr(item, key) for key in keys} for item in before if item not in wanted]
    if gone:
        same = and_(*(coverage.c[key] == bindparam(f"_{key}") for key in keys))
        connection.execute(delete(coverage).where(same), gone)
    names = coverage.columns.keys()  # not ``asdict``, which copies each date
    fresh = [{name: getattr(item, name) for name in names} for item in wanted.difference(before)]
    if fresh:
        connection.execute(insert(coverage), fresh)


def _touch(one: Coverage, other: Coverage) -> bool:
    return one.first_block <= other.last_block + 1 and one.last_block >= other.first_block - 1


def _joined(parts: Sequence[Coverage]) -> Coverage:
    return replace(
        parts[0],
        first_block=min(part.first_block for part in parts),
        last_block=max(part.last_block for part in parts),
        first_at=min(part.first_at for part in parts),
        last_at=max(part.last_at for part in parts),
    )


def coverages(connection: Connection, chain_id: int | None = None) -> list[Coverage]:
    """All coverage, by chain, wallet and block."""
    query = select(coverage).order_by(coverage.c.chain_id, coverage.c.wallet, coverage.c.first_block)
    if chain_id is not None:
        query = query.where(coverage.c.chain_id == chain_id)
    return [Coverage(**row) for row in connection.execute(query).mappings()]


def covered_blocks(connection: Connection, chain_id: int) -> dict[str, list[BlockRange]]:
    """Wallet to the blocks read for it."""
    blocks: dict[str, list[BlockRange]] = {}
    for item in coverages(connection, chain_id):
        blocks.setdefault(item.wallet, []).append(BlockRange(item.first_block, item.last_block))
    return blocks


def counts(connection: Connection) -> dict[str, int]:
    """How many rows the ledger holds, and of which quality: transactions, trades, valuations, answers of feeds."""

    def one(query: Select[int]) -> int:
        return int(connection.execute(query).scalar_one())

    return {
        "transactions": one(select(func.count()).select_from(raw_transaction)),
        "trades": one(select(func.count()).select_from(trade)),
        "unverified": one(
            select(func.count()).select_from(trade).where(trade.c.venue_status == VenueStatus.UNVERIFIED.value)
        ),
        "unpriced": one(select(func.count()).select_from(valuation).where(valuation.c.value_usd.is_(None))),
        "peg_unchecked": one(select(func.count()).select_from(valuation).where(valuation.c.source == "peg_unchecked")),
        "refused_prices": one(select(func.count()).select_from(feed_price).where(feed_price.c.usd.is_(None))),
        **{f"{level}_blocks": _blocks_at(connection, level) for level in LEVELS},
    }


def _blocks_at(connection: Connection, level: str) -> int:
    """Blocks read at a level of coverage, counted once for each wallet."""
    blocks = func.coalesce(func.sum(coverage.c.last_block - coverage.c.first_block + 1), 0)
    chains = coverage.c.chain_id != FILE_CHAIN
    return int(connection.execute(select(blocks).where(chains, coverage.c.level == level)).scalar_one())


def last_block_time(connection: Connection) -> datetime | None:
    """Time of the newest block read for any wallet."""
    blocks = coverage.c.chain_id != FILE_CHAIN
    newest = connection.execute(select(func.max(coverage.c.last_at)).where(blocks)).scalar_one()
    return newest if newest is None or isinstance(newest, datetime) else datetime.fromtimestamp(newest, UTC)
