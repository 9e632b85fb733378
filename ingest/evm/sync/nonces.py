"""When a wallet sent transactions of its own, told by its nonce: it costs by what was sent, not by what came."""

from dataclasses import dataclass, field

from ingest.errors import RpcRejected, TryElsewhere
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.logs import number
from ingest.evm.rpc.node import Node


class _Untold(Exception):
    """The node does not say."""


@dataclass(slots=True)
class Nonces:
    """Finds the blocks in which wallets sent something, one after the other, by bisection.

    Parameters
    ----------
    until
        The last block that will be asked about.
    """

    node: Node
    until: int = 0
    _told: dict[tuple[str, int], int] = field(default_factory=dict)
    _next: dict[str, tuple[int, int | None]] = field(default_factory=dict)  # after which block, and where it next sent

    def sent(self, wallet: str, blocks: BlockRange) -> frozenset[int] | None:
        """Blocks of a range in which a wallet sent transactions; none where it is a contract.

        Returns
        -------
        frozenset or None
            None where the node does not say, as one that keeps no old state.
        """
        self.until = max(self.until, blocks.last)
        found, at = set(), max(0, blocks.first - 1)
        try:
            while (following := self._after(wallet, at)) is not None and following <= blocks.last:
                found.add(following)
                at = following
        except (_Untold, TryElsewhere):
            return None
        return frozenset(found)

    def count(self, wallet: str, blocks: BlockRange) -> int | None:
        """How many transactions a wallet sent in a range of blocks; None where the node does not say."""
        try:
            return max(0, self._nonce(wallet, blocks.last) - self._nonce(wallet, max(0, blocks.first - 1)))
        except (_Untold, TryElsewhere):
            return None

    def _after(self, wallet: str, block: int) -> int | None:
        since, following = self._next.get(wallet, (block + 1, None))
        if since <= block and (following is None or block < following):
            return following
        before, low, high = self._nonce(wallet, block), block, self.until
        following = None
        if self._nonce(wallet, high) > before:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if self._nonce(wallet, middle) > before else (middle, high)
            following = high
        self._next[wallet] = block, following
        return following

    def _nonce(self, wallet: str, block: int) -> int:
        if (wallet, block) not in self._told:
            [answer] = self.node.batch([("eth_getTransactionCount", [wallet, hex(block)])], tolerant=True)
            nonce = None if isinstance(answer, RpcRejected) else number(answer)
            if nonce is None:
                raise _Untold
            self._told[wallet, block] = nonce
        return self._told[wallet, block]
