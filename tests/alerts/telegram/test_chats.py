"""More than one chat, waiting times, long texts and the menu: the bot's side."""

import asyncio
import json
import time
from functools import partial

import pytest

from alerts.errors import DeliveryError
from alerts.review import button_data
from alerts.types import Choice, Message
from tests.alerts.desk import WORDS, FakeDesk, make_bot, settle
from tests.alerts.examples import CHAT, KEY
from tests.fakes.bot_api import BotApi, refusal

OTHER = -100


def test_each_chat_hears_its_own_people_and_answers_there():
    """A press counts in the chat that its button was made for, by a person who is allowed in that chat."""

    async def story():
        desk, stop = FakeDesk(), asyncio.Event()
        async with BotApi(desk.journal) as api, make_bot(api, more_chats={OTHER: [9]}) as bot:
            await bot.send(WORDS)
            await bot.send(WORDS, OTHER)
            task = asyncio.create_task(bot.poll(desk, stop=stop))
            keep = {chat: button_data(17, Choice.KEEP, key=KEY, chat_id=chat) for chat in (CHAT, OTHER)}
            for user, chat, data in ((7, OTHER, OTHER), (9, CHAT, CHAT), (9, OTHER, CHAT), (9, 777, OTHER)):
                api.press(keep[data], user_id=user, chat_id=chat)
            last = api.press(keep[OTHER], user_id=9, chat_id=OTHER, message_id=2)
            last = api.say("/status", user_id=9, chat_id=OTHER)
            await settle(desk, last)
            stop.set()
            await asyncio.wait_for(task, 3)
            return desk, api

    desk, api = asyncio.run(story())
    [press] = desk.presses
    assert (press.user_id, press.chat_id) == (9, OTHER)
    assert [said.chat_id for said in desk.said] == [OTHER]
    assert desk.answers > 0
    assert [m["chat"]["id"] for m in api.messages.values()] == [CHAT, OTHER, OTHER]


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
def test_a_waiting_time_is_held_for_every_message(method):
    """After a 429, of a message or of a change to one, nothing leaves, to any chat, until its time is over."""

    async def story():
        async with BotApi() as api, make_bot(api, more_chats={OTHER: [9]}) as bot:
            number = await bot.send(WORDS)
            api.fail(method, refusal(429, "Too Many Requests", retry_after=600))
            calls = {"sendMessage": partial(bot.send, WORDS), "editMessageText": partial(bot.edit, number, WORDS)}
            with pytest.raises(DeliveryError):
                await calls[method]()
            for chat in (CHAT, OTHER):
                for call in calls.values():
                    with pytest.raises(DeliveryError) as refused:
                        await call(chat_id=chat)
                    assert 590 < refused.value.retry_after <= 600
            return api.methods()

    assert asyncio.run(story()) == ["sendMessage", method]


def test_a_change_to_a_message_waits_for_its_turn():
    """A group gets a message or a change to one every three seconds, no oftener."""

    async def story():
        async with BotApi() as api, make_bot(api, more_chats={OTHER: [9]}, pace=0.1) as bot:
            begin = time.monotonic()
            number = await bot.send(WORDS, OTHER)
            await bot.edit(number, Message(html="done"), chat_id=OTHER)
            await bot.send(WORDS, OTHER)
            return time.monotonic() - begin

    assert asyncio.run(story()) >= 0.6


def test_a_text_too_long_is_a_file_below_its_first_lines():
    """Nothing is lost: the file holds every line."""
    long = "\n".join(f"line {number} &lt;b&gt;" for number in range(1000))

    async def story():
        async with BotApi() as api, make_bot(api) as bot:
            await bot.send(Message(html=long))
            return api.calls[-1]

    call = asyncio.run(story())
    assert call.method == "sendDocument"
    assert call.fields["document"].decode().splitlines()[-1] == "line 999 <b>"
    assert call.fields["caption"].startswith("line 0 &lt;b&gt;\nline 1")


def test_the_menu_is_shown_in_the_allowed_chats_alone():
    """Strangers see no commands; a failure is no error."""

    async def story():
        async with BotApi() as api, make_bot(api, more_chats={OTHER: [9]}) as bot:
            api.fail("setMyCommands", refusal(400, "Bad Request: chat not found"))
            await bot.set_menu([("status", "how far")])
            return [json.loads(call.fields["scope"]) for call in api.calls]

    assert asyncio.run(story()) == [{"type": "chat", "chat_id": OTHER}, {"type": "chat", "chat_id": CHAT}]
