"""A topic that is closed: said wherever a person looks, and in the way of no other chat."""

import asyncio
from datetime import UTC, datetime

import pytest

from alerts.errors import DeliveryError
from alerts.types import Said
from alerts.wording import strip
from tests.alerts.desk import make_bot
from tests.fakes.bot_api import BotApi
from tests.watcher.jobs.sync.test_import_file import edgewatch
from tests.watcher.telegram.test_storm import CHATS, KEY, desk, open_flags
from watcher.jobs.review.deliver import deliver_once
from watcher.reports import doctor, overview
from watcher.store.sql.database import reading
from watcher.telegram.thread_bridge import LoopChannel

__all__ = ["edgewatch"]
NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
FIRST, SECOND = CHATS


@pytest.mark.parametrize(("state", "words"), [("closed", "is closed"), ("gone", "is not there any more")])
def test_a_topic_that_takes_nothing_is_named_and_the_other_chat_is_served(store, state, words):
    """In the error that is logged, in /health and /status, and by the doctor; no try is wasted on simpler messages."""
    open_flags(store, [1])

    async def run():
        async with BotApi() as api, make_bot(api, chat_id=FIRST, more_chats={SECOND: [7]}, topics={FIRST: 9}) as bot:
            api.topics = {(FIRST, 9): state}
            channel = LoopChannel(bot, asyncio.get_running_loop())
            with pytest.raises(DeliveryError, match=f"Topic 9 of chat {FIRST} {words}"):
                await asyncio.to_thread(deliver_once, store, channel, key=KEY, chats=CHATS, clock=lambda: NOW)
            return api

    api = asyncio.run(run())
    assert [message["chat"]["id"] for message in api.messages.values()] == [SECOND]
    assert len(api.calls) == 2
    with reading(store) as connection:
        view = overview.read(connection, NOW)
    for shown in (
        strip(overview.health_message(view).html),
        strip(overview.status_message(view).html),
        "\n".join(check.words for check in doctor.watch_list(view)),
    ):
        assert f"1 message not delivered: Topic 9 of chat {FIRST} {words}" in shown
        assert "message_thread_id" in shown


def test_whoami_tells_the_topic(store):
    """The ids that the configuration needs; no topic where there is none."""
    said = Said(update_id=1, user_id=7, user_name="x", chat_id=SECOND, text="/whoami", topic=9)
    assert "topic (message_thread_id) 9" in strip(desk(store, 0).command(said).html)
    said = Said(update_id=2, user_id=7, user_name="x", chat_id=SECOND, text="/whoami", topic=1)
    assert strip(desk(store, 0).command(said).html) == f"User 7, chat {SECOND}."


def test_the_command_line_tells_it_too(edgewatch, tmp_path, monkeypatch):
    """`edgewatch telegram whoami` shows each topic that was written in, and what does nothing."""
    monkeypatch.setenv("EDGEWATCH_TELEGRAM_TOKEN", "123:S3CRET-token_of_the_bot")

    async def run():
        async with BotApi() as api:
            api.say("hello", chat_id=SECOND, message_thread_id=9, is_topic_message=True)
            api.say("hello", chat_id=SECOND, sender_chat={"id": SECOND, "type": "supergroup"})
            text = f'[telegram]\nchat_id = 42\nallowed_user_ids = [7]\nbase_url = "{api.url}"\n'
            (tmp_path / "edgewatch.toml").write_text(text)
            return await asyncio.to_thread(edgewatch, "telegram", "whoami")

    code, out, _ = asyncio.run(run())
    assert code == 0
    assert out.splitlines() == [
        f"user id 7  chat id {SECOND}  X  does nothing: in the name of a group or channel",
        f"user id 7  chat id {SECOND}  message_thread_id 9  X",
    ]
