"""Where a human's decision is taken down: commit first, then say so."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Engine

from alerts import message
from alerts.errors import ReviewError
from alerts.review import DETAILS, make_decision, review
from alerts.types import Choice, Decision, Flag, Message, Outcome, Press
from watcher.store import meters, wallets
from watcher.store import review as store
from watcher.store.database import reading, writing

_OFFSET = "telegram_offset"


def decide(connection: Connection, decision: Decision, *, update_id: int | None = None) -> Flag:
    """Apply a decision to its flag and store both; an unfollowed wallet is marked so.

    Raises
    ------
    ReviewError
        There is no such flag, or it is decided already.
    """
    flag = store.find_flag(connection, decision.flag_id)
    if flag is None:
        raise ReviewError(f"There is no flag #{decision.flag_id}.")
    earlier = next(iter(store.decisions(connection, flag_id=decision.flag_id)), None)
    changed = review(flag, decision, earlier=earlier)
    store.add_decision(connection, decision, changed.status, update_id=update_id)
    if decision.choice is Choice.UNFOLLOW:
        wallets.unfollow(connection, flag.wallet, decision.decided_at)
    return changed


class Desk:
    """What the bot needs of the database (``alerts.bot.Desk``).

    Parameters
    ----------
    engine
        The database.
    clock
        The current UTC time.
    status
        Writes the answer to ``/status``.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime], status: Callable[[], Message]) -> None:
        self._engine = engine
        self._clock = clock
        self._status = status

    def offset(self) -> int:
        """The first update that was not dealt with yet."""
        with reading(self._engine) as connection:
            return int(meters.recall(connection, _OFFSET) or 0)

    def skip(self, update_id: int) -> None:
        """Move past an update that asks for nothing."""
        with writing(self._engine) as connection:
            self._advance(connection, update_id)

    def record(self, press: Press) -> Outcome:
        """Store a decision and the new offset in one transaction."""
        if press.verb == DETAILS:
            return self._details(press)
        decision = make_decision(
            press.flag_id,
            Choice(press.verb),
            decided_by=press.user_name,
            user_id=press.user_id,
            channel="telegram",
            now=self._clock(),
        )
        try:
            with writing(self._engine) as connection:
                flag = decide(connection, decision, update_id=press.update_id)
                self._advance(connection, press.update_id)
        except ReviewError as error:
            self.skip(press.update_id)
            return Outcome(answer=str(error)[:200], edited=self._as_decided(press.flag_id))
        return Outcome(answer=f"Recorded: {flag.status}.", edited=message.decided(flag, decision))

    def command(self, update_id: int, user_id: int, text: str) -> Message | None:  # noqa: ARG002 - the bot's contract
        """Answer a command of an allowed person."""
        self.skip(update_id)
        words = text.split()
        return self._status() if words and words[0].split("@")[0] in {"/status", "/start", "/health"} else None

    def _details(self, press: Press) -> Outcome:
        self.skip(press.update_id)
        with reading(self._engine) as connection:
            flag = store.find_flag(connection, press.flag_id)
        if flag is None:
            return Outcome(answer=f"There is no flag #{press.flag_id}.")
        return Outcome(answer="", reply=message.details(flag))

    def _as_decided(self, flag_id: int) -> Message | None:
        with reading(self._engine) as connection:
            flag = store.find_flag(connection, flag_id)
            earlier = next(iter(store.decisions(connection, flag_id=flag_id)), None)
        return message.decided(flag, earlier) if flag and earlier else None

    def _advance(self, connection: Connection, update_id: int) -> None:
        # Telegram may start its ids again lower after a week of silence: the last one counts, not the highest.
        meters.remember(connection, _OFFSET, str(update_id + 1))
