"""Who placed orders that were paid before they were filled."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from ingest.types import PlacedOrder
from watcher.store.sql.bulk import insert_rows
from watcher.store.sql.schema import placed_order


def add(connection: Connection, chain_id: int, orders: Mapping[str, PlacedOrder]) -> None:
    """Keep who placed which order, by its uid; what is there stays."""
    rows = [{"chain_id": chain_id, "uid": uid, "wallet": order.wallet} for uid, order in sorted(orders.items())]
    insert_rows(connection, placed_order, rows)


def placed(connection: Connection, chain_id: int) -> dict[str, PlacedOrder]:
    """Uid to who placed the order."""
    rows = connection.execute(select(placed_order).where(placed_order.c.chain_id == chain_id))
    return {row.uid: PlacedOrder(wallet=row.wallet) for row in rows}
