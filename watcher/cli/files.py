"""``edgewatch import``: a record that others kept."""

import functools
import hashlib
import re
import tomllib
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from alerts.wording import clean, count
from ingest.errors import ConfigError
from ingest.evm.chains import registry
from ingest.files import column_mapping
from ingest.files.cells import Clock
from ingest.files.importer import FileReading, read_file
from ingest.files.reader import ImportOptions
from watcher import app as build
from watcher import wallet_list
from watcher.cli.shared import context
from watcher.given import read_given
from watcher.jobs.sync.import_file import FollowSettings, Imported, import_file
from watcher.types import Role

MAPPING = 2**20  #: bytes of a mapping
NAMED = 12  #: wallets that are told one by one; the rest are counted


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or Parquet.")],
    columns: Annotated[
        list[str] | None, typer.Option("--map", help="field=column,field=column; or a TOML file of such lines.")
    ] = None,
    wallet: Annotated[str, typer.Option(help="Whose rows they are, if no column says it.")] = "",
    chain: Annotated[str, typer.Option(help="Their chain, if no column says it.")] = "",
    timezone: Annotated[str, typer.Option(help="Of times that name none, like Europe/Athens.")] = "UTC",
    time_format: Annotated[str, typer.Option(help="Like '%d/%m/%Y %H:%M'.")] = "",
    covers: Annotated[str, typer.Option(help="FROM..TO: the time of which the file tells everything.")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="Put its wallets on the watch list.")] = False,  # noqa: FBT002
    followed_since: Annotated[str, typer.Option(help="YYYY-MM-DD; the baseline ends here. Default: now.")] = "",
    role: Annotated[Role, typer.Option(help="A peer is measured, never alerted.")] = Role.FOLLOWED,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report, and change nothing.")] = False,  # noqa: FBT002
) -> None:
    """Take trades or closed round trips from a file; good lines are kept, the others are named with the reason."""
    shared, now = context.of(ctx), build.clock()
    content = read_given(file)
    chains = build.chains(shared.config)
    reader = ImportOptions(
        clock=Clock(now=now, zone=_zone(timezone), form=time_format or None),
        chains={each.name: each for each in {**registry(), **chains}.values()},
        wallet_id=functools.lru_cache(maxsize=1024)(wallet_list.parse_file_id),
        mapping=_mapping(columns or []),
        wallet=wallet_list.parse_file_id(wallet) if wallet else None,
        chain=chain or None,
    )
    if followed_since and not follow:
        raise ConfigError("--followed-since goes with --follow")
    since = wallet_list.instant(followed_since, "--followed-since") if followed_since else now
    name = clean(file.name, 120)
    reading = read_file(content, reader)
    outcome = import_file(
        shared.engine,
        reading,
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        chains=chains,
        covers=_covers(covers, now) if covers else None,
        following=FollowSettings(since=since, role=role) if follow else None,
        now=now,
        dry_run=dry_run,
    )
    _report(name, reading, outcome, dry_run=dry_run)
    if reading.bad or outcome.refused:
        raise typer.Exit(1)


def _report(name: str, reading: FileReading, outcome: Imported, *, dry_run: bool) -> None:
    bad = sorted([*reading.bad, *outcome.refused], key=lambda item: item.line)
    for item in bad:
        typer.echo(f"line {item.line}: refused: {item.reason}", err=True)
    typer.echo(
        f"{name}: {reading.layout.name}; {outcome.new:,} {reading.layout.kind} new, {outcome.known:,} known already, "
        f"{count(len(bad), 'line')} refused"
    )
    if outcome.before:
        typer.echo(f"a file with this content was imported on {outcome.before:%Y-%m-%d %H:%M} UTC")
    for note in reading.notes:
        typer.echo(note)
    for address, (first, last) in sorted(outcome.covered.items())[:NAMED]:
        typer.echo(f"{address}: covered from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC")
    if len(outcome.covered) > NAMED:
        typer.echo(f"and {len(outcome.covered) - NAMED} wallets more")
    if outcome.followed:
        typer.echo(f"{count(len(outcome.followed), 'wallet')} added to the watch list")
    if outcome.unlisted:
        typer.echo(
            f"{count(len(outcome.unlisted), 'wallet')} of the file not on the watch list: nothing of them is judged; "
            "add --follow"
        )
    if dry_run:
        typer.echo("dry run: nothing was changed")


def _mapping(options: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for option in options:
        part = (
            _toml(Path(option)) if option.endswith(".toml") and "=" not in option else column_mapping.parse_map(option)
        )
        if double := sorted(set(part) & set(found)):
            raise ConfigError(f"the mapping names {double[0]} twice")
        found |= part
    return found


def _toml(path: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(read_given(path, most=MAPPING).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    for field, column in table.items():
        column_mapping.check_field(field)
        if not isinstance(column, str):
            raise ConfigError(f'{path}: {field} must name a column, like closed_at = "Close Time"')
    return table


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name != "UTC" else UTC
    except (OSError, ValueError, LookupError):
        raise ConfigError(f"--timezone: {name[:40]!r} is not a time zone; write one like Europe/Athens") from None


def _covers(text: str, now: datetime) -> tuple[datetime, datetime]:
    """Read ``FROM..TO``; a last day counts whole, as far as it is over."""
    first_text, dots, last_text = text.partition("..")
    if not dots:
        raise ConfigError("--covers: write FROM..TO, like 2025-01-01..2025-06-30")
    first, last = (wallet_list.instant(part.strip(), "--covers") for part in (first_text, last_text))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", last_text.strip()):
        last += timedelta(days=1)
        if now < last <= now + timedelta(days=1):
            last = now
    if not first < last <= now:
        raise ConfigError("--covers: the time must begin before it ends, and no file covers the future")
    return first.replace(microsecond=0), last.replace(microsecond=0)
