"""The loop that takes presses is killed between any two steps: what was confirmed is stored, the rest comes again."""

import asyncio
import os
import random
import shutil
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.review import button_data
from tests.alerts.desk import make_bot
from tests.alerts.examples import CHAT, FLAG, KEY, NOW
from tests.fakes.bot_api import BotApi
from watcher.jobs.review.deliver import deliver_once
from watcher.store import flag_log, outbox, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.telegram.thread_bridge import LoopChannel
from watcher.types import Wallet

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("EDGEWATCH_SOAK_KILLS", "10"))
SEEDS = range(1, 1 + int(os.environ.get("EDGEWATCH_SOAK_SEEDS", "1")))


def fill(engine):
    """Two flags for each kill."""
    with writing(engine) as connection:
        for number in range(2 * KILLS):
            address = f"0x{number:040x}"
            wallets.add(connection, Wallet(address=address, followed_since=NOW, added_at=NOW))
            flag_id = flag_log.open_flag(
                connection, address=address, at=NOW, score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
            )
            outbox.enqueue(connection, flag_id, NOW, [CHAT])
            outbox.sent(connection, outbox.claim(connection, NOW, CHAT).outbox_id, flag_id, NOW)


def decided(engine):
    with reading(engine) as connection:
        return [item.flag_id for item in flag_log.decisions(connection)]


async def show_the_rest(engine, api):
    """Let the outbox show what the loops did not come to."""
    async with make_bot(api) as bot:
        channel, later = LoopChannel(bot, asyncio.get_running_loop()), datetime.now(UTC) + timedelta(hours=1)
        await asyncio.to_thread(deliver_once, engine, channel, key=KEY, chats=[CHAT], clock=lambda: later)


@pytest.mark.timeout(max(300, 10 * KILLS))
@pytest.mark.parametrize("seed", SEEDS)
def test_no_press_is_confirmed_and_lost_however_often_the_loop_dies(tmp_path, empty_file, seed):
    """Every press ends as exactly one decision, none was confirmed before it was stored, and every card tells it."""
    url = f"sqlite:///{shutil.copy(empty_file, tmp_path)}"
    engine = database.connect(url)
    fill(engine)
    rng, confirmed_too_soon = random.Random(seed), []

    class Watching(BotApi):
        async def _answer_callback_query(self, fields):
            if str(fields.get("text", "")).startswith("Recorded"):
                confirmed.append(len(await asyncio.to_thread(decided, engine)))
                if len(confirmed) > confirmed[-1]:
                    confirmed_too_soon.append(fields)
            return await super()._answer_callback_query(fields)

    confirmed = []

    async def story():
        async with Watching() as api:
            for flag_id in range(1, 2 * KILLS + 1):
                chat = {"id": CHAT, "type": "private"}
                api.messages[flag_id] = {"message_id": flag_id, "date": 0, "chat": chat, "text": f"card {flag_id}"}
            command = (sys.executable, str(Path(__file__).with_name("press_loop.py")), url, api.url)
            environment = {**os.environ, "PYTHONPATH": str(ROOT), "PTB_TIMEDELTA": "true"}
            pipe = asyncio.subprocess.PIPE
            starter = await asyncio.create_subprocess_exec(*command, env=environment, stdin=pipe, stdout=pipe)

            async def start():
                before = len(api.methods(polls=True))
                starter.stdin.write(b"start\n")
                number = int(await starter.stdout.readline())
                async with asyncio.timeout(60):
                    while len(api.methods(polls=True)) == before:
                        await asyncio.sleep(0.005)
                return number

            async def until(count, more):
                """Wait for so many more decisions that are stored, or calls that Telegram got."""
                enough = count() + more
                async with asyncio.timeout(60):
                    while count() < enough:
                        await asyncio.sleep(0.001)

            # Two presses are two decisions and, with notices and edits, at least four calls.
            steps = (lambda: len(decided(engine)), range(3)), (lambda: len(api.methods()), range(1, 5))

            async def kill(number):
                os.kill(number, signal.SIGKILL)
                assert await starter.stdout.readline() == b"ended\n"

            for before in range(KILLS):
                loop = await start()
                count, more = rng.choice(steps)
                step = asyncio.create_task(until(count, rng.choice(more)))
                await asyncio.sleep(0)
                for flag_id in (2 * before + 1, 2 * before + 2):
                    api.press(button_data(flag_id, "keep", key=KEY, chat_id=CHAT), message_id=flag_id)
                await step
                await asyncio.sleep(rng.uniform(0, 0.01))
                await kill(loop)
            loop = await start()
            async with asyncio.timeout(60):
                while len(await asyncio.to_thread(decided, engine)) < 2 * KILLS:
                    await asyncio.sleep(0.02)
            await kill(loop)
            starter.stdin.close()
            assert await starter.wait() == 0
            await show_the_rest(engine, api)
            return [api.messages[flag_id]["text"] for flag_id in range(1, 2 * KILLS + 1)]

    cards = asyncio.run(story())
    assert decided(engine) == list(range(1, 2 * KILLS + 1))
    assert confirmed_too_soon == []
    assert all(f"#{number} · " in card and "kept by @x" in card for number, card in enumerate(cards, 1))
    engine.dispose()
