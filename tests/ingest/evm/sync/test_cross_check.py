"""A second look at a part of a window finds what the first one was not shown, and costs next to nothing."""

from contextlib import ExitStack
from copy import deepcopy
from random import Random

import pytest

from ingest.errors import RpcUnavailable
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.rpc.node import Node
from ingest.evm.sync import fetch
from ingest.evm.sync.cross_check import LOOKS, look_again
from tests.fakes.node import FakeNode
from tests.ingest.evm.sync.test_window_reader import ANN, BOB, eventful

WALLETS, WHOLE = [ANN, BOB], BlockRange(1, 40)
TIMES = 40 * LOOKS


def look(*chains, unseen=()):
    """So many times, at a window in which nobody saw some blocks: (how often that was found out, getLogs of each)."""
    with ExitStack() as stack:
        fakes = [stack.enter_context(FakeNode(chain.methods())) for chain in chains]
        node = stack.enter_context(Node([fake.url for fake in fakes], chain_id=1, sleep=lambda _s: None))
        found_out = 0
        with node.window():
            touches = fetch.touches_in(node.batch(fetch.log_requests(WALLETS, WHOLE)), WALLETS, WHOLE)
            found = {name: touch for name, touch in touches.items() if touch.block not in unseen}
            for seed in range(TIMES):
                try:
                    look_again(node, WALLETS, WHOLE, found, chains[0].blocks[40]["hash"], Random(seed))
                except RpcUnavailable as error:
                    assert "left out" in str(error)
                    found_out += 1
        return found_out, [fake.asked.count("eth_getLogs") for fake in fakes]


def two():
    """Two nodes' views of one chain."""
    return (chain := eventful()), deepcopy(chain)


def test_what_was_seen_is_seen_again():
    """An honest node is never doubted, and one window in ``LOOKS`` is looked at twice."""
    found_out, [first, second] = look(*two())
    assert (found_out, first) == (0, 2)
    assert TIMES / LOOKS / 2 < second / 2 < 2 * TIMES / LOOKS


def test_another_endpoint_shows_what_the_first_one_hides():
    """Where the half that is asked for again holds what was missing, the window is not kept."""
    found_out, [_, second] = look(*two(), unseen=[8])
    assert 0 < found_out < second / 2


def test_an_only_endpoint_is_not_asked_twice():
    """In a window no more is asked of it than its logs; blocks on their own are its samples."""
    assert look(eventful(), unseen=[8]) == (0, [2])


@pytest.mark.parametrize("kind", ["fork", "behind", "silent"])
def test_who_cannot_have_an_opinion_is_not_believed(kind):
    """Another fork, a node that has not got so far, and one that does not answer say nothing about a window."""
    one, other = two()
    if kind == "fork":
        other.reorganise(3, [], [], [])
    if kind == "behind":
        other.reorganise(30)
    if kind == "silent":
        other.lie = lambda method, _params, result: None if method == "eth_getLogs" else result
    assert look(one, other, unseen=[8])[0] == 0
