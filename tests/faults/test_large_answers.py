"""Answers that are too much together: windows become smaller, and the reading ends as in quiet."""

import gzip

import pytest

from ingest.errors import RpcUnavailable
from tests.fakes.node import FakeNode
from tests.faults.follower import Follower
from tests.faults.quiet import TABLE, chain_of, truth
from tests.ingest.evm.rpc.test_node import node

CHAIN = chain_of(60)


@pytest.mark.parametrize("most", [60_000, 25_000])
def test_what_does_not_fit_at_once_is_read_in_parts(tmp_path, monkeypatch, most):
    """Honest answers, and little memory: nothing is lost."""
    with FakeNode(CHAIN.methods()) as fake:
        calm = Follower(tmp_path / "calm.db", fake.url, {**TABLE, "verify": "ends"})
        calm.read()
        before = len(fake.bodies)
        monkeypatch.setattr("ingest.evm.rpc.memory_limit.MOST", most)
        follower = Follower(tmp_path / "lived.db", fake.url, {**TABLE, "verify": "ends"})
        follower.read()
        assert len(fake.bodies) > 2 * before
    assert [row[::2] for row in follower.holds()["raw"]] == truth(tmp_path, CHAIN)


def bomb(_body):
    return 200, {"Content-Encoding": "gzip, gzip"}, gzip.compress(gzip.compress(bytes(2**20)))


def test_an_endpoint_that_sends_bombs_is_set_aside():
    """The other one answers; alone, it is an endpoint without an answer."""
    with FakeNode(raw=bomb) as bad, FakeNode({"eth_blockNumber": lambda: "0x7"}) as good, node(bad, good) as client:
        assert client.call("eth_blockNumber") == "0x7"
    with FakeNode(raw=bomb) as bad, node(bad) as client, pytest.raises(RpcUnavailable, match="gzip, gzip"):
        client.call("eth_blockNumber")
