"""Take a file's record into the database, in one transaction; what is there already stays as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from ingest.files.importer import FileReading
from ingest.files.price_file import BadLine
from ingest.files.reader import Found, Record
from ingest.types import FILE_CHAIN, Chain, FiledTrip, Trade
from watcher.store import files, trade_log, wallets
from watcher.store.sql.database import writing
from watcher.types import FILE, Coverage, Role, Wallet

LEVEL = "file"  #: how well coverage is proven: a file says so

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowSettings:
    """How the wallets of a file come onto the watch list."""

    since: datetime  #: UTC; the baseline ends here
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of a file."""

    new: int  #: records that were not there
    known: int  #: records that were there, and say the same
    refused: tuple[
        BadLine, ...
    ]  #: lines of records that do not fit to what is there; the reading's own bad lines apart
    covered: Mapping[str, Interval]  #: wallet to the time that the file covers
    followed: tuple[str, ...]  #: wallets that are new on the list
    unlisted: tuple[str, ...]  #: wallets that are not on the list: nothing of them is judged
    before: datetime | None  #: when a file with this very content was imported first


def import_file(
    engine: Engine,
    reading: FileReading,
    *,
    name: str,
    sha256: str,
    chains: Mapping[int, Chain],
    covers: Interval | None,
    following: FollowSettings | None,
    now: datetime,
    dry_run: bool = False,
) -> Imported:
    """Store what a file told: its records, what time it covers, and its wallets if they are to be followed.

    A wallet's record comes from trades (a node's, a file's) or from closed round trips, never from both: the same
    position would count twice. A record that is there already is not doubled; one that says something else under the
    same key is refused.

    Parameters
    ----------
    reading
        The file, read.
    name, sha256
        Where the records come from.
    chains
        Chains of the configuration: their wallets are read from a node.
    covers
        The time of which the file tells everything; None: of each wallet from its first row to its last.
    following
        How to put the wallets on the list; None: leave the list alone.
    now
        UTC.
    dry_run
        Do it all and take it back.
    """
    with writing(engine) as connection:
        before = files.imported_at(connection, sha256)
        fitting, refused = _fitting(connection, reading.found, chains)
        new, known, differing = _split(connection, fitting)
        file_id = files.add_file(connection, name=name, sha256=sha256, kind=reading.layout.name, at=now)
        files.add_trips(connection, file_id, [record for record in new if isinstance(record, FiledTrip)])
        files.add_trades(connection, file_id, [record for record in new if not isinstance(record, FiledTrip)])
        covered = _cover(connection, fitting, covers)
        added: list[str] = []
        if following is not None:
            added = [address for address in sorted(covered) if _follow(connection, address, following, now)]
        listed = {wallet.address for wallet in wallets.all_wallets(connection)}
        if dry_run:
            connection.rollback()
    return Imported(
        new=len(new),
        known=known,
        refused=tuple(sorted([*refused, *differing], key=lambda item: item.line)),
        covered=covered,
        followed=tuple(added),
        unlisted=tuple(sorted(set(covered) - listed)),
        before=before,
    )


def _follow(connection: Connection, address: str, following: FollowSettings, now: datetime) -> bool:
    since = following.since
    wallet = Wallet(address=address, role=following.role, chains=(FILE,), followed_since=since, added_at=now)
    return wallets.add(connection, wallet)


def _owner(record: Record) -> str:
    return record.wallet if isinstance(record, FiledTrip) else record[0].wallet


def _fitting(
    connection: Connection, found: Iterable[Found], chains: Mapping[int, Chain]
) -> tuple[list[Found], list[BadLine]]:
    """Records of wallets whose record is of the same kind."""
    names = {chain.name for chain in chains.values()}
    by_node = {
        wallet.address
        for wallet in wallets.all_wallets(connection)
        if names and (wallet.chains is None or names & set(wallet.chains))
    }
    by_trades, by_trips = files.owners(connection)
    kept: list[Found] = []
    refused: list[BadLine] = []
    for lines, record in found:
        owner, reason = _owner(record), None
        if isinstance(record, FiledTrip):
            if owner in by_node:
                reason = f"{owner} is read from a node: its round trips come from its trades; import those instead"
            elif owner in by_trades:
                reason = f"{owner} is known by its trades: closed round trips would count them twice"
        elif owner in by_trips:
            reason = f"{owner} is known by closed round trips: its trades would count them twice"
        if reason is None:
            kept.append((lines, record))
        else:
            refused += [BadLine(line=line, reason=reason) for line in lines]
    return kept, refused


def _split(connection: Connection, found: Iterable[Found]) -> tuple[list[Record], int, list[BadLine]]:
    """What is new, how much is known, and what differs from what is known."""
    trips = {(trip.wallet, trip.position_id): trip for trip in files.trips(connection)}
    trades = {_key(trade): (trade, valuation) for trade, valuation, _ in files.trades(connection)}
    new: list[Record] = []
    known = 0
    differing: list[BadLine] = []
    for lines, record in found:
        there: Record | None
        if isinstance(record, FiledTrip):
            there = trips.get((record.wallet, record.position_id))
        else:
            there = trades.get(_key(record[0]))
        if there is None:
            new.append(record)
        elif there == record:
            known += 1
        else:
            reason = "an earlier file told it otherwise, and that stays; to take this one, remove the wallet first"
            differing += [BadLine(line=line, reason=reason) for line in lines]
    return new, known, differing


def _key(trade: Trade) -> tuple[str, int, str, int]:
    return trade.wallet, trade.chain_id, trade.tx_hash, trade.ordinal


def _cover(connection: Connection, found: Iterable[Found], covers: Interval | None) -> dict[str, Interval]:
    """Note the time that the file covers for each of its wallets."""
    times: dict[str, list[int]] = {}
    for _, record in found:
        at = record.timestamp if isinstance(record, FiledTrip) else record[0].timestamp
        times.setdefault(_owner(record), []).append(at or 0)
    covered = {
        owner: covers or (datetime.fromtimestamp(min(seen), UTC), datetime.fromtimestamp(max(seen), UTC))
        for owner, seen in times.items()
    }
    trade_log.add_coverage(
        connection,
        (
            Coverage(
                chain_id=FILE_CHAIN,
                wallet=owner,
                first_block=int(first.timestamp()),
                last_block=int(last.timestamp()),
                first_at=first,
                last_at=last,
                level=LEVEL,
            )
            for owner, (first, last) in sorted(covered.items())
        ),
    )
    return covered
