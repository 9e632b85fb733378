"""Where a human's decision is taken down: commit first, then say so."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from alerts import wording
from alerts.errors import ReviewError
from alerts.messages import message
from alerts.messages.silence import to_follow
from alerts.review import CARD, DETAILS, FOLLOW, make_decision
from alerts.types import Choice, FlagStatus, Message, Outcome, Press, Said
from ingest.errors import StoreError
from watcher.jobs.review import connection_state
from watcher.jobs.review.owed import fingerprint
from watcher.store import flag_log, outbox, usage
from watcher.store.sql.database import reading, writing
from watcher.telegram.actions import Person, decide, follow_address
from watcher.telegram.chat_commands import Asked, answer

_OFFSET = "telegram_offset"  # memo: an id, and behind it whose: a fingerprint of the token
_NOTE_EVERY: Final = timedelta(minutes=5)
_LATER: Final = (StoreError, OperationalError, OSError)  # the database is away or locked: the same update will do later
_ELSEWHERE: Final = "This button does not belong to this message. /flags shows what waits for you."

log = structlog.get_logger()


class DecisionHandler:
    """What the bot needs of the database (``alerts.telegram.update_loop.DecisionHandler``).

    Parameters
    ----------
    engine
        The database.
    clock
        The current UTC time.
    key
        Signs buttons.
    chats
        Whom to tell of an outage.
    units_a_day
        The budget.
    config_hash
        Of the detection settings in force.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        key: bytes,
        chats: Sequence[int],
        units_a_day: int,
        config_hash: str = "",
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._key = key
        self._chats = chats
        self._units_a_day = units_a_day
        self._config_hash = config_hash
        self._noted: datetime | None = None

    def offset(self) -> int:
        """The first update that was not dealt with yet; each bot counts its own."""
        with reading(self._engine) as connection:
            number, _, mark = (usage.recall(connection, _OFFSET) or "0").partition(" ")
        return int(number) if mark in {"", fingerprint(self._key)} else 0

    def heard(self) -> None:
        """Note that Telegram answered; after a silence in which presses were lost, ask every open flag again."""
        now = self._clock()
        if self._noted is not None and timedelta() <= now - self._noted < _NOTE_EVERY:
            return
        with writing(self._engine) as connection:
            connection_state.note_heard(connection, now, self._chats)
        self._noted = now

    def refused(self, problem: str, *, taken: bool) -> None:
        """Note why presses do not arrive; ``taken``: another program takes them."""
        with writing(self._engine) as connection:
            connection_state.note_refused(connection, problem, taken=taken, now=self._clock(), chats=self._chats)
        self._noted = None

    def skip(self, update_id: int) -> None:
        """Move past an update that asks for nothing."""
        with writing(self._engine) as connection:
            self._advance(connection, update_id)

    def record(self, press: Press) -> Outcome:
        """Store a decision and the new offset in one transaction.

        An update that this program cannot deal with is passed over: nobody else's press shall wait behind it for ever.
        """
        try:
            return self._recorded(press)
        except _LATER:
            raise
        except Exception:
            log.exception("press_failed", update=press.update_id)
            self.skip(press.update_id)
            return Outcome(answer="Not recorded: it failed here; the log says where. The command line may do.")

    def _recorded(self, press: Press) -> Outcome:
        if press.verb in {DETAILS, CARD}:
            return self._shown(press)
        if press.verb == FOLLOW:
            return self._followed(press)
        decision = make_decision(
            press.flag_id,
            Choice(press.verb),
            decided_by=press.user_name,
            user_id=press.user_id,
            channel="telegram",
            now=self._clock(),
            message_id=press.message_id,
            config_hash=self._config_hash,
        )
        try:
            with writing(self._engine) as connection:
                if self._is_elsewhere(connection, press):
                    self._advance(connection, press.update_id)
                    return Outcome(answer=_ELSEWHERE)
                flag = decide(connection, decision, update_id=press.update_id, chat_id=press.chat_id)
                late = len(flag_log.decisions(connection, flag_id=press.flag_id)) > 1
                self._advance(connection, press.update_id)
        except ReviewError as error:
            self.skip(press.update_id)
            return Outcome(answer=str(error)[:200], edited=self._as_decided(press))
        recorded = f"Recorded, late: {flag.status}." if late else f"Recorded: {flag.status}."
        return Outcome(answer=recorded, edited=message.decided(flag, decision))

    def command(self, said: Said) -> Message | None:
        """Answer what an allowed person wrote; what it changes commits with the new offset."""
        try:
            return self._answered(said)
        except _LATER:
            raise
        except Exception:
            log.exception("command_failed", update=said.update_id)
            self.skip(said.update_id)
            return Message(html="That failed here, and nothing was changed; the log says where.")

    def _answered(self, said: Said) -> Message | None:
        person = self._person(said)
        command, *words = said.text.split() or [""]
        with writing(self._engine) as connection:
            asked = Asked(
                connection=connection,
                said=said,
                person=person,
                words=tuple(words),
                key=self._key,
                units_a_day=self._units_a_day,
            )
            reply = answer(asked, command)
            self._advance(connection, said.update_id)
        return reply

    def _followed(self, press: Press) -> Outcome:
        """Follow the address that a flag's message names: it stands in the store, not in the button."""
        with writing(self._engine) as connection:
            self._advance(connection, press.update_id)
            if self._is_elsewhere(connection, press):
                return Outcome(answer=_ELSEWHERE)
            flag = flag_log.find_flag(connection, press.flag_id)
            address = to_follow(flag) if flag is not None else None
            if flag is None or address is None:
                return Outcome(answer=f"Flag #{press.flag_id} names no address to follow.")
            words = follow_address(connection, address, self._person(press), flag=flag)
        return Outcome(answer=words[:200], reply=Message(html=wording.escape(words, 400), silent=True))

    def shown(self, press: Press, *, edited: bool, sent: int | None) -> None:
        """Note what a person sees: the outbox need not show it then, and a reply to a new message is about the flag."""
        with writing(self._engine) as connection:
            if edited and press.message_id is not None:
                outbox.settle_edit(connection, press.chat_id, press.message_id, self._clock())
            if sent is not None and flag_log.find_flag(connection, press.flag_id) is not None:
                card = press.verb not in {DETAILS, FOLLOW}
                outbox.note_sent(connection, press.flag_id, press.chat_id, sent, self._clock(), is_card=card)

    def _is_elsewhere(self, connection: Connection, press: Press) -> bool:
        """Whether a button's data was sent for a message that does not show its flag."""
        known = flag_log.find_flag(connection, press.flag_id) is not None
        return known and not outbox.shows(connection, press.flag_id, press.chat_id, press.message_id)

    def _person(self, by: Press | Said) -> Person:
        return Person(
            name=by.user_name,
            user_id=by.user_id,
            channel="telegram",
            now=self._clock(),
            config_hash=self._config_hash,
        )

    def _shown(self, press: Press) -> Outcome:
        self.skip(press.update_id)
        with reading(self._engine) as connection:
            flag = flag_log.find_flag(connection, press.flag_id)
            made = flag_log.decisions(connection, flag_id=press.flag_id)
        if flag is None:
            return Outcome(answer=f"There is no flag #{press.flag_id}.")
        if press.verb == DETAILS:
            return Outcome(answer="", reply=message.details(flag))
        if flag.status is not FlagStatus.OPEN and made:
            return Outcome(answer="", reply=message.decided(flag, made[-1]))
        return Outcome(answer="", reply=message.card(flag, key=self._key, chat_id=press.chat_id))

    def _as_decided(self, press: Press) -> Message | None:
        """What the pressed message has to tell, unless it does so already."""
        with reading(self._engine) as connection:
            if outbox.tells(connection, press.chat_id, press.message_id):
                return None
            flag = flag_log.find_flag(connection, press.flag_id)
            made = flag_log.decisions(connection, flag_id=press.flag_id)
        return message.decided(flag, made[-1]) if flag and made else None

    def _advance(self, connection: Connection, update_id: int) -> None:
        # Telegram may start its ids again lower after a week of silence: the last one counts, not the highest.
        usage.remember(connection, _OFFSET, f"{update_id + 1} {fingerprint(self._key)}")
