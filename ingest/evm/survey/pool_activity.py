"""Who else swapped in a pool: one bounded question to the node for each pool that looks like a toy."""

from ingest.errors import RangeRefused, RpcRejected
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.json_codec import RawLog, raw_logs
from ingest.evm.logs.logs import number, read_logs
from ingest.evm.movements.liquidity import PoolUse
from ingest.evm.movements.wash_trades import Swapped
from ingest.evm.rpc.node import Node
from ingest.evm.venues.families import read_events

Place = tuple[int, int]
"""Block and log index."""


def read_crowd(node: Node, use: PoolUse, blocks: BlockRange) -> list[tuple[Place, Swapped]] | None:
    """A pool's swaps in a range of blocks, in order; None where the node does not answer such a range.

    Parameters
    ----------
    use
        A swap in the pool: whose events to ask for.
    """
    topics = [use.topic] + ([use.pool] if use.pool != use.emitter else [])
    asked = {"address": use.emitter, "topics": topics, "fromBlock": hex(blocks.first), "toBlock": hex(blocks.last)}
    try:
        logs = node.call("eth_getLogs", [asked])
    except (RangeRefused, RpcRejected):
        return None
    if not isinstance(logs, list):
        return None
    found = [each for log in raw_logs(logs) if log is not None and (each := _swapped(log, use)) is not None]
    return sorted(found, key=lambda each: each[0])


def _swapped(log: RawLog, use: PoolUse) -> tuple[Place, Swapped] | None:
    events = read_events(read_logs([log]))
    block, index, name = number(log.block_number), number(log.log_index), log.transaction_hash
    if block is None or index is None or not isinstance(name, str):
        return None
    if not events or events[0].zero_for_one is None or (events[0].pool or events[0].emitter) != use.pool:
        return None
    return (block, index), Swapped(tx_hash=name.lower(), zero_for_one=events[0].zero_for_one)
