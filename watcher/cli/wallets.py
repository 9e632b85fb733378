"""``edgewatch wallets``."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.errors import ConfigError
from watcher import app as build
from watcher import wallet_list
from watcher.cli.shared import context
from watcher.given import read_given
from watcher.reports import tables
from watcher.store import wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram import actions
from watcher.types import Role, Wallet

app = typer.Typer(help="Whom to watch.", no_args_is_help=True)


def find(ctx: context.CliContext, text: str) -> Wallet:
    """The wallet that an address, its beginning, or a label names.

    Raises
    ------
    ConfigError
        None or several.
    """
    with reading(ctx.engine) as connection:
        everyone = wallets.all_wallets(connection)
    near = wallet_list.near(everyone, text)
    if len(near) == 1:
        return near[0]
    if near:
        raise ConfigError(f"{len(near)} wallets match; name the address: {', '.join(w.address for w in near)}")
    # Through the parser, so that what might be a key is not repeated.
    address = wallet_list.parse_address(text)
    raise ConfigError(f"{address} is not on the watch list; add it with `edgewatch wallets add {address}`")


@app.command()
def add(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(help="0x and 40 hex digits.")],
    label: Annotated[str, typer.Option(help="A name for yourself.")] = "",
    chain: Annotated[str, typer.Option(help="Chains by name, separated by |; default: all.")] = "",
    role: Annotated[Role, typer.Option(help="A peer is measured, never alerted.")] = Role.FOLLOWED,
    followed_since: Annotated[str, typer.Option(help="YYYY-MM-DD; the baseline ends here. Default: now.")] = "",
) -> None:
    """Add one wallet. Adding it twice changes nothing."""
    shared = context.of(ctx)
    row = {"address": address, "label": label, "chain": chain, "role": role.value, "followed_since": followed_since}
    names = {table.name for table in shared.config.chains}
    wallet = wallet_list.make_wallet(row, now=build.clock(), chain_names=names)
    with writing(shared.engine) as connection:
        added = wallets.add(connection, wallet)
    typer.echo(f"{wallet.address} {'added' if added else 'is on the list already; nothing changed'}")


@app.command(name="import")
def import_(ctx: typer.Context, file: Annotated[Path, typer.Argument(help="CSV, or one address a line.")]) -> None:
    """Add the wallets of a file; good lines are taken, bad lines are named with the reason."""
    shared = context.of(ctx)
    content = read_given(file)
    names = {table.name for table in shared.config.chains}
    listing = wallet_list.parse(content, now=build.clock(), chain_names=names)
    with writing(shared.engine) as connection:
        added = [(line, wallet, wallets.add(connection, wallet)) for line, wallet in listing.accepted]
    for line, wallet, new in added:
        typer.echo(f"line {line}: {wallet.address} {'added' if new else 'is on the list already'}")
    for refusal in listing.refused:
        typer.echo(f"line {refusal.line}: refused: {refusal.reason}", err=True)
    new_ones = sum(new for _, _, new in added)
    typer.echo(f"{new_ones} added, {len(added) - new_ones} known already, {len(listing.refused)} refused")
    if listing.refused:
        raise typer.Exit(1)


@app.command(name="list")
def list_(ctx: typer.Context, json: Annotated[bool, typer.Option("--json")] = False) -> None:  # noqa: FBT002
    """Show the watch list."""
    with reading(context.of(ctx).engine) as connection:
        everyone = wallets.all_wallets(connection)
    if json:
        context.print_json(
            [
                {
                    "address": wallet.address,
                    "label": wallet.label,
                    "role": wallet.role.value,
                    "chains": wallet.chains,
                    "followed_since": wallet.followed_since.isoformat(),
                    "unfollowed_at": wallet.unfollowed_at.isoformat() if wallet.unfollowed_at else None,
                    "paused": wallet.paused,
                }
                for wallet in everyone
            ]
        )
    else:
        context.out().print(tables.wallet_list(everyone))


@app.command()
def pause(
    ctx: typer.Context,
    wallet: Annotated[str, typer.Argument(help="Address or label.")],
    resume: Annotated[bool, typer.Option("--resume", help="Alert again.")] = False,  # noqa: FBT002
) -> None:
    """Stop the alerts of a wallet; it is still measured."""
    shared = context.of(ctx)
    found = find(shared, wallet)
    with writing(shared.engine) as connection:
        wallets.pause(connection, found.address, paused=not resume)
    typer.echo(f"{found.address} {'is alerted again' if resume else 'is paused: measured, not alerted'}")


@app.command()
def follow(ctx: typer.Context, wallet: Annotated[str, typer.Argument(help="Address or label.")]) -> None:
    """Follow an unfollowed wallet again: a new start, whose baseline is all that is known up to now."""
    shared = context.of(ctx)
    found = find(shared, wallet)
    with writing(shared.engine) as connection:
        typer.echo(actions.follow(connection, found, context.person(shared)))


@app.command()
def unfollow(
    ctx: typer.Context,
    wallet: Annotated[str, typer.Argument(help="Address or label.")],
    note: Annotated[str, typer.Option(help="Why, for your later self.")] = "",
) -> None:
    """No more alerts of a wallet; it is measured for 90 days more, to look back. An open flag is decided with it."""
    shared = context.of(ctx)
    found = find(shared, wallet)
    with writing(shared.engine) as connection:
        typer.echo(actions.unfollow(connection, found, note, context.person(shared)))


@app.command()
def remove(ctx: typer.Context, wallet: Annotated[str, typer.Argument(help="Address or label.")]) -> None:
    """Take a wallet off the list, with its trades. Flags and decisions about it stay."""
    shared = context.of(ctx)
    found = find(shared, wallet)
    with writing(shared.engine) as connection:
        wallets.remove(connection, found.address, build.clock())
    typer.echo(f"{found.address} removed")
