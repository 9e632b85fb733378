"""Whatever a node answers, at any place of any method: what an honest one says, or a typed error; never another one.

Recorded answers of every method that may be asked are spoilt at one place, and go through the real transport, to
whoever asks for them in the product. The first endpoint answers like that, always; the second one is honest.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.decode import decode_transaction
from ingest.errors import IngestError
from ingest.evm import chains
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.topics import TRANSFER
from ingest.evm.lookup import pools
from ingest.evm.lookup.tokens import DECIMALS, read_tokens
from ingest.evm.lookup.traces import Tracer
from ingest.evm.pricing import pool_quotes
from ingest.evm.pricing.chainlink import LATEST_ROUND_DATA, Feeds
from ingest.evm.rpc import answer_checks
from ingest.evm.rpc.allowlist import READ_METHODS
from ingest.evm.rpc.node import Node
from ingest.evm.survey.address_activity import balances, is_contract, sent_since
from ingest.evm.sync import fetch, hypersync
from ingest.evm.sync.fetch import WindowResult
from ingest.evm.sync.wallet_index import Index, alchemy
from ingest.evm.sync.window_reader import WindowReader
from ingest.types import BlockRef
from tests.fakes.chain import START, FakeChain, Payment
from tests.fakes.loopback import Handler, Loopback
from tests.fakes.node import FakeNode, RpcFault
from tests.fakes.stranger import HUGE, JSON, Path, Spoil, Stranger, places, put, spoilt, write
from tests.ingest import receipts as r
from tests.ingest.evm.rpc.test_failover import Time

ANN, BOB, EVE, DAN = ("0x" + digit * 40 for digit in "1234")
BLOCKS = BlockRange(1, 6)
ETHEREUM = chains.by_id(1)
FEWER = settings(
    max_examples=max(1, settings.default.max_examples // 8),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module", autouse=True)
def _count() -> Iterator[None]:
    yield
    print(f"\n{spoilt.total():,} answers of {len(spoilt)} methods spoilt: {dict(spoilt)}")


def world() -> dict[str, Callable[..., Any]]:
    """A node that answers every method."""
    chain = FakeChain()
    for number in range(1, 7):
        chain.mine(
            Payment(ANN, BOB, number),
            Payment(EVE, ANN, 1),
            Payment(EVE, BOB, 1),
            *(Payment(EVE, DAN, 1) for _ in range(4)),
        )
    sent = chain.payments[1][0].hash
    step = {"callType": "call", "from": ANN, "to": BOB, "value": "0x7"}
    flat = [
        {"type": "call", "traceAddress": [], "action": step},
        {"type": "call", "traceAddress": [0], "action": {**step, "from": BOB, "to": ANN}},
        {"type": "create", "traceAddress": [1], "action": {"from": BOB, "value": "0x1"}, "result": {"address": EVE}},
    ]
    call = {"type": "CALL", "from": ANN, "to": BOB, "value": "0x7"}
    row = {
        "blockNum": "0x2",
        "hash": sent,
        "from": ANN,
        "to": BOB,
        "category": "erc20",
        "rawContract": {"value": "0x5", "address": r.COIN},
        "metadata": {"blockTimestamp": "2026-01-01T00:00:00.000Z"},
    }

    def asset_transfers(asked: dict[str, Any]) -> Any:
        mine = asked.get("fromAddress") == ANN
        first = "pageKey" not in asked
        return {"transfers": [row] if mine and first else [], **({"pageKey": "next"} if mine and first else {})}

    def eth_call(asked: dict[str, str], _block: str) -> str:
        selector = asked.get("data", "")[:10]
        if selector == DECIMALS:
            return "0x" + (8).to_bytes(32).hex()
        if selector == LATEST_ROUND_DATA:
            return "0x" + encode(["uint256"] * 5, [1, 3_000 * 10**8, START, START, 1]).hex()
        if selector == pools.FACTORY:
            return "0x" + bytes.fromhex(ETHEREUM.dexes[0].factory[2:]).rjust(32, b"\0").hex()  # type: ignore[union-attr]
        if selector in (pools.TOKEN0, pools.TOKEN1):
            return "0x" + bytes.fromhex((r.USDC if selector == pools.TOKEN0 else r.WETH)[2:]).rjust(32, b"\0").hex()
        if selector == pools.GET_PAIR:
            return "0x" + bytes.fromhex(r.USDC_WETH_V2[2:]).rjust(32, b"\0").hex()
        if selector == pool_quotes.GET_RESERVES:
            return "0x" + b"".join((10**9).to_bytes(32) for _ in range(3)).hex()
        return "0x" + encode(["string"], ["COIN"]).hex()

    return {
        **chain.methods(),
        "eth_call": eth_call,
        "eth_getBalance": lambda _address, block: block,
        "eth_getTransactionCount": lambda _address, block: block,
        "eth_getCode": lambda *_: "0x6001",
        "web3_clientVersion": lambda: "geth/1",
        "debug_traceTransaction": lambda *_: {**call, "calls": [{**call, "calls": [call]}, call]},
        "trace_transaction": lambda *_: flat,
        "alchemy_getAssetTransfers": asset_transfers,
    }


# -- who asks in the product, and what comes of it


def told(reading: WindowResult) -> Any:
    """What is kept of a window, as far as anything is made of it."""
    return reading.moves, [
        (
            *(raw.tx_hash, raw.block, raw.transaction_index, raw.wallets),
            decode_transaction(raw.transaction, raw.receipt, wallet=ANN, chain_id=1, timestamp=raw.block.timestamp),
        )
        for raw in reading.transactions
    ]


def window(node: Node, *, full: bool) -> Any:
    def read_all() -> Any:
        with node.window():
            return told(WindowReader(node=node, full=full).read([ANN, BOB], BLOCKS, known={}))

    return node.patience(6)(read_all)


def windows(node: Node) -> Any:
    return window(node, full=True), window(node, full=False), fetch.block_at(node, START + 30, last=6)


def contracts(node: Node) -> Any:
    assert ETHEREUM is not None
    pool = pool_quotes.Pool(kind="uniswap_v2", address=r.USDC_WETH_V2, tokens=(r.USDC, r.WETH))
    wanted = {token.address: {3: BlockRef(number=3, hash="", timestamp=START + 36)} for token in ETHEREUM.quote_tokens}
    return (
        read_tokens(node, [r.COIN, r.USDC]),
        pools.look_up(node, ETHEREUM, [r.USDC_WETH_V2]),
        Feeds(node, ETHEREUM).read(wanted),
        pool_quotes.executable(node, [(((pool, r.USDC),), 10**6)], 3),
    )


def traced(node: Node) -> Any:
    return Tracer().read(node, ["0x" + "ab" * 32, "0x" + "cd" * 32])


def listed(node: Node) -> Any:
    index = Index(alchemy, node)
    return node.patience(6)(index.chunks, [ANN], BLOCKS)


ASKERS: dict[str, Callable[[Node], Any]] = {
    "eth_blockNumber": partial(fetch.head, confirmations=2),
    "eth_call": contracts,
    "eth_chainId": lambda node: node.call("eth_chainId"),
    "eth_getBalance": lambda node: balances(node, ANN, 1, 5),
    "eth_getBlockByNumber": lambda node: (windows(node), fetch.finalized(node)),
    "eth_getBlockReceipts": windows,
    "eth_getCode": lambda node: is_contract(node, ANN, 5),
    "eth_getLogs": windows,
    "eth_getTransactionByHash": windows,
    "eth_getTransactionCount": lambda node: sent_since(node, ANN, 1, 5),
    "eth_getTransactionReceipt": windows,
    "debug_traceTransaction": traced,
    "trace_transaction": traced,
    "web3_clientVersion": lambda node: node.call("web3_clientVersion"),
    "alchemy_getAssetTransfers": listed,
}


@contextmanager
def client(*urls: str, **options: Any) -> Iterator[Node]:
    time = Time()
    with Node(urls, chain_id=1, sleep=time.sleep, clock=lambda: time.now, **options) as node:
        yield node


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[Stranger, FakeNode]]:
    methods = world()
    with Stranger(methods) as stranger, FakeNode(methods) as honest:
        yield stranger, honest


@pytest.fixture(scope="module")
def truth(nodes: tuple[Stranger, FakeNode]) -> dict[str, Any]:
    """What each asker hears from an honest node."""
    found = {}
    for method, ask in ASKERS.items():
        with without_the_other_traces(method, nodes), client(nodes[1].url) as node:
            found[method] = ask(node)
    return found


@contextmanager
def without_the_other_traces(method: str, nodes: tuple[Stranger, FakeNode]) -> Iterator[None]:
    """``trace_transaction`` is asked where there is no other."""

    def missing(*_: Any) -> Any:
        raise RpcFault(-32601, "the method does not exist")

    kept = [node.methods["debug_traceTransaction"] for node in nodes]
    for node in nodes:
        if method == "trace_transaction":
            node.methods["debug_traceTransaction"] = missing
    try:
        yield
    finally:
        for node, own in zip(nodes, kept, strict=True):
            node.methods["debug_traceTransaction"] = own


@pytest.mark.parametrize("method", sorted(ASKERS))
def test_what_a_stranger_answers_is_typed_or_asked_elsewhere(
    method: str, nodes: tuple[Stranger, FakeNode], truth: dict[str, Any]
) -> None:
    """Anything at any place of the answers to a method: the honest endpoint's word, or an error that has a type."""
    stranger, honest = nodes

    @FEWER
    @given(st.integers(0, 10**6), JSON)
    @example(4, HUGE)
    @example(3, "0x" + "f" * 5_000)
    @example(2, None)
    @example(2, [])
    def holds(place: int, value: Any) -> None:
        stranger.spoil, stranger.lied = Spoil(method, place, value), False
        try:
            with without_the_other_traces(method, nodes), client(stranger.url, honest.url) as node:
                found = ASKERS[method](node)
        except IngestError:
            return
        finally:
            stranger.spoil = None
        assert found == truth[method] or stranger.lied

    holds()
    assert spoilt[method]


def recorded(methods: dict[str, Callable[..., Any]], method: str) -> list[Any]:
    """Some answers of each shape that a method has here."""
    asked: dict[str, list[Any]] = {
        "eth_getBlockByNumber": [["finalized", False], ["0x2", False], ["0x2", True]],
        "eth_getLogs": [[{"fromBlock": "0x1", "toBlock": "0x6", "topics": [TRANSFER]}]],
        "eth_getBlockReceipts": [["0x2"]],
        "alchemy_getAssetTransfers": [[{"fromAddress": ANN}], [{"fromAddress": ANN, "pageKey": "next"}]],
        "eth_call": [[{"data": data}, "latest"] for data in (DECIMALS, "", pools.FACTORY, LATEST_ROUND_DATA)],
        "web3_clientVersion": [[]],
        "eth_blockNumber": [[]],
    }
    if method == "eth_chainId":
        return ["0x1"]
    if method in ("eth_getTransactionByHash", "eth_getTransactionReceipt"):
        block = methods["eth_getBlockByNumber"]("0x2", False)
        asked[method] = [[name] for name in block["transactions"]]
    return [methods[method](*params) for params in asked.get(method, [[ANN, "0x1"]])]


def test_every_method_has_its_asker_and_its_type() -> None:
    """Nothing may be asked whose answer is not typed, or not spoilt here."""
    assert answer_checks.METHODS == READ_METHODS == ASKERS.keys() | {hypersync.QUERY}


# -- each field that is used


_HEADER = {"number", "hash", "parentHash", "timestamp", "logsBloom"}
_PLACE = {"blockHash", "blockNumber", "transactionHash", "transactionIndex"}
_LOG = {"address", "topics", "data", "logIndex"}
FIELDS: dict[str, Callable[[Path], bool]] = {
    "eth_getBlockByNumber": lambda path: len(path) == 1 and path[0] in _HEADER,
    "eth_getTransactionByHash": lambda path: path[:1] != ("transactionHash",),
    "eth_getTransactionReceipt": lambda path: (
        path[-1] in _LOG
        if "logs" in path[:-1]
        else path[-1:] and path[0] in {*_PLACE, "from", "status", "gasUsed", "logs"}
    ),
    "eth_getLogs": lambda path: bool(path) and path[-1] in _LOG | _PLACE,
    "debug_traceTransaction": lambda path: bool(path) and path[-1] in {"from", "to", "value", "calls"},
    "trace_transaction": lambda path: bool(path) and path[-1] in {"from", "to", "value", "address", "action"},
    "alchemy_getAssetTransfers": lambda path: bool(path) and path[-1] != "rawContract" and path[-1] not in _SAID,
}
_SAID = {"metadata", "blockTimestamp", "pageKey", "category"}  # words, or what is made of words
WRONG = [
    *(0, 1, -1, 2**70, 10**4_000, 1.5, 1e300, float("nan"), True, False, [[]], [None]),
    *("1", "0X1", "0xzz", "-0x1", "0x-1", "0x_1", "٣", "0x٣"),
    *("0x 1", "0x1\n", "9" * 5_000, "0x" + "f" * 5_001, "\x1b[2J"),
]


@pytest.mark.parametrize("method", sorted(ASKERS))
def test_no_field_that_is_used_takes_another_type(method: str) -> None:
    """Each of them alone, in the answer as it was recorded: a number that is too long, no hex, a list."""
    for answer in recorded(world(), method):
        answer_checks.read(method, answer)
        fields = FIELDS.get(method)
        used = [path for path in places(answer) if (not path if fields is None else fields(path))]
        assert used
        for path in used:
            for value in WRONG:
                if method == "web3_clientVersion" and isinstance(value, str) and len(value) < 1_000:
                    continue
                with pytest.raises(ValueError, match="."):
                    answer_checks.read(method, put(answer, path, value))


# -- the service beside the node


class Service(Loopback):
    """HyperSync's two questions, with one row; spoils one of its answers."""

    spoil: Spoil | None = None

    def __init__(self) -> None:
        service = self
        topics = [TRANSFER, *("0x" + "00" * 12 + each[2:] for each in (ANN, BOB))]
        log = {
            "block_number": 2,
            "transaction_hash": "0x" + "ab" * 32,
            "log_index": 1,
            "address": r.COIN,
            "data": "0x" + (5).to_bytes(32).hex(),
            "topic3": None,
            **{f"topic{place}": topic for place, topic in enumerate(topics)},
        }
        sent = {"block_number": 2, "hash": "0x" + "ab" * 32, "from": ANN}
        block = {"number": 2, "timestamp": START}

        class Questions(Handler):
            def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
                self.give("eth_chainId", {"chain_id": 1})

            def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
                asked = self.read_json()
                out = not asked["logs"][0]["topics"][2]
                rows = [{"blocks": [block], "logs": [log], "transactions": [sent]}] if out else []
                self.give(hypersync.QUERY, {"data": rows, "next_block": asked["to_block"]})

            def give(self, method: str, answer: Any) -> None:
                if service.spoil is not None and service.spoil.method == method:
                    spoilt[method] += 1
                    answer = service.spoil.apply(answer)
                self.say(200, {}, write(answer))

        super().__init__(Questions)


@pytest.mark.parametrize("method", ["eth_chainId", hypersync.QUERY])
def test_what_the_service_of_an_index_answers_is_typed_or_asked_elsewhere(method: str) -> None:
    """The same through HyperSync's own HTTP."""
    speak = partial(hypersync.HyperSync, token="token-of-a-test")
    ask = Index(hypersync.ask, None, internal=False)  # type: ignore[arg-type] # set below

    def found(*urls: str) -> Any:
        with client(*urls, speak=speak) as node:
            ask.node = node
            return node.patience(6)(ask.chunks, [ANN], BLOCKS)

    with Service() as stranger, Service() as honest:
        right = found(honest.url)

        @FEWER
        @given(st.integers(0, 10**6), JSON)
        @example(3, HUGE)
        @example(4, 1e300)
        @example(6, [])
        def holds(place: int, value: Any) -> None:
            stranger.spoil = Spoil(method, place, value)
            try:
                here = found(stranger.url, honest.url)
            except IngestError:
                return
            assert here == right or isinstance(value, list | dict | int | None | str)
            assert all(0 <= chunk.blocks.first <= chunk.blocks.last <= 6 for chunk in here)
            assert all((move.timestamp or 0) < 2**37 and move.amount_raw < 2**256 for c in here for move in c.moves)

        holds()
