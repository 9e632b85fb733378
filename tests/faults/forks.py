"""A real EVM whose newest blocks are replaced now and then: swaps vanish, move to another block, or stay."""

import random
from collections.abc import Callable
from typing import Any

from ingest.types import NATIVE
from tests.localchain.anvil import Anvil
from tests.localchain.contracts import calldata
from tests.localchain.world import Transaction, World

ANN, BOB = "0x" + "11" * 20, "0x" + "22" * 20
EVERY, DEEPEST = 50, 8  #: blocks from one reorganisation to the next; blocks of the deepest
ROUTES = [
    ("v2", "ETH", "ALFA", None),
    ("v2", "ALFA", "ETH", None),
    ("v2", "ALFA", "BRAVO", "WETH"),
    ("v3", "ETH", "BRAVO", None),
    ("v3", "BRAVO", "ETH", None),
    ("v3", "USD", "BRAVO", None),
    ("v4", "ALFA", "WETH", None),
]


class Forks:
    """Two wallets that trade on an Anvil node.

    Parameters
    ----------
    anvil
        A new node.
    dice
        Decides who trades what, and how much of it a reorganisation keeps.
    """

    def __init__(self, anvil: Anvil, dice: random.Random) -> None:
        self.anvil, self.dice = anvil, dice
        self.world = World(anvil)
        self.world.deploy()
        self.world.fund([ANN, BOB])
        self.address = {"ETH": NATIVE, **self.world.tokens}
        for wallet in (ANN, BOB):
            for symbol in ("ALFA", "BRAVO"):
                self.world.swap(wallet, "v2", NATIVE, self.address[symbol], 10 * 10**18)
        self.world.mine(self.world.timestamp + 12)
        self.begin = self.head + 1
        self._blocks: list[tuple[str, list[Transaction]]] = []  # the snapshot before each block, and what it holds

    @property
    def head(self) -> int:
        """Number of the newest block."""
        return int(self.anvil.rpc("eth_blockNumber"), 16)

    @property
    def table(self) -> dict[str, Any]:
        """Fields of the configuration's ``[[chains]]``."""
        return {**self.world.chain_table(), "from_block": self.begin}

    def live(self, blocks: int, pause: Callable[[], None] = lambda: None) -> None:
        """Mine so many blocks, with a reorganisation after every ``EVERY`` of them."""
        for number in range(1, blocks + 1):
            if self.dice.random() < 0.1:
                self.world.set_native_usd(self.dice.uniform(2_800, 3_200), timestamp=self.world.timestamp)
            self.mine(self._happens())
            pause()
            if number % EVERY == 0:
                self.reorganise(self.dice.randint(1, DEEPEST))
                pause()

    def settle(self) -> None:
        """Mine until all is final: Anvil's ``finalized`` is 64 blocks behind the head."""
        self.anvil.rpc("anvil_mine", hex(70), hex(12))

    def mine(self, happens: list[Transaction], seconds: int = 12) -> None:
        """Mine one block more."""
        self._blocks.append((self.anvil.rpc("evm_snapshot"), happens))
        if happens:
            self.world.send_all(happens)
        self.world.mine(self.world.timestamp + seconds)

    def reorganise(self, depth: int) -> None:
        """Replace the newest ``depth`` blocks by one more; of what they held, a part comes again, some elsewhere.

        The price feed stays meanwhile: Anvil writes it into the state of its newest block, here one that has been read.
        """
        replaced = self._blocks[-depth:]
        del self._blocks[-depth:]
        assert self.anvil.rpc("evm_revert", replaced[0][0])
        kept = [each for _, happened in replaced for each in happened if self.dice.random() < 0.7]
        for number in range(depth + 1):
            self.mine([*kept[number :: depth + 1], *self._happens()], seconds=self.dice.choice((11, 13)))

    def _happens(self) -> list[Transaction]:
        return [self._swap() for _ in range(self.dice.choice((0, 0, 1, 2)))]

    def _swap(self) -> Transaction:
        wallet, other = self.dice.sample((ANN, BOB), 2)
        if self.dice.random() < 0.15:
            to = self.dice.choice([self.address["ALFA"], self.address["USD"]])
            return {"from": wallet, "to": to, "data": calldata("transfer(address,uint256)", other, 5)}
        venue, sell, buy, via = self.dice.choice(ROUTES)
        amount = 10**8 if sell == "USD" else self.dice.randrange(10**16, 10**17)
        return self.world.swap_request(
            wallet, venue, self.address[sell], self.address[buy], amount, via=self.address[via] if via else None
        )
