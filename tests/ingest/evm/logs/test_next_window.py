"""The next window is expected to be like the last one: what that saves changes nothing of what is read."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.rpc.adaptive_size import AdaptiveSize
from ingest.evm.rpc.endpoint_health import EndpointHealth
from ingest.evm.rpc.node import Node
from ingest.evm.sync.fetch import WindowResult
from ingest.evm.sync.window_reader import FEW, MOST_HEADERS, WindowReader
from tests.fakes.chain import FakeChain, Payment
from tests.fakes.node import FakeNode
from tests.ingest.evm.sync.test_window_reader import ANN, BOB, DAN, EVE, crowded, eventful, read, reading_of


def busy(count: int = 40, odd: int | None = None) -> FakeChain:
    """Blocks of nothing but Ann's payments; before the ``odd`` one, if any, strangers pay each other as well."""
    chain = FakeChain()
    for number in range(1, count + 1):
        strangers = (Payment(EVE, DAN, 1) for _ in range(0 if odd is None or number >= odd else 4))
        chain.mine(Payment(ANN, BOB, number), Payment(BOB, ANN, number), *strangers)
    return chain


def in_turn(chain: FakeChain, *, ahead: bool, width: int = 4, **options: Any) -> tuple[list[WindowResult], list[str]]:
    """Ten blocks at a time, each told ahead or not; and what the node was asked."""
    parts = []
    with FakeNode(chain.methods()) as fake:
        standings = {fake.url: EndpointHealth(width=AdaptiveSize(width, width))}
        with Node([fake.url], chain_id=1, sleep=lambda _s: None, standings=standings) as node:
            reader = WindowReader(node=node, **options)
            for first in range(1, 41, 10):
                with node.window():
                    parts.append(reader.read([ANN, BOB], BlockRange(first, first + 9), known={}))
                    if ahead and first < 31:
                        reader.ahead([ANN, BOB], BlockRange(first + 10, first + 19))
                node.call("eth_blockNumber")
        return parts, sorted(json.dumps([item["method"], item["params"]]) for item in asked_of(fake))


def asked_of(fake: FakeNode) -> list[dict[str, Any]]:
    return [item for body in fake.bodies for item in (body if isinstance(body, list) else [body])]


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("full", [True, False], ids=["full", "ends"])
@pytest.mark.parametrize("make", [eventful, busy, crowded], ids=["eventful", "busy", "short"])
def test_what_is_read_does_not_depend_on_what_is_sent_ahead(
    make: Callable[[], FakeChain], full: bool, width: int
) -> None:
    """The same windows, and not one request more, where the next window is like the last."""
    chain = make()
    while chain.head < 40:
        chain.mine()
    told, untold = (in_turn(chain, ahead=ahead, width=width, full=full) for ahead in (True, False))
    assert told[0] == untold[0]
    if make is not crowded:
        assert told[1] == untold[1]
    assert len(told[1]) <= len(untold[1]) + 10, "what is expected wrongly is a window's first page at most"


def test_whole_blocks_serve_as_headers_where_most_of_the_last_window_was_wanted() -> None:
    """Each block is asked for once then, and no transaction alone; a window that is not like it is read as always."""
    parts, asked = in_turn(busy(), ahead=False, full=True)
    assert [raw.block.number for part in parts for raw in part.transactions] == [n for n in range(1, 41) for _ in "ab"]
    assert not any("ByHash" in each for each in asked)
    assert sum("eth_getBlockByNumber" in each for each in asked) == 10 + 40
    turned = busy(odd=21)
    assert in_turn(turned, ahead=True, full=True)[0] == [
        read(turned, BlockRange(first, first + 9)) for first in range(1, 41, 10)
    ]


def test_spoilt_whole_blocks_cost_requests_and_nothing_else() -> None:
    """Where whole blocks serve as headers, what they lack or tell wrongly is asked for alone, and held against both."""
    chain = busy()
    right = [read(chain, BlockRange(first, first + 9)).transactions for first in range(1, 41, 10)]
    for odd in ({"transactions": 7}, {"transactions": [{"hash": 7}, None, 7]}, {"transactions": []}):
        chain.lie = lambda name, params, result, odd=odd: (  # type: ignore[misc]
            {**result, **odd} if name == "eth_getBlockByNumber" and params[1] else result
        )
        for ahead in (True, False):
            assert [part.transactions for part in in_turn(chain, ahead=ahead, full=True)[0]] == right


def test_the_next_window_is_as_long_as_the_last_one_lets_expect() -> None:
    """Twice as long at most, and so that it holds less than a window may; never more blocks than headers are held."""
    with reading_of(busy(), full=True, most=20) as (reader, _):
        assert reader.fitting == FEW
        reader.read([ANN, BOB], BlockRange(1, 2), known={})
        assert reader.fitting == 4
        reader.read([ANN, BOB], BlockRange(3, 10), known={})
        assert reader.fitting == 9
    quiet = FakeChain()
    for _ in range(900):
        quiet.mine()
    with reading_of(quiet, full=True, bloom=True) as (reader, _):
        reader.read([ANN], BlockRange(1, 400), known={})
        assert reader.fitting == MOST_HEADERS
