"""``edgewatch replay``: what the flags would have been, before one lives by them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import Progress

from alerts.wording import count, figure, setting
from ingest.errors import ConfigError
from ingest.limits import real
from metrics.evaluation.follow_returns import Following, compare
from watcher import app as build
from watcher.cli.shared import context
from watcher.cli.shared.cost import Cost
from watcher.config.settings import DIAL
from watcher.own_file import check_free, write
from watcher.record.accounts import trade_key
from watcher.record.record import read_record
from watcher.reports import audit, backtest, follow_returns, tables
from watcher.reports.backtest import Known, Replayed
from watcher.reports.backtest_chart import draw
from watcher.store import files, trade_log, wallets
from watcher.store.sql.database import reading
from watcher.types import Role

SEED = 1  #: of the days of chance and of the bootstrap: the same record gives the same answer


def _dials(values: list[float] | None) -> list[float]:
    try:
        return [real(value, **DIAL) for value in values or []]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def command(
    ctx: typer.Context,
    hindsight: Annotated[bool, typer.Option("--hindsight", help="As if all had been known when it happened.")] = False,  # noqa: FBT002
    days: Annotated[int, typer.Option(min=7, max=3_650, help="With hindsight: judge at least so many days.")] = 90,
    dial: Annotated[
        list[float] | None, typer.Option(callback=_dials, help="False flags per wallet-year to try; may be repeated.")
    ] = None,
    cost: Cost = 0.0,
    chart: Annotated[Path | None, typer.Option(help="Draw a PNG here, of the first dial.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a chart of that name.")] = False,  # noqa: FBT002
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """Replay your own history: how many flags, how early, and what stopping at them would have returned."""
    shared = context.of(ctx)
    if chart is not None:
        check_free(chart, replace=force)
    known = _known(shared, hindsight=hindsight, days=days)
    midnights = backtest.span(known)
    if not midnights:
        raise ConfigError(
            "no day to replay: "
            + ("nobody is followed" if hindsight else "nobody was on the list for a whole day; try --hindsight")
        )
    followed = len(known.record.followed)
    dials = dial or [shared.config.detection.per_wallet_year(followed)]
    done: list[tuple[Replayed, Following | None]] = []
    console = context.err()
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("replaying", total=len(midnights) * len(dials))
        for each in dials:
            found = backtest.replay(known, each, lambda: bar.advance(task))
            assert found is not None
            done.append((found, compare(found.lives, np.random.default_rng(SEED), cost=cost / 100)))
    if chart is not None:
        write(chart, draw(done[0][0]), replace=force)
    if json:
        context.print_json([_object(found, money) for found, money in done])
        return
    for found, money in done:
        _tell(found, money)


def _known(shared: context.CliContext, *, hindsight: bool, days: int) -> Known:
    now, chains, unit = build.clock(), build.chains(shared.config), shared.config.detection.one_unit
    with reading(shared.engine) as connection:
        everyone = wallets.all_wallets(connection)
        if hindsight:
            coverages = trade_log.coverages(connection)
            as_of = min(now, max((item.last_at for item in coverages), default=now))
            followed = [wallet for wallet in everyone if wallet.role is Role.FOLLOWED]
            everyone = audit.auditees(followed, everyone, coverages, as_of=as_of, days=days)
        record = read_record(connection, everyone, chains, unit=unit, now=now)
        if record is None:
            raise ConfigError("nothing was read yet: `edgewatch backfill`, or `edgewatch import FILE` first")
        if hindsight:
            return backtest.with_hindsight(record)
        trades = {trade_key(trade): at for trade, _, at in files.all_trades(connection)}
        return backtest.as_lived(record, trades, files.trip_times(connection))


def _tell(found: Replayed, money: Following | None) -> None:
    console = context.out()
    if found.flags:
        console.print(tables.replayed(found))
    how = "with hindsight: each row as if known when it closed" if found.hindsight else "as lived"
    rate = found.flags_per_wallet_year
    beyond = sum(map(found.in_event, found.flags))
    typer.echo(
        f"{found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}, {how}; "
        f"dial {setting(found.false_flags_per_wallet_year)} a wallet-year: {count(len(found.flags), 'flag')} "
        f"of {count(len(found.lives), 'wallet')}"
        + (f" ({figure(rate, 2)} a wallet-year, true ones among them)" if rate is not None else "")
        + f"; {count(len(found.events), 'market event')}, {beyond} of the flags in them, beyond the market"
    )
    for event in found.events:
        typer.echo(
            f"market event: {event.first} to {event.last}, {count(len(event.moved), 'wallet')} down with their peers "
            "and not flagged for it"
        )
    for words, days in (
        ("from the estimated start of a change to its flag", [flag.delay_days for flag in found.flags]),
        ("from the flag to the day on which you dropped the wallet", [flag.lead_days for flag in found.flags]),
    ):
        known = [day for day in days if day is not None]
        if known:
            typer.echo(f"{words}: {count(round(float(np.median(known))), 'day')} (median of {len(known)})")
    if money is None:
        return
    typer.echo(follow_returns.heading(money.equal_stakes))
    console.print(follow_returns.table(money.equal_stakes, "the same stake in each"))
    if money.own_sizes is None:
        typer.echo("the wallets' own sizes are not known: nothing is said of stakes like theirs")
    else:
        console.print(follow_returns.table(money.own_sizes, "stakes like the wallet's, in its mean ones"))
    typer.echo(follow_returns.conclusion(money.equal_stakes))
    if words := follow_returns.aftermath(money.equal_stakes):
        typer.echo(words)


def _object(found: Replayed, money: Following | None) -> dict[str, Any]:
    return {
        "mode": "hindsight" if found.hindsight else "as_lived",
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "false_flags_per_wallet_year": found.false_flags_per_wallet_year,
        "flags_per_wallet_year": found.flags_per_wallet_year,
        "wallets": len(found.lives),
        "flags": [
            {
                "wallet": flag.wallet,
                "label": flag.label,
                "day": flag.day.isoformat(),
                "since": flag.since.isoformat() if flag.since else None,
                "score": flag.score,
                "delay_days": flag.delay_days,
                "lead_days": flag.lead_days,
                "in_market_event": found.in_event(flag),
            }
            for flag in found.flags
        ],
        "market_events": [
            {
                "first": event.first.isoformat(),
                "last": event.last.isoformat(),
                "moved": event.moved,
            }
            for event in found.events
        ],
        "following": asdict(money) if money else None,
    }
