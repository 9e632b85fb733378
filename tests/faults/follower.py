"""A database that follows a chain through any node, in this process and in a time of its own."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from ingest.errors import RpcUnavailable
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.endpoint_health import EndpointHealth
from ingest.evm.rpc.node import Node
from tests.faults.forks import ANN, BOB
from watcher.config.settings import ChainConfig
from watcher.jobs.sync.ingest import Source, ingest_once, plan_reading
from watcher.store import trade_log, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import Wallet

WHOLE = 4  #: times in a row that nothing must be missing
NOW = datetime(2025, 10, 1, tzinfo=UTC)


class Time:
    """Seconds that pass only while somebody sleeps: what waits an hour is tested in no time."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Follower:
    """Follows Ann and Bob as often as it is told.

    Parameters
    ----------
    path
        Of its SQLite file.
    url
        The node's.
    table
        Fields of ``[[chains]]``.
    time
        Its own, or the node's too.
    build
        Makes the node's client.
    """

    def __init__(
        self,
        path: Path,
        url: str,
        table: dict[str, Any],
        *,
        time: Time | None = None,
        build: Callable[..., Node] = Node,
    ) -> None:
        self.engine = database.connect(f"sqlite:///{path}")
        database.prepare(self.engine)
        self.url, self.time, self.build = url, time or Time(), build
        self.config = ChainConfig.model_validate({**table, "rpc_urls": [url]})
        self._standings: dict[str, EndpointHealth] = {}
        with writing(self.engine) as connection:
            for address in (ANN, BOB):
                wallets.add(connection, Wallet(address=address, followed_since=NOW, added_at=NOW))

    def read(self) -> None:
        """One run of the job."""
        with self._source() as source:
            ingest_once(self.engine, source, now=NOW)

    def catch_up(self, *, forget: bool = False, readings: int = 40) -> None:
        """Read until all is there, or so often; ``forget`` loses the hashes of blocks before each reading.

        A node that is behind says so of all that it has: it must be heard several times.
        """
        whole = 0
        for _ in range(readings):
            with suppress(RpcUnavailable):
                if forget:
                    with writing(self.engine) as connection:
                        connection.execute(text("DELETE FROM block"))
                self.read()
                whole = 0 if self.missing() else whole + 1
                if whole == WHOLE:
                    return

    def missing(self) -> int:
        """Blocks that are still to be read."""
        with self._source() as source:
            return sum(len(gap.blocks) for gap in plan_reading(self.engine, source, NOW))

    def holds(self) -> dict[str, Any]:
        """All that was read: trades with their values, moves, raw transactions with their blocks, and coverage."""
        names = "SELECT tx_hash, block_number, block_hash FROM raw_transaction ORDER BY 1"
        with reading(self.engine) as connection:
            return {
                "trades": [(trade, worth) for trade, worth, _ in trade_log.trades(connection)],
                "moves": trade_log.moves(connection),
                "raw": list(map(tuple, connection.execute(text(names)))),
                "covered": trade_log.coverages(connection),
            }

    def _source(self) -> "_Source":
        return _Source(self)


class _Source:
    def __init__(self, follower: Follower) -> None:
        self._of = follower

    def __enter__(self) -> Source:
        of, meter = self._of, Meter(spent=0, limit=10**9)
        self._node = of.build(
            [of.url],
            chain_id=of.config.chain_id,
            charge=meter.charge,
            sleep=of.time.sleep,
            clock=of.time,
            standings=of._standings,
        )
        return Source(chain=of.config.chain(), config=of.config, node=self._node, meter=meter)

    def __exit__(self, *_: object) -> None:
        self._node.close()
