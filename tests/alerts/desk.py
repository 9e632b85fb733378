"""A desk that keeps its records in memory, and a bot that polls for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from alerts.messages.message import card, decided
from alerts.review import button_data, make_decision
from alerts.telegram.bot import TelegramBot
from alerts.types import Choice, Message, Outcome, Press, Said
from tests.alerts.examples import CHAT, FLAG, KEY, NOW
from tests.fakes.bot_api import TOKEN, BotApi

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
CARD = card(FLAG, key=KEY, chat_id=CHAT, chart_png=PNG)
WORDS = replace(CARD, chart_png=None)
KEEP = button_data(17, Choice.KEEP, key=KEY, chat_id=CHAT)
DETAILS = button_data(17, "details", key=KEY, chat_id=CHAT)


@dataclass
class FakeDesk:
    """What the database would do; the journal holds the order of things."""

    journal: list[Any] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)
    next_id: int = 0
    said: list[Said] = field(default_factory=list)
    answers: int = 0
    seen: list[Any] = field(default_factory=list)

    def offset(self) -> int:
        return self.next_id

    def record(self, press: Press) -> Outcome:
        self._commit("record", press.update_id)
        self.presses.append(press)
        if press.verb == "details":
            return Outcome(answer="", reply=Message(html="<b>all of it</b>"))
        first = next(p for p in self.presses if p.verb != "details")
        decision = make_decision(
            17, Choice(first.verb), decided_by=first.user_name, user_id=7, channel="telegram", now=NOW
        )
        answer = "Recorded." if first is press else f"Already kept by {first.user_name}."
        return Outcome(answer=answer, edited=decided(FLAG, decision))

    def command(self, said: Said) -> Message | None:
        self._commit(said.text, said.update_id)
        self.said.append(said)
        return Message(html="<i>fine</i>") if said.text == "/status" else None

    def heard(self) -> None:
        self.answers += 1

    def shown(self, press: Press, *, edited: bool, sent: int | None) -> None:
        self.seen.append((press.update_id, edited, sent))

    def skip(self, update_id: int) -> None:
        self._commit("skip", update_id)

    def _commit(self, what: str, update_id: int) -> None:
        self.next_id = update_id + 1
        self.journal.append((what, update_id))


def make_bot(api: BotApi, **options: Any) -> TelegramBot:
    chosen = {
        "token": TOKEN,
        "chat_id": CHAT,
        "allowed_user_ids": [7, 8],
        "key": KEY,
        "timeout": 0.4,
        "pace": 0,
        **options,
    }
    return TelegramBot(**{"base_url": api.url, "poll_seconds": 20, **chosen})


@asynccontextmanager
async def polling(desk: FakeDesk, **options: Any) -> AsyncIterator[tuple[BotApi, TelegramBot]]:
    """A bot that polls, with one card in its chat, until the block ends."""
    stop = asyncio.Event()
    async with BotApi(desk.journal) as api, make_bot(api, **options) as bot:
        api.topics = dict.fromkeys(options.get("topics", {}).items(), "open")
        await bot.send(CARD)
        task = asyncio.create_task(bot.poll(desk, stop=stop))
        yield api, bot
        stop.set()
        await asyncio.wait_for(task, 3)


async def settle(desk: FakeDesk, update_id: int) -> None:
    """Wait until the update is committed and shown."""
    async with asyncio.timeout(60):
        while desk.next_id <= update_id:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.15)
