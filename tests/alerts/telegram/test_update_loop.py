"""The loop against a Bot API over loopback: who is heard, in which order, and how it ends."""

import asyncio
import random
import time

import pytest

from alerts.errors import ConflictError, DeliveryError
from alerts.messages.message import plain
from alerts.review import VERBS, button_data
from alerts.types import Outcome, Press
from tests.alerts.desk import CARD, DETAILS, KEEP, FakeDesk, make_bot, polling, settle
from tests.alerts.examples import CHAT, KEY
from tests.alerts.telegram.test_updates import NOBODY, NOT_OWN
from tests.fakes.bot_api import BOT, BotApi, Fault, refusal


def test_a_press_is_recorded_once_and_shown():
    """An allowed person in the allowed chat: one record, one answer, and the card says who decided and when."""

    async def run() -> None:
        desk = FakeDesk()
        async with polling(desk) as (api, _):
            number = api.press(KEEP, name="anna")
            await settle(desk, number)
            assert desk.presses == [
                Press(
                    update_id=number,
                    flag_id=17,
                    verb="keep",
                    user_id=7,
                    user_name="@anna",
                    chat_id=CHAT,
                    message_id=1,
                )
            ]
            assert api.methods() == ["sendPhoto", "answerCallbackQuery", "editMessageCaption"]
            assert api.messages[1]["caption"].endswith("✅ kept by @anna, 2025-07-01 08:00 UTC")
            assert "reply_markup" not in api.messages[1]

    asyncio.run(run())


def test_commit_then_offset_then_answer():
    """Telegram hears of a press, by an answer or by a higher offset, only after the press is committed."""

    async def run() -> None:
        desk = FakeDesk()
        async with polling(desk) as (api, _):
            number = api.press(KEEP)
            await settle(desk, number)
            await api.until("getUpdates", 2)
        for call in api.calls:
            told = call.method == "answerCallbackQuery" or int(call.fields.get("offset", 0)) > number
            assert ("record", number) in call.seen_by or not told
        assert api.methods(polls=True)[-4:] == [
            "getUpdates",
            "answerCallbackQuery",
            "editMessageCaption",
            "getUpdates",
        ]
        assert int(api.calls[-1].fields["offset"]) == desk.next_id == number + 1

    asyncio.run(run())


def test_a_desk_that_fails_leaves_the_update_unread():
    """What could not be committed is neither answered nor acknowledged, and is there after a restart."""

    class Broken(FakeDesk):
        def record(self, press: Press) -> Outcome:
            raise OSError("disk full")

    async def run() -> None:
        async with BotApi() as api, make_bot(api) as bot:
            number = api.press(KEEP)
            with pytest.raises(OSError, match="disk full"):
                await bot.poll(Broken(), stop=asyncio.Event())
            assert api.methods(polls=True) == ["getUpdates"]
            desk, stop = FakeDesk(), asyncio.Event()
            task = asyncio.create_task(bot.poll(desk, stop=stop))
            await settle(desk, number)
            stop.set()
            await task
            assert [press.update_id for press in desk.presses] == [number]

    asyncio.run(run())


def test_a_second_press_tells_who_decided():
    """Late and repeated presses get the desk's answer, and an unchanged card is no error."""

    async def run() -> None:
        desk = FakeDesk()
        async with polling(desk) as (api, _):
            api.press(KEEP, name="anna")
            last = api.press(KEEP, user_id=8, name="ben")
            await settle(desk, last)
            answers = [call.fields["text"] for call in api.calls if call.method == "answerCallbackQuery"]
            assert answers == ["Recorded.", "Already kept by @anna."]
            assert api.methods().count("sendMessage") == 0

    asyncio.run(run())


def test_nobody_else_gets_a_byte():
    """Strangers, foreign chats, channels, forged and foreign data: passed over, with not one call to Telegram."""

    async def run() -> None:
        desk = FakeDesk()
        async with polling(desk) as (api, _):
            chat, user = {"id": CHAT, "type": "private"}, {"id": 7, "is_bot": False, "first_name": "X"}
            message = {"message_id": 9, "date": 0, "chat": chat, "text": "/status"}
            card = {"message_id": 1, "date": 1, "chat": chat, "from": BOT}
            press = {"id": "q", "from": user, "chat_instance": "1", "data": KEEP, "message": card}
            numbers = [
                api.press(KEEP, user_id=666),
                api.press(KEEP, chat_id=-100),
                api.press(KEEP, chat_id=None),
                api.press("v1:h:keep:" + "A" * 16),
                api.press(KEEP.replace("keep", "unfollow")),
                api.press(button_data(17, "keep", key=KEY, chat_id=43)),
                api.press("\x00\ud83d"),
                api.say("/status", user_id=666),
                api.say("/status", chat_id=-100),
                api.push(message={**message, "sender_chat": chat}),
                api.push(channel_post={**message, "from": user}),
                api.push(edited_message={**message, "from": user}),
                api.push(message={**message, "from": user, "text": None, "photo": []}),
                api.push(message="not even an object"),
                *(api.say("/status", **fields) for fields in NOT_OWN),
                *(api.say("/status", **{"from": who}) for who in NOBODY if who not in ({}, None)),
                api.say("/status@another_bot"),
                api.say("the reason", reply_to_message={"message_id": 1}, via_bot={"id": 5, "is_bot": True}),
                *(api.push(callback_query={**press, "from": who}) for who in NOBODY if who),
                *(api.push(callback_query={**press, "message": {**press["message"], **how}}) for how in NOT_OWN[:-1]),
            ]
            await settle(desk, numbers[-1])
            assert desk.journal == [("skip", number) for number in numbers]
            assert api.methods() == ["sendPhoto"]
            await settle(desk, api.push(callback_query=press))
            assert len(desk.presses) == 1, "the same press, made by a person on a card"

    asyncio.run(run())


def forged(rng: random.Random) -> str:
    """Noise, data of the right form without the right code, or a genuine button with one character changed."""
    shape = rng.random()
    if shape < 0.4:
        return "".join(map(chr, rng.choices(range(1, 256), k=rng.randint(1, 64))))
    if shape < 0.7:
        code = "".join(rng.choices("ABCXYZabcxyz0189-_", k=16))
        return f"v1:{rng.choice('0h19z')}:{rng.choice(sorted(VERBS))}:{code}"
    place, other = rng.randrange(len(KEEP)), chr(rng.randrange(33, 127))
    return KEEP[:place] + other + KEEP[place + 1 :] if KEEP[place] != other else "keep"


def test_ten_thousand_forged_presses_change_nothing():
    """Of allowed people and of others: each is passed over, no call goes to Telegram, and the loop goes on."""

    async def run() -> None:
        desk, rng = FakeDesk(), random.Random(1)
        async with polling(desk) as (api, _):
            for _ in range(10_000):
                api.press(forged(rng), user_id=rng.choice([7, 8, 666]), chat_id=rng.choice([CHAT, CHAT, -100, None]))
            last = api.press(KEEP)
            async with asyncio.timeout(60):
                while desk.next_id <= last:
                    await asyncio.sleep(0.05)
            await settle(desk, last)
            assert [press.update_id for press in desk.presses] == [last]
            assert {what for what, _ in desk.journal[:-1]} == {"skip"}
            assert api.methods() == ["sendPhoto", "answerCallbackQuery", "editMessageCaption"]

    asyncio.run(run())


def test_commands_and_details_are_answered():
    """An allowed person gets a reply where the desk has one, and silence where not."""

    async def run() -> None:
        desk = FakeDesk()
        async with polling(desk) as (api, _):
            api.say("/status")
            api.say("hello")
            await settle(desk, api.press(DETAILS))
            texts = [call.fields["text"] for call in api.calls if call.method == "sendMessage"]
            assert texts == ["<i>fine</i>", "<b>all of it</b>"]
            assert api.messages[1]["caption"] == plain(CARD)

    asyncio.run(run())


def test_a_decision_is_shown_even_if_the_notice_or_the_message_is_gone():
    """An answer that comes too late does not keep the card from being edited; a deleted card is sent anew."""

    async def run() -> None:
        desk = FakeDesk()
        async with polling(desk) as (api, _):
            api.fail("answerCallbackQuery", refusal(400, "Bad Request: query is too old"))
            await settle(desk, api.press(KEEP))
            assert "kept by @x" in api.messages[1]["caption"]
            await settle(desk, last := api.press(KEEP, message_id=77))
            assert "kept by @x" in api.messages[2]["text"]
            assert len(desk.presses) == 2
            assert desk.seen == [(last - 1, True, None), (last, True, 2)]

    asyncio.run(run())


def test_what_cannot_be_shown_now_is_left_to_the_outbox():
    """An edit that fails is neither repeated here nor sent as a second message; an answer is told with its new id."""

    async def run() -> None:
        desk = FakeDesk()
        async with polling(desk) as (api, _):
            api.fail("editMessageCaption", Fault("status", 502, "<html>Bad Gateway</html>"))
            await settle(desk, api.press(KEEP))
            assert (list(api.messages), desk.seen) == ([1], [])
            await settle(desk, last := api.press(DETAILS))
            assert desk.seen == [(last, False, 2)]

    asyncio.run(run())


def test_an_outage_is_waited_out_and_presses_survive_it():
    """5xx, pages of HTML, dropped connections, 429 and unreadable updates: poll goes on."""

    async def run() -> None:
        desk = FakeDesk()
        async with polling(desk) as (api, _):
            page = Fault("status", 502, "<html>Bad Gateway</html>")
            api.fail("getUpdates", page, Fault("drop"), refusal(429, "Too Many Requests", retry_after=1))
            await settle(desk, api.press(KEEP))
            api.fail("getUpdates", Fault("status", 200, {"ok": True, "result": [{"no": "id"}]}))
            await settle(desk, api.press(DETAILS))
            assert [press.verb for press in desk.presses] == ["keep", "details"]

    asyncio.run(run())


def test_a_poll_that_hangs_is_given_up():
    """A request for updates that is never answered ends by itself, and the next one takes the press."""

    async def run() -> None:
        desk, stop = FakeDesk(), asyncio.Event()
        async with BotApi(desk.journal) as api, make_bot(api, poll_seconds=0, timeout=0.2) as bot:
            api.fail("getUpdates", Fault("hang", seconds=60))
            number = api.press(KEEP)
            task = asyncio.create_task(bot.poll(desk, stop=stop))
            await settle(desk, number)
            stop.set()
            await asyncio.wait_for(task, 3)
        assert [press.update_id for press in desk.presses] == [number]

    asyncio.run(run())


def test_a_second_poller_and_a_revoked_token_end_the_loop():
    """409 and 401 are raised with words for a person: waiting does not mend them."""

    async def run(fault: Fault, kind: type[Exception], words: str) -> None:
        async with BotApi() as api, make_bot(api) as bot:
            api.fail("getUpdates", fault)
            with pytest.raises(kind, match=words):
                await asyncio.wait_for(bot.poll(FakeDesk(), stop=asyncio.Event()), 3)

    conflict = refusal(409, "Conflict: terminated by other getUpdates request")
    asyncio.run(run(conflict, ConflictError, "Another program takes this bot's updates"))
    asyncio.run(run(refusal(401, "Unauthorized"), DeliveryError, "set a valid one"))


def test_stop_is_fast():
    """A long poll under way, a pause after a failure and a slow answer end within two seconds; the commit stays."""

    async def run(fault: str, method: str) -> None:
        desk, stop = FakeDesk(), asyncio.Event()
        async with BotApi() as api, make_bot(api, timeout=10.0) as bot:
            if fault:
                api.fail(method, Fault(fault) if fault != "page" else Fault("status", 502, "<html>"))
            if method == "answerCallbackQuery":
                api.press(KEEP)
            task = asyncio.create_task(bot.poll(desk, stop=stop))
            await api.until(method)
            await asyncio.sleep(0.1)
            began = time.monotonic()
            stop.set()
            await task
            assert time.monotonic() - began < 2
            assert len(desk.presses) == (method == "answerCallbackQuery")

    asyncio.run(run("", "getUpdates"))
    asyncio.run(run("page", "getUpdates"))
    asyncio.run(run("hang", "answerCallbackQuery"))


def test_an_answer_goes_to_the_topic_that_asked():
    """Commands and details; outside of topics to the general one, and to the configured one where none is told."""

    async def run() -> None:
        desk = FakeDesk()
        async with polling(desk, topics={CHAT: 5}) as (api, bot):
            api.topics = {(CHAT, 4): "open", (CHAT, 5): "open"}
            api.say("/status", message_thread_id=4, is_topic_message=True)
            api.say("/status", message_thread_id=4)
            card = await bot.send(CARD)
            api.press(DETAILS, message_id=card)
            await settle(desk, api.press(DETAILS, message_id=card + 900))
            shown = [shown for shown in api.messages.values() if "text" in shown]
            assert [message.get("message_thread_id") for message in shown] == [4, None, 5, 5]
            assert [said.topic for said in desk.said] == [4, 1]

    asyncio.run(run())


def test_the_loop_learns_its_own_name_before_it_takes_anything():
    """While Telegram does not say who the bot is nothing is taken, and nothing is lost."""

    async def run() -> None:
        desk = FakeDesk()
        async with BotApi() as api, make_bot(api) as bot:
            api.fail("getMe", Fault("status", 502, "<html>Bad Gateway</html>"), Fault("drop"))
            number, stop = api.say("/status@Edgewatch_Test_Bot"), asyncio.Event()
            task = asyncio.create_task(bot.poll(desk, stop=stop))
            await settle(desk, number)
            stop.set()
            await asyncio.wait_for(task, 3)
            assert [said.text for said in desk.said] == ["/status@Edgewatch_Test_Bot"]
            assert [call.method for call in api.calls[:4]] == ["getMe", "getMe", "getMe", "getUpdates"]

    asyncio.run(run())
