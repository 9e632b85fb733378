"""Marks, and the transactions that tell where a token can be sold."""

import json
import zlib
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from metrics.types import Mark
from watcher.store.sql.schema import mark, raw_transaction

#: (wallet, chain id, token)
Holding = tuple[str, int, str]


def write(connection: Connection, items: Iterable[Mark]) -> None:
    """Keep marks; of one holding the first of a UTC day stays."""
    rows = [
        {
            "chain_id": item.chain_id,
            "wallet": item.wallet,
            "token": item.token,
            "day": item.marked_at.date(),
            "marked_at": item.marked_at,
            "quantity_raw": item.quantity_raw,
            "proceeds_usd": item.proceeds_usd,
        }
        for item in items
    ]
    if rows:
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(mark).on_conflict_do_nothing(), rows)


def history(connection: Connection, wallets: Collection[str]) -> list[Mark]:
    """Every mark of these wallets, by wallet, chain, token and time."""
    query = select(mark).where(mark.c.wallet.in_(wallets))
    return _marks(connection, query.order_by(mark.c.wallet, mark.c.chain_id, mark.c.token, mark.c.marked_at))


def newest(connection: Connection, since: datetime) -> dict[Holding, Mark]:
    """The newest mark of each holding, of those at or after a time."""
    query = select(mark).where(mark.c.marked_at >= since).order_by(mark.c.marked_at)
    return {(item.wallet, item.chain_id, item.token): item for item in _marks(connection, query)}


def marked_on(connection: Connection, chain_id: int, day: date) -> set[tuple[str, str]]:
    """(wallet, token) of a chain's holdings that have a mark of a UTC day."""
    query = select(mark.c.wallet, mark.c.token).where(mark.c.chain_id == chain_id, mark.c.day == day)
    return {(row.wallet, row.token) for row in connection.execute(query)}


def receipts(connection: Connection, chain_id: int, hashes: Collection[str]) -> dict[str, dict[str, Any]]:
    """Transaction hash to its raw receipt, of those that are kept."""
    query = select(raw_transaction.c.tx_hash, raw_transaction.c.body).where(
        raw_transaction.c.chain_id == chain_id, raw_transaction.c.tx_hash.in_(hashes)
    )
    return {row.tx_hash: json.loads(zlib.decompress(row.body))["receipt"] for row in connection.execute(query)}


def _marks(connection: Connection, query: Any) -> list[Mark]:
    names = ("wallet", "chain_id", "token", "marked_at", "quantity_raw", "proceeds_usd")
    return [Mark(**{name: getattr(row, name) for name in names}) for row in connection.execute(query)]
