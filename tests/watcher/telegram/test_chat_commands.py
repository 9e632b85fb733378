"""What allowed people can write to the bot, and what it answers."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DataError, OperationalError

from alerts.review import CARD, DETAILS, parse_press
from alerts.types import Choice, Press, Said, Verb
from alerts.wording import strip
from ingest.errors import StoreError
from metrics.types import Silence, State
from tests.alerts.examples import FLAG, assessment
from watcher.store import flag_log, outbox, wallets
from watcher.store.sql import schema
from watcher.store.sql.database import reading, writing
from watcher.telegram.chat_commands import COMMANDS, menu
from watcher.telegram.decision_handler import DecisionHandler
from watcher.types import Role, Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
KEY = bytes(32)


@pytest.fixture
def desk(store):
    """A database with one flagged wallet, one other and a peer."""
    with writing(store) as connection:
        for address, label, role in (
            (FLAG.wallet, "Grey Heron", Role.FOLLOWED),
            ("0x" + "b" * 40, "<b>Bo&", Role.FOLLOWED),
            ("0x" + "c" * 40, "peer", Role.PEER),
        ):
            wallets.add(connection, Wallet(address=address, label=label, role=role, followed_since=NOW, added_at=NOW))
        flag_id = flag_log.open_flag(
            connection, address=FLAG.wallet, at=NOW, score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
        )
        flag_log.replace_assessments(connection, [assessment(State.FLAGGED)])
        outbox.enqueue(connection, flag_id, NOW, [42])
        outbox.sent(connection, outbox.claim(connection, NOW, 42).outbox_id, 900, NOW)
    return DecisionHandler(
        store, clock=lambda: NOW + timedelta(hours=1), key=KEY, chats=[42], units_a_day=1000, config_hash="h"
    )


def say(desk, words, update_id=5, reply_to=None):
    said = Said(update_id=update_id, user_id=7, user_name="@ann", chat_id=42, text=words, reply_to=reply_to)
    message = desk.command(said)
    return None if message is None else message.html


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_answers_with_and_without_words(desk, name):
    """An answer in valid words, the offset moved; Telegram's own form with the bot's name is understood."""
    for number, words in enumerate((f"/{name}", f"/{name}@edgewatch_bot grey heron", f"/{name.upper()} nobody 7d")):
        answer = say(desk, words, update_id=10 + number)
        assert strip(answer).strip()
        assert "<b>Bo&" not in answer
        assert desk.offset() == 11 + number


def test_the_menu_shows_every_command(desk):
    """What Telegram shows is what is understood."""
    assert [name for name, _ in menu()] == list(COMMANDS)
    assert all(f"/{name}" in say(desk, "/help") for name in COMMANDS)


@pytest.mark.parametrize("command", ["/flags", "/status", "/digest", "/wallet Grey Heron"])
def test_a_flag_that_is_named_can_be_opened_and_decided(desk, command):
    """Whatever names what waits has a button for its card; the card has the buttons of the first."""
    listed = desk.command(Said(update_id=1, user_id=7, user_name="@ann", chat_id=42, text=command))
    [[button]] = listed.buttons
    assert parse_press(button.data, key=KEY, chat_id=42) == (1, CARD)
    press = Press(update_id=2, flag_id=1, verb=CARD, user_id=7, user_name="@ann", chat_id=42, message_id=3)
    card = desk.record(press).reply
    verbs = {parse_press(each.data, key=KEY, chat_id=42)[1] for row in card.buttons for each in row if each.data}
    assert verbs >= {Choice.KEEP, Choice.UNFOLLOW, Choice.SNOOZE, DETAILS}


def test_a_wallet_is_told_with_its_whole_verdict(desk):
    """As in the list of wallets."""
    assert "; left its form: win rate." in say(desk, "/wallet Grey Heron")
    assert "Grey Heron: left its form: win rate" in say(desk, "/wallets")
    assert "1 out of form" in say(desk, "/status")


def test_snoozing_takes_a_wallet_a_span_and_a_reason(desk, store):
    """Labels may have spaces; without a span, or with one too long, it asks and changes nothing."""
    for words in ("/snooze Grey Heron", "/snooze Grey Heron 91d", "/snooze Grey Heron soon", "/snooze nobody 7d"):
        say(desk, words)
    with reading(store) as connection:
        assert (flag_log.decisions(connection), flag_log.acts(connection)) == ([], [])
    assert "snoozed until 2025-07-03 09:00 UTC by @ann" in say(desk, "/snooze grey heron 2d on holiday")
    assert "silent until 2025-07-01 21:00 UTC" in say(desk, "/snooze 0xbbbb 12h")
    with reading(store) as connection:
        [decision], [act] = flag_log.decisions(connection), flag_log.acts(connection)
    assert (decision.note, decision.user_id, decision.config_hash) == ("on holiday", 7, "h")
    assert act.wallet == "0x" + "b" * 40
    assert "may speak again" in say(desk, "/unsnooze 0xbbbb")


def test_unfollowing_and_following_by_name(desk, store):
    """The open flag is decided with it; a peer is neither followed nor unfollowed."""
    assert "unfollowed by @ann" in say(desk, "/unfollow Grey Heron lost its edge")
    assert "followed again" in say(desk, "/follow Grey Heron")
    assert "is a peer" in say(desk, "/unfollow peer")
    with reading(store) as connection:
        [decision] = flag_log.decisions(connection)
    assert (decision.choice, decision.note) == (Choice.UNFOLLOW, "lost its edge")


def test_a_reply_to_a_card_is_the_reason_for_its_decision(desk, store):
    """Kept beside the decision; before it there is nothing to explain; other talk is not answered."""
    assert "press a button first" in say(desk, "because", reply_to=900)
    desk.record(Press(update_id=2, flag_id=1, verb="keep", user_id=7, user_name="@ann", chat_id=42, message_id=900))
    assert "Noted: why flag #1 was kept by @ann" in say(desk, "it was on holiday", reply_to=900)
    assert say(desk, "hello") is None
    assert say(desk, "hello", reply_to=901) is None
    with reading(store) as connection:
        [act] = flag_log.acts(connection)
    assert (act.flag_id, act.note, act.by) == (1, "it was on holiday", "@ann")


def test_what_the_program_cannot_deal_with_is_said_and_passed_over(desk, store):
    """A row that cannot be read breaks one answer, not the loop: the next update is heard, and nothing was changed."""
    with writing(store) as connection:
        connection.execute(update(schema.assessment).values(evidence="{}"))
    assert "failed here" in say(desk, "/why Grey Heron", update_id=5)
    assert desk.offset() == 6
    assert "silent until" in say(desk, "/snooze 0xbbbb 12h", update_id=6)


class Failing(DecisionHandler):
    """Cannot answer, for a reason."""

    reason: Exception

    def _answered(self, said):
        raise self.reason


@pytest.mark.parametrize(
    "reason",
    [
        StoreError("cannot use the database: it is locked"),
        OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked")),
        OSError("disk full"),
    ],
    ids=lambda reason: type(reason).__name__,
)
def test_a_database_that_is_away_is_tried_again(store, reason):
    """Its update stays unread: the same words will do later."""
    desk = Failing(store, clock=lambda: NOW, key=KEY, chats=[42], units_a_day=1000)
    desk.reason = reason
    with pytest.raises(type(reason)):
        say(desk, "/status", update_id=5)
    assert desk.offset() == 0


def test_words_that_a_database_refuses_are_passed_over(store):
    """They would be refused every time, and nobody else would be heard again."""
    desk = Failing(store, clock=lambda: NOW, key=KEY, chats=[42], units_a_day=1000)
    desk.reason = DataError("INSERT", {}, ValueError("text fields cannot contain NUL"))
    assert "failed here" in say(desk, "/status", update_id=5)
    assert desk.offset() == 6


def test_what_is_stored_of_a_persons_words_holds_nothing_hidden(desk, store):
    """A reason is one harmless line, however it was given."""
    say(desk, "/snooze Grey Heron 3d a\0b\u202e on leave")
    say(desk, "/snooze 0xbbbb 3d a\0b\u202e on leave")
    with reading(store) as connection:
        notes = [item.note for item in (*flag_log.decisions(connection), *flag_log.acts(connection))]
    assert notes == ["ab on leave"] * 2


def test_what_looks_like_a_key_is_not_repeated(desk):
    """A person may paste the wrong thing."""
    for name in ("wallet", "why", "snooze", "follow"):
        assert "f" * 64 not in say(desk, f"/{name} {'f' * 64}")


def test_an_address_that_is_new_can_be_followed(desk, store):
    """/follow takes a whole address once; what is none, is mistyped or might be a key is not added, nor repeated."""
    new = "0x" + "d" * 40
    key = "e" * 64
    for words in (f"/follow {new[:-1]}", f"/follow {key}", "/follow 0xDDdddddddddddddddddddddddddddddddddddddd"):
        answer = say(desk, words)
        assert answer.startswith("Which wallet?")
        assert words.split()[1] not in answer
    assert "followed from now on, by @ann" in say(desk, f"/follow {new}")
    assert "nothing changed" in say(desk, f"/follow {new}")
    with reading(store) as connection:
        wallet, [act] = wallets.find(connection, new), flag_log.acts(connection)
    assert (wallet.role, wallet.label, wallet.followed_since) == (Role.FOLLOWED, "", NOW + timedelta(hours=1))
    assert (act.verb, act.wallet, act.flag_id) == (Verb.FOLLOW, new, None)


def test_why_says_what_was_found_about_a_silence(desk, store):
    """The newest flag's finding stands among the figures."""
    assert "Why quiet?" not in say(desk, "/why grey heron")
    with writing(store) as connection:
        flag_log.add_silence(connection, 1, Silence(at=NOW, since=NOW, came=0, went=0, moved=None))
    assert "<b>Why quiet?</b> Since 1 Jul no large transfer out is known." in say(desk, "/why grey heron")
