"""Find the transactions of a wallet through a provider's wallet index, where block ranges are too small for logs.

An index is somebody's word. So it only *names* transactions: each is fetched by its hash and held against its header
(``ingest.evm.sync.fetch``), and what it left out is looked for in windows of logs (``ingest.evm.sync.index_audit``).
Another provider whose nodes have one is one more function in ``INDEXES``; a service of its own is
``ingest.evm.sync.hypersync``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from ingest.errors import RpcRejected, RpcUnavailable
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.logs import address
from ingest.evm.rpc.answer_checks import TIME_BITS, count, hash32, integer, quantity, well_formed
from ingest.evm.rpc.node import Node
from ingest.evm.sync.touches import Touch
from ingest.types import Move

PAGE = 1_000  #: rows of one answer, the most that alchemy_getAssetTransfers gives
MOST_PAGES = 1_000  #: of one question: a million transfers of one wallet are a machine's, or a broken answer
QUESTION = "alchemy_getAssetTransfers"
CHUNK = 500  #: transactions fetched and committed together

Category = Literal["external", "internal", "erc20"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedTransfer:
    """One transfer from or to a wallet, in the words of an index."""

    block: int
    tx_hash: str
    category: Category  #: the transaction's own call, one inside it, or a token's
    token: str | None  #: None for native coin, and where the index does not say
    amount_raw: int | None  #: base units; None: the index does not say
    timestamp: int | None  #: unix seconds of the block


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One page of a wallet's transfers."""

    wallet: str
    out: bool  #: from the wallet; else to it
    blocks: BlockRange
    internal: bool  #: ask for calls inside transactions too
    page: str | None = None  #: None: the first


Ask = Callable[[Node, Question], tuple[list[IndexedTransfer], str | None]]
"""Answers a question with a page of transfers and the name of the next page; ``RpcRejected`` where it cannot."""


def alchemy(node: Node, question: Question) -> tuple[list[IndexedTransfer], str | None]:
    """Ask ``alchemy_getAssetTransfers`` (Alchemy, Transfers API). Failed transactions are named too.

    Raises
    ------
    RpcRejected
        The endpoint has no such method, or not these categories on this chain.
    RpcUnavailable
        The answer cannot be used.
    """
    asked: dict[str, Any] = {
        "fromBlock": hex(question.blocks.first),
        "toBlock": hex(question.blocks.last),
        "fromAddress" if question.out else "toAddress": question.wallet,
        "category": ["external", "internal", "erc20"] if question.internal else ["external", "erc20"],
        # A wallet's own call mostly sends no coin along; of what comes in, nothing counts that is nothing.
        "excludeZeroValue": not question.out,
        "withMetadata": True,
        "order": "desc",
        "maxCount": hex(PAGE),
    }
    if question.page is not None:
        asked["pageKey"] = question.page
    [answer] = node.batch([(QUESTION, [asked])], required=("transfers",))
    with well_formed("transfers"):
        return [_row(row, question) for row in answer["transfers"]], answer.get("pageKey") or None


def _row(row: Mapping[str, Any], question: Question) -> IndexedTransfer:
    block, tx_hash = count(row["blockNum"]), hash32(row["hash"])
    if not question.blocks.first <= block <= question.blocks.last:
        raise ValueError("a transaction that was not asked for")
    if address(row["from" if question.out else "to"]) != question.wallet:
        raise ValueError("a transfer of another wallet")
    raw = row.get("rawContract") or {}
    said = (row.get("metadata") or {}).get("blockTimestamp")
    return IndexedTransfer(
        block=block,
        tx_hash=tx_hash,
        category=row["category"],
        token=address(raw.get("address")),
        amount_raw=quantity(raw["value"]) if raw.get("value") else None,
        timestamp=_time(said) if said else None,
    )


def _time(text: str) -> int:
    at = datetime.fromisoformat(text)
    # Without a zone it would be of the zone of this machine.
    return integer(int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()), TIME_BITS)


INDEXES: Mapping[str, Ask] = {"alchemy": alchemy}
"""Every index that nodes offer, by the name that the configuration gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A part of a listing, all of its blocks whole."""

    blocks: BlockRange
    touches: Mapping[str, Touch]  #: what is worth fetching, by transaction hash
    moves: tuple[Move, ...]  #: what strangers sent
    named: frozenset[str]  #: every transaction that the index names


@dataclass(slots=True)
class Index:
    """An index of one chain, and whom to ask for it; learns whether it knows of calls inside transactions."""

    ask: Ask
    node: Node
    internal: bool = True

    def chunks(self, wallets: Sequence[str], blocks: BlockRange) -> list[Chunk]:
        """What the index names for some wallets in a range of blocks, newest first, together all of the range."""
        found: dict[str, _Named] = {}
        with self.node.window(QUESTION):  # the pages of a question are one endpoint's
            for wallet in wallets:
                for out in (True, False):
                    for row in self._rows(wallet, blocks, out=out):
                        found.setdefault(row.tx_hash, _Named(row.block, {}, {})).add(wallet, row, out=out)
        return list(_chunks(found, blocks, chain_id=self.node.chain_id, internal=self.internal))

    def _rows(self, wallet: str, blocks: BlockRange, *, out: bool) -> Iterator[IndexedTransfer]:
        page: str | None = None
        for _ in range(MOST_PAGES):
            question = Question(wallet=wallet, out=out, blocks=blocks, internal=self.internal, page=page)
            try:
                rows, following = self.ask(self.node, question)
            except RpcRejected as error:
                if not self.internal or "internal" not in str(error):
                    raise
                self.internal = False  # on some chains only; seen by the first question, so no page is lost
                rows, following = self.ask(self.node, Question(wallet=wallet, out=out, blocks=blocks, internal=False))
            yield from rows
            if following is None:
                return
            if following == page:
                raise RpcUnavailable("the index gave the same page twice")
            page = following
        raise RpcUnavailable(f"the index has more than {MOST_PAGES:,} pages for {wallet}")


@dataclass(slots=True)
class _Named:
    """One transaction that an index names."""

    block: int
    out: dict[str, list[IndexedTransfer]]  # by wallet
    came: dict[str, list[IndexedTransfer]]

    def add(self, wallet: str, row: IndexedTransfer, *, out: bool) -> None:
        if row.block != self.block:
            raise RpcUnavailable(f"the index names two blocks for {row.tx_hash}")
        (self.out if out else self.came).setdefault(wallet, []).append(row)

    def touch(self, *, internal: bool) -> Touch | None:
        """What is worth fetching of it: where a wallet gave or did something, and something came or a token went.

        An index that names calls inside transactions names whatever a wallet gives; else what came to a wallet may
        have been paid for in a way that it does not name, and the transaction itself has to be looked at.
        """
        # Whatever a wallet does itself is named as a call of its own, with or without coin.
        acting = [wallet for wallet, rows in self.out.items() if any(row.category != "erc20" for row in rows)]
        touch = Touch(self.block, "", 0, sender=acting[0] if acting else "")
        for wallet in self.out.keys() | self.came.keys():
            tokens_out = [row for row in self.out.get(wallet, ()) if row.category == "erc20" and row.amount_raw != 0]
            touch.gone |= {(wallet, row.token) for row in tokens_out if row.token}
            if (
                tokens_out
                or (wallet in acting and wallet in self.came)
                or any(map(_unclear, self.came.get(wallet, ())))
            ):
                touch.gave.add(wallet)
            elif not internal:
                touch.came |= {key: amount for key, (amount, _) in self.arrivals(wallet).items()}
        return touch if touch.gave or touch.came else None

    def arrivals(self, wallet: str) -> dict[tuple[str, str], tuple[int, int | None]]:
        """(wallet, token) to what came, in base units, and when."""
        sums: dict[tuple[str, str], tuple[int, int | None]] = {}
        for row in self.came.get(wallet, ()):
            if row.category == "erc20" and row.token and row.amount_raw:
                key = wallet, row.token
                sums[key] = sums.get(key, (0, None))[0] + row.amount_raw, row.timestamp
        return sums


def _unclear(row: IndexedTransfer) -> bool:
    """Whether only the receipt can tell what a row of tokens that came means."""
    return row.category == "erc20" and (row.token is None or row.amount_raw is None or row.timestamp is None)


def _chunks(found: Mapping[str, _Named], blocks: BlockRange, *, chain_id: int, internal: bool) -> Iterator[Chunk]:
    by_block: dict[int, list[str]] = {}
    for tx_hash, named in found.items():
        by_block.setdefault(named.block, []).append(tx_hash)
    last, touches, moves, names = blocks.last, dict[str, Touch](), list[Move](), set[str]()
    for number in sorted(by_block, reverse=True):
        for tx_hash in sorted(by_block[number]):
            named = found[tx_hash]
            names.add(tx_hash)
            if touch := named.touch(internal=internal):
                touches[tx_hash] = touch
            for wallet in named.came if internal else ():
                if touch is None or wallet not in touch.gave:
                    moves += [
                        Move(
                            chain_id=chain_id,
                            block_number=number,
                            transaction_index=-1,
                            tx_hash=tx_hash,
                            wallet=wallet,
                            timestamp=timestamp,
                            token=token,
                            amount_raw=amount,
                        )
                        for (_, token), (amount, timestamp) in named.arrivals(wallet).items()
                    ]
        if len(touches) >= CHUNK and number > blocks.first:
            yield _chunk(BlockRange(number, last), touches, moves, names)
            last, touches, moves, names = number - 1, {}, [], set()
    yield _chunk(BlockRange(blocks.first, last), touches, moves, names)


def _chunk(blocks: BlockRange, touches: dict[str, Touch], moves: list[Move], names: set[str]) -> Chunk:
    return Chunk(blocks=blocks, touches=touches, moves=tuple(moves), named=frozenset(names))
