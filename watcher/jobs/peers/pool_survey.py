"""Sample the swaps in the pools that followed wallets used when their record began, for a cost that is known before."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from statistics import median_low
from typing import Any

from sqlalchemy import Connection, Engine

from ingest.errors import RangeRefused, RpcUnavailable
from ingest.evm.logs import block_ranges
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.json_codec import raw_logs
from ingest.evm.logs.logs import number
from ingest.evm.pricing.valuation import quote_tokens
from ingest.evm.rpc.adaptive_size import AdaptiveSize, strides_of
from ingest.evm.rpc.answer_checks import account, hash32, well_formed
from ingest.evm.rpc.budget import units
from ingest.evm.rpc.node import Request
from ingest.evm.survey import pool_swaps
from ingest.evm.survey.pool_swaps import Key, SampledSwap, SwapPool
from ingest.types import Chain, RawTransaction
from metrics.peers.sampled_style import DAY_S, BlockClock, share_needed
from watcher.jobs.sync.ingest import WINDOW_TRIES, Source, watched
from watcher.jobs.sync.spending import settle
from watcher.store import trade_log, usage, wallets
from watcher.store.pools import known_pools
from watcher.store.sql.database import reading
from watcher.types import Role

PURPOSE = "peers"  #: under which its requests are metered
POOLS = 50  #: the most used ones
WANTED = 30  #: trades of the median followed wallet in the sample: a pace good to 1 / sqrt(30), about a fifth
FEWEST_WINDOWS = 60  #: so that hardly a day of two months is missed
PILOT_WINDOWS, PILOT_SHARE = 20, 0.05  #: read first, whichever is more: they tell what the rest costs
PILOT_BUDGET = 0.25  #: of what is left of the day's: what costs more ends there, and is an estimate all the same
SIGNED = frozenset(range(5))  #: types of transactions that a key signs (EIP-2718, -2930, -1559, -4844, -7702)
OVER = 1.1  #: times the estimate: there the reading ends, with what it has


@dataclass(slots=True, kw_only=True)
class Survey:
    """The sample of one chain: what is to be read of it, and what was."""

    engine: Engine
    source: Source
    now: datetime
    places: Mapping[Key, SwapPool]
    windows: list[BlockRange]  #: any beginning of them is spread evenly
    own: list[tuple[str, SampledSwap]]  #: of the followed wallets, by their stored records, in all blocks
    clock: BlockClock
    strides: dict[str, AdaptiveSize]
    read: int = 0  #: windows, of the beginning
    spent: int = 0  #: units
    found: list[tuple[str, SampledSwap]] = field(default_factory=list)  #: with who sent it

    @property
    def sampled(self) -> list[BlockRange]:
        """The windows that were read."""
        return self.windows[: self.read]

    def pilot(self) -> int:
        """Read the first windows; the units that all of them cost, those spent included.

        Raises
        ------
        BudgetExhausted, RpcUnavailable, RpcRejected, RangeRefused, WrongChain
        """
        left = self.source.meter.limit - self.source.meter.spent
        first = min(len(self.windows), max(PILOT_WINDOWS, ceil(PILOT_SHARE * len(self.windows))))
        self.go_on(until=first, most=PILOT_BUDGET * left)
        return ceil(self.spent / max(1, self.read) * len(self.windows))

    def go_on(self, *, until: int | None = None, most: float | None = None) -> None:
        """Read on, up to a number of windows, or until so many units are spent: what was read is spread evenly still.

        Raises
        ------
        BudgetExhausted, RpcUnavailable, RpcRejected, RangeRefused, WrongChain
            What was read stays.
        """
        meter = self.source.meter
        try:
            for window in self.windows[self.read : until]:
                if most is not None and self.spent >= most:
                    break
                before = meter.spent
                try:
                    self.found += self.source.node.patience(WINDOW_TRIES)(self._read, window)
                finally:
                    self.spent += max(0, meter.spent - before)  # less: a new day's budget has begun
                self.read += 1
        finally:
            settle(self.engine, meter, self.source.chain.chain_id, now=self.now, purpose=PURPOSE)

    def _read(self, window: BlockRange) -> list[tuple[str, SampledSwap]]:
        found, at, node, quotes = [], window.first, self.source.node, quote_tokens(self.source.chain)
        with node.window() as endpoint:
            stride = self.strides.setdefault(endpoint, replace(self.strides[""]))
            while at <= window.last:
                part = BlockRange(at, min(at + stride.step - 1, window.last))
                try:
                    answers = node.batch(pool_swaps.requests(self.places, part))
                    found += pool_swaps.sightings(answers, self.places, quotes, part)
                except RangeRefused as refusal:
                    if len(part) == 1:
                        raise
                    stride.refuse(len(part), suggested=refusal.suggested)
                    continue
                stride.agree(len(part))
                at = part.last + 1
            senders = self._senders(found)
        return [(sender, seen) for seen in found if (sender := senders[seen.tx_hash]) is not None]

    def _senders(self, found: list[SampledSwap]) -> dict[str, str | None]:
        """Transaction to the person who sent it, None where that may be no person."""
        asked = questions(found, self.source.node.host)
        senders: dict[str, str | None] = {}
        for answer in self.source.node.batch(asked, required=("hash",)):
            with well_formed("transactions"):
                sent = answer.get("transactions", [answer])
                senders |= {hash32(one["hash"]): _person(one) for one in sent}
        if any(seen.tx_hash not in senders for seen in found):
            raise RpcUnavailable("the node shows swaps of transactions that it does not have")
        return senders


def questions(found: Iterable[SampledSwap], host: str) -> list[Request]:
    """How to ask who sent the transactions: a block as a whole where that costs less than one by one."""
    by_block: dict[int, set[str]] = {}
    for seen in found:
        by_block.setdefault(seen.block, set()).add(seen.tx_hash)
    whole, single = units("eth_getBlockByNumber", host), units("eth_getTransactionByHash", host)
    asked: list[Request] = []
    for block, names in sorted(by_block.items()):
        if whole < single * len(names):
            asked.append(("eth_getBlockByNumber", [hex(block), True]))
        else:
            asked += [("eth_getTransactionByHash", [name]) for name in sorted(names)]
    return asked


def _person(transaction: Mapping[str, Any]) -> str | None:
    """Who sent a transaction, where its type says that a key signed it.

    Whoever has code of its own cannot send one of these (EIP-3607); accounts that lend themselves code (EIP-7702) can,
    and are people. What other types hold, a message from another chain for example, may come from a contract.
    """
    sender = account(transaction["from"])
    return sender if number(transaction.get("type", "0x0")) in SIGNED else None


def begin(engine: Engine, source: Source, *, days: int, now: datetime) -> Survey | None:
    """Choose the pools and the windows to sample, from the stored records; the node is only asked which one it is.

    Parameters
    ----------
    engine
        The database.
    source
        The chain and its node.
    days
        How much of the beginning of the records to sample; it begins where the median one does.
    now
        UTC.

    Returns
    -------
    Survey or None
        None where no followed wallet has enough verified trades in pools there.
    """
    chain, quotes = source.chain, quote_tokens(source.chain)
    with reading(engine) as connection:
        everyone = watched(wallets.all_wallets(connection), chain)
        followed = {each.address for each in everyone if each.role is Role.FOLLOWED and each.unfollowed_at is None}
        records = list(_beginning(connection, followed, chain, days))
        known = known_pools(connection, chain.chain_id)
        strides = strides_of(usage.recall(connection, f"step:{chain.chain_id}"))
    uses = [
        # Not what others had swapped in the same settlement.
        [use for use in pool_swaps.uses_in(raw.receipt, chain, known) if any(not legs.isdisjoint(p) for p in use.pairs)]
        for _, raw, legs in records
    ]
    places = pool_swaps.most_used(uses, quotes, POOLS)
    own = [
        (wallet, seen)
        for wallet, raw, legs in records
        for log in raw_logs(raw.receipt.get("logs"))
        if log is not None
        and (seen := pool_swaps.sighting(log, raw.block.number, raw.tx_hash, places, quotes)) is not None
        and not legs.isdisjoint(seen.assets)
    ]
    trades: dict[str, set[str]] = {}
    for wallet, seen in own:
        trades.setdefault(wallet, set()).add(seen.tx_hash)
    share = share_needed(map(len, trades.values()), wanted=WANTED)
    if share is None:
        return None
    numbers = [raw.block.number for _, raw, _ in records]
    span = BlockRange(min(numbers), max(numbers))
    with source.node.window() as endpoint:
        step = strides.get(endpoint, strides[""]).step
    total = ceil(share * len(span))
    return Survey(
        engine=engine,
        source=source,
        now=now,
        places=places,
        windows=block_ranges.spread(span, size=max(1, min(step, total // FEWEST_WINDOWS)), total=total),
        own=own,
        clock=BlockClock((raw.block.number, raw.block.timestamp) for _, raw, _ in records),
        strides=strides,
    )


def _beginning(
    connection: Connection, followed: set[str], chain: Chain, days: int
) -> Iterator[tuple[str, RawTransaction, set[str]]]:
    """The raw transactions behind the verified trades of some wallets, from the median beginning on for some days.

    Each with the assets that the wallet traded in it.
    """
    traded: dict[tuple[str, str], set[str]] = {}
    starts: dict[str, int] = {}
    for trade, *_ in trade_log.trades(connection):
        if trade.chain_id != chain.chain_id or trade.wallet not in followed or trade.timestamp is None:
            continue
        if trade.counts:
            legs = {leg.token for leg in trade.sold + trade.bought} - quote_tokens(chain).keys()
            key = (trade.wallet, trade.tx_hash)
            traded[key] = traded.get(key, set()) | legs
            starts[trade.wallet] = min(trade.timestamp, starts.get(trade.wallet, trade.timestamp))
    if not starts:
        return
    first = median_low(starts.values())
    for wallet in sorted(starts):
        for chain_id, raw, _ in trade_log.raw_transactions(connection, wallet, since=first):
            legs = traded.get((wallet, raw.tx_hash), set())
            if chain_id == chain.chain_id and legs and raw.block.timestamp < first + days * DAY_S:
                yield wallet, raw, legs
