"""How decisions turned out."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import Connection, and_, insert, select

from alerts.outcome import LookBack
from watcher.store.sql.schema import decision, look_back

_BODY = TypeAdapter(LookBack)


def due(connection: Connection, horizons: Iterable[int], now: datetime) -> list[tuple[int, int]]:
    """(Decision id, days) of every look back whose days are over, and that was not written yet."""
    found = []
    for days in horizons:
        written = and_(look_back.c.decision_id == decision.c.decision_id, look_back.c.days == days)
        query = select(decision.c.decision_id).where(
            decision.c.decided_at <= now - timedelta(days=days),
            ~select(look_back.c.days).where(written).exists(),
        )
        found += [(decision_id, days) for decision_id in connection.execute(query).scalars()]
    return sorted(found)


def add(connection: Connection, item: LookBack, at: datetime) -> None:
    """Write one look back."""
    body = _BODY.dump_json(item).decode()
    connection.execute(insert(look_back).values(decision_id=item.decision_id, days=item.days, at=at, body=body))


def all_look_backs(connection: Connection) -> list[LookBack]:
    """All that were written."""
    query = select(look_back.c.body).order_by(look_back.c.decision_id, look_back.c.days)
    return [_BODY.validate_json(body) for body in connection.execute(query).scalars()]
