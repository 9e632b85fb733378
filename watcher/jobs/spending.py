"""What was spent, persisted by UTC day, and said aloud once when most of a day's budget is used."""

from datetime import datetime

import structlog
from sqlalchemy import Connection, Engine

from ingest.budget import NEARLY, Meter
from watcher.store import meters
from watcher.store.database import writing

LIMIT = "budget:limit"  #: memo: the day's limit when something was last spent
WARNED = "budget:warned"  #: memo: the last day on which a person was told

log = structlog.get_logger()


def record(connection: Connection, meter: Meter, chain_id: int, *, now: datetime, purpose: str = "") -> None:
    """Add what was spent since the last call; at ``NEARLY`` of a day's budget warn, once that day.

    Parameters
    ----------
    connection
        In a transaction.
    meter
        Where it was counted.
    chain_id
        What it was spent on.
    now
        UTC; its day counts where the meter has none of its own.
    purpose
        What is counted apart as well.
    """
    day = meter.day or now.date()
    meters.add_usage(connection, day, chain_id, meter.drain(), purpose=purpose)
    if purpose:  # its limit is only a share of the day's
        return
    meters.remember(connection, LIMIT, str(meter.limit))
    if meter.spent >= NEARLY * meter.limit and meters.recall(connection, WARNED) != day.isoformat():
        meters.remember(connection, WARNED, day.isoformat())
        log.warning("budget_nearly_used", day=day.isoformat(), units=meter.spent, limit=meter.limit)


def settle(engine: Engine, meter: Meter, chain_id: int, *, now: datetime, purpose: str = "") -> None:
    """Record what was spent since the last commit, also when a job ended with an error."""
    if meter.pending:
        with writing(engine) as connection:
            record(connection, meter, chain_id, now=now, purpose=purpose)
