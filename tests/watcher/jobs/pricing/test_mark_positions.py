"""Marks: kept to the digit, made once a day, the largest first, and never guessed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from eth_abi.abi import encode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from ingest.evm.chains import by_id
from ingest.evm.pricing.chainlink import LATEST_ROUND_DATA
from ingest.evm.pricing.pool_quotes import GET_RESERVES, v2_out
from ingest.evm.rpc.budget import Meter, units
from ingest.evm.rpc.node import Node
from ingest.evm.venues import uniswap_v2
from ingest.types import BlockRef, Leg, Move, RawTransaction, Trade, Valuation, VenueStatus
from metrics.types import Mark, OpenPosition, Unit
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.receipts import USDC, WALLET, receipt, transaction, transfer, v2_swap
from watcher.config.settings import ChainConfig
from watcher.jobs.pricing.mark_positions import best, mark_once
from watcher.jobs.sync.ingest import Source
from watcher.record.accounts import MARK_LIFE, mark_return, read_accounts
from watcher.store import marks, trade_log, usage, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import Coverage, Wallet

NOW = datetime(2025, 7, 2, 0, 30, tzinfo=UTC)
CHAIN = by_id(1)
TOKENS = ["0x" + digit * 40 for digit in "567"]
[UNISWAP] = [dex for dex in CHAIN.dexes if dex.factory.startswith("0x5c69")]
HELD = 10**18
RESERVES = 10**21, 10**12  #: of the token, of dollars


@pytest.fixture
def engine(tmp_path):
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    database.prepare(engine)
    yield engine
    engine.dispose()


def mark(day=0, *, token=TOKENS[0], quantity=HELD, usd="10", wallet=WALLET):
    return Mark(
        wallet=wallet,
        chain_id=1,
        token=token,
        marked_at=NOW + timedelta(days=day),
        quantity_raw=quantity,
        proceeds_usd=Decimal(usd),
    )


# -- the store ---------------------------------------------------------------------------------------------------------


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(quantity=st.integers(1, 2**256 - 1), usd=st.decimals(min_value=0, max_value=10**30, places=18))
def test_a_mark_comes_back_as_it_was_written(engine, quantity, usd):
    """Quantity and proceeds survive to the last digit."""
    made = mark(quantity=quantity, usd=str(usd))
    with writing(engine) as connection:
        connection.exec_driver_sql("DELETE FROM mark")
        marks.write(connection, [made])
        assert marks.history(connection, [WALLET]) == [made]
        assert marks.history(connection, ["0x" + "99" * 20]) == []


def test_a_holding_has_one_mark_a_day_and_its_newest_counts(engine):
    """The first of a UTC day stays; the newest is of its own holding; older than asked for is none."""
    later = mark(1, usd="30")
    with writing(engine) as connection:
        marks.write(connection, [mark(), mark(token=TOKENS[1], usd="7")])
        marks.write(connection, [mark(0.2, usd="99"), later])
        assert marks.marked_on(connection, 1, NOW.date()) == {(WALLET, TOKENS[0]), (WALLET, TOKENS[1])}
        assert marks.newest(connection, NOW)[WALLET, 1, TOKENS[0]] == later
        assert marks.newest(connection, NOW + timedelta(hours=1)).keys() == {(WALLET, 1, TOKENS[0])}
        wallets.remove(connection, WALLET, NOW)
        assert marks.history(connection, [WALLET]) == []


def position(quantity, cost):
    return OpenPosition(
        wallet=WALLET,
        chain_id=1,
        token=TOKENS[0],
        position_id="",
        opened_at=NOW,
        quantity_raw=quantity,
        cost_usd=cost,
        mark_return=None,
    )


def test_a_mark_counts_by_the_unit_and_unknown_stays_unknown():
    """Half sold since the mark: half the proceeds against the cost of the rest; no mark or cost: None; drained: -1."""
    assert mark_return(position(HELD // 2, Decimal(10)), mark(usd="10")) == -0.5
    assert mark_return(position(HELD, Decimal(5)), mark(usd="10")) == 1.0
    assert mark_return(position(HELD, Decimal(5)), mark(usd="0")) == -1.0
    assert mark_return(position(HELD, None), mark()) is mark_return(position(HELD, Decimal(5)), None) is None


def test_the_best_bid_counts_and_silence_is_no_bid_of_zero():
    """Known nothing is 0, also below a dollar; where one pool is silent, only a real bid of another is known."""
    assert best([Decimal(3), None, Decimal(7)]) == 7
    assert best([Decimal(0), Decimal("0.99")]) == 0
    assert best([Decimal(0), None]) is best([None]) is best([]) is None


# -- the job -----------------------------------------------------------------------------------------------------------


def pair(token):
    [address] = uniswap_v2.derive(UNISWAP, *sorted((token, USDC)))
    return address


def buy(n, token, dollars):
    """Store a verified purchase of ``HELD`` of a token, with its receipt."""
    pool, paid = pair(token), dollars * 10**6
    amounts = (0, paid, HELD, 0) if token < USDC else (paid, 0, 0, HELD)
    logs = (transfer(USDC, WALLET, pool, paid), transfer(token, pool, WALLET, HELD), v2_swap(pool, *amounts))
    at, tx_hash = int((NOW - timedelta(days=2)).timestamp()) + n, f"0x{n:064x}"
    raw = RawTransaction(
        tx_hash=tx_hash,
        block=BlockRef(number=n, hash="0x", timestamp=at),
        transaction_index=0,
        transaction=transaction(),
        receipt=receipt(*logs),
        wallets=frozenset({WALLET}),
    )
    made = Trade(
        chain_id=1,
        block_number=n,
        transaction_index=0,
        tx_hash=tx_hash,
        ordinal=0,
        wallet=WALLET,
        timestamp=at,
        sold=(Leg(USDC, paid),),
        bought=(Leg(token, HELD),),
        venue="uniswap_v2",
        venue_status=VenueStatus.VERIFIED,
        native_source=None,
        fee_native_raw=0,
    )
    worth = Valuation(
        chain_id=1,
        tx_hash=tx_hash,
        wallet=WALLET,
        ordinal=0,
        value_usd=Decimal(dollars),
        gas_usd=Decimal(0),
        source="peg",
        as_of=at,
    )
    return raw, made, worth


@pytest.fixture
def holder(engine):
    """A database in which one wallet holds three tokens, the last one the dearest."""
    with writing(engine) as connection:
        wallets.add(connection, Wallet(address=WALLET, followed_since=NOW, added_at=NOW))
        for n, token in enumerate(TOKENS, 1):
            raw, made, worth = buy(n, token, 100 * n)
            trade_log.add_raw(connection, 1, [raw], {})
            trade_log.add_trades(connection, [made], decoder=1, known_at=NOW)
            trade_log.add_valuations(connection, [worth])
        read_until = Coverage(
            chain_id=1, wallet=WALLET, first_block=0, last_block=9, first_at=NOW, last_at=NOW, level="ends"
        )
        trade_log.add_coverage(connection, [read_until])
    return engine


def chain_node(at=NOW, *, silent=(), drained=()):
    """A node whose final block is of a time, with a pair for each token."""
    stamp = int(at.timestamp())
    token_of = {pair(token): token for token in TOKENS}

    def call(request, _block):
        data, to = request["data"], request["to"]
        if data == LATEST_ROUND_DATA:
            return "0x" + encode(["uint80", "int256", "uint256", "uint256", "uint80"], [1, 10**8, 0, stamp, 1]).hex()
        if data != GET_RESERVES:
            return "0x" + f"{8:064x}"
        if (token := token_of[to]) in silent:
            raise RpcFault(3, "execution reverted")
        reserves = (0, 0) if token in drained else RESERVES
        return "0x" + encode(["uint256"] * 3, [*(reserves if token < USDC else reserves[::-1]), 0]).hex()

    block = {"number": "0x9", "hash": "0x" + "ab" * 32, "timestamp": hex(stamp)}
    return FakeNode({"eth_call": call, "eth_getBlockByNumber": lambda *_: block})


HOST = "127.0.0.1"


def run(engine, fake, *, now=NOW, limit=10**6):
    meter = Meter(spent=0, limit=limit)
    config = ChainConfig.model_validate({"name": "ethereum", "chain_id": 1, "rpc_urls": [fake.url]})
    with Node([fake.url], chain_id=1, charge=meter.charge, sleep=lambda _s: None) as node:
        source = Source(chain=CHAIN, config=config, node=node, meter=meter)
        return mark_once(engine, source, chains={1: CHAIN}, unit=Unit.EPISODE, now=now)


def told(engine):
    with reading(engine) as connection:
        return {item.token: item.proceeds_usd for item in marks.history(connection, [WALLET])}


FULL = Decimal(v2_out(HELD, *RESERVES)).scaleb(-6)


def test_every_open_position_is_marked_once_a_day(holder):
    """The proceeds of selling all of it; the same day nothing more is asked; the next day it is marked again."""
    with chain_node() as fake:
        done = run(holder, fake)
        assert (done.positions, done.marked, done.unknown, done.short) == (3, 3, 0, False)
        assert told(holder) == dict.fromkeys(TOKENS, FULL)
        asked = len(fake.asked)
        assert run(holder, fake, now=NOW + timedelta(hours=20)).positions == 0
        assert len(fake.asked) == asked
    tomorrow = NOW + timedelta(days=1)
    with chain_node(NOW + timedelta(hours=23)) as late:  # the last final block is still of the day before
        assert run(holder, late, now=tomorrow).positions == 0
    with chain_node(tomorrow) as fake:
        assert run(holder, fake, now=tomorrow).marked == 3
    with reading(holder) as connection:
        assert len(marks.history(connection, [WALLET])) == 6
        spent = usage.units_on(connection, NOW.date(), purpose="marking")
        assert 0 < spent == usage.units_on(connection, NOW.date())


def left(holder, *tokens):
    """Store that all of some tokens moved out three hours ago."""
    out = Move(
        chain_id=1,
        block_number=8,
        transaction_index=0,
        tx_hash="0xout",
        wallet=WALLET,
        timestamp=int((NOW - timedelta(hours=3)).timestamp()),
        token=TOKENS[0],
        amount_raw=-HELD,
    )
    with writing(holder) as connection:
        trade_log.add_moves(connection, [structs.replace(out, tx_hash=f"0x{token}", token=token) for token in tokens])


def test_what_left_before_its_first_mark_is_marked_once(holder):
    """So that it is known whether it left under water; what has a mark of the day before is not asked for again."""
    left(holder, *TOKENS[:2])
    with writing(holder) as connection:
        marks.write(connection, [mark(-1, token=TOKENS[1])])
    with chain_node() as fake:
        assert run(holder, fake).positions == 2
    with reading(holder) as connection:
        [account] = read_accounts(connection, wallets.all_wallets(connection), {1: CHAIN}, unit=Unit.EPISODE)
    returns = {each.departure.token: each.mark_return for each in account.departures}
    assert returns == {TOKENS[0]: pytest.approx(float(FULL) / 100 - 1), TOKENS[1]: pytest.approx(10 / 200 - 1)}
    tomorrow = NOW + timedelta(days=1)
    with chain_node(tomorrow) as fake:
        assert run(holder, fake, now=tomorrow).positions == 1


@pytest.mark.parametrize(("days", "asked"), [(2.8, 3), (2.9, 1)])
def test_what_left_long_ago_is_not_marked(holder, days, asked):
    """A mark more than three days later says nothing of its leaving."""
    left(holder, *TOKENS[:2])
    late = NOW + timedelta(days=days)
    with chain_node(late) as fake:
        assert run(holder, fake, now=late).positions == asked


def test_a_drained_pool_is_zero_and_a_silent_one_is_no_mark(holder):
    """What is known to bring nothing is a loss of everything; what is not known has no row."""
    with chain_node(drained=TOKENS[:1], silent=TOKENS[1:2]) as fake:
        assert run(holder, fake).unknown == 1
    assert told(holder) == {TOKENS[0]: 0, TOKENS[2]: FULL}
    with reading(holder) as connection:
        [account] = read_accounts(connection, wallets.all_wallets(connection), {1: CHAIN}, unit=Unit.EPISODE)
    returns = {each.token: each.mark_return for each in account.books.open_positions}
    assert returns == {TOKENS[0]: -1.0, TOKENS[1]: None, TOKENS[2]: pytest.approx(float(FULL) / 300 - 1)}


def test_an_old_mark_is_none(holder):
    """A mark older than three days than the newest block read says nothing of today."""
    with writing(holder) as connection:
        marks.write(connection, [replace(mark(), marked_at=NOW - MARK_LIFE - timedelta(seconds=1))])
        [account] = read_accounts(connection, wallets.all_wallets(connection), {1: CHAIN}, unit=Unit.EPISODE)
    assert [each.mark_return for each in account.books.open_positions] == [None] * 3


def test_a_short_budget_marks_the_largest_first_and_ends_the_day(holder):
    """Not one unit above the limit is spent; what could be paid for is kept, and nothing more is tried that day."""
    with chain_node() as fake:
        run(holder, fake)
        whole = sum(units(method, HOST) for method in fake.asked)
    with writing(holder) as connection:
        connection.exec_driver_sql("DELETE FROM mark")
        connection.exec_driver_sql("DELETE FROM memo")
    with chain_node() as fake:
        done = run(holder, fake, limit=whole - units("eth_call", HOST))
        assert (done.marked, done.short) == (2, True)
        assert sum(units(method, HOST) for method in fake.asked) <= whole - units("eth_call", HOST)
        assert set(told(holder)) == set(TOKENS[1:])
        asked = len(fake.asked)
        assert run(holder, fake, now=NOW + timedelta(hours=3)).positions == 0
        assert len(fake.asked) == asked
