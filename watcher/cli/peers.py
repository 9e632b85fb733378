"""``edgewatch peers``: whom to compare with."""

from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from ingest.errors import ConfigError
from metrics.peers.similarity import Style, Touches, suggest
from watcher import app as build
from watcher import wallet_list
from watcher.cli.shared import context, pool_survey
from watcher.given import read_given
from watcher.record.accounts import Account, quote_addresses, read_accounts, touches
from watcher.store import files, flag_log, wallets
from watcher.store.sql.database import reading
from watcher.types import FILE, Role, Wallet

app = typer.Typer(help="Whom the followed wallets are compared with.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``suggest`` a command of its own."""


@app.command(name="suggest")
def suggest_(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Candidates; default: all whose record was imported.")] = None,
    days: Annotated[
        int, typer.Option(min=7, max=3_650, help="How much of the beginning of each record to compare.")
    ] = 60,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="How many to suggest.")] = 40,
    read: Annotated[  # noqa: FBT002
        bool, typer.Option("--read", help="Look for them on the chain, in the pools of the followed wallets.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Read without asking.")] = False,  # noqa: FBT002
    json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """Print candidates that trade like the followed wallets, as a list that ``wallets import`` reads.

    Their records come first (``edgewatch import FILE`` without ``--follow``), or ``--read`` samples the swaps in the
    pools that the followed wallets used, after an estimate of what it costs. How they did does not count.
    """
    shared, now = context.of(ctx), build.clock()
    if read:
        if file is not None:
            raise ConfigError("a file of candidates and --read do not go together: --read finds candidates itself")
        pool_survey.suggest_read(shared, now, days=days, most=most, yes=yes, json=json)
        return
    chains, unit = build.chains(shared.config), shared.config.detection.one_unit
    with reading(shared.engine) as connection:
        known = wallets.all_wallets(connection)
        by_trades, by_trips = files.owners(connection)
        flagged = {flag.wallet for flag in flag_log.flags(connection)}
        names = by_trades | by_trips
        if file is not None:
            names &= _listed(file, {table.name for table in shared.config.chains})
        names -= {wallet.address for wallet in known} | flagged
        followed = [wallet for wallet in known if wallet.role is Role.FOLLOWED and wallet.unfollowed_at is None]
        if not followed:
            raise ConfigError(pool_survey.NOBODY)
        strangers = [Wallet(address=name, chains=(FILE,), followed_since=now, added_at=now) for name in sorted(names)]
        if not strangers:
            raise ConfigError(
                "no candidate has a record: import one without --follow (a Dune export of the pools that your wallets "
                "use, for example) and ask again; or --read looks for some on the chain"
            )
        accounts = read_accounts(connection, [*known, *strangers], chains, unit=unit)
    quotes = quote_addresses(chains)
    traded = {account.wallet.address: touches(account, quotes) for account in accounts}
    styles = {account.wallet.address: _style(account, traded[account.wallet.address], days) for account in accounts}
    found = suggest(
        [style for wallet in followed if (style := styles[wallet.address]) is not None],
        [style for name in sorted(names) if (style := styles[name]) is not None],
        traded,
        most=most,
    )
    pool_survey.tell([(FILE, *row) for row in found], followed, as_json=json)
    if not json:
        typer.echo(f"{len(found)} of {len(strangers)} candidates are alike; how they did was not looked at", err=True)


def _listed(file: Path, chain_names: set[str]) -> set[str]:
    content = read_given(file)
    now, parse_id = build.clock(), wallet_list.parse_file_id
    listing = wallet_list.parse(content, now=now, chain_names=chain_names, parse_id=parse_id)
    for refusal in listing.refused:
        typer.echo(f"line {refusal.line}: refused: {refusal.reason}", err=True)
    return {wallet.address for _, wallet in listing.accepted}


def _style(account: Account, touched: Touches, days: int) -> Style | None:
    """How it traded in the first days of its record; None without one."""
    seconds = sorted(each.timestamp for each in account.activity if each.timestamp is not None)
    if not seconds:
        return None
    end = seconds[0] + timedelta(days=days).total_seconds()
    count = sum(second < end for second in seconds)
    early = [trip for trip in account.round_trips if trip.closed_at.timestamp() < end]
    held = [trip.holding_s for trip in early if trip.holding_s is not None]
    sizes = [float(trip.cost_usd) for trip in early if trip.cost_usd is not None]
    return Style(
        wallet=account.wallet.address,
        chains=frozenset(each.chain_id for each in account.activity),
        trades=count,
        # Over the same stretch for all, so that one who stopped early is not taken for a fast one.
        trades_per_day=count / days,
        holding_s=median(held) if held else None,
        size_usd=median(sizes) if sizes else None,
        tokens=frozenset(token for token, second in touched if second < end),
    )
