"""What was spent, persisted by UTC day, and said aloud once when most of a day's budget is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

import structlog
from sqlalchemy import Connection, Engine

from ingest.evm.rpc.budget import NEARLY, Meter
from watcher.store import usage
from watcher.store.sql.database import writing

LIMIT = "budget:limit"  #: memo: the day's limit when something was last spent
WARNED = "budget:warned"  #: memo: the last day on which a person was told

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What was spent since the last record, taken from a meter that goes on."""

    day: date
    counts: Mapping[str, tuple[int, int]]  #: (requests, units) by method
    units: int  #: of the whole day until then
    limit: int  #: of the day

    @classmethod
    def taken_from(cls, meter: Meter, now: datetime) -> Self:
        """Take it; the day of ``now``, UTC, counts where the meter has none of its own."""
        return cls(day=meter.day or now.date(), counts=meter.drain(), units=meter.spent, limit=meter.limit)

    def give_back(self, meter: Meter) -> None:
        """It could not be recorded: the next record has it."""
        meter.restore(self.counts)


def record(connection: Connection, spent: Spent, chain_id: int, *, purpose: str = "") -> None:
    """Add what was spent; at ``NEARLY`` of a day's budget warn, once that day.

    Parameters
    ----------
    connection
        In a transaction.
    spent
        What is not recorded yet.
    chain_id
        What it was spent on.
    purpose
        What is counted apart as well.
    """
    usage.add_usage(connection, spent.day, chain_id, spent.counts, purpose=purpose)
    if purpose:  # its limit is only a share of the day's
        return
    usage.remember(connection, LIMIT, str(spent.limit))
    day = spent.day.isoformat()
    if spent.units >= NEARLY * spent.limit and usage.recall(connection, WARNED) != day:
        usage.remember(connection, WARNED, day)
        log.warning("budget_nearly_used", day=day, units=spent.units, limit=spent.limit)


def settle(engine: Engine, meter: Meter, chain_id: int, *, now: datetime, purpose: str = "") -> None:
    """Record what was spent since the last commit, also when a job ended with an error."""
    if not meter.pending:
        return
    spent = Spent.taken_from(meter, now)
    try:
        with writing(engine) as connection:
            record(connection, spent, chain_id, purpose=purpose)
    except BaseException:
        spent.give_back(meter)
        raise
