"""The replay node answers as a real node would, from the recording shipped with the demo."""

import csv
import json
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest
import rlp
from eth_utils.crypto import keccak

from watcher.demo.node import SHIPPED, Recording, ReplayNode

TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
# fmt: off
HEADER = [
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty",
    "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot",
    "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash",
]
# fmt: on
NUMBERS = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"}
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def node() -> Iterator[ReplayNode]:
    with ReplayNode() as serving:
        yield serving


@pytest.fixture(scope="module")
def ask(node: ReplayNode) -> Iterator[Ask]:
    with httpx.Client() as client:

        def post(method: str, *params: Any) -> Any:
            body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
            answer = client.post(node.url, json=body).json()
            assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
            return answer.get("result", answer.get("error"))

        yield post


@pytest.fixture(scope="module")
def all_logs(node: ReplayNode) -> list[dict[str, Any]]:
    blocks = range(node.head + 1)
    return [log for n in blocks for receipt in node.recording.receipts(n) for log in receipt["logs"]]


def wallets() -> list[dict[str, str]]:
    with SHIPPED.with_name("wallets.csv").open() as file:
        return list(csv.DictReader(file))


def topic(address: str) -> str:
    return "0x" + "00" * 12 + address[2:]


def test_every_header_hashes_to_its_block_hash(node: ReplayNode) -> None:
    """A restored header, bloom filter and parent included, is the very one that was hashed on the recorded chain."""
    blocks = [node.recording.block(n, full=False) for n in range(node.head + 1)]
    for block in blocks:
        fields = [
            int(block[f], 16).to_bytes((int(block[f], 16).bit_length() + 7) // 8)
            if f in NUMBERS
            else bytes.fromhex(block[f][2:])
            for f in HEADER
        ]
        assert "0x" + keccak(rlp.encode(fields)).hex() == block["hash"]
    assert all(child["parentHash"] == parent["hash"] for parent, child in pairwise(blocks))


def test_shipped_files_belong_together(ask: Ask) -> None:
    """Every wallet of the list trades in the recording, and the configuration names its chain, feed and tokens."""
    for wallet in wallets():
        sent = ask("eth_getLogs", {"fromBlock": "0x0", "topics": [TRANSFER, topic(wallet["address"])]})
        assert len(sent) > 5, wallet["label"]
    (chain,) = tomllib.loads(SHIPPED.with_name("edgewatch.toml").read_text())["chains"]
    assert chain["chain_id"] == int(ask("eth_chainId"), 16)
    for quote in chain["quote_tokens"]:
        assert int(ask("eth_call", {"to": quote["address"], "data": "0x313ce567"}, "latest"), 16) == quote["decimals"]
    assert int(ask("eth_call", {"to": chain["native_usd_feed"], "data": "0x313ce567"}, "latest"), 16) == 8


def test_finality_covers_everything(ask: Ask, all_logs: list[dict[str, Any]]) -> None:
    """A reader of finalised blocks sees every event of the recording."""
    assert int(ask("eth_getBlockByNumber", "finalized", False)["number"], 16) >= int(all_logs[-1]["blockNumber"], 16)


def test_price_feed_knows_no_future(ask: Ask, node: ReplayNode) -> None:
    """At each block the feed's last update is not after that block."""
    (chain,) = tomllib.loads(SHIPPED.with_name("edgewatch.toml").read_text())["chains"]
    for number in range(0, node.head + 1, 50):
        answer = ask("eth_call", {"to": chain["native_usd_feed"], "data": "0xfeaf968c"}, hex(number))
        updated = int(answer[2 + 3 * 64 :][:64], 16)
        assert updated <= int(ask("eth_getBlockByNumber", hex(number), False)["timestamp"], 16)


def test_receipts_blocks_and_transactions_agree(ask: Ask) -> None:
    """A transaction is the same by hash, in its block, and its receipt the same alone and among the block's."""
    block = ask("eth_getBlockByNumber", "0x40", True)
    receipts = ask("eth_getBlockReceipts", "0x40")
    assert ask("eth_getBlockByHash", block["hash"], True) == block
    assert ask("eth_getBlockByHash", block["hash"], False)["transactions"] == [t["hash"] for t in block["transactions"]]
    for transaction, receipt in zip(block["transactions"], receipts, strict=True):
        assert ask("eth_getTransactionByHash", transaction["hash"]) == transaction
        assert ask("eth_getTransactionReceipt", transaction["hash"]) == receipt
        assert all(log["removed"] is False and log["blockHash"] == block["hash"] for log in receipt["logs"])
    indexes = [int(log["logIndex"], 16) for receipt in receipts for log in receipt["logs"]]
    assert indexes == list(range(len(indexes)))


def brute(logs: list[dict[str, Any]], first: int, last: int, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Filter logs one by one, by the letter of the specification."""

    def fits(wanted: Any, value: str) -> bool:
        return wanted in (None, []) or value in ([wanted] if isinstance(wanted, str) else wanted)

    topics = query.get("topics", [])
    return [
        log
        for log in logs
        if first <= int(log["blockNumber"], 16) <= last
        and fits(query.get("address"), log["address"])
        and len(log["topics"]) >= len(topics)
        and all(fits(wanted, value) for wanted, value in zip(topics, log["topics"], strict=False))
    ]


def test_get_logs_filters(ask: Ask, node: ReplayNode, all_logs: list[dict[str, Any]]) -> None:
    """Addresses and topics filter by position, lists mean any of, null and the empty list mean anything."""
    some = [topic(wallet["address"]) for wallet in wallets()[:3]]
    pools = sorted({log["address"] for log in all_logs})[:2]
    queries: list[dict[str, Any]] = [
        {"topics": [TRANSFER, some]},
        {"topics": [TRANSFER, None, some]},
        {"topics": [None, some[0]]},
        {"topics": [[], [], some[:2]]},
        {"topics": [[TRANSFER, "0x" + "12" * 32], some[0], some]},
        {"address": pools},
        {"address": pools[0], "topics": [TRANSFER]},
        {"address": [], "topics": [TRANSFER, None, None, None]},
        {"topics": ["0x" + "34" * 32]},
    ]
    for first, last in ((0, node.head), (100, 300), (250, 250)):
        for query in queries:
            found = ask("eth_getLogs", {"fromBlock": hex(first), "toBlock": hex(last)} | query)
            assert found == brute(all_logs, first, last, query), query


def test_get_logs_ranges(ask: Ask, node: ReplayNode, all_logs: list[dict[str, Any]]) -> None:
    """An end past the head is clipped, a start past it is an error, a range upside down is empty."""
    assert ask("eth_getLogs", {"fromBlock": hex(node.head - 100), "toBlock": hex(node.head + 9)}) == brute(
        all_logs, node.head - 100, node.head, {}
    )
    assert ask("eth_getLogs", {"fromBlock": hex(node.head + 1)})["code"] == -32602
    assert ask("eth_getLogs", {"fromBlock": "0x10", "toBlock": "0xf"}) == []
    block = node.recording.block(64, full=False)
    assert ask("eth_getLogs", {"blockHash": block["hash"]}) == brute(all_logs, 64, 64, {})
    assert ask("eth_getLogs", {"blockHash": "0x" + "00" * 32})["code"] == -32000


def test_range_limit() -> None:
    """With a limit, one block too many is refused in the words of a provider; the limit itself is served."""
    with ReplayNode(max_range=100) as node, httpx.Client() as client:

        def logs(last: int) -> Any:
            query = {"fromBlock": "0x1", "toBlock": hex(last), "topics": [TRANSFER]}
            return client.post(node.url, json={"id": 1, "method": "eth_getLogs", "params": [query]}).json()

        assert logs(101)["error"] == {"code": -32614, "message": "eth_getLogs is limited to a 100 range"}
        assert logs(100)["result"]


def test_what_is_not_there(ask: Ask, node: ReplayNode) -> None:
    """Unknown things are null, unknown methods and calls are errors, and nothing can be sent."""
    for method in ("eth_getBlockByHash", "eth_getTransactionByHash", "eth_getTransactionReceipt"):
        assert ask(method, "0x" + "00" * 32) is None
    assert ask("eth_getBlockByNumber", hex(node.head + 1), False) is None
    assert ask("eth_getBlockReceipts", hex(node.head + 1)) is None
    for method in ("eth_sendRawTransaction", "eth_sendTransaction", "__init__", "trace_block"):
        assert ask(method)["code"] == -32601
    contract = sorted(node.recording.contracts)[0]
    assert ask("eth_call", {"to": contract, "data": "0x12345678"}, "latest")["code"] == 3
    assert ask("eth_call", {"to": "0x" + "77" * 20, "data": "0x12345678"}, "latest") == "0x"
    assert ask("eth_getCode", wallets()[0]["address"], "latest") == "0x"
    assert ask("eth_getBlockByNumber", "nonsense", False)["code"] == -32602


def test_nonces_are_those_of_the_recorded_transactions(ask: Ask, node: ReplayNode) -> None:
    """At each transaction's block its sender has sent it and all before it; one block earlier, not it."""
    senders = [wallet["address"] for wallet in wallets()[:3]]
    assert ask("eth_getTransactionCount", "0x" + "77" * 20, "latest") == "0x0"
    for number in range(0, node.head + 1, 7):
        for entry in ask("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if entry["from"] in senders:
                nonce = int(entry["nonce"], 16)
                assert int(ask("eth_getTransactionCount", entry["from"], hex(number)), 16) > nonce
                assert int(ask("eth_getTransactionCount", entry["from"], hex(number - 1)), 16) <= nonce


def test_batches(node: ReplayNode) -> None:
    """A batch is answered in full, each answer under its own id, errors beside results."""
    asked = [{"jsonrpc": "2.0", "id": i, "method": m, "params": []} for i, m in enumerate(["eth_chainId", "eth_x"] * 3)]
    answers = {answer["id"]: answer for answer in httpx.post(node.url, json=asked).json()}
    assert sorted(answers) == list(range(6))
    assert [answers[i].get("result") for i in range(6)] == ["0x7a69", None] * 3
    assert all(answers[i]["error"]["code"] == -32601 for i in (1, 3, 5))
    assert httpx.post(node.url, content=b"{").json()["error"]["code"] == -32700
    assert httpx.post(node.url, json=[]).json()["error"]["code"] == -32600


def test_calls_follow_the_block(node: ReplayNode) -> None:
    """A call is answered with what was recorded last at or before the block; nothing recorded yet is an error."""
    to, data = "0x" + "aa" * 20, "0x01"
    block = {"block": {"hash": "0x0", "timestamp": "0x0"}, "transactions": []}
    header = {
        "chain_id": 1,
        "client": "",
        "contracts": [to],
        "calls": [[to, data, [[1, "0x0a"], [3, "0x0b"]]]],
        "defaults": {"block": {}, "transaction": {}, "receipt": {}},
    }
    recording = Recording(json.dumps(line) for line in [header, *[block] * 5])
    assert [recording.call(to, data, n) for n in (1, 2, 3, 4)] == ["0x0a", "0x0a", "0x0b", "0x0b"]
    with pytest.raises(Exception, match="execution reverted"):
        recording.call(to, data, 0)
