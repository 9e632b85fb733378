"""The commands by name, each imported when it is run: help and version need none of the heavy libraries behind them."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "wallets": ("wallets:app", "Whom to watch."),
    "peers": ("peers:app", "Whom the followed wallets are compared with."),
    "flags": ("flags:app", "What waits for a decision, and what was decided."),
    "export": ("export:app", "Data for other programs."),
    "db": ("setup:db", "The database."),
    "telegram": ("telegram:app", "The Telegram channel."),
    "init": ("setup:init", "Write a commented edgewatch.toml to fill in, and tell what reading will cost."),
    "demo": ("setup:demo", "Run the whole path on a recorded chain: no node, no key, two minutes."),
    "doctor": (
        "doctor:command",
        "Check configuration, database, disk, nodes, clock, list and channel; each line says what to do.",
    ),
    "audit": (
        "audit:command",
        "Say who of a list is off form already, who is in form, and how sure it has an edge. Nothing is flagged by it.",
    ),
    "replay": (
        "replay:command",
        "Replay your own history: how many flags, how early, and what stopping at them would have returned.",
    ),
    "calibrate": (
        "calibrate:command",
        "Shuffle the weeks of your wallets' record, count the flags, and correct the scores where the dial is broken.",
    ),
    "backfill": (
        "backfill:backfill",
        "Read what is missing of every wallet's history, after a plan of what it costs. Interrupt it at any time.",
    ),
    "once": (
        "backfill:once",
        "Read, mark, assess, take presses and deliver, once; what cannot be read keeps nothing else from being done.",
    ),
    "run": ("backfill:run", "Watch until stopped: read, assess, deliver, and take decisions on Telegram."),
    "digest": (
        "backfill:digest",
        "The last seven days: flags, who is nearest to one, what changed, what could be seen, what was read and spent.",
    ),
    "redecode": (
        "backfill:redecode",
        "Build trades and valuations again from the stored raw transactions, without a node.",
    ),
    "status": ("inspect:status", "How far reading has come, how every wallet stands, what waits for a decision."),
    "health": (
        "inspect:health",
        "Is each part of the service alive; exit code 1 where one is not. What to do about it, `doctor` says.",
    ),
    "budget": ("inspect:budget", "What was spent today, of how much."),
    "why": ("inspect:why", "Explain a wallet's verdict in plain words, with the round trips that drove it."),
    "report": ("report:report", "Write one wallet's drill-down as an HTML page that needs no network."),
    "decode": ("inspect:decode", "Decode one recorded transaction, offline."),
    "import": (
        "files:import_",
        "Take trades or closed round trips from a file; good lines are kept, the others are named with the reason.",
    ),
}
"""Command → where it is, ``module:name`` in ``watcher.cli``, and what the list of commands says of it."""


class LazyGroup(TyperGroup):
    """The commands of :data:`COMMANDS`; one is imported when it is asked for, and none to list them."""

    _listing = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # By name and line alone: for the list, and for what somebody may have meant to type.
        self.commands = {name: TyperCommand(name, help=words) for name, (_, words) in COMMANDS.items()}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import one command; while the help is written, only its name and its line."""
        known = super().get_command(ctx, cmd_name)
        if known is None or self._listing:
            return known
        module, name = COMMANDS[cmd_name][0].split(":")
        found = getattr(import_module(f"watcher.cli.{module}"), name)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            one = typer.Typer(add_completion=False)
            one.command(name=cmd_name)(found)
            command = typer.main.get_command(one)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help from the table alone."""
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False
