"""Doubts about trades, and what they rest on."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from ingest.evm.movements.liquidity import Provision
from ingest.evm.movements.wash_trades import Doubt, Suspicion
from ingest.types import RawTransaction
from watcher.store.sql.bulk import insert_rows
from watcher.store.sql.schema import provision, suspicion, trade

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


def provisions(
    connection: Connection, chain_id: int, wallets: Iterable[str], *, before: int
) -> dict[tuple[str, str], list[tuple[Place, Provision]]]:
    """What wallets had added to pools and taken out of them before a block, and where: by (wallet, pool)."""
    query = select(provision).where(
        provision.c.chain_id == chain_id, provision.c.wallet.in_(sorted(wallets)), provision.c.block_number < before
    )
    found: dict[tuple[str, str], list[tuple[Place, Provision]]] = {}
    for row in connection.execute(query):
        item = Provision(
            pool=row.pool,
            log_index=row.log_index,
            liquidity=row.liquidity,
            lower=row.lower_tick,
            upper=row.upper_tick,
        )
        place = (row.block_number, row.transaction_index)
        found.setdefault((row.wallet, row.pool), []).append((place, item))
    return found


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
