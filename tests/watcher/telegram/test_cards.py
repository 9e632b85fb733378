"""Which message a button belongs to, and what a card shows after a press, whatever happens in between."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.review import CARD, CHOICES, DETAILS, FOLLOW
from alerts.types import Press, Said
from tests.alerts.examples import FLAG
from watcher.jobs.review.deliver import deliver_once
from watcher.store import flag_log, outbox, wallets
from watcher.store.outbox import LOOP_TIME
from watcher.store.sql.database import reading, writing
from watcher.telegram.decision_handler import DecisionHandler
from watcher.types import Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
KEY = bytes(32)
CHAT = 42
FIRST, SECOND = 501, 502  #: messages with the cards of flags 1 and 2


class Channel:
    """Takes messages, and says what it was asked to change."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)
        self.edits = []

    def send(self, chat_id, message):
        return self.numbers.pop(0)

    def edit(self, chat_id, message_id, message):
        self.edits.append((message_id, message.html))
        return True


def deliver(engine, channel, at=NOW):
    return deliver_once(engine, channel, key=KEY, chats=[CHAT], clock=lambda: at)


@pytest.fixture
def engine(store):
    """Two open flags whose cards were sent."""
    with writing(store) as connection:
        for number in (1, 2):
            address = f"0x{number:040x}"
            wallets.add(connection, Wallet(address=address, label=f"w{number}", followed_since=NOW, added_at=NOW))
            flag_id = flag_log.open_flag(
                connection, address=address, at=NOW, score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
            )
            outbox.enqueue(connection, flag_id, NOW, [CHAT])
    assert deliver(store, Channel(FIRST, SECOND)) == 2
    return store


@pytest.fixture
def desk(engine):
    return DecisionHandler(engine, clock=lambda: NOW, key=KEY, chats=[CHAT], units_a_day=1000)


def press(verb, message_id, *, flag_id=1, update_id=1):
    return Press(
        update_id=update_id,
        flag_id=flag_id,
        verb=verb,
        user_id=7,
        user_name="@ann",
        chat_id=CHAT,
        message_id=message_id,
    )


def decided(engine):
    with reading(engine) as connection:
        return [item.flag_id for item in flag_log.decisions(connection)]


@pytest.mark.parametrize("verb", [*CHOICES, FOLLOW])
@pytest.mark.parametrize("message_id", [SECOND, 777, None])
def test_a_button_counts_on_a_message_that_shows_its_flag(engine, desk, verb, message_id):
    """Replayed on another flag's card, or on a message that nobody sent, it changes nothing, and is answered."""
    outcome = desk.record(press(verb, message_id))
    assert "does not belong to this message" in outcome.answer
    assert (outcome.edited, outcome.reply, decided(engine), desk.offset()) == (None, None, [], 2)
    assert len(engine_wallets(engine)) == 2


def engine_wallets(engine):
    with reading(engine) as connection:
        return wallets.all_wallets(connection)


def test_a_copy_that_was_never_confirmed_has_buttons_that_count(engine, desk):
    """Telegram may have shown a card without saying so; its id is not known, and its reader is heard all the same."""
    with writing(engine) as connection:
        outbox.ask_again(connection, 1, "again", NOW, [CHAT])
        outbox.unsent(connection, outbox.claim(connection, NOW, CHAT).outbox_id, "?", again_at=NOW, doubtful=True)
    assert "Recorded" in desk.record(press("keep", 777)).answer
    assert decided(engine) == [1]


def test_the_pressed_card_tells_the_outcome_though_the_loop_could_not_show_it(engine, desk):
    """Killed, or cut off, between the commit and the change of the message: the outbox makes up for it, once."""
    desk.record(press("keep", FIRST))
    channel = Channel()
    assert deliver(engine, channel, NOW + LOOP_TIME / 2) == 0
    assert deliver(engine, channel, NOW + LOOP_TIME) == 1
    assert deliver(engine, channel, NOW + 2 * LOOP_TIME) == 0
    [(message_id, words)] = channel.edits
    assert message_id == FIRST
    assert "kept by @ann" in words


def test_a_card_that_was_changed_at_once_is_not_changed_again(engine, desk):
    """What the loop has shown is settled."""
    done = press("keep", FIRST)
    desk.record(done)
    desk.shown(done, edited=True, sent=None)
    channel = Channel()
    assert deliver(engine, channel, NOW + timedelta(hours=1)) == 0
    assert channel.edits == []
    again = desk.record(press("keep", FIRST, update_id=2))
    assert "already kept by @ann" in again.answer
    assert again.edited is None


def test_a_card_that_was_asked_for_is_a_card(engine, desk):
    """Opened from a list, it can be decided on, answered with a reason, and tells what was decided elsewhere."""
    asked = press(CARD, 600)
    assert desk.record(asked).reply is not None
    desk.shown(asked, edited=False, sent=601)
    more = press(DETAILS, 601, update_id=2)
    desk.record(more)
    desk.shown(more, edited=False, sent=602)
    assert "Recorded" in desk.record(press("keep", 601, update_id=3)).answer
    channel = Channel()
    deliver(engine, channel, NOW + LOOP_TIME)
    assert sorted(message_id for message_id, _ in channel.edits) == [FIRST, 601]
    for message_id in (601, 602):
        said = Said(update_id=4, user_id=7, user_name="@ann", chat_id=CHAT, text="on leave", reply_to=message_id)
        assert "Noted: why flag #1 was kept" in desk.command(said).html
