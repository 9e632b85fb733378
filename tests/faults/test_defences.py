"""Each defence against a node that lies is needed: the law holds with it, and is seen to break without it."""

import random

import pytest

from ingest.evm.rpc.batch import Exchange
from ingest.evm.rpc.node import Node
from tests.fakes.chain import FakeChain, Payment
from tests.fakes.node import FakeNode
from tests.faults.faulty import FaultyNode, Plan
from tests.faults.follower import Follower, Time
from tests.faults.forks import ANN, BOB

EVE = "0x" + "33" * 20
TABLE = {"name": "ethereum", "chain_id": 1, "from_block": 1, "confirmations": 2}


class ByPlace(Exchange):
    """The id match switched off: answers are taken in the order in which they come."""

    def _matched(self, part, first_id, answer):
        return zip(part, answer if isinstance(answer, list) else [answer], strict=False)


class Trusting(Node):
    """A client without the id match."""

    def _exchange(self, endpoint, requests, *, last):
        whole = super()._exchange(endpoint, requests, last=last)
        return ByPlace(requests=requests, name=whole.name, redact=whole.redact, size=whole.size, last=last)


def live(chain, dice, blocks):
    people = [ANN, BOB, EVE]
    for _ in range(blocks):
        payments = (Payment(*dice.sample(people, 2), dice.randrange(1, 100)) for _ in range(dice.choice((0, 1, 1, 2))))
        chain.mine(*payments)


def lost_or_wrong(path, plan, *, forget=False, **table):
    """Whether what a follower holds in the end differs from what it would have read without faults."""
    path.mkdir()
    dice, time, chain = random.Random(0), Time(), FakeChain()
    table = {**TABLE, **table}
    with FakeNode(chain.methods()) as node, FaultyNode(node.url, plan, dice, clock=time) as bad:
        follower = Follower(path / "lived.db", bad.url, table, time=time)
        for _ in range(2):
            live(chain, dice, 10)
            follower.catch_up(forget=forget)
            chain.reorganise(4, [], [], [], [], [Payment(ANN, BOB, 7)])
        live(chain, dice, 4)
        follower.catch_up(forget=forget)
        quiet = Follower(path / "quiet.db", node.url, table)
        quiet.catch_up()
    lived, truth = follower.holds(), quiet.holds()
    assert len(truth["raw"]) > 5
    return (lived["raw"], lived["moves"]) != (truth["raw"], truth["moves"])


def test_logs_that_a_node_hides_are_found_by_the_bloom_and_by_nothing_else(tmp_path):
    """Proven by every header's bloom, nothing is missing; by the ends of windows alone, something is."""
    assert not lost_or_wrong(tmp_path / "on", Plan(hidden=0.7), verify="full")
    assert lost_or_wrong(tmp_path / "off", Plan(hidden=0.7), verify="ends")


def test_replaced_blocks_are_found_by_the_stored_hashes_and_by_nothing_else(tmp_path):
    """With the hashes of what was read the rollback takes place; without them what vanished stays."""
    assert not lost_or_wrong(tmp_path / "on", Plan(), verify="full")
    assert lost_or_wrong(tmp_path / "off", Plan(), verify="full", forget=True)


@pytest.mark.parametrize(("build", "right"), [(Node, True), (Trusting, False)])
def test_answers_in_another_order_are_told_apart_by_their_ids_and_by_nothing_else(build, right):
    """What a contract answers does not say what it was asked: matched by id it is right, by place it is not."""
    asked = [("eth_call", [{"to": ANN, "data": f"0x{number:02x}"}, "latest"]) for number in range(20)]
    with (
        FakeNode({"eth_call": lambda call, _block: call["data"]}) as node,
        FaultyNode(node.url, Plan(reversed=1.0), random.Random(0)) as bad,
        build([bad.url], chain_id=1) as client,
    ):
        assert (client.batch(asked) == [f"0x{number:02x}" for number in range(20)]) is right
