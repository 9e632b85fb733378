"""Hold what a wallet index names against windows of logs: it may lag, or leave something out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from random import Random

from ingest.errors import EndpointRefused, IndexContradicted, RangeRefused, RpcRejected
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.rpc.adaptive_size import AdaptiveSize
from ingest.evm.rpc.node import Node
from ingest.evm.sync.fetch import WindowResult, read_window
from ingest.evm.sync.wallet_index import Chunk

LARGEST = 100  #: blocks of one window
SAMPLES = 3  #: windows that each chunk is held against


def samples(chunk: Chunk, size: int, rng: Random) -> list[BlockRange]:
    """Windows of logs that a chunk is held against: its newest end, about a named transaction, and somewhere.

    An index that lags shows at the newest end, one that leaves out single rows shows about those that it names: that is
    where a wallet was active.
    """
    whole = chunk.blocks
    middles = [whole.last, rng.randint(whole.first, whole.last)]
    if chunk.touches:
        middles.insert(1, rng.choice(sorted(touch.block for touch in chunk.touches.values())))
    picked = []
    for middle in middles:
        first = max(whole.first, min(middle - size // 2, whole.last - size + 1))
        picked.append(BlockRange(first, min(first + size - 1, whole.last)))
    return list(dict.fromkeys(picked))


@dataclass(slots=True)
class Sampler:
    """Holds chunks of an index against windows of logs, in steps that each endpoint agrees to.

    Parameters
    ----------
    strides
        Blocks of one window by endpoint; of a new one under "".
    blind
        The node gives no logs at all: nothing is sampled.
    """

    node: Node
    rng: Random
    strides: dict[str, AdaptiveSize]
    blind: bool = False
    seen: int = 0  #: windows that agreed

    def check(self, chunk: Chunk, wallets: Collection[str]) -> None:
        """Read some windows of a chunk by their logs as well.

        Raises
        ------
        IndexContradicted
            The logs show a transaction in which a wallet took part and that the index left out.
        """
        while not self.blind:
            with self.node.window() as endpoint:
                stride = self.strides.setdefault(endpoint, replace(self.strides[""]))
                size = min(stride.step, LARGEST)
                wanted = samples(chunk, size, self.rng)
                try:
                    readings = [read_window(self.node, wallets, blocks, but=chunk.named) for blocks in wanted]
                except EndpointRefused:
                    raise  # that says nothing of logs
                except (RangeRefused, RpcRejected) as refusal:
                    if isinstance(refusal, RpcRejected) or size == 1:
                        self.blind = True
                    else:
                        stride.refuse(size, suggested=refusal.suggested)
                    continue
            if missing := left_out(chunk, readings):
                raise IndexContradicted(
                    f"the index left out {len(missing)} transactions that the logs show, {missing[0]} for one; what it "
                    f"named in blocks {chunk.blocks.first:,} to {chunk.blocks.last:,} was not kept. "
                    'Try again later, or set index = "none" for this chain'
                )
            self.seen += len(readings)
            return


def left_out(chunk: Chunk, readings: Sequence[WindowResult]) -> list[str]:
    """Transactions in which a wallet took part, by the logs, and that the index did not name."""
    return [raw.tx_hash for reading in readings for raw in reading.transactions if raw.tx_hash not in chunk.named]
