"""Commit windows, each as a whole: in a thread of its own, while the next one is read."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from ingest.decode import VERSION as DECODER_VERSION
from ingest.evm.interpret import Interpretation
from ingest.evm.rpc.budget import Meter
from ingest.evm.sync.fetch import WindowResult
from watcher.jobs.sync.spending import Spent, record
from watcher.jobs.sync.wash_trades import Suspects
from watcher.store import blocks, others_swaps, placed_orders, trade_log, usage, wash_trades
from watcher.store.pools import add_pools
from watcher.store.sql.database import writing
from watcher.types import Coverage, TokenInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedWindow:
    """One window, understood: what one transaction of the database takes."""

    wallets: frozenset[str]
    found: WindowResult
    meaning: Interpretation
    suspects: Suspects
    learned: Mapping[str, str]  #: memo to what was learned of the node and the chain until then


def store(
    connection: Connection,
    chain_id: int,
    ready: DecodedWindow,
    *,
    now: datetime,
    known_before: Mapping[tuple[int, str, str], datetime] = MappingProxyType({}),
) -> None:
    """Write a window as a whole; ``now`` and ``known_before`` as for ``ledger.add_trades``."""
    found, meaning = ready.found, ready.meaning
    named = [
        TokenInfo(chain_id=chain_id, address=address, symbol=symbol, decimals=decimals)
        for address, (symbol, decimals) in meaning.tokens.items()
    ]
    first_at, last_at = (datetime.fromtimestamp(ref.timestamp, UTC) for ref in (found.first, found.last))
    trade_log.add_raw(connection, chain_id, found.transactions, meaning.internals)
    trade_log.add_trades(connection, meaning.trades, decoder=DECODER_VERSION, known_at=now, known_before=known_before)
    trade_log.add_moves(connection, (*meaning.moves, *found.moves))
    trade_log.add_feed_prices(connection, chain_id, meaning.fed)
    trade_log.add_valuations(connection, meaning.valuations)
    wash_trades.add_provisions(connection, chain_id, ready.suspects.provisions)
    wash_trades.add(connection, ready.suspects.suspicions)
    add_pools(connection, chain_id, meaning.facts)
    placed_orders.add(connection, chain_id, meaning.orders)
    others_swaps.add(
        connection,
        (
            (chain_id, raw.tx_hash, wallet, raw.block.number)
            for raw, wallet, decoding in meaning.decodings
            if decoding.on_behalf
        ),
    )
    trade_log.add_tokens(connection, named)
    trade_log.add_coverage(
        connection,
        (
            Coverage(
                chain_id=chain_id,
                wallet=wallet,
                first_block=found.blocks.first,
                last_block=found.blocks.last,
                first_at=first_at,
                last_at=last_at,
                level=found.level,
            )
            for wallet in sorted(ready.wallets)
        ),
    )
    blocks.remember(connection, chain_id, found.links)
    for memo, text in ready.learned.items():
        usage.remember(connection, memo, text)


class WindowWriter:
    """Commits windows in their order, each in a thread of its own; leaving it waits for the last one.

    The thread has a window and what was spent until then to itself: the caller goes on learning and spending. Where a
    window could not be committed, the meter gets back what was to be recorded with it.

    Parameters
    ----------
    engine
        The database.
    meter
        What reading costs; recorded with each window.
    chain_id
        Of the windows.
    now
        UTC; when what is read becomes known.
    """

    def __init__(self, engine: Engine, meter: Meter, chain_id: int, now: datetime) -> None:
        self._engine = engine
        self._meter = meter
        self._chain_id = chain_id
        self._now = now
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keeper")
        self._doing: tuple[Future[None], Spent] | None = None

    def begin(self, ready: DecodedWindow) -> None:
        """Begin to commit a window, as soon as the one before it is committed.

        Raises
        ------
        StoreError, ConfigError
            As ``end``; this one is not begun.
        """
        self.end()
        spent = Spent.taken_from(self._meter, self._now)
        self._doing = self._thread.submit(self._commit, ready, spent), spent

    def end(self) -> bool:
        """Wait until the window that was begun is committed; False where there is none.

        Raises
        ------
        StoreError, ConfigError
            It could not be committed; nothing of it is stored.
        """
        if self._doing is None:
            return False
        done, spent = self._doing
        wait([done])  # one who interrupts this leaves it to be waited for
        self._doing = None
        try:
            done.result()
        except BaseException:
            spent.give_back(self._meter)
            raise
        return True

    def _commit(self, ready: DecodedWindow, spent: Spent) -> None:
        with writing(self._engine) as connection:
            store(connection, self._chain_id, ready, now=self._now)
            record(connection, spent, self._chain_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self.end()
        finally:
            self._thread.shutdown()
