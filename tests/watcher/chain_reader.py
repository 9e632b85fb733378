"""One database that reads a scripted chain."""

from datetime import UTC, datetime

from sqlalchemy import text

from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.node import Node
from tests.fakes.chain import FakeChain
from tests.fakes.node import FakeNode
from watcher.config.settings import ChainConfig
from watcher.jobs.sync.ingest import Source, ingest_once
from watcher.store import blocks, trade_log, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import Wallet

NOW = datetime(2025, 10, 1, tzinfo=UTC)
ANN, BOB, EVE = ("0x" + digit * 40 for digit in "123")
LIMIT = 10**9


class ChainReader:
    """Reads a ``FakeChain`` for Ann and Bob as often as it is told.

    Parameters
    ----------
    forgetful
        It loses its block hashes before each reading, and with them every defence that rests on them.
    """

    def __init__(self, path, chain: FakeChain, *, forgetful: bool = False, **table) -> None:
        self.chain, self.forgetful = chain, forgetful
        self.engine = database.connect(f"sqlite:///{path}")
        database.prepare(self.engine)
        self.config = ChainConfig.model_validate(
            {"name": "ethereum", "chain_id": 1, "rpc_urls": ["http://127.0.0.1"], "from_block": 1, **table}
        )
        self.asked: list[str] = []
        with writing(self.engine) as connection:
            for address in (ANN, BOB):
                wallets.add(connection, Wallet(address=address, followed_since=NOW, added_at=NOW))

    def read(self, now=NOW):
        """One run of the job."""
        if self.forgetful:
            with writing(self.engine) as connection:
                connection.execute(text("DELETE FROM block"))
        meter = Meter(spent=0, limit=LIMIT)
        with (
            FakeNode(self.chain.methods()) as fake,
            Node([fake.url], chain_id=1, charge=meter.charge, sleep=lambda _s: None) as node,
        ):
            source = Source(chain=self.config.chain(), config=self.config, node=node, meter=meter)
            try:
                return ingest_once(self.engine, source, now=now)
            finally:
                self.asked = fake.asked

    def holds(self):
        """Everything that was read: moves, raw transactions with their blocks, and coverage."""
        with reading(self.engine) as connection:
            raw = connection.execute(text("SELECT tx_hash, block_number, block_hash FROM raw_transaction ORDER BY 1"))
            return trade_log.moves(connection), list(map(tuple, raw)), trade_log.coverages(connection)

    def known(self):
        """The hashes that it keeps."""
        with reading(self.engine) as connection:
            return blocks.known(connection, 1)
