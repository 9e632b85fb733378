"""Presses that do not arrive: said where a person looks, told once, and made up for when it is over."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.wording import strip
from tests.alerts.examples import FLAG
from watcher.jobs.review import connection_state
from watcher.reports import overview
from watcher.store import flag_log, outbox, wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram.decision_handler import DecisionHandler
from watcher.types import Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
CHATS = [42, -100]


class Clock:
    """A time that a test sets."""

    def __init__(self):
        self.minutes = 0.0

    def __call__(self):
        return NOW + timedelta(minutes=self.minutes)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(store, clock):
    """The desk of a service with one open flag."""
    with writing(store) as connection:
        wallets.add(connection, Wallet(address=FLAG.wallet, label="w1", followed_since=NOW, added_at=NOW))
        flag_log.open_flag(connection, address=FLAG.wallet, at=NOW, score=3.0, evidence=FLAG.evidence, chart=FLAG.chart)
    made = DecisionHandler(store, clock=clock, key=bytes(32), chats=CHATS, units_a_day=1000)
    made.heard()
    return made


def told(store):
    with reading(store) as connection:
        return [strip(item.html) for item in outbox.deliveries(connection) if item.chat_id == 42 and item.html]


def problems(store, clock):
    with reading(store) as connection:
        return [words for is_well, words in overview.health(overview.read(connection, clock())) if not is_well]


def test_another_program_that_takes_the_presses_is_named_once_and_its_end_asks_again(store, desk, clock):
    """Two programs take turns: told in every chat at the second refusal, over a quarter of an hour after the last."""
    for minutes in (1, 2, 5, 9):
        clock.minutes = minutes
        desk.refused("Another program takes this bot's updates: terminated by other getUpdates request", taken=True)
        desk.heard()
    [words] = told(store)
    assert "409" in words
    assert any("Presses do not arrive since 2025-07-01 08:01 UTC" in problem for problem in problems(store, clock))
    for minutes in (20, 25, 40):
        clock.minutes = minutes
        desk.heard()
    [_, again] = told(store)
    assert "from 2025-07-01 08:01 UTC on: buttons pressed then may be lost" in again
    assert "w1" in again
    assert not any("Presses" in problem for problem in problems(store, clock))


def test_one_refusal_is_no_news(store, desk, clock):
    """A restart may meet the last request of the run before it: nobody is told, and nothing is asked again."""
    desk.refused("Another program takes this bot's updates", taken=True)
    clock.minutes = 1
    desk.heard()
    clock.minutes = 30
    desk.heard()
    assert told(store) == []
    assert not any("Presses" in problem for problem in problems(store, clock))


def test_a_revoked_token_is_said_until_telegram_answers(store, desk, clock):
    """Nobody can be told by Telegram then; what the command line and the next start see says so."""
    clock.minutes = 1
    desk.refused("Telegram does not know this token: set a valid one.", taken=False)
    assert told(store) == []
    assert any("set a valid one" in problem for problem in problems(store, clock))
    clock.minutes = 2
    desk.heard()
    assert told(store) == []
    with reading(store) as connection:
        assert connection_state.refused(connection) is None


def test_a_loop_that_is_not_answered_is_not_well(store, desk, clock):
    """A quarter of an hour without a word of Telegram's stands among what is wrong."""
    assert not any("Telegram" in problem for problem in problems(store, clock))
    clock.minutes = 16
    assert any("Telegram was last heard at 2025-07-01 08:00 UTC" in problem for problem in problems(store, clock))
