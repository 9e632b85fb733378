"""What the commands share: the configuration, the database and the way to print."""

import getpass
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from sqlalchemy import Engine

from ingest.text import to_json
from watcher import app
from watcher.cli.shared.rows import plain
from watcher.config.settings import Config, environment, find_file, load
from watcher.telegram.actions import Person


@dataclass
class CliContext:
    """One run of the command line; opens things when they are first needed."""

    config_option: Path | None

    @property
    def config_file(self) -> Path:
        """The configuration file that is meant."""
        return find_file(self.config_option, environment())

    @cached_property
    def config(self) -> Config:
        """The checked configuration."""
        return load(self.config_file, environment())

    @cached_property
    def engine(self) -> Engine:
        """The database."""
        return app.open_store(self.config)


def person(shared: CliContext, name: str = "") -> Person:
    """Who acts on the command line: the named one, else the login name."""
    return Person(
        name=name or getpass.getuser(),
        user_id=None,
        channel="cli",
        now=app.clock(),
        config_hash=shared.config.detection.fingerprint,
    )


def of(ctx: typer.Context) -> CliContext:
    """The context of a command."""
    found: CliContext = ctx.obj
    return found


# No markup and no emoji codes: labels and token symbols are the words of others, and are shown as they are.
def out() -> Console:
    """Where results go."""
    return Console(highlight=False, markup=False, emoji=False)


def err() -> Console:
    """Where progress and remarks go."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def print_json(value: Any) -> None:
    """Print one JSON document."""
    typer.echo(to_json(plain(value)))
