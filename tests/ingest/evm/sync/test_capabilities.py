"""What an endpoint can do is found out with a handful of metered questions, whatever words it refuses in."""

import random

import pytest

from ingest.errors import RpcUnavailable
from ingest.evm import chains
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.node import Node
from ingest.evm.sync.capabilities import probe
from tests.fakes.node import FakeNode, RpcFault
from tests.faults.faulty import FaultyNode, Plan
from tests.faults.follower import Time

CHAIN = chains.by_id(1)
HEAD = 20_000_000


def block(tag, _full):
    return {"number": hex(HEAD) if tag == "finalized" else tag}


def logs_within(cap, words):
    def logs(asked):
        first, last = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        if last - first >= cap:
            raise RpcFault(-32600, words.format(first=hex(first), last=hex(first + cap - 1)))
        return []

    return logs


def refuse(code, words):
    def refused(*_params):
        raise RpcFault(code, words)

    return refused


GOOD = {"eth_getBlockByNumber": block, "eth_getLogs": lambda _asked: [], "eth_call": lambda *_asked: "0x"}


def ability(methods, **options):
    meter = Meter(spent=0, limit=10**6)
    with FakeNode(GOOD | methods) as fake:
        with Node([fake.url], chain_id=1, charge=meter.charge, sleep=lambda _s: None, tries=1) as node:
            found = probe(node, CHAIN, endpoint="here", history_s=180 * 86_400)
        assert meter.requests == len(fake.asked)
        return found, fake


@pytest.mark.parametrize(
    ("cap", "words"),
    [
        (10, "You can make eth_getLogs requests with up to a 10 block range. This should work: [{first}, {last}]"),
        (10_000, "eth_getLogs is limited to a 10,000 range"),
        (2_000, "exceed maximum block range: 2000"),
        (1_024, "eth_getLogs is limited to 1024 block range"),
        (5, "ranges over 5 blocks are not supported on freetier"),
    ],
)
def test_the_range_cap_is_the_largest_of_the_usual_ones_that_is_allowed(cap, words):
    """Never more than the endpoint allows; what it suggests is tried at once."""
    found, fake = ability({"eth_getLogs": logs_within(cap, words)})
    assert found.range_cap == max(size for size in (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5, 1) if size <= cap)
    assert fake.asked.count("eth_getLogs") <= 10


def test_a_result_cap_is_noted_where_a_refusal_names_it():
    """The number of logs that a refusal names is kept."""
    words = "query exceeds max results 20000, retry with the range {first}-{last}"
    assert ability({"eth_getLogs": logs_within(100, words)})[0].result_cap == 20_000


def test_an_endpoint_without_anything_is_said_to_have_nothing():
    """No logs, no old state, no traces, no index, no finalized block; the newest block still makes it an endpoint."""
    bare = {
        "eth_getBlockByNumber": lambda *_asked: None,
        "eth_blockNumber": lambda: hex(HEAD),
        "eth_getLogs": refuse(-32601, "the method does not exist"),
        "eth_call": refuse(-32000, "missing trie node 0xabc"),
    }
    found, _ = ability(bare)
    assert (found.range_cap, found.archive, found.trace, found.index, found.finalized) == (
        None,
        False,
        False,
        None,
        False,
    )


def test_an_endpoint_with_everything_is_said_to_have_it():
    """Traces are there where only the transaction is unknown; the index may lack calls inside transactions."""

    def transfers(asked):
        if "internal" in asked["category"]:
            raise RpcFault(-32600, 'Provided network does not support these requested categories: ["internal"]')
        return {"transfers": []}

    full = {
        "debug_traceTransaction": refuse(-32000, "transaction not found"),
        "alchemy_getAssetTransfers": transfers,
        "eth_getBlockReceipts": lambda _number: [],
    }
    found, fake = ability(full)
    assert (found.archive, found.trace, found.finalized) == (True, True, True)
    assert (found.index, found.internal) == ("alchemy", False)
    assert found.range_cap == 10_000
    assert found.batch == 100
    assert found.receipts
    assert len(fake.asked) < 120, "the batch of a hundred chain ids costs nothing; all the rest is a handful"


@pytest.mark.parametrize(("bits", "chance"), [(2_048, 1.0), (1_024, 1 / 8), (0, None), (None, None)])
def test_how_much_blooms_deny_is_measured(bits, chance):
    """An address shows by chance where others set its three bits; headers without a bloom deny nothing."""
    bloom = {} if bits is None else {"logsBloom": hex((1 << bits) - 1)}
    found, _ = ability({"eth_getBlockByNumber": lambda tag, full: {**block(tag, full), **bloom}})
    assert found.bloom == (None if chance is None else pytest.approx(chance))
    assert not found.receipts


FULL = {
    "eth_getBlockByNumber": lambda tag, full: {**block(tag, full), "logsBloom": hex((1 << 1_024) - 1)},
    "eth_getLogs": logs_within(500, "eth_getLogs is limited to a 500 range"),
    "eth_getBlockReceipts": lambda _number: [],
    "debug_traceTransaction": refuse(-32000, "transaction not found"),
    "alchemy_getAssetTransfers": lambda _asked: {"transfers": []},
}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("methods", [FULL, {}], ids=["everything", "little"])
def test_what_a_bad_line_loses_says_nothing_of_the_endpoint(methods, seed):
    """Dropped, refused for a moment, cut or null: what is found out is what a good line finds."""
    bad, time = Plan(drop=0.1, too_many=0.1, unavailable=0.1, truncated=0.05, null=0.1), Time()
    with (
        FakeNode(GOOD | methods) as fake,
        FaultyNode(fake.url, bad, random.Random(seed), clock=time) as line,
        Node([line.url], chain_id=1, sleep=time.sleep, clock=time, tries=1) as node,
    ):
        found = probe(node, CHAIN, endpoint="here", history_s=180 * 86_400)
        assert line.spoiled
        assert line.too_early == 0
    assert found == ability(methods)[0]


@pytest.mark.parametrize("most", [1, 3, 40])
def test_the_size_of_a_batch_is_one_that_was_taken(most):
    """A provider that refuses larger ones is not said to take them because it was asked again for less."""

    def refusing(body):
        if isinstance(body, list) and len(body) > most:
            return 200, {}, b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "batch too large"}}'
        return None

    with FakeNode(GOOD, raw=refusing) as fake, Node([fake.url], chain_id=1, sleep=lambda _s: None, tries=1) as node:
        found = probe(node, CHAIN, endpoint="here", history_s=180 * 86_400)
    assert most / 2 <= found.batch <= most


def test_an_endpoint_that_is_not_there_is_no_endpoint():
    """Where not even the newest block can be had, nothing is said about it."""
    with pytest.raises(RpcUnavailable):
        ability({"eth_getBlockByNumber": lambda *_a: None, "eth_blockNumber": refuse(-32000, "header not found")})
