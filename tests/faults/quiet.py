"""A chain of payments for tests in which the machine, and not the chain, goes wrong; and what is to be read of it."""

import random
from pathlib import Path

from tests.fakes.chain import FakeChain, Payment
from tests.fakes.node import FakeNode
from tests.faults.follower import Follower
from tests.faults.forks import ANN, BOB

TABLE = {"name": "ethereum", "chain_id": 1, "from_block": 1, "confirmations": 2, "verify": "full"}


def chain_of(blocks: int, each: int = 2) -> FakeChain:
    """So many blocks, in which Ann and Bob pay each other."""
    dice, chain = random.Random(0), FakeChain()
    for _ in range(blocks):
        chain.mine(*(Payment(*dice.sample([ANN, BOB], 2), dice.randrange(1, 100)) for _ in range(each)))
    return chain


def truth(path: Path, chain: FakeChain) -> list[tuple[str, str]]:
    """The transactions that a reading without faults stores, each with its block."""
    with FakeNode(chain.methods()) as node:
        quiet = Follower(path / "quiet.db", node.url, TABLE)
        quiet.read()
    return [(tx_hash, block_hash) for tx_hash, _, block_hash in quiet.holds()["raw"]]
