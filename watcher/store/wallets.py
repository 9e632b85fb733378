"""Wallets and where their reading begins."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from watcher.store.sql.schema import (
    coverage,
    file_trade,
    file_trip,
    mark,
    move,
    provision,
    raw_wallet,
    reading,
    suspicion,
    trade,
    valuation,
    wallet,
)
from watcher.types import Role, Wallet


def _wallet(row: Any) -> Wallet:
    return Wallet(
        address=row.address,
        label=row.label,
        role=Role(row.role),
        chains=tuple(row.chains) if row.chains is not None else None,
        followed_since=row.followed_since,
        unfollowed_at=row.unfollowed_at,
        paused=row.paused,
        added_at=row.added_at,
    )


def all_wallets(connection: Connection) -> list[Wallet]:
    """Every wallet, by label and address."""
    found = [_wallet(row) for row in connection.execute(select(wallet).where(wallet.c.removed_at.is_(None)))]
    return sorted(
        found, key=lambda item: (item.label, item.address)
    )  # not in SQL: databases sort words by their locale


def find(connection: Connection, address: str) -> Wallet | None:
    """One wallet by its lower-case address."""
    row = connection.execute(select(wallet).where(wallet.c.address == address, wallet.c.removed_at.is_(None))).first()
    return _wallet(row) if row else None


def add(connection: Connection, item: Wallet) -> bool:
    """Add a wallet; False, and nothing changes, where it is known already."""
    if find(connection, item.address):
        return False
    values = {
        "label": item.label,
        "role": item.role.value,
        "chains": list(item.chains) if item.chains is not None else None,
        "followed_since": item.followed_since,
        "unfollowed_at": item.unfollowed_at,
        "paused": item.paused,
        "added_at": item.added_at,
        "removed_at": None,
    }
    back = connection.execute(update(wallet).where(wallet.c.address == item.address).values(**values))
    if not back.rowcount:
        connection.execute(insert(wallet).values(address=item.address, **values))
    return True


def pause(connection: Connection, address: str, *, paused: bool) -> None:
    """Stop or resume alerts; measuring goes on."""
    connection.execute(update(wallet).where(wallet.c.address == address).values(paused=paused))


def unfollow(connection: Connection, address: str, at: datetime) -> None:
    """Note that the person no longer follows the wallet; measuring goes on."""
    connection.execute(
        update(wallet).where(wallet.c.address == address, wallet.c.unfollowed_at.is_(None)).values(unfollowed_at=at)
    )


def follow(connection: Connection, address: str, at: datetime) -> None:
    """Note that a person follows the wallet again: its baseline ends now."""
    connection.execute(update(wallet).where(wallet.c.address == address).values(unfollowed_at=None, followed_since=at))


def remove(connection: Connection, address: str, at: datetime) -> None:
    """Forget a wallet's readings and trades; flags and decisions about it stay."""
    every = (coverage, reading, raw_wallet, valuation, mark, move, trade, provision, suspicion, file_trade, file_trip)
    for table in every:
        connection.execute(delete(table).where(table.c.wallet == address))
    connection.execute(update(wallet).where(wallet.c.address == address).values(removed_at=at))


def starts(connection: Connection, chain_id: int) -> dict[str, int]:
    """Wallet to the block where its history begins on this chain."""
    rows = connection.execute(select(reading.c.wallet, reading.c.from_block).where(reading.c.chain_id == chain_id))
    return {row.wallet: row.from_block for row in rows}


def set_starts(connection: Connection, chain_id: int, blocks: dict[str, int]) -> None:
    """Fix where the history of wallets begins, or move it."""
    if blocks:
        mine = reading.c.chain_id == chain_id, reading.c.wallet.in_(list(blocks))
        connection.execute(delete(reading).where(*mine))
        rows = [{"chain_id": chain_id, "wallet": address, "from_block": block} for address, block in blocks.items()]
        connection.execute(insert(reading), rows)
