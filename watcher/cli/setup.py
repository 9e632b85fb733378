"""``edgewatch init``, ``demo`` and ``db``."""

import json
from itertools import count
from pathlib import Path
from typing import Annotated

import typer

from ingest.errors import ConfigError, IngestError
from ingest.evm import chains
from ingest.evm.rpc.endpoint import check_url
from ingest.secret import name_keys
from ingest.types import Chain
from watcher import app as build
from watcher.cli.shared import context, planning
from watcher.config.settings import BudgetConfig, environment, parse
from watcher.demo import tour
from watcher.own_file import check_free, write
from watcher.reports import cost_plan
from watcher.store.sql import database

WALLETS, DAYS = 40, 180  #: what the costs are told for
NO_URL = "https://example.invalid/${RPC_KEY}"
db = typer.Typer(help="The database.", no_args_is_help=True)

TEMPLATE = """\
# Edgewatch. Every key is explained in README.md. Secrets do not belong here: they come from the environment.

[store]
url = "sqlite:///edgewatch.db"          # relative to this file; or postgresql+psycopg://…

[[chains]]
name = "{name}"
chain_id = {chain_id}
rpc_urls = [{url}]   # ${{NAME}} is read from the environment
history = "180d"                        # how far back to learn each wallet's baseline (or from_block = N)
# confirmations = 64                    # only where the node has no "finalized" block
# index = "alchemy"                     # find transactions by the provider's wallet index: far cheaper on a free plan
#                                       # ("hypersync": a service beside any endpoint; EDGEWATCH_HYPERSYNC_TOKEN)

[budget]
rpc_units_per_day = 300_000             # hard: reading halts loudly and goes on where it stopped

# [prices]
# file = "prices.csv"                   # your own, for what no feed prices: chain,token,time,usd
# max_age = "24h"                       # how long one of them stays in force

[detection]
false_flags_per_wallet_year = 1.0       # the one dial: how many false flags you accept

# Left out, flags are reviewed on the command line. The bot's token: EDGEWATCH_TELEGRAM_TOKEN.
# [telegram]
# chat_id = 123
# allowed_user_ids = [123]              # who may decide; nobody else gets an answer
"""


def init(
    ctx: typer.Context,
    chain: Annotated[str, typer.Option(help="A chain of the registry.")] = "ethereum",
    rpc_url: Annotated[
        str | None, typer.Option(help="Your endpoint, '${NAME}' in the place of its key; it is asked what it can do.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a configuration that is there.")] = False,  # noqa: FBT002
) -> None:
    """Write a commented edgewatch.toml to fill in, and tell what reading will cost."""
    shared = context.of(ctx)
    path = shared.config_file
    known = chains.by_name(chain)
    if known is None:
        names = ", ".join(sorted(item.name for item in chains.registry().values()))
        raise ConfigError(f"chain {chain!r} is not in the registry; it has {names}")
    check_free(path, replace=force)
    budget = BudgetConfig().rpc_units_per_day
    if rpc_url is None:
        _write(path, known, NO_URL, replace=force)
        plan, tasks = planning.outlook(known, wallets=WALLETS, history_days=DAYS, budget=budget)
        typer.echo(f"What {WALLETS} wallets on {known.name} over {DAYS} days would cost, before any endpoint is asked:")
        context.out().print(cost_plan.table(plan, tasks))
        typer.echo(
            f"{path} written. Next: put in your RPC URL, then `edgewatch wallets import FILE`, `edgewatch backfill`; "
            "that asks your endpoint what it can do and shows the plan for it first."
        )
        return
    check_url(rpc_url)
    # Asked before anything is written: with the URL as it was given, and a database that is kept by nobody.
    shared.config = parse(_text(known, rpc_url), path, environment())
    scratch, now = database.connect("sqlite://"), build.clock()
    database.prepare(scratch)
    with build.sources(shared.config, scratch, now) as [source]:
        try:
            found = build.abilities(source)
        except IngestError:
            typer.echo(f"{path} was not written: without --rpc-url it is, to be filled in", err=True)
            raise
    keys: dict[str, str] = {}
    _write(path, known, name_keys(rpc_url, lambda key: keys.setdefault(key, _new_name(key, keys))), replace=force)
    typer.echo(f"{path} written.")
    for name in keys.values():
        typer.echo(f"What looks like a key in that URL was not written: set it in the environment, export {name}=…")
    ability = planning.remember(shared, source, found, now, context.out())
    plan, tasks = planning.outlook(known, wallets=WALLETS, history_days=DAYS, budget=budget, ability=ability)
    typer.echo(f"What {WALLETS} wallets on {known.name} over {DAYS} days cost there:")
    context.out().print(cost_plan.table(plan, tasks))
    if ability.index:
        typer.echo(f'It has a wallet index: set index = "{ability.index}" to use it.')
    if not plan.possible:
        typer.echo(cost_plan.ways_out(plan, tasks, planning.POLLS))
    typer.echo("Next: `edgewatch wallets import FILE`, `edgewatch backfill`; that shows the plan for your list first.")


def _text(chain: Chain, url: str) -> str:
    return TEMPLATE.format(name=chain.name, chain_id=chain.chain_id, url=json.dumps(url))


def _write(path: Path, chain: Chain, url: str, *, replace: bool) -> None:
    write(path, _text(chain, url).encode(), replace=replace)


def _new_name(key: str, taken: dict[str, str]) -> str:
    """A variable for a key: one that holds it already, or is not set."""
    names = (f"RPC_KEY{f'_{n}' if n > 1 else ''}" for n in count(1))
    return next(name for name in names if name not in taken.values() and environment().get(name, key) == key)


def demo(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where to put the demo's database and pictures.")] = Path("demo"),
) -> None:
    """Run the whole path on a recorded chain: no node, no key, two minutes."""
    _ = ctx
    tour.run(folder, context.out())


@db.command()
def upgrade(ctx: typer.Context) -> None:
    """Bring the database to this version's schema (every command does so by itself)."""
    shared = context.of(ctx)
    _ = shared.engine
    typer.echo("the database is up to date")


@db.command()
def backup(
    ctx: typer.Context,
    target: Annotated[Path, typer.Argument(help="A new file.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,  # noqa: FBT002
) -> None:
    """Copy the database while it is in use."""
    database.backup(context.of(ctx).engine, target, replace=force)
    typer.echo(f"copied to {target}")
