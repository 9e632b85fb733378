"""What a reading will cost, printed before it begins."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import typer
from rich.console import Console
from sqlalchemy import Engine

from ingest.evm.rpc.adaptive_size import steps_memo, strides_of
from ingest.evm.sync.cost_model import DAY_S, Ability, Plan, Polls, Task, make_plan, together, usual
from ingest.types import Chain
from watcher import app as build
from watcher.cli.shared import context
from watcher.daemon import INGEST_S
from watcher.jobs.sync.ingest import Source, plan_reading, watched
from watcher.jobs.sync.spending import settle
from watcher.jobs.sync.wallet_index import POLL_S
from watcher.reports import cost_plan
from watcher.store import usage, wallets
from watcher.store.sql.database import reading, writing

POLLS = Polls(logs_s=INGEST_S, index_s=POLL_S)
FREE_RANGE = 10  #: blocks of one getLogs on Alchemy's free plan (its documentation, 2026)


def plan_all(shared: context.CliContext, sources: Sequence[Source], now: datetime, console: Console) -> list[Task]:
    """Ask every endpoint what it can do, and find what is missing; remembers how many blocks a call may span."""
    tasks = []
    for source in sources:
        try:
            found = build.abilities(source)
            for item in found:
                console.print(cost_plan.ability(item, source.chain.name))
            gaps = plan_reading(shared.engine, source, now)
        finally:
            settle(shared.engine, source.meter, source.chain.chain_id, now=now)
        remember_steps(shared.engine, source, found)
        with reading(shared.engine) as connection:
            count = sum(each.measured(now) for each in watched(wallets.all_wallets(connection), source.chain))
        tasks.append(
            Task(
                chain=source.chain.name,
                block_seconds=source.chain.block_seconds,
                wallets=count,
                gaps=tuple((len(gap.blocks), len(gap.wallets)) for gap in gaps),
                source="logs" if source.config.index == "none" else "index",
                ability=together(found),
                activity=usual(len(sources)),
                verify=source.config.verify,
                confirmed=source.config.confirmations is not None,
            )
        )
    return tasks


def remember_steps(engine: Engine, source: Source, found: Sequence[Ability]) -> None:
    """Begin where each endpoint allows it: with the largest range that it agreed to, or with what was learned."""
    key = f"step:{source.chain.chain_id}"
    with writing(engine) as connection:
        strides = strides_of(usage.recall(connection, key))
        for each in found:
            if each.range_cap is not None:
                stride = strides.setdefault(each.endpoint, replace(strides[""], step=each.range_cap))
                stride.step = min(stride.step, each.range_cap)
        usage.remember(connection, key, steps_memo(strides))


def agree(shared: context.CliContext, tasks: Sequence[Task], console: Console, *, yes: bool, json: bool) -> None:
    """Print the plan; refuse one that can never finish, and ask a person whether to go on.

    Raises
    ------
    typer.Exit
        With 1: it cannot finish, or the person said no.
    """
    budget = shared.config.budget
    reserved = int(budget.rpc_units_per_day * budget.marks_share)
    plan = make_plan(tasks, polls=POLLS, budget=budget.rpc_units_per_day, reserved=reserved)
    if json:
        context.print_json(cost_plan.as_json(plan, tasks))
    console.print(cost_plan.table(plan, tasks))
    console.print(cost_plan.summary(plan), soft_wrap=True)
    for task in tasks:
        console.print(cost_plan.proof(task, budget.rpc_units_per_day), soft_wrap=True)
    if not plan.possible or (plan.seconds or 0) > cost_plan.LONG_S:
        console.print(cost_plan.ways_out(plan, tasks, POLLS), soft_wrap=True)
    if not plan.possible:
        raise typer.Exit(1)
    if not yes and sys.stdin.isatty() and console.is_terminal and plan.backfill:
        typer.confirm("Begin?", default=True, abort=True, err=True)


def outlook(
    chain: Chain, *, wallets: int, history_days: int, budget: int, ability: Ability | None = None
) -> tuple[Plan, list[Task]]:
    """What a chain would cost before anybody is watched: through each source that providers offer, or this endpoint."""
    blocks = int(history_days * DAY_S / chain.block_seconds)
    free = Ability(endpoint=f"{chain.name}.g.alchemy.com", range_cap=FREE_RANGE, index="alchemy", internal=True)
    offered = ability or free
    task = Task(
        chain=chain.name,
        block_seconds=chain.block_seconds,
        wallets=wallets,
        gaps=((blocks, wallets),),
        source="index" if offered.index else "logs",
        ability=offered,
        activity=usual(1),
    )
    return make_plan([task], polls=POLLS, budget=budget, reserved=budget // 10), [task]


def remember(
    shared: context.CliContext, source: Source, found: list[Ability], now: datetime, console: Console
) -> Ability:
    """Tell what the endpoints of a new configuration can do; it is remembered for the first reading."""
    settle(shared.engine, source.meter, source.chain.chain_id, now=now)
    for item in found:
        console.print(cost_plan.ability(item, source.chain.name), soft_wrap=True)
    remember_steps(shared.engine, source, found)
    return together(found)
