"""Anybody can send an update: reading one never fails."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.telegram.updates import GENERAL, SERVICE_ACCOUNTS, Me, Update, read

ME = Me(user_id=123, username="edgewatch_bot")
PERSON = {"id": 7, "is_bot": False, "first_name": "X"}
SAID = {"message_id": 9, "date": 1, "chat": {"id": -5, "type": "supergroup"}, "from": PERSON, "text": "/status"}
CARD = {**SAID, "from": {"id": 123, "is_bot": True, "first_name": "E"}, "edit_date": 2}
PRESSED = {"id": "q", "from": PERSON, "chat_instance": "1", "message": CARD, "data": "d"}
USER = {"id": 8, "is_bot": False, "first_name": "Y"}
BOT = {"id": 9, "is_bot": True, "first_name": "Z"}
CHANNEL = {"id": -100, "type": "channel", "title": "news"}
FORWARDS: list[dict[str, Any]] = [
    {"forward_origin": {"type": "user", "date": 1, "sender_user": USER}},
    {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Y"}},
    {"forward_origin": {"type": "chat", "date": 1, "sender_chat": CHANNEL}},
    {"forward_origin": {"type": "channel", "date": 1, "chat": CHANNEL, "message_id": 3}},
    {"forward_origin": {"type": "of the future"}},
    {"forward_from": USER, "forward_date": 1},
    {"forward_from_chat": CHANNEL, "forward_from_message_id": 3, "forward_signature": "s", "forward_date": 1},
    {"forward_sender_name": "Y", "forward_date": 1},
    {"forward_date": 1},
    {"is_automatic_forward": True},
]
NOT_OWN: list[dict[str, Any]] = [
    *FORWARDS,
    {"via_bot": BOT},
    {"sender_chat": CHANNEL},
    {"sender_chat": SAID["chat"]},
    {"sender_business_bot": BOT},
    {"business_connection_id": "b"},
    {"is_from_offline": True},
]
NOBODY: list[Any] = [
    None,
    {},
    BOT,
    {**PERSON, "is_bot": True},
    {"id": 7, "first_name": "X"},
    {**PERSON, "id": -7},
    {**PERSON, "id": 0},
    *({**PERSON, "id": number} for number in SERVICE_ACCOUNTS),
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["update_id", "message", "callback_query", "from", "chat", "id", "data", "text", "photo"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_comes_is_read_or_passed_over(raw: object):
    """No JSON value raises; without an integer id there is no update."""
    update = read(raw, ME)
    assert update is None or type(update.update_id) is int


def test_a_press_is_read():
    """Who, where, which message, what."""
    user = {"id": 7, "is_bot": False, "first_name": "@boss", "last_name": "\u202eX"}
    message = {"message_id": 3, "chat": {"id": 42}, "photo": [{}], "text": "not the data"}
    raw = {"update_id": 5, "callback_query": {"id": "q", "from": user, "message": message, "data": "d"}}
    assert read(raw, ME) == Update(
        update_id=5,
        user_id=7,
        user_name="boss X",
        chat_id=42,
        message_id=3,
        is_photo=True,
        query_id="q",
        data="d",
        refused=None,
    )


def test_other_kinds_of_updates_have_no_author_to_trust():
    """Channel posts and edited messages are nobody's word."""
    for kind in ("channel_post", "edited_message", "inline_query"):
        update = read({"update_id": 5, kind: SAID}, ME)
        assert update is not None
        assert (update.user_id, update.chat_id, update.data) == (None, None, None)
        assert update.refused is not None


def refused(**content: Any) -> str | None:
    update = read({"update_id": 5, **copy.deepcopy(content)}, ME)
    assert update is not None
    return update.refused


def test_a_persons_new_message_and_press_may_act():
    """Also a reply to a forwarded message, a press on an old message, and one on the bot's own post in a channel."""
    assert refused(message=SAID) is None
    assert refused(message={**SAID, "reply_to_message": {**SAID, **FORWARDS[0]}, "quote": {"text": "x"}}) is None
    assert refused(message={**SAID, "sender_boost_count": 2, "is_topic_message": True, "message_thread_id": 4}) is None
    assert refused(callback_query=PRESSED) is None
    assert refused(callback_query={**PRESSED, "message": {"message_id": 9, "date": 0, "chat": SAID["chat"]}}) is None
    post = {"message_id": 9, "date": 1, "chat": CHANNEL, "sender_chat": CHANNEL, "text": "card"}
    assert refused(callback_query={**PRESSED, "message": post}) is None


@pytest.mark.parametrize("fields", NOT_OWN)
def test_what_a_person_did_not_write_does_nothing(fields: dict[str, Any]):
    """Forwarded in any way, by an inline bot, in the name of a chat, for a business, in one's absence."""
    assert refused(message={**SAID, **fields}) is not None
    if "is_from_offline" not in fields:
        assert refused(callback_query={**PRESSED, "message": {**CARD, **fields}}) is not None


@pytest.mark.parametrize("who", NOBODY)
def test_bots_and_accounts_that_stand_for_others_do_nothing(who: Any):
    """Whatever is not plainly a person: no word and no press of theirs acts."""
    assert refused(message={**SAID, "from": who}) is not None
    assert refused(callback_query={**PRESSED, "from": who}) is not None


def test_a_press_counts_on_a_message_of_this_bot_alone():
    """Not on another's, not where no message is told, not through an inline message, not beside a second content."""
    assert refused(callback_query={**PRESSED, "message": {**CARD, "from": BOT}}) is not None
    assert refused(callback_query={**PRESSED, "message": {**CARD, "from": PERSON}}) is not None
    assert refused(callback_query={**PRESSED, "inline_message_id": "i"}) is not None
    assert refused(callback_query={name: value for name, value in PRESSED.items() if name != "message"}) is not None
    assert refused(callback_query=PRESSED, message=SAID) is not None
    assert refused(message=SAID, of_the_future={}) is not None


@pytest.mark.parametrize("kind", ["edited_message", "channel_post", "edited_channel_post", "business_message"])
def test_only_a_new_message_is_one(kind: str):
    """Edits, posts and business messages do nothing, also where they come as a message."""
    assert refused(**{kind: SAID}) is not None
    assert refused(message={**SAID, "edit_date": 2}) is not None


@pytest.mark.parametrize(
    ("words", "is_ours"),
    [
        ("/status", True),
        ("/status@EdgeWatch_Bot", True),
        ("/unfollow@edgewatch_bot Heron", True),
        ("/unfollow Heron @OtherBot", True),
        ("see @OtherBot", True),
        ("/unfollow@OtherBot Heron", False),
        ("/unfollow@OtherBot\nHeron", False),
        ("  /unfollow@OtherBot Heron", False),
        ("/unfollow@edgewatch_bot2 Heron", False),
        ("/unfollow@ Heron", False),
        ("/unfollow@edgewatch_bot@OtherBot Heron", False),
    ],
)
def test_a_command_to_another_bot_is_not_ours(words: str, is_ours: bool):
    """The name behind the @ is the bot's own, in any case, or the command is somebody else's."""
    assert (refused(message={**SAID, "text": words}) is None) == is_ours


def topic(**message: Any) -> int | None:
    update = read({"update_id": 5, "message": {**SAID, **message}}, ME)
    assert update is not None
    return update.topic


def test_the_topic_is_where_an_answer_can_go():
    """A forum's topic by its id; a thread of answers is none; of a message too old to be shown nothing is known."""
    assert topic(message_thread_id=4, is_topic_message=True) == 4
    assert topic(message_thread_id=4) == GENERAL
    assert topic() == GENERAL
    assert topic(date=0) is None
