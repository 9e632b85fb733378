"""From a recorded collapse to a message on Telegram, a pressed button and a stored decision, through the daemon."""

import asyncio
import json
import signal
import subprocess
import time
import tomllib
from pathlib import Path

from tests.end_to_end.cli import Folder
from tests.fakes.bot_api import TOKEN, BotApi
from watcher.demo import node as demo_node
from watcher.demo.node import ReplayNode

DEMO = Path(demo_node.__file__).parent
READ = {"Heron", "Plover", *(f"Peer {n}" for n in range(1, 6))}  #: one that loses, one that goes quiet, and peers
TELEGRAM = """
[telegram]
chat_id = 42
allowed_user_ids = [7]
base_url = "{url}"
"""


async def until(condition, what, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the daemon ended"
        assert time.monotonic() < deadline, f"no {what} within {seconds} s"
        await asyncio.sleep(0.05)


def photos(api):
    return [message for message in api.messages.values() if "photo" in message]


def about(api, label):
    return "".join(photo["caption"] for photo in photos(api) if label in photo["caption"])


def buttons(message):
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


def stopped(process):
    """Send SIGTERM; the exit code and how long it took."""
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=30), time.monotonic() - begin


def test_a_collapse_reaches_a_person_and_the_decision_is_kept(tmp_path):
    """The daemon reads, flags, sends; one press by an allowed person is stored once, shown, and survives a restart."""

    async def story():
        table = tomllib.loads((DEMO / "edgewatch.toml").read_text())["chains"][0]
        with ReplayNode() as chain:
            async with BotApi() as api:
                folder = Folder(
                    tmp_path, chain.url, table, TELEGRAM.format(url=api.url), EDGEWATCH_TELEGRAM_TOKEN=TOKEN
                )
                head, *rows = (DEMO / "wallets.csv").read_text().splitlines()
                few = [row for row in rows if row.split(",")[1] in READ]
                (tmp_path / "few.csv").write_text("\n".join([head, *few]))
                await asyncio.to_thread(folder.run, "wallets", "import", "few.csv")
                await asyncio.to_thread(folder.run, "backfill")
                with (tmp_path / "log").open("w") as log:
                    daemon = folder.start("run", stderr=log, stdout=subprocess.DEVNULL)
                    try:
                        await until(lambda: any("Heron" in p["caption"] for p in photos(api)), "flag of Heron", daemon)
                        await until(lambda: "Why quiet?" in about(api, "Plover"), "reason of Plover's silence", daemon)
                        [card] = [photo for photo in photos(api) if "Heron" in photo["caption"]]
                        assert "has left its form" in card["caption"]
                        assert "Nothing was traded. Your call:" in card["caption"]
                        pressed = buttons(card)
                        assert list(pressed) == ["Keep", "Unfollow", "Snooze 7 d", "Details"]
                        number = card["message_id"]

                        api.press(pressed["Keep"], user_id=666, message_id=number, name="mallory")
                        api.press(pressed["Keep"], message_id=number, name="ann")
                        api.press(pressed["Unfollow"], message_id=number, name="ann")
                        await until(lambda: "kept by" in api.messages[number]["caption"], "edited card", daemon)
                        await api.until("answerCallbackQuery", 2)
                        assert not buttons(api.messages[number])
                        answers = [c.fields["text"] for c in api.calls if c.method == "answerCallbackQuery"]
                        assert answers[0] == "Recorded: kept."
                        assert "already kept by" in answers[1]
                        code, took = await asyncio.to_thread(stopped, daemon)
                        assert (code, took < 10) == (0, True)

                        assert "nor any other transaction of its own on local" in about(api, "Plover")
                        sent = len(api.messages)
                        daemon = folder.start("run", stderr=log, stdout=subprocess.DEVNULL)
                        polls = api.methods(polls=True).count("getUpdates")
                        await until(
                            lambda: api.methods(polls=True).count("getUpdates") > polls,
                            "poll after the restart",
                            daemon,
                        )
                        await until(
                            lambda: (tmp_path / "log").read_text().count("assessed") >= 2, "second assessment", daemon
                        )
                        assert len(api.messages) == sent, "a restart sends nothing again"
                    finally:
                        await asyncio.to_thread(stopped, daemon)
                flags = json.loads(await asyncio.to_thread(folder.run, "flags", "list", "--json"))
                assert TOKEN not in (tmp_path / "log").read_text()
                return flags

    flags = asyncio.run(story())
    [heron] = [flag for flag in flags if flag["label"] == "Heron"]
    assert heron["status"] == "kept"
    decision = heron["decision"]
    assert (decision["choice"], decision["decided_by"], decision["user_id"], decision["channel"]) == (
        "keep",
        "@ann",
        7,
        "telegram",
    )
