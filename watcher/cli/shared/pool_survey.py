"""Candidates for peers from the chain: what looking costs, then the list."""

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import typer
from rich.console import Console

from alerts.wording import count, figure
from ingest.errors import BudgetExhausted, ConfigError
from metrics.peers.similarity import Likeness, Style
from watcher import app as build
from watcher.cli.shared import context
from watcher.jobs.peers.fit_budget import narrow
from watcher.jobs.peers.pool_survey import OVER, Survey, begin
from watcher.jobs.peers.rank_candidates import Resemblance, resemble
from watcher.lock import only_one
from watcher.reports.audit import MACHINE_TRADES_PER_DAY
from watcher.store import wallets
from watcher.store.sql.database import reading
from watcher.types import Role, Wallet

NOBODY = "nobody is followed: there is nobody to be alike"
NAMED = 3  #: machines, by address

#: The chain's name, the candidate, the followed wallet that it is most like, and how much.
Row = tuple[str, Style, Style, Likeness]


def suggest_read(shared: context.CliContext, now: datetime, *, days: int, most: int, yes: bool, json: bool) -> None:
    """Sample the pools of the followed wallets on every chain, and print who trades alike.

    Raises
    ------
    ConfigError
        Nobody is followed, or no followed wallet has a record from a node.
    typer.Exit
        With 1: it cannot be made to fit into today's budget, or the person said no.
    """
    console = context.err()
    with only_one(shared.engine), build.sources(shared.config, shared.engine, now) as sources:
        with reading(shared.engine) as connection:
            known = wallets.all_wallets(connection)
        followed = [wallet for wallet in known if wallet.role is Role.FOLLOWED and wallet.unfollowed_at is None]
        if not followed:
            raise ConfigError(NOBODY)
        surveys = [survey for each in sources if (survey := begin(shared.engine, each, days=days, now=now)) is not None]
        if not surveys:
            raise ConfigError(
                "no followed wallet has enough verified trades in pools of a chain: edgewatch backfill reads them; "
                "where records come from files, candidates do too (edgewatch import FILE)"
            )
        estimates = [_estimate(survey, console) for survey in surveys]
        estimates = _agree(surveys, estimates, console, yes=yes)
        found = []
        for survey, estimate in zip(surveys, estimates, strict=True):
            try:
                survey.go_on(most=OVER * estimate)
            except BudgetExhausted as error:
                console.print(f"{survey.source.chain.name}: the sample ends early: {error}", soft_wrap=True)
            found.append(resemble(survey, most=most))
        rows = _nearest([(each.chain, *row) for each in found for row in each.alike], most)
        tell(rows, followed, as_json=json)
        for each in found:
            console.print(_words(each), soft_wrap=True)
        spent = sum(survey.spent for survey in surveys)
        console.print(
            f"It cost {spent:,} units of an estimate of {sum(estimates):,}. {count(len(rows), 'candidate')} to choose "
            "from: take out whom you do not want and give the list to edgewatch wallets import; the next edgewatch "
            "backfill reads their history. How they did was not looked at.",
            soft_wrap=True,
        )


def _estimate(survey: Survey, console: Console) -> int:
    """Read the first windows, and say what all of them cost."""
    units, chain = survey.pilot(), survey.source.chain.name
    console.print(
        f"{chain}: {len(survey.windows):,} windows of {count(len(survey.windows[0]), 'block')} in the "
        f"{count(len(survey.places), 'pool')} that your wallets used most cost about {units:,} units, by the first "
        f"{survey.read:,} of them, which cost {survey.spent:,}",
        soft_wrap=True,
    )
    return units


def _agree(surveys: Sequence[Survey], estimates: list[int], console: Console, *, yes: bool) -> list[int]:
    """Make it fit into today's budget, and ask a person; the estimates that hold then."""
    meter = surveys[0].source.meter
    rest, left = sum(estimates) - sum(survey.spent for survey in surveys), meter.limit - meter.spent
    if rest > left:
        before = _size(surveys)
        narrowed = [
            narrow(survey, most=survey.spent + int((units - survey.spent) * left / OVER / rest))
            for survey, units in zip(surveys, estimates, strict=True)
        ]
        estimates = [units for units in narrowed if units is not None]
        if len(estimates) < len(surveys):
            console.print(
                f"The rest, {rest:,} units, does not fit into what is left of today's budget, {left:,} of "
                f"{meter.limit:,}. Ask again after midnight UTC, or with a larger [budget] rpc_units_per_day; an "
                "endpoint with larger ranges of blocks makes it cheaper; candidates from a file cost nothing.",
                soft_wrap=True,
            )
            raise typer.Exit(1)
        console.print(
            f"That is more than is left of today's budget, {left:,} units. In {_size(surveys)} instead of {before}, "
            f"without those that are crowded most, it costs {sum(estimates):,}",
            soft_wrap=True,
        )
    if rest and not yes and sys.stdin.isatty() and console.is_terminal:
        typer.confirm("Begin?", default=True, abort=True, err=True)
    return estimates


def _size(surveys: Sequence[Survey]) -> str:
    pools, windows = (sum(map(len, each)) for each in zip(*((s.places, s.windows) for s in surveys), strict=True))
    return f"{windows:,} windows of {count(pools, 'pool')}"


def _nearest(rows: list[Row], most: int) -> list[Row]:
    """Each address once, on the chain where it is nearest; the nearest first."""
    rows.sort(key=lambda row: (row[3].distance, row[1].wallet, row[0]))
    kept: dict[str, Row] = {}
    for row in rows:
        kept.setdefault(row[1].wallet, row)
    return list(kept.values())[:most]


def _words(found: Resemblance) -> str:
    words = (
        f"{found.chain}: {count(found.windows, 'window')} ({count(round(found.sampled_days, 1), 'day')}) show "
        f"{count(found.seen, 'wallet')}, {found.judged:,} with enough swaps to compare with "
        f"{count(found.compared, 'followed wallet')}; {len(found.alike):,} are alike"
    )
    if found.machines:
        named = ", ".join(f"{each.wallet} ({figure(each.trades_per_day)})" for each in found.machines[:NAMED])
        more = len(found.machines) - NAMED
        words += (
            f". Left out as bots, with {MACHINE_TRADES_PER_DAY} swaps a day or more: {named}"
            f"{f' and {more:,} more' if more > 0 else ''}"
        )
    return words + "."


def tell(rows: Sequence[Row], followed: Sequence[Wallet], *, as_json: bool) -> None:
    """Print a list for ``wallets import``, or JSON."""
    if as_json:
        context.print_json(
            [
                {"address": each.wallet, "chain": chain, "like": like.wallet, **asdict(how)}
                for chain, each, like, how in rows
            ]
        )
        return
    since = min(wallet.followed_since for wallet in followed)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["address", "label", "chain", "role", "followed_since"])
    for chain, each, like, how in rows:
        label = f"like {like.wallet[:12]}, factor {figure(how.factor, 1)}"
        table.writerow([each.wallet, label, chain, Role.PEER.value, f"{since:%Y-%m-%d}"])
    typer.echo(text.getvalue(), nl=False)
