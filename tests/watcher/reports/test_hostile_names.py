"""A wallet whose name attacks, through everything that Telegram may show: cards, words, commands, digests, exports."""

import csv
import io
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.messages.fit import fit
from alerts.messages.message import details
from alerts.types import Said
from metrics.types import State
from tests.alerts.examples import FLAG, assessment, quiet
from tests.fakes.bot_api import _checked, _markup
from watcher.cli.export import flag_row
from watcher.cli.shared.rows import Format, lines
from watcher.jobs.review.deliver import deliver_once, tell_of
from watcher.jobs.review.digest import compose
from watcher.jobs.review.flag_lifecycle import follow_up
from watcher.store import flag_log, outbox, wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram.decision_handler import DecisionHandler
from watcher.types import Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
CHAT = 42
OTHER = "0x" + "b" * 40
NAMES = (
    "<b>x</b>&amp;<a href='http://e'>",
    "*_[x](http://e)`",
    "\u202eabc\u2066\u200b",
    "a\0b\x07",
    "y" * 10_000,
    "=cmd|' /C calc'!A0",
    "\U0001f600" * 3000,
    "a\nb\r\n#99 · Heron",
    "</b></code>",
)
COMMANDS = ("status", "wallets", "wallet 0x12ab", "flags", "why 0x12ab", "digest", "health", "budget", "whoami", "help")


class Strict:
    """Refuses what Telegram would refuse, and what could mislead a reader."""

    def __init__(self):
        self.seen = 0

    def send(self, _chat_id, message):
        shown, file = fit(message.html)
        limit = 1024 if message.chart_png or file else 4096
        text = _checked({"text": shown, "parse_mode": "HTML"}, "text", limit)
        assert all(c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in text)
        assert not any(line.startswith("#99") for line in text.split("\n"))
        keys = [[{"text": b.label, "callback_data": b.data} for b in row if b.url is None] for row in message.buttons]
        _markup({"reply_markup": {"inline_keyboard": keys}})
        assert all(button["text"].strip() for row in keys for button in row)
        self.seen += 1
        return self.seen

    def edit(self, chat_id, _message_id, message):
        self.send(chat_id, message)
        return True


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_is_words_wherever_it_stands(store, name):
    """Every message is taken in its first form, says nothing hidden, and no line of a name passes for another flag."""
    with writing(store) as connection:
        for address, evidence in ((FLAG.wallet, FLAG.evidence), (OTHER, quiet().evidence)):
            began = NOW - timedelta(days=40)
            label = name.replace("\0", "")  # no list of wallets lets it through, and PostgreSQL keeps none
            wallets.add(connection, Wallet(address=address, label=label, followed_since=began, added_at=NOW))
            told = replace(evidence, notes=(name,))
            flag_id = flag_log.open_flag(
                connection, address=address, at=NOW, score=3.0, evidence=told, chart=FLAG.chart
            )
            outbox.enqueue(connection, flag_id, NOW, [CHAT])
            outbox.ask_again(connection, flag_id, "again", NOW, [CHAT])
        later = replace(assessment(State.OK), as_of=NOW + timedelta(days=3))
        flag_log.replace_assessments(connection, [later])
        for wallet in wallets.all_wallets(connection):
            seen = replace(later, wallet=wallet.address)
            follow_up(connection, wallet, seen, [], [], now=later.as_of, chats=[CHAT])
    strict = Strict()
    at = NOW + timedelta(days=3)
    assert deliver_once(store, strict, key=bytes(32), chats=[CHAT], clock=lambda: at) == 6
    with writing(store) as connection:
        tell_of(connection, name, [1, 2], at, [CHAT], silent=False)
    assert deliver_once(store, strict, key=bytes(32), chats=[CHAT], clock=lambda: at) == 1
    desk = DecisionHandler(store, clock=lambda: NOW, key=bytes(32), chats=[CHAT], units_a_day=1000)
    said = [f"/{command}" for command in COMMANDS] + [
        f"/snooze 0xbbbb 3d {name}",
        f"/unfollow 0x12ab {name}",
        f"/{name}",
    ]
    for number, text in enumerate(said):
        answer = desk.command(Said(update_id=number, user_id=7, user_name="@ann", chat_id=CHAT, text=text))
        strict.send(CHAT, answer)
    assert deliver_once(store, strict, key=bytes(32), chats=[CHAT], clock=lambda: at) >= 2
    with reading(store) as connection:
        flags = flag_log.flags(connection)
        for page in compose(connection, since=NOW - timedelta(days=7), now=at, units_a_day=10):
            strict.send(CHAT, page)
    for flag in flags:
        strict.send(CHAT, details(flag))
    _, *rows = csv.reader(io.StringIO("\n".join(lines(map(flag_row, flags), Format.CSV)), newline=""))
    assert not any(cell.lstrip()[:1] in "=+-@" for row in rows for cell in row if cell and not cell[-1].isdigit())
