"""Reading: whatever the windows, interruptions and order of wallets, the trade log is the same."""

import json
import random
import signal
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.errors import BudgetExhausted, RpcUnavailable
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.node import Node
from tests.end_to_end.cli import Folder
from watcher.config.settings import ChainConfig
from watcher.demo import node as demo_node
from watcher.demo.node import ReplayNode
from watcher.jobs.sync.ingest import Source, ingest_once
from watcher.jobs.sync.redecode import redecode
from watcher.store import trade_log, usage, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.wallet_list import parse

DEMO = Path(demo_node.__file__).parent
TABLE = tomllib.loads((DEMO / "edgewatch.toml").read_text())["chains"][0]
NOW = datetime(2025, 10, 1, tzinfo=UTC)
WATCHED = [wallet for _, wallet in parse((DEMO / "wallets.csv").read_bytes(), now=NOW, chain_names={"local"}).accepted][
    :4
]
LIMIT = 10**9


@pytest.fixture(scope="module")
def chain():
    with ReplayNode() as node:
        yield node


class Reader:
    """One database and what reads into it."""

    def __init__(self, path, url, watched=WATCHED, **table):
        self.engine = database.connect(f"sqlite:///{path}")
        database.prepare(self.engine)
        self.config = ChainConfig.model_validate(TABLE | {"rpc_urls": [url], **table})
        self.follow(watched)

    def follow(self, watched):
        with writing(self.engine) as connection:
            for wallet in watched:
                wallets.add(connection, wallet)

    def read(self, *, limit=LIMIT, client=Node, **options):
        meter = Meter(spent=0, limit=limit)
        config = self.config
        with client(config.rpc_urls, chain_id=config.chain_id, charge=meter.charge, sleep=lambda _s: None) as node:
            source = Source(chain=config.chain(), config=config, node=node, meter=meter)
            return ingest_once(self.engine, source, now=NOW, **options)

    def log(self):
        with reading(self.engine) as connection:
            return [(trade, worth) for trade, worth, _ in trade_log.trades(connection)]


@pytest.fixture(scope="module")
def whole(chain, tmp_path_factory):
    """The trade log of one undisturbed reading."""
    reader = Reader(tmp_path_factory.mktemp("whole") / "edgewatch.db", chain.url)
    reader.read()
    return reader.log()


def test_a_node_with_small_ranges_gives_the_same_log(tmp_path, whole):
    """Windows shrink until the node agrees, the step is remembered, and the log does not depend on it."""
    with ReplayNode(max_range=100) as narrow:
        reader = Reader(tmp_path / "edgewatch.db", narrow.url, verify="ends")
        progress = reader.read()
        assert progress.refusals > 0
        with reading(reader.engine) as connection:
            [step] = json.loads(usage.recall(connection, "step:31337")).values()
            assert 50 <= step <= 125
    assert reader.log() == whole


def test_an_interrupted_reading_goes_on_where_it_stopped(tmp_path, chain, whole):
    """Stopped after any number of windows, or out of budget in the middle of one: nothing is lost or doubled."""
    reader = Reader(tmp_path / "edgewatch.db", chain.url)
    with writing(reader.engine) as connection:
        usage.remember(connection, "step:31337", "40")
    windows = iter([False, False, True])
    first = reader.read(stopped=lambda: next(windows, True))
    assert 0 < first.blocks < first.total_blocks
    with pytest.raises(BudgetExhausted):
        reader.read(limit=700)
    last = reader.read()
    assert last.total_blocks < first.total_blocks - first.blocks + 1
    assert reader.log() == whole


def test_reading_twice_asks_and_changes_nothing(tmp_path, chain, whole):
    """With everything covered, a second reading makes no request but for the head, and writes no row."""
    reader = Reader(tmp_path / "edgewatch.db", chain.url)
    reader.read()
    again = reader.read()
    assert (again.total_blocks, again.requests) == (0, 0)
    assert reader.log() == whole


def test_a_new_wallet_is_read_alone(tmp_path, chain, whole):
    """Adding a wallet later reads its blocks for it alone, and gives the log of having known it from the start."""
    reader = Reader(tmp_path / "edgewatch.db", chain.url, WATCHED[:3])
    before = reader.read()
    reader.follow(WATCHED[3:])
    after = reader.read()
    assert after.transactions < before.transactions
    assert reader.log() == whole


def test_the_trades_can_be_built_again_without_the_node(tmp_path, chain, whole):
    """Redecoding gives the same trades, valuations and first-known times from the raw transactions alone."""
    reader = Reader(tmp_path / "edgewatch.db", chain.url)
    reader.read()
    with reading(reader.engine) as connection:
        before = trade_log.trades(connection), trade_log.moves(connection)
    assert before[1], "airdrops and plain transfers are moves"
    later = datetime(2026, 1, 1, tzinfo=UTC)
    assert redecode(reader.engine, {31337: reader.config.chain()}, now=later) == len(whole)
    with reading(reader.engine) as connection:
        assert (trade_log.trades(connection), trade_log.moves(connection)) == before


class ForkedNode(Node):
    """A node whose receipts are of other blocks than its headers."""

    def batch(self, requests, **options):
        answers = super().batch(requests, **options)
        return [
            _elsewhere(answer) if "Receipt" in method else answer
            for (method, _), answer in zip(requests, answers, strict=True)
        ]


def _elsewhere(answer):
    if isinstance(answer, list):
        return [_elsewhere(each) for each in answer]
    return {**answer, "blockHash": "0x" + "00" * 32}


@pytest.mark.parametrize(("verify", "says"), [("ends", "another block"), ("full", "all logs of block")])
def test_a_window_that_contradicts_itself_is_not_kept(tmp_path, chain, verify, says):
    """A receipt of another block than its header stores nothing and covers nothing."""
    reader = Reader(tmp_path / "edgewatch.db", chain.url, verify=verify)
    with pytest.raises(RpcUnavailable, match=says):
        reader.read(client=ForkedNode)
    with reading(reader.engine) as connection:
        assert trade_log.coverages(connection) == []
        assert trade_log.counts(connection)["transactions"] == 0


def test_kill_nine_at_any_moment_loses_nothing(tmp_path, chain, whole):
    """A process killed again and again while it reads ends with the same log once it is let to finish."""
    folder = Folder(tmp_path, chain.url, TABLE)
    (tmp_path / "list.csv").write_text("address\n" + "".join(f"{wallet.address}\n" for wallet in WATCHED))
    folder.run("wallets", "import", "list.csv")
    dice = random.Random(5)
    for _ in range(3):
        process = folder.start("backfill")
        try:
            process.wait(timeout=dice.uniform(1.2, 2.6))
        except subprocess.TimeoutExpired:  # it is still reading: that is the point
            process.send_signal(signal.SIGKILL)
            process.wait()
    folder.run("backfill")
    exported = [(item["tx_hash"], item["wallet"], item["value_usd"]) for item in folder.trades()]
    values = [None if worth is None or worth.value_usd is None else format(worth.value_usd, "f") for _, worth in whole]
    assert exported == [(trade.tx_hash, trade.wallet, value) for (trade, _), value in zip(whole, values, strict=True)]
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    engine.dispose()
