"""``edgewatch export flags`` and ``decisions``: the ledger of what was asked and what was answered."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from alerts.outcome import LookBack
from alerts.types import Act, Decision, Flag
from metrics.types import Evidence
from watcher.cli.inspect import export as app
from watcher.cli.shared import context
from watcher.cli.shared.rows import Format, lines
from watcher.store import flag_log, look_backs
from watcher.store.sql.database import reading

_EVIDENCE = TypeAdapter(Evidence)
Form = Annotated[Format, typer.Option("--format", help="One JSON object a line, or CSV.")]


def flag_row(flag: Flag) -> dict[str, Any]:
    """One flag with its frozen evidence; times in unix seconds."""
    return {
        "flag_id": flag.flag_id,
        "wallet": flag.wallet,
        "label": flag.label,
        "opened_at": int(flag.opened_at.timestamp()),
        "status": flag.status.value,
        "score_years": flag.score,
        "asked_again_score_years": flag.asked_score,
        "recovered_at": None if flag.recovered_at is None else int(flag.recovered_at.timestamp()),
        "config_hash": flag.config_hash,
        "evidence": _EVIDENCE.dump_python(flag.evidence, mode="json"),
    }


def decision_row(decision: Decision, flag: Flag, looks: list[LookBack]) -> dict[str, Any]:
    """One decision with how it looked later."""
    return {
        "what": "decision",
        "decision_id": decision.decision_id,
        "flag_id": decision.flag_id,
        "wallet": flag.wallet,
        "choice": decision.choice.value,
        "until": None if decision.until is None else int(decision.until.timestamp()),
        "at": int(decision.decided_at.timestamp()),
        "by": decision.decided_by,
        "user_id": decision.user_id,
        "channel": decision.channel,
        "message_id": decision.message_id,
        "config_hash": decision.config_hash,
        "note": decision.note,
        "looked_back": [
            {"days": item.days, "turn": item.turn, "verdict": item.verdict, "n": item.n, "value": item.value}
            | {"low": item.low, "high": item.high, "peers_change": item.peers_change, "pnl_usd": item.pnl_usd}
            for item in looks
        ],
    }


def act_row(act: Act) -> dict[str, Any]:
    """What a person said about a wallet, in the columns of a decision."""
    return {
        "what": "act",
        "decision_id": None,
        "flag_id": act.flag_id,
        "wallet": act.wallet,
        "choice": act.verb.value,
        "until": None if act.until is None else int(act.until.timestamp()),
        "at": int(act.at.timestamp()),
        "by": act.by,
        "user_id": act.user_id,
        "channel": act.channel,
        "message_id": None,
        "config_hash": "",
        "note": act.note,
        "looked_back": [],
    }


def export_flags(ctx: typer.Context, form: Form = Format.JSONL) -> None:
    """Print every flag with its evidence, oldest first."""
    with reading(context.of(ctx).engine) as connection:
        items = flag_log.flags(connection)
    for line in lines(map(flag_row, items), form):
        typer.echo(line)


def export_decisions(ctx: typer.Context, form: Form = Format.JSONL) -> None:
    """Print what people decided and said, and how the decisions looked later, by time."""

    def rows() -> Iterator[dict[str, Any]]:
        for item in made:
            looks = [look for look in looked if look.decision_id == item.decision_id]
            yield decision_row(item, flags[item.flag_id], looks)
        yield from map(act_row, acts)

    with reading(context.of(ctx).engine) as connection:
        flags = {flag.flag_id: flag for flag in flag_log.flags(connection)}
        made, acts = flag_log.decisions(connection), flag_log.acts(connection)
        looked = look_backs.all_look_backs(connection)
    for line in lines(sorted(rows(), key=lambda row: (row["at"], row["decision_id"] or 0)), form):
        typer.echo(line)


app.command(name="flags")(export_flags)
app.command(name="decisions")(export_decisions)
