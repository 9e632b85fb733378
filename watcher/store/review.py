"""Assessments, flags, their delivery, and what humans decided."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Select, and_, func, insert, select, update

from alerts.types import ChartSeries, Choice, Decision, Flag, FlagStatus
from metrics.types import Assessment, Evidence, State
from watcher.store.schema import assessment, decision, flag, outbox, wallet
from watcher.types import Delivery

_EVIDENCE = TypeAdapter(Evidence)
_CHART = TypeAdapter(ChartSeries)


# -- assessments -------------------------------------------------------------------------------------------------------


def replace_assessments(connection: Connection, items: Iterable[Assessment]) -> None:
    """Store assessments; one for the same wallet and time is replaced."""
    for item in items:
        same = and_(assessment.c.wallet == item.wallet, assessment.c.as_of == item.as_of)
        values = {
            "state": item.state.value,
            "score": repr(item.score),
            "evidence": _EVIDENCE.dump_json(item.evidence).decode(),
        }
        changed = connection.execute(update(assessment).where(same).values(**values))
        if not changed.rowcount:
            connection.execute(insert(assessment).values(wallet=item.wallet, as_of=item.as_of, **values))


def _assessment(row: Any) -> Assessment:
    return Assessment(
        wallet=row.wallet,
        as_of=row.as_of,
        score=float(row.score),
        flagged=row.state == State.FLAGGED,
        state=State(row.state),
        evidence=_EVIDENCE.validate_json(row.evidence),
    )


def latest_assessments(connection: Connection) -> dict[str, Assessment]:
    """Wallet to its newest assessment."""
    newest = select(assessment.c.wallet, func.max(assessment.c.as_of).label("as_of")).group_by(assessment.c.wallet)
    last = newest.subquery()
    joined = and_(assessment.c.wallet == last.c.wallet, assessment.c.as_of == last.c.as_of)
    return {row.wallet: _assessment(row) for row in connection.execute(select(assessment).join(last, joined))}


# -- flags -------------------------------------------------------------------------------------------------------------


def open_flag(
    connection: Connection, *, address: str, at: datetime, score: float, evidence: Evidence, chart: ChartSeries
) -> int:
    """Open a flag with its evidence frozen; returns its id. A wallet has at most one open flag."""
    result = connection.execute(
        insert(flag).values(
            wallet=address,
            opened_at=at,
            status=FlagStatus.OPEN.value,
            score=repr(score),
            evidence=_EVIDENCE.dump_json(evidence).decode(),
            chart=_CHART.dump_json(chart).decode(),
        )
    )
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _flags(connection: Connection, query: Select[Any]) -> list[Flag]:
    return [
        Flag(
            flag_id=row.flag_id,
            wallet=row.wallet,
            label=row.label,
            opened_at=row.opened_at,
            status=FlagStatus(row.status),
            score=float(row.score),
            evidence=_EVIDENCE.validate_json(row.evidence),
            chart=_CHART.validate_json(row.chart),
        )
        for row in connection.execute(query)
    ]


def _flag_query() -> Select[Any]:
    return select(flag, wallet.c.label).join(wallet, wallet.c.address == flag.c.wallet).order_by(flag.c.flag_id)


def flags(connection: Connection, *, address: str | None = None) -> list[Flag]:
    """All flags, or those of one wallet, oldest first."""
    query = _flag_query()
    return _flags(connection, query if address is None else query.where(flag.c.wallet == address))


def find_flag(connection: Connection, flag_id: int) -> Flag | None:
    """One flag by its id."""
    return next(iter(_flags(connection, _flag_query().where(flag.c.flag_id == flag_id))), None)


# -- decisions ---------------------------------------------------------------------------------------------------------


def add_decision(connection: Connection, item: Decision, status: FlagStatus, *, update_id: int | None = None) -> None:
    """Append a decision and move its flag from open to ``status``."""
    connection.execute(
        insert(decision).values(
            flag_id=item.flag_id,
            choice=item.choice.value,
            until=item.until,
            decided_at=item.decided_at,
            decided_by=item.decided_by,
            user_id=item.user_id,
            channel=item.channel,
            note=item.note,
            update_id=update_id,
        )
    )
    connection.execute(update(flag).where(flag.c.flag_id == item.flag_id).values(status=status.value))


def decisions(connection: Connection, *, flag_id: int | None = None, address: str | None = None) -> list[Decision]:
    """Decisions, oldest first."""
    query = select(decision).join(flag, flag.c.flag_id == decision.c.flag_id).order_by(decision.c.decision_id)
    if flag_id is not None:
        query = query.where(decision.c.flag_id == flag_id)
    if address is not None:
        query = query.where(flag.c.wallet == address)
    return [
        Decision(
            flag_id=row.flag_id,
            choice=Choice(row.choice),
            until=row.until,
            decided_at=row.decided_at,
            decided_by=row.decided_by,
            user_id=row.user_id,
            channel=row.channel,
            note=row.note,
        )
        for row in connection.execute(query)
    ]


# -- delivery ----------------------------------------------------------------------------------------------------------


def enqueue(connection: Connection, flag_id: int, at: datetime) -> None:
    """Put a flag's message into the outbox."""
    connection.execute(insert(outbox).values(flag_id=flag_id, state="pending", tries=0, not_before=at))


def claim(connection: Connection, now: datetime) -> Delivery | None:
    """Take the oldest message and mark it ``sending``; None if there is none, or it must wait: nothing overtakes.

    A message left in ``sending`` by a crash is due again: it may have been sent, and the repeat shows the same flag.
    """
    waiting = select(outbox).where(outbox.c.state.in_(("pending", "sending"))).order_by(outbox.c.outbox_id)
    row = connection.execute(waiting.limit(1)).first()
    if row is None or row.not_before > now:
        return None
    connection.execute(
        update(outbox).where(outbox.c.outbox_id == row.outbox_id).values(state="sending", tries=row.tries + 1)
    )
    return Delivery(
        outbox_id=row.outbox_id,
        flag_id=row.flag_id,
        state="sending",
        tries=row.tries + 1,
        message_id=row.message_id,
        problem=row.problem,
    )


def sent(connection: Connection, outbox_id: int, message_id: int, at: datetime) -> None:
    """Note that a message arrived."""
    connection.execute(
        update(outbox)
        .where(outbox.c.outbox_id == outbox_id)
        .values(state="sent", message_id=message_id, sent_at=at, problem=None)
    )


def unsent(connection: Connection, outbox_id: int, problem: str, *, again_at: datetime | None) -> None:
    """Note that a message did not arrive; ``again_at`` None: it never will by itself."""
    values: dict[str, Any] = {"state": "pending" if again_at else "failed", "problem": problem}
    if again_at:
        values["not_before"] = again_at
    connection.execute(update(outbox).where(outbox.c.outbox_id == outbox_id).values(**values))


def deliveries(connection: Connection) -> list[Delivery]:
    """Every message, oldest first."""
    return [
        Delivery(
            outbox_id=row.outbox_id,
            flag_id=row.flag_id,
            state=row.state,
            tries=row.tries,
            message_id=row.message_id,
            problem=row.problem,
        )
        for row in connection.execute(select(outbox).order_by(outbox.c.outbox_id))
    ]
