"""Who may have agreed to a transaction, and what strangers send without anybody's leave."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import decode_transaction
from ingest.errors import RangeRefused, RpcUnavailable
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.movements.transfers import moves_of
from ingest.evm.sync.fetch import MOST_LOGS, read_window
from ingest.evm.sync.touches import LIST, may_have_agreed, read_touches
from metrics.books.bookkeeping import keep_books
from tests.builders import USD, move, sell
from tests.ingest import receipts as r

STRANGERS = ["0x" + f"{i:02x}" * 20 for i in range(0x50, 0x50 + LIST)]


def calldata(*values: str | int, selector: str = "12345678") -> bytes:
    words = (int(value, 16) if isinstance(value, str) else value for value in values)
    return bytes.fromhex(selector) + b"".join(word.to_bytes(32) for word in words)


def asked_by(sender: str, data: bytes = b"", to: str = r.ROUTER) -> bool:
    return may_have_agreed(r.transaction(sender=sender, to=to, data=data), r.WALLET)


def test_the_sender_and_the_called_account_may_have_agreed() -> None:
    """A wallet that sent the transaction, or whose own code was called, needs to be named nowhere else."""
    assert asked_by(r.WALLET)
    assert asked_by(r.OTHER, to=r.WALLET)
    assert not asked_by(r.OTHER)


def test_a_wallet_named_in_a_settlement_may_have_agreed() -> None:
    """A user operation, an order or an intent says for whom it is, aligned to words or packed."""
    assert asked_by(r.OTHER, calldata(32, r.WALLET, 7, 64))
    assert asked_by(r.OTHER, b"\1\2" + bytes.fromhex(r.WALLET[2:]) + b"\3")
    assert asked_by(r.OTHER, calldata(*STRANGERS, r.WALLET) + calldata(r.WALLET, 1)), "once alone is enough"


@pytest.mark.parametrize(
    "data",
    [
        calldata(r.WALLET, 5, selector="a9059cbb"),
        calldata(r.OTHER, r.WALLET, 5, selector="23b872dd"),
        calldata(32, LIST + 1, *STRANGERS[:4], r.WALLET, *STRANGERS[4:]),
        calldata(32, LIST, *(word for each in [*STRANGERS[1:], r.WALLET] for word in (each, 10**18))),
    ],
    ids=["transfer", "transferFrom", "list", "list of pairs"],
)
def test_a_receiver_of_a_gift_has_agreed_to_nothing(data: bytes) -> None:
    """A plain transfer to the wallet, and a list of receivers with it among them, say nothing of its will."""
    assert not asked_by(r.OTHER, data)
    assert asked_by(r.WALLET, data)


@given(
    st.dictionaries(st.sampled_from(["from", "to", "input", "hash"]), st.one_of(st.none(), st.text(), st.integers()))
)
def test_no_transaction_breaks_the_question(transaction: dict[str, Any]) -> None:
    """Whatever a node answers, the answer is yes or no."""
    assert may_have_agreed(transaction, r.WALLET) in {True, False}


def placed(*logs: r.Raw) -> list[r.Raw]:
    where = {
        "blockNumber": "0x10",
        "blockHash": "0x" + "0B" * 32,
        "transactionIndex": "0x2",
        "transactionHash": "0x" + "AB" * 32,
    }
    return [{**entry, **where, "logIndex": hex(i)} for i, entry in enumerate(logs)]


def test_a_transfer_of_nothing_is_not_giving() -> None:
    """Anyone can move 0 tokens "from" a wallet; it is neither a gift nor a sign that the wallet gave something."""
    [touch] = read_touches(placed(r.transfer(r.USDC, r.WALLET, r.OTHER, 0)), {r.WALLET}).values()
    assert (touch.gave, touch.came) == (set(), {})
    [touch] = read_touches(placed(r.transfer(r.USDC, r.WALLET, r.OTHER, 1)), {r.WALLET}).values()
    assert touch.gave == {r.WALLET}


AMOUNTS = st.integers(0, 2**256 - 1)
GIFTS = st.lists(st.tuples(st.sampled_from([r.COIN, r.USDC, r.WETH]), st.sampled_from([r.OTHER, r.ZERO]), AMOUNTS))


@given(GIFTS, st.booleans())
def test_gifts_are_the_same_moves_with_and_without_a_receipt(gifts: list[tuple[str, str, int]], twice: bool) -> None:
    """What the logs alone say came is, token by token, what the decoder leaves over of the whole receipt."""
    logs = [r.transfer(token, source, r.WALLET, amount) for token, source, amount in gifts]
    transaction, receipt = r.transaction(sender=r.OTHER), r.receipt(*logs)
    decoding = decode_transaction(transaction, receipt, wallet=r.WALLET, chain_id=1)
    whole = moves_of(decoding, transaction=transaction, receipt=receipt, wallet=r.WALLET, chain_id=1, timestamp=None)
    assert decoding.trades == ()
    found = read_touches(placed(*logs) * (1 + twice), {r.WALLET})
    came = {token: amount for touch in found.values() for (_, token), amount in touch.came.items() if amount}
    assert came == {move.token: move.amount_raw for move in whole}


class Spammed:
    """A node on which strangers send a wallet ``count`` gifts, the first ``named`` of each block naming it alone."""

    chain_id = 1

    def __init__(self, count: int, blocks: int, *, named: int = 0) -> None:
        self.per_block, self.named = count // blocks, named
        self.asked: dict[str, int] = {}
        self.alone = calldata(r.WALLET, 1)
        self.listed = calldata(*STRANGERS, r.WALLET) + b"\0" * 4_000

    def batch(self, requests: list[tuple[str, list[Any]]], **_: Any) -> list[Any]:
        for method, _params in requests:
            self.asked[method] = self.asked.get(method, 0) + 1
        return [getattr(self, method)(*params) for method, params in requests]

    def eth_getLogs(self, query: dict[str, Any]) -> list[r.Raw]:  # noqa: N802
        if query["topics"][1] is not None:
            return []
        blocks = range(int(query["fromBlock"], 16), int(query["toBlock"], 16) + 1)
        if len(blocks) * self.per_block > MOST_LOGS and len(blocks) > 1:
            return [{}] * (len(blocks) * self.per_block)  # enough of an answer to be refused by its length
        return [
            {
                **r.transfer(r.COIN, r.OTHER, r.WALLET, 1 + i),
                "blockNumber": hex(block),
                "blockHash": f"0x{block:064x}",
                "transactionIndex": hex(i),
                "transactionHash": f"0x{block:032x}{i:032x}",
                "logIndex": hex(i),
            }
            for block in blocks
            for i in range(self.per_block)
        ]

    def eth_getTransactionByHash(self, tx_hash: str) -> r.Raw:  # noqa: N802
        data = self.alone if int(tx_hash[-32:], 16) < self.named else self.listed
        return {**r.transaction(sender=r.OTHER, data=data), "hash": tx_hash}

    def eth_getTransactionReceipt(self, tx_hash: str) -> r.Raw:  # noqa: N802
        block, index = int(tx_hash[2:34], 16), int(tx_hash[34:], 16)
        return {
            **r.receipt(r.transfer(r.COIN, r.OTHER, r.WALLET, 1 + index)),
            "transactionHash": tx_hash,
            "from": r.OTHER,
            "blockHash": f"0x{block:064x}",
            "blockNumber": hex(block),
            "transactionIndex": hex(index),
        }

    def eth_getBlockByNumber(self, number: str, _full: bool) -> r.Raw:  # noqa: N802
        place = {"number": number, "hash": f"0x{int(number, 16):064x}", "parentHash": "0x" + "00" * 32}
        return {**place, "timestamp": hex(1_700_000_000)}


def test_a_gift_costs_no_receipt_and_is_a_move() -> None:
    """Of strangers' transactions only those get a receipt that name the wallet; the rest are known from their logs."""
    node = Spammed(200, 2, named=1)
    reading = read_window(node, [r.WALLET], BlockRange(1, 2))  # type: ignore[arg-type]
    assert node.asked["eth_getTransactionReceipt"] == 2
    assert [raw.transaction_index for raw in reading.transactions] == [0, 0]
    assert len(reading.moves) == 198
    assert {move.block_number for move in reading.moves} == {1, 2}
    assert sum(move.amount_raw for move in reading.moves) == 2 * sum(range(2, 101))
    assert {move.timestamp for move in reading.moves} == {1_700_000_000}


def test_a_buy_with_native_coin_still_gets_its_receipt() -> None:
    """The sender of a transaction that only brings it tokens may have paid in native coin."""
    node = Spammed(2, 1)
    node.eth_getTransactionByHash = lambda tx: {**r.transaction(), "hash": tx}  # type: ignore[method-assign]
    node.eth_getTransactionReceipt = lambda tx: {  # type: ignore[method-assign]
        **Spammed.eth_getTransactionReceipt(node, tx),
        "from": r.WALLET,
    }
    reading = read_window(node, [r.WALLET], BlockRange(1, 1))  # type: ignore[arg-type]
    assert (len(reading.transactions), reading.moves) == (2, ())


def test_a_flood_of_gifts_makes_windows_smaller() -> None:
    """A window of 100,000 gifts is refused and read in parts, without one receipt."""
    node = Spammed(100_000, 200)
    todo, refused, gifts, most = [BlockRange(1, 200)], 0, 0, 0
    while todo:
        blocks = todo.pop()
        try:
            reading = read_window(node, [r.WALLET], blocks)  # type: ignore[arg-type]
        except RangeRefused:
            refused += 1
            middle = blocks.first + len(blocks) // 2
            todo += [BlockRange(middle, blocks.last), BlockRange(blocks.first, middle - 1)]
            continue
        gifts, most = gifts + len(reading.moves), max(most, len(reading.moves))
    assert gifts == 100_000
    assert refused
    assert most <= MOST_LOGS
    assert "eth_getTransactionReceipt" not in node.asked


def test_the_calldata_of_gifts_is_not_kept() -> None:
    """What strangers wrote into their transactions, here 32 MB, is dropped page by page while a window is read."""
    node = Spammed(4_000, 1)
    tracemalloc.start()
    try:
        reading = read_window(node, [r.WALLET], BlockRange(1, 1))  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(reading.moves) == 4_000
    assert peak < 20 * 2**20


def test_gifts_of_another_block_than_its_header_are_not_kept() -> None:
    """A log that does not fit the header of its block discards the window."""
    node = Spammed(2, 1)
    node.eth_getBlockByNumber = lambda number, _full: {  # type: ignore[method-assign]
        "number": number,
        "hash": "0x" + "0f" * 32,
        "parentHash": "0x" + "00" * 32,
        "timestamp": "0x1",
    }
    with pytest.raises(RpcUnavailable, match="another block"):
        read_window(node, [r.WALLET], BlockRange(1, 1))  # type: ignore[arg-type]


def test_a_sold_gift_has_an_unknown_cost() -> None:
    """A gift's move is what makes its later sale a sale of unknown cost, and no win."""

    books = keep_books(r.WALLET, [sell(1, 100, "50")], {1: frozenset({USD})}, [move(0, 100)])
    assert books.round_trips == ()
    assert (books.unknown_cost, books.unmatched_sells) == (1, 0)
