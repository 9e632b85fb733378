"""Doubts about trades, and what they rest on."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from ingest.liquidity import Provision
from ingest.read import RawTransaction
from ingest.suspicion import Doubt, Suspicion
from watcher.store.bulk import insert_rows
from watcher.store.schema import provision, suspicion, trade

#: (chain id, transaction, wallet, ordinal)
TradeKey = tuple[int, str, str, int]
#: Block and index of a transaction.
Place = tuple[int, int]


def add_provisions(
    connection: Connection, chain_id: int, items: Iterable[tuple[RawTransaction, str, Provision]]
) -> None:
    """Keep what wallets added to pools; what is there stays."""
    rows = [
        {
            "chain_id": chain_id,
            "tx_hash": raw.tx_hash,
            "wallet": wallet,
            "log_index": item.log_index,
            "block_number": raw.block.number,
            "transaction_index": raw.transaction_index,
            "pool": item.pool,
            "liquidity": item.liquidity,
            "lower_tick": item.lower,
            "upper_tick": item.upper,
        }
        for raw, wallet, item in items
    ]
    insert_rows(connection, provision, rows)


def provisions(connection: Connection, chain_id: int, wallet: str, pool: str, before: Place) -> list[Provision]:
    """What a wallet had added to a pool, and taken out of it, before a transaction."""
    query = select(provision).where(
        provision.c.chain_id == chain_id,
        provision.c.wallet == wallet,
        provision.c.pool == pool,
        provision.c.block_number <= before[0],
    )
    return [
        Provision(
            pool=row.pool,
            log_index=row.log_index,
            liquidity=row.liquidity,
            lower=row.lower_tick,
            upper=row.upper_tick,
        )
        for row in connection.execute(query)
        if (row.block_number, row.transaction_index) < before
    ]


def own_trades(connection: Connection, chain_id: int, wallet: str, first: int, last: int) -> set[str]:
    """Hashes of a wallet's trades in a range of blocks."""
    query = select(trade.c.tx_hash).where(
        trade.c.chain_id == chain_id, trade.c.wallet == wallet, trade.c.block_number.between(first, last)
    )
    return set(connection.execute(query).scalars())


def add(connection: Connection, items: Iterable[Suspicion]) -> None:
    """Keep doubts; the first about a trade stays."""
    names = ("chain_id", "tx_hash", "wallet", "ordinal", "pool")
    rows: list[dict[str, Any]] = [
        {**{name: getattr(item, name) for name in names}, "doubt": item.doubt.value} for item in items
    ]
    insert_rows(connection, suspicion, rows)


def doubts(connection: Connection) -> dict[TradeKey, Suspicion]:
    """Every doubtful trade, by its key."""
    return {
        (row.chain_id, row.tx_hash, row.wallet, row.ordinal): Suspicion(
            chain_id=row.chain_id,
            tx_hash=row.tx_hash,
            wallet=row.wallet,
            ordinal=row.ordinal,
            pool=row.pool,
            doubt=Doubt(row.doubt),
        )
        for row in connection.execute(select(suspicion))
    }
