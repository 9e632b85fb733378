"""What the notebook shows of one wallet, read from the store by the same functions as the service."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alerts.types import Flag
from ingest.types import Chain
from metrics.frames import round_trip_frame, trade_frame
from metrics.types import Assessment
from watcher import app
from watcher.books import Account, read_accounts
from watcher.config import environment, find_file, load
from watcher.store import database, ledger, review, wallets
from watcher.tables import Tokens, legs
from watcher.types import FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything a drill-down needs, read once."""

    account: Account
    everyone: list[Account]
    assessment: Assessment | None
    flags: list[Flag]
    trades: pd.DataFrame  #: the wallet's trade log, for people
    round_trips: pd.DataFrame  #: of all wallets, as ``metrics`` takes them
    traded: pd.DataFrame  #: of all wallets, likewise


def open_study(label: str, config: Path | None = None) -> Study:
    """Read one wallet from the configured database; nothing is written.

    Parameters
    ----------
    label
        The wallet's label or its address.
    config
        The configuration file; default as on the command line.
    """
    settings = load(find_file(config, environment()), environment())
    chains = app.chains(settings)
    engine = app.open_store(settings)
    with database.reading(engine) as connection:
        everyone = wallets.all_wallets(connection)
        [found] = [each for each in everyone if label.lower() in {each.label.lower(), each.address}]
        accounts = read_accounts(connection, everyone, chains, unit=settings.detection.one_unit)
        names = ledger.tokens(connection)
        assessment = review.latest_assessments(connection).get(found.address)
        flags = review.flags(connection, address=found.address)
    [account] = [each for each in accounts if each.wallet.address == found.address]
    engine.dispose()
    return Study(
        account=account,
        everyone=accounts,
        assessment=assessment,
        flags=flags,
        trades=_trade_log(account, chains, names),
        round_trips=round_trip_frame([trip for each in accounts for trip in each.round_trips]),
        traded=trade_frame(item for each in accounts for item in each.activity),
    )


def _trade_log(account: Account, chains: dict[int, Chain], names: Tokens) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "time": pd.Timestamp(trade.timestamp or 0, unit="s", tz="UTC"),
                "chain": chains[trade.chain_id].name if trade.chain_id in chains else FILE,
                "sold": legs(trade.chain_id, trade.sold, names),
                "bought": legs(trade.chain_id, trade.bought, names),
                "value_usd": float(worth.value_usd) if worth and worth.value_usd is not None else None,
                "venue": trade.venue,
                "status": trade.venue_status.value,
                "transaction": trade.tx_hash,
            }
            for trade, worth in account.trades
        ]
    )
