"""Messages on their way to people: one row for each chat, kept until Telegram confirmed it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from watcher.store.schema import outbox
from watcher.types import Delivery

UNSENT = ("pending", "sending", "uncertain")


def enqueue(connection: Connection, flag_id: int, at: datetime, chats: Iterable[int]) -> None:
    """Put a flag's card into the outbox."""
    _put(connection, at, chats, kind="flag", flag_id=flag_id)


def ask_again(connection: Connection, flag_id: int, html: str, at: datetime, chats: Iterable[int]) -> None:
    """Put a flag's card into the outbox once more, below words that say why."""
    _put(connection, at, chats, kind="again", flag_id=flag_id, html=html)


def tell(
    connection: Connection,
    html: str,
    at: datetime,
    chats: Iterable[int],
    *,
    about: Sequence[int] = (),
    silent: bool = True,
) -> None:
    """Put words into the outbox; the cards of the flags ``about`` can be asked for below them."""
    _put(connection, at, chats, kind="words", html=html, about=list(about), silent=silent)


def show_decided(
    connection: Connection, flag_id: int, at: datetime, *, shown: tuple[int | None, int | None] = (None, None)
) -> None:
    """Let every card of a flag, but the message ``shown`` (its chat and id), tell what was decided or found out since.

    A card that was not sent yet will tell it anyway.
    """
    cards = select(outbox.c.chat_id, outbox.c.message_id).where(
        outbox.c.flag_id == flag_id, outbox.c.kind.in_(("flag", "again")), outbox.c.message_id.is_not(None)
    )
    for row in connection.execute(cards).all():
        if (row.chat_id, row.message_id) != shown:
            _put(connection, at, [row.chat_id], kind="decided", flag_id=flag_id, message_id=row.message_id)


def _put(connection: Connection, at: datetime, chats: Iterable[int | None], **values: Any) -> None:
    for chat_id in chats:
        connection.execute(insert(outbox).values(chat_id=chat_id, state="pending", tries=0, not_before=at, **values))


def readdress(connection: Connection, chats: Sequence[int]) -> None:
    """Send what waits for a chat that is not configured any more, or was never named, to the first that is."""
    lost = and_(outbox.c.state.in_(UNSENT), or_(outbox.c.chat_id.is_(None), outbox.c.chat_id.not_in(chats)))
    connection.execute(update(outbox).where(lost).values(chat_id=chats[0]))


def claim(connection: Connection, now: datetime, chat_id: int) -> Delivery | None:
    """Take the oldest message to a chat and mark it ``sending``; None if there is none, or it must wait.

    Nothing overtakes. A message left in ``sending`` by a crash is due again: it may have been sent.
    """
    waiting = select(outbox).where(outbox.c.state.in_(UNSENT), outbox.c.chat_id == chat_id)
    row = connection.execute(waiting.order_by(outbox.c.outbox_id).limit(1)).first()
    if row is None or row.not_before > now:
        return None
    connection.execute(
        update(outbox).where(outbox.c.outbox_id == row.outbox_id).values(state="sending", tries=row.tries + 1)
    )
    return _delivery(row, state="sending", tries=row.tries + 1, doubtful=row.state != "pending")


def sent(connection: Connection, outbox_id: int, message_id: int | None, at: datetime) -> None:
    """Note that a message arrived."""
    connection.execute(
        update(outbox)
        .where(outbox.c.outbox_id == outbox_id)
        .values(state="sent", message_id=message_id, sent_at=at, problem=None)
    )


def unsent(connection: Connection, outbox_id: int, problem: str, *, again_at: datetime, doubtful: bool) -> None:
    """Note that nobody confirmed a message; ``doubtful``: it may have arrived all the same."""
    state = "uncertain" if doubtful else "pending"
    where = outbox.c.outbox_id == outbox_id
    connection.execute(update(outbox).where(where).values(state=state, problem=problem, not_before=again_at))


def untold(connection: Connection, chat_id: int, now: datetime) -> list[int]:
    """The flags whose cards are due in a chat and were never tried, oldest first."""
    due = and_(
        outbox.c.kind == "flag", outbox.c.state == "pending", outbox.c.chat_id == chat_id, outbox.c.not_before <= now
    )
    query = select(outbox.c.flag_id).where(due, outbox.c.tries == 0).order_by(outbox.c.outbox_id)
    return list(connection.execute(query).scalars())


def told_since(connection: Connection, chat_id: int, since: datetime) -> int:
    """How many flags a chat was told of, by a card or by words."""
    told = and_(outbox.c.kind == "flag", outbox.c.state.in_(("sent", "folded")), outbox.c.sent_at > since)
    return int(connection.execute(select(func.count()).where(told, outbox.c.chat_id == chat_id)).scalar_one())


def fold(connection: Connection, chat_id: int, flag_ids: Iterable[int], at: datetime) -> None:
    """Note that other words, in the same transaction, tell of these flags."""
    these = and_(outbox.c.kind == "flag", outbox.c.chat_id == chat_id, outbox.c.flag_id.in_(list(flag_ids)))
    untried = and_(these, outbox.c.state == "pending", outbox.c.tries == 0)
    connection.execute(update(outbox).where(untried).values(state="folded", sent_at=at))


def flag_of(connection: Connection, chat_id: int, message_id: int) -> int | None:
    """The flag that a message shows, or None."""
    shown = and_(outbox.c.chat_id == chat_id, outbox.c.message_id == message_id)
    return connection.execute(select(outbox.c.flag_id).where(shown).limit(1)).scalar_one_or_none()


def deliveries(connection: Connection) -> list[Delivery]:
    """Every message, oldest first."""
    return [_delivery(row) for row in connection.execute(select(outbox).order_by(outbox.c.outbox_id))]


def _delivery(row: Any, **changed: Any) -> Delivery:
    names = ("outbox_id", "kind", "flag_id", "chat_id", "state", "tries", "message_id", "problem", "html", "silent")
    values = {name: getattr(row, name) for name in names} | {"about": tuple(row.about or ())}
    return Delivery(**(values | changed))
