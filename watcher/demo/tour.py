"""The tour that ``edgewatch demo`` gives: the real service path on a recorded chain."""

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from alerts.messages.message import card, plain
from alerts.types import Flag
from ingest.errors import ConfigError
from metrics.types import Metric
from watcher import app, wallet_list
from watcher.cli import backfill
from watcher.cli.shared import context
from watcher.config.settings import CONFIG_VARIABLE
from watcher.demo import picture
from watcher.demo.node import ReplayNode
from watcher.jobs.review.assess import assess_once
from watcher.jobs.review.deliver import flag_message
from watcher.own_file import write
from watcher.reports import overview, tables
from watcher.store import flag_log, wallets
from watcher.store.sql import database
from watcher.types import Role

RANGE = 120  #: blocks that the demo's node allows at once, as providers do: reading has to find that out
PORT = "${EDGEWATCH_DEMO_PORT}"


def run(folder: Path, console: Console) -> None:
    """Read a recorded chain, judge its wallets, and show what a person would get.

    Parameters
    ----------
    folder
        Gets the configuration, the database and the charts. A demo database that is there is replaced.
    console
        Where to print.

    Raises
    ------
    ConfigError
        The folder holds something that is not a demo's.
    """
    data = resources.files("watcher.demo")
    _make_room(folder)
    with (
        resources.as_file(data.joinpath("chain.jsonl.xz")) as recording,
        ReplayNode(recording, max_range=RANGE) as node,
    ):
        now = datetime.fromtimestamp(node.head_timestamp, UTC)
        console.rule("Edgewatch on a recorded chain")
        console.print(
            f"A replay node serves a recorded chain at {node.url}; its last block is of {now:%Y-%m-%d %H:%M} UTC."
        )
        text = data.joinpath("edgewatch.toml").read_text(encoding="utf-8").replace(PORT, str(node.port))
        write(folder / "edgewatch.toml", text.encode(), replace=True)
        shared = context.CliContext(config_option=folder / "edgewatch.toml")
        listing = wallet_list.parse(data.joinpath("wallets.csv").read_bytes(), now=now, chain_names={"local"})
        with database.writing(shared.engine) as connection:
            for _, wallet in listing.accepted:
                wallets.add(connection, wallet)
        console.print(f"{len(listing.accepted)} wallets imported.")
        backfill.read_all(shared, console, now)
        with console.status("judging the wallets"):
            assess_once(
                shared.engine,
                chains=app.chains(shared.config),
                detection=shared.config.detection,
                now=now,
            )
        backfill.look_into_silence(shared, console, now)
    _show(shared, folder, console, now)


def _make_room(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / "edgewatch.toml"
    if mark.exists() and '[[chains]]\nname = "local"' not in mark.read_text(encoding="utf-8"):
        raise ConfigError(f"{folder} holds a configuration that is not the demo's; name another folder with --folder")
    for name in ("edgewatch.db", "edgewatch.db-wal", "edgewatch.db-shm"):
        (folder / name).unlink(missing_ok=True)


def _show(shared: context.CliContext, folder: Path, console: Console, now: datetime) -> None:
    with database.reading(shared.engine) as connection:
        view = overview.read(connection, now)
        flags = flag_log.flags(connection)
    console.print()
    console.print(tables.wallets([pair for pair in view.wallets if pair[0].role is Role.FOLLOWED]))
    shown = sorted(flags, key=lambda flag: (flag.evidence.lead is not Metric.WIN_RATE, flag.flag_id))[:1]
    for flag in shown:
        console.print(f"\nThe card of flag #{flag.flag_id}, as Telegram shows it:")
        _show_card(flag, console)
    for flag in flags:
        message = flag_message(flag, key=bytes(32), chat_id=0)
        for end, png in (("", message.chart_png or b""), ("-card", picture.draw(message))):
            write(folder / f"flag-{flag.flag_id}{end}.png", png, replace=True)
    if flags:
        console.print(f"Pictures: {folder}/flag-N.png, the chart; {folder}/flag-N-card.png, the whole message")
    name = shown[0].label if shown else "WALLET"
    console.print("\nTry next:")
    console.print(f"  {CONFIG_VARIABLE}={folder}/edgewatch.toml .venv/bin/edgewatch why {name}")
    console.print(f"  {CONFIG_VARIABLE}={folder}/edgewatch.toml .venv/bin/edgewatch report {name}")
    console.print("  make notebook        (opens notebooks/drilldown.ipynb on this database)")


def _show_card(flag: Flag, console: Console) -> None:
    message = card(flag, key=bytes(32), chat_id=0)
    rows = "\n".join("   ".join(f"[ {button.label} ]" for button in row) for row in message.buttons)
    console.print(Panel(f"{plain(message)}\n\n{rows}", width=min(72, console.width), title="Telegram"))
