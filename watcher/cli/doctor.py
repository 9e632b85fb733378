"""``edgewatch doctor``: is everything in place."""

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from ingest.errors import WatchError
from ingest.evm.rpc.budget import Meter
from watcher import app as build
from watcher.cli.shared import context
from watcher.config.settings import ChainConfig
from watcher.jobs.sync.spending import settle
from watcher.reports import doctor, overview
from watcher.reports.doctor import Check, Health, guarded
from watcher.store.sql import database

CHECKING = "checking"  #: what its requests are counted under
_MARK = {Health.OK: ("ok  ", "green"), Health.WARNING: ("warn", "yellow"), Health.FAILED: ("FAIL", "bold red")}


def command(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """Check configuration, database, disk, nodes, clock, list and channel; each line says what to do."""
    checks = _checks(context.of(ctx))
    if json:
        context.print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark, style = _MARK[check.health]
            todo = f" -> {check.todo}" if check.todo else ""
            line = Text.assemble((mark, style), f" {check.name}: {check.words}{todo}")
            context.out().print(line, soft_wrap=True)
    if any(check.health is Health.FAILED for check in checks):
        raise typer.Exit(1)


def _checks(shared: context.CliContext) -> list[Check]:
    now = build.clock()
    try:
        config = shared.config
        checks = doctor.configuration(shared.config_file, config)
        engine = shared.engine
        with database.reading(engine) as connection:
            view = overview.read(connection, now)
    except WatchError as error:
        name = "database" if "config" in vars(shared) else "configuration"
        return [Check(name=name, health=Health.FAILED, words=str(error))]
    checks.append(Check(name="database", health=Health.OK, words=database.place(engine)))
    path = database.sqlite_path(str(engine.url))
    checks += doctor.modes(shared.config_file, path)
    checks += doctor.disk((path or Path()).resolve().parent)
    checks += doctor.watch_list(view)
    checks += doctor.calibration(view)
    if config.prices is not None:
        checks += guarded("prices", lambda: _prices(shared))
    for table in config.chains:
        checks += guarded(f"node {table.name}", lambda table=table: _nodes(shared, table))  # type: ignore[misc]
    if config.chains:
        checks += doctor.budget(view, config)
    if view.refused is not None:
        words, todo = (
            f"do not arrive: {view.refused.problem}",
            "stop the other program, or give Edgewatch a bot of its own",
        )
        if not view.refused.taken:
            todo = "set a valid EDGEWATCH_TELEGRAM_TOKEN, and restart"
        checks.append(Check(name="presses", health=Health.FAILED, words=words, todo=todo))
    return [*checks, *_telegram(shared)]


def _prices(shared: context.CliContext) -> list[Check]:
    build.prices(shared.config)
    return [Check(name="prices", health=Health.OK, words="the price file can be read")]


def _nodes(shared: context.CliContext, table: ChainConfig) -> list[Check]:
    # Counted like everything else, but not refused: that the budget is used up is no fault of the endpoint.
    meter = Meter(spent=0, limit=sys.maxsize)
    try:
        return _checked(table, meter)
    finally:
        settle(shared.engine, meter, table.chain_id, now=build.clock(), purpose=CHECKING)


def _checked(table: ChainConfig, meter: Meter) -> list[Check]:
    chain, checks = table.chain(), []
    for host, endpoint in build.endpoints(table, meter):
        with endpoint:
            checks += guarded(
                f"node {table.name} {host}",
                lambda host=host, endpoint=endpoint: doctor.node(  # type: ignore[misc]
                    host,
                    endpoint,
                    chain,
                    confirmations=table.confirmations,
                    from_age=table.history_span,
                    now=build.clock(),
                ),
            )
    return checks


def _telegram(shared: context.CliContext) -> list[Check]:
    if shared.config.telegram is None:
        words = "not configured: flags wait on the command line"
        return [Check(name="telegram", health=Health.OK, words=words)]

    async def name() -> str:
        async with build.bot(shared.config) as bot:
            return await bot.me()

    try:
        return [Check(name="telegram", health=Health.OK, words=f"the token is {asyncio.run(name())}'s")]
    except WatchError as error:
        todo = "EDGEWATCH_TELEGRAM_TOKEN and [telegram]; then edgewatch telegram test"
        return [Check(name="telegram", health=Health.FAILED, words=str(error), todo=todo)]
