"""What an index says is taken for what it is worth: whole lists, rows of the wallet asked about, nothing made up."""

from contextlib import nullcontext

import pytest

from ingest.errors import RpcUnavailable
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.rpc.node import Node
from ingest.evm.sync.wallet_index import CHUNK, Index, IndexedTransfer, Question, alchemy
from tests.fakes.node import FakeNode

WALLET, OTHER, TOKEN = "0x" + "11" * 20, "0x" + "22" * 20, "0x" + "aa" * 20
BLOCKS = BlockRange(1, 10_000)


def row(number, block, **changes):
    made = {
        "block": block,
        "tx_hash": f"0x{number:064x}",
        "category": "erc20",
        "token": TOKEN,
        "amount_raw": 5,
        "timestamp": 1_700_000_000,
    }
    return IndexedTransfer(**(made | changes))


class Ready:
    chain_id = 1

    def window(self, *_methods):
        return nullcontext("index")


def chunks(out, came, *, internal=True):
    def ask(_node, question):
        return list(out if question.out else came), None

    return Index(ask, Ready(), internal).chunks([WALLET], BLOCKS)


def test_chunks_cover_the_range_once_newest_first_and_never_part_a_block():
    """Whatever is named, the chunks tile the range, and every name lies in its chunk."""
    out = [row(n, 1 + n // 3) for n in range(2 * CHUNK + 7)]
    found = chunks(out, ())
    assert len(found) == 3
    assert found[0].blocks.last == BLOCKS.last
    assert found[-1].blocks.first == BLOCKS.first
    assert all(new.blocks.first == old.blocks.last + 1 for new, old in zip(found, found[1:], strict=False))
    assert sum(len(chunk.touches) for chunk in found) == len(out)
    for chunk in found:
        assert all(chunk.blocks.first <= touch.block <= chunk.blocks.last for touch in chunk.touches.values())


@pytest.mark.parametrize(
    ("out", "came", "fetched", "moved"),
    [
        ([row(1, 5)], [], True, False),  # it gave a token
        ([row(1, 5, amount_raw=0)], [], False, False),  # a transfer of nothing, which anyone can make
        ([row(1, 5, category="external", token=None)], [row(1, 5)], True, False),  # it sent, and something came
        ([row(1, 5, category="internal", token=None)], [row(1, 5)], True, False),  # a smart account paid
        ([row(1, 5, category="external", token=None)], [], False, False),  # an approval, a wrap
        ([], [row(1, 5)], False, True),  # a gift
        ([], [row(1, 5, amount_raw=None)], True, False),  # what the index does not say, the receipt does
        ([], [row(1, 5, category="external", token=None)], False, False),  # native coin came
    ],
)
def test_only_what_a_wallet_may_have_traded_in_is_fetched(out, came, fetched, moved):
    """A receipt costs; what strangers send costs its line in the list, and is a movement."""
    [chunk] = chunks(out, came)
    assert (bool(chunk.touches), bool(chunk.moves)) == (fetched, moved)


def test_without_calls_inside_a_gift_may_have_been_paid_for():
    """Where the index does not name them, what came is looked at itself."""
    [chunk] = chunks([], [row(1, 5)], internal=False)
    [touch] = chunk.touches.values()
    assert (touch.came, chunk.moves) == ({(WALLET, TOKEN): 5}, ())


def test_pages_that_never_end_are_an_error():
    """A page that names itself as the next one is a broken answer, not a longer list."""
    index = Index(lambda _node, _question: ([], "again"), Ready())
    with pytest.raises(RpcUnavailable, match="same page"):
        index.chunks([WALLET], BLOCKS)


GOOD = {
    "blockNum": "0x5",
    "hash": f"0x{1:064x}",
    "from": WALLET,
    "to": OTHER,
    "category": "erc20",
    "rawContract": {"value": "0x7", "address": TOKEN},
    "metadata": {"blockTimestamp": "2023-11-14T22:13:20.000Z"},
}


def asked_of(answer):
    with (
        FakeNode({"alchemy_getAssetTransfers": lambda _asked: answer}) as fake,
        Node([fake.url], chain_id=1, sleep=lambda _s: None) as node,
    ):
        return alchemy(node, Question(wallet=WALLET, out=True, blocks=BLOCKS, internal=True)), fake


def test_a_row_is_read_to_the_unit():
    """Block, hash, token, base units and time; the question names the wallet, the blocks and the next page."""
    (rows, following), fake = asked_of({"transfers": [GOOD], "pageKey": "next"})
    assert rows == [row(1, 5, amount_raw=7)]
    assert following == "next"
    [asked] = fake.bodies[-1]["params"]
    assert (asked["fromAddress"], asked["fromBlock"], asked["toBlock"]) == (WALLET, "0x1", "0x2710")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"transfers": None},
        {"transfers": [GOOD | {"blockNum": "0x2711"}]},
        {"transfers": [GOOD | {"hash": "0x1"}]},
        {"transfers": [GOOD | {"from": OTHER}]},
        {"transfers": [GOOD | {"rawContract": {"value": "7 coins", "address": TOKEN}}]},
        {"transfers": [GOOD | {"metadata": {"blockTimestamp": "yesterday"}}]},
    ],
)
def test_an_answer_that_is_not_one_is_no_list(answer):
    """A row of other blocks or another wallet, or of no sense, spoils the whole answer: it is asked for again."""
    with pytest.raises(RpcUnavailable):
        asked_of(answer)
