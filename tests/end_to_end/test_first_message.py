"""A newcomer with a bot's token gets a first message by what the README says, and by nothing else."""

import asyncio
import os
import re
import time
from functools import partial
from pathlib import Path
from unittest.mock import patch

from tests.end_to_end.cli import Folder
from tests.fakes.bot_api import TOKEN, BotApi, refusal

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def commands(*, within):
    """The commands of the code block that holds some words, without their remarks."""
    [block] = [each for each in re.findall(r"```console\n(.*?)```", README, re.DOTALL) if within in each]
    lines = [line.removeprefix("$ ").partition("#")[0].strip() for line in block.splitlines()]
    return [line.removeprefix(".venv/bin/edgewatch ").split() for line in lines if "edgewatch " in line]


def exported(*, within):
    """The variables that a code block exports; what it shows only the form of is the newcomer's own."""
    [block] = [each for each in re.findall(r"```console\n(.*?)```", README, re.DOTALL) if within in each]
    own = {"EDGEWATCH_TELEGRAM_TOKEN": TOKEN}
    return {name: own.get(name, words) for name, words in re.findall(r"(?m)^\$ export (\w+)=(\S+)", block)}


def test_the_first_message_comes_by_the_readme_alone(tmp_path, record_property):
    """``init``, three lines uncommented, ``whoami``, the ids that it showed put in, ``test``: one message arrives."""

    async def story():
        async with BotApi() as api:
            variables = exported(within="edgewatch init") | exported(within="telegram whoami")
            folder = Folder(tmp_path, "", {}, **variables)
            file = tmp_path / "edgewatch.toml"
            file.unlink()
            [init] = [each for each in commands(within="edgewatch init") if each[0] == "init"]
            begin = time.monotonic()
            await asyncio.to_thread(folder.run, *init)
            commented = file.read_text()
            table = commented[commented.index("# [telegram]") :]
            assert len(table.splitlines()) == 3, "as the README says"
            # The one thing that is not the newcomer's: this Bot API is not Telegram's.
            uncommented = re.sub(r"(?m)^# ", "", table) + f'base_url = "{api.url}"\n'
            file.write_text(commented.replace(table, uncommented))

            whoami, test = commands(within="telegram whoami")
            api.say("hello", user_id=7001, chat_id=7001)
            shown = await asyncio.to_thread(folder.run, *whoami)
            user, chat = re.search(r"user id (\d+)  chat id (\d+)", shown).groups()
            assert api.messages == {}
            made = file.read_text().replace("chat_id = 123", f"chat_id = {chat}")
            file.write_text(made.replace("allowed_user_ids = [123]", f"allowed_user_ids = [{user}]"))
            shown = await asyncio.to_thread(folder.run, *test)
            record_property("seconds", round(time.monotonic() - begin, 2))
            return shown, api.messages

    with patch.dict(os.environ):
        shown, messages = asyncio.run(story())
    assert shown.strip() == "sent by @edgewatch_test_bot to chat 7001"
    [message] = messages.values()
    assert "can reach you here" in message["text"]
    assert message["chat"]["id"] == 7001


def test_the_test_reaches_every_chat_or_says_which_it_does_not(tmp_path):
    """One message in each; a chat that refuses is named, and the others are reached all the same."""

    async def story():
        async with BotApi() as api:
            folder = Folder(tmp_path, "", {}, EDGEWATCH_TELEGRAM_TOKEN=TOKEN)
            first = f'[telegram]\nchat_id = 5\nallowed_user_ids = [5]\nbase_url = "{api.url}"\n'
            second = "[[telegram.chats]]\nchat_id = -6\nallowed_user_ids = [5]\n"
            (tmp_path / "edgewatch.toml").write_text(first + second)
            shown = await asyncio.to_thread(folder.run, "telegram", "test")
            api.fail("sendMessage", refusal(400, "Bad Request: chat not found"))
            again = await asyncio.to_thread(partial(folder.run, "telegram", "test", code=1))
            return shown, again, folder.errors, [message["chat"]["id"] for message in api.messages.values()]

    with patch.dict(os.environ):
        shown, again, errors, chats = asyncio.run(story())
    assert shown.splitlines() == [f"sent by @edgewatch_test_bot to chat {chat}" for chat in (5, -6)]
    assert again.splitlines() == ["sent by @edgewatch_test_bot to chat -6"]
    assert "chat 5: Telegram refuses: Chat not found" in errors
    assert chats == [5, -6, -6]
