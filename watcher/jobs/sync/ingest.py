"""Read what is missing of one chain, and commit it window by window."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import Engine
from tenacity import Retrying

from ingest.errors import AnswerTooLarge, RangeRefused, ReorgTooDeep, RpcUnavailable, Unlinked
from ingest.evm.interpret import Interpreter
from ingest.evm.logs import block_ranges
from ingest.evm.logs.block_ranges import BlockRange, MissingBlocks
from ingest.evm.logs.gc_pause import collector_off
from ingest.evm.lookup.traces import Tracer
from ingest.evm.rpc.adaptive_size import AdaptiveSize, steps_memo, strides_of
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.node import Node
from ingest.evm.sync import fetch, index_audit
from ingest.evm.sync.dust import Strangers
from ingest.evm.sync.header_checks import Link, affordable
from ingest.evm.sync.reorg import TAIL
from ingest.evm.sync.wallet_index import INDEXES, Index
from ingest.evm.sync.window_reader import WindowReader
from ingest.files.price_file import PriceFile
from ingest.types import Chain, Fact
from watcher.config.settings import ChainConfig
from watcher.jobs.sync import wallet_index
from watcher.jobs.sync.commit_window import DecodedWindow, WindowWriter, store
from watcher.jobs.sync.dust import make_strangers, memo_of
from watcher.jobs.sync.reorg import find_rollback
from watcher.jobs.sync.spending import settle
from watcher.jobs.sync.wash_trades import suspect
from watcher.store import blocks as block_store
from watcher.store import placed_orders, pools, trade_log, usage, wallets
from watcher.store.pools import known_pools
from watcher.store.sql.database import reading, writing
from watcher.types import Progress, Wallet

WINDOW_TRIES = 6
UNCOLLECTED = 16  #: windows between two runs of Python's collector, which walks through the one that is being stored
PIECE_S = 30 * 86_400  #: of a long history: the newest is read first, each part of it in the order of its blocks
USABLE = "usable"  #: the memo of a chain whose blooms can be used
ASK_AGAIN = timedelta(days=7)  #: what a node or a chain did not offer
Readings = Iterator[tuple[frozenset[str], fetch.WindowResult]]
"""Windows as they are read, and the wallets for which they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One chain as it is read: what it is, how it is configured, and the node."""

    chain: Chain
    config: ChainConfig
    node: Node
    meter: Meter
    prices: PriceFile | None = None  #: the user's own
    index: Index | None = None  #: a wallet index that is a service of its own; None: the node's, if any


def watched(everyone: Iterable[Wallet], chain: Chain) -> list[Wallet]:
    """The wallets to be read on a chain."""
    return [wallet for wallet in everyone if wallet.chains is None or chain.name in wallet.chains]


def plan_reading(engine: Engine, source: Source, now: datetime) -> list[MissingBlocks]:
    """Which blocks are still missing, up to the last block that is final; fixes where new wallets begin.

    Where the configuration asks for more history than before, that of the others begins earlier too.
    """
    chain, config = source.chain, source.config
    memo = f"history:{chain.chain_id}"
    asked = str(config.from_block if config.from_block is not None else config.history)
    with reading(engine) as connection:
        addresses = [
            wallet.address for wallet in watched(wallets.all_wallets(connection), chain) if wallet.measured(now)
        ]
        starts = wallets.starts(connection, chain.chain_id)
        covered = trade_log.covered_blocks(connection, chain.chain_id)
        before = usage.recall(connection, memo)
    if not addresses:
        return []
    last = _ask(source.node, partial(fetch.head, source.node, confirmations=config.confirmations))
    if asked != before or any(address not in starts for address in addresses):
        begin = config.from_block
        if begin is None:
            since = int((now - config.history_span).timestamp())
            begin = _ask(source.node, partial(fetch.block_at, source.node, since, last=last))
        longer = before is not None and asked != before
        moved = {
            address: begin for address in addresses if address not in starts or (longer and begin < starts[address])
        }
        with writing(engine) as connection:
            wallets.set_starts(connection, chain.chain_id, moved)
            usage.remember(connection, memo, asked)
        starts |= moved
    wanted = {address: BlockRange(starts[address], last) for address in addresses if starts[address] <= last}
    return block_ranges.plan(wanted, covered)


def _ask(node: Node, question: Callable[[], int]) -> int:
    """Ask one endpoint, and another one where it contradicts itself."""

    def ask() -> int:
        with node.window():
            return question()

    return node.patience(WINDOW_TRIES)(ask)


def ingest_once(
    engine: Engine,
    source: Source,
    *,
    now: datetime,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Progress:
    """Read every gap of one chain. Raw transactions, trades, valuations and coverage commit together, per window.

    A window is committed while the next one is read; however this ends, the one that was begun is committed first.

    Where blocks are read before they are final, what a reorganisation replaced is read anew and replaced first.

    Parameters
    ----------
    engine
        The database.
    source
        The chain and its node.
    now
        UTC; when what is read becomes known.
    on_progress
        Called after each window, once it is committed.
    stopped
        Asked before each window, and before anything is sent ahead for it; True ends the job cleanly.

    Raises
    ------
    BudgetExhausted, RpcUnavailable, RpcRejected, WrongChain
        What was committed stays; the next call goes on from there.
    ReorgTooDeep
        The chain contradicts what was committed; it stays until a person has looked.
    """
    try:
        run = Run.begin(engine, source, now)
        run.mend()
        by_index = source.config.index != "none"
        if by_index and wallet_index.is_fresh(engine, source.chain, run.everyone, now):
            return Progress(source.chain.name, total_blocks=0, finished=True)
        gaps = plan_reading(engine, source, now)
        sizes = [len(gap.blocks) * (len(gap.wallets) if by_index else 1) for gap in gaps]
        progress = Progress(source.chain.name, total_blocks=sum(sizes))
        with reading(engine) as connection:
            known = block_store.known(connection, source.chain.chain_id)
        readings = (_by_index if by_index else _by_logs)(run, gaps, known, stopped)
        with WindowWriter(engine, source.meter, source.chain.chain_id, now) as keeper:
            while _keep_some(run, readings, keeper, progress, on_progress):
                pass
        progress.finished = not stopped()
    except Unlinked as error:
        if source.config.confirmations is None:
            raise ReorgTooDeep(
                f"{error}, although both counted as final; reading has stopped and nothing was deleted. Check the node "
                "against a block explorer"
            ) from None
        raise  # the next run rolls back
    finally:
        settle(engine, source.meter, source.chain.chain_id, now=now)
    return progress


@collector_off()
def _keep_some(
    run: "Run", readings: Readings, keeper: WindowWriter, progress: Progress, tell: Callable[[Progress], None]
) -> bool:
    """Keep ``UNCOLLECTED`` windows; False where none is left."""
    return all(_keep_next(run, readings, keeper, progress, tell) for _ in range(UNCOLLECTED))


def _keep_next(
    run: "Run", readings: Readings, keeper: WindowWriter, progress: Progress, tell: Callable[[Progress], None]
) -> bool:
    """Read one window while the one before it is committed, and understand it; False where none is left."""

    def committed() -> None:
        if keeper.end():
            tell(progress)

    if (item := next(readings, None)) is None:
        committed()
        return False
    read_for, found = item
    ready = run.prepare(read_for, found, committed)
    keeper.begin(ready)
    progress.blocks += len(found.blocks) * (1 if run.source.config.index == "none" else len(read_for))
    progress.transactions += len(found.transactions)
    progress.trades += len(ready.meaning.trades)
    progress.requests, progress.refusals = run.source.meter.requests, run.refusals
    return True


def _by_logs(run: "Run", gaps: list[MissingBlocks], known: dict[int, Link], stopped: Callable[[], bool]) -> Readings:
    run.reader.full = proves_all(run.source, sum(len(gap.blocks) for gap in gaps))
    last = max((gap.blocks.last for gap in gaps), default=0)
    for gap in block_ranges.newest_first(gaps, int(PIECE_S / run.source.chain.block_seconds)):
        for found in run.windows(gap, known, tail=last - TAIL + 1, stopped=stopped):
            yield gap.wallets, found


def _by_index(run: "Run", gaps: list[MissingBlocks], known: dict[int, Link], stopped: Callable[[], bool]) -> Readings:
    source = run.source
    with reading(run.engine) as connection:
        starts = wallets.starts(connection, source.chain.chain_id)
    dice = Random(f"{source.chain.chain_id} {run.now}")  # noqa: S311 - where to look, not a secret
    named = wallet_index.Indexed(
        index=source.index or Index(INDEXES[source.config.index], source.node),
        reader=run.reader,
        sampler=index_audit.Sampler(source.node, dice, run.strides),
        chain=source.chain,
        patience=run.patience,
        tail=0 if source.config.confirmations is None else TAIL,
    )
    for found in named.readings(gaps, everyone=run.everyone, starts=starts, known=known):
        yield found
        if stopped():
            return


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of the job: what it asks with, and what it learned of the node."""

    engine: Engine
    source: Source
    now: datetime
    everyone: list[Wallet]  #: to be read on this chain
    reader: WindowReader
    strangers: Strangers
    interpreter: Interpreter
    tracer: Tracer
    strides: dict[str, AdaptiveSize]  #: blocks of a window by endpoint; of a new one under ""
    patience: Retrying
    refusals: int = 0

    @classmethod
    def begin(cls, engine: Engine, source: Source, now: datetime) -> "Run":
        """Begin with everything that earlier runs learned."""
        chain_id = source.chain.chain_id
        pools.forget_refused(engine, source.chain)
        with reading(engine) as connection:
            strides = strides_of(usage.recall(connection, f"step:{chain_id}"))
            tracer = Tracer(offers=not _lately(usage.recall(connection, f"traces:{chain_id}"), now))
            known: dict[str, Fact] = {
                **known_pools(connection, chain_id),
                **placed_orders.placed(connection, chain_id),
            }
            decimals = trade_log.decimals(connection, chain_id)
            bloom = usage.recall(connection, f"bloom:{chain_id}")
            everyone = [each for each in watched(wallets.all_wallets(connection), source.chain) if each.measured(now)]
        strangers = make_strangers(engine, source.chain, source.node, budget=source.meter.limit, now=now)
        usable = True if bloom == USABLE else False if _lately(bloom, now) else None
        return cls(
            engine=engine,
            source=source,
            now=now,
            everyone=everyone,
            reader=WindowReader(
                node=source.node,
                full=proves_all(source, TAIL),
                insist=source.config.verify == "full",
                bloom=usable,
                strangers=strangers,
            ),
            strangers=strangers,
            interpreter=Interpreter(source.node, source.chain, known, tracer, decimals, source.prices),
            tracer=tracer,
            strides=strides,
            # A window is read anew as a whole where an answer is missing or contradicts another one.
            patience=source.node.patience(WINDOW_TRIES),
        )

    def mend(self) -> None:
        """Replace what a reorganisation took back, if blocks are read before they are final."""
        chain_id = self.source.chain.chain_id
        if self.source.config.confirmations is None:
            return
        rollback = self.patience(find_rollback, self.engine, self.source.node, chain_id)
        if rollback is None:
            return
        ready = [
            self.prepare(rollback.gap.wallets, found)
            for found in self.windows(rollback.gap, dict(rollback.known), tail=rollback.ancestor)
        ]
        with writing(self.engine) as connection:
            before = trade_log.known_times(connection)
            until = ready[0].found.first.timestamp
            block_store.roll_back(connection, chain_id, rollback.ancestor, until=until)
            for each in ready:
                store(connection, chain_id, each, now=self.now, known_before=before)

    def windows(
        self, gap: MissingBlocks, known: dict[int, Link], *, tail: int, stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[fetch.WindowResult]:
        """Read a gap window by window, each of which must continue the ``known`` blocks; these grow with it.

        From block ``tail`` on, each header is read if blocks are read before they are final.
        """
        at, self.strangers.nonces.until = gap.blocks.first, gap.blocks.last
        while at <= gap.blocks.last and not stopped():
            in_tail = self.source.config.confirmations is not None and at >= tail
            most = gap.blocks.last
            if self.source.config.confirmations is not None and at < tail:
                most = min(most, tail - 1)
            found = self.patience(self._read_next, gap.wallets, at, most, known, every_link=in_tail, stopped=stopped)
            if found is None:
                self.refusals += 1
                continue
            known |= {link.number: link for link in (found.links[0], found.links[-1])}
            at = found.blocks.last + 1
            yield found

    def _read_next(
        self,
        wallets: frozenset[str],
        at: int,
        most: int,
        known: dict[int, Link],
        *,
        every_link: bool,
        stopped: Callable[[], bool],
    ) -> fetch.WindowResult | None:
        """Read as many blocks as the endpoint whose turn it is takes at once; None where it wants fewer."""
        with self.source.node.window() as endpoint:
            stride = self.strides.setdefault(endpoint, replace(self.strides[""]))
            blocks = self._next_blocks(stride, at, most, every_link=every_link)
            try:
                found = self.reader.read(wallets, blocks, known=known, every_link=every_link)
            except RangeRefused as refusal:
                if len(blocks) == 1:  # there is no less to ask for: it is busy, or another endpoint may take it
                    raise RpcUnavailable(str(refusal)) from None
                stride.refuse(len(blocks), suggested=refusal.suggested)
                return None
            except AnswerTooLarge as error:
                if len(blocks) == 1 or not error.together:
                    raise
                stride.refuse(len(blocks))
                return None
            if len(found.blocks) < len(blocks):
                stride.refuse(len(blocks), suggested=len(found.blocks))
            else:
                stride.agree(len(blocks))
            if found.blocks.last < most and not stopped():
                after = self._next_blocks(stride, found.blocks.last + 1, most, every_link=every_link)
                self.reader.ahead(wallets, after, every_link=every_link)
            return found

    def _next_blocks(self, stride: AdaptiveSize, at: int, most: int, *, every_link: bool) -> BlockRange:
        step = min(stride.step, self.reader.fitting) if self.reader.full or every_link else stride.step
        return BlockRange(at, min(at + step - 1, most))

    def prepare(
        self, wallets: frozenset[str], found: fetch.WindowResult, committed: Callable[[], object] = lambda: None
    ) -> DecodedWindow:
        """Decode and value a window, and doubt its trades: what still has to be asked of the node.

        ``committed`` returns once the windows before are in the database, to which trades are compared.
        """
        meaning = self.interpreter.interpret(found.transactions)
        self.strangers.note(meaning.trades, (*meaning.moves, *found.moves), found.left_out)
        committed()
        suspects = suspect(self.engine, self.source.node, self.source.chain, meaning)
        return DecodedWindow(wallets=wallets, found=found, meaning=meaning, suspects=suspects, learned=self._learned())

    def _learned(self) -> dict[str, str]:
        learned = {"step": steps_memo(self.strides)}
        if not self.tracer.offers:
            learned["traces"] = self.now.isoformat()
        if self.reader.bloom is not None:
            learned["bloom"] = USABLE if self.reader.bloom else self.now.isoformat()
        own = {f"{what}:{self.source.chain.chain_id}": text for what, text in learned.items()}
        return {**own, **memo_of(self.strangers)}


def proves_all(source: Source, blocks: int) -> bool:
    """Whether every block is to be proven by its header."""
    if source.config.verify == "auto":
        every_s, host = source.chain.block_seconds, source.node.host
        return affordable(blocks, block_seconds=every_s, limit=source.meter.limit, host=host)
    return source.config.verify == "full"


def _lately(missing_since: str | None, now: datetime) -> bool:
    """What was missing is asked for again after a while: providers and plans change."""
    return missing_since is not None and now - datetime.fromisoformat(missing_since) <= ASK_AGAIN
