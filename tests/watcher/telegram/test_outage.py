"""Telegram is away for more than a day: the bot, the loop, the outbox and the desk together, with time injected."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from alerts.errors import DeliveryError
from tests.alerts.desk import WORDS, make_bot
from tests.alerts.examples import FLAG, KEY
from tests.fakes.bot_api import BotApi, Fault
from watcher.jobs.review.deliver import deliver_once
from watcher.store import flag_log, outbox, wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram.decision_handler import DecisionHandler
from watcher.telegram.thread_bridge import LoopChannel
from watcher.types import Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
CHAT = 42
AWAY = Fault("status", 502, "<html>Bad Gateway</html>")
METHODS = ("getUpdates", "sendPhoto", "sendMessage", "editMessageCaption", "answerCallbackQuery")


class Service:
    """The parts of a running service that talk to Telegram, at a time that a test sets."""

    def __init__(self, engine, api, bot):
        self.engine, self.api, self.bot, self.hours = engine, api, bot, 0.0
        self.channel = LoopChannel(bot, asyncio.get_running_loop())
        self.desk = DecisionHandler(engine, clock=self.clock, key=KEY, chats=[CHAT], units_a_day=1000)

    def clock(self):
        return NOW + timedelta(hours=self.hours)

    def flag(self, number):
        address = f"0x{number:040x}"
        with writing(self.engine) as connection:
            wallets.add(connection, Wallet(address=address, label=f"w{number}", followed_since=NOW, added_at=NOW))
            flag_id = flag_log.open_flag(
                connection, address=address, at=self.clock(), score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
            )
            outbox.enqueue(connection, flag_id, self.clock(), [CHAT])

    async def deliver(self):
        await asyncio.to_thread(deliver_once, self.engine, self.channel, key=KEY, chats=[CHAT], clock=self.clock)

    async def listen(self, *, answers):
        """Take what was pressed, for so many answers to the loop."""
        stop = asyncio.Event()
        task = asyncio.create_task(self.bot.poll(self.desk, stop=stop))
        await self.api.until("getUpdates", self.api.methods(polls=True).count("getUpdates") + answers)
        await asyncio.sleep(0.2)
        stop.set()
        await asyncio.wait_for(task, 3)


def buttons(message):
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


def words(message):
    return message.get("caption", message.get("text"))


def test_a_day_without_telegram_loses_nothing_and_asks_once(store):
    """One message asks every open flag, a new one arrives, nothing waits, and a decision still counts."""

    async def story():
        async with BotApi() as api, make_bot(api, poll_seconds=0) as bot:
            service = Service(store, api, bot)
            for number in (1, 2):
                service.flag(number)
            await service.deliver()
            await service.listen(answers=2)
            first = dict(api.messages)
            for method in METHODS:
                api.fail(method, *[AWAY] * 50)
            for hours in (1, 5, 9, 20, 25.9):
                service.hours = hours
                if hours == 5:
                    service.flag(3)
                with pytest.raises(DeliveryError, match="trouble"):
                    await bot.send(WORDS)
                await service.deliver()
            api.faults.clear()
            service.hours = 26
            await service.listen(answers=3)
            await service.deliver()
            service.hours = 27
            await service.listen(answers=3)
            await service.deliver()
            new = [message for number, message in api.messages.items() if number not in first]
            [asked] = [message for message in new if "heard from Telegram for 26 hours" in words(message)]
            assert all(f"w{number}" in words(asked) for number in (1, 2, 3))
            assert sum("w3" in words(message) and "photo" in message for message in new) == 1
            assert len(new) == 2
            api.press(buttons(asked)["#1 w1"], message_id=asked["message_id"])
            await service.listen(answers=2)
            card = api.messages[len(api.messages)]
            api.press(buttons(card)["Keep"], message_id=card["message_id"], name="ann")
            await service.listen(answers=2)
            assert "kept by @ann" in words(api.messages[card["message_id"]])
            await service.deliver()
            assert "kept by @ann" in words(api.messages[1])

    asyncio.run(story())
    with reading(store) as connection:
        assert [item for item in outbox.deliveries(connection) if item.state in outbox.UNSENT] == []
        assert [item.flag_id for item in flag_log.decisions(connection)] == [1]
