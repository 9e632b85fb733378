"""Each defence against a node that lies is needed: the law holds with it, and is seen to break without it."""

import random

import pytest

from ingest.exchange import Exchange
from ingest.rpc import Node
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
        payments = (Payment(*dice.sample(people, 2), dice.randrange(1, 100)) for _ in range(dice.choice((0, 0, 1, 2))))
        chain.mine(*payments)


def lost_or_wrong(path, seed, *, plan, forget=False, build=Node, **table):
    """Whether what a follower holds in the end differs from what it would have read without faults."""
    dice, time, chain = random.Random(seed), Time(), FakeChain()
    table = {**TABLE, "verify": "full", **table}
    with FakeNode(chain.methods()) as node, FaultyNode(node.url, plan, dice, clock=time) as bad:
        follower = Follower(path / "lived.db", bad.url, table, time=time, build=build)
        for _ in range(4):
            live(chain, dice, 12)
            follower.catch_up(forget=forget)
            chain.reorganise(4, [], [], [], [], [Payment(ANN, BOB, 7)])
        live(chain, dice, 12)
        follower.catch_up(forget=forget)
        quiet = Follower(path / "quiet.db", node.url, table)
        quiet.catch_up()
    lived, truth = follower.holds(), quiet.holds()
    del lived["covered"], truth["covered"]  # the level is allowed to tell the truth
    assert truth["moves"] or truth["raw"]
    return lived != truth


SWITCHES = [
    pytest.param(Plan(hidden=0.3), {"verify": "ends"}, id="bloom"),
    pytest.param(Plan(reversed=0.5), {"build": Trusting}, id="ids"),
    pytest.param(Plan(), {"forget": True}, id="rollback"),
]


@pytest.mark.parametrize(("plan", "off"), SWITCHES)
def test_with_its_defence_the_law_holds_and_without_it_breaks(tmp_path, plan, off):
    """Hidden logs, answers in another order, replaced blocks: all is as if they had not been, unless it is not held
    against the header's bloom, the ids, the stored hashes."""
    outcomes = []
    for seed in range(2):
        for name, options in (("on", {}), ("off", off)):
            (path := tmp_path / f"{name}{seed}").mkdir()
            outcomes.append((name, lost_or_wrong(path, seed, plan=plan, **options)))
    assert not any(wrong for name, wrong in outcomes if name == "on")
    assert any(wrong for name, wrong in outcomes if name == "off")
