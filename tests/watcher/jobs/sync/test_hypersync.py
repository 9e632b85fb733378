"""Reading through HyperSync: the same trade log as by the logs, at any endpoint, and a lying index is caught."""

from functools import partial

import pytest

from ingest.errors import IndexContradicted, RpcUnavailable
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.node import Node
from ingest.evm.sync import hypersync
from ingest.evm.sync.capabilities import served_elsewhere
from ingest.evm.sync.cost_model import together
from ingest.evm.sync.hypersync import HyperSync
from ingest.evm.sync.wallet_index import Index
from tests.fakes.hypersync import TOKEN, FakeHyperSync
from tests.fakes.indexed import IndexedNode
from tests.watcher.jobs.sync.test_ingest import LIMIT, NOW
from tests.watcher.jobs.sync.test_wallet_index import BLOCK_S, WATCHED, IndexReader, by_logs, moved, recording
from watcher.app import abilities, open_store, sources
from watcher.config.settings import load
from watcher.jobs.sync.ingest import Source, ingest_once
from watcher.jobs.sync.wallet_index import SETTLED_S

__all__ = ["by_logs", "recording"]


class HyperSyncReader(IndexReader):
    """Reads through HyperSync, at a node without an index."""

    def __init__(self, path, url, service):
        super().__init__(path, url)
        self.config = self.config.model_copy(update={"index": "hypersync"})
        self.service = service

    def use(self, job):
        meter = Meter(spent=0, limit=LIMIT)
        options = {"chain_id": self.config.chain_id, "charge": meter.charge, "sleep": lambda _s: None}
        speak = partial(HyperSync, token=TOKEN)
        with (
            Node(self.config.rpc_urls, **options) as node,
            Node([self.service.url], speak=speak, **options) as service,
        ):
            index = Index(hypersync.ask, service, internal=False)
            return job(Source(chain=self.config.chain(), config=self.config, node=node, meter=meter, index=index))

    def read(self):
        return self.use(lambda source: ingest_once(self.engine, source, now=NOW))


def test_it_gives_the_log_that_the_logs_give(tmp_path, recording, by_logs):
    """Same trades and valuations, same movements; every block covered as ``indexed``, whatever the pages and ranges.

    The node is never asked a question that only the service knows.
    """
    with (
        IndexedNode(recording, offered=False, max_range=10) as node,
        FakeHyperSync(recording, span=recording.head // 3) as service,
    ):
        reader = HyperSyncReader(tmp_path / "edgewatch.db", node.url, service)
        reader.read()
    trades, moves = by_logs
    assert trades
    assert reader.log() == trades
    assert {moved(move) for move in reader.moves()} == moves
    last = recording.head - 64 - int(SETTLED_S / BLOCK_S)
    assert {(item.level, item.last_block) for item in reader.coverages()} == {("indexed", last)}
    assert len(reader.coverages()) == len(WATCHED)
    assert len(service.queries) > 2 * len(WATCHED)
    assert hypersync.QUERY not in node.asked


def test_what_it_leaves_out_is_caught_and_not_kept(tmp_path, recording, by_logs):
    """The logs of sampled windows show it: that wallet is not covered, the others are, and it is said."""
    victim = WATCHED[0].address
    gone = [trade.tx_hash for trade, _ in by_logs[0] if trade.wallet == victim][::2]
    with (
        IndexedNode(recording, offered=False) as node,
        FakeHyperSync(recording, keep=lambda name: name not in gone) as service,
    ):
        reader = HyperSyncReader(tmp_path / "edgewatch.db", node.url, service)
        with pytest.raises(IndexContradicted, match=victim):
            reader.read()
    assert {item.wallet for item in reader.coverages()} == {wallet.address for wallet in WATCHED[1:]}


def test_one_that_is_behind_covers_nothing(tmp_path, recording):
    """It ends before the blocks that are asked for: later perhaps, and nothing is taken for empty."""
    with (
        IndexedNode(recording, offered=False) as node,
        FakeHyperSync(recording, height=recording.head // 2) as service,
    ):
        reader = HyperSyncReader(tmp_path / "edgewatch.db", node.url, service)
        with pytest.raises(RpcUnavailable, match="not come to block"):
            reader.read()
    assert reader.coverages() == []


def test_the_plan_asks_the_service_and_not_the_endpoint(tmp_path, recording):
    """Its index is what the plan counts, at its own address; one that refuses is none, whatever the endpoint has."""
    with IndexedNode(recording) as node:
        with FakeHyperSync(recording) as service:
            reader = HyperSyncReader(tmp_path / "edgewatch.db", node.url, service)
            [found] = reader.use(abilities)
            assert (found.index, found.internal, found.index_endpoint) == ("hypersync", False, "127.0.0.1")
            assert together([found]) == found
            assert [query["to_block"] for query in service.queries] == [1]
        with FakeHyperSync(recording, raw=lambda _path: (400, {}, b"no")) as service:
            reader.service = service
            [found] = reader.use(abilities)
            assert found.index is None


def test_every_endpoint_of_a_chain_has_the_same_service(tmp_path, recording):
    """Whichever is read from, the index is asked at one place."""
    with IndexedNode(recording) as node, FakeHyperSync(recording) as service:
        reader = HyperSyncReader(tmp_path / "edgewatch.db", node.url, service)
        [found] = reader.use(abilities)
        both = reader.use(lambda source: served_elsewhere([found, found], source.index, hypersync.NAME))
    assert {each.index_endpoint for each in both} == {"127.0.0.1"}


def test_the_configuration_builds_it(tmp_path):
    """The service of the chain's own id, with the token of the environment; without the key there is none."""
    path = tmp_path / "edgewatch.toml"
    chain = '[[chains]]\nname = "base"\nchain_id = 8453\nrpc_urls = ["http://127.0.0.1:1"]\n'
    for line, host in (('index = "hypersync"\n', "8453.hypersync.xyz"), ("", None)):
        path.write_text(chain + line)
        config = load(path, {"EDGEWATCH_HYPERSYNC_TOKEN": TOKEN})
        with sources(config, open_store(config), NOW) as [source]:
            assert (source.index and source.index.node.host) == host
