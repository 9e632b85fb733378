"""Every open flag reaches every chat that is configured, whatever was first: the flag, the chat, or the token."""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts.errors import DeliveryError
from alerts.review import CARD, make_decision, parse_press
from alerts.types import Choice, FlagStatus, Press
from tests.alerts.examples import FLAG
from watcher.jobs.review.deliver import STORM, deliver_once
from watcher.store import flag_log, outbox, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.telegram import actions
from watcher.telegram.decision_handler import DecisionHandler
from watcher.types import Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
CHATS = (42, -100, -200)


@dataclass
class Story:
    """One installation: its database, its configuration, and what was sent to whom."""

    engine: object
    chats: tuple[int, ...] = ()
    tokens: int = 1
    hours: float = 0.0
    closed: tuple[int, ...] = ()
    sent: list = field(default_factory=list)  #: chat, id, message, and the flags that were open then
    mine: set = field(default_factory=set)  #: chat and id of what was sent with the present token

    @property
    def key(self):
        return bytes([self.tokens]) * 32

    def clock(self):
        return NOW + timedelta(hours=self.hours)

    def send(self, chat_id, message):
        if chat_id in self.closed:
            raise DeliveryError("blocked", permanent=True)
        message_id = 100 + len(self.sent)
        self.sent.append((chat_id, message_id, message, self.open_flags()))
        self.mine.add((chat_id, message_id))
        return message_id

    def edit(self, chat_id, message_id, message):
        assert (chat_id, message_id) in self.mine, "an id of another bot's message means another message"
        return chat_id not in self.closed

    def open_flags(self):
        with reading(self.engine) as connection:
            return {each.flag_id for each in flag_log.flags(connection) if each.status is FlagStatus.OPEN}

    def open(self, number):
        # One title for all, so that one chart is drawn.
        address = f"0x1234{number:032x}cdef"
        with writing(self.engine) as connection:
            if wallets.find(connection, address) is not None:
                return
            wallets.add(connection, Wallet(address=address, followed_since=NOW, added_at=NOW))
            flag_id = flag_log.open_flag(
                connection, address=address, at=self.clock(), score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
            )
            outbox.enqueue(connection, flag_id, self.clock(), self.chats)

    def decide(self, number):
        waiting = sorted(self.open_flags())
        if waiting:
            with writing(self.engine) as connection:
                made = make_decision(
                    waiting[number % len(waiting)],
                    Choice.KEEP,
                    decided_by="ann",
                    user_id=None,
                    channel="cli",
                    now=self.clock(),
                )
                actions.decide(connection, made)

    def configure(self, chats):
        self.chats = chats

    def replace_token(self, _):
        self.tokens += 1
        self.mine.clear()

    def wait(self, hours):
        self.hours += hours

    def deliver(self, closed):
        self.closed = closed
        if self.chats:
            try:
                deliver_once(self.engine, self, key=self.key, chats=self.chats, clock=self.clock)
            except DeliveryError:
                assert set(closed) & set(self.chats)

    def told(self, chat_id):
        """The flags that a chat can decide about by a button that it was sent, each as often as it was."""
        found = []
        for where, _, message, _ in self.sent:
            buttons = [button.data for row in message.buttons for button in row] if where == chat_id else []
            pressed = [parse_press(data, key=self.key, chat_id=chat_id) for data in buttons]
            found += [press[0] for press in pressed if press is not None and press[1] in {Choice.KEEP, CARD}]
        return found


STEPS = st.one_of(
    st.tuples(st.just("open"), st.integers(1, 9)),
    st.tuples(st.just("open"), st.integers(1, 9)),
    st.tuples(st.just("configure"), st.lists(st.sampled_from(CHATS), unique=True).map(tuple)),
    st.tuples(st.just("replace_token"), st.none()),
    st.tuples(st.just("decide"), st.integers(0, 8)),
    st.tuples(st.just("deliver"), st.sampled_from([(), (), (42,), (-100, -200), CHATS])),
    st.tuples(st.just("wait"), st.sampled_from([0.01, 2, 30])),
)


@settings(max_examples=60)
@given(steps=st.lists(STEPS, max_size=16), last=st.sampled_from([CHATS, (42,), (-100, 42)]))
@example(steps=[("open", 1), ("open", 2)], last=CHATS)
@example(steps=[("configure", (42,)), ("open", 1), ("deliver", ()), ("replace_token", None)], last=CHATS)
@example(steps=[("configure", (42,)), ("open", 1), ("deliver", ()), ("replace_token", None), ("decide", 0)], last=CHATS)
@example(steps=[("configure", (42,)), ("open", 1), ("deliver", ()), ("decide", 0), ("replace_token", None)], last=CHATS)
@example(steps=[("open", n) for n in range(1, 8)], last=(42,))
@example(  # a storm that never arrived, in a chat that went and came back
    steps=[
        ("configure", (42, -100)),
        *(("open", n) for n in range(1, 8)),
        ("deliver", (-100,)),
        ("configure", (42,)),
        ("deliver", ()),
    ],
    last=(-100, 42),
)
def test_every_open_flag_reaches_every_chat_once(empty_file, tmp_path_factory, steps, last):
    """For any order of things: each open flag has working buttons in each chat, once; a decided one gets none.

    In its own card, or in one message of many where more than five came in a day.
    """
    folder = tmp_path_factory.mktemp("story")
    engine = database.connect(f"sqlite:///{shutil.copy(empty_file, folder)}")
    try:
        story = Story(engine)
        for name, argument in steps:
            getattr(story, name)(argument)
        story.configure(last)
        for _ in range(4):  # what a chat refused is tried again after an hour at most
            story.deliver(())
            story.wait(2)
        for chat_id in last:
            told = [flag_id for flag_id in story.told(chat_id) if flag_id in story.open_flags()]
            assert sorted(told) == sorted(story.open_flags()), f"in chat {chat_id}"
        for chat_id, _, message, were_open in story.sent:
            for button in [button for row in message.buttons for button in row]:
                assert any(
                    (press := parse_press(button.data, key=bytes([n + 1]) * 32, chat_id=chat_id)) is not None
                    and press[0] in were_open
                    for n in range(story.tokens)
                ), "a button is about a flag that is open, and made for its chat"
        with reading(engine) as connection:
            assert [each for each in outbox.deliveries(connection) if each.state in outbox.UNSENT] == []
    finally:
        engine.dispose()
        shutil.rmtree(folder)


def test_the_buttons_of_a_late_card_decide(store):
    """A press on the card in a chat that was added after the flag is recorded as any other."""
    story = Story(store)
    story.open(1)
    story.configure((42,))
    story.deliver(())
    story.configure((42, -100))
    story.deliver(())
    [(_, first, *_), (chat_id, message_id, card, _)] = story.sent
    assert (first, chat_id) == (100, -100)
    assert card.chart_png is not None
    desk = DecisionHandler(store, clock=story.clock, key=story.key, chats=story.chats, units_a_day=1000)
    press = Press(
        update_id=1, flag_id=1, verb="keep", user_id=7, user_name="@ann", chat_id=chat_id, message_id=message_id
    )
    assert desk.record(press).answer == "Recorded: kept."


def test_a_new_token_is_told_and_its_cards_come_again(store):
    """Older buttons are dead: one warning where they were, and the cards of open flags; once."""
    story = Story(store)
    story.configure((42,))
    for number in (1, 2):
        story.open(number)
    story.deliver(())
    story.decide(0)
    story.deliver(())
    assert len(story.sent) == 2
    story.replace_token(None)
    story.configure((42, -100))
    for _ in range(2):
        story.deliver(())
    told = [(chat_id, message.html.partition("\n")[0]) for chat_id, _, message, _ in story.sent[2:]]
    assert [chat_id for chat_id, _ in told] == [42, 42, -100]
    assert "The bot's token is new" in told[0][1]
    assert all("#2" in head for _, head in told[1:])


def test_another_bot_counts_its_updates_anew(store):
    """Its presses are asked for from the start, and one with the number of an older press is recorded all the same."""
    story = Story(store)
    story.configure((42,))
    for number in (1, 2):
        story.open(number)
    for flag_id in (1, 2):
        story.deliver(())
        desk = DecisionHandler(store, clock=story.clock, key=story.key, chats=(42,), units_a_day=1000)
        assert desk.offset() == 0
        [message_id] = [
            number
            for _, number, message, _ in story.sent
            if f"#{flag_id}" in message.html and (42, number) in story.mine
        ]
        press = Press(
            update_id=7, flag_id=flag_id, verb="keep", user_id=7, user_name="@ann", chat_id=42, message_id=message_id
        )
        assert desk.record(press).answer == "Recorded: kept."
        assert desk.offset() == 8
        story.replace_token(None)


def test_a_storm_of_hundreds_has_a_button_for_each(store):
    """Telegram takes a hundred buttons below a message: more flags are told in more messages."""
    story = Story(store)
    for number in range(1, 201):
        story.open(number)
    story.configure((42,))
    story.deliver(())
    assert sorted(story.told(42)) == list(range(1, 201))
    assert STORM < len(story.sent) + 1 < 20
    assert [message.silent for _, _, message, _ in story.sent].count(False) == 1
