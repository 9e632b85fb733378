"""The first days of a user with a free plan: what is read, what it costs, and whether the plan said so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ingest.errors import BudgetExhausted, RpcUnavailable
from ingest.evm import chains
from ingest.evm.rpc.budget import Meter
from ingest.evm.sync.capabilities import probe
from ingest.evm.sync.cost_model import Activity, Polls, Task, make_plan
from metrics.types import State
from tests.fakes.simulated import HOST, SimulatedNode
from watcher.cli.shared.planning import remember_steps
from watcher.config.settings import ChainConfig, DetectionConfig
from watcher.jobs.review.assess import assess_once
from watcher.jobs.sync.ingest import Progress, Source, ingest_once, plan_reading
from watcher.jobs.sync.round_robin import take_turns
from watcher.jobs.sync.wallet_index import POLL_S
from watcher.store import flag_log, trade_log, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import Wallet

NOW = datetime(2026, 6, 1, tzinfo=UTC)
POLLS = Polls(logs_s=14_400, index_s=POLL_S)
BUDGET = 300_000


class World:
    """Some wallets on some chains, and a database that reads them."""

    def __init__(self, path, names, *, count, days, a_day, index, budget, max_range=10, busy=0, block_s=None, **table):
        self.now, self.days, self.a_day = NOW, days, a_day
        self.first_at = None  # units spent when the first wallet was whole
        self.engine = database.connect(f"sqlite:///{path}")
        database.prepare(self.engine)
        addresses = [f"0x{number:040x}" for number in range(0xABC000, 0xABC000 + count)]
        with writing(self.engine) as connection:
            for address in addresses:
                wallets.add(connection, Wallet(address=address, followed_since=NOW - timedelta(days=30), added_at=NOW))
        self.meter = Meter(spent=0, limit=budget)
        self.sources = []
        for name in names:
            chain = chains.by_name(name)
            chain = replace(chain, block_seconds=block_s or chain.block_seconds)
            config = ChainConfig(
                name=name,
                chain_id=chain.chain_id,
                rpc_urls=["http://127.0.0.1:1"],
                history=f"{days}d",
                index="alchemy" if index else "none",
                **table,
            )
            node = SimulatedNode(
                chain,
                addresses,
                begin=int((NOW - timedelta(days=days + 1)).timestamp()),
                now=int(NOW.timestamp()),
                every_s=int(86_400 / a_day),
                max_range=max_range,
                busy=busy,
                meter=self.meter,
            )
            self.sources.append(Source(chain=chain, config=config, node=node, meter=self.meter))

    def move_on(self, seconds):
        self.now += timedelta(seconds=seconds)
        for source in self.sources:
            source.node.now = int(self.now.timestamp())

    def tasks(self):
        found = []
        for source in self.sources:
            ability = probe(source.node, source.chain, endpoint=HOST, history_s=self.days * 86_400)
            remember_steps(self.engine, source, [ability])
            gaps = plan_reading(self.engine, source, self.now)
            found.append(
                Task(
                    chain=source.chain.name,
                    block_seconds=source.chain.block_seconds,
                    wallets=len(source.node.wallets),
                    gaps=tuple((len(gap.blocks), len(gap.wallets)) for gap in gaps),
                    source="logs" if source.config.index == "none" else "index",
                    ability=ability,
                    activity=Activity(transactions=self.a_day, arrivals=self.a_day),
                    verify=source.config.verify,
                    confirmed=source.config.confirmations is not None,
                )
            )
        return found

    def read(self):
        for _, done in take_turns(
            self.sources,
            lambda source, stopped: ingest_once(
                self.engine, source, now=self.now, stopped=stopped, on_progress=self._note
            ),
        ):
            if isinstance(done, Exception):
                raise done

    def _note(self, _progress):
        if self.first_at is None and self.whole():
            self.first_at = self.meter.spent

    def whole(self):
        """The wallets whose history is read on every chain."""
        with reading(self.engine) as connection:
            starts = {s.chain.chain_id: wallets.starts(connection, s.chain.chain_id) for s in self.sources}
            covered = {(item.chain_id, item.wallet): item.first_block for item in trade_log.coverages(connection)}
        return [
            wallet
            for wallet in self.sources[0].node.wallets
            if all(covered.get((chain, wallet), 10**12) <= begins[wallet] for chain, begins in starts.items())
        ]

    def judged(self):
        """The wallets that have a verdict."""
        known = {source.chain.chain_id: source.chain for source in self.sources}
        assess_once(self.engine, chains=known, detection=DetectionConfig(), now=self.now)
        with reading(self.engine) as connection:
            latest = flag_log.latest_assessments(connection)
        return [wallet for wallet, found in latest.items() if found.state is not State.LEARNING]


PROOFS = {
    "ends": {"verify": "ends", "max_range": 50},
    # One wallet: the price of one round would serve several that trade within the hour, and be asked for once.
    "whole ranges": {"verify": "ends", "max_range": 10_000, "count": 1, "days": 6, "a_day": 20},
    "proven": {"verify": "full", "busy": 150},
    "then proven": {"verify": "auto", "budget": 1_000_000, "busy": 10},
    "kept to roll back": {"verify": "ends", "max_range": 50, "confirmations": 64},
}


@pytest.mark.slow
@pytest.mark.parametrize("way", PROOFS)
def test_a_plan_of_logs_costs_what_the_node_then_counts(tmp_path, way):
    """Within 10 %: the backfill, and the day after it, however it is proven."""
    options = {"budget": 10**9, "count": 3, "days": 2, "a_day": 40, **PROOFS[way]}
    world = World(tmp_path / "e.db", ["ethereum"], index=False, block_s=30, **options)
    costs_what_it_says(world, options["budget"], polls=6, seconds=14_400)


def test_a_plan_of_an_index_costs_what_the_node_then_counts(tmp_path):
    """Within 10 %: the backfill, and the day after it."""
    world = World(tmp_path / "e.db", ["ethereum"], index=True, count=4, days=30, a_day=6, budget=10**9)
    costs_what_it_says(world, 10**9, polls=1, seconds=86_400 + 1_800)


def costs_what_it_says(world, budget, *, polls, seconds):
    plan = make_plan(world.tasks(), polls=POLLS, budget=budget)
    before = world.meter.spent
    world.read()
    assert plan.backfill == pytest.approx(world.meter.spent - before, rel=0.1)
    before = world.meter.spent
    for _ in range(polls):
        world.move_on(seconds)
        world.read()
    assert plan.daily == pytest.approx(world.meter.spent - before, rel=0.1)


def test_chains_take_turns():
    """Each is read for a part of the budget at a time; one that fails leaves the others; all end at the same wall."""
    meter, turns = Meter(spent=0, limit=2_000), []

    def read(source, stopped):
        turns.append(source.chain)
        if source.chain == "broken":
            raise RpcUnavailable("gone")
        while not stopped():
            meter.spent += 30
            source.left -= 1
            if not source.left:
                return Progress(source.chain, total_blocks=1, finished=True)
        return Progress(source.chain, total_blocks=1)

    sources = [
        SimpleNamespace(chain=name, meter=meter, left=left) for name, left in (("a", 9), ("broken", 1), ("b", 9))
    ]
    ended = [(source.chain, done) for source, done in take_turns(sources, read)]
    assert turns[:5] == ["a", "broken", "b", "a", "b"]
    assert turns.count("broken") == 1
    assert {name for name, done in ended if getattr(done, "finished", False)} == {"a", "b"}


@pytest.mark.slow
def test_the_first_day(tmp_path, capsys):
    """Three chains, 40 wallets, 180 days, ranges of 10 blocks, an index, 300,000 units a day.

    The first day reads whole wallets, newest days first, on all chains alike; nothing is spent beyond the budget.
    """
    world = World(
        tmp_path / "e.db", ["ethereum", "base", "bsc"], count=40, days=180, a_day=5 / 3, index=True, budget=BUDGET
    )
    plan = make_plan(world.tasks(), polls=POLLS, budget=BUDGET, reserved=BUDGET // 10)
    assert plan.possible
    with pytest.raises(BudgetExhausted):
        world.read()
    assert BUDGET - 10_000 < world.meter.spent <= BUDGET
    whole = world.whole()
    assert len(whole) >= 2
    assert whole == world.sources[0].node.wallets[: len(whole)]
    judged = world.judged()
    assert set(whole) <= set(judged)
    with capsys.disabled():
        print(
            f"\nfirst wallet whole after {world.first_at:,} units; first day: {len(whole)} of 40 whole on three "
            f"chains, {len(judged)} judged, for {world.meter.spent:,} units; "
            f"in all {plan.backfill:,} units, {plan.seconds / 86_400:.0f} days; then {plan.daily:,} units a day"
        )
