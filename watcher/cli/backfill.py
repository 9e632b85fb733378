"""``edgewatch backfill``, ``once``, ``run`` and ``redecode``."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column

from alerts import wording
from alerts.errors import AlertError
from alerts.messages.message import plain
from alerts.policy import Opening
from ingest.errors import BudgetExhausted, IngestError, WatchError
from ingest.files import tx_hashes
from ingest.files.lines import lines_of, text_of
from watcher import app as build
from watcher import daemon
from watcher.cli.shared import context, planning
from watcher.given import read_given
from watcher.jobs.pricing.mark_positions import mark_once
from watcher.jobs.pricing.price_from_pools import appraise_once
from watcher.jobs.review.assess import assess_once
from watcher.jobs.review.deliver import deliver_once
from watcher.jobs.review.digest import digest_once, read_digest
from watcher.jobs.review.explain_silence import silence_due, silence_once
from watcher.jobs.review.look_back import look_back_once
from watcher.jobs.sync.by_hash import read_named
from watcher.jobs.sync.ingest import Source, ingest_once
from watcher.jobs.sync.redecode import redecode as redecode_job
from watcher.jobs.sync.round_robin import contained, take_turns
from watcher.lock import only_one
from watcher.telegram.thread_bridge import LoopChannel
from watcher.types import Progress as Reading


def read_all(
    shared: context.CliContext,
    console: Console,
    now: datetime,
    *,
    plan: Callable[[Sequence[Source]], None] = lambda _sources: None,
) -> None:
    """Read every chain, with a progress bar; ``plan`` may look at them first, and end it.

    A chain that fails does not keep the others from being read; it is told at the end.
    """
    failures: list[IngestError] = []
    if not shared.config.chains:
        console.print("there is no [[chains]] in the configuration: nothing is read from a node")
    with build.sources(shared.config, shared.engine, now) as sources:
        plan(sources)
        for source, done in take_turns(sources, partial(_read_one, shared, console, now)):
            if isinstance(done, IngestError):
                failures.append(done)
                if len(sources) > 1:
                    console.print(f"{source.chain.name}: {done}", soft_wrap=True)
            else:
                console.print(
                    f"{done.chain}: read {done.blocks:,} blocks, {done.transactions:,} transactions, "
                    f"{done.trades:,} trades; {done.requests:,} calls until now"
                    f"{'' if done.finished else '; to be continued'}"
                )
    if failures:
        raise failures[0]


def _read_one(
    shared: context.CliContext, console: Console, now: datetime, source: Source, stopped: Callable[[], bool]
) -> Reading:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[found]}", table_column=Column()),  # goes on in a second line where there is no room
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(source.chain.name, total=None, found="")

        def show(progress: Reading) -> None:
            found = (
                f"{progress.blocks:,} blocks, {progress.transactions:,} transactions, {progress.trades:,} trades, "
                f"{progress.requests:,} calls, budget {source.meter.spent / source.meter.limit:.0%}"
            )
            bar.update(task, total=progress.total_blocks, completed=progress.blocks, found=found)

        return ingest_once(shared.engine, source, now=now, on_progress=show, stopped=stopped)


def backfill(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,  # noqa: FBT002
    yes: Annotated[bool, typer.Option("--yes", help="Begin without asking.")] = False,  # noqa: FBT002
    json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON too.")] = False,  # noqa: FBT002
    hashes: Annotated[
        Path | None, typer.Option(help="Read only the transactions of a file: chain,tx_hash, one a line.")
    ] = None,
) -> None:
    """Read what is missing of every wallet's history, after a plan of what it costs. Interrupt it at any time."""
    shared, now, console = context.of(ctx), build.clock(), context.err()

    def plan(sources: Sequence[Source]) -> None:
        if not sources:
            return
        tasks = planning.plan_all(shared, sources, now, console)
        planning.agree(shared, tasks, console, yes=yes or dry_run, json=json)
        if dry_run:
            raise typer.Exit

    with only_one(shared.engine):
        if hashes is not None:
            _read_hashes(shared, hashes, console, now)
        else:
            read_all(shared, console, now, plan=plan)


def _read_hashes(shared: context.CliContext, file: Path, console: Console, now: datetime) -> None:
    lines = lines_of(text_of(read_given(file)), most=tx_hashes.MOST)
    with build.sources(shared.config, shared.engine, now) as sources:
        wanted = tx_hashes.parse(lines, {source.chain.name: source.chain.chain_id for source in sources})
        for bad in wanted.bad:
            console.print(bad)
        for source in sources:
            if names := wanted.hashes.get(source.chain.chain_id):
                done = read_named(shared.engine, source, names, now=now)
                console.print(
                    f"{source.chain.name}: {done.transactions} of {len(names)} transactions concern a watched wallet, "
                    f"{done.trades} trades; not final yet: {done.early}"
                )
    if wanted.bad:
        raise typer.Exit(1)


def once(ctx: typer.Context) -> None:
    """Read, mark, assess, take presses and deliver, once; what cannot be read keeps nothing else from being done."""
    shared, now, console = context.of(ctx), build.clock(), context.err()
    if shared.config.telegram is not None:
        shared.config.token()  # a missing token is told before the reading, not after it
    unread: WatchError | None = None
    with only_one(shared.engine):
        try:
            read_all(shared, console, now)
        except (IngestError, BudgetExhausted) as error:
            unread = error
        _mark_all(shared, console, now)
        outcome = assess_once(
            shared.engine,
            chains=build.chains(shared.config),
            detection=shared.config.detection,
            now=now,
            chats=build.chat_ids(shared.config),
        )
        look_into_silence(shared, console, now)
        look_back_once(
            shared.engine,
            chains=build.chains(shared.config),
            unit=shared.config.detection.one_unit,
            now=now,
            chats=build.chat_ids(shared.config),
        )
        digest_once(
            shared.engine,
            zone=shared.config.telegram.zone if shared.config.telegram else UTC,
            now=now,
            units_a_day=shared.config.budget.rpc_units_per_day,
            chats=build.chat_ids(shared.config),
        )
        opened = sum(isinstance(verdict, Opening) for verdict in outcome.values())
        console.print(f"assessed {len(outcome)} wallets, opened {opened} flags")
        if shared.config.telegram is not None:
            _take_presses(shared, console)
            console.print(f"delivered {_deliver(shared)} messages")
    if unread is not None:
        raise unread


def _mark_all(shared: context.CliContext, console: Console, now: datetime) -> None:
    """Mark the open positions of every chain; without marks, losses never booked stay unseen, and the rest goes on."""
    chains, unit = build.chains(shared.config), shared.config.detection.one_unit
    with build.sources(shared.config, shared.engine, now, marking=True) as sources:
        for source in sources:
            try:
                with contained(source):
                    valued = appraise_once(shared.engine, source, now=now)
                    done = mark_once(shared.engine, source, chains=chains, unit=unit, now=now)
            except IngestError as error:
                console.print(f"{source.chain.name}: open positions not marked: {error}", markup=False)
                continue
            if valued.asked:
                console.print(
                    f"{valued.chain}: appraised {valued.valued} of {valued.asked} trades without a quote token"
                )
            if done.positions:
                short = "; the marks' share of today's budget is used up" if done.short else ""
                console.print(f"{done.chain}: marked {done.marked} of {done.positions} open positions{short}")


def look_into_silence(shared: context.CliContext, console: Console, now: datetime) -> None:
    """Look for the reason why flagged wallets have gone quiet; without it, their flags go out all the same."""
    if not silence_due(shared.engine):
        return
    with build.sources(shared.config, shared.engine, now) as sources:
        try:
            found = silence_once(
                shared.engine,
                sources,
                chains=build.chains(shared.config),
                unit=shared.config.detection.one_unit,
                now=now,
            )
        except BudgetExhausted as error:
            console.print(f"why wallets are quiet is not known yet: {error}", markup=False)
        else:
            console.print(f"looked into the silence of {wording.count(found, 'wallet')}")


def _take_presses(shared: context.CliContext, console: Console) -> None:
    """Take what was pressed and written since the last run; without it, messages go out all the same."""

    async def take() -> None:
        async with build.bot(shared.config, poll_seconds=0) as bot:
            await bot.catch_up(build.desk(shared.config, shared.engine))

    try:
        asyncio.run(take())
    except AlertError as error:
        console.print(f"presses on Telegram were not taken: {error}", markup=False)


def _deliver(shared: context.CliContext) -> int:
    table = build.telegram(shared.config)

    async def deliver() -> int:
        async with build.bot(shared.config) as bot:
            return await asyncio.to_thread(
                deliver_once,
                shared.engine,
                LoopChannel(bot, asyncio.get_running_loop()),
                key=build.button_key(shared.config),
                chats=table.chat_ids,
                clock=build.clock,
                wallet_url=table.wallet_url,
                quiet=table.is_quiet,
            )

    return asyncio.run(deliver())


def digest(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """The last seven days: flags, who is nearest to one, what changed, what could be seen, what was read and spent."""
    shared = context.of(ctx)
    units = shared.config.budget.rpc_units_per_day
    pages = [plain(page) for page in read_digest(shared.engine, now=build.clock(), units_a_day=units)]
    if json:
        context.print_json({"pages": pages})
    else:
        typer.echo("\n\n".join(pages))


def run(ctx: typer.Context) -> None:
    """Watch until stopped: read, assess, deliver, and take decisions on Telegram."""
    shared = context.of(ctx)
    with only_one(shared.engine):
        daemon.run(shared.config, shared.engine)


def redecode(ctx: typer.Context) -> None:
    """Build trades and valuations again from the stored raw transactions, without a node."""
    shared = context.of(ctx)
    with only_one(shared.engine):
        own = build.prices(shared.config)
        count = redecode_job(shared.engine, build.chains(shared.config), now=build.clock(), price_file=own)
    typer.echo(f"{count:,} trades decoded again")
