"""``edgewatch calibrate``: does the dial keep its promise on one's own wallets."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import Progress

from alerts.wording import count, figure
from ingest.errors import ConfigError
from metrics.detector.curve_population import Distance, compare
from metrics.evaluation.block_shuffle import LEAST_DAYS, stretches
from metrics.evaluation.false_flag_rate import ENOUGH
from watcher import app as build
from watcher.cli.shared import context
from watcher.record import calibration_factor
from watcher.record.record import read_record
from watcher.reports import calibrate, curve_population, tables
from watcher.reports.calibrate import Calibrated
from watcher.store import wallets
from watcher.store.sql.database import reading, writing

OTHERS = (0.25, 1.0, 4.0)  #: dials that are counted beside the one in use
SEED = 1  #: the same record gives the same answer


def command(
    ctx: typer.Context,
    times: Annotated[int, typer.Option(min=1, max=100_000, help="How often to shuffle.")] = 200,
    days: Annotated[int, typer.Option("--block", min=7, max=364, help="Days of a block, a multiple of 7.")] = 14,
    forget: Annotated[bool, typer.Option("--forget", help="Remove the factor that was found.")] = False,  # noqa: FBT002
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """Shuffle the weeks of your wallets' record, count the flags, and correct the scores where the dial is broken."""
    shared, now = context.of(ctx), build.clock()
    if forget:
        with writing(shared.engine) as connection:
            calibration_factor.keep(connection, None, now)
        typer.echo("the factor is gone: scores are what the shipped curve says")
        return
    detection = shared.config.detection
    with reading(shared.engine) as connection:
        everyone = wallets.all_wallets(connection)
        record = read_record(connection, everyone, build.chains(shared.config), unit=detection.one_unit, now=now)
    if record is None:
        raise ConfigError("nothing was read yet: `edgewatch backfill`, or `edgewatch import FILE` first")
    try:
        found = stretches(record.covered, block=days)
    except ValueError as error:
        raise ConfigError(f"--block: {error}") from None
    if not found:
        raise ConfigError(f"no wallet was read for {LEAST_DAYS} days without large holes: too little to shuffle")
    dial = detection.per_wallet_year(len(record.followed))
    dials = (dial, *(other for other in OTHERS if other != dial))
    console = context.err()
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("shuffling", total=times * len(found))
        rng = np.random.default_rng(SEED)
        done = calibrate.calibrate(record, found, dials, rng, times=times, on_shuffle=lambda: bar.advance(task))
    distances = compare(record.watch(dial)[0].baselines())
    with writing(shared.engine) as connection:
        calibration_factor.keep(connection, done.factor, now)
    if json:
        context.print_json(_object(done, distances))
    else:
        context.out().print(tables.realised(done.rates))
        _tell(done)
        context.out().print(curve_population.table(distances))
        typer.echo(
            curve_population.unlike(distances, {each.wallet.address: each.wallet.label for each in record.accounts})
        )


def _tell(done: Calibrated) -> None:
    spans = ", ".join(f"{each.days} days of {count(len(each.wallets), 'wallet')}" for each in done.stretches)
    typer.echo(f"{count(done.times, 'shuffle')} of {spans}; closed round trips and trades alone, no open positions")
    if done.left_out:
        typer.echo(f"{count(len(done.left_out), 'wallet')} left out: too short a record, or one with too many holes")
    if done.factor is not None:
        low, high, value = (figure(each, 1) for each in (done.factor.low, done.factor.high, done.factor.value))
        typer.echo(
            f"the promise is broken: {low} to {high} times as many flags as the dial says. From now on recurrence "
            f"intervals are {value} times shorter, and flags rarer; "
            "`edgewatch calibrate --forget` removes this"
        )
    elif len(done.used) < ENOUGH:
        typer.echo(f"{count(len(done.used), 'wallet')} could be judged: from {ENOUGH} on, scores would be corrected")
    else:
        typer.echo("nothing says that the dial's promise is broken: scores stay what the shipped curve says")


def _object(done: Calibrated, distances: Sequence[Distance]) -> dict[str, Any]:
    return {
        "assumed": [asdict(each) for each in distances],
        "times": done.times,
        "rates": [asdict(each) for each in done.rates],
        "factor": asdict(done.factor) if done.factor else None,
        "wallets": done.used,
        "left_out": done.left_out,
        "stretches": [
            {"begin": each.begin.isoformat(), "days": each.days, "wallets": each.wallets} for each in done.stretches
        ],
    }
