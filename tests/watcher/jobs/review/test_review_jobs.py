"""Flags once opened: delivered at least once and in order, decided once, by a named human."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter
from sqlalchemy import update

from alerts.errors import DeliveryError
from alerts.review import CHOICES
from alerts.types import ChartSeries, Choice, FlagStatus, Press
from tests.alerts.examples import FLAG
from watcher.jobs.review.deliver import deliver_once
from watcher.record.accounts import covered_times
from watcher.store import flag_log, outbox, wallets
from watcher.store.sql import schema
from watcher.store.sql.database import reading, writing
from watcher.telegram.decision_handler import DecisionHandler
from watcher.types import Coverage, Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
KEY = bytes(32)
CHAT = 42


@pytest.fixture
def engine(store):
    """A database with two open flags of two wallets, both in the outbox."""
    with writing(store) as connection:
        for number in (1, 2):
            address = f"0x{number:040x}"
            wallets.add(connection, Wallet(address=address, label=f"w{number}", followed_since=NOW, added_at=NOW))
            flag_id = flag_log.open_flag(
                connection, address=address, at=NOW, score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
            )
            outbox.enqueue(connection, flag_id, NOW, [CHAT])
    return store


class Channel:
    """Takes messages, or fails with what the test put in."""

    def __init__(self, *faults):
        self.faults = list(faults)
        self.got = []
        self.edits = []

    def send(self, chat_id, message):
        if self.faults and (fault := self.faults.pop(0)):
            raise fault
        self.got.append(message)
        return len(self.got)

    def edit(self, chat_id, message_id, message):
        self.edits.append((chat_id, message_id, message))
        return True


def deliver(engine, channel, minutes=0):
    return deliver_once(engine, channel, key=KEY, chats=[CHAT], clock=lambda: NOW + timedelta(minutes=minutes))


def deliver_once_with(engine, series):
    """The first of three cards, drawn from a series that does not fit together."""
    with writing(engine) as connection:
        connection.execute(update(schema.flag).values(chart=TypeAdapter(ChartSeries).dump_json(series).decode()))
    channel = Channel()
    assert deliver(engine, channel) == 2
    return channel.got[0]


def test_a_flag_comes_back_as_it_was_frozen(engine):
    """Evidence and chart survive the database to the last digit."""
    with reading(engine) as connection:
        flag = flag_log.find_flag(connection, 1)
    assert flag == replace(FLAG, flag_id=1, wallet=f"0x{1:040x}", label="w1", opened_at=NOW, score=3.0)


def test_messages_go_out_once_and_in_order(engine):
    """Each flag is sent once, oldest first, and never again."""
    channel = Channel()
    assert deliver(engine, channel) == 2
    assert ["w1" in message.html for message in channel.got] == [True, False]
    assert deliver(engine, channel, 60) == 0


def test_a_card_whose_chart_cannot_be_drawn_arrives_without_it(engine):
    """A picture is not worth a flag, nor those that wait behind it."""
    torn = replace(FLAG.chart, days=FLAG.chart.days[:-3])
    assert deliver_once_with(engine, torn).chart_png is None


def test_what_did_not_arrive_waits_and_keeps_its_place(engine):
    """After a failure nothing overtakes, Telegram's own waiting time is kept, and what was refused is no repeat."""
    channel = Channel(DeliveryError("slow down", retry_after=90))
    assert deliver(engine, channel) == 0
    assert deliver(engine, channel, 1) == 0
    assert deliver(engine, channel, 2) == 2
    assert [("w1" in message.html, "Perhaps a repeat" in message.html) for message in channel.got] == [
        (True, False),
        (False, False),
    ]


def test_after_an_outage_what_waits_is_soon_tried_again(engine):
    """However long Telegram was in trouble: within five minutes; what may have arrived already, within half an hour."""
    for hours in range(12):
        assert deliver(engine, Channel(DeliveryError("in trouble")), 60 * hours) == 0
    assert [deliver(engine, Channel(), 60 * 11 + minutes) for minutes in (4.9, 5)] == [0, 2]
    with writing(engine) as connection:
        outbox.tell(connection, "more", NOW, [CHAT])
    for hours in range(12, 24):
        assert deliver(engine, Channel(DeliveryError("no answer", uncertain=True)), 60 * hours) == 0
    assert [deliver(engine, Channel(), 60 * 23 + minutes) for minutes in (29.9, 30)] == [0, 1]


def test_a_doubtful_attempt_is_repeated_with_the_same_id_and_says_so(engine):
    """Until one is confirmed, whatever else fails between; then it is never sent again."""
    channel = Channel(DeliveryError("no answer", uncertain=True))
    assert deliver(engine, channel) == 0
    with reading(engine) as connection:
        assert outbox.deliveries(connection)[0].state == "uncertain"
    channel.faults = [DeliveryError("slow down", retry_after=5)]
    assert [deliver(engine, channel, minutes) for minutes in (30, 60, 90)] == [0, 2, 0]
    assert [("Perhaps a repeat" in message.html, "#1" in message.html) for message in channel.got] == [
        (True, True),
        (False, False),
    ]


def test_a_closed_channel_is_told_and_the_message_kept(engine):
    """A permanent refusal is raised; the message stays with its reason, is tried again soon, and then hourly."""
    with pytest.raises(DeliveryError, match="blocked"):
        deliver(engine, Channel(DeliveryError("blocked by the user", permanent=True)))
    with reading(engine) as connection:
        first, second = outbox.deliveries(connection)
    assert (first.state, first.problem, second.state) == ("pending", "blocked by the user", "pending")
    for minutes in (1, 2, 4, 8, 16, 32, 64, 124, 184):
        with pytest.raises(DeliveryError, match="blocked"):
            deliver(engine, Channel(DeliveryError("blocked by the user", permanent=True)), minutes)
    channel = Channel()
    assert [deliver(engine, channel, minutes) for minutes in (243, 244)] == [0, 2]


def test_a_crash_while_sending_repeats_the_message(engine):
    """What was claimed and never confirmed is sent again, and says that it may be a repeat."""
    with writing(engine) as connection:
        assert outbox.claim(connection, NOW, CHAT).state == "sending"
    channel = Channel()
    assert deliver(engine, channel) == 2
    assert ["Perhaps a repeat" in message.html for message in channel.got] == [True, False]


def press(verb, update_id, flag_id=1, name="@ann"):
    return Press(update_id=update_id, flag_id=flag_id, verb=verb, user_id=7, user_name=name, chat_id=42, message_id=1)


@pytest.fixture
def desk(engine):
    return DecisionHandler(engine, clock=lambda: NOW, key=KEY, chats=[CHAT], units_a_day=1000)


@pytest.mark.parametrize("choice", CHOICES)
def test_a_decision_is_stored_with_its_offset(engine, desk, choice):
    """Who, what and when are stored, the flag moves, and the update is not taken twice."""
    outcome = desk.record(press(choice.value, 1000))
    assert "by @ann, 2025-07-01 08:00 UTC" in outcome.edited.html
    with reading(engine) as connection:
        [decision] = flag_log.decisions(connection)
        flag = flag_log.find_flag(connection, 1)
        wallet = wallets.find(connection, flag.wallet)
    assert (decision.choice, decision.decided_by, decision.user_id, decision.decided_at) == (choice, "@ann", 7, NOW)
    assert (decision.until == NOW + timedelta(days=7)) == (choice is Choice.SNOOZE)
    assert flag.status is not FlagStatus.OPEN
    assert (wallet.unfollowed_at == NOW) == (choice is Choice.UNFOLLOW)
    assert desk.offset() == 1001


def test_the_first_decision_stands(engine, desk):
    """A second press changes nothing, is told who decided, and still moves the offset."""
    desk.record(press("keep", 1000))
    outcome = desk.record(press("unfollow", 1001, name="@bob"))
    assert "already kept by @ann" in outcome.answer
    assert "kept by @ann" in outcome.edited.html
    with reading(engine) as connection:
        assert len(flag_log.decisions(connection)) == 1
    assert desk.offset() == 1002


def test_a_press_about_nothing_is_answered(desk):
    """A flag that is not there, and details, decide nothing."""
    assert "no flag #99" in desk.record(press("keep", 1000, flag_id=99)).answer
    assert "no flag #99" in desk.record(press("details", 1001, flag_id=99)).answer
    assert "edgewatch why" in desk.record(press("details", 1002)).reply.html
    assert desk.offset() == 1003


def test_a_wallet_has_one_open_flag(engine):
    """The database itself refuses a second open flag of the same wallet."""
    with pytest.raises(Exception, match=r"UNIQUE|flag_one_open"), writing(engine) as connection:
        flag_log.open_flag(
            connection, address=f"0x{1:040x}", at=NOW, score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
        )


def test_a_wallet_is_read_where_all_its_chains_are_read():
    """Time counts as read only where every chain of the wallet was; an unread chain leaves none."""

    def read(chain_id, first, last):
        at = [NOW + timedelta(hours=hours) for hours in (first, last)]
        return Coverage(
            chain_id=chain_id,
            wallet="w",
            first_block=first,
            last_block=last,
            first_at=at[0],
            last_at=at[1],
            level="ends",
        )

    items = [read(1, 0, 10), read(1, 20, 30), read(2, 5, 25)]
    hours = [[(at - NOW) / timedelta(hours=1) for at in span] for span in covered_times(items, "w", [1, 2])]
    assert hours == [[5, 10], [20, 25]]
    assert covered_times(items, "w", [1, 2, 3]) == []
    assert covered_times(items, "other", [1]) == []
