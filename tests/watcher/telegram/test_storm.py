"""Many flags at once, an outage of Telegram, more than one chat: nothing is dropped and nothing doubled."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.errors import DeliveryError
from alerts.review import make_decision
from alerts.types import Choice
from tests.alerts.examples import FLAG
from watcher.config.telegram import TelegramConfig
from watcher.jobs.review.deliver import STORM, deliver_once
from watcher.jobs.review.digest import HOUR, digest_once
from watcher.store import flag_log, outbox, wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram import actions
from watcher.telegram.decision_handler import DecisionHandler
from watcher.types import Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
KEY = bytes(32)
CHATS = [42, -100]


class Channel:
    """Takes messages by chat; a chat that is closed refuses."""

    def __init__(self, *closed):
        self.closed = set(closed)
        self.got = {}
        self.edits = []

    def send(self, chat_id, message):
        if chat_id in self.closed:
            raise DeliveryError("blocked by the user", permanent=True)
        self.got.setdefault(chat_id, []).append(message)
        return 100 + len(self.got[chat_id])

    def edit(self, chat_id, message_id, message):
        self.edits.append((chat_id, message_id, message.html))
        return True


def open_flags(engine, numbers, at=NOW, chats=CHATS):
    with writing(engine) as connection:
        for number in numbers:
            address = f"0x{number:040x}"
            wallets.add(connection, Wallet(address=address, label=f"w{number:02}", followed_since=at, added_at=at))
            flag_id = flag_log.open_flag(
                connection, address=address, at=at, score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
            )
            outbox.enqueue(connection, flag_id, at, chats)


def deliver(engine, channel, hours=0.0, chats=CHATS, **options):
    at = NOW + timedelta(hours=hours)
    return deliver_once(engine, channel, key=KEY, chats=chats, clock=lambda: at, **options)


def desk(engine, hours):
    at = NOW + timedelta(hours=hours)
    return DecisionHandler(engine, clock=lambda: at, key=KEY, chats=CHATS, units_a_day=1000)


def test_a_storm_is_one_message_with_every_flag_in_it(store):
    """Up to five flags a day have a card each; more are one message for each chat, with a button for every card."""
    channel = Channel()
    open_flags(store, range(1, STORM + 1))
    assert deliver(store, channel) == 2 * STORM
    open_flags(store, range(10, 30), NOW + timedelta(hours=3))
    assert deliver(store, channel, 3) == 2
    for chat_id in CHATS:
        *cards, storm = channel.got[chat_id]
        assert len(cards) == STORM
        assert "20 wallets left their form" in storm.html
        assert all(f"w{number:02}" in storm.html for number in range(10, 30))
        assert sum(len(row) for row in storm.buttons) == 20
        assert not storm.silent
    open_flags(store, [31], NOW + timedelta(hours=4))
    assert deliver(store, channel, 4) == 2
    assert channel.got[42][-1].silent
    open_flags(store, [32], NOW + timedelta(hours=40))
    assert deliver(store, channel, 40) == 2
    assert channel.got[42][-1].chart_png is not None


def test_after_a_day_out_of_reach_one_message_asks_every_open_flag_again(store):
    """Presses of that time may be lost at Telegram: told and untold flags are asked in one message, once."""
    channel, closed = Channel(), Channel(*CHATS)
    open_flags(store, [1, 2])
    desk(store, 0).heard()
    deliver(store, channel)
    open_flags(store, [3], NOW + timedelta(hours=5))
    for hours in (5, 12, 25):
        with pytest.raises(DeliveryError):
            deliver(store, closed, hours)
    with writing(store) as connection:
        keep = make_decision(2, Choice.KEEP, decided_by="@x", user_id=None, channel="cli", now=NOW)
        actions.decide(connection, keep)
    back = desk(store, 26)
    back.heard()
    back.heard()
    desk(store, 27).heard()
    open_flags(store, [4], NOW + timedelta(hours=27))
    deliver(store, channel, 27)
    words = [message.html for message in channel.got[42][2:]]
    again = [html for html in words if "heard from Telegram for 26 hours" in html]
    assert len(again) == 1
    assert [name in again[0] for name in ("w01", "w02", "w03", "w04")] == [True, False, True, False]
    assert sum("w03" in html for html in words) == 2  # its own card had been tried, and may not overtake
    assert [(chat, number) for chat, number, _ in channel.edits] == [(42, 102), (-100, 102)]


def test_a_card_that_came_just_now_is_not_asked_again(store):
    """Sending may be back before presses are: nobody could have pressed that card in the outage."""
    open_flags(store, [1])
    desk(store, 0).heard()
    deliver(store, Channel())
    open_flags(store, [2], NOW + timedelta(hours=26))
    channel = Channel()
    deliver(store, channel, 26)
    desk(store, 26.01).heard()
    deliver(store, channel, 26.01)
    [card, again] = channel.got[42]
    assert "w02" in card.html
    assert ["w01" in again.html, "w02" in again.html] == [True, False]


def test_a_short_outage_asks_nothing_again(store):
    """Telegram keeps presses for a day: within it they come by themselves."""
    open_flags(store, [1])
    for hours in (0, 23, 46):
        desk(store, hours).heard()
    with reading(store) as connection:
        assert {item.kind for item in outbox.deliveries(connection)} == {"flag"}


def test_a_closed_chat_does_not_close_the_others(store):
    """Every chat is served; the closed one keeps its messages, and is tried again after a while."""
    channel = Channel(42)
    open_flags(store, [1, 2])
    with pytest.raises(DeliveryError, match="blocked"):
        deliver(store, channel)
    assert len(channel.got[-100]) == 2
    assert deliver(store, channel, 0.005) == 0
    channel.closed.clear()
    assert deliver(store, channel, 0.5) == 2
    assert ["w01" in message.html for message in channel.got[42]] == [True, False]


def test_a_decision_shows_on_every_card_and_an_unsent_card_says_so_at_once(store):
    """In the other chat, and for a decision on the command line, the bot edits what it sent."""
    channel = Channel(-100)
    open_flags(store, [1])
    with pytest.raises(DeliveryError):
        deliver(store, channel)
    with writing(store) as connection:
        keep = make_decision(1, Choice.KEEP, decided_by="bob", user_id=None, channel="cli", now=NOW)
        actions.decide(connection, keep)
    channel.closed.clear()
    deliver(store, channel, 2)
    [(chat_id, message_id, html)] = channel.edits
    assert (chat_id, message_id) == (42, 101)
    assert "kept by bob" in html
    [late] = channel.got[-100]
    assert "kept by bob" in late.html
    assert not late.buttons


def test_what_waits_for_a_chat_that_left_the_configuration_is_not_lost(store):
    """A group that moved gets a new id: its words go to the first chat, once, and its cards to all, once."""
    channel = Channel()
    open_flags(store, [1], chats=[-7, 42])
    with writing(store) as connection:
        outbox.tell(connection, "told to one", NOW, [-7])
        outbox.tell(connection, "told to both", NOW, [-7, 42])
    assert deliver(store, channel) == 4
    assert sorted(message.html for message in channel.got[42][1:]) == ["told to both", "told to one"]
    assert [len(channel.got[chat_id]) for chat_id in CHATS] == [3, 1]


def test_a_message_of_another_chat_is_never_taken_for_one_of_this(store):
    """Ids of messages count in one chat only: a card of a chat that left the configuration is not changed any more."""
    channel = Channel()
    open_flags(store, [1], chats=[-7])
    deliver_once(store, channel, key=KEY, chats=[-7], clock=lambda: NOW)
    with writing(store) as connection:
        made = make_decision(1, Choice.KEEP, decided_by="bob", user_id=None, channel="cli", now=NOW)
        actions.decide(connection, made)
    assert deliver(store, channel, 1) == 0
    assert channel.edits == []


class Moved(Channel):
    """A group that has become another chat."""

    def send(self, chat_id, message):
        if chat_id == -7:
            raise DeliveryError("moved", permanent=True, moved_to=-100)
        return super().send(chat_id, message)


def test_a_group_that_moved_is_followed_only_where_its_new_chat_is_configured(store):
    """Then what waits goes there, and what waits there anyway is not doubled; else it stays where it is."""
    channel, clock = Moved(), {"clock": lambda: NOW, "key": KEY}
    open_flags(store, [1], chats=[-7])
    with pytest.raises(DeliveryError, match="moved"):
        deliver_once(store, channel, chats=[-7], **clock)
    assert channel.got == {}
    open_flags(store, [2], chats=[-7, -100])
    later = clock | {"clock": lambda: NOW + timedelta(hours=1)}
    deliver_once(store, channel, chats=[-7, -100], **later)
    deliver_once(store, channel, chats=[-7, -100], **later)
    assert sorted(number for number in ("w01", "w02") for each in channel.got[-100] if number in each.html) == [
        "w01",
        "w02",
    ]


def test_quiet_hours_take_the_sound_and_nothing_else():
    """Also over midnight, in the user's own time zone."""
    table = TelegramConfig(chat_id=1, allowed_user_ids=[1], quiet_hours="22:00-07:00", timezone="Europe/Berlin")
    hours = [hour for hour in range(24) if table.is_quiet(datetime(2025, 7, 1, hour, tzinfo=UTC))]
    assert hours == [0, 1, 2, 3, 4, 20, 21, 22, 23]
    assert not table.model_copy(update={"quiet_hours": None}).is_quiet(NOW)


def test_quiet_messages_still_arrive(store):
    """A flag in a quiet hour is sent at once, without a sound."""
    channel = Channel()
    open_flags(store, [1])
    assert deliver(store, channel, quiet=lambda _: True) == 2
    assert channel.got[42][0].silent


def test_the_digest_comes_every_monday_also_when_nothing_was_flagged(store):
    """Once a week in the user's zone; weeks without a watch are told in one; the first Monday only starts the count."""
    zone = TelegramConfig(chat_id=1, allowed_user_ids=[1], timezone="America/New_York").zone
    monday = datetime(2025, 7, 7, HOUR, tzinfo=zone).astimezone(UTC)

    def due(hours):
        return digest_once(store, zone=zone, now=monday + timedelta(hours=hours), units_a_day=10, chats=[42])

    assert [due(hours) for hours in (-1, 0, 1, 167, 168, 169, 168 * 5, 168 * 5 + 1)] == [
        False,
        True,
        False,
        False,
        True,
        False,
        True,
        False,
    ]
    with reading(store) as connection:
        first, *_, last = outbox.deliveries(connection)
    assert "Digest, 30 Jun to 7 Jul" in first.html
    assert "No flags. No flag is not health." in first.html
    assert "Budget: 0 of 70 units in seven days." in first.html
    assert "Digest, 14 Jul to 11 Aug" in last.html
    assert last.silent


def test_the_digest_names_what_waits_and_what_was_decided(store):
    """Open flags have buttons to their cards; decisions and their number are told."""
    open_flags(store, [1, 2], chats=[])
    with writing(store) as connection:
        keep = make_decision(2, Choice.KEEP, decided_by="@x", user_id=None, channel="cli", now=NOW)
        actions.decide(connection, keep)
    for days in (0, 7):
        digest_once(store, zone=UTC, now=NOW + timedelta(days=days), units_a_day=10, chats=[42])
    channel = Channel()
    deliver(store, channel, 24 * 7)
    message, card = channel.got[42]
    assert "w01" in card.html
    assert "Decided: 1 keep." in message.html
    assert "2 flags: 1 waiting for you, 1 kept." in message.html
    assert [[button.label for button in row] for row in message.buttons] == [["#1 w01"]]


def test_a_storm_is_told_again_as_such_after_a_doubtful_attempt(store):
    """The repeat is marked, and the flags in it are not sent a second way."""
    channel = Channel()
    open_flags(store, range(1, 9), chats=[42])
    sent = channel.send

    def doubtful(chat_id, message):
        channel.send = sent
        raise DeliveryError("no answer", uncertain=True)

    channel.send = doubtful
    assert deliver(store, channel, chats=[42]) == 0
    assert deliver(store, channel, 1, chats=[42]) == 1
    [storm] = channel.got[42]
    assert storm.html.startswith("<i>Perhaps a repeat")
    assert len(storm.buttons) == 4
