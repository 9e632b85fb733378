"""The loop that takes presses and commands from Telegram, one update after the other.

It decides nothing: a press goes to the `Desk`, which commits it to the database *together with the offset of
updates*; only then is the press confirmed to the person. So a press that was confirmed is never lost, and one
that was lost can be pressed again. (The library's own polling acknowledges an update before its handler ends, which
is why it is not used.)
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from alerts.errors import AlertError, DeliveryError
from alerts.review import parse_press
from alerts.telegram.updates import Update
from alerts.types import Message, Outcome, Press, Said

_log = logging.getLogger(__name__)
_LONGEST_PAUSE_S: Final = 60.0
_GRACE_S: Final = 1.5  # at a stop, to finish showing a decision that is already committed
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Where to listen, and to whom."""

    users: Mapping[int, frozenset[int]]  #: chat to the only people that are heard there
    key: bytes = field(repr=False)  #: signs the buttons


class DecisionSink(Protocol):
    """Where presses and commands are recorded. Called in worker threads, one call at a time.

    Each of `record`, `command` and `skip` commits ``update_id + 1`` as the new offset in the same transaction as
    whatever else it writes. An id may come twice (after a crash) and, after a week of silence, ids may start again
    lower: store the last one, not the highest. An exception ends `TelegramBot.poll` with the update unread.
    """

    def offset(self) -> int:
        """Return the id of the first update not yet taken; 0 at the very start."""

    def record(self, press: Press) -> Outcome:
        """Commit a press and say what to show."""

    def command(self, said: Said) -> Message | None:
        """Answer what an allowed person wrote in an allowed chat; None: with silence."""

    def heard(self) -> None:
        """Note that Telegram answered."""

    def skip(self, update_id: int) -> None:
        """Pass over an update from anybody else."""

    def shown(self, press: Press, *, edited: bool, sent: int | None) -> None:
        """Note what a person sees of a press: its message tells the outcome, the message ``sent`` is about the flag."""


class Wire(Protocol):
    """What the loop needs of a bot; every failure is an `AlertError`."""

    async def updates(self, offset: int) -> list[Update]:
        """Wait for updates from ``offset`` on."""

    async def answer(self, query_id: str, words: str) -> None:
        """Show a notice to the person who pressed."""

    async def edit(self, message_id: int, message: Message, *, is_photo: bool, chat_id: int) -> bool:
        """Replace a message; False if it is gone or too old."""

    async def reply(self, message: Message, chat_id: int, topic: int | None) -> int:
        """Send a message to where it was asked for and return its id."""


async def catch_up(wire: Wire, desk: DecisionSink, room: Audience) -> None:
    """Take the updates that wait, and no more; every failure is raised."""
    offset = await asyncio.to_thread(desk.offset)
    while updates := await wire.updates(offset):
        for update in updates:
            await _take(update, wire, desk, room, asyncio.Event())
            offset = update.update_id + 1
    await asyncio.to_thread(desk.heard)


async def listen(wire: Wire, desk: DecisionSink, room: Audience, *, stop: asyncio.Event) -> None:
    """Take updates until ``stop`` is set: commit, move the offset, then answer.

    Outages are waited out. Errors that waiting cannot mend are raised, and so is whatever the desk raises.
    """
    offset, failures = await asyncio.to_thread(desk.offset), 0
    while not stop.is_set():
        try:
            updates = await _or_stop(wire.updates(offset), stop) or []
        except DeliveryError as error:
            if error.permanent:
                raise
            failures += 1
            pause = error.retry_after or min(_LONGEST_PAUSE_S, 2.0 ** min(failures, 10) / 2)
            _log.warning("no updates from Telegram, next try in %.1f s: %s", pause, error)
            await _or_stop(asyncio.sleep(pause), stop)
            continue
        failures = 0
        await asyncio.to_thread(desk.heard)
        for update in updates:
            if stop.is_set():
                return
            await _take(update, wire, desk, room, stop)
            offset = update.update_id + 1


async def _take(update: Update, wire: Wire, desk: DecisionSink, room: Audience, stop: asyncio.Event) -> None:
    """Handle one update. Who speaks, and where, is looked at before anything else is."""
    number, user_id, chat_id, data = update.update_id, update.user_id, update.chat_id, update.data
    if chat_id is None or user_id is None or user_id not in room.users.get(chat_id, ()) or data is None:
        _log.debug("update %s passed over", number)
        await asyncio.to_thread(desk.skip, number)
    elif update.refused is not None:
        _log.info("update %s of a listed person does nothing: %s", number, update.refused)
        await asyncio.to_thread(desk.skip, number)
    elif update.query_id is None:
        said = Said(
            update_id=number,
            user_id=user_id,
            user_name=update.user_name,
            chat_id=chat_id,
            text=data,
            reply_to=update.reply_to,
            topic=update.topic,
        )
        reply = await asyncio.to_thread(desk.command, said)
        await _or_stop(_try_send(wire, reply, chat_id, update.topic), stop, grace=_GRACE_S)
    elif (pressed := parse_press(data, key=room.key, chat_id=chat_id)) is None:
        _log.warning("update %s: a button that this installation did not make", number)
        await asyncio.to_thread(desk.skip, number)
    else:
        press = Press(
            update_id=number,
            flag_id=pressed[0],
            verb=pressed[1],
            user_id=user_id,
            user_name=update.user_name,
            chat_id=chat_id,
            message_id=update.message_id,
        )
        outcome = await asyncio.to_thread(desk.record, press)
        await _or_stop(_show(update, update.query_id, press, outcome, wire, desk), stop, grace=_GRACE_S)


async def _show(update: Update, query_id: str, press: Press, outcome: Outcome, wire: Wire, desk: DecisionSink) -> None:
    """Show what is already committed. A notice that comes too late must not keep the edit from happening.

    What cannot be shown now, the desk has in its outbox.
    """
    try:
        await wire.answer(query_id, outcome.answer)
    except AlertError as error:
        _log.info("press %s could not be answered: %s", press.update_id, error)
    edited, sent = False, None
    if outcome.edited is not None:
        try:
            edited = press.message_id is not None and await wire.edit(
                press.message_id, outcome.edited, is_photo=update.is_photo, chat_id=press.chat_id
            )
        except AlertError as error:
            _log.warning("message %s cannot be edited now: %s", press.message_id, error)
        else:
            if not edited:
                sent = await _try_send(wire, outcome.edited, press.chat_id, update.topic)
                edited = sent is not None
    if outcome.reply is not None:
        sent = await _try_send(wire, outcome.reply, press.chat_id, update.topic)
    if edited or sent is not None:
        await asyncio.to_thread(desk.shown, press, edited=edited, sent=sent)


async def _try_send(wire: Wire, message: Message | None, chat_id: int, topic: int | None) -> int | None:
    try:
        return None if message is None else await wire.reply(message, chat_id, topic)
    except AlertError as error:
        _log.warning("an answer could not be sent: %s", error)
        return None


async def _or_stop(work: Coroutine[Any, Any, _T], stop: asyncio.Event, *, grace: float = 0.0) -> _T | None:
    """Await ``work``, but no longer than ``grace`` seconds after ``stop``; then cancel it and return None."""
    task, waiter = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() and grace:
            await asyncio.wait({task}, timeout=grace)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        waiter.cancel()
        await asyncio.gather(task, waiter, return_exceptions=True)
