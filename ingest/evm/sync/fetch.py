"""Find the transactions that touch a wallet, then fetch and check each of them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ingest.errors import RangeRefused, RpcRejected, RpcUnavailable
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.gc_pause import collector_off
from ingest.evm.logs.json_codec import RawLog, raw_logs
from ingest.evm.logs.logs import topic
from ingest.evm.logs.topics import TRANSFER
from ingest.evm.rpc.answer_checks import account, count, hash32, is_receipt, is_transaction, moment, well_formed
from ingest.evm.rpc.node import Node, Request
from ingest.evm.sync.dust import Strangers
from ingest.evm.sync.header_checks import ENDS, HEADER, Header, Link, is_round, pages, read_header
from ingest.evm.sync.touches import Touch, may_have_agreed, moves_in, read_touches
from ingest.types import BlockRef, Move, RawTransaction

# Fields without which an answer cannot be used (execution-apis, the schemas of these results).
BLOCK = ("number", "hash", "timestamp")
WHOLE = ("hash", "transactions")
TRANSACTION = ("hash", "from", "value", "blockHash", "transactionIndex")
RECEIPT = ("transactionHash", "blockHash", "blockNumber", "transactionIndex", "from", "gasUsed", "logs")

TOPIC_LIMIT = 1_000  #: geth's default limit of alternatives in one position (``--rpc.logquerylimit``)
MOST_LOGS = 10_000  #: of one window, where it can be smaller: memory, and rows of one write
BLOCK_TRIES, HEADER_TRIES = 4, 8  #: of a block whose header is odd, and of one that a window rests on
PAGE = 500  #: transactions fetched before those that need no receipt are dropped again
HELD = (
    8 * PAGE
)  #: transactions of whole blocks held at once, as many as receipts (``ingest.evm.sync.window_reader``): memory


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowResult:
    """What one window of blocks held for the wallets it was read for."""

    blocks: BlockRange
    first: BlockRef
    last: BlockRef
    transactions: tuple[RawTransaction, ...]  #: by block and index
    moves: tuple[Move, ...] = ()  #: what strangers sent, from its logs alone
    links: tuple[Link, ...] = ()  #: blocks by which what is read later is held against this
    level: str = ENDS  #: how well its logs are proven, see ``ingest.evm.sync.header_checks``
    left_out: Mapping[str, int] = field(default_factory=dict)  #: by wallet, transactions of strangers not looked at


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
        return max(0, count(node.call("eth_blockNumber")) - confirmations)
    if (number := finalized(node)) is None:
        raise RpcUnavailable("the node named no finalized block; if it has none, set confirmations = N for this chain")
    return number


def finalized(node: Node) -> int | None:
    """The last block that the node calls final; None where it names none."""
    block = node.call("eth_getBlockByNumber", ["finalized", False])
    return None if block is None or block.get("number") is None else count(block["number"])


def block_refs(node: Node, numbers: Collection[int]) -> dict[int, BlockRef]:
    """Number, hash and timestamp of blocks.

    Raises
    ------
    RpcUnavailable
        A block is missing or does not fit its number: the node is behind or broken.
    """
    refs: dict[int, BlockRef] = {}
    for left in reversed(range(BLOCK_TRIES)):
        ordered = sorted(set(numbers) - refs.keys())
        for number, block in zip(ordered, node.batch(list(map(header_request, ordered)), required=BLOCK), strict=True):
            try:
                refs[number] = _ref(number, block)
            except RpcUnavailable:
                if not left:
                    raise
        if len(refs) == len(set(numbers)):
            break
    return refs


def _ref(number: int, block: Mapping[str, Any]) -> BlockRef:
    with well_formed(f"block {number:,}"):
        if count(block["number"]) != number:
            raise RpcUnavailable(f"the node does not serve block {number:,} yet")
        timestamp = moment(block["timestamp"])
        if number and not timestamp:
            raise RpcUnavailable(f"the node gives block {number:,} no time")
        return BlockRef(number=number, hash=hash32(block["hash"]), timestamp=timestamp)


def header_request(number: int, *, whole: bool = False) -> Request:
    """How to ask for a block's header: it names the transactions, and holds them if the ``whole`` block is wanted."""
    return "eth_getBlockByNumber", [hex(number), whole]


def read_headers(
    node: Node,
    numbers: Collection[int],
    *,
    again: Callable[[Collection[Header]], list[int]] = lambda _headers: [],
    held: dict[str, Mapping[str, Any]] | None = None,
) -> list[Header]:
    """Headers of blocks, in ascending order; an odd one is asked for again without the others.

    Parameters
    ----------
    again
        Which of all headers lack what another answer may hold.
    held
        Where given, whole blocks are asked for; it takes their transactions by hash, as many as are held at once.

    Raises
    ------
    RpcUnavailable
        A block is missing or does not fit its number: the node is behind or broken.
    """
    found: dict[int, Header] = {}
    failure: RpcUnavailable | None = None
    left = sorted(numbers)
    for _ in range(HEADER_TRIES):
        failure = None
        requests = [header_request(number, whole=held is not None) for number in left]
        for number, block in zip(left, node.batch(requests, required=HEADER), strict=True):
            try:
                with well_formed(f"block {number:,}"):
                    found[number] = read_header(number, block)
                if held is not None and len(held) < HELD:
                    held |= _told(found[number], block)
            except RpcUnavailable as error:
                failure = error
        left = [number for number in left if number not in found] or again(found.values())
        if not left:
            break
    if failure is not None and len(found) < len(set(numbers)):
        raise failure
    return [found[number] for number in sorted(found)]


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


def read_window(
    node: Node, wallets: Collection[str], blocks: BlockRange, *, but: Set[str] = frozenset()
) -> WindowResult:
    """Everything in a window of blocks that moved a token of one of the wallets.

    The logs are asked for by an OR-list of wallets, once as sender and once as receiver. Then each transaction is
    fetched by its hash, and, unless it did no more than send a wallet something (``ingest.evm.sync.touches``), its
    receipt; everything is held against the hash of its block.

    Parameters
    ----------
    but
        Transactions that are known already, and not fetched again.

    Raises
    ------
    RangeRefused
        The window is too large for the node.
    RpcUnavailable
        An answer is missing or contradicts another one; nothing of the window may be kept.
    """
    found = touches_in(node.batch(log_requests(wallets, blocks)), wallets, blocks)
    return read_touched(node, {name: found[name] for name in found.keys() - but}, blocks)


def read_touched(
    node: Node,
    touches: Mapping[str, Touch],
    blocks: BlockRange,
    *,
    known: Mapping[int, Header] = MappingProxyType({}),
    held: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    receipts: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    strangers: Strangers | None = None,
) -> WindowResult:
    """Fetch what touches the wallets, transaction by transaction, and hold it against the headers.

    Parameters
    ----------
    touches
        By transaction hash. Where the hash of the block is not known (empty), the transaction's own words count, and
        are held against the header like the others.
    blocks
        What was looked through to find them.
    known
        Headers that need not be asked for.
    held, receipts
        Nor these transactions and receipts, by transaction hash; checked like the others.
    strangers
        Leaves out what is beyond their share, and tokens that only say that a wallet sent them; None: nothing is.

    Raises
    ------
    RpcUnavailable
        An answer is missing or contradicts another one.
    """
    left_out: Counter[str] = Counter()
    if strangers is not None:
        touches, left_out = strangers.choose(touches, known=known, held=held, receipts=receipts)
    needed = {touch.block for touch in touches.values()} | {blocks.first, blocks.last}
    headers = {**known, **{header.number: header for header in read_headers(node, needed - known.keys())}}
    transactions, involved = _fetch(node, touches, headers, held, strangers)
    asked = [tx for tx in transactions if not (_has(receipts.get(tx), RECEIPT) and is_receipt(receipts[tx]))]
    answers = node.batch([("eth_getTransactionReceipt", [tx]) for tx in asked], required=RECEIPT)
    receipts = {**receipts, **dict(zip(asked, answers, strict=True))}
    refs = {number: headers[number].ref for number in needed}
    raw = []
    for tx_hash, transaction in transactions.items():
        receipt = receipts[tx_hash]
        with well_formed(tx_hash):
            if hash32(receipt["transactionHash"]) != tx_hash:
                raise RpcUnavailable(f"the node answers on {tx_hash} with another transaction")
            if account(transaction["from"]) != account(receipt["from"]):
                raise RpcUnavailable(f"the receipt of {tx_hash} does not fit its transaction")
            block = refs.get(count(receipt["blockNumber"]))
            index = count(receipt["transactionIndex"])
            if block is None or not hash32(receipt["blockHash"]) == touches[tx_hash].block_hash == block.hash:
                raise RpcUnavailable(f"the receipt of {tx_hash} is of another block than its header")
        raw.append(
            RawTransaction(
                tx_hash=tx_hash,
                block=block,
                transaction_index=index,
                transaction=transaction,
                receipt=receipt,
                wallets=involved[tx_hash],
            )
        )
    raw.sort(key=lambda each: (each.block.number, each.transaction_index))
    return WindowResult(
        blocks=blocks,
        first=refs[blocks.first],
        last=refs[blocks.last],
        transactions=tuple(raw),
        moves=tuple(moves_in(node.chain_id, touches, involved, refs)),
        left_out=left_out,
    )


def log_requests(wallets: Collection[str], blocks: BlockRange) -> list[Request]:
    """What to ask for every Transfer of the wallets: each ``TOPIC_LIMIT`` of them once as sender, once as receiver."""
    ordered = sorted(wallets)
    requests: list[Request] = []
    for start in range(0, len(ordered), TOPIC_LIMIT):
        topics = [topic(wallet) for wallet in ordered[start : start + TOPIC_LIMIT]]
        bounds: dict[str, Any] = {"fromBlock": hex(blocks.first), "toBlock": hex(blocks.last)}
        requests.append(("eth_getLogs", [{**bounds, "topics": [TRANSFER, topics]}]))
        requests.append(("eth_getLogs", [{**bounds, "topics": [TRANSFER, None, topics]}]))
    return requests


def touches_in(answers: Iterable[Any], wallets: Collection[str], blocks: BlockRange) -> dict[str, Touch]:
    """What the answers to ``log_requests`` say, by transaction.

    Raises
    ------
    RangeRefused
        There are too many logs, or so many as a node may silently have cut them to.
    RpcUnavailable
        They are malformed, or of other blocks.
    """
    logs = list(_transfer_logs(answers, blocks))
    with well_formed("logs"), collector_off():
        touches = read_touches(logs, frozenset(wallets))
    if any(not blocks.first <= touch.block <= blocks.last for touch in touches.values()):
        raise RpcUnavailable("the node's answer on logs is of other blocks than those asked for")
    return touches


def _fetch(
    node: Node,
    touches: Mapping[str, Touch],
    headers: Mapping[int, Header],
    held: Mapping[str, Mapping[str, Any]],
    strangers: Strangers | None,
) -> tuple[dict[str, Mapping[str, Any]], dict[str, frozenset[str]]]:
    """The transactions in which a wallet gave something or may have agreed to, and these wallets, by hash."""
    transactions: dict[str, Mapping[str, Any]] = {}
    involved: dict[str, frozenset[str]] = {}
    for tx_hash, transaction in _transactions(node, touches, headers, held):
        touch = touches[tx_hash]
        with well_formed(tx_hash):
            if hash32(transaction["hash"]) != tx_hash:
                raise RpcUnavailable(f"the node answers on {tx_hash} with another transaction")
            if not touch.block_hash:
                touch.block_hash = hash32(transaction["blockHash"])
                touch.index = count(transaction["transactionIndex"])
            part = touch.gave | {wallet for wallet, _ in touch.came if may_have_agreed(transaction, wallet)}
            if strangers is not None:
                part = strangers.believe(part, tx_hash, transaction, touch)
        if part:
            transactions[tx_hash], involved[tx_hash] = transaction, frozenset(part)
    return transactions, involved


def _transactions(
    node: Node, touches: Mapping[str, Touch], headers: Mapping[int, Header], held: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each transaction: held, or fetched with its whole block where half of that is wanted, else by its hash."""
    yield from ((tx_hash, held[tx_hash]) for tx_hash in touches if tx_hash in held)
    left = {tx_hash: touch.block for tx_hash, touch in touches.items() if tx_hash not in held}
    whole = [headers[number] for number, count in Counter(left.values()).items() if mostly(headers[number], count)]
    for page in pages(whole, HELD):
        requests = [header_request(header.number, whole=True) for header in page]
        # Tolerant: where no whole block can be used, each transaction is asked for.
        for header, block in zip(page, node.batch(requests, required=WHOLE, tolerant=True), strict=True):
            for tx_hash, transaction in _told(header, block).items():
                if tx_hash in left:
                    del left[tx_hash]
                    yield tx_hash, transaction
    hashes = list(left)
    for start in range(0, len(hashes), PAGE):
        names = hashes[start : start + PAGE]
        requests = [("eth_getTransactionByHash", [tx]) for tx in names]
        yield from zip(names, node.batch(requests, required=TRANSACTION), strict=True)


def _told(header: Header, block: Mapping[str, Any] | RpcRejected) -> dict[str, Mapping[str, Any]]:
    """The transactions of a whole block by hash, as far as they can be used; none if it is not the header's."""
    if isinstance(block, RpcRejected) or hash32(block["hash"]) != header.hash:
        return {}
    told = block["transactions"] if isinstance(block.get("transactions"), list) else []
    return {hash32(each["hash"]): each for each in told if is_transaction(each) and _has(each, TRANSACTION)}


def mostly(header: Header, wanted: int) -> bool:
    """Whether so many wanted transactions are worth the whole block."""
    # With every provider (``units.toml``) a whole block costs what one transaction does; but its bytes have to come.
    return wanted > 1 and header.transactions is not None and header.transactions <= 2 * wanted


def _has(answer: object, required: Collection[str]) -> bool:
    return isinstance(answer, Mapping) and None not in map(answer.get, required)


def _transfer_logs(answers: Iterable[Any], blocks: BlockRange) -> Iterator[RawLog | None]:
    found = 0
    for logs in answers:
        found += len(logs)
        if found > MOST_LOGS and len(blocks) > 1:
            raise RangeRefused(f"more than {MOST_LOGS:,} transfers in {len(blocks):,} blocks")
        if is_round(len(logs)) and len(blocks) > 1:
            raise RangeRefused(f"exactly {len(logs):,} transfers in {len(blocks):,} blocks: there may be more")
        for log in raw_logs(logs):
            # ERC-721 emits the same topic with four topics: no amount moves.
            if log is None or (not log.removed and len(log.topics) == 3):
                yield log
