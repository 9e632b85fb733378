"""The bot against a Bot API over loopback: what it sends, what a failure means, and what it never tells."""

import asyncio
import logging
import traceback
from dataclasses import replace
from typing import Any

import pytest

from alerts.errors import DeliveryError
from alerts.messages.message import plain
from alerts.telegram.transport import PLACEHOLDER
from alerts.types import Button, Message
from ingest.errors import ConfigError
from tests.alerts.desk import CARD, KEEP, WORDS, make_bot
from tests.fakes.bot_api import TOKEN, BotApi, Fault, refusal


async def sent(message: Message, *faults: Fault, method: str = "sendMessage", **options: Any) -> tuple[BotApi, int]:
    async with BotApi() as api, make_bot(api, **options) as bot:
        api.fail(method, *faults)
        return api, await bot.send(message)


async def not_sent(message: Message, *faults: Fault, method: str = "sendMessage") -> tuple[BotApi, DeliveryError]:
    async with BotApi() as api, make_bot(api) as bot:
        api.fail(method, *faults)
        with pytest.raises(DeliveryError) as caught:
            await bot.send(message)
        return api, caught.value


def test_a_card_is_sent_with_chart_and_buttons():
    """A photo whose caption is the card, or a text without a chart; its message id comes back."""
    api, number = asyncio.run(sent(CARD))
    shown = api.messages[number]
    assert shown["caption"] == plain(CARD)
    assert shown["reply_markup"]["inline_keyboard"][0][0] == {"text": "Keep", "callback_data": KEEP}
    api, number = asyncio.run(sent(WORDS))
    assert api.messages[number]["text"] == plain(CARD)
    assert api.methods() == ["sendMessage"]


@pytest.mark.parametrize(
    ("fault", "permanent", "retry_after", "uncertain"),
    [
        (refusal(429, "Too Many Requests: retry after 40", retry_after=40), False, 40.0, False),
        (refusal(403, "Forbidden: bot was blocked by the user"), True, None, False),
        (refusal(401, "Unauthorized"), True, None, False),
        (refusal(400, "Bad Request: chat not found"), True, None, False),
        (refusal(400, "Bad Request: group upgraded", migrate_to_chat_id=-1001), True, None, False),
        (refusal(500, "Internal Server Error"), False, None, False),
        (Fault("status", 502, "<html>Bad Gateway</html>"), False, None, False),
        (Fault("status", 504, "<html>Gateway Timeout</html>"), False, None, True),
        (Fault("status", 200, "<html>Welcome to this hotel</html>"), False, None, True),
        (Fault("status", 200, {"ok": True}), False, None, True),
        (Fault("drop"), False, None, True),
        (Fault("drop_after"), False, None, True),
        (Fault("hang"), False, None, True),
    ],
)
def test_a_failed_send_says_whether_and_when_to_try_again(
    fault: Fault, permanent: bool, retry_after: float | None, uncertain: bool
):
    """Permanent, wait, try again, or nobody knows whether it arrived; and one attempt is one call."""
    api, error = asyncio.run(not_sent(WORDS, fault))
    assert "<html>" not in str(error)
    assert (error.permanent, error.retry_after, error.uncertain) == (permanent, retry_after, uncertain)
    assert api.methods() == ["sendMessage"]


def test_a_telegram_that_cannot_be_reached_has_not_been_told():
    """A refused connection is certain: nothing was sent. The bot can be built and entered all the same."""

    async def run() -> None:
        async with BotApi() as api:
            url = api.url
        async with make_bot(api, base_url=url) as bot:
            with pytest.raises(DeliveryError) as caught:
                await bot.send(CARD)
        assert (caught.value.permanent, caught.value.uncertain) == (False, False)

    asyncio.run(run())


def test_a_slow_drip_has_a_deadline():
    """A server that sends a byte now and then cannot hold a call for ever."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, make_bot(BotApi(), base_url=f"http://127.0.0.1:{port}/bot", timeout=0.05) as bot:
            with pytest.raises(DeliveryError) as caught:
                await asyncio.wait_for(bot.send(WORDS), 20)
        assert caught.value.uncertain

    asyncio.run(run())


def test_the_words_arrive_though_telegram_refuses_their_form():
    """Refused HTML goes out as plain text with its chart and buttons; a refused photo goes out as text."""
    api, number = asyncio.run(sent(Message(html="1 < 2", buttons=CARD.buttons)))
    assert api.messages[number]["text"] == "1 < 2"
    assert api.messages[number]["reply_markup"]
    broken = replace(CARD, html=CARD.html + "<b>")
    api, number = asyncio.run(sent(broken))
    assert api.messages[number]["caption"] == plain(broken)
    api, number = asyncio.run(sent(replace(CARD, chart_png=b"no picture")))
    assert api.messages[number]["text"] == plain(CARD)
    api, number = asyncio.run(sent(replace(broken, chart_png=b"no picture")))
    assert api.messages[number]["text"] == plain(broken)


def test_a_button_that_telegram_refuses_does_not_keep_the_words_back():
    """Without the link the card arrives with chart and choices; where no button is taken, without buttons."""
    linked = replace(CARD, buttons=(*CARD.buttons, (Button(label="Open", url="https://t.example/0x12"),)))
    wrong = refusal(400, "Bad Request: inline keyboard button URL 'https://t.example' is invalid: Wrong HTTP URL")
    api, number = asyncio.run(sent(linked, wrong, method="sendPhoto"))
    assert api.messages[number]["caption"] == plain(CARD)
    assert api.methods() == ["sendPhoto", "sendPhoto"]
    texts = [button["text"] for row in api.messages[number]["reply_markup"]["inline_keyboard"] for button in row]
    assert texts == [button.label for row in CARD.buttons for button in row]
    bad = refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    api, number = asyncio.run(sent(WORDS, bad))
    assert api.messages[number]["text"] == plain(CARD)
    assert "reply_markup" not in api.messages[number]


def test_a_chat_that_is_gone_is_asked_once():
    """What no message would change is told at once."""
    api, error = asyncio.run(not_sent(CARD, refusal(400, "Bad Request: chat not found"), method="sendPhoto"))
    assert error.permanent
    assert api.methods() == ["sendPhoto"]


def test_a_silent_message_makes_no_sound_and_a_link_is_a_button():
    """What asks for no decision is sent without a sound; a link opens, and carries no data to be pressed."""
    linked = replace(CARD, buttons=((*CARD.buttons[0], Button(label="Open", url="https://t.example/0x12")),))
    api, number = asyncio.run(sent(linked))
    [row] = api.messages[number]["reply_markup"]["inline_keyboard"]
    assert row[-1] == {"text": "Open", "url": "https://t.example/0x12"}
    assert not api.silent[number]
    for message in (replace(CARD, silent=True), replace(WORDS, silent=True)):
        api, number = asyncio.run(sent(message))
        assert api.silent[number]


def test_an_edit_says_whether_the_message_is_gone_or_nobody_knows():
    """Unchanged is done, gone is False, anything else is raised; text and caption are told apart by trying."""

    async def run() -> None:
        async with BotApi() as api, make_bot(api) as bot:
            photo, words = await bot.send(CARD), await bot.send(WORDS)
            done = Message(html="<b>done</b>")
            assert await bot.edit(photo, done, is_photo=True)
            assert await bot.edit(photo, done, is_photo=True)
            assert await bot.edit(words, done, is_photo=True)
            assert await bot.edit(photo, Message(html="<b>again"), is_photo=False)
            assert [message.get("caption", message.get("text")) for message in api.messages.values()] == [
                "again",
                "done",
            ]
            assert not await bot.edit(99, done, is_photo=True)
            api.fail("editMessageText", Fault("status", 502, "<html>Bad Gateway</html>"))
            with pytest.raises(DeliveryError):
                await bot.edit(words, WORDS, is_photo=False)

    asyncio.run(run())


def test_the_token_is_in_no_error_log_or_repr(caplog: pytest.LogCaptureFixture):
    """Not in tracebacks, messages, reprs or debug logs, even if a server's page repeats the URL."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx")  # an entry point that ran in this process made it quieter
    told: list[str] = []

    async def run() -> None:
        async with BotApi() as api, make_bot(api) as bot:
            page = f"<html>no such page: /bot{TOKEN}/sendMessage"
            told.extend(map(repr, (bot, bot._bot, bot._bot.base_url, bot._room)))
            for fault in (Fault("status", 404, page), Fault("status", 502, page), Fault("drop"), Fault("hang")):
                api.fail("sendMessage", fault)
                with pytest.raises(DeliveryError) as caught:
                    await bot.send(WORDS)
                told.extend(traceback.format_exception(caught.value))
            await bot.send(WORDS)
            assert await bot.me() == "@edgewatch_test_bot"
        with pytest.raises(DeliveryError) as caught:
            await bot.send(WORDS)
        told.extend(traceback.format_exception(caught.value))

    asyncio.run(run())
    secret = TOKEN.partition(":")[2]
    assert "HTTP Request: POST" in caplog.text
    assert PLACEHOLDER in caplog.text
    assert secret not in caplog.text
    assert secret not in "".join(told)


def test_a_bot_that_could_hear_nobody_or_anybody_is_not_built():
    """An empty list, a token of the wrong form (not repeated in the error) and a weak key are refused."""
    with pytest.raises(ConfigError, match="allowed_user_ids is empty"):
        make_bot(BotApi(), allowed_user_ids=[])
    with pytest.raises(ConfigError) as caught:
        make_bot(BotApi(), token="123:S3CRET/../x")
    assert "S3CRET" not in str(caught.value)
    with pytest.raises(ValueError, match="16 bytes"):
        make_bot(BotApi(), key=b"short")


def test_ids_can_be_found_without_taking_updates():
    """`senders` shows who wrote where and leaves all updates to be polled."""

    async def run() -> None:
        async with BotApi() as api, make_bot(api) as bot:
            api.say("/whoami", user_id=5, chat_id=-9)
            for _ in range(2):
                assert [(update.user_id, update.chat_id) for update in await bot.senders()] == [(5, -9)]

    asyncio.run(run())


@pytest.mark.parametrize("wait", [-5, 10**9, 10**14, 10**30])
def test_no_answer_stops_the_messages_for_ever(wait: int):
    """Whatever time to wait an answer names: an error that says when to try again, after a day at most."""
    _, error = asyncio.run(not_sent(WORDS, refusal(429, "Too Many Requests", retry_after=wait)))
    assert not error.permanent
    assert error.retry_after is None or 0 <= error.retry_after <= 86_400


def test_a_message_goes_to_the_configured_topic():
    """Each chat has its own, or none; the general topic takes no id."""

    async def run() -> None:
        async with BotApi() as api, make_bot(api, more_chats={-5: [7], -6: [7]}, topics={42: 9, -6: 1}) as bot:
            api.topics = {(42, 9): "open"}
            for chat_id in (None, -5, -6):
                await bot.send(CARD, chat_id)
            assert [shown.get("message_thread_id") for shown in api.messages.values()] == [9, None, None]

    asyncio.run(run())


@pytest.mark.parametrize(("state", "way_out"), [("closed", "open it again"), ("gone", "set another")])
def test_a_closed_topic_has_words_of_its_own(state: str, way_out: str):
    """One call, not four that cannot help either; the error names topic, chat, and what to do."""

    async def run() -> None:
        async with BotApi() as api, make_bot(api, topics={42: 9}) as bot:
            api.topics = {(42, 9): state}
            with pytest.raises(DeliveryError, match=f"Topic 9 of chat 42 is .*{way_out}.*message_thread_id") as caught:
                await bot.send(CARD)
            assert caught.value.permanent
            assert api.methods() == ["sendPhoto"]
            api.fail("editMessageCaption", refusal(400, "Bad Request: TOPIC_CLOSED"))
            with pytest.raises(DeliveryError, match="chat 42 is closed"):
                await bot.edit(1, CARD, is_photo=True)

    asyncio.run(run())
