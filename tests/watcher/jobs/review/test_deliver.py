"""From the outbox through a real bot to a Bot API that fails in every way."""

import asyncio
import os
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from alerts.errors import DeliveryError
from tests.alerts.desk import make_bot
from tests.alerts.examples import FLAG, KEY
from tests.fakes.bot_api import BotApi, Fault, refusal
from watcher.jobs.review.deliver import deliver_once
from watcher.store import flag_log, outbox, wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram.thread_bridge import LoopChannel
from watcher.types import Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
CHATS = [42, -100]
FLAGS = 4
SEEDS = 2 * int(os.environ.get("EDGEWATCH_SOAK_SEEDS", "1"))
PAGE = "<html>Bad Gateway</html>"
CERTAIN = (
    refusal(429, "Too Many Requests: retry after 1", retry_after=1),
    refusal(500, "Internal Server Error"),
    Fault("status", 502, PAGE),
    refusal(403, "Forbidden: bot was blocked by the user"),
    refusal(401, "Unauthorized"),
    refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1005),
)
AMBIGUOUS = (
    Fault("drop"),
    Fault("drop_after"),
    Fault("drop_after"),
    Fault("hang"),
    Fault("status", 504, PAGE),
    Fault("status", 200, PAGE),
)


class Failing(BotApi):
    """Lets half of what is sent fail, for a while."""

    def __init__(self, seed):
        super().__init__()
        rng = random.Random(seed)
        self.faults["sendPhoto"].extend(
            rng.choice(CERTAIN) if (dice := rng.random()) < 0.25 else rng.choice(AMBIGUOUS) if dice < 0.5 else None
            for _ in range(20)
        )
        self.planned = tuple(self.faults["sendPhoto"])

    @property
    def ambiguous(self):
        """How many attempts met a fault that leaves open whether they arrived."""
        return sum(fault in AMBIGUOUS for fault in self.planned[: len(self.planned) - len(self.faults["sendPhoto"])])


def open_flags(engine):
    with writing(engine) as connection:
        for number in range(1, FLAGS + 1):
            address = f"0x{number:040x}"
            wallets.add(connection, Wallet(address=address, label="<b>&", followed_since=NOW, added_at=NOW))
            flag_id = flag_log.open_flag(
                connection, address=address, at=NOW, score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
            )
            outbox.enqueue(connection, flag_id, NOW, CHATS)


def waiting(engine):
    with reading(engine) as connection:
        return [item for item in outbox.deliveries(connection) if item.state in outbox.UNSENT]


async def deliver_all(engine, api):
    """Deliver, an hour later again, until nothing waits; what each chat saw, oldest first."""
    async with make_bot(api, more_chats={CHATS[1]: [9]}) as bot:
        channel = LoopChannel(bot, asyncio.get_running_loop())
        for hours in range(60):
            at = NOW + timedelta(hours=hours)
            try:
                await asyncio.to_thread(deliver_once, engine, channel, key=KEY, chats=CHATS, clock=lambda at=at: at)
            except DeliveryError as error:
                assert error.permanent
            if not await asyncio.to_thread(waiting, engine):
                break
    seen = {chat: [] for chat in CHATS}
    for _, message in sorted(api.messages.items()):
        [flag_id] = re.findall(r"#(\d+) · <b>& · 0x", message["caption"])
        seen[message["chat"]["id"]].append(int(flag_id))
    return seen


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_flag_arrives_in_order_and_no_oftener_than_doubt_asks(store, seed):
    """At least once in every chat, first copies in the flags' order, and no more copies than doubtful attempts."""
    open_flags(store)

    async def story():
        async with Failing(seed) as api:
            return await deliver_all(store, api), api

    seen, api = asyncio.run(story())
    assert waiting(store) == []
    copies = 0
    for numbers in seen.values():
        assert list(dict.fromkeys(numbers)) == list(range(1, FLAGS + 1))
        copies += sum(Counter(numbers).values()) - FLAGS
    assert copies <= api.ambiguous
    assert api.ambiguous, "something was doubtful"
