"""Telegram's limits are kept by spacing, and its waiting times are held; a long text becomes a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.messages.fit import REST, fit
from alerts.messages.lines import CAPTION_LIMIT, TEXT_LIMIT
from alerts.telegram.pacer import ALL_S, CHAT_S, GROUP_S, Pacer
from alerts.wording import strip, visible_length

CHATS = st.sampled_from([1, 2, -5, -6])


@given(st.lists(st.tuples(CHATS, st.floats(0, 2)), min_size=1, max_size=60))
def test_no_two_messages_are_closer_than_telegram_allows(asked: list[tuple[int, float]]):
    """Within a chat, within a group, and in all; nobody waits without a reason."""
    pacer, now, left = Pacer(), 0.0, []
    for chat_id, later in asked:
        now += later
        left.append((now + pacer.book(chat_id, now), chat_id))
    moments = [moment for moment, _ in left]
    assert all(b - a >= ALL_S - 1e-9 for a, b in zip(moments, moments[1:], strict=False))
    for chat_id in {chat_id for _, chat_id in left}:
        own = [moment for moment, each in left if each == chat_id]
        assert all(b - a >= (GROUP_S if chat_id < 0 else CHAT_S) - 1e-9 for a, b in zip(own, own[1:], strict=False))
    assert moments[0] == asked[0][1]


@given(st.floats(0.1, 1e4), CHATS)
def test_nothing_leaves_before_the_moment_that_telegram_named(wait: float, chat_id: int):
    """For any chat, and not a moment longer."""
    pacer = Pacer()
    pacer.hold(100.0 + wait)
    pacer.hold(50.0)
    assert abs(pacer.book(chat_id, 100.0) - wait) < 1e-6
    assert pacer.held(100.0 + wait) == 0


@given(st.floats(0, 60), st.floats(0, 60), CHATS)
def test_the_distance_begins_when_a_message_is_over(took: float, later: float, chat_id: int):
    """However long one took, the next to its chat leaves a whole distance after it, at once where that is past."""
    pacer, distance = Pacer(), GROUP_S if chat_id < 0 else CHAT_S
    assert pacer.book(chat_id, 0.0) == 0
    pacer.done(chat_id, took)
    assert pacer.book(chat_id, took + later) == pytest.approx(max(0.0, distance - later), abs=1e-9)


@given(st.lists(st.text("ab<&\U0001f600", max_size=300), max_size=60))
def test_a_text_too_long_keeps_whole_lines_and_the_file_holds_all_of_it(words: list[str]):
    """What fits is not touched."""
    html = "\n".join(line.replace("&", "&amp;").replace("<", "&lt;") for line in words)
    cut, file = fit(html)
    if visible_length(html) <= TEXT_LIMIT:
        assert (cut, file) == (html, None)
    else:
        assert visible_length(cut) <= CAPTION_LIMIT
        *lines, rest = cut.split("\n")
        assert rest == REST
        assert html.split("\n")[: len(lines)] == lines
        assert file == strip(html).encode()
