"""Read what is missing of one chain, and commit it window by window."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from ingest import read, windows
from ingest.budget import Meter
from ingest.decode import VERSION as DECODER_VERSION
from ingest.errors import RangeRefused
from ingest.interpret import Interpreter
from ingest.price_file import PriceFile
from ingest.rpc import Node
from ingest.stride import Stride
from ingest.traces import Tracer
from ingest.types import Chain
from ingest.windows import BlockRange, Gap
from watcher.config import ChainConfig
from watcher.jobs.spending import record, settle
from watcher.jobs.suspect import suspect
from watcher.store import ledger, meters, suspicion, wallets
from watcher.store.database import reading, writing
from watcher.types import Coverage, TokenInfo, Wallet

WINDOW_TRIES = 6
TRACES_AGAIN = timedelta(days=7)
LEVEL = "ends"  #: how well coverage is proven: headers of the window's ends and of every block with a find


@dataclass(slots=True)
class Progress:
    """How far a reading has come; handed to ``on_progress`` after each window."""

    chain: str
    total_blocks: int  #: of all gaps, each counted once
    blocks: int = 0
    transactions: int = 0
    trades: int = 0
    requests: int = 0
    refusals: int = 0  #: windows that the node wanted smaller


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One chain as it is read: what it is, how it is configured, and the node."""

    chain: Chain
    config: ChainConfig
    node: Node
    meter: Meter
    prices: PriceFile | None = None  #: the user's own


def watched(everyone: Iterable[Wallet], chain: Chain) -> list[Wallet]:
    """The wallets to be read on a chain."""
    return [wallet for wallet in everyone if wallet.chains is None or chain.name in wallet.chains]


def plan_reading(engine: Engine, source: Source, now: datetime) -> list[Gap]:
    """Which blocks are still missing, up to the last block that is final; fixes where new wallets begin."""
    chain, config = source.chain, source.config
    with reading(engine) as connection:
        addresses = [wallet.address for wallet in watched(wallets.all_wallets(connection), chain)]
        starts = wallets.starts(connection, chain.chain_id)
        covered = ledger.covered_blocks(connection, chain.chain_id)
    if not addresses:
        return []
    last = read.head(source.node, confirmations=config.confirmations)
    if new := [address for address in addresses if address not in starts]:
        begin = config.from_block
        if begin is None:
            begin = read.block_at(source.node, int((now - config.history_span).timestamp()), last=last)
        fixed = dict.fromkeys(new, begin)
        with writing(engine) as connection:
            wallets.set_starts(connection, chain.chain_id, fixed)
        starts |= fixed
    wanted = {address: BlockRange(starts[address], last) for address in addresses if starts[address] <= last}
    return windows.plan(wanted, covered)


def ingest_once(
    engine: Engine,
    source: Source,
    *,
    now: datetime,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Progress:
    """Read every gap of one chain. Raw transactions, trades, valuations and coverage commit together, per window.

    Parameters
    ----------
    engine
        The database.
    source
        The chain and its node.
    now
        UTC; when what is read becomes known.
    on_progress
        Called after each window.
    stopped
        Asked before each window; True ends the job cleanly.

    Raises
    ------
    BudgetExhausted, RpcUnavailable, RpcRejected, WrongChain
        What was committed stays; the next call goes on from there.
    """
    step_memo, trace_memo = f"step:{source.chain.chain_id}", f"traces:{source.chain.chain_id}"
    try:
        # A window is read anew as a whole where an answer is missing or contradicts another one.
        patience = source.node.patience(WINDOW_TRIES)
        gaps = plan_reading(engine, source, now)
        with reading(engine) as connection:
            strides = _strides(meters.recall(connection, step_memo))
            tracer = Tracer(offers=_may_trace(meters.recall(connection, trace_memo), now))
            known = ledger.pools(connection, source.chain.chain_id)
            decimals = ledger.decimals(connection, source.chain.chain_id)
        interpreter = Interpreter(source.node, source.chain, known, tracer, decimals, source.prices)
        progress = Progress(source.chain.name, total_blocks=sum(len(gap.blocks) for gap in gaps))
        for gap in gaps:
            at = gap.blocks.first
            while at <= gap.blocks.last and not stopped():
                found = patience(_read_next, source.node, gap, at, strides)
                if found is None:
                    progress.refusals += 1
                    continue
                memos = {step_memo: json.dumps({name: each.step for name, each in strides.items() if name})}
                memos |= {} if tracer.offers else {trace_memo: now.isoformat()}
                trades = _commit(engine, source, gap, found, interpreter, now=now, memos=memos)
                blocks = found.blocks
                at = blocks.last + 1
                progress.blocks += len(blocks)
                progress.transactions += len(found.transactions)
                progress.trades += trades
                progress.requests = source.meter.requests
                on_progress(progress)
    finally:
        settle(engine, source.meter, source.chain.chain_id, now=now)
    return progress


def _strides(memo: str | None) -> dict[str, Stride]:
    """Blocks of one request by endpoint, as last learned."""
    learned = json.loads(memo or "{}")
    if not isinstance(learned, dict):  # one number, from when there was one endpoint
        learned = {"": learned}
    steps = {"": windows.FIRST_STEP, **learned}
    return {name: Stride(step, windows.LARGEST_STEP) for name, step in steps.items()}


def _read_next(node: Node, gap: Gap, at: int, strides: dict[str, Stride]) -> read.Reading | None:
    """Read as many blocks as the endpoint whose turn it is takes at once; None where it wants fewer."""
    with node.window() as endpoint:
        stride = strides.setdefault(endpoint, replace(strides[""]))
        blocks = BlockRange(at, min(at + stride.step - 1, gap.blocks.last))
        try:
            found = read.read_window(node, gap.wallets, blocks)
        except RangeRefused as refusal:
            if len(blocks) == 1:
                raise
            stride.refuse(len(blocks), suggested=refusal.suggested)
            return None
        stride.agree(len(blocks))
        return found


def _commit(
    engine: Engine,
    source: Source,
    gap: Gap,
    found: read.Reading,
    interpreter: Interpreter,
    *,
    now: datetime,
    memos: Mapping[str, str],
) -> int:
    chain = source.chain
    meaning = interpreter.interpret(found.transactions)
    suspects = suspect(engine, source.node, chain, meaning)
    named = [
        TokenInfo(chain_id=chain.chain_id, address=address, symbol=symbol, decimals=decimals)
        for address, (symbol, decimals) in meaning.tokens.items()
    ]
    first_at, last_at = (datetime.fromtimestamp(ref.timestamp, UTC) for ref in (found.first, found.last))
    with writing(engine) as connection:
        ledger.add_raw(connection, chain.chain_id, found.transactions, meaning.internals)
        ledger.add_trades(connection, meaning.trades, decoder=DECODER_VERSION, known_at=now)
        ledger.add_moves(connection, (*meaning.moves, *found.moves))
        ledger.add_feed_prices(connection, chain.chain_id, meaning.fed)
        ledger.add_valuations(connection, meaning.valuations)
        suspicion.add_provisions(connection, chain.chain_id, suspects.provisions)
        suspicion.add(connection, suspects.suspicions)
        ledger.add_pools(connection, chain.chain_id, meaning.facts)
        ledger.add_tokens(connection, named)
        ledger.add_coverage(
            connection,
            (
                Coverage(
                    chain_id=chain.chain_id,
                    wallet=wallet,
                    first_block=found.blocks.first,
                    last_block=found.blocks.last,
                    first_at=first_at,
                    last_at=last_at,
                    level=LEVEL,
                )
                for wallet in sorted(gap.wallets)
            ),
        )
        for key, text in memos.items():
            meters.remember(connection, key, text)
        record(connection, source.meter, chain.chain_id, now=now)
    return len(meaning.trades)


def _may_trace(none_since: str | None, now: datetime) -> bool:
    """A node that had no traces is asked again after a week: providers and plans change."""
    return none_since is None or now - datetime.fromisoformat(none_since) > TRACES_AGAIN
