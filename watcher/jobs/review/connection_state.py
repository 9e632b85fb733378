"""Whether what people press arrives: an outage, or another program that takes the same bot's updates."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from alerts import wording
from watcher.jobs.review.deliver import ask_all_again
from watcher.store import outbox, usage

KEPT: Final = timedelta(hours=24)  #: how long Telegram keeps a press for the bot
LASTS: Final = timedelta(seconds=45)  #: from the first refusal until people are told: it is tried again after a minute
OVER: Final = timedelta(minutes=15)
"""Without a refusal for so long, it is over: two programs take turns in being refused."""
_HEARD: Final = "telegram_heard"  # memo: when Telegram last answered the loop
_REFUSED: Final = "telegram_refused"  # memo: why it does not
_TAKEN: Final = (
    "⚠️ <b>Buttons may not work.</b> Another program takes what is pressed here (Telegram calls it 409 Conflict). "
    "Stop it, or give Edgewatch a bot of its own. Flags still come, and <code>edgewatch flags decide</code> works."
)


class Refused(msgspec.Struct, frozen=True):
    """Why Telegram does not hand over what people press."""

    since: datetime  #: UTC
    last: datetime  #: UTC
    problem: str
    taken: bool  #: another program takes it
    told: bool = False  #: every chat was told


def heard_at(connection: Connection) -> datetime | None:
    """When Telegram last answered; None: never."""
    stored = usage.recall(connection, _HEARD)
    return datetime.fromisoformat(stored) if stored is not None else None


def refused(connection: Connection) -> Refused | None:
    """Why presses do not arrive; None where nothing is known to keep them."""
    stored = usage.recall(connection, _REFUSED)
    return msgspec.json.decode(stored, type=Refused) if stored else None


def note_refused(connection: Connection, problem: str, *, taken: bool, now: datetime, chats: Sequence[int]) -> None:
    """Note that Telegram refused; where another program goes on taking the presses, tell every chat, once.

    A single refusal is no news: a restart may meet the last request of the run before it.
    """
    known = refused(connection)
    since = known.since if known is not None and known.taken == taken else now
    told = known is not None and known.told
    if taken and not told and now - since >= LASTS:
        outbox.tell(connection, _TAKEN, now, chats, silent=False)
        told = True
    item = Refused(since=since, last=now, problem=wording.clean(problem, 200), taken=taken, told=told)
    usage.remember(connection, _REFUSED, msgspec.json.encode(item).decode())


def note_heard(connection: Connection, now: datetime, chats: Sequence[int]) -> None:
    """Note that Telegram answered; after a time in which presses were lost, ask every open flag again, once."""
    before, problem = heard_at(connection), refused(connection)
    away = now - before if before is not None else timedelta()
    over = problem is not None and (not problem.taken or now - problem.last > OVER)
    if over:
        usage.remember(connection, _REFUSED, "")
    why = None
    if away > KEPT:
        why = f"Nothing was heard from Telegram for {wording.count(round(away / timedelta(hours=1)), 'hour')}"
    elif over and problem is not None and problem.told:
        why = f"Another program took presses from {wording.moment(problem.since)} on"
    if why is not None:
        ask_all_again(connection, f"{why}: buttons pressed then may be lost", now, chats)
    usage.remember(connection, _HEARD, now.isoformat())
