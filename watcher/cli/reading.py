"""``edgewatch backfill``, ``once``, ``run`` and ``redecode``."""

import asyncio
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from alerts import text
from alerts.message import plain
from alerts.policy import Opening
from ingest import windows
from ingest.budget import units
from ingest.errors import BudgetExhausted, IngestError
from watcher import app as build
from watcher import daemon as daemon_
from watcher.channel import LoopChannel
from watcher.cli import context
from watcher.jobs.appraise import appraise_once
from watcher.jobs.assess import assess_once
from watcher.jobs.deliver import deliver_once
from watcher.jobs.digest import read_digest
from watcher.jobs.ingest import Progress as Reading
from watcher.jobs.ingest import Source, ingest_once, plan_reading
from watcher.jobs.look_back import look_back_once
from watcher.jobs.mark import mark_once
from watcher.jobs.redecode import redecode as redecode_job
from watcher.jobs.silence import silence_due, silence_once
from watcher.lock import only_one

USUAL_STEP = 10_000  #: blocks of one getLogs that most paid plans and nodes allow; for the estimate only

PER_TRANSACTION = ("eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getBlockByNumber", "eth_call")


def estimate(source: Source, gaps: list[windows.Gap]) -> str:
    """What a reading will cost before the first block is read: the finding; the rest depends on what is found."""
    blocks = sum(len(gap.blocks) for gap in gaps)
    calls = sum(
        2 * -(-len(gap.wallets) // 1_000) * -(-len(gap.blocks) // min(USUAL_STEP, len(gap.blocks))) for gap in gaps
    )
    host = source.node.host
    each = sum(units(method, host) for method in PER_TRANSACTION)
    return (
        f"{source.chain.name}: {blocks:,} blocks to read; about {calls:,} calls of eth_getLogs "
        f"({calls * units('eth_getLogs', host):,} units at {USUAL_STEP:,} blocks a call), then about 4 calls "
        f"({each} units) for each transaction found, and a trace for some"
    )


def read_all(shared: context.Context, console: Console, now: datetime, *, dry_run: bool = False) -> list[Reading]:
    """Read every chain with a progress bar; prints the estimate first."""
    done = []
    if not shared.config.chains:
        console.print("there is no [[chains]] in the configuration: nothing is read from a node")
    with build.sources(shared.config, shared.engine, now) as sources:
        for source in sources:
            gaps = plan_reading(shared.engine, source, now)
            if not gaps:
                console.print(f"{source.chain.name}: nothing to read")
                if not dry_run:
                    ingest_once(shared.engine, source, now=now, gaps=gaps)  # what was read may have been replaced
                continue
            console.print(estimate(source, gaps))
            console.print(
                f"today's budget: {source.meter.limit - source.meter.spent:,} of {source.meter.limit:,} units left"
            )
            if not dry_run:
                done.append(_read_one(shared, source, gaps, console, now))
    return done


def _read_one(
    shared: context.Context, source: Source, gaps: list[windows.Gap], console: Console, now: datetime
) -> Reading:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[found]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(source.chain.name, total=None, found="")

        def show(progress: Reading) -> None:
            found = f"{progress.transactions:,} transactions, {progress.trades:,} trades, {progress.requests:,} calls"
            bar.update(task, total=progress.total_blocks, completed=progress.blocks, found=found)

        result = ingest_once(shared.engine, source, now=now, gaps=gaps, on_progress=show)
    console.print(
        f"{result.chain}: read {result.blocks:,} blocks, {result.transactions:,} transactions, "
        f"{result.trades:,} trades, in {result.requests:,} calls"
    )
    return result


def backfill(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the estimate and stop.")] = False,  # noqa: FBT002
) -> None:
    """Read what is missing of every wallet's history. Interrupt it at any time; it goes on from there."""
    shared = context.of(ctx)
    with only_one(shared.engine):
        read_all(shared, context.err(), build.clock(), dry_run=dry_run)


def once(ctx: typer.Context) -> None:
    """Read, mark, assess and deliver once."""
    shared, now, console = context.of(ctx), build.clock(), context.err()
    if shared.config.telegram is not None:
        shared.config.token()  # a missing token is told before the reading, not after it
    with only_one(shared.engine):
        read_all(shared, console, now)
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
        opened = sum(isinstance(verdict, Opening) for verdict in outcome.values())
        console.print(f"assessed {len(outcome)} wallets, opened {opened} flags")
        if shared.config.telegram is not None:
            console.print(f"delivered {_deliver(shared)} messages")


def _mark_all(shared: context.Context, console: Console, now: datetime) -> None:
    """Mark the open positions of every chain; without marks, losses never booked stay unseen, and the rest goes on."""
    chains, unit = build.chains(shared.config), shared.config.detection.one_unit
    with build.sources(shared.config, shared.engine, now, marking=True) as sources:
        for source in sources:
            try:
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


def look_into_silence(shared: context.Context, console: Console, now: datetime) -> None:
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
            console.print(f"looked into the silence of {text.count(found, 'wallet')}")


def _deliver(shared: context.Context) -> int:
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
        daemon_.run(shared.config, shared.engine)


def redecode(ctx: typer.Context) -> None:
    """Build trades and valuations again from the stored raw transactions, without a node."""
    shared = context.of(ctx)
    with only_one(shared.engine):
        own = build.prices(shared.config)
        count = redecode_job(shared.engine, build.chains(shared.config), now=build.clock(), price_file=own)
    typer.echo(f"{count:,} trades decoded again")
