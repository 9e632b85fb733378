"""A chain that changes its mind: what was read of it follows, or reading stops and says so."""

import random

import pytest

from ingest.errors import ReorgTooDeep, RpcUnavailable
from ingest.evm.sync.header_checks import Link
from ingest.evm.sync.reorg import TAIL, common_ancestor
from tests.fakes.chain import FakeChain, Payment
from tests.watcher.chain_reader import ANN, BOB, EVE, ChainReader


def payments(dice):
    """What happens in one block."""
    people = [ANN, BOB, EVE]
    return [
        Payment(dice.choice(people), dice.choice(people), dice.randrange(1, 100))
        for _ in range(dice.choice((0, 0, 1, 2)))
    ]


def lived(path, seed, **options):
    """A reader that has lived through a chain with reorganisations up to depth 8, and that chain."""
    dice, chain = random.Random(seed), FakeChain()
    reader = ChainReader(path, chain, confirmations=2, verify="full", **options)
    for _ in range(12):
        for _ in range(dice.randrange(1, 9)):
            chain.mine(*payments(dice))
        if dice.random() < 0.7:
            reader.read()
        if dice.random() < 0.6:
            depth = min(dice.randrange(1, 9), chain.head)
            lost = [each for block in chain.payments[-depth:] for each in block if dice.random() < 0.7]
            blocks = [[*payments(dice), *lost[i :: depth + 1]] for i in range(depth + 1)]
            chain.reorganise(depth, *blocks)
    for _ in range(3):
        chain.mine()
    reader.read()
    return reader, chain


def clean(path, chain):
    """What a reader that saw only the final chain holds."""
    reader = ChainReader(path, chain, confirmations=2, verify="full")
    reader.read()
    return reader.holds()


@pytest.mark.parametrize("seed", range(5))
def test_after_reorganisations_the_ledger_is_that_of_the_final_chain(tmp_path, seed):
    """Transactions that vanished are gone, those that moved are in their new block, coverage is what it would be."""
    reader, chain = lived(tmp_path / "lived.db", seed)
    assert reader.holds() == clean(tmp_path / "clean.db", chain)


def test_without_the_hashes_it_would_not_be(tmp_path):
    """The law above rests on the stored hashes: a reader that forgets them keeps what vanished."""
    wrong = []
    for seed in range(2):
        reader, chain = lived(tmp_path / f"lived{seed}.db", seed, forgetful=True)
        wrong.append(reader.holds() != clean(tmp_path / f"clean{seed}.db", chain))
    assert any(wrong)


def grown(path, blocks, **table):
    """A reader that has read so many blocks, in each of which Ann pays Bob."""
    chain = FakeChain()
    reader = ChainReader(path, chain, **{"confirmations": 0, "verify": "full", **table})
    for amount in range(1, blocks + 1):
        chain.mine(Payment(ANN, BOB, amount))
    reader.read()
    return reader, chain


def test_a_replacement_that_cannot_be_read_replaces_nothing(tmp_path):
    """What vanished is read anew first: until that succeeds, the old rows stay, and nothing is lost."""
    reader, chain = grown(tmp_path / "a.db", 10)
    before = reader.holds()
    chain.reorganise(3, *([Payment(BOB, ANN, 5)] for _ in range(4)))
    chain.lie = lambda method, _params, result: None if "Receipt" in method else result
    with pytest.raises(RpcUnavailable):
        reader.read()
    assert reader.holds() == before
    chain.lie = lambda _method, _params, result: result
    reader.read()
    assert reader.holds() == grown_like(tmp_path / "b.db", chain)


def grown_like(path, chain):
    """What a new reader of the same chain holds."""
    reader = ChainReader(path, chain, confirmations=0, verify="full")
    reader.read()
    return reader.holds()


def test_deeper_than_the_tail_stops_and_deletes_nothing(tmp_path):
    """More blocks were replaced than there are hashes: a person is told, every row stays."""
    reader, chain = grown(tmp_path / "a.db", TAIL + 20)
    assert len(reader.known()) <= TAIL + 2
    before = reader.holds()
    chain.reorganise(TAIL + 10, *([Payment(BOB, ANN, 5)] for _ in range(TAIL + 20)))
    with pytest.raises(ReorgTooDeep, match="nothing was deleted"):
        reader.read()
    assert reader.holds() == before


def test_final_blocks_that_change_stop_the_reading(tmp_path):
    """Where only final blocks are read, any contradiction is for a person."""
    reader, chain = grown(tmp_path / "a.db", 80, confirmations=None)
    before = reader.holds()
    chain.reorganise(75, *([Payment(BOB, ANN, 5)] for _ in range(80)))
    with pytest.raises(ReorgTooDeep, match="counted as final"):
        reader.read()
    assert reader.holds() == before


def test_a_node_that_is_behind_is_no_reorganisation(tmp_path):
    """A head that went down, and a block that is not there, change nothing."""
    reader, chain = grown(tmp_path / "a.db", 10)
    before = reader.holds()
    chain.lie = lambda method, params, result: (
        hex(5)
        if method == "eth_blockNumber"
        else None
        if method == "eth_getBlockByNumber" and int(params[0], 16) > 5
        else result
    )
    with pytest.raises(RpcUnavailable):
        reader.read()
    assert reader.holds() == before


def chained(names):
    return {n: Link(number=n, hash=name, parent=names.get(n - 1, f"before {name}")) for n, name in names.items()}


@pytest.mark.parametrize(
    ("now", "floor", "ancestor"),
    [
        ({4: "d", 5: "e", 6: "f"}, 1, 6),
        ({4: "d", 5: "x", 6: "y"}, 1, 4),
        ({4: "d", 5: "e"}, 1, 5),
        ({4: "x", 5: "y", 6: "z"}, 4, 3),
        ({4: "x", 5: "y", 6: "z"}, 1, None),
        ({}, 1, None),
    ],
    ids=["nothing", "two", "shorter", "all that was read", "deeper", "nothing is there"],
)
def test_the_common_ancestor(now, floor, ancestor):
    """The newest known block that is still there; before everything that was read where all of that is known."""
    stored = chained({4: "d", 5: "e", 6: "f"})
    assert common_ancestor(stored, chained(now), floor=floor) == ancestor


def test_the_parent_of_the_oldest_known_block_may_be_the_ancestor():
    """All known blocks were replaced, but on the same parent."""
    stored, now = chained({3: "c", 4: "d"}), chained({3: "c", 4: "x"})
    assert common_ancestor({4: stored[4]}, {4: now[4]}, floor=1) == 3
