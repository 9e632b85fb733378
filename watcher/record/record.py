"""All that verdicts are a function of: what closed, what was traded, what was open, and what was read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from sqlalchemy import Connection

from ingest.types import Chain
from metrics.evaluation.false_flag_rate import divided
from metrics.frames import departure_frame, open_position_frame, round_trip_frame, trade_frame
from metrics.monitor import Monitor
from metrics.peers.similarity import copies
from metrics.types import Assessment, Unit
from watcher.record import calibration_factor
from watcher.record.accounts import (
    Account,
    Interval,
    covered_times,
    daily_positions,
    quote_addresses,
    read_accounts,
    touches,
)
from watcher.store import trade_log
from watcher.types import Role, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The record of a list of wallets."""

    accounts: tuple[Account, ...]
    trips: pd.DataFrame  #: as ``metrics.frames.round_trip_frame`` makes it
    trades: pd.DataFrame  #: as ``metrics.frames.trade_frame`` makes it
    positions: pd.DataFrame  #: what was open at the end of each day, with ``marked_at``
    departures: pd.DataFrame  #: as ``metrics.frames.departure_frame`` makes it
    covered: Mapping[str, list[Interval]]  #: wallet to what was read of it
    tokens: Mapping[str, set[str]]  #: wallet to what it traded before it was followed
    copies: Mapping[str, frozenset[str]]  #: wallet to those of the same hand, as far as was seen before it was followed
    as_of: datetime  #: UTC; nothing later was read
    factor: float = 1.0  #: by which scores are divided, see ``watcher.record.calibration_factor``

    @property
    def followed(self) -> list[str]:
        """Wallets that are judged; the others are peers."""
        return [account.wallet.address for account in self.accounts if account.wallet.role is Role.FOLLOWED]

    def judge(self, false_flags_per_wallet_year: float) -> list[Assessment]:
        """Where every followed wallet stands at ``as_of``."""
        return self.watch(false_flags_per_wallet_year)[1]

    def watch(self, false_flags_per_wallet_year: float) -> tuple[Monitor, list[Assessment]]:
        """The monitor that has seen all of it, and where every followed wallet stands at ``as_of``."""
        monitor = Monitor(false_flags_per_wallet_year / self.factor)
        monitor.start(
            self.trips,
            followed=self.followed,
            followed_since={account.wallet.address: account.wallet.followed_since for account in self.accounts},
            trades=self.trades,
            covered=self.covered,
            tokens=self.tokens,
            copies=self.copies,
            open_positions=self.positions,
            departures=self.departures,
        )
        # Only a frame of its own can say that nothing is open any more.
        midnight = midnight_of(self.as_of)
        last = self.positions[self.positions["marked_at"] == midnight].drop(columns="marked_at")
        none = self.trips.iloc[:0]
        monitor.tick(midnight, none, last if len(self.positions) else None, covered=self.covered)
        return monitor, [divided(each, self.factor) for each in monitor.tick(self.as_of, none, covered=self.covered)]


def read_record(
    connection: Connection, everyone: Iterable[Wallet], chains: Mapping[int, Chain], *, unit: Unit | None, now: datetime
) -> Record | None:
    """Read the record of some wallets; None where nothing was read of anyone.

    It ends at the newest block that was read, never at a time that was not.
    """
    listed = list(everyone)
    coverages = trade_log.coverages(connection)
    if not coverages:
        return None
    accounts = read_accounts(connection, listed, chains, unit=unit)
    as_of = min(now, max(item.last_at for item in coverages))
    quotes = quote_addresses(chains)
    traded = {account.wallet.address: _before(account, quotes) for account in accounts}
    return Record(
        accounts=tuple(accounts),
        trips=round_trip_frame([trip for account in accounts for trip in account.round_trips]),
        trades=trade_frame(each for account in accounts for each in account.activity),
        positions=open_position_frame(daily_positions(connection, accounts, chains, until=midnight_of(as_of))),
        departures=departure_frame([each for account in accounts for each in account.departures]),
        covered={
            wallet.address: covered_times(coverages, wallet.address, _chain_ids(wallet, chains)) for wallet in listed
        },
        tokens={wallet: {token for token, _ in touched} for wallet, touched in traded.items()},
        copies=copies(traded),
        as_of=as_of,
        factor=calibration_factor.in_use(connection),
    )


def _before(account: Account, quotes: Mapping[int, frozenset[str]]) -> list[tuple[str, int]]:
    """With whom a wallet shares a market, or a hand, is told by what it traded before it was followed."""
    since = account.wallet.followed_since.timestamp()
    return [(token, second) for token, second in touches(account, quotes) if second < since]


def midnight_of(moment: datetime) -> datetime:
    """The beginning of its UTC day."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _chain_ids(wallet: Wallet, chains: Mapping[int, Chain]) -> list[int]:
    return [i for i, chain in chains.items() if wallet.chains is None or chain.name in wallet.chains]
