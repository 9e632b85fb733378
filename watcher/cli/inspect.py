"""``edgewatch status``, ``why``, ``export`` and ``decode``: reading what is there."""

import json as json_
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import structs
from rich.text import Text

from alerts import wording
from alerts.messages import silence
from ingest.decode import decode_transaction
from ingest.errors import ConfigError
from ingest.evm.chains import by_id
from ingest.evm.movements.wash_trades import Suspicion
from ingest.types import Chain, FiledTrip, Trade, Valuation
from metrics.frames import round_trip_frame, trade_frame
from metrics.rolling import windows
from metrics.types import Metric, RoundTrip, Unit
from watcher import app as build
from watcher import wallet_list
from watcher.cli.shared import context
from watcher.cli.shared.rows import Format, lines
from watcher.cli.wallets import find
from watcher.given import read_given
from watcher.jobs.sync import dust
from watcher.record.accounts import MARK_LIFE, read_accounts, trade_key
from watcher.reports import overview, tables
from watcher.reports.explain import drivers, explain
from watcher.store import files, flag_log, marks, trade_log, wallets, wash_trades
from watcher.store.sql.database import reading
from watcher.types import Role

export = typer.Typer(help="Data for other programs.", no_args_is_help=True)
RECORDED = 4 * 2**20  #: bytes of a recorded transaction
DRIVERS = 8  #: round trips behind a verdict that ``why`` lists
UNITS = {Unit.EPISODE: "a closed position episode", Unit.FIFO: "a sell, matched with the oldest lots"}


def trade_object(trade: Trade, valuation: Valuation | None, doubt: Suspicion | None = None) -> dict[str, Any]:
    """One trade as the export and ``decode`` print it: amounts as decimal strings in base units.

    A doubtful trade has one field more, ``suspicion``; one whose native amount is not settled has ``native_bounds``.
    """
    return {
        "chain_id": trade.chain_id,
        "block_number": trade.block_number,
        "timestamp": trade.timestamp,
        "tx_hash": trade.tx_hash,
        "wallet": trade.wallet,
        "sold": [{"token": leg.token, "amount_raw": str(leg.amount_raw)} for leg in trade.sold],
        "bought": [{"token": leg.token, "amount_raw": str(leg.amount_raw)} for leg in trade.bought],
        "value_usd": _amount(valuation.value_usd if valuation else None),
        "fee_native_raw": str(trade.fee_native_raw),
        "venue": trade.venue,
        "venue_status": trade.venue_status.value,
        "transaction_index": trade.transaction_index,
        "ordinal": trade.ordinal,
        "gas_usd": _amount(valuation.gas_usd if valuation else None),
        **({"native_bounds": [str(amount) for amount in trade.native_bounds]} if trade.native_bounds else {}),
        **({"suspicion": doubt.doubt.value} if doubt else {}),
    }


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def round_trip_object(trip: RoundTrip | FiledTrip) -> dict[str, Any]:
    """One closed round trip as the export prints it: money as decimal strings, times in unix seconds."""
    return {
        "wallet": trip.wallet,
        "chain_id": trip.chain_id,
        "token": trip.token,
        "position_id": trip.position_id,
        "opened_at": None if trip.opened_at is None else int(trip.opened_at.timestamp()),
        "closed_at": int(trip.closed_at.timestamp()),
        "cost_usd": _amount(trip.cost_usd),
        "pnl_usd": _amount(trip.pnl_usd),
        "return": trip.return_fraction,
        "holding_s": trip.holding_s,
    }


@export.command(name="round-trips")
def export_round_trips(
    ctx: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="One JSON object a line, or CSV.")] = Format.JSONL,
    wallet: Annotated[str, typer.Option(help="Only this wallet.")] = "",
) -> None:
    """Print what closed, by wallet and time of close."""
    shared = context.of(ctx)
    only = find(shared, wallet) if wallet else None
    with reading(shared.engine) as connection:
        wanted = [only] if only else sorted(wallets.all_wallets(connection), key=lambda each: each.address)
        unit = shared.config.detection.one_unit
        accounts = read_accounts(connection, wanted, build.chains(shared.config), unit=unit)
    rows = (
        round_trip_object(trip)
        for account in accounts
        for trip in sorted(account.round_trips, key=lambda each: (each.closed_at, each.position_id))
    )
    for line in lines(rows, form):
        typer.echo(line)


@export.command(name="trades")
def export_trades(
    ctx: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="One JSON object a line, or CSV.")] = Format.JSONL,
    wallet: Annotated[str, typer.Option(help="Only this wallet.")] = "",
) -> None:
    """Print the trade log, by chain, block, transaction, wallet and ordinal."""
    shared = context.of(ctx)
    address = find(shared, wallet).address if wallet else None
    with reading(shared.engine) as connection:
        items, doubts = files.all_trades(connection, address), wash_trades.doubts(connection)
    # In CSV every row has the same columns.
    empty = {"suspicion": None} if form is Format.CSV else {}
    rows = (
        empty | trade_object(trade, valuation, doubts.get(trade_key(trade))) for trade, valuation, _known_at in items
    )
    for line in lines(rows, form):
        typer.echo(line)


def status(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """How far reading has come, how every wallet stands, what waits for a decision."""
    shared = context.of(ctx)
    with reading(shared.engine) as connection:
        view = overview.read(connection, build.clock())
    if json:
        context.print_json(
            {
                "at": view.at.isoformat(),
                "read_until": view.read_until.isoformat() if view.read_until else None,
                "wallets": [
                    {
                        "address": wallet.address,
                        "label": wallet.label,
                        "role": wallet.role.value,
                        "state": assessment.state.value if assessment else None,
                        "as_of": assessment.as_of.isoformat() if assessment else None,
                        "score": assessment.score if assessment else None,
                        "verdict": tables.verdict(assessment),
                    }
                    for wallet, assessment in view.wallets
                ],
                "open_flags": [flag.flag_id for flag in view.open_flags],
                "undelivered": view.undelivered,
                "problems": list(view.problems),
                "units_today": view.units_today,
                "units_limit": view.units_limit,
                "turned_out": view.turned_out,
                "promise": view.promise,
                "factor": asdict(view.calibrated) if view.calibrated else None,
                **view.counts,
            }
        )
        return
    console = context.out()
    followed = [pair for pair in view.wallets if pair[0].role is Role.FOLLOWED]
    if followed:
        console.print(tables.wallets(followed))
    read_until = wording.moment(view.read_until) if view.read_until else "nothing yet"
    console.print(
        f"read until {read_until}; {view.counts['transactions']:,} transactions, {view.counts['trades']:,} trades "
        f"({view.counts['unverified']:,} unverified, {view.counts['unpriced']:,} unpriced, "
        f"{view.counts['peg_unchecked']:,} at a peg that nobody checked)"
    )
    for words in filter(None, (overview.proven(view.counts), overview.left_out(view.counts["strangers_left_out"]))):
        console.print(words)
    if view.counts["filed_round_trips"] or view.counts["filed_trades"]:
        console.print(
            f"from files: {wording.count(view.counts['filed_round_trips'], 'round trip')}, "
            f"{wording.count(view.counts['filed_trades'], 'trade')}"
        )
    if refused := view.counts["refused_prices"]:
        console.print(f"{wording.count(refused, 'answer')} of price feeds refused: stale, or not to be believed")
    console.print(
        f"{len(view.wallets) - len(followed)} peers; {view.units_today:,} of "
        f"{shared.config.budget.rpc_units_per_day:,} units spent today"
    )
    if view.undelivered:
        console.print(overview.undelivered(view), markup=False)
    if note := overview.budget_note(view):
        console.print(note)
    for line in (view.promise, overview.calibration_note(view.calibrated), view.turned_out):
        if line:
            console.print(line)
    for flag in view.open_flags:
        console.print(
            f"#{flag.flag_id} {wording.short(flag.wallet)} {wording.clean(flag.label, 40)} waits for your decision"
        )


def health(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """Is each part of the service alive; exit code 1 where one is not. What to do about it, `doctor` says."""
    with reading(context.of(ctx).engine) as connection:
        found = overview.health(overview.read(connection, build.clock()))
    if json:
        context.print_json([{"well": is_well, "words": words} for is_well, words in found])
    else:
        for is_well, words in found:
            mark = Text("ok  ", style="green") if is_well else Text("FAIL", style="bold red")
            context.out().print(Text.assemble(mark, f" {words}"), soft_wrap=True)
    if not all(is_well for is_well, _ in found):
        raise typer.Exit(1)


def budget(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """What was spent today, of how much."""
    shared = context.of(ctx)
    limit = shared.config.budget.rpc_units_per_day
    with reading(shared.engine) as connection:
        view = overview.read(connection, build.clock())
    if json:
        context.print_json({"units_today": view.units_today, "units_limit": limit})
    else:
        typer.echo(overview.budget(view, limit))


def why(
    ctx: typer.Context,
    wallet: Annotated[str, typer.Argument(help="Address, its beginning, or a label.")],
    trips: Annotated[int, typer.Option(help="How many round trips to list.")] = 12,
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """Explain a wallet's verdict in plain words, with the round trips that drove it."""
    shared = context.of(ctx)
    found = find(shared, wallet)
    with reading(shared.engine) as connection:
        assessment = flag_log.latest_assessments(connection).get(found.address)
        unit = shared.config.detection.one_unit
        [account] = read_accounts(connection, [found], build.chains(shared.config), unit=unit)
        names = trade_log.tokens(connection)
        flags = flag_log.flags(connection, address=found.address)
        read_until = trade_log.last_block_time(connection) or build.clock()
        marked = marks.newest(connection, read_until - MARK_LIFE)
        unseen = dust.left_out(connection, found.address)
    behind, reason = drivers(assessment, account.round_trips), silence.newest(flags)
    newest = sorted(account.round_trips, key=lambda trip: trip.closed_at, reverse=True)[:trips]
    opened = [
        (position, marked.get((position.wallet, position.chain_id, position.token)))
        for position in reversed(account.books.open_positions)
    ]
    if json:
        context.print_json(
            {
                "wallet": found.address,
                "label": found.label,
                "assessment": asdict(assessment) if assessment else None,
                "unit": account.unit,
                "drivers": [trip.position_id for trip in behind],
                "round_trips": [
                    (structs.asdict(trip) if isinstance(trip, RoundTrip) else asdict(trip))
                    | {"return": trip.return_fraction}
                    for trip in newest
                ],
                "open_positions": [
                    asdict(position)
                    | {"quantity_raw": str(position.quantity_raw), "marked_at": mark.marked_at if mark else None}
                    for position, mark in opened
                ],
                "flags": [flag.flag_id for flag in flags],
                "moved_away": asdict(account.moved_away) if account.moved_away else None,
                "silence": asdict(reason) if reason else None,
                "strangers_left_out": unseen,
                "swaps_by_others": account.swaps_by_others,
            }
        )
        return
    console = context.out()
    console.print(f"{wording.clean(found.label, 40)} {found.address}".strip(), style="bold", soft_wrap=True)
    console.print(f"followed since {found.followed_since:%Y-%m-%d}; {tables.verdict(assessment)}")
    if assessment and assessment.evidence.metrics:
        evidence = assessment.evidence
        console.print(tables.metrics(assessment))
        history = wording.count(evidence.baseline_n, "round trip")
        console.print(f"baseline of {history} over {wording.count(evidence.baseline_days, 'day')}")
        frames = round_trip_frame(account.round_trips), trade_frame(account.activity)
        console.print(tables.windows(windows(*frames, until=assessment.as_of)))
    for line in explain(assessment, silence=reason, left=account.moved_away)[1:]:
        console.print(wording.strip(line))
    if behind and assessment and assessment.evidence.since:
        order = "newest first" if assessment.evidence.lead is Metric.TRADE_FREQUENCY else "worst first"
        console.print(f"\nWhat drove it: {wording.count(len(behind), 'round trip')} closed since then, {order}")
        console.print(tables.round_trips(behind[:DRIVERS], names))
    books = account.books
    left_out = {
        "unpriced": books.unpriced,
        "sells of unknown cost": books.unknown_cost + books.unmatched_sells,
        "unverified trades": books.unverified,
    }
    chosen = "as configured" if unit else "as suits its history"
    console.print(f"a round trip is {UNITS[account.unit]} ({account.unit}, {chosen})")
    console.print(
        f"{len(account.round_trips)} round trips, {wording.count(len(books.open_positions), 'open position')}; "
        "left out: " + ", ".join(f"{count} {what}" for what, count in left_out.items())
    )
    for words in filter(None, (overview.left_out(unseen), overview.on_behalf(account.swaps_by_others))):
        console.print(words)
    open_amounts = sum(trade.counts and trade.native_bounds is not None for trade in account.verified)
    if open_amounts:
        counted = wording.count(open_amounts, "trade")
        console.print(f"{counted} counted with a native amount that is known to within 1 %: a trace would settle it")
    if account.doubts:
        one, many = "1 trade looks like a wash trade", f"{len(account.doubts)} trades look like wash trades"
        console.print(f"{one if len(account.doubts) == 1 else many}, left out")
    console.print(f"\nThe newest {wording.count(len(newest), 'round trip')}")
    console.print(tables.round_trips(newest, names))
    if opened:
        console.print(tables.open_positions(opened, names))
    for flag in flags:
        console.print(f"flag #{flag.flag_id}: {flag.status}; `edgewatch flags show {flag.flag_id}`")


def _chain(shared: context.CliContext, chain_id: int) -> Chain | None:
    """The chain as the configuration describes it, if there is one; else as the registry does."""
    configured = build.chains(shared.config).get(chain_id) if shared.config_file.exists() else None
    return configured or by_id(chain_id)


def decode(
    ctx: typer.Context,
    chain_id: Annotated[int, typer.Option(help="EIP-155 chain id.")],
    wallet: Annotated[str, typer.Option(help="Whose trades to look for.")],
    file: Annotated[Path, typer.Option(help='A JSON object with "transaction" and "receipt".')],
    explain: Annotated[bool, typer.Option("--explain", help="Print all that the decoder saw.")] = False,  # noqa: FBT002
) -> None:
    """Decode one recorded transaction, offline."""
    address = wallet_list.parse_address(wallet)
    try:
        case = json_.loads(read_given(file, most=RECORDED))
        transaction, receipt = case["transaction"], case["receipt"]
    except (ValueError, TypeError, KeyError):
        raise ConfigError(f'{file} does not hold a JSON object with "transaction" and "receipt"') from None
    found = decode_transaction(
        transaction,
        receipt,
        wallet=address,
        chain_id=chain_id,
        timestamp=case.get("block_timestamp"),
        internal_transactions=case.get("internal_transactions"),
        chain=_chain(context.of(ctx), chain_id),
    )
    if explain:
        context.print_json(
            {
                "flows": [structs.asdict(flow) | {"amount_raw": str(flow.amount_raw)} for flow in found.flows],
                "venues": [structs.asdict(venue) for venue in found.venues],
                "trades": [trade_object(trade, None) for trade in found.trades],
                "reasons": found.reasons,
            }
        )
        return
    for trade in found.trades:
        typer.echo(json_.dumps(trade_object(trade, None), separators=(", ", ": ")))
