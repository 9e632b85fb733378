"""What the card says beside the evidence comes from the books, is frozen with the flag, and reaches the message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.messages.card import COVERAGE, earlier
from alerts.messages.message import plain
from alerts.outcome import look_back
from alerts.review import make_decision
from alerts.types import Choice, FlagStatus
from alerts.wording import strip
from ingest.evm.chains import by_id
from ingest.evm.sync.header_checks import ENDS, INDEXED, PROVEN
from metrics.types import Metric, Track
from tests.alerts.examples import FLAG
from tests.builders import WALLET, entry, trade
from tests.ingest.receipts import USDC
from watcher.config.settings import DetectionConfig
from watcher.jobs.review.assess import assess_once
from watcher.jobs.review.deliver import flag_message
from watcher.record.card_context import track
from watcher.store import flag_log, trade_log, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import FILE, Coverage, Wallet

CHAINS = {1: by_id(1)}
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
HISTORY, DAYS = 40, 60  # days before it is followed, and in all


def at(days: float) -> datetime:
    return BEGIN + timedelta(days=days)


def token(n: int) -> str:
    return f"0x{0xB0000 + n:040x}"


@pytest.fixture
def engine(tmp_path):
    """Four round trips a day, three of four won at +20 % and lost at -10 %; since it is followed, none is won."""
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    database.prepare(engine)
    entries = []
    for n in range(4 * DAYS):
        opened = n / 4
        wins = n % 4 != 0 and opened < HISTORY
        price = None if n == 4 * DAYS - 1 else "100"
        buy, sell = int(at(opened).timestamp()), int(at(opened + 0.1).timestamp())
        entries.append(entry(trade(2 * n, [(USDC, 1)], [(token(n), 100)], timestamp=buy), price))
        value = "120" if wins else "90"
        entries.append(entry(trade(2 * n + 1, [(token(n), 100)], [(USDC, 1)], timestamp=sell), value))
    with writing(engine) as connection:
        wallets.add(connection, Wallet(address=WALLET, label="Owl", followed_since=at(HISTORY), added_at=at(HISTORY)))
        trade_log.add_trades(connection, [item.trade for item in entries], decoder=1, known_at=at(DAYS))
        trade_log.add_valuations(connection, [item.valuation for item in entries if item.valuation])
        level = [(0, 999, BEGIN, at(50), "proven"), (1000, 2000, at(50), at(DAYS), "ends")]
        trade_log.add_coverage(
            connection,
            [
                Coverage(
                    chain_id=1, wallet=WALLET, first_block=a, last_block=b, first_at=first, last_at=last, level=name
                )
                for a, b, first, last, name in level
            ],
        )
    yield engine
    engine.dispose()


def test_the_books_fill_the_card(engine):
    """Chains, list, weakest coverage in the window, prices, sizes and what following cost; then the caption."""
    assess_once(engine, chains=CHAINS, detection=DetectionConfig(), now=at(DAYS))
    with reading(engine) as connection:
        [flag] = flag_log.flags(connection)
    context = flag.evidence.context
    assert context is not None
    assert (context.chains, context.watched, context.coverage) == (("ethereum",), 1, "ends")
    assert (context.trades, context.unpriced) == (2 * 4 * flag.evidence.metrics[0].window_days, 1)
    assert context.followed_n == 4 * (DAYS - (flag.evidence.since - BEGIN.date()).days) - 1
    assert context.followed_return == pytest.approx(-0.1 * context.followed_n)
    assert context.win_size is None
    assert context.loss_size.now == pytest.approx(-0.1)
    assert (context.stake_usd, context.holding_s, context.earlier) == (None, None, Track(flags=0))
    message = flag_message(flag, key=bytes(32), chat_id=1, wallet_url="https://t.example/{address}")
    words = plain(message)
    assert words.startswith("⚠️ NOT MARKET-CHECKED: 0 peers; 3 are needed.\n#1 · Owl · ethereum · ")
    assert f"1 of {context.trades} trades without a price" in words
    assert message.buttons[2][0].url == f"https://t.example/{WALLET}"


def test_earlier_flags_of_the_same_kind_are_counted():
    """Those led by the same metric, opened before, with the false alarms among them."""
    before = FLAG.opened_at + timedelta(days=1)
    quiet = replace(FLAG, flag_id=3, evidence=replace(FLAG.evidence, lead=Metric.TRADE_FREQUENCY))
    late = replace(FLAG, flag_id=4, opened_at=before)
    wrong = replace(FLAG, flag_id=2, status=FlagStatus.FALSE_ALARM)
    decisions = [
        make_decision(number, choice, decided_by="@x", user_id=None, channel="cli", now=before)
        for number, choice in ((2, Choice.FALSE_ALARM), (3, Choice.FALSE_ALARM), (17, Choice.KEEP))
    ]
    assert track(Metric.WIN_RATE, [FLAG, wrong, quiet, late], decisions, [], before=before) == Track(
        flags=2, false_alarms=1
    )


def look(flag, decision_id, days, fell_to):
    """A look back that finds the wallet at one level, thirty round trips long."""
    decision = make_decision(
        flag.flag_id, Choice.SNOOZE, decided_by="@x", user_id=None, channel="cli", now=FLAG.opened_at
    )
    since = [float(n < 30 * fell_to) for n in range(30)]
    return look_back(flag, replace(decision, decision_id=decision_id), days=days, since=since)


def test_earlier_flags_turned_out_as_the_latest_look_says():
    """Out of form still, back, or not to be told, each flag once, whatever was decided; of this kind only."""
    before = FLAG.opened_at + timedelta(days=100)
    other, third = replace(FLAG, flag_id=18), replace(FLAG, flag_id=19)
    quiet = replace(FLAG, flag_id=3, evidence=replace(FLAG.evidence, lead=Metric.TRADE_FREQUENCY))
    looks = [
        look(FLAG, 1, 90, 0.1),
        look(FLAG, 1, 30, 0.9),
        look(other, 2, 30, 0.9),
        look(third, 4, 30, 0.5),
        look(quiet, 3, 30, 0.1),
    ]
    found = track(Metric.WIN_RATE, [FLAG, other, third, quiet], [], looks, before=before)
    assert found == Track(flags=3, right=1, wrong=1)
    assert strip(next(iter(earlier(found)))) == "Earlier 3 flags of this kind: 1 stayed out of form, 1 came back"


def test_every_level_of_coverage_has_its_words():
    """A card says in words how well what it counts was read; no level is left to its own name."""
    assert set(COVERAGE) == {PROVEN, ENDS, INDEXED, FILE}
