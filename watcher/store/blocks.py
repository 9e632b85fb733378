"""Hashes of blocks that were read, and taking back what a reorganisation replaced."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, delete, exists, func, or_, select, union, update

from ingest.evm.sync.header_checks import Link
from ingest.evm.sync.reorg import TAIL
from watcher.store.sql.bulk import insert_rows
from watcher.store.sql.schema import (
    block,
    coverage,
    feed_price,
    move,
    on_behalf,
    provision,
    raw_transaction,
    raw_wallet,
    suspicion,
    trade,
    valuation,
)


def remember(connection: Connection, chain_id: int, links: Iterable[Link]) -> None:
    """Keep blocks; of all of a chain only the ``TAIL`` newest stay, and those at the ends of coverage."""
    new = {link.number: link for link in links}
    if not new:
        return
    mine = block.c.chain_id == chain_id
    connection.execute(delete(block).where(mine, block.c.number.between(min(new), max(new))))
    rows = [
        {"chain_id": chain_id, "number": link.number, "hash": link.hash, "parent": link.parent} for link in new.values()
    ]
    insert_rows(connection, block, rows)
    newest = select(func.max(block.c.number)).where(block.c.chain_id == chain_id).scalar_subquery()
    ends = union(
        select(coverage.c.first_block).where(coverage.c.chain_id == chain_id),
        select(coverage.c.last_block).where(coverage.c.chain_id == chain_id),
    )
    old = and_(block.c.chain_id == chain_id, block.c.number <= newest - TAIL, block.c.number.not_in(ends))
    connection.execute(delete(block).where(old))


def known(connection: Connection, chain_id: int) -> dict[int, Link]:
    """Number to block, of those that are still covered for somebody."""
    covers = exists().where(
        coverage.c.chain_id == chain_id, block.c.number.between(coverage.c.first_block, coverage.c.last_block)
    )
    rows = connection.execute(select(block).where(block.c.chain_id == chain_id, covers))
    return {row.number: Link(number=row.number, hash=row.hash, parent=row.parent) for row in rows}


def roll_back(connection: Connection, chain_id: int, after: int, *, until: int) -> None:
    """Delete everything that was read of the blocks after one.

    Parameters
    ----------
    after
        The last block that stays.
    until
        Unix seconds at which coverage that reached further now ends.
    """
    orphaned = [
        select(table.c.tx_hash).where(table.c.chain_id == chain_id, table.c.block_number > after)
        for table in (raw_transaction, trade)
    ]
    for table in (valuation, suspicion, raw_wallet):
        named = or_(*(table.c.tx_hash.in_(names) for names in orphaned))
        connection.execute(delete(table).where(table.c.chain_id == chain_id, named))
    for table in (trade, move, on_behalf, provision, feed_price, raw_transaction):
        connection.execute(delete(table).where(table.c.chain_id == chain_id, table.c.block_number > after))
    connection.execute(delete(block).where(block.c.chain_id == chain_id, block.c.number > after))
    mine = coverage.c.chain_id == chain_id
    connection.execute(delete(coverage).where(mine, coverage.c.first_block > after))
    end = datetime.fromtimestamp(until, UTC)
    connection.execute(
        update(coverage).where(mine, coverage.c.last_block > after).values(last_block=after, last_at=end)
    )
