"""Reading through a wallet index: the same trade log as by the logs, and a lying index is caught."""

import random
from contextlib import suppress
from functools import partial

import pytest

from ingest.errors import BudgetExhausted, IndexContradicted, RpcUnavailable
from ingest.evm.rpc.node import Node
from tests.fakes.indexed import IndexedNode, shipped
from tests.faults.faulty import MIXED, FaultyNode
from tests.faults.follower import Time
from tests.watcher.jobs.sync.test_ingest import TABLE, Reader
from tests.watcher.jobs.sync.test_ingest import WATCHED as DEMO
from watcher.config.settings import ChainConfig
from watcher.jobs.sync.wallet_index import SETTLED_S
from watcher.store import trade_log
from watcher.store.sql.database import reading

WATCHED = DEMO[:2]
BLOCK_S = ChainConfig.model_validate(TABLE | {"rpc_urls": ["http://127.0.0.1:1"]}).chain().block_seconds


@pytest.fixture(scope="module")
def recording():
    return shipped()


class IndexReader(Reader):
    """Reads through the index."""

    def __init__(self, path, url, watched=WATCHED, **table):
        super().__init__(path, url, watched, **table)
        self.config = self.config.model_copy(update={"index": "alchemy"})

    def moves(self):
        with reading(self.engine) as connection:
            return trade_log.moves(connection)

    def coverages(self):
        with reading(self.engine) as connection:
            return trade_log.coverages(connection)


@pytest.fixture(scope="module")
def by_logs(recording, tmp_path_factory):
    """What reading by logs finds, up to where an index is read."""
    with IndexedNode(recording) as node:
        reader = Reader(tmp_path_factory.mktemp("logs") / "edgewatch.db", node.url, WATCHED)
        reader.read()
    last = recording.head - 64 - int(SETTLED_S / BLOCK_S)
    with reading(reader.engine) as connection:
        moves = {moved(move) for move in trade_log.moves(connection) if move.block_number <= last}
    return [(trade, worth) for trade, worth in reader.log() if trade.block_number <= last], moves


def moved(move):
    return move.tx_hash, move.wallet, move.token, move.amount_raw, move.timestamp


@pytest.mark.parametrize("internal", [True, False])
def test_an_index_gives_the_log_that_the_logs_give(tmp_path, recording, by_logs, internal):
    """Same trades and valuations, same movements; every block covered as ``indexed``, whatever the page and range.

    What strangers sent costs no receipt. A second reading at once asks for the head and for nothing else.
    """
    with IndexedNode(recording, internal=internal, page=50, max_range=10) as node:
        reader = IndexReader(tmp_path / "edgewatch.db", node.url)
        progress = reader.read()
        asked = [one for body in node.bodies for one in (body if isinstance(body, list) else [body])]
        reader.read()
        assert set(node.asked[len(asked) :]) <= {"eth_chainId", "eth_getBlockByNumber"}
    trades, moves = by_logs
    assert trades
    assert reader.log() == trades
    assert {moved(move) for move in reader.moves()} == moves
    receipts = {one["params"][0] for one in asked if one["method"] == "eth_getTransactionReceipt"}
    gifts = {move.tx_hash for move in reader.moves() if move.transaction_index == -1}
    assert (len(gifts) > 0) == internal
    assert not gifts & receipts
    assert {(item.level, item.last_block) for item in reader.coverages()} == {
        ("indexed", recording.head - 64 - int(SETTLED_S / BLOCK_S))
    }
    assert len(reader.coverages()) == len(WATCHED)
    assert progress.trades == len(trades)


def test_budget_and_kill_lose_nothing(tmp_path, recording, by_logs):
    """Out of budget again and again, reading goes on from the last commit and ends with the same log."""
    with IndexedNode(recording) as node:
        reader = IndexReader(tmp_path / "edgewatch.db", node.url)
        stops, limit = 0, 250
        while True:
            try:
                reader.read(limit=limit)
                break
            except BudgetExhausted:
                stops, limit = stops + 1, int(limit * 1.6)
    assert stops >= 2
    assert reader.log() == by_logs[0]


def test_any_mixture_of_faults_leaves_the_log_that_the_logs_give(tmp_path, recording, by_logs):
    """Dropped, refused, cut, null, doubled, behind: the index is asked again like any node, and nothing is missing."""
    time, [wallet] = Time(), WATCHED[:1]
    with IndexedNode(recording, page=50) as node, FaultyNode(node.url, MIXED, random.Random(1), clock=time) as bad:
        reader = IndexReader(tmp_path / "edgewatch.db", bad.url, [wallet])
        for _ in range(10):
            with suppress(RpcUnavailable):
                if reader.read(client=partial(Timed, time=time)).finished:
                    break
        assert bad.spoiled > 20
        assert bad.too_early == 0
    trades, moves = by_logs
    assert reader.log() == [(trade, worth) for trade, worth in trades if trade.wallet == wallet.address]
    assert {moved(move) for move in reader.moves()} == {each for each in moves if each[1] == wallet.address}


class Timed(Node):
    """In a time of its own."""

    def __init__(self, *arguments, time, **options):
        super().__init__(*arguments, **options | {"sleep": time.sleep, "clock": time})


def test_an_index_that_leaves_a_trade_out_is_caught_and_not_kept(tmp_path, recording, by_logs):
    """The logs of sampled windows show what the index left out: that wallet is not covered, the others are, and it
    is said."""
    victim = WATCHED[0].address
    gone = [trade.tx_hash for trade, _ in by_logs[0] if trade.wallet == victim][::2]
    with IndexedNode(recording, keep=lambda row: row["hash"] not in gone) as node:
        reader = IndexReader(tmp_path / "edgewatch.db", node.url)
        with pytest.raises(IndexContradicted, match=victim):
            reader.read()
    covered = {item.wallet for item in reader.coverages()}
    assert covered == {wallet.address for wallet in WATCHED[1:]}


def test_the_endpoint_that_has_the_index_is_asked_for_it(tmp_path, recording, by_logs):
    """The first endpoint has none: the second is asked, and known for it from then on; the rest is the first's."""
    with IndexedNode(recording, offered=False) as plain, IndexedNode(recording) as node:
        reader = IndexReader(tmp_path / "edgewatch.db", plain.url, rpc_urls=[plain.url, node.url])
        reader.read()
    assert reader.log() == by_logs[0]
    assert plain.asked.count("alchemy_getAssetTransfers") == 1
    assert node.asked.count("alchemy_getAssetTransfers") >= 2 * len(WATCHED)
    assert "eth_getLogs" in plain.asked
    assert "eth_getLogs" not in node.asked
