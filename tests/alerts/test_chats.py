"""More than one chat, waiting times, long texts and the menu: the bot's side."""

import asyncio
import json

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


def test_a_waiting_time_is_held_for_every_message():
    """After a 429 nothing leaves, to any chat, until its time is over; then it does."""

    async def story():
        async with BotApi() as api, make_bot(api, more_chats={OTHER: [9]}) as bot:
            api.fail("sendMessage", refusal(429, "Too Many Requests", retry_after=600))
            with pytest.raises(DeliveryError):
                await bot.send(WORDS)
            for chat in (CHAT, OTHER):
                with pytest.raises(DeliveryError) as refused:
                    await bot.send(WORDS, chat)
                assert 590 < refused.value.retry_after <= 600
            return api.methods()

    assert asyncio.run(story()) == ["sendMessage"]


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
