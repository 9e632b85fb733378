"""What was spent, and small facts that survive a restart."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, and_, func, insert, select, update

from watcher.store.sql.schema import memo, usage


def remember(connection: Connection, key: str, value: str) -> None:
    """Keep a small fact."""
    changed = connection.execute(update(memo).where(memo.c.key == key).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(memo).values(key=key, value=value))


def recall(connection: Connection, key: str) -> str | None:
    """A small fact, or None."""
    return connection.execute(select(memo.c.value).where(memo.c.key == key)).scalar_one_or_none()


def add_usage(
    connection: Connection, day: date, chain_id: int, spent: Mapping[str, tuple[int, int]], *, purpose: str = ""
) -> None:
    """Add (requests, units) by method to a UTC day; what has a ``purpose`` is counted apart as well."""
    for name, (requests, units) in spent.items():
        method = f"{purpose} {name}".strip()
        same = and_(usage.c.day == day, usage.c.chain_id == chain_id, usage.c.method == method)
        changed = connection.execute(
            update(usage).where(same).values(requests=usage.c.requests + requests, units=usage.c.units + units)
        )
        if not changed.rowcount:
            connection.execute(
                insert(usage).values(day=day, chain_id=chain_id, method=method, requests=requests, units=units)
            )


def units_on(connection: Connection, day: date, *, purpose: str | None = None) -> int:
    """Provider units spent on a UTC day, all chains; with ``purpose``, those spent on it alone."""
    query = select(func.coalesce(func.sum(usage.c.units), 0)).where(usage.c.day == day)
    if purpose is not None:
        query = query.where(usage.c.method.startswith(f"{purpose} "))
    return int(connection.execute(query).scalar_one())


def usage_on(connection: Connection, day: date) -> dict[tuple[int, str], tuple[int, int]]:
    """(chain id, method) to (requests, units) of a UTC day."""
    rows = connection.execute(select(usage).where(usage.c.day == day))
    return {(row.chain_id, row.method): (row.requests, row.units) for row in rows}
