"""Look for the reason why a flagged wallet has gone quiet: once for each flag, and only looked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from eth_utils.address import is_address
from sqlalchemy import Connection, Engine

from alerts.messages.card import gone_quiet
from alerts.messages.silence import CROWD
from alerts.types import Flag
from ingest.errors import IngestError, RpcRejected
from ingest.evm.interpret import Interpreter
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.lookup.traces import Tracer
from ingest.evm.movements.outgoing_transfers import sendings_of
from ingest.evm.survey.address_activity import COIN, balances, is_contract, sent_since, trades_in
from ingest.evm.sync import fetch
from ingest.types import Chain, Sending
from metrics.outflows import moved_out
from metrics.types import ChainUse, MovedOut, Silence, Unit
from watcher.jobs.sync.ingest import Source, watched
from watcher.jobs.sync.round_robin import contained
from watcher.jobs.sync.spending import settle
from watcher.record.accounts import Account, read_accounts
from watcher.store import flag_log, outbox, trade_log, wallets
from watcher.store.pools import known_pools
from watcher.store.sql.database import reading, writing

BEFORE: Final = timedelta(days=7)  #: how long before the silence a transfer out may have come
PATIENCE: Final = timedelta(days=1)  #: after the flag; what a node has not answered until then stays unknown
T = TypeVar("T")

log = structlog.get_logger()


def silence_due(engine: Engine) -> list[Flag]:
    """Open flags of wallets that have gone quiet, for which nobody has looked for a reason yet."""
    with reading(engine) as connection:
        return [flag for flag in flag_log.unexplained(connection) if gone_quiet(flag.evidence)]


def silence_once(
    engine: Engine, sources: Sequence[Source], *, chains: Mapping[int, Chain], unit: Unit | None, now: datetime
) -> int:
    """Write what is found about each of them, and let cards that were sent already show it; returns how many.

    What went out is known from the stored transactions; nonces, balances and what the other address did since are asked
    of the nodes. Where a node does not answer, the flag waits for the next run, for `PATIENCE`.

    Parameters
    ----------
    sources
        Every chain of the configuration, metered.
    chains, unit
        As in ``assess_once``.
    now
        UTC.

    Raises
    ------
    BudgetExhausted
        What was written stays; the next call goes on from there.
    """
    done = 0
    for flag in silence_due(engine):
        look = _Look(engine=engine, flag=flag, now=now)
        with reading(engine) as connection:
            account = look.account(connection, chains, unit)
        if account is None:
            continue
        try:
            found = look.silence(account, sources)
        except IngestError as error:
            log.warning("silence_not_looked_into", flag=flag.flag_id, problem=str(error))
            continue
        with writing(engine) as connection:
            flag_log.add_silence(connection, flag.flag_id, found)
            outbox.show_decided(connection, flag.flag_id, now)
        done += 1
    return done


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One flag, looked into."""

    engine: Engine
    flag: Flag
    now: datetime

    def account(self, connection: Connection, chains: Mapping[int, Chain], unit: Unit | None) -> Account | None:
        """The wallet's record; None where it is not on the list any more, or never traded."""
        wallet = wallets.find(connection, self.flag.wallet)
        if wallet is None:
            return None
        [account] = read_accounts(connection, [wallet], chains, unit=unit)
        return account if account.activity else None

    def silence(self, account: Account, sources: Sequence[Source]) -> Silence:
        """All that can be found."""
        last = datetime.fromtimestamp(max(each.timestamp or 0 for each in account.activity), UTC)
        began = self.flag.evidence.since
        since = min(last, datetime.combine(began, time(), tzinfo=UTC)) if began else last
        with reading(self.engine) as connection:
            sendings = _sendings(connection, account, since - BEFORE)
            covered = {
                item.chain_id: item.last_block
                for item in trade_log.coverages(connection)
                if item.wallet == account.wallet.address
            }
        # A wallet from a file may be no address that a node could be asked about.
        asked = sources if is_address(account.wallet.address) else ()
        uses = {
            source.chain.chain_id: self._use(source, account, since, covered.get(source.chain.chain_id))
            for source in asked
        }
        moved = moved_out(
            account.entries,
            account.moves,
            sendings,
            coins={
                chain_id: int(COIN * max(use.coin_before or 0, use.coin_now or 0)) for chain_id, use in uses.items()
            },
            wrapped={source.chain.chain_id: source.chain.wrapped_native for source in sources},
        )
        later = [move for move in account.moves if (move.timestamp or 0) > since.timestamp()]
        there = self._there(moved, sources) if moved is not None else {}
        return Silence(
            at=self.now,
            since=since,
            came=len({(move.chain_id, move.tx_hash) for move in later if move.amount_raw > 0}),
            went=len({(move.chain_id, move.tx_hash) for move in later if move.amount_raw < 0}),
            moved=moved,
            chains=tuple(uses.values()),
            **there,
        )

    def _use(self, source: Source, account: Account, since: datetime, covered: int | None) -> ChainUse:
        """What the wallet did on one chain, as far as its trades there were read, or up to now."""
        chain, node, address = source.chain, source.node, account.wallet.address
        mine = [trade for trade in account.verified if trade.chain_id == chain.chain_id]
        last = max(mine, key=lambda trade: trade.timestamp or 0, default=None)

        def ask() -> tuple[int | None, int | None, int | None]:
            end = covered if covered is not None else fetch.head(node, confirmations=source.config.confirmations)
            if last is not None and last.timestamp == int(since.timestamp()):
                begin = last.block_number
            else:
                begin = max(0, fetch.block_at(node, int(since.timestamp()), last=end) - 1)
            # What its trades there spent is no mystery: only what the native coin did after the last of them counts.
            after_trades = begin if last is None else min(end, max(begin, last.block_number))
            return sent_since(node, address, begin, end), *balances(node, address, after_trades, end)

        sent, before, after = self._ask(source, ask) or (None, None, None)
        later = sum((trade.timestamp or 0) > since.timestamp() for trade in mine)
        return ChainUse(
            chain=chain.name,
            trades=later if watched([account.wallet], chain) else None,
            sent=sent,
            coin=chain.native_symbol,
            coin_before=None if before is None else before / COIN,
            coin_now=None if after is None else after / COIN,
        )

    def _there(self, moved: MovedOut, sources: Sequence[Source]) -> dict[str, Any]:
        """What the other address is, and what it did since: from the store if it is watched, else from the nodes."""
        with reading(self.engine) as connection:
            known = wallets.find(connection, moved.to)
            if known is not None and known.unfollowed_at is None:
                begin = moved.first_at.timestamp()
                trades = [trade for trade, _, _ in trade_log.trades(connection, moved.to)]
                later = [trade for trade in trades if (trade.timestamp or 0) > begin]
                count = sum(trade.counts for trade in later)
                return {"contract": False, "listed": True, "trades_there": count}
            pools = {chain_id: known_pools(connection, chain_id) for chain_id, _ in moved.starts}
            decimals = {chain_id: trade_log.decimals(connection, chain_id) for chain_id, _ in moved.starts}
        by_chain = {source.chain.chain_id: source for source in sources}
        answers: list[tuple[bool | None, int | None, int | None]] = []
        for chain_id, block in moved.starts:
            source = by_chain.get(chain_id)
            if source is None:
                answers.append((None, None, None))
                continue
            interpreter = Interpreter(
                source.node, source.chain, dict(pools[chain_id]), Tracer(offers=False), decimals[chain_id]
            )
            found = self._ask(source, partial(_footprint, source, interpreter, moved.to, block))
            answers.append(found or (None, None, None))
        codes = [code for code, _, _ in answers]
        return {
            "contract": True if True in codes else None if None in codes else False,
            "sent_there": _sum(sent for _, sent, _ in answers),
            "trades_there": _sum(trades for _, _, trades in answers),
        }

    def _ask(self, source: Source, question: Callable[[], T]) -> T | None:
        """Ask a node; None for what it refuses, or has not answered for too long."""
        try:
            with contained(source):
                return question()
        except RpcRejected:
            return None
        except IngestError:
            if self.now < self.flag.opened_at + PATIENCE:
                raise
            return None
        finally:
            settle(self.engine, source.meter, source.chain.chain_id, now=self.now)


def _footprint(
    source: Source, interpreter: Interpreter, address: str, block: int
) -> tuple[bool | None, int | None, int | None]:
    """Whether an address is a contract, what it sent, and how often it traded, since a block."""
    node = source.node
    head = fetch.head(node, confirmations=source.config.confirmations)
    contract, sent = is_contract(node, address, head), sent_since(node, address, block - 1, head)
    if contract or (sent is not None and sent > CROWD):
        return contract, sent, None
    return contract, sent, trades_in(interpreter, address, BlockRange(block, head))


def _sum(numbers: Iterable[int | None]) -> int | None:
    """Their sum; None where one is not known."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


def _sendings(connection: Connection, account: Account, since: datetime) -> list[Sending]:
    """What the wallet sent away since a time, and to whom."""
    begin = int(since.timestamp())
    gone: dict[tuple[int, str], set[str]] = {}
    for move in account.moves:
        if move.amount_raw < 0 and (move.timestamp or 0) >= begin:
            gone.setdefault((move.chain_id, move.tx_hash), set()).add(move.token)
    if not gone:
        return []
    wallet = account.wallet.address
    return [
        sending
        for chain_id, raw, _ in trade_log.raw_transactions(connection, wallet, since=begin)
        for sending in sendings_of(raw, wallet, chain_id, gone.get((chain_id, raw.tx_hash), set()))
    ]
