"""The loop that takes presses, as a process of its own that a test can kill: ``press_loop.py DATABASE BOT_API``."""

import asyncio
import os
import sys
from datetime import UTC, datetime

from alerts.telegram.bot import TelegramBot
from tests.alerts.examples import CHAT, KEY
from tests.fakes.bot_api import TOKEN
from watcher.store.sql import database
from watcher.telegram.decision_handler import DecisionHandler


async def main(url, base_url):
    engine = database.connect(url)
    desk = DecisionHandler(engine, clock=lambda: datetime.now(UTC), key=KEY, chats=[CHAT], units_a_day=1)
    bot = TelegramBot(
        token=TOKEN, chat_id=CHAT, allowed_user_ids=[7], key=KEY, base_url=base_url, poll_seconds=2, pace=0
    )
    async with bot:
        await bot.poll(desk, stop=asyncio.Event())


def serve(url, base_url):
    """Start a loop for each line that comes in; say its number, and when it ended. Imports are made once, for all."""
    for _ in sys.stdin:
        if (number := os.fork()) == 0:
            asyncio.run(main(url, base_url))
            os._exit(0)
        print(number, flush=True)
        os.waitpid(number, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
