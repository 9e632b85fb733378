"""What is recorded and replayed is what the real node answered, field by field."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.types import NATIVE
from tests.localchain.anvil import Anvil
from tests.localchain.contracts import calldata
from tests.localchain.pack import pack, read_chain, save
from tests.localchain.world import FEED_ADDRESS, World
from watcher.demo.node import ReplayNode

pytestmark = pytest.mark.anvil
WALLETS = ["0x" + "11" * 20, "0x" + "22" * 20]
ROUND = calldata("latestRoundData()")
DECIMALS = calldata("decimals()")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Anvil, ReplayNode]]:
    """Return a live node after some trading, and a replay node over its recording."""
    path: Path = tmp_path_factory.mktemp("recording") / "chain.jsonl.xz"
    with Anvil() as anvil:
        world = World(anvil, v4=False)
        world.deploy()
        world.fund(WALLETS)
        alfa, bravo = world.tokens["ALFA"], world.tokens["BRAVO"]
        rounds = []
        for usd in (3100.0, 2900.0, 3000.0):
            at = world.timestamp + 60
            world.set_native_usd(usd, timestamp=at)
            world.set_price(alfa, usd / 1000)
            for wallet in WALLETS:
                world.swap(wallet, "v2", NATIVE, alfa, 10**17)
                world.swap(wallet, "v3", world.usd, bravo, 10**7)
                world.swap(wallet, "v2", NATIVE, alfa, 10**17, minimum=10**40)
            world.mine(at)
            world.mine(at + 12)
            # Now, not at the end: Anvil shows the storage written for the next block in this block's past state.
            latest = anvil.rpc("eth_call", {"to": FEED_ADDRESS, "data": ROUND}, "latest")
            rounds.append((int(anvil.rpc("eth_blockNumber"), 16) - 1, latest))
        decimals = anvil.rpc("eth_call", {"to": world.usd, "data": DECIMALS}, "latest")
        lines = pack(
            read_chain(anvil),
            client=anvil.rpc("web3_clientVersion"),
            contracts=[FEED_ADDRESS, world.usd],
            calls={(FEED_ADDRESS, ROUND): rounds, (world.usd, DECIMALS): [(0, decimals)]},
        )
        save(path, lines)
        with ReplayNode(path) as node:
            yield anvil, node


def both(pair: tuple[Anvil, ReplayNode], method: str, *params: Any) -> list[Any]:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    with httpx.Client() as client:
        answers = [client.post(node.url, json=body).json() for node in pair]
    return [answer["result"] if "result" in answer else answer["error"]["code"] for answer in answers]


def same(pair: tuple[Anvil, ReplayNode], method: str, *params: Any) -> Any:
    live, replayed = (_plain(answer) for answer in both(pair, method, *params))
    assert live == replayed, (method, params)
    return live


def _plain(answer: Any) -> Any:
    """Drop the one field that is left out on purpose: Anvil's block time in receipts, a number among hex."""
    receipts = answer if isinstance(answer, list) else [answer]
    for receipt in receipts:
        if isinstance(receipt, dict) and "cumulativeGasUsed" in receipt:
            receipt.pop("blockTimestamp", None)
    return answer


def test_blocks_transactions_and_receipts(pair: tuple[Anvil, ReplayNode]) -> None:
    """Each block, transaction and receipt is answered as the recorded node answers it, by number, tag and hash."""
    head = pair[1].head
    for block in (*(hex(n) for n in range(head + 2)), "earliest", "latest", "safe", "finalized"):
        found = same(pair, "eth_getBlockByNumber", block, True)
        same(pair, "eth_getBlockByNumber", block, False)
        same(pair, "eth_getBlockReceipts", block)
        if found and int(found["number"], 16) > head - 6:
            same(pair, "eth_getBlockByHash", found["hash"], False)
            for transaction in found["transactions"]:
                same(pair, "eth_getTransactionByHash", transaction["hash"])
                assert same(pair, "eth_getTransactionReceipt", transaction["hash"])


def test_logs(pair: tuple[Anvil, ReplayNode]) -> None:
    """The same logs are found for addresses, topics, lists of them, ranges and block hashes; the same errors given."""
    head = pair[1].head
    everything = same(pair, "eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    topics = [log["topics"] for log in everything if len(log["topics"]) == 3]
    wallets = ["0x" + "00" * 12 + wallet[2:] for wallet in WALLETS]
    addresses = sorted({log["address"] for log in everything})
    for query in (
        {"topics": [topics[-1][0], wallets]},
        {"topics": [topics[-1][0], None, wallets]},
        {"topics": [[topics[0][0], topics[-1][0]], [], wallets[0]]},
        {"address": addresses[:3]},
        {"address": addresses[0], "topics": [topics[-1][0]]},
        {"toBlock": hex(head + 5)},
    ):
        assert same(pair, "eth_getLogs", {"fromBlock": hex(head - 7), "toBlock": hex(head)} | query) is not None
    same(pair, "eth_getLogs", {"blockHash": everything[-1]["blockHash"]})
    same(pair, "eth_getLogs", {"blockHash": "0x" + "00" * 32})
    same(pair, "eth_getLogs", {"fromBlock": hex(head + 1)})


def test_calls_and_the_rest(pair: tuple[Anvil, ReplayNode]) -> None:
    """Recorded calls, calls to accounts without code, and what a node says of itself, are the same."""
    for block in ("latest", hex(pair[1].head), {"blockNumber": hex(pair[1].head)}):
        assert len(same(pair, "eth_call", {"to": FEED_ADDRESS, "data": ROUND}, block)) == 2 + 5 * 64
    same(pair, "eth_call", {"to": FEED_ADDRESS, "data": "0x01020304"}, "latest")
    same(pair, "eth_call", {"to": WALLETS[0], "data": "0x01020304"}, "latest")
    for method in ("eth_chainId", "eth_blockNumber", "net_version", "web3_clientVersion", "eth_syncing", "eth_nothing"):
        same(pair, method)
