"""What reading costs, before it begins: the backfill, and every day after. Pure.

The arithmetic counts the requests of ``ingest.evm.sync.window_reader``, ``ingest.evm.sync.fetch`` and
``ingest.evm.sync.wallet_index``.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ingest.evm.rpc.budget import units
from ingest.evm.sync import hypersync
from ingest.evm.sync.cross_check import LOOKS
from ingest.evm.sync.fetch import TOPIC_LIMIT
from ingest.evm.sync.header_checks import ENDS, INDEXED, PROVEN, affordable
from ingest.evm.sync.index_audit import SAMPLES
from ingest.evm.sync.reorg import TAIL
from ingest.evm.sync.wallet_index import CHUNK, PAGE, QUESTION
from ingest.evm.sync.window_reader import MOST_HEADERS, SAMPLE_OF
from ingest.evm.sync.window_reader import SAMPLES as BLOCK_SAMPLES

DAY_S = 86_400
MONTH = 30  #: days after the backfill that count when sources are compared
SPEED = 330  #: units a second: the free plan of Alchemy (its documentation, 2026); a better one is quicker

Source = Literal["logs", "index"]
Verify = Literal["auto", "full", "ends"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What one endpoint can do, as ``ingest.evm.sync.capabilities`` found out."""

    endpoint: str  #: its name: the host, numbered where several have the same
    range_cap: int | None  #: most blocks of one ``eth_getLogs``, of those tried; None: it gives no logs
    result_cap: int | None = None  #: most logs of one answer, where a refusal named it
    archive: bool = True  #: old state can be asked for (prices)
    trace: bool = False
    index: str | None = None  #: one of ``ingest.evm.sync.wallet_index.INDEXES``, or ``ingest.evm.sync.hypersync``
    internal: bool = False  #: its index knows of calls inside transactions
    index_endpoint: str | None = None  #: the endpoint that the index is asked at; None: this one
    receipts: bool = True  #: it gives the receipts of whole blocks
    bloom: float | None = None  #: chance that a header cannot deny an address; None: headers without a bloom
    batch: int = 1  #: requests of one HTTP request that it took
    finalized: bool = True  #: it knows the ``finalized`` tag
    others: bool = False  #: there are other endpoints, which have a second look at some windows


def together(endpoints: Sequence[Ability]) -> Ability:
    """What the endpoints of a chain can do: the first one is read from, the first one with an index is asked for it."""
    first = replace(endpoints[0], others=len(endpoints) > 1)
    for each in endpoints:
        if each.index:
            return replace(
                first, index=each.index, internal=each.internal, index_endpoint=each.index_endpoint or each.endpoint
            )
    return first


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a wallet's day on one chain holds."""

    transactions: float  #: in which it took part
    arrivals: float  #: in which strangers sent it something
    calls: float = 1.0  #: other questions (prices, pools, tokens) for each of its transactions


def usual(chains: int) -> Activity:
    """An active trader's day, as long as nothing is known: 900 trades in 180 days, and as many gifts of strangers.

    They are spread over the chains on which the wallet is read.
    """
    return Activity(transactions=5.0 / chains, arrivals=5.0 / chains)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """How often an unattended reading looks for what is new."""

    logs_s: float  #: seconds between two readings
    index_s: float  #: seconds between two questions to an index


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One chain, and what is to be read of it."""

    chain: str
    block_seconds: float
    wallets: int
    gaps: tuple[tuple[int, int], ...]  #: (blocks, wallets) not read yet
    source: Source  #: as configured
    ability: Ability
    activity: Activity
    verify: Verify = "auto"  #: as configured
    confirmed: bool = False  #: blocks are read before they are final, so that headers are kept to roll back by


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Requests by method."""

    requests: Mapping[str, int]
    host: str  #: whose units are counted
    index_host: str  #: the same, of questions to the index

    @property
    def calls(self) -> int:
        """Requests in all."""
        return sum(self.requests.values())

    @property
    def units(self) -> int:
        """Provider units in all."""
        return sum(
            count * units(method, self.index_host if method in (QUESTION, hypersync.QUERY) else self.host)
            for method, count in self.requests.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to read one chain."""

    chain: str
    source: Source
    levels: tuple[str, str]  #: how well the backfill, and every day after, is proven
    backfill: Cost
    daily: Cost  #: every day after
    used: bool  #: the configuration says so

    @property
    def month(self) -> int:
        """Units of the backfill and of a month after it."""
        return self.backfill.units + MONTH * self.daily.units


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every way to read every chain, and whether the configured ones fit into the budget."""

    options: tuple[Option, ...]  #: by chain, cheapest first
    impossible: tuple[str, ...]  #: chains whose configured source their endpoint does not offer
    budget: int  #: units a day
    reserved: int  #: of these, for marks

    @property
    def backfill(self) -> int:
        """Units of the configured backfill, all chains."""
        return sum(option.backfill.units for option in self.options if option.used)

    @property
    def daily(self) -> int:
        """Units of every day after, all chains."""
        return sum(option.daily.units for option in self.options if option.used)

    @property
    def left(self) -> int:
        """Units a day that the days' own reading leaves for the backfill; 0 or less: it can never finish."""
        return self.budget - self.reserved - self.daily

    @property
    def possible(self) -> bool:
        """Whether it can ever finish."""
        return not self.impossible and self.left > 0

    @property
    def seconds(self) -> float | None:
        """Time to the end of the backfill; None: never."""
        if not self.possible:
            return None
        if self.backfill <= self.budget - self.reserved:
            return self.backfill / SPEED
        return self.backfill / self.left * DAY_S


def make_plan(tasks: Iterable[Task], *, polls: Polls, budget: int, reserved: int = 0) -> Plan:
    """Count what each chain costs through each source that its endpoint offers.

    Parameters
    ----------
    budget
        Units of one UTC day.
    reserved
        Those of them that other work may use.
    """
    options: list[Option] = []
    impossible = []
    for task in tasks:
        ways = ways_of(task, polls, budget)
        options += ways
        if not any(way.used for way in ways):
            impossible.append(task.chain)
    return Plan(options=tuple(options), impossible=tuple(impossible), budget=budget, reserved=reserved)


def levels(task: Task, budget: int) -> tuple[str, str]:
    """How well logs would be proven: the backfill, and every day after (``ingest.evm.sync.header_checks``)."""
    if task.verify == "auto":
        reading, host = sum(blocks for blocks, _ in task.gaps), _host(task.ability.endpoint)
        every = [affordable(n, block_seconds=task.block_seconds, limit=budget, host=host) for n in (reading, 0)]
    else:
        every = [task.verify == "full"] * 2
    return PROVEN if every[0] else ENDS, PROVEN if every[1] else ENDS


def ways_of(task: Task, polls: Polls, budget: int) -> list[Option]:
    """Every source that the endpoint offers, cheapest first: by the backfill and a month after it."""
    found, chosen = [], levels(task, budget)
    for pair in dict.fromkeys([(ENDS, ENDS), (PROVEN, PROVEN), chosen]):
        if all(_offers(task.ability, level) for level in pair):
            gaps = [_logs(task, *gap, level=pair[0]) for gap in task.gaps]
            tail = [_tail(task, sum(blocks for blocks, _ in task.gaps), task.wallets, pair[0])]
            day = _logs_day(task, polls, level=pair[1])
            found.append(
                _option(task, "logs", pair, [*gaps, *tail], day, used=task.source == "logs" and pair == chosen)
            )
    if task.ability.index:
        gaps = [_index(task, *gap) for gap in task.gaps]
        tail = [_tail(task, sum(blocks for blocks, _ in task.gaps), task.wallets, INDEXED)]
        day = _index_day(task, polls)
        found.append(_option(task, "index", (INDEXED, INDEXED), [*gaps, *tail], day, used=task.source == "index"))
    return sorted(found, key=lambda option: option.month)


def _offers(ability: Ability, level: str) -> bool:
    if level == PROVEN and ability.bloom is not None:
        return ability.receipts or bool(ability.range_cap)
    return bool(ability.range_cap)


def _option(
    task: Task,
    source: Source,
    pair: tuple[str, str],
    parts: Sequence[dict[str, float]],
    day: dict[str, float],
    *,
    used: bool,
) -> Option:
    ability = task.ability
    return Option(
        chain=task.chain,
        source=source,
        levels=pair,
        backfill=_cost(_sum(parts), ability),
        daily=_cost(day, ability),
        used=used,
    )


def _cost(requests: Mapping[str, float], ability: Ability) -> Cost:
    counted = {method: math.ceil(count) for method, count in sorted(requests.items()) if count}
    host, index = (_host(name) for name in (ability.endpoint, ability.index_endpoint or ability.endpoint))
    return Cost(requests=counted, host=host, index_host=index)


def _host(endpoint: str) -> str:
    return endpoint.partition(" ")[0]


def _sum(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for method, count in part.items():
            total[method] = total.get(method, 0) + count
    return total


def _windows(count: float, wallets: int, size: int) -> dict[str, float]:
    """Windows of logs: from and to each thousand wallets, and the headers of both ends."""
    return {
        "eth_getLogs": count * 2 * math.ceil(wallets / TOPIC_LIMIT),
        "eth_getBlockByNumber": count * min(2, size),
    }


def _finds(transactions: float, arrivals: float, calls: float, *, headers: bool = True) -> dict[str, float]:
    """Fetch and check: a transaction, its receipt and its header; of what strangers sent no receipt."""
    return {
        "eth_getTransactionByHash": transactions + arrivals,
        "eth_getTransactionReceipt": transactions,
        "eth_getBlockByNumber": (transactions + arrivals) * headers,
        "eth_call": transactions * calls,
    }


def _held(task: Task, blocks: int, wallets: int) -> tuple[float, float]:
    """Transactions and arrivals of a gap."""
    days = blocks * task.block_seconds / DAY_S * wallets
    return days * task.activity.transactions, days * task.activity.arrivals


def _logs(task: Task, blocks: int, wallets: int, *, level: str, windows: float | None = None) -> dict[str, float]:
    """``windows``: into how many the blocks are divided by being read bit by bit; None: all at once."""
    ability, held = task.ability, _held(task, blocks, wallets)
    proven = level == PROVEN and ability.bloom is not None
    found = _finds(*held, task.activity.calls, headers=not proven)
    if proven:
        return _sum(
            [found, {"eth_getBlockByNumber": blocks}, _whole_blocks(ability, _suspects(ability, blocks, wallets, held))]
        )
    every_header = level == PROVEN
    size = max(1, min(ability.range_cap or 1, blocks, MOST_HEADERS if every_header else blocks))
    count = math.ceil(blocks / size) if windows is None else windows * math.ceil(max(1.0, blocks / windows) / size)
    sampled = count * min(BLOCK_SAMPLES, blocks / count / SAMPLE_OF)
    samples = _sum([{"eth_getBlockByNumber": sampled}, _whole_blocks(ability, sampled)])
    again = _windows(count / LOOKS, wallets, 1) if ability.others and min(size, blocks / count) > 1 else {}
    every = {"eth_getBlockByNumber": blocks * every_header}
    return _sum([_windows(count, wallets, size), found, samples, again, every])


def _suspects(ability: Ability, blocks: int, wallets: int, held: tuple[float, float]) -> float:
    """Blocks that their headers do not clear: those with finds, and by chance."""
    chance = 1 - (1 - (ability.bloom or 0.0)) ** wallets
    return blocks * chance + sum(held) * (1 - chance)


def _whole_blocks(ability: Ability, count: float) -> dict[str, float]:
    """All logs of some blocks."""
    return {"eth_getBlockReceipts" if ability.receipts else "eth_getLogs": count}


def _tail(task: Task, blocks: float, wallets: int, level: str) -> dict[str, float]:
    """Headers of the newest blocks, where a rollback may need them: they are read apart."""
    if not task.confirmed or level == PROVEN:
        return {}
    apart = _windows(1, wallets, 2) if level == ENDS and blocks > TAIL else {}
    return _sum([{"eth_getBlockByNumber": min(TAIL, blocks)}, apart])


def _index(task: Task, blocks: int, wallets: int, *, polls: int = 1, together: bool = False) -> dict[str, float]:
    """``polls`` readings that share the blocks; ``together``: all wallets are fetched and sampled at once."""
    if not wallets:
        return {}
    transactions, arrivals = _held(task, blocks, wallets)
    lists = polls * wallets
    question, through = QUESTION, 0
    if task.ability.index == hypersync.NAME:
        question, through = hypersync.QUERY, (blocks // polls) // hypersync.BLOCKS
    pages = lists * (_pages(transactions / lists) + _pages((transactions + arrivals) / lists) + 2 * through)
    groups = polls if together else wallets
    chunks = groups * max(1, math.ceil(transactions / groups / CHUNK))
    fetched = 0.0 if task.ability.internal else arrivals
    ends = {"eth_getBlockByNumber": chunks * 2.0}
    # What the windows show and the index did not name is fetched: one transaction of each chunk, to be careful.
    again = _finds(min(chunks, transactions), 0, 0)
    sampled = _windows(chunks * SAMPLES, 1 if not together else wallets, 2) if task.ability.range_cap else {}
    found = _finds(transactions, fetched, task.activity.calls)
    return _sum([{question: pages}, ends, sampled, again if sampled else {}, found])


def _pages(rows: float) -> int:
    return max(1, math.ceil(rows / PAGE))


def _logs_day(task: Task, polls: Polls, *, level: str) -> dict[str, float]:
    blocks, times = DAY_S / task.block_seconds, DAY_S / polls.logs_s
    found = _logs(task, math.ceil(blocks), task.wallets, level=level, windows=times)
    tails = {method: times * count for method, count in _tail(task, blocks / times, task.wallets, level).items()}
    return _sum([_head(task, times), _mend(task, times), found, tails])


def _index_day(task: Task, polls: Polls) -> dict[str, float]:
    blocks, times = math.ceil(DAY_S / task.block_seconds), max(1, round(DAY_S / polls.index_s))
    found = _index(task, blocks, task.wallets, polls=times, together=True)
    return _sum(
        [_head(task, times), _mend(task, DAY_S / polls.logs_s), found, _tail(task, blocks, task.wallets, INDEXED)]
    )


def _head(task: Task, times: float) -> dict[str, float]:
    return {"eth_blockNumber" if task.confirmed else "eth_getBlockByNumber": times, "eth_chainId": times}


def _mend(task: Task, times: float) -> dict[str, float]:
    """Whether the newest block that was read is still part of the chain."""
    return {"eth_getBlockByNumber": times * task.confirmed}


def with_ranges(task: Task, blocks: int) -> Task:
    """The same task at an endpoint that allows such ranges."""
    return replace(task, source="logs", ability=replace(task.ability, range_cap=blocks))


def with_index(task: Task, index: str) -> Task:
    """The same task at an endpoint with a wallet index."""
    ability = task.ability if task.ability.index else replace(task.ability, index=index, internal=True)
    return replace(task, source="index", ability=ability)
