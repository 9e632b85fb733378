"""Find out what an endpoint can do, with a handful of harmless questions; each is metered like any other.

A refusal is an answer. What a bad line loses is none, and says nothing of the endpoint: it is asked again.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar

from ingest.errors import AnswerTooLate, IngestError, RangeRefused, RpcRejected, RpcUnavailable, TryElsewhere
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.bloom import BYTES
from ingest.evm.logs.topics import TRANSFER
from ingest.evm.lookup.tokens import DECIMALS
from ingest.evm.lookup.traces import METHODS
from ingest.evm.rpc.answer_checks import count, read_bloom
from ingest.evm.rpc.endpoint_health import BATCH
from ingest.evm.rpc.node import Node, Request
from ingest.evm.sync.cost_model import Ability
from ingest.evm.sync.fetch import finalized
from ingest.evm.sync.wallet_index import INDEXES, Index, Question
from ingest.types import Chain

RANGES = (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5, 1)  #: blocks, as providers limit them
PATIENCE = 8  #: tries of one question
BATCH_TRIES = 3  #: as many times, of a hundred questions at once: one of them is soon lost
BLOOMS = 4  #: headers over the history, to see how full their blooms are
NOBODY = "0x6e6f626f64792068617320746869732061646472"  #: an address without a history: answers are empty
NO_TRANSACTION = "0x" + "00" * 32

_MOST = re.compile(
    r"(?:more than|max results|max(?:imum)? of|up to) (\d[\d,]{0,15})(?: ?(?:results|logs))?", re.IGNORECASE
)

P = ParamSpec("P")
T = TypeVar("T")


def probe(node: Node, chain: Chain, *, endpoint: str, history_s: float) -> Ability:
    """Ask one endpoint.

    Parameters
    ----------
    node
        Of this endpoint alone, and without patience (``tries=1``): a refusal is an answer here.
    endpoint
        Its name.
    history_s
        Seconds that the history reaches back: so old a state is asked for.

    Raises
    ------
    RpcUnavailable, RpcRejected, WrongChain
        Not even its newest block can be had.
    """
    _heard(node.call, "eth_chainId")
    with node.window():  # else whoever failed once would have to name its chain before each try
        return _probe(node, chain, endpoint, history_s)


def _probe(node: Node, chain: Chain, endpoint: str, history_s: float) -> Ability:
    finalized, head = _head(node)
    cap, most = _range_cap(node, head)
    index, internal = _index(node, head)
    old = max(1, head - int(history_s / chain.block_seconds))
    return Ability(
        endpoint=endpoint,
        range_cap=cap,
        result_cap=most,
        archive=_answers(node, ("eth_call", [{"to": chain.wrapped_native, "data": DECIMALS}, hex(old)])),
        trace=any(_traces(node, method) for method in METHODS),
        index=index,
        internal=internal,
        batch=_batch(node),
        finalized=finalized,
        receipts=_gives_receipts(node),
        bloom=_bloom(node, [max(1, head - (head - old) * step // BLOOMS) for step in range(BLOOMS)]),
    )


def _heard(ask: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """What comes of a question: an answer, a refusal, or, after ``PATIENCE`` tries, what kept it from being heard."""
    for left in reversed(range(PATIENCE)):
        try:
            return ask(*arguments, **options)
        except RpcUnavailable as error:
            final = isinstance(error, AnswerTooLate) or (isinstance(error, TryElsewhere) and error.gone)
            if final or not left:
                raise
    raise AssertionError("a question has at least one try")


def _head(node: Node) -> tuple[bool, int]:
    def final() -> int:
        if (number := finalized(node)) is None:
            raise RpcUnavailable("no finalized block")
        return number

    try:
        return True, _heard(final)
    except (RpcUnavailable, RpcRejected):
        return False, count(_heard(node.call, "eth_blockNumber"))


def _bloom(node: Node, numbers: list[int]) -> float | None:
    """Chance that a header's bloom shows an address that its block does not hold: all three bits are set by others.

    None where headers have no bloom, or only empty ones: these prove nothing until they are seen full.
    """
    try:
        asked: list[Request] = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        headers = _heard(node.batch, asked, required=("number",))
        fills = [read_bloom(header.get("logsBloom")).bit_count() / (8 * BYTES) for header in headers]
    except (IngestError, ValueError):
        return None
    return sum(fill**3 for fill in fills) / len(fills) if any(fills) else None


def _gives_receipts(node: Node) -> bool:
    """Whether there is a method for all receipts of a block; those of the first one may be lost or none."""

    def first() -> None:
        if node.call("eth_getBlockReceipts", ["0x1"]) is None:
            raise RpcUnavailable("no receipts of the first block")

    try:
        _heard(first)
    except RpcUnavailable:
        return True
    except IngestError:
        return False
    return True


def _range_cap(node: Node, head: int) -> tuple[int | None, int | None]:
    """Most blocks of the ranges tried, and the most logs that a refusal named."""
    padded = "0x" + NOBODY[2:].rjust(64, "0")
    most = None
    suggested: int | None = None
    for size in RANGES:
        if size > head + 1 and size > 1:
            continue
        if suggested is not None and suggested < size:
            continue
        query = {"fromBlock": hex(max(0, head - size + 1)), "toBlock": hex(head), "topics": [TRANSFER, [padded]]}
        try:
            _heard(node.call, "eth_getLogs", [query])
        except RangeRefused as refusal:
            if found := _MOST.search(str(refusal)):
                most = int(found.group(1).replace(",", ""))
            if refusal.suggested:
                suggested = refusal.suggested
        except RpcRejected:
            return None, most
        except RpcUnavailable:
            continue  # too slow an answer is a refusal in other words
        else:
            return size, most
    return None, most


def _index(node: Node, head: int) -> tuple[str | None, bool]:
    """The index that the endpoint offers, and whether it knows of calls inside transactions."""
    for name, ask in INDEXES.items():
        for internal in (True, False):
            blocks = BlockRange(max(0, head - 1), head)
            try:
                question = Question(wallet=NOBODY, out=True, blocks=blocks, internal=internal)
                _heard(ask, node, question)
            except RpcRejected as error:
                if "internal" not in str(error):
                    break
            except RpcUnavailable:
                break
            else:
                return name, internal
    return None, False


def served_elsewhere(found: Sequence[Ability], index: Index, name: str) -> list[Ability]:
    """What the endpoints of a chain can do where the wallet index is a service beside them: theirs is not used.

    Raises
    ------
    RpcUnavailable, RpcRejected, WrongChain
        The service does not answer.
    """
    index.ask(index.node, Question(wallet=NOBODY, out=True, blocks=BlockRange(0, 0), internal=index.internal))
    host = index.node.host
    return [replace(each, index=name, internal=index.internal, index_endpoint=host) for each in found]


def _answers(node: Node, request: Request) -> bool:
    try:
        _heard(node.call, *request)
    except IngestError:
        return False
    return True


def _traces(node: Node, method: str) -> bool:
    """Whether a method of traces is there: then it says only that it does not know the transaction."""
    params: list[Any] = [NO_TRANSACTION, {"tracer": "callTracer"}] if method == METHODS[0] else [NO_TRANSACTION]

    def offered() -> bool:
        try:
            node.call(method, params)
        except (RpcRejected, RpcUnavailable) as error:
            if re.search(r"transaction .{0,80}not found|transaction not found", str(error), re.IGNORECASE):
                return True
            if isinstance(error, RpcUnavailable):
                raise
            return False
        return True

    try:
        return _heard(offered)
    except RpcUnavailable:
        return False


def _batch(node: Node) -> int:
    """Requests of one HTTP request that it takes: as many as were left after all of its refusals."""
    for _ in range(BATCH_TRIES):
        try:
            _heard(node.batch, [("eth_chainId", [])] * BATCH)
        except RpcUnavailable:
            continue
        except IngestError:
            break
        return node.most_at_once
    return 1
