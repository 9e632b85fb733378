"""The entry point: one command tree, and one place where errors become exit codes."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console

from ingest.errors import BudgetExhausted, ConfigError, WatchError
from ingest.text import clean, to_json
from watcher.cli.shared.lazy import LazyGroup

OK, FINDING, USAGE, CONFIGURATION, BUDGET = 0, 1, 2, 3, 4
"""Exit codes; 2 is the parser's own."""
_LONGEST = 2_000  #: characters of a text in a line of the log
_FRAMES = 8  # of a traceback, the innermost, that a line of the log names

app = typer.Typer(
    name="edgewatch",
    cls=LazyGroup,
    help="Tells you when a wallet that you follow leaves its own form. Reads only; you decide.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's form
    if wanted:
        typer.echo(f"edgewatch {version('edgewatch')}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Configuration file (or EDGEWATCH_CONFIG).")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,  # noqa: FBT002 - typer's form
    _version: Annotated[  # noqa: FBT002 - typer's form
        bool, typer.Option("--version", help="Print the version and leave.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Remember what every command needs."""
    from watcher.cli.shared.context import CliContext

    ctx.obj = CliContext(config_option=config)
    _log_to_stderr(logging.DEBUG if verbose else logging.INFO)


def _place(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say what an exception is and where it was raised; not its words, which can hold a URL with its key."""
    error = sys.exc_info()[1] if event.pop("exc_info", None) else None
    if error is not None:
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        event["kind"] = type(error).__name__
        event["raised_at"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _to_json(event: Any, **_options: Any) -> str:
    return to_json(event)


def _cleaned(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Clean each text of a line: some of them are a node's words, or a file's."""
    return {name: clean(value, _LONGEST) if isinstance(value, str) else value for name, value in event.items()}


def _log_to_stderr(level: int) -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    for chatty in ("httpx", "httpcore", "telegram", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)  # httpx prints URLs, and these hold keys
    # It warns of each turn that a job misses while it is at work: in an outage of Telegram, every five seconds.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _place,
            _cleaned,
            structlog.dev.ConsoleRenderer(colors=True)
            if sys.stderr.isatty()
            else structlog.processors.JSONRenderer(serializer=_to_json),
        ],
    )


def main() -> None:
    """Run the command line; an error for a person is one message and an exit code."""
    try:
        app()
    except WatchError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"edgewatch: {error}", markup=False)
        code = FINDING
        if isinstance(error, ConfigError):
            code = CONFIGURATION
        elif isinstance(error, BudgetExhausted):
            code = BUDGET
        raise SystemExit(code) from None
