"""Find the transactions that touch a wallet, then fetch and check each of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ingest.abi import TRANSFER
from ingest.errors import RpcUnavailable
from ingest.rpc import Node, Request
from ingest.types import BlockRef
from ingest.windows import BlockRange

# Fields without which an answer cannot be used (execution-apis, the schemas of these results).
BLOCK = ("number", "hash", "timestamp")
TRANSACTION = ("hash", "from", "value")
RECEIPT = ("transactionHash", "blockHash", "blockNumber", "transactionIndex", "from", "gasUsed", "logs")

TOPIC_LIMIT = 1_000  #: geth's default limit of alternatives in one position (``--rpc.logquerylimit``)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTransaction:
    """A node's own words on one transaction, its block hash checked."""

    tx_hash: str
    block: BlockRef
    transaction_index: int
    transaction: Mapping[str, Any]
    receipt: Mapping[str, Any]
    wallets: frozenset[str]  #: watched wallets whose tokens it moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one window of blocks held for the wallets it was read for."""

    blocks: BlockRange
    first: BlockRef
    last: BlockRef
    transactions: tuple[RawTransaction, ...]  #: by block and index


def head(node: Node, *, confirmations: int | None) -> int:
    """The last block that is safe to read.

    Parameters
    ----------
    confirmations
        Blocks to stay behind the newest one; None: the node's ``finalized`` tag (execution-apis, eth_getBlockByNumber).

    Raises
    ------
    RpcUnavailable
        The node did not say; where it has no ``finalized`` block at all, the chain needs ``confirmations``.
    """
    if confirmations is not None:
        return max(0, int(node.call("eth_blockNumber"), 16) - confirmations)
    block = node.call("eth_getBlockByNumber", ["finalized", False])
    if not isinstance(block, dict) or "number" not in block:
        raise RpcUnavailable("the node named no finalized block; if it has none, set confirmations = N for this chain")
    return int(block["number"], 16)


def block_refs(node: Node, numbers: Collection[int]) -> dict[int, BlockRef]:
    """Number, hash and timestamp of blocks.

    Raises
    ------
    RpcUnavailable
        A block is missing or does not fit its number: the node is behind or broken.
    """
    ordered = sorted(numbers)
    answers = node.batch([("eth_getBlockByNumber", [hex(number), False]) for number in ordered], required=BLOCK)
    refs = {}
    for number, block in zip(ordered, answers, strict=True):
        with _well_formed(f"block {number:,}"):
            if int(block["number"], 16) != number:
                raise RpcUnavailable(f"the node does not serve block {number:,} yet")
            timestamp = int(block["timestamp"], 16)
            if number and not timestamp:
                raise RpcUnavailable(f"the node gives block {number:,} no time")
            refs[number] = BlockRef(number=number, hash=block["hash"].lower(), timestamp=timestamp)
    return refs


@contextmanager
def _well_formed(what: str) -> Iterator[None]:
    """Turn a missing or odd field of an answer into an answer that is asked for again."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RpcUnavailable(f"the node's answer on {what} is malformed: {type(error).__name__} {error}") from None


def block_at(node: Node, timestamp: int, *, last: int) -> int:
    """The first block at or after a time, by bisection; ``last`` + 1 if there is none.

    Parameters
    ----------
    timestamp
        Unix seconds.
    last
        The highest block to look at.
    """
    low, high = 0, last + 1
    while low < high:
        middle = (low + high) // 2
        if block_refs(node, [middle])[middle].timestamp < timestamp:
            low = middle + 1
        else:
            high = middle
    return low


def read_window(node: Node, wallets: Collection[str], blocks: BlockRange) -> Reading:
    """Everything in a window of blocks that moved a token of one of the wallets.

    The logs are asked for by an OR-list of wallets, once as sender and once as receiver; then each transaction and
    receipt is fetched by its hash and held against the hash of its block.

    Raises
    ------
    RangeRefused
        The window is too large for the node.
    RpcUnavailable
        An answer is missing or contradicts another one; nothing of the window may be kept.
    """
    found: dict[str, set[str]] = {}
    for log in _transfer_logs(node, sorted(wallets), blocks):
        with _well_formed("logs"):
            touched = {"0x" + topic[-40:].lower() for topic in log["topics"][1:3]} & set(wallets)
            if touched and not blocks.first <= int(log["blockNumber"], 16) <= blocks.last:
                raise RpcUnavailable("the node's answer on logs is of other blocks than those asked for")
            found.setdefault(log["transactionHash"].lower(), set()).update(touched)
    hashes = list(found)
    transactions = node.batch([("eth_getTransactionByHash", [tx]) for tx in hashes], required=TRANSACTION)
    receipts = node.batch([("eth_getTransactionReceipt", [tx]) for tx in hashes], required=RECEIPT)
    pairs = list(zip(hashes, transactions, receipts, strict=True))
    for tx_hash, transaction, receipt in pairs:
        with _well_formed(tx_hash):
            if transaction["hash"].lower() != tx_hash or receipt["transactionHash"].lower() != tx_hash:
                raise RpcUnavailable(f"the node answers on {tx_hash} with another transaction")
            if not isinstance(receipt["logs"], list) or transaction["from"].lower() != receipt["from"].lower():
                raise RpcUnavailable(f"the receipt of {tx_hash} does not fit its transaction")
    with _well_formed("receipts"):
        numbers = {int(receipt["blockNumber"], 16) for _, _, receipt in pairs}
    refs = block_refs(node, numbers | {blocks.first, blocks.last})
    raw = []
    for tx_hash, transaction, receipt in pairs:
        with _well_formed(tx_hash):
            block = refs[int(receipt["blockNumber"], 16)]
            index = int(receipt["transactionIndex"], 16)
            if receipt["blockHash"].lower() != block.hash or not blocks.first <= block.number <= blocks.last:
                raise RpcUnavailable(f"the receipt of {tx_hash} is of another block than its header")
        raw.append(
            RawTransaction(
                tx_hash=tx_hash,
                block=block,
                transaction_index=index,
                transaction=transaction,
                receipt=receipt,
                wallets=frozenset(found[tx_hash]),
            )
        )
    raw.sort(key=lambda each: (each.block.number, each.transaction_index))
    return Reading(blocks=blocks, first=refs[blocks.first], last=refs[blocks.last], transactions=tuple(raw))


def _transfer_logs(node: Node, wallets: Sequence[str], blocks: BlockRange) -> Iterator[Mapping[str, Any]]:
    requests: list[Request] = []
    for start in range(0, len(wallets), TOPIC_LIMIT):
        padded = ["0x" + wallet[2:].rjust(64, "0") for wallet in wallets[start : start + TOPIC_LIMIT]]
        bounds: dict[str, Any] = {"fromBlock": hex(blocks.first), "toBlock": hex(blocks.last)}
        requests.append(("eth_getLogs", [{**bounds, "topics": [TRANSFER, padded]}]))
        requests.append(("eth_getLogs", [{**bounds, "topics": [TRANSFER, None, padded]}]))
    for logs in node.batch(requests):
        if not isinstance(logs, list):
            raise RpcUnavailable("eth_getLogs answered with something that is not a list")
        for log in logs:
            # ERC-721 emits the same topic with four topics: no amount moves.
            with _well_formed("logs"):
                moves = not log.get("removed") and len(log["topics"]) == 3
            if moves:
                yield log
