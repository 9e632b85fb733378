"""A window is read whole, or it is not kept: whatever the node leaves out, denies or mixes up."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest

from ingest.errors import RangeRefused, RpcRejected, RpcUnavailable, Unlinked
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.rpc.node import Node
from ingest.evm.sync.fetch import WindowResult, block_refs
from ingest.evm.sync.header_checks import ENDS, PROVEN, Link
from ingest.evm.sync.window_reader import WindowReader
from ingest.types import BlockRef
from tests.fakes.chain import FakeChain, Lie, Payment
from tests.fakes.node import FakeNode
from tests.ingest import receipts as r

ANN, BOB, EVE, DAN = ("0x" + digit * 40 for digit in "1234")
OTHER_HASH = "0x" + "0f" * 32
WHOLE = BlockRange(1, 40)


def eventful(**options: Any) -> FakeChain:
    """40 blocks: Ann pays Bob in each fourth, strangers each other in each second."""
    chain = FakeChain(**options)
    for number in range(1, 41):
        paid = [Payment(ANN, BOB, number)] if number % 4 == 0 else []
        chain.mine(*paid, *([Payment(EVE, r.OTHER, 1)] if number % 2 == 0 else []))
    return chain


@contextmanager
def reading_of(chain: FakeChain, **options: Any) -> Iterator[tuple[WindowReader, FakeNode]]:
    with FakeNode(chain.methods()) as fake, Node([fake.url], chain_id=1, sleep=lambda _s: None) as node:
        yield WindowReader(node=node, **options), fake


def read(chain: FakeChain, blocks: BlockRange = WHOLE, *, full: bool = True, **options: Any) -> WindowResult:
    with reading_of(chain, full=full) as (reader, _):
        return reader.read([ANN, BOB], blocks, known=options.pop("known", {}), **options)


def found(reading: WindowResult) -> list[int]:
    return [raw.block.number for raw in reading.transactions]


EVERY_FOURTH = list(range(4, 41, 4))


def without(method: str, *numbers: int) -> Lie:
    """The node leaves out these blocks in its answers to a method."""

    def lie(name: str, _params: list[Any], result: Any) -> Any:
        if name == method and isinstance(result, list):
            return [each for each in result if int(each["blockNumber"], 16) not in numbers]
        return result

    return lie


@pytest.mark.parametrize("receipts", [True, False], ids=["by receipts", "by logs"])
def test_a_proven_window_is_whole_whatever_the_logs_leave_out(receipts: bool) -> None:
    """Logs asked for by range may lack any blocks: each block whose bloom shows a wallet is proven on its own."""
    chain = eventful(receipts=receipts)
    plain = chain.lie

    def lie(name: str, params: list[Any], result: Any) -> Any:
        ranged = name == "eth_getLogs" and "blockHash" not in params[0]
        return [] if ranged else plain(name, params, result)

    chain.lie = lie
    reading = read(chain)
    assert (found(reading), reading.level) == (EVERY_FOURTH, PROVEN)


def test_receipts_that_proved_a_block_are_not_asked_for_again() -> None:
    """The receipts of a whole block serve; one that lacks a field is asked for on its own."""
    chain = eventful()
    with reading_of(chain, full=True) as (reader, fake):
        whole = reader.read([ANN, BOB], WHOLE, known={})
        assert "eth_getTransactionReceipt" not in fake.asked
    plain = chain.lie

    def lie(name: str, params: list[Any], result: Any) -> Any:
        if name == "eth_getBlockReceipts" and params == [hex(8)]:
            return [{field: value for field, value in each.items() if field != "gasUsed"} for each in result]
        return plain(name, params, result)

    chain.lie = lie
    with reading_of(chain, full=True) as (reader, fake):
        assert reader.read([ANN, BOB], WHOLE, known={}) == whole
        assert fake.asked.count("eth_getTransactionReceipt") == 1


def crowded() -> FakeChain:
    """Ann pays Bob thrice in each of four blocks, among one, four, three and no payments of strangers."""
    chain = FakeChain()
    for strangers in (1, 4, 3, 0):
        chain.mine(*(Payment(ANN, BOB, n) for n in (1, 2, 3)), *(Payment(EVE, DAN, 1) for _ in range(strangers)))
    return chain


def hashes(reading: WindowResult) -> list[str]:
    return [raw.tx_hash for raw in reading.transactions]


@pytest.mark.parametrize("full", [True, False])
def test_a_block_of_which_at_least_half_is_wanted_is_fetched_whole(full: bool) -> None:
    """Three of four, six and three transactions come in one answer each, three of seven one by one."""
    chain = crowded()
    with reading_of(chain, full=full) as (reader, fake):
        reading = reader.read([ANN, BOB], BlockRange(1, 4), known={})
        assert hashes(reading) == [each.hash for block in chain.payments[1:] for each in block[:3]]
        assert fake.asked.count("eth_getTransactionByHash") == 3


def test_a_whole_block_is_held_against_its_header_and_what_it_lacks_is_fetched_alone() -> None:
    """Transactions that are only named, halved or missing are asked for by hash, and so are those of an odd block."""
    chain = crowded()
    right = hashes(read(chain, BlockRange(1, 4)))

    def spoil(result: dict[str, Any]) -> dict[str, Any]:
        named, halved, *others = result["transactions"]
        return {**result, "transactions": [named["hash"], {**halved, "from": None}, *others[1:]]}

    chain.lie = lambda name, params, result: spoil(result) if name == "eth_getBlockByNumber" and params[1] else result
    assert hashes(read(chain, BlockRange(1, 4))) == right
    for odd in ({"hash": OTHER_HASH}, {"hash": 7}, {"transactions": 7}, {"transactions": [{"hash": 7}, None, 7]}):
        chain.lie = lambda name, params, result, odd=odd: (  # type: ignore[misc]
            {**result, **odd} if name == "eth_getBlockByNumber" and params[1] else result
        )
        assert hashes(read(chain, BlockRange(1, 4))) == right


def test_a_full_window_ends_before_the_block_that_is_too_much() -> None:
    """Windows that end early hold together what one window holds; a block that alone is too much is kept whole."""
    chain = eventful()
    whole, parts, first = read(chain), [], 1
    with reading_of(chain, full=True, most=2) as (reader, _):
        while first <= WHOLE.last:
            part = reader.read([ANN, BOB, EVE], BlockRange(first, WHOLE.last), known={})
            assert (part.blocks.first, part.links[-1].number) == (first, part.blocks.last)
            parts.append(part)
            first = part.blocks.last + 1
    assert len(parts) > 10
    assert {tx for part in parts for tx in hashes(part)} >= set(hashes(whole))
    crowd = FakeChain()
    crowd.mine(*(Payment(ANN, BOB, n) for n in range(1, 6)))
    with reading_of(crowd, full=True, most=2) as (reader, _):
        assert len(reader.read([ANN], BlockRange(1, 1), known={}).transactions) == 5


@pytest.mark.parametrize("name", [[], {}, None, 7, "0x" + "EE" * 32], ids=str)
def test_a_receipt_without_a_usable_name_is_never_taken_for_another(name: object) -> None:
    """Whatever stands in its place, the window is read right or not at all."""
    chain = eventful()

    def lie(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getBlockReceipts" and params == [hex(8)]:
            return [{**each, "transactionHash": name} for each in result]
        return result

    chain.lie = lie
    assert found(read(chain)) == EVERY_FOURTH


def test_without_blooms_the_same_logs_are_lost_and_the_level_says_so() -> None:
    """The law above rests on the blooms: on a chain whose headers deny every log, what is left out stays unseen."""
    chain = eventful(blooms="zero")
    chain.lie = without("eth_getLogs", 8, 12)
    reading = None
    for _ in range(20):  # a sampled block may reveal it
        try:
            reading = read(chain)
            break
        except RpcUnavailable:
            chain.reorganise(1, [Payment(ANN, BOB, 1)])  # other samples
    assert reading is not None
    assert reading.level == ENDS
    assert 8 not in found(reading)


@pytest.mark.parametrize("receipts", [True, False], ids=["receipts", "logs"])
def test_a_block_that_is_never_whole_is_never_kept(receipts: bool) -> None:
    """Logs with less bloom than their header are asked for again; if that does not help, nothing is kept."""
    chain = eventful(receipts=receipts)
    method = "eth_getBlockReceipts" if receipts else "eth_getLogs"
    lies = iter([True] * 3)

    def at_first(name: str, params: list[Any], result: Any) -> Any:
        return without(method, 8)(name, params, result) if name == method and next(lies, False) else result

    chain.lie = at_first
    assert found(read(chain)) == EVERY_FOURTH
    chain.lie = without(method, 8)
    with pytest.raises(RpcUnavailable, match="block 8"):
        read(chain)


def test_a_chain_with_useless_blooms_is_read_without_them() -> None:
    """Headers that deny logs that are there prove nothing: the level is lower, and that is remembered."""
    with reading_of(eventful(blooms="zero"), full=True) as (reader, _):
        reading = reader.read([ANN, BOB], WHOLE, known={})
        assert (found(reading), reading.level, reader.bloom) == (EVERY_FOURTH, ENDS, False)
    with reading_of(eventful(), full=True) as (reader, _):
        reader.read([ANN, BOB], WHOLE, known={})
        assert reader.bloom is True


def test_one_broken_answer_does_not_unlearn_the_blooms() -> None:
    """Headers that lack their bloom for once, and a log too many in a block's receipts, are asked for anew: the level
    stays, and what is known of the chain too."""
    chain, told = eventful(), set[tuple[str, str]]()

    def spoils_once(method: str, params: list[Any], result: Any) -> Any:
        if result is None or (method, params[0]) in told or params[0] not in (hex(8), hex(9)):
            return result
        told.add((method, params[0]))
        if method == "eth_getBlockByNumber":
            return {key: value for key, value in result.items() if key != "logsBloom"}
        if method == "eth_getBlockReceipts" and result:
            [first, *others] = result
            return [{**first, "logs": [*first["logs"], {**first["logs"][0], "address": BOB}]}, *others]
        return result

    chain.lie = spoils_once
    with reading_of(chain, full=True) as (reader, _):
        reading = reader.read([ANN, BOB], WHOLE, known={})
    assert len(told) == 3
    assert (found(reading), reading.level, reader.bloom) == (EVERY_FOURTH, PROVEN, True)


@pytest.mark.parametrize("full", [True, False])
def test_an_odd_header_costs_its_own_block(full: bool) -> None:
    """One of three headers has no time, or another block's number, whenever it is asked for: the others are kept."""
    chain, dice = eventful(), Random(0)

    def odd(method: str, _params: list[Any], result: Any) -> Any:
        if method == "eth_getBlockByNumber" and dice.random() < 1 / 3:
            return {**result, **dice.choice([{"timestamp": "0x0"}, {"number": "0x1000"}])}
        return result

    chain.lie = odd
    with reading_of(chain, full=full) as (reader, fake):
        if full:
            assert found(reader.read([ANN, BOB], WHOLE, known={})) == EVERY_FOURTH
        else:
            assert [ref.number for ref in read_refs(reader.node)] == EVERY_FOURTH
        assert fake.asked.count("eth_getBlockByNumber") < 3 * 40


def read_refs(node: Node) -> list[BlockRef]:
    refs = block_refs(node, EVERY_FOURTH)
    return [refs[number] for number in sorted(refs)]


def test_known_blooms_that_all_fall_silent_are_tried_again() -> None:
    """An endpoint whose headers are empty of blooms clears no block, although those of another one could be used."""
    chain = eventful()

    def silent(method: str, _params: list[Any], result: Any) -> Any:
        return {**result, "logsBloom": "0x0"} if method == "eth_getBlockByNumber" and result else result

    chain.lie = silent
    with reading_of(chain, full=True, bloom=True) as (reader, _):
        reading = reader.read([ANN, BOB], WHOLE, known={})
    assert (found(reading), reading.level, reader.bloom) == (EVERY_FOURTH, ENDS, False)


def test_a_silent_stretch_of_unknown_blooms_is_not_proven_by_them() -> None:
    """Zero blooms over blocks with transactions prove nothing before one bloom was seen to fit its logs."""
    chain = FakeChain(blooms="zero")
    for _ in range(10):
        chain.mine(Payment(EVE, r.OTHER, 1))
    assert read(chain, BlockRange(1, 10)).level == ENDS
    empty = FakeChain()
    for _ in range(10):
        empty.mine()
    assert read(empty, BlockRange(1, 10)).level == PROVEN


def test_a_node_that_offers_no_whole_blocks_proves_nothing_and_says_so() -> None:
    """Asked to prove every block by a node that cannot, reading stops with the way out."""
    chain = eventful(receipts=False)
    methods = chain.methods()

    def logs(query: dict[str, Any]) -> Any:
        if "blockHash" in query:
            raise KeyError  # the method does not exist in this form
        return methods["eth_getLogs"](query)

    with (
        FakeNode({**methods, "eth_getLogs": logs}) as fake,
        Node([fake.url], chain_id=1, sleep=lambda _s: None) as node,
    ):
        with pytest.raises(RpcRejected, match='verify = "ends"'):
            WindowReader(node=node, full=True).read([ANN], WHOLE, known={})
        assert found(WindowReader(node=node).read([ANN], WHOLE, known={})) == EVERY_FOURTH
        reading = WindowReader(node=node, full=True, insist=False).read([ANN], WHOLE, known={})
        assert (found(reading), reading.level) == (EVERY_FOURTH, ENDS), "unless nobody insisted"


@pytest.mark.parametrize("full", [True, False])
def test_a_node_that_lacks_the_window_s_end_is_not_believed(full: bool) -> None:
    """A lagging node clips its logs silently; the header of the last block, asked for in the same breath, shows it."""
    chain = eventful()

    def behind(name: str, params: list[Any], result: Any) -> Any:
        if name == "eth_getBlockByNumber" and int(params[0], 16) > 35:
            return None
        return without("eth_getLogs", *range(36, 41))(name, params, result)

    chain.lie = behind
    with pytest.raises(RpcUnavailable):
        read(chain, full=full)


def test_a_sampled_block_reveals_logs_that_were_left_out() -> None:
    """Where not every block is proven, some are held against the finds: a node that answers nothing is found out."""
    chain = FakeChain()
    for number in range(1, 1_001):
        chain.mine(Payment(ANN, BOB, number))
    chain.lie = lambda name, _params, result: [] if name == "eth_getLogs" else result
    with pytest.raises(RpcUnavailable, match="left out"):
        read(chain, BlockRange(1, 1_000), full=False)


def test_a_round_number_of_logs_is_not_believed() -> None:
    """Exactly 1,000 logs may be a cap that no error tells of: the window is read in parts."""
    chain = FakeChain()
    for _ in range(10):
        chain.mine(*(Payment(EVE, ANN, 1) for _ in range(100)))
    with pytest.raises(RangeRefused, match="there may be more"):
        read(chain, BlockRange(1, 10), full=False)
    assert len(read(chain, BlockRange(1, 5), full=False).moves) == 500


@pytest.mark.parametrize("full", [True, False])
def test_a_window_of_another_fork_is_not_kept(full: bool) -> None:
    """Its first block must be the child of the block before it, its last the parent of the block after it."""
    chain = eventful()
    before = Link(number=9, hash=OTHER_HASH, parent="0x")
    after = Link(number=21, hash="0x", parent=OTHER_HASH)
    for known in ({9: before}, {21: after}):
        with pytest.raises(Unlinked):
            read(chain, BlockRange(10, 20), full=full, known=known)


def test_headers_of_two_forks_are_not_one_window() -> None:
    """Every header's parent is the header before it."""
    chain = eventful()
    chain.lie = lambda name, params, result: (
        {**result, "hash": OTHER_HASH} if name == "eth_getBlockByNumber" and params[0] == "0x9" else result
    )
    with pytest.raises(RpcUnavailable, match="different forks"):
        read(chain)


@pytest.mark.parametrize("count", [1, 1000, 1001, 2500])
def test_wallets_are_asked_about_a_thousand_at_a_time(count: int) -> None:
    """At most twice as many getLogs as thousands of wallets, none where every block is proven."""
    wallets = [f"0x{i:040x}" for i in range(1, count + 1)]
    for full, most in ((False, 2 * -(-count // 1000)), (True, 0)):
        with reading_of(eventful(), full=full) as (reader, fake):
            reader.read(wallets, WHOLE, known={})
            assert fake.asked.count("eth_getLogs") == most
