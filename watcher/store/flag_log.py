"""Assessments, flags, and what humans decided and said."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    insert,
    or_,
    select,
    true,
    type_coerce,
    update,
)

from alerts.types import Act, ChartSeries, Choice, Decision, Flag, FlagStatus, Verb
from metrics.types import Assessment, Evidence, Silence, State
from watcher.store.sql.schema import act, assessment, decision, flag, silence, wallet

_EVIDENCE = TypeAdapter(Evidence)
_CHART = TypeAdapter(ChartSeries)
_SILENCE = TypeAdapter(Silence)


def _json(record: Evidence | ChartSeries | Silence) -> str:
    """Write a record so that it is read again as it is, also where a number of it is none."""
    return to_json(record, inf_nan_mode="constants").decode()


# -- assessments -------------------------------------------------------------------------------------------------------


def replace_assessments(connection: Connection, items: Iterable[Assessment]) -> None:
    """Store assessments; one for the same wallet and time is replaced."""
    for item in items:
        same = and_(assessment.c.wallet == item.wallet, assessment.c.as_of == item.as_of)
        values = {
            "state": item.state.value,
            "score": repr(item.score),
            "evidence": _json(item.evidence),
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
    return _newest(connection, true())


def _newest(connection: Connection, among: ColumnElement[bool]) -> dict[str, Assessment]:
    newest = select(assessment.c.wallet, func.max(assessment.c.as_of).label("as_of")).where(among)
    last = newest.group_by(assessment.c.wallet).subquery()
    joined = and_(assessment.c.wallet == last.c.wallet, assessment.c.as_of == last.c.as_of)
    return {row.wallet: _assessment(row) for row in connection.execute(select(assessment).join(last, joined))}


def assessments(connection: Connection, address: str) -> list[Assessment]:
    """All assessments of one wallet as they were made, oldest first."""
    query = select(assessment).where(assessment.c.wallet == address).order_by(assessment.c.as_of)
    return [_assessment(row) for row in connection.execute(query)]


def last_told(connection: Connection) -> dict[str, State]:
    """Wallet to the newest of its states that was in form or flagged: whether a departure goes on."""
    told = assessment.c.state.in_([State.OK.value, State.FLAGGED.value])
    newest = select(assessment.c.wallet, func.max(assessment.c.as_of).label("as_of")).where(told)
    last = newest.group_by(assessment.c.wallet).subquery()
    joined = and_(assessment.c.wallet == last.c.wallet, assessment.c.as_of == last.c.as_of)
    query = select(assessment.c.wallet, assessment.c.state).join(last, joined)
    return {row.wallet: State(row.state) for row in connection.execute(query)}


def days_at_risk(connection: Connection) -> int:
    """Wallet-days since it was followed on which a wallet was judged and a flag about a new departure could come.

    None does while it is flagged, nor before it is seen in form again.
    """
    so_far: dict[str, Any] = {"partition_by": assessment.c.wallet, "order_by": assessment.c.as_of}
    last_of = {
        state: func.max(case((assessment.c.state == state.value, type_coerce(assessment.c.as_of, BigInteger))))
        .over(**so_far)
        .label(state.value)
        for state in (State.OK, State.FLAGGED)
    }
    since = _since_followed(assessment.c.as_of)
    day = (type_coerce(assessment.c.as_of, BigInteger) // 86_400).label("day")
    query = select(assessment.c.wallet, day, assessment.c.state, *last_of.values()).where(since)
    seen = query.join(wallet, wallet.c.address == assessment.c.wallet).subquery()
    over = or_(seen.c.flagged.is_(None), seen.c.ok > seen.c.flagged)
    days = select(seen.c.wallet, seen.c.day).where(seen.c.state != State.LEARNING.value, over).distinct().subquery()
    return int(connection.execute(select(func.count()).select_from(days)).scalar_one())


def _since_followed(at: ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(wallet.c.role == "followed", at >= wallet.c.followed_since)


# -- flags -------------------------------------------------------------------------------------------------------------


def open_flag(
    connection: Connection,
    *,
    address: str,
    at: datetime,
    score: float,
    evidence: Evidence,
    chart: ChartSeries,
    config_hash: str = "",
) -> int:
    """Open a flag with its evidence frozen; returns its id. A wallet has at most one open flag."""
    result = connection.execute(
        insert(flag).values(
            wallet=address,
            opened_at=at,
            status=FlagStatus.OPEN.value,
            score=repr(score),
            evidence=_json(evidence),
            chart=_json(chart),
            config_hash=config_hash,
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
            asked_score=None if row.asked_score is None else float(row.asked_score),
            recovered_at=row.recovered_at,
            config_hash=row.config_hash,
            silence=None if row.body is None else _SILENCE.validate_json(row.body),
        )
        for row in connection.execute(query)
    ]


def _flag_query() -> Select[Any]:
    joined = select(flag, wallet.c.label, silence.c.body).join(wallet, wallet.c.address == flag.c.wallet)
    return joined.outerjoin(silence, silence.c.flag_id == flag.c.flag_id).order_by(flag.c.flag_id)


def flags(connection: Connection, *, address: str | None = None) -> list[Flag]:
    """All flags, or those of one wallet, oldest first."""
    query = _flag_query()
    return _flags(connection, query if address is None else query.where(flag.c.wallet == address))


def departures_since_followed(connection: Connection) -> int:
    """How many departures of followed wallets were flagged, since each was followed.

    A flag that came because a snooze ended, the wallet still out of form, tells of the same departure once more.
    """
    in_order: dict[str, Any] = {"partition_by": flag.c.wallet, "order_by": flag.c.flag_id}
    before = func.lag(flag.c.flag_id).over(**in_order).label("before")
    recovered = func.lag(type_coerce(flag.c.recovered_at, BigInteger)).over(**in_order).label("recovered")
    told = select(before, recovered).join(wallet, wallet.c.address == flag.c.wallet)
    each = told.where(_since_followed(flag.c.opened_at)).subquery()
    query = select(func.count()).select_from(each).where(or_(each.c.before.is_(None), each.c.recovered.is_not(None)))
    return int(connection.execute(query).scalar_one())


def find_flag(connection: Connection, flag_id: int) -> Flag | None:
    """One flag by its id."""
    return next(iter(_flags(connection, _flag_query().where(flag.c.flag_id == flag_id))), None)


def unexplained(connection: Connection) -> list[Flag]:
    """Open flags for which nobody has looked into a silence, oldest first."""
    return _flags(connection, _flag_query().where(flag.c.status == FlagStatus.OPEN.value, silence.c.flag_id.is_(None)))


def asked_again(connection: Connection, flag_id: int, score: float) -> None:
    """Note the score at which an open flag was asked again."""
    connection.execute(update(flag).where(flag.c.flag_id == flag_id).values(asked_score=repr(score)))


def set_recovered(connection: Connection, flag_id: int, at: datetime) -> None:
    """Note that a flag's wallet was seen back in form."""
    connection.execute(update(flag).where(flag.c.flag_id == flag_id).values(recovered_at=at))


def add_silence(connection: Connection, flag_id: int, found: Silence) -> None:
    """Keep what may be the reason of a flag's silence; it is looked for once."""
    connection.execute(insert(silence).values(flag_id=flag_id, at=found.at, body=_json(found)))


def assessed_before(connection: Connection, at: datetime) -> dict[str, Assessment]:
    """Wallet to its newest assessment of that time or earlier."""
    return _newest(connection, assessment.c.as_of <= at)


# -- decisions ---------------------------------------------------------------------------------------------------------


def add_decision(connection: Connection, item: Decision, status: FlagStatus, *, update_id: int | None = None) -> None:
    """Append a decision and move its flag from open to ``status``.

    ``update_id`` is kept where no earlier decision has it: another bot, or Telegram after a quiet week, counts anew.
    """
    taken = select(decision.c.decision_id).where(decision.c.update_id == update_id)
    if update_id is not None and connection.execute(taken).first() is not None:
        update_id = None
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
            message_id=item.message_id,
            config_hash=item.config_hash,
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
            decision_id=row.decision_id,
            message_id=row.message_id,
            config_hash=row.config_hash,
        )
        for row in connection.execute(query)
    ]


def add_act(connection: Connection, item: Act) -> None:
    """Append what a person said about a wallet."""
    connection.execute(
        insert(act).values(
            wallet=item.wallet,
            verb=item.verb.value,
            at=item.at,
            until=item.until,
            flag_id=item.flag_id,
            said_by=item.by,
            user_id=item.user_id,
            channel=item.channel,
            note=item.note,
        )
    )


def acts(connection: Connection, *, address: str | None = None) -> list[Act]:
    """What people said about wallets, oldest first."""
    query = select(act).order_by(act.c.act_id)
    if address is not None:
        query = query.where(act.c.wallet == address)
    return [
        Act(
            wallet=row.wallet,
            verb=Verb(row.verb),
            at=row.at,
            until=row.until,
            flag_id=row.flag_id,
            by=row.said_by,
            user_id=row.user_id,
            channel=row.channel,
            note=row.note,
        )
        for row in connection.execute(query)
    ]
