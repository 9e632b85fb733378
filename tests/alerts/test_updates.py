"""Anybody can send an update: reading one never fails."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.updates import Update, read

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
    update = read(raw)
    assert update is None or type(update.update_id) is int


def test_a_press_is_read():
    """Who, where, which message, what."""
    user = {"id": 7, "first_name": "@boss", "last_name": "\u202eX"}
    message = {"message_id": 3, "chat": {"id": 42}, "photo": [{}], "text": "not the data"}
    raw = {"update_id": 5, "callback_query": {"id": "q", "from": user, "message": message, "data": "d"}}
    assert read(raw) == Update(
        update_id=5,
        user_id=7,
        user_name="boss X",
        chat_id=42,
        message_id=3,
        is_photo=True,
        query_id="q",
        data="d",
    )


def test_other_kinds_of_updates_have_no_author_to_trust():
    """Channel posts and edited messages are nobody's word."""
    for kind in ("channel_post", "edited_message", "inline_query"):
        update = read({"update_id": 5, kind: {"from": {"id": 7}, "chat": {"id": 42}, "text": "/status"}})
        assert update is not None
        assert (update.user_id, update.chat_id, update.data) == (None, None, None)
