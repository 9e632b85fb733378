"""The plan of a reading in words and as a table. Pure: records in, text out."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from ingest.evm.sync.cost_model import (
    DAY_S,
    Ability,
    Option,
    Plan,
    Polls,
    Task,
    levels,
    make_plan,
    with_index,
    with_ranges,
)
from ingest.evm.sync.header_checks import ENDS, PROVEN
from ingest.evm.sync.wallet_index import INDEXES

LONG_S = 30 * DAY_S  #: a backfill that takes longer is worth another way
ROOMY = 10_000  #: blocks of one getLogs that most paid plans and own nodes allow


def table(plan: Plan, tasks: Sequence[Task]) -> Table:
    """One line for each way to read each chain, cheapest first; the configured one is marked.

    ``all blocks``: each is proven by its header; ``logs + all``: those of the days after are. Calls, units and time are
    of the backfill; ``a day`` and its share of the budget come after it.
    """
    found = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    found.add_column("chain")
    found.add_column("source", no_wrap=True)
    for name in ("calls", "units", "time", "a day", "share"):
        found.add_column(name, justify="right", no_wrap=True)
    found.add_column("use")
    ranges = {task.chain: task.ability.range_cap for task in tasks}
    for option in plan.options:
        alone = replace(plan, options=(replace(option, used=True),), impossible=())
        found.add_row(
            option.chain,
            _source(option, ranges[option.chain]),
            f"{option.backfill.calls:,}",
            f"{option.backfill.units:,}",
            duration(alone.seconds),
            f"{option.daily.units:,}",
            f"{option.daily.units / plan.budget:.0%}",
            Text("yes", style="green") if option.used else "",
        )
    return found


def _source(option: Option, cap: int | None) -> str:
    if option.source == "index":
        return "index"
    if option.levels == (PROVEN, PROVEN):
        return "all blocks"
    return "logs + all" if PROVEN in option.levels else f"logs by {cap or 0:,}"


def proof(task: Task, budget: int) -> str:
    """How a chain's logs are proven, and what ``auto`` chose."""
    if task.source == "index":
        return f"{task.chain}: the index names the transactions; windows of logs are read as samples."
    now, after = levels(task, budget)
    whole, ends = (
        "every block is proven by its header",
        "logs are asked for by ranges; their ends and samples are proven",
    )
    if task.ability.bloom is None:
        whole = "every header is read, but headers here show no logs: ends and samples are proven"
    words = {PROVEN: whole, ENDS: ends}
    text = words[now] if now == after else f"{words[now]}. Of the days after, {words[after]}"
    why = "" if task.verify != "auto" else ' (verify = "auto": what costs at most a fifth of the budget is proven)'
    return f"{task.chain}: {text}{why}."


def duration(seconds: float | None) -> str:
    """A time in its own unit."""
    if seconds is None:
        return "never"
    for size, unit in ((DAY_S, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count:,} {unit}{'s' if count != 1 else ''}"
    return "1 minute"


def summary(plan: Plan) -> str:
    """The plan in one sentence."""
    kept = f" ({plan.reserved:,} kept for marks)" if plan.reserved else ""
    done = f"done in {duration(plan.seconds)}" if plan.possible else "never done"
    daily = f"{plan.daily:,} units a day of a budget of {plan.budget:,}{kept}"
    return f"In all {plan.backfill:,} units now, {done}, then {daily}."


def ability(item: Ability, chain: str) -> str:
    """What an endpoint can do, in one line."""
    logs = "no logs" if item.range_cap is None else f"logs in {item.range_cap:,} blocks a call"
    if item.result_cap:
        logs += f" of at most {item.result_cap:,} logs"
    index = (
        f"wallet index {item.index}{'' if item.internal else ' without internal calls'}" if item.index else "no index"
    )
    words = [
        logs,
        index + (f" (at {item.index_endpoint})" if item.index_endpoint else ""),
        "whole blocks" if item.receipts else "no receipts of whole blocks",
        "old state" if item.archive else "no old state: old prices stay unknown",
        "traces" if item.trace else "no traces",
        f"{item.batch} in a batch",
    ]
    if not item.finalized:
        words.append("no finalized block: set confirmations = N")
    return f"{chain}: {item.endpoint}: " + ", ".join(words)


def ways_out(plan: Plan, tasks: Sequence[Task], polls: Polls) -> str:
    """Why a plan cannot finish, or takes very long, and the three ways out, with what each would cost."""
    names = ", ".join(task.chain for task in tasks)
    if plan.impossible:
        first = (
            f"{', '.join(plan.impossible)} cannot be read: the endpoint does not offer the source that is configured."
        )
    elif not plan.possible:
        first = (
            f"Reading {names} can never finish: the new blocks of every day cost {plan.daily:,} units, and the budget "
            f"leaves {max(0, plan.budget - plan.reserved):,} a day."
        )
    else:
        first = f"Reading {names} takes {duration(plan.seconds)}."
    return "\n".join(
        [
            first,
            "Three ways out:",
            f"1. Another endpoint: with ranges of {ROOMY:,} blocks {_cost(_all(tasks, plan, polls, ROOMY))}. Put its "
            "URL first in rpc_urls.",
            f"2. A wallet index: {_index_words(tasks)}; then {_cost(_all(tasks, plan, polls, None))}.",
            f"3. Less from the node: {_fewer(plan, tasks)}; a shorter history makes the first reading cheaper, not the "
            "days after; or bring the transactions yourself (edgewatch backfill --hashes FILE, edgewatch import FILE).",
        ]
    )


def _all(tasks: Sequence[Task], plan: Plan, polls: Polls, ranges: int | None) -> Plan:
    changed = [with_ranges(task, ranges) if ranges else with_index(task, next(iter(INDEXES))) for task in tasks]
    return make_plan(changed, polls=polls, budget=plan.budget, reserved=plan.reserved)


def _cost(plan: Plan) -> str:
    fits = f"done in {duration(plan.seconds)}" if plan.possible else "still too much for this budget"
    return f"it costs {plan.backfill:,} units now and {plan.daily:,} a day, {fits}"


def _index_words(tasks: Sequence[Task]) -> str:
    have = [task for task in tasks if task.ability.index and task.source != "index"]
    if have:
        where = ", ".join(task.chain for task in have)
        return f'your endpoint has one for {where}: set index = "{have[0].ability.index}" there'
    offered = ", ".join(INDEXES)
    service = 'or set index = "hypersync", a service beside your endpoint, with a token of its own'
    return f'take an endpoint that has one ({offered}) and set index = "{next(iter(INDEXES))}", {service}'


def _fewer(plan: Plan, tasks: Sequence[Task]) -> str:
    used = sorted((option for option in plan.options if option.used), key=lambda option: option.daily.units)
    kept: list[Option] = []
    for option in used:
        if sum(one.daily.units for one in (*kept, option)) < plan.budget - plan.reserved:
            kept.append(option)
    if kept and len(kept) < len(tasks):
        return f"fewer chains ({', '.join(option.chain for option in kept)} alone would fit)"
    return "fewer chains" if len(tasks) > 1 else "a larger [budget] rpc_units_per_day"


def as_json(plan: Plan, tasks: Sequence[Task]) -> dict[str, Any]:
    """The plan as one JSON object."""
    return {
        "possible": plan.possible,
        "seconds": plan.seconds,
        "units_now": plan.backfill,
        "units_a_day": plan.daily,
        "budget": plan.budget,
        "reserved": plan.reserved,
        "endpoints": {task.chain: asdict(task.ability) for task in tasks},
        "options": [
            {
                "chain": option.chain,
                "source": option.source,
                "level_now": option.levels[0],
                "level_after": option.levels[1],
                "used": option.used,
                "calls_now": option.backfill.calls,
                "units_now": option.backfill.units,
                "calls_a_day": option.daily.calls,
                "units_a_day": option.daily.units,
            }
            for option in plan.options
        ],
    }
