"""``edgewatch audit``: day zero of a watch list."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from alerts.wording import count
from ingest.errors import ConfigError
from watcher import app as build
from watcher import wallet_list
from watcher.cli.backfill import read_all
from watcher.cli.shared import context
from watcher.cli.shared.cost import Cost
from watcher.given import read_given
from watcher.lock import only_one
from watcher.record.record import read_record
from watcher.reports import audit, tables
from watcher.reports.audit import Report
from watcher.reports.luck import ListLuck, of_list
from watcher.store import trade_log, wallets
from watcher.store.sql.database import reading, writing
from watcher.types import FILE, Role, Wallet


def command(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Wallets: CSV, or one a line. Default: the watch list.")] = None,
    days: Annotated[
        int,
        typer.Option(
            min=7,
            max=3_650,
            help="Judge the last days, at most the newest third of a record; what is older is the baseline.",
        ),
    ] = 90,
    read: Annotated[bool, typer.Option("--read", help="Put them on the watch list and read the node first.")] = False,  # noqa: FBT002
    cost: Cost = 0.0,
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """Say who of a list is off form already, who is in form, and how sure it has an edge. Nothing is flagged by it."""
    shared, now = context.of(ctx), build.clock()
    listed, refused = _listed(shared, file)
    if read:
        with only_one(shared.engine):
            with writing(shared.engine) as connection:
                for wallet in listed or ():
                    wallets.add(connection, wallet)
            read_all(shared, context.err(), now)
    with reading(shared.engine) as connection:
        known = wallets.all_wallets(connection)
        by_address = {wallet.address: wallet for wallet in known}
        wanted = [wallet for wallet in known if wallet.role is Role.FOLLOWED and wallet.unfollowed_at is None]
        if listed is not None:
            wanted = [by_address.get(wallet.address, wallet) for wallet in listed]
        coverages = trade_log.coverages(connection)
        as_of = min(now, max((item.last_at for item in coverages), default=now))
        seen = audit.auditees(wanted, known, coverages, as_of=as_of, days=days)
        chains, detection = build.chains(shared.config), shared.config.detection
        record = read_record(connection, seen, chains, unit=detection.one_unit, now=now)
    if record is None:
        raise ConfigError("nothing was read yet: `edgewatch audit LIST --read`, or `edgewatch import FILE` first")
    assessments = record.judge(detection.per_wallet_year(len(record.followed)))
    peers = [wallet for wallet in known if wallet.role is Role.PEER]
    edges = of_list(record, wanted, peers, cost=cost / 100)
    found = audit.reports(record, assessments, {wallet.address for wallet in wanted}, edges.probability)
    if json:
        whole = {"as_of": record.as_of.isoformat(), **_luck(edges)}
        context.print_json({**whole, "wallets": [_object(each) for each in found]})
    else:
        context.out().print(tables.audit(found))
        if told := audit.lucky(edges, found):
            typer.echo(told)
        bad = sum(each.finding in audit.FOUND for each in found)
        typer.echo(f"{count(len(found), 'wallet')} as of {record.as_of:%Y-%m-%d %H:%M} UTC, {bad} with a finding")
    if refused or any(each.finding in audit.FOUND for each in found):
        raise typer.Exit(1)


def _listed(shared: context.CliContext, file: Path | None) -> tuple[list[Wallet] | None, int]:
    """The wallets of a list file, None without one, and how many lines were refused; these are told."""
    if file is None:
        return None, 0
    content = read_given(file)
    names = {table.name for table in shared.config.chains} | {FILE}
    listing = wallet_list.parse(content, now=build.clock(), chain_names=names, parse_id=wallet_list.parse_file_id)
    for refusal in listing.refused:
        typer.echo(f"line {refusal.line}: refused: {refusal.reason}", err=True)
    found = {wallet.address: wallet for _, wallet in listing.accepted}
    # A node knows nothing of a wallet that is no EVM address.
    return [each if each.address.startswith("0x") else replace(each, chains=(FILE,)) for each in found.values()], len(
        listing.refused
    )


def _luck(edges: ListLuck) -> dict[str, Any]:
    luck = edges.luck
    return {
        "cost": edges.cost,
        "edge_known": len(edges.probability),
        "expected_without_edge": luck.without_edge if luck else None,
        "without_edge_95": [luck.low, luck.high] if luck else None,
    }


def _object(report: Report) -> dict[str, Any]:
    assessment = report.assessment
    evidence = assessment.evidence if assessment else None
    return {
        "address": report.wallet.address,
        "label": report.wallet.label,
        "finding": report.finding.value,
        "words": report.words,
        "edge_probability": report.edge_probability,
        "since": evidence.since.isoformat() if evidence and evidence.since else None,
        "judged_from": report.judged_from.isoformat(),
        "state": assessment.state.value if assessment else None,
        "score": assessment.score if assessment else None,
        "peers": evidence.peers if evidence else None,
        "sight": asdict(evidence.sight) if evidence and evidence.sight else None,
        "remarks": report.remarks,
        "trades": report.trades,
        "round_trips": report.round_trips,
        "trades_per_day": report.trades_per_day,
        "median_holding_s": report.median_holding_s,
        "covered": [moment.isoformat() for moment in report.covered] if report.covered else None,
    }
