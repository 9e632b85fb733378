"""What headers prove about logs. Pure.

An answer to ``eth_getLogs`` may lack logs, and nothing in it shows that. A header's bloom denies with certainty what
its block does not hold; a block that it does not clear is asked for all its logs, whose bloom must be the header's.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

from ingest.errors import RpcUnavailable, Unlinked
from ingest.evm.logs.bloom import bloom_of, mask
from ingest.evm.logs.json_codec import RawLog
from ingest.evm.logs.logs import topic
from ingest.evm.logs.topics import TRANSFER
from ingest.evm.rpc.answer_checks import count, hash32, moment, read_bloom
from ingest.evm.rpc.budget import units
from ingest.types import BlockRef

PROVEN, ENDS, INDEXED = "proven", "ends", "indexed"
"""Levels of coverage: each block's logs are proven by its header; headers of the ends and of blocks with finds only; an
index named the transactions, and sampled windows of logs agreed."""

HEADER = ("number", "hash", "parentHash", "timestamp")  #: without them an answer is no header (execution-apis, Block)
PROOF = ("eth_getBlockByNumber", "eth_getBlockReceipts")  #: what a block that is proven costs at worst
SHARE = 5  #: ``auto`` proves every block where a day of that costs at most one part in so many of the budget
DAY_S = 86_400
USUAL = 200  #: transactions of a block whose header does not say how many (Ethereum, 2026)


class Bloom(Enum):
    """What a block's logs say about its header's bloom."""

    EQUAL = "equal"
    """They are all of the block's logs, but for one of two with the same emitter and topics."""
    SHORT = "short"
    """The header shows more: some are missing."""
    WRONG = "wrong"
    """The header denies one of them: this chain's blooms say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How a block hangs in its chain."""

    number: int
    hash: str
    parent: str  #: hash of the block before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Header(Link):
    """What is used of a block's header."""

    timestamp: int  #: unix seconds
    bloom: int | None  #: None: the node gives none
    transactions: int | None  #: how many it names; None: it does not say

    @property
    def empty(self) -> bool:
        """It has no transactions."""
        return self.transactions == 0

    @property
    def ref(self) -> BlockRef:
        """The block by number, hash and time."""
        return BlockRef(number=self.number, hash=self.hash, timestamp=self.timestamp)


def read_header(number: int, block: Mapping[str, Any]) -> Header:
    """Read an answer of ``eth_getBlockByNumber``.

    Raises
    ------
    RpcUnavailable
        It is of another block, or has no time.
    KeyError, ValueError
        A field is missing or odd.
    """
    if count(block["number"]) != number:
        raise RpcUnavailable(f"the node does not serve block {number:,} yet")
    timestamp = moment(block["timestamp"])
    if number and not timestamp:
        raise RpcUnavailable(f"the node gives block {number:,} no time")
    bloom, names = block.get("logsBloom"), block.get("transactions")
    return Header(
        number=number,
        hash=hash32(block["hash"]),
        parent=hash32(block["parentHash"]),
        timestamp=timestamp,
        bloom=None if bloom is None else read_bloom(bloom),
        transactions=len(names) if isinstance(names, list) else None,
    )


def pages(headers: Iterable[Header], most: int, *, blocks: int | None = None) -> Iterator[list[Header]]:
    """Cut blocks into pages of at most ``most`` transactions, and ``blocks``; a block that has more is alone."""
    page: list[Header] = []
    held = 0
    for header in headers:
        size = USUAL if header.transactions is None else max(1, header.transactions)
        if page and (held + size > most or len(page) == blocks):
            yield page
            page, held = [], 0
        page.append(header)
        held += size
    if page:
        yield page


def check_links(headers: Sequence[Link], known: Mapping[int, Link]) -> None:
    """Hold headers against each other, and against those that are known from before.

    Parameters
    ----------
    headers
        In ascending order; neighbours in number must be parent and child.
    known
        By number.

    Raises
    ------
    RpcUnavailable
        The headers are of different forks.
    Unlinked
        They are of another fork than what is known.
    """
    for parent, child in pairwise(headers):
        if parent.number + 1 == child.number and parent.hash != child.parent:
            raise RpcUnavailable(f"the node's blocks {parent.number:,} and {child.number:,} are of different forks")
    for header in headers:
        before, same, after = (known.get(header.number + step) for step in (-1, 0, 1))
        if (
            (before is not None and before.hash != header.parent)
            or (same is not None and same.hash != header.hash)
            or (after is not None and after.parent != header.hash)
        ):
            raise Unlinked(f"block {header.number:,} is of another fork than what was read next to it")


def suspects(headers: Iterable[Header], wallets: Collection[str]) -> list[Header]:
    """The blocks that may hold a Transfer from or to one of the wallets; that the others hold none is certain."""
    transfer = mask(TRANSFER)
    masks = [mask(topic(wallet)) | transfer for wallet in wallets]
    return [
        header
        for header in headers
        if header.bloom is None
        or (header.bloom & transfer == transfer and any(header.bloom & each == each for each in masks))
    ]


def compare(header: Header, logs: Iterable[RawLog]) -> Bloom:
    """Hold what should be all logs of a block against its header."""
    told = bloom_of({"address": log.address, "topics": log.topics} for log in logs)
    if told == header.bloom:
        return Bloom.EQUAL
    return Bloom.WRONG if header.bloom is None or told & ~header.bloom else Bloom.SHORT


def transfers(logs: Iterable[RawLog], topics: Collection[str]) -> list[RawLog]:
    """The ERC-20 Transfers from or to one of the wallets, given as topics (see ``topic``)."""
    return [
        log
        for log in logs
        # ERC-721 emits the same topic with four topics: no amount moves.
        if not log.removed
        and len(log.topics) == 3
        and log.topics[0].lower() == TRANSFER
        and (log.topics[1].lower() in topics or log.topics[2].lower() in topics)
    ]


def is_round(count: int) -> bool:
    """Whether so many logs may be a silent cap (1,000, 5,000, 10,000, …) rather than all there are."""
    return count >= 1_000 and count % 1_000 == 0


def affordable(blocks: int, *, block_seconds: float, limit: int, host: str) -> bool:
    """Whether proving every block of a reading, and of a whole day, stays within its share of the daily budget.

    Parameters
    ----------
    blocks
        That are to be read now.
    block_seconds
        Between two blocks.
    limit
        Units of one day.
    host
        Of the endpoint: providers count in units of their own.
    """
    each = sum(units(method, host) for method in PROOF)
    return max(blocks, DAY_S / block_seconds) * each * SHARE <= limit
