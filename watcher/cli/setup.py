"""``edgewatch init``, ``demo`` and ``db``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ingest import chains
from ingest.endpoint import check_url
from ingest.errors import ConfigError
from watcher import app as build
from watcher import plan_text
from watcher.cli import context, planning
from watcher.config import BudgetConfig
from watcher.demo import tour
from watcher.store import database as store

WALLETS, DAYS = 40, 180  #: what the costs are told for
NO_URL = "https://example.invalid/${RPC_KEY}"
database = typer.Typer(help="The database.", no_args_is_help=True)

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
) -> None:
    """Write a commented edgewatch.toml to fill in, and tell what reading will cost."""
    shared = context.of(ctx)
    path = shared.config_file
    known = chains.by_name(chain)
    if known is None:
        names = ", ".join(sorted(item.name for item in chains.registry().values()))
        raise ConfigError(f"chain {chain!r} is not in the registry; it has {names}")
    if rpc_url is not None:
        check_url(rpc_url)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(name=known.name, chain_id=known.chain_id, url=json.dumps(rpc_url or NO_URL)))
    except FileExistsError:
        raise ConfigError(f"{path} exists already; it was left as it is") from None
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from None
    budget = BudgetConfig().rpc_units_per_day
    if rpc_url is None:
        plan, tasks = planning.outlook(known, wallets=WALLETS, history_days=DAYS, budget=budget)
        typer.echo(f"What {WALLETS} wallets on {known.name} over {DAYS} days would cost, before any endpoint is asked:")
        context.out().print(plan_text.table(plan, tasks))
        typer.echo(
            f"{path} written. Next: put in your RPC URL, then `edgewatch wallets import FILE`, `edgewatch backfill`; "
            "that asks your endpoint what it can do and shows the plan for it first."
        )
        return
    typer.echo(f"{path} written.")
    with build.sources(shared.config, shared.engine, now := build.clock()) as sources:
        [ability] = planning.try_out(shared, sources, now, context.out())
    plan, tasks = planning.outlook(known, wallets=WALLETS, history_days=DAYS, budget=budget, ability=ability)
    typer.echo(f"What {WALLETS} wallets on {known.name} over {DAYS} days cost there:")
    context.out().print(plan_text.table(plan, tasks))
    if ability.index:
        typer.echo(f'It has a wallet index: set index = "{ability.index}" to use it.')
    if not plan.possible:
        typer.echo(plan_text.ways_out(plan, tasks, planning.POLLS))
    typer.echo("Next: `edgewatch wallets import FILE`, `edgewatch backfill`; that shows the plan for your list first.")


def demo(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where to put the demo's database and pictures.")] = Path("demo"),
) -> None:
    """Run the whole path on a recorded chain: no node, no key, two minutes."""
    _ = ctx
    tour.run(folder, context.out())


@database.command()
def upgrade(ctx: typer.Context) -> None:
    """Bring the database to this version's schema (every command does so by itself)."""
    shared = context.of(ctx)
    _ = shared.engine
    typer.echo("the database is up to date")


@database.command()
def backup(ctx: typer.Context, target: Annotated[Path, typer.Argument(help="A new file.")]) -> None:
    """Copy the database while it is in use."""
    store.backup(context.of(ctx).engine, target)
    typer.echo(f"copied to {target}")
