"""``edgewatch report``."""

from pathlib import Path
from typing import Annotated

import typer

from watcher import app as build
from watcher.cli.shared import context
from watcher.cli.wallets import find
from watcher.config.settings import MOST_ID
from watcher.own_file import write
from watcher.reports.page.page import page
from watcher.reports.wallet_study import read_study
from watcher.store.sql.database import reading


def report(
    ctx: typer.Context,
    wallet: Annotated[str, typer.Argument(help="Address, its beginning, or a label.")],
    out: Annotated[Path | None, typer.Option(help="Where to write; default: report-ADDRESS.html here.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,  # noqa: FBT002
    flag: Annotated[
        int | None, typer.Option(max=MOST_ID, help="Show the verdict of this flag, as it was told.")
    ] = None,
) -> None:
    """Write one wallet's drill-down as an HTML page that needs no network."""
    shared = context.of(ctx)
    found = find(shared, wallet)
    with reading(shared.engine) as connection:
        chains, detection = build.chains(shared.config), shared.config.detection
        study = read_study(connection, found, chains, detection=detection, flag_id=flag)
    # Of the address only what is harmless in a file name: a file of anybody may have brought it.
    name = "".join(c for c in found.address[:42] if c.isascii() and c.isalnum())
    path = out or Path(f"report-{name}.html")
    write(path, page(study).encode(), replace=force)
    typer.echo(f"{path}")
