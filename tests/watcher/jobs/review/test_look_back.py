"""Decisions are looked back on by exactly the days after them, once those were read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from alerts.outcome import Turn, Verdict
from alerts.review import make_decision
from alerts.types import Choice
from ingest.types import FILE_CHAIN, FiledTrip
from tests.alerts.examples import EVIDENCE, FLAG
from watcher.jobs.review.look_back import look_back_once
from watcher.store import files, flag_log, look_backs, outbox, trade_log, wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram import actions
from watcher.types import FILE, Coverage, Role, Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
PEERS = ("peer 1", "peer 2", "peer 3")
DAY = timedelta(days=1)


def trips(wallet, days, wins):
    """One close a day; ``wins(day)`` says whether it won."""
    return [
        FiledTrip(
            wallet=wallet,
            position_id=f"{wallet} {day}",
            opened_at=None,
            closed_at=NOW + timedelta(days=day, hours=1),
            cost_usd=Decimal(100),
            pnl_usd=Decimal(10 if wins(day) else -10),
            return_fraction=0.1 if wins(day) else -0.1,
        )
        for day in days
    ]


def covers(wallet, last):
    first = NOW - 200 * DAY
    return Coverage(
        chain_id=FILE_CHAIN,
        wallet=wallet,
        first_block=int(first.timestamp()),
        last_block=int(last.timestamp()),
        first_at=first,
        last_at=last,
        level="file",
    )


@pytest.fixture
def engine(store):
    """A wallet that was kept and won half of what came, with peers that won two of three before and after."""
    with writing(store) as connection:
        for name in ("alice", *PEERS):
            role = Role.FOLLOWED if name == "alice" else Role.PEER
            since = NOW - 100 * DAY
            wallets.add(
                connection,
                Wallet(address=name, label=name, role=role, chains=(FILE,), followed_since=since, added_at=since),
            )
            trade_log.add_coverage(connection, [covers(name, NOW + 20 * DAY)])
        file_id = files.add_file(connection, name="f", sha256="s", kind="trips", at=NOW)
        files.add_trips(connection, file_id, trips("alice", range(-100, 120), lambda day: day % 10 == 0))
        for name in PEERS:
            files.add_trips(connection, file_id, trips(name, range(-100, 120), lambda day: day % 3))
        evidence = replace(EVIDENCE, peer_wallets=PEERS)
        flag_id = flag_log.open_flag(
            connection, address="alice", at=NOW, score=3.0, evidence=evidence, chart=FLAG.chart
        )
        decision = make_decision(flag_id, Choice.KEEP, decided_by="@x", user_id=7, channel="cli", now=NOW)
        actions.decide(connection, decision)
    return store


def look(engine, days, chats=(42,)):
    return look_back_once(engine, chains={}, unit=None, now=NOW + days * DAY, chats=chats)


def read_until(engine, days):
    with writing(engine) as connection:
        for name in ("alice", *PEERS):
            trade_log.add_coverage(connection, [covers(name, NOW + days * DAY)])


def test_thirty_days_later_and_not_before_they_were_read(engine):
    """Nothing is judged over days that nobody read; then once, with n, interval, peers and money."""
    assert look(engine, 40) == []
    read_until(engine, 40)
    [found] = look(engine, 40)
    assert (found.days, found.n, found.turn, found.verdict) == (30, 30, Turn.STAYED_OUT, Verdict.WRONG)
    assert found.value == pytest.approx(0.1)
    assert found.peers_change == pytest.approx(0, abs=0.02)
    assert found.pnl_usd == pytest.approx(3 * 10 - 27 * 10)
    assert look(engine, 41) == []
    with reading(engine) as connection:
        [message] = outbox.deliveries(connection)
        assert look_backs.all_look_backs(connection) == [found]
    assert "the decision looks <b>wrong</b>" in message.html
    assert "Of 1 decision looked back on: 0 right, 1 wrong, 0 cannot be told." in message.html
    assert message.silent


def test_when_the_job_runs_changes_nothing(engine):
    """Late, both looks come at once, each over its own days."""
    read_until(engine, 110)
    first, second = look(engine, 118)
    assert [(item.days, item.n) for item in (first, second)] == [(30, 30), (90, 90)]
    assert first.value == pytest.approx(0.1)


def test_a_wallet_that_was_removed_cannot_be_judged_and_is_told_as_such(engine):
    """Its flag and decision stay; the look back says that there is nothing to judge by, once."""
    with writing(engine) as connection:
        wallets.remove(connection, "alice", NOW + DAY)
    read_until(engine, 40)
    [found] = look(engine, 40)
    assert (found.n, found.verdict) == (0, Verdict.CANT_TELL)
    assert look(engine, 41) == []
