"""Transactions in which others swapped on a wallet's behalf: no trades, but counted."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select

from watcher.store.sql.bulk import insert_rows
from watcher.store.sql.schema import on_behalf


def add(connection: Connection, swaps: Iterable[tuple[int, str, str, int]]) -> None:
    """Keep such transactions: chain id, hash, wallet and block of each; one that is there stays."""
    names = on_behalf.columns.keys()
    insert_rows(connection, on_behalf, [dict(zip(names, swap, strict=True)) for swap in swaps])


def clear(connection: Connection) -> None:
    """Drop them all, to be found again in the raw transactions."""
    connection.execute(delete(on_behalf))


def counts(connection: Connection) -> dict[str, int]:
    """Wallet to the number of such transactions; wallets without one are left out."""
    query = select(on_behalf.c.wallet, func.count().label("swaps")).group_by(on_behalf.c.wallet)
    return {row.wallet: row.swaps for row in connection.execute(query)}
