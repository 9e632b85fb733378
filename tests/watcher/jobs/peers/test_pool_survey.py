"""``edgewatch peers suggest --read``: who trades alike in the same pools, for what was said that it costs."""

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.node import READ_METHODS, Node
from tests.end_to_end.cli import Folder
from tests.fakes.indexed import IndexedNode, shipped
from tests.fakes.market import BEGIN, CHAIN, COINS, Market, Trader, pair_of
from tests.fakes.node import FakeNode
from tests.watcher.jobs.sync.test_ingest import DEMO
from tests.watcher.jobs.sync.test_ingest import TABLE as DEMO_TABLE
from watcher.config.settings import ChainConfig
from watcher.jobs.peers.fit_budget import narrow
from watcher.jobs.peers.pool_survey import OVER, begin
from watcher.jobs.peers.rank_candidates import resemble
from watcher.jobs.sync.ingest import Source
from watcher.store import trade_log, usage, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import Role, Wallet

NOW = datetime.fromtimestamp(BEGIN + 100 * 86_400, UTC)
TABLE = {"name": "ethereum", "chain_id": 1}


def name(number):
    return f"0x{number:040x}"


MINE = [Trader(name(0x1001), 1), Trader(name(0x1002), 2)]
ALIKE = [Trader(name(0x2001 + n), 10 + n) for n in range(4)]
DELEGATED = Trader(name(0x2009), 21, kind="0x4")
WHALE = Trader(name(0x3001), 31, usd=1_000_000)
BOT = Trader(name(0x3002), 32, per_day=150)
COPY = Trader(name(0x3003), 1)
TWIN = Trader(name(0x3004), 10)
ALIASED = Trader(name(0x3005), 35, kind="0x7e")
SLOW = Trader(name(0x3006), 36, per_day=0.3)
PEER = Trader(name(0x3007), 37)
CAST = [*MINE, *ALIKE, DELEGATED, WHALE, BOT, COPY, TWIN, ALIASED, SLOW, PEER]


@pytest.fixture(scope="module")
def market():
    return Market(CAST)


def fill(engine, market, *, listed=(*MINE, PEER)):
    """The records of those on the list, as a backfill leaves them."""
    since = datetime.fromtimestamp(BEGIN + 80 * 86_400, UTC)
    with writing(engine) as connection:
        for who in listed:
            role = Role.PEER if who is PEER else Role.FOLLOWED
            wallets.add(connection, Wallet(address=who.wallet, role=role, followed_since=since, added_at=since))
            own = [swap for swap in market.swaps if swap.wallet == who.wallet]
            trade_log.add_raw(connection, 1, [swap.raw for swap in own], {})
            trade_log.add_trades(connection, [swap.trade for swap in own], decoder=1, known_at=since)


@pytest.fixture(scope="module")
def filled(market, tmp_path_factory):
    """A database with the records; nothing but what was spent is written to it."""
    engine = database.connect(f"sqlite:///{tmp_path_factory.mktemp('survey')}/edgewatch.db")
    database.prepare(engine)
    fill(engine, market)
    yield engine
    engine.dispose()


class Asking:
    """A survey with a node of its own."""

    def __init__(self, engine, market, *, limit=10**9, most=None):
        self.fake = FakeNode(market.methods())
        self.meter = Meter(spent=0, limit=limit)
        config = ChainConfig.model_validate({**TABLE, "rpc_urls": [self.fake.url]})
        self.node = Node([self.fake.url], chain_id=1, charge=self.meter.charge, sleep=lambda _s: None)
        source = Source(chain=CHAIN, config=config, node=self.node, meter=self.meter)
        with self.fake:
            self.survey = begin(engine, source, days=60, now=NOW)
            self.estimate = self.first = self.survey.pilot() if self.survey else None
            if self.survey and most is not None:
                self.estimate = narrow(self.survey, most=most(self.first))
            if self.estimate is not None:
                self.survey.go_on(most=OVER * self.estimate)
        self.node.close()


@pytest.fixture(scope="module")
def asked(filled, market):
    return Asking(filled, market)


def names(found):
    return {candidate.wallet for candidate, *_ in found.alike}


def test_alike_are_named_and_others_are_not(asked):
    """Same pace, size and tokens: in, be it an account that lends itself code; a whale, a bot, a copy of a followed
    wallet, one of two hands of one owner, contracts, those seen too rarely and those on the list: out."""
    found = resemble(asked.survey, most=20)
    twins = {ALIKE[0].wallet, TWIN.wallet}
    assert names(found) - twins == {each.wallet for each in (*ALIKE[1:], DELEGATED)}
    assert len(names(found) & twins) == 1
    assert [each.wallet for each in found.machines] == [BOT.wallet]
    assert found.machines[0].trades_per_day == pytest.approx(BOT.per_day, rel=0.1)
    assert (found.compared, found.judged) == (2, 8)
    assert all(how.factor < 1.6 and how.tokens_in_common == 1 for *_, how in found.alike)


def test_the_cost_is_what_was_said(asked):
    """Within a tenth; all of it is metered under its purpose; nothing is asked but what only reads, and no more of
    that than logs, blocks and transactions."""
    assert asked.meter.spent == pytest.approx(asked.estimate, rel=0.1)
    assert asked.survey.read == len(asked.survey.windows)
    assert set(asked.fake.asked) <= READ_METHODS & {
        *("eth_chainId", "eth_getLogs", "eth_getBlockByNumber", "eth_getTransactionByHash")
    }
    with reading(asked.survey.engine) as connection:
        assert usage.units_on(connection, NOW.date(), purpose="peers") >= asked.meter.spent


def test_followed_wallets_are_measured_as_strangers_are(asked, market):
    """What the sample shows of a followed wallet is what its stored record shows of the same windows."""
    survey = asked.survey
    blocks = {block for window in survey.sampled for block in range(window.first, window.last + 1)}
    for who in MINE:
        stored = sorted(seen.tx_hash for wallet, seen in survey.own if wallet == who.wallet and seen.block in blocks)
        assert stored == sorted(seen.tx_hash for wallet, seen in survey.found if wallet == who.wallet)
        assert len(stored) > 10


def test_the_order_of_what_is_seen_does_not_matter(asked):
    """Shuffled answers and records, the same list."""
    dice, survey = Random(5), asked.survey
    shuffled = replace(survey, found=dice.sample(survey.found, len(survey.found)), own=survey.own[::-1])
    assert resemble(shuffled, most=20) == resemble(survey, most=20)


@pytest.mark.parametrize("most_blocks", [200, 60])
def test_smaller_ranges_show_the_same(filled, market, asked, most_blocks, monkeypatch):
    """What an endpoint allows changes what it costs, not what is seen in a window; the estimate holds there too."""
    monkeypatch.setattr(market, "most_blocks", most_blocks)
    again = Asking(filled, market)
    assert again.survey.windows == asked.survey.windows
    assert again.survey.found == asked.survey.found
    assert again.meter.spent == pytest.approx(again.estimate, rel=0.1)


def test_crowded_pools_are_left_out_where_the_budget_asks_for_it(tmp_path):
    """The pool where a crowd trades goes first, and what is left costs what is said then; the same wallets are found
    in the others. Where too little would be left, nothing is read on."""
    crowd = [Trader(name(0x4001 + n), 50 + n, per_day=20, coins=COINS[2:]) for n in range(10)]
    market = Market([*MINE, *ALIKE, *crowd])
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    database.prepare(engine)
    fill(engine, market, listed=MINE)
    asked = Asking(engine, market, most=lambda first: first * 0.7)
    assert {key[0] for key in asked.survey.places} == {pair_of(coin) for coin in COINS[:2]}
    assert asked.estimate <= 0.7 * asked.first
    assert asked.meter.spent == pytest.approx(asked.estimate, rel=0.1)
    assert names(resemble(asked.survey, most=20)) == {each.wallet for each in ALIKE}
    fewer = Asking(engine, Market([*MINE, *ALIKE]), most=lambda first: first * 0.6)
    assert 30 < len(fewer.survey.windows) < 61
    assert fewer.survey.read == len(fewer.survey.windows)
    assert fewer.meter.spent == pytest.approx(fewer.estimate, rel=0.1)
    hopeless = Asking(engine, market, most=lambda first: first * 0.37)
    assert hopeless.estimate is None
    assert len(hopeless.survey.places) == 3
    engine.dispose()


def test_half_a_sample_is_a_sample(asked):
    """Ended early, by the budget for example, it names fewer or the same, of as long a time as was read."""
    survey = asked.survey
    half = replace(
        survey, read=40, found=[pair for pair in survey.found if _within(pair[1].block, survey.windows[:40])]
    )
    found = resemble(half, most=20)
    assert found.sampled_days == pytest.approx(
        resemble(survey, most=20).sampled_days * 40 / len(survey.windows), rel=0.01
    )
    assert names(found) <= {each.wallet for each in (*ALIKE, DELEGATED, TWIN)}
    assert len(names(found)) >= 3


def _within(block, windows):
    return any(window.first <= block <= window.last for window in windows)


def test_on_a_recorded_chain_everyone_of_the_cast_is_found(tmp_path):
    """Real Uniswap pools: following three of them names the others that trade as they do, and not the market maker."""
    lines = (DEMO / "wallets.csv").read_text().splitlines()
    cast = {line.split(",")[1]: line for line in lines[1:]}
    followed = ("Avocet", "Curlew", "Swift")
    with IndexedNode(shipped()) as node:
        folder = Folder(tmp_path, node.url, DEMO_TABLE)
        (tmp_path / "list.csv").write_text("\n".join([lines[0], *(cast[each] for each in followed)]))
        folder.run("wallets", "import", "list.csv")
        folder.run("backfill")
        rows = list(csv.DictReader(folder.run("peers", "suggest", "--read").splitlines()))
    others = {line.split(",")[0] for each, line in cast.items() if each not in (*followed, "Wren")}
    assert {row["address"] for row in rows} <= others
    assert len(rows) >= 0.8 * len(others)


def test_nobody_with_a_record_has_no_sample(market, tmp_path):
    """Without enough trades in pools there is nothing to be alike."""
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    database.prepare(engine)
    assert Asking(engine, market).survey is None


def test_the_command_prints_a_list_that_imports(market, tmp_path):
    """The estimate first, then a list of peers of that chain; what does not fit into the budget is not begun."""
    with FakeNode(market.methods()) as fake:
        folder = Folder(tmp_path, fake.url, TABLE)
        folder.run("peers", "suggest", "--read", code=3)
        assert "nobody is followed" in folder.errors
        engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
        fill(engine, market)
        engine.dispose()
        out = folder.run("peers", "suggest", "--read")
        assert "cost about" in folder.errors
        assert "Left out as bots" in folder.errors
        assert BOT.wallet in folder.errors
        rows = list(csv.DictReader(out.splitlines()))
        assert {row["role"] for row in rows} == {"peer"}
        assert {row["chain"] for row in rows} == {"ethereum"}
        assert {row["address"] for row in rows} >= {each.wallet for each in ALIKE[1:]}
        shown = json.loads(folder.run("peers", "suggest", "--read", "--json", "--most", "2"))
        assert [item["address"] for item in shown] == [row["address"] for row in rows[:2]]
        (tmp_path / "peers.csv").write_text(out)
        assert f"{len(rows)} added" in folder.run("wallets", "import", "peers.csv")
        assert json.loads(folder.run("peers", "suggest", "--read", "--json")) == [], "nor a copy of a peer"
        config = tmp_path / "edgewatch.toml"
        spent = json.loads(folder.run("status", "--json"))["units_today"]
        config.write_text(config.read_text().replace("10_000_000", str(spent + 300)))
        before = len(fake.asked)
        folder.run("peers", "suggest", "--read", code=1)
        assert "does not fit" in folder.errors
        assert len(fake.asked) - before <= 100
        config.write_text(config.read_text().replace(str(spent + 300), str(spent + 1_100)))
        folder.run("peers", "suggest", "--read")
        assert "instead of 61 windows of 3 pools" in folder.errors
        assert "ends early" not in folder.errors
