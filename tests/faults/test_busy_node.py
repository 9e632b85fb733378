"""A node that is too busy for even one block at a time: it is waited for, and the reading ends as in quiet."""

import pytest

from ingest.errors import RpcUnavailable
from tests.fakes.node import FakeNode, RpcFault
from tests.faults.follower import Follower
from tests.faults.quiet import TABLE, chain_of, truth

CHAIN = chain_of(60)
HALVINGS = 6  #: from all blocks to one


@pytest.mark.parametrize(("refusals", "ends_well"), [(HALVINGS + 3, True), (10**6, False)])
def test_logs_that_time_out_for_one_block_are_waited_for(tmp_path, refusals, ends_well):
    """Where there is no less to ask for, the same is asked again; only in the end the run ends, as with any node that
    gives no answer, and the next one goes on."""
    methods, left = CHAIN.methods(), iter(range(refusals))

    def busy(query):
        if next(left, None) is not None:
            raise RpcFault(-32000, "query timeout exceeded")
        return methods["eth_getLogs"](query)

    with FakeNode({**methods, "eth_getLogs": busy}) as node:
        follower = Follower(tmp_path / "lived.db", node.url, {**TABLE, "verify": "ends"})
        if ends_well:
            follower.read()
        else:
            with pytest.raises(RpcUnavailable, match="timeout"):
                follower.read()
    if ends_well:
        assert [row[::2] for row in follower.holds()["raw"]] == truth(tmp_path, CHAIN)
