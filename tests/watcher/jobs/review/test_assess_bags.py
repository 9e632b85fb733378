"""Open positions in the daily verdict: losers that are never sold count, under the unit that suits the wallet."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ingest.evm.chains import by_id
from metrics.types import Mark, Metric, Unit
from tests.builders import WALLET, entry, move, trade
from tests.ingest.receipts import USDC
from watcher.config.settings import DetectionConfig
from watcher.jobs.review.assess import assess_once
from watcher.record.accounts import read_accounts
from watcher.record.record import read_record
from watcher.reports import tables
from watcher.reports.backtest import judged, with_hindsight
from watcher.reports.wallet_study import read_study
from watcher.store import flag_log, marks, trade_log, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import Coverage, Wallet

CHAINS = {1: by_id(1)}
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
HISTORY, DAYS = 40, 70  # days before it is followed, and in all


@pytest.fixture
def engine(tmp_path):
    """An empty database."""
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    database.prepare(engine)
    yield engine
    engine.dispose()


def at(days):
    return BEGIN + timedelta(days=days)


def token(n):
    return f"0x{0xB0000 + n:040x}"


def swap(n, days, sold, bought, usd):
    """One trade at a time, worth some dollars."""
    return entry(trade(n, [sold], [bought], timestamp=int(at(days).timestamp())), usd)


def fill(engine, entries, held=()):
    """Store trades, and what was marked when; everything was read."""
    with writing(engine) as connection:
        wallets.add(connection, Wallet(address=WALLET, followed_since=at(HISTORY), added_at=at(HISTORY)))
        trade_log.add_trades(connection, [item.trade for item in entries], decoder=1, known_at=at(DAYS))
        trade_log.add_valuations(connection, [item.valuation for item in entries])
        whole = Coverage(
            chain_id=1, wallet=WALLET, first_block=0, last_block=10**6, first_at=BEGIN, last_at=at(DAYS), level="ends"
        )
        trade_log.add_coverage(connection, [whole])
        marks.write(connection, held)


def verdict(engine):
    """The assessment that the job commits."""
    assess_once(engine, chains=CHAINS, detection=DetectionConfig(), now=at(DAYS))
    with reading(engine) as connection:
        return flag_log.latest_assessments(connection)[WALLET]


def tossed(*, sells_losers):
    """Four positions a day; every second one loses, and after it is followed four of five of these are not sold."""
    entries, held = [], []
    for n in range(4 * DAYS):
        opened = n / 4
        wins = n % 2 == 0 and (opened < HISTORY or n % 6 == 0)
        entries.append(swap(2 * n, opened, (USDC, 1), (token(n), 100), "100"))
        if wins or opened < HISTORY or sells_losers or n % 10 == 1:
            entries.append(swap(2 * n + 1, opened + 0.1, (token(n), 100), (USDC, 1), "130" if wins else "20"))
        else:
            held += [
                Mark(
                    wallet=WALLET,
                    chain_id=1,
                    token=token(n),
                    marked_at=at(int(opened) + day + 0.9),
                    quantity_raw=100,
                    proceeds_usd=Decimal(20),
                )
                for day in range(DAYS - int(opened) - 1)
            ]
    return entries, held


def test_losers_that_are_never_sold_count_as_losses(engine):
    """With its marks a wallet that stopped selling its losers has the win rate of one that sells them."""
    entries, held = tossed(sells_losers=False)
    fill(engine, entries, held)
    found = verdict(engine).evidence
    assert found.open_bags > 40
    assert any(f"{found.open_bags} open bags, counted as losses" in note for note in found.notes)
    assert found.lead is not Metric.TRADE_FREQUENCY
    assert found.metrics[0].recent < 0.25
    assert verdict(engine).evidence == found


@pytest.mark.parametrize("unit", Unit)
def test_losers_that_are_moved_away_count_as_losses(engine, unit):
    """Sent away while still held, at the marks that they had: the win rate of one that sells them, also in a replay."""
    entries, held = tossed(sells_losers=False)
    last = {mark.token: mark for mark in held[::-1]}  # the first mark of each token
    fill(engine, entries, last.values())
    with writing(engine) as connection:
        trade_log.add_moves(
            connection,
            [
                move(10**6 + n, -100, token=name, timestamp=int(mark.marked_at.timestamp()) + 600)
                for n, (name, mark) in enumerate(last.items())
            ],
        )
        record = read_record(connection, wallets.all_wallets(connection), CHAINS, unit=unit, now=at(DAYS))
    [found] = record.judge(1.0)
    assert found.evidence.moved_losses > 40
    assert found.evidence.open_bags == 0
    assert found.evidence.metrics[0].recent < 0.25
    *_, (_, [replayed]) = judged(with_hindsight(record), 1.0)
    assert replayed.evidence.moved_losses == found.evidence.moved_losses
    first = next(told for _, [told] in judged(with_hindsight(record), 1.0))
    assert first.evidence.moved_losses < 3


def test_the_drill_down_marks_the_bags_that_count(engine):
    """As many open positions are called bags as the verdict counts; each is marked at half its cost or less."""
    fill(engine, *tossed(sells_losers=False))
    counted = verdict(engine).evidence.open_bags
    with reading(engine) as connection:
        [wallet] = wallets.all_wallets(connection)
        found = read_study(connection, wallet, CHAINS, detection=DetectionConfig())
    bags = [position for position, _ in found.opened if position.position_id in found.bags]
    assert len(found.bags) == counted == len(bags)
    assert all(position.mark_return is None or position.mark_return <= -0.5 for position in bags)
    shown = list(tables.open_positions(found.opened, found.names, found.bags).columns[1].cells)
    assert sum(cell.endswith(" (bag)") for cell in shown) == counted < len(shown)


def test_without_marks_nothing_is_made_up(engine):
    """The same trades, of whose open positions nothing is known: no bag, no loss."""
    entries, _ = tossed(sells_losers=False)
    fill(engine, entries)
    found = verdict(engine).evidence
    assert found.open_bags == 0
    assert found.metrics[0].recent > 0.5


def test_a_sold_loser_is_a_bag_no_more(engine):
    """Marks of what was sold since are the past: the verdict is that of a wallet that never held it."""
    entries, held = tossed(sells_losers=True)
    fill(engine, entries)
    plain = verdict(engine)
    with writing(engine) as connection:
        marks.write(connection, tossed(sells_losers=False)[1])
    assert not held
    assert verdict(engine) == plain


def test_each_wallet_has_the_unit_that_suits_its_history(engine):
    """Sells around a core that never closes make it fifo; what it does later does not change that; a word does."""
    core = [swap(0, 0, (USDC, 1), (token(0), 10**6), "1000")]
    for n in range(60):
        core.append(swap(2 * n + 1, n + 0.2, (token(0), 100), (USDC, 1), "2"))
        core.append(swap(2 * n + 2, n + 0.4, (USDC, 1), (token(0), 100), "2"))
    later = [
        swap(200 + 2 * n + side, 61 + n / 100 + side / 1000, *((USDC, 1), (token(n + 1), 9))[:: 1 - 2 * side], "5")
        for n in range(300)
        for side in (0, 1)
    ]
    fill(engine, core + later)
    with reading(engine) as connection:
        for asked, expected in ((None, Unit.FIFO), (Unit.EPISODE, Unit.EPISODE), (Unit.FIFO, Unit.FIFO)):
            [account] = read_accounts(connection, wallets.all_wallets(connection), CHAINS, unit=asked)
            assert account.unit is expected
    assert [DetectionConfig(unit=unit).one_unit for unit in ("auto", "episode", "fifo")] == [None, *Unit]
