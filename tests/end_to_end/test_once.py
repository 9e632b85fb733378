"""A service that is no daemon: each run takes what was pressed since the last one."""

import asyncio
import os
from datetime import UTC, datetime
from unittest.mock import patch

from tests.alerts.examples import FLAG
from tests.end_to_end.cli import Folder
from tests.fakes.bot_api import TOKEN, BotApi, refusal
from watcher.store import flag_log, outbox, wallets
from watcher.store.sql import database
from watcher.store.sql.database import writing
from watcher.types import Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
CONFIG = """
[store]
url = "sqlite:///edgewatch.db"
[telegram]
chat_id = 42
allowed_user_ids = [7]
base_url = "{url}"
"""


def open_flag(path):
    engine = database.connect(f"sqlite:///{path}/edgewatch.db")
    database.prepare(engine)
    with writing(engine) as connection:
        wallets.add(connection, Wallet(address=FLAG.wallet, label="w1", followed_since=NOW, added_at=NOW))
        flag_id = flag_log.open_flag(
            connection, address=FLAG.wallet, at=datetime.now(UTC), score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
        )
        outbox.enqueue(connection, flag_id, NOW, [42])
    engine.dispose()


def test_a_run_takes_what_was_pressed_since_the_last_one(tmp_path):
    """Stored and shown by the next run; where Telegram does not say what was pressed, messages go out all the same."""

    async def story():
        async with BotApi() as api:
            folder = Folder(tmp_path, "", {}, EDGEWATCH_TELEGRAM_TOKEN=TOKEN)
            (tmp_path / "edgewatch.toml").write_text(CONFIG.format(url=api.url))
            await asyncio.to_thread(open_flag, tmp_path)
            api.fail("getUpdates", refusal(409, "Conflict: terminated by other getUpdates request"))
            await asyncio.to_thread(folder.run, "once")
            assert "presses on Telegram were not taken: Another program" in folder.errors
            [card] = api.messages.values()
            keep = card["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
            api.press(keep, message_id=1, name="ann")
            await asyncio.to_thread(folder.run, "once")
            assert "kept by @ann" in api.messages[1]["caption"]
            sent = len(api.messages)
            await asyncio.to_thread(folder.run, "once")
            assert len(api.messages) == sent
            return await asyncio.to_thread(folder.run, "export", "decisions")

    with patch.dict(os.environ):
        [decision] = asyncio.run(story()).splitlines()
    assert '"choice": "keep"' in decision
