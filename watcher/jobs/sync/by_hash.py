"""Read the transactions that a file of hashes names: fetched, checked, decoded; they cover no blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.rpc.answer_checks import well_formed
from ingest.evm.rpc.node import Node
from ingest.evm.sync import fetch
from ingest.evm.sync.touches import read_touches
from ingest.evm.sync.wallet_index import CHUNK
from watcher.jobs.sync.commit_window import WindowWriter
from watcher.jobs.sync.ingest import Run, Source
from watcher.jobs.sync.spending import settle


@dataclass(slots=True)
class HashReading:
    """What came of a file's hashes."""

    transactions: int = 0  #: that concern a watched wallet
    trades: int = 0
    early: int = 0  #: in blocks that are not final yet: left out


def read_named(engine: Engine, source: Source, hashes: Sequence[str], *, now: datetime) -> HashReading:
    """Read transactions by their hash. Those that are stored already change nothing.

    Raises
    ------
    RpcUnavailable
        The node does not know one of them, or contradicts itself; what was committed stays.
    """
    done = HashReading()
    try:
        run = Run.begin(engine, source, now)
        run.mend()
        addresses = {wallet.address for wallet in run.everyone}
        last = run.patience(fetch.head, source.node, confirmations=source.config.confirmations)
        with WindowWriter(engine, source.meter, source.chain.chain_id, now) as keeper:
            for start in range(0, len(hashes), CHUNK):
                found = run.patience(_read, source.node, hashes[start : start + CHUNK], addresses, last)
                done.early += found.early
                if found.reading is None:
                    continue
                ready = run.prepare(frozenset(), found.reading, keeper.end)
                keeper.begin(ready)
                done.trades += len(ready.meaning.trades)
                done.transactions += len(found.reading.transactions)
    finally:
        settle(engine, source.meter, source.chain.chain_id, now=now)
    return done


@dataclass(frozen=True, slots=True)
class _Found:
    reading: fetch.WindowResult | None  #: None: nothing final concerns a watched wallet
    early: int


def _read(node: Node, hashes: Sequence[str], addresses: set[str], last: int) -> _Found:
    with node.window():
        receipts = node.batch([("eth_getTransactionReceipt", [name]) for name in hashes], required=fetch.RECEIPT)
        with well_formed("receipts"):
            touches = read_touches([log for receipt in receipts for log in receipt["logs"]], addresses)
        final = {name: touch for name, touch in touches.items() if touch.block <= last}
        if not final:
            return _Found(None, len(touches))
        blocks = BlockRange(min(t.block for t in final.values()), max(t.block for t in final.values()))
        return _Found(fetch.read_touched(node, final, blocks), len(touches) - len(final))
