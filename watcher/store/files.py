"""What files brought: the files, their round trips and their trades. ``redecode`` never touches them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select

from ingest.files.trades import SOURCE
from ingest.types import FiledTrip, Leg, Trade, Valuation, VenueStatus
from watcher.store import trade_log
from watcher.store.sql.schema import file_trade, file_trip, raw_wallet, source_file

_TRIP = ("wallet", "position_id", "chain_id", "token", "opened_at", "closed_at", "cost_usd", "pnl_usd")
_TRADE = ("wallet", "chain_id", "tx_hash", "ordinal", "block_number", "transaction_index", "timestamp")


def add_file(connection: Connection, *, name: str, sha256: str, kind: str, at: datetime) -> int:
    """Note a file; returns its id."""
    values = {"name": name, "sha256": sha256, "kind": kind, "imported_at": at}
    result = connection.execute(insert(source_file).values(**values))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def imported_at(connection: Connection, sha256: str) -> datetime | None:
    """When a file with this content was imported first; None: never."""
    query = select(source_file.c.imported_at).where(source_file.c.sha256 == sha256).order_by(source_file.c.file_id)
    return connection.execute(query.limit(1)).scalar_one_or_none()


def add_trips(connection: Connection, file_id: int, items: Iterable[FiledTrip]) -> None:
    """Add round trips that are not there yet."""
    rows = [
        {name: getattr(item, name) for name in _TRIP}
        | {
            "file_id": file_id,
            "return_fraction": None if item.return_fraction is None else repr(item.return_fraction),
        }
        for item in items
    ]
    if rows:
        connection.execute(insert(file_trip), rows)


def trips(connection: Connection, wallet: str | None = None) -> list[FiledTrip]:
    """Round trips, by wallet and time of close."""
    query = select(file_trip).order_by(file_trip.c.wallet, file_trip.c.closed_at, file_trip.c.position_id)
    if wallet is not None:
        query = query.where(file_trip.c.wallet == wallet)
    return [
        FiledTrip(
            **{name: getattr(row, name) for name in _TRIP},
            return_fraction=None if row.return_fraction is None else float(row.return_fraction),
        )
        for row in connection.execute(query)
    ]


def trip_times(connection: Connection) -> dict[tuple[str, str], datetime]:
    """(wallet, position id) to the time at which the round trip became known."""
    query = select(file_trip.c.wallet, file_trip.c.position_id, source_file.c.imported_at).join(source_file)
    return {(row.wallet, row.position_id): row.imported_at for row in connection.execute(query)}


def add_trades(connection: Connection, file_id: int, items: Iterable[tuple[Trade, Valuation]]) -> None:
    """Add trades that are not there yet, with their valuations."""
    rows = [
        {name: getattr(trade, name) for name in _TRADE}
        | {
            "file_id": file_id,
            "sold": [[leg.token, str(leg.amount_raw)] for leg in trade.sold],
            "bought": [[leg.token, str(leg.amount_raw)] for leg in trade.bought],
            "venue": trade.venue,
            "venue_status": trade.venue_status.value,
            "fee_native_raw": trade.fee_native_raw,
            "value_usd": valuation.value_usd,
            "gas_usd": valuation.gas_usd,
        }
        for trade, valuation in items
    ]
    if rows:
        connection.execute(insert(file_trade), rows)


def _legs(value: Any) -> tuple[Leg, ...]:
    return tuple(Leg(token, int(amount)) for token, amount in value)


def trades(connection: Connection, wallet: str | None = None) -> list[tuple[Trade, Valuation, datetime]]:
    """Trades with their valuation and the time they became known, by chain, block, index, wallet and ordinal."""
    query = (
        select(file_trade, source_file.c.imported_at)
        .join(source_file)
        .order_by(
            *(file_trade.c[name] for name in ("chain_id", "block_number", "transaction_index", "wallet", "ordinal")),
            file_trade.c.timestamp,
            file_trade.c.tx_hash,
        )
    )
    if wallet is not None:
        query = query.where(file_trade.c.wallet == wallet)
    found = []
    for row in connection.execute(query):
        trade = Trade(
            **{name: getattr(row, name) for name in _TRADE},
            sold=_legs(row.sold),
            bought=_legs(row.bought),
            venue=row.venue,
            venue_status=VenueStatus(row.venue_status),
            native_source=None,
            fee_native_raw=row.fee_native_raw,
        )
        valuation = Valuation(
            chain_id=row.chain_id,
            tx_hash=row.tx_hash,
            wallet=row.wallet,
            ordinal=row.ordinal,
            value_usd=row.value_usd,
            gas_usd=row.gas_usd,
            source=SOURCE,
            as_of=row.timestamp,
        )
        found.append((trade, valuation, row.imported_at))
    return found


def owners(connection: Connection) -> tuple[set[str], set[str]]:
    """Wallets of whom files brought trades, and wallets of whom they brought round trips."""
    by_trades, by_trips = (
        set(connection.execute(select(table.c.wallet).distinct()).scalars()) for table in (file_trade, file_trip)
    )
    return by_trades, by_trips


def counts(connection: Connection) -> dict[str, int]:
    """How many round trips and trades files brought."""

    def one(table: Any) -> int:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())

    return {"filed_round_trips": one(file_trip), "filed_trades": one(file_trade)}


def all_trades(connection: Connection, wallet: str | None = None) -> list[tuple[Trade, Valuation | None, datetime]]:
    """The trade log in the order of the export: what nodes told, and what files told of other transactions."""
    same = and_(*(raw_wallet.c[name] == file_trade.c[name] for name in ("chain_id", "tx_hash", "wallet")))
    columns = (file_trade.c.chain_id, file_trade.c.tx_hash, file_trade.c.wallet)
    told = {tuple(row) for row in connection.execute(select(*columns).join(raw_wallet, same))}
    filed = [
        item for item in trades(connection, wallet) if (item[0].chain_id, item[0].tx_hash, item[0].wallet) not in told
    ]
    return sorted([*trade_log.trades(connection, wallet), *filed], key=_place)


def _place(item: tuple[Trade, Any, Any]) -> tuple[int, int, int, str, int, int]:
    trade = item[0]
    place = trade.chain_id, trade.block_number, trade.transaction_index
    return (*place, trade.wallet, trade.ordinal, trade.timestamp or 0)
