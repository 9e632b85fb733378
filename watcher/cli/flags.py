"""``edgewatch flags``: the review, on the command line."""

from dataclasses import asdict
from typing import Annotated

import typer

from alerts.errors import ReviewError
from alerts.messages.message import decided, details, plain
from alerts.review import CHOICES, describe, make_decision
from alerts.types import Choice, FlagStatus
from ingest.errors import ConfigError
from watcher.cli.shared import context
from watcher.cli.wallets import find
from watcher.config.settings import MOST_ID
from watcher.reports import tables
from watcher.store import flag_log
from watcher.store.sql.database import reading, writing
from watcher.telegram import actions

app = typer.Typer(help="What waits for a decision, and what was decided.", no_args_is_help=True)


@app.command(name="list")
def list_(
    ctx: typer.Context,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that wait.")] = False,  # noqa: FBT002
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """List the flags, oldest first."""
    with reading(context.of(ctx).engine) as connection:
        items = [flag for flag in flag_log.flags(connection) if not only_open or flag.status is FlagStatus.OPEN]
        by_flag = {decision.flag_id: decision for decision in flag_log.decisions(connection)}
    if json:
        context.print_json(
            [
                asdict(flag) | {"decision": asdict(by_flag[i]) if (i := flag.flag_id) in by_flag else None}
                for flag in items
            ]
        )
    elif items:
        context.out().print(tables.flags(items, by_flag))
    else:
        typer.echo("No flags. That is not proof of health: `edgewatch status` shows what could be seen at all.")


@app.command()
def show(
    ctx: typer.Context,
    flag_id: Annotated[int, typer.Argument(max=MOST_ID, metavar="FLAG")],
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """Show one flag with its evidence, as it was when it was opened."""
    with reading(context.of(ctx).engine) as connection:
        flag = flag_log.find_flag(connection, flag_id)
        made = flag_log.decisions(connection, flag_id=flag_id)
    if flag is None:
        raise ConfigError(f"there is no flag #{flag_id}; see `edgewatch flags list`")
    if json:
        context.print_json(asdict(flag) | {"decisions": [asdict(decision) for decision in made]})
        return
    typer.echo(plain(details(flag)))
    for decision in made:
        typer.echo(f"\nThis flag was {describe(decision)}.")
    if not made:
        typer.echo(f"\nIt waits for you: edgewatch flags decide {flag_id} keep|unfollow|snooze|false_alarm")


@app.command()
def decide(
    ctx: typer.Context,
    flag_id: Annotated[int, typer.Argument(max=MOST_ID, metavar="FLAG")],
    choice: Annotated[Choice, typer.Argument(help="What you decide.")],
    note: Annotated[str, typer.Option(help="Why, for your later self.")] = "",
    by: Annotated[str, typer.Option(help="Who decides; default: the login name.")] = "",
) -> None:
    """Record a decision. Nothing else happens: unfollowing on-chain, or not, is yours to do."""
    shared = context.of(ctx)
    if choice not in CHOICES:
        raise typer.BadParameter(f"{choice} is what the clock decides; choose one of {', '.join(CHOICES)}")
    person = context.person(shared, by)
    decision = make_decision(
        flag_id,
        choice,
        decided_by=person.name,
        user_id=None,
        channel=person.channel,
        now=person.now,
        note=note,
        config_hash=person.config_hash,
    )
    try:
        with writing(shared.engine) as connection:
            flag = actions.decide(connection, decision)
    except ReviewError as error:
        typer.echo(f"edgewatch: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(plain(decided(flag, decision)))


@app.command()
def snooze(
    ctx: typer.Context,
    wallet: Annotated[str, typer.Argument(help="Address or label.")],
    span: Annotated[str, typer.Argument(help="12h, 7d or 2w; 90d at most.")] = "7d",
    note: Annotated[str, typer.Option(help="Why, for your later self.")] = "",
) -> None:
    """Silence a wallet for a while; it is still measured. An open flag is decided with it."""
    shared = context.of(ctx)
    length = actions.duration(span)
    if length is None:
        raise typer.BadParameter("write 12h, 7d or 2w; 90d at most")
    found = find(shared, wallet)
    with writing(shared.engine) as connection:
        typer.echo(actions.snooze(connection, found, length, note, context.person(shared)))


@app.command()
def unsnooze(ctx: typer.Context, wallet: Annotated[str, typer.Argument(help="Address or label.")]) -> None:
    """End the silence of a wallet."""
    shared = context.of(ctx)
    found = find(shared, wallet)
    with writing(shared.engine) as connection:
        typer.echo(actions.unsnooze(connection, found, context.person(shared)))
