"""Messages on their way to people: one row for each chat, kept until Telegram confirmed it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from watcher.store.sql.schema import flag, outbox
from watcher.types import Delivery

UNSENT = ("pending", "sending", "uncertain")
LOOP_TIME = timedelta(seconds=15)  #: in which the loop changes the message whose button it took
VOID = "void"
"""State of a card that tells nobody: its chat is not configured any more, or its buttons are another token's."""
_CARDS = ("flag", "again", "card")  # kinds of messages that have a flag's buttons, or had them
_TELLING = ("flag", "again")  # of these, what tells a chat of a flag without being asked
_OPEN = select(flag.c.flag_id).where(flag.c.status == "open")


def enqueue(connection: Connection, flag_id: int, at: datetime, chats: Iterable[int]) -> None:
    """Put a flag's card into the outbox."""
    _put(connection, at, chats, kind="flag", flag_id=flag_id)


def owe(connection: Connection, at: datetime, chats: Sequence[int]) -> None:
    """Put the card of each open flag into the outbox of each chat that is neither told of it nor about to be."""
    for chat_id in chats:
        here = outbox.c.chat_id == chat_id
        if chat_id == chats[0]:
            here = or_(here, outbox.c.chat_id.is_(None))
        telling = and_(here, outbox.c.kind.in_(_TELLING), outbox.c.state != VOID, outbox.c.flag_id.is_not(None))
        told = select(outbox.c.flag_id).where(telling)
        for flag_id in connection.execute(_OPEN.where(flag.c.flag_id.not_in(told)).order_by(flag.c.flag_id)).scalars():
            enqueue(connection, flag_id, at, [chat_id])


def void_cards(connection: Connection) -> set[int]:
    """Let no card of an open flag count that was sent, nor words in its place; returns the chats that saw one.

    The ids of what was sent are forgotten: to another bot, the same id in a private chat is another message.
    """
    seen = and_(outbox.c.kind.in_(_TELLING), outbox.c.state.in_(("sent", "folded")), outbox.c.flag_id.in_(_OPEN))
    chats = set(connection.execute(select(outbox.c.chat_id).where(seen)).scalars())
    storms = and_(outbox.c.kind == "storm", outbox.c.state.in_(UNSENT))
    connection.execute(update(outbox).where(or_(seen, storms)).values(state=VOID))
    _drop_edits(connection, outbox.c.state.in_(UNSENT))
    connection.execute(update(outbox).where(outbox.c.message_id.is_not(None)).values(message_id=None))
    return chats


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
    instead: bool = False,
) -> None:
    """Put words into the outbox; the cards of the flags ``about`` can be asked for below them.

    ``instead``: the words are told instead of these cards, see `fold`.
    """
    _put(connection, at, chats, kind="storm" if instead else "words", html=html, about=list(about), silent=silent)


def show_decided(
    connection: Connection, flag_id: int, at: datetime, *, pressed: tuple[int | None, int | None] = (None, None)
) -> None:
    """Let every card of a flag tell what was decided or found out since; one that was not sent yet will do so anyway.

    The message ``pressed`` (its chat and id) is changed by the loop that took the press; this is for the case that it
    cannot, and waits until it had the time.
    """
    cards = select(outbox.c.chat_id, outbox.c.message_id).where(
        outbox.c.flag_id == flag_id, outbox.c.kind.in_(_CARDS), outbox.c.message_id.is_not(None)
    )
    for row in connection.execute(cards.order_by(outbox.c.outbox_id)).all():
        if (row.chat_id, row.message_id) != pressed:
            _put(connection, at, [row.chat_id], kind="decided", flag_id=flag_id, message_id=row.message_id)
    if pressed[0] is not None and pressed[1] is not None:
        _put(connection, at + LOOP_TIME, [pressed[0]], kind="decided", flag_id=flag_id, message_id=pressed[1])


def settle_edit(connection: Connection, chat_id: int, message_id: int, at: datetime) -> None:
    """Note that a message tells already what was decided."""
    these = and_(outbox.c.kind == "decided", outbox.c.chat_id == chat_id, outbox.c.message_id == message_id)
    connection.execute(update(outbox).where(these, outbox.c.state.in_(UNSENT)).values(state="sent", sent_at=at))


def tells(connection: Connection, chat_id: int, message_id: int | None) -> bool:
    """Whether a message is known to tell already what was decided."""
    these = and_(outbox.c.kind == "decided", outbox.c.chat_id == chat_id, outbox.c.message_id == message_id)
    newest = select(outbox.c.state).where(these).order_by(outbox.c.outbox_id.desc()).limit(1)
    return connection.execute(newest).scalar_one_or_none() == "sent"


def note_sent(
    connection: Connection, flag_id: int, chat_id: int, message_id: int, at: datetime, *, is_card: bool
) -> None:
    """Note a message about a flag that was sent as an answer; ``is_card``: it has the flag's buttons, or had them."""
    values = {"kind": "card" if is_card else "aside", "message_id": message_id, "sent_at": at, "tries": 1}
    row = {"flag_id": flag_id, "chat_id": chat_id, "state": "sent", "not_before": at, **values}
    connection.execute(insert(outbox).values(**row))


def shows(connection: Connection, flag_id: int, chat_id: int, message_id: int | None) -> bool:
    """Whether a message is a card of the flag, or may be: of one that was not confirmed nobody knows the id."""
    here = or_(outbox.c.chat_id == chat_id, outbox.c.chat_id.is_(None))
    known = select(outbox.c.flag_id, outbox.c.kind).where(here, outbox.c.message_id == message_id)
    found = connection.execute(known).all()
    if found:
        return any(row.flag_id == flag_id and row.kind in (*_CARDS, "decided") for row in found)
    doubtful = or_(outbox.c.tries > 1, outbox.c.state.in_((*UNSENT, VOID)))
    cards = and_(here, outbox.c.flag_id == flag_id, outbox.c.kind.in_(_CARDS), doubtful)
    return connection.execute(select(outbox.c.outbox_id).where(cards).limit(1)).first() is not None


def _put(connection: Connection, at: datetime, chats: Iterable[int | None], **values: Any) -> None:
    for chat_id in chats:
        connection.execute(insert(outbox).values(chat_id=chat_id, state="pending", tries=0, not_before=at, **values))


def readdress(connection: Connection, chats: Sequence[int]) -> None:
    """Let the first chat have what waits for one that is not configured any more, or was never named.

    Cards are not among it: each chat is told of each open flag anyway, see `owe`.
    """
    gone = or_(outbox.c.chat_id.is_(None), outbox.c.chat_id.not_in(chats))
    waits = and_(outbox.c.state.in_(UNSENT), gone)
    _drop_edits(connection, waits)
    storms = select(outbox).where(waits, outbox.c.kind == "storm")
    for row in connection.execute(storms).all():  # the cards that these words stand for were not told there either
        folded = and_(outbox.c.kind == "flag", outbox.c.chat_id == row.chat_id, outbox.c.state == "folded")
        connection.execute(update(outbox).where(folded, outbox.c.flag_id.in_(row.about)).values(state=VOID))
    cards = and_(waits, outbox.c.kind.in_((*_TELLING, "storm")))
    connection.execute(update(outbox).where(cards).values(state=VOID))
    _fold_doubles(connection, waits, chats[0])
    connection.execute(update(outbox).where(waits).values(chat_id=chats[0]))


def hand_over(connection: Connection, chat_id: int, to: int, at: datetime) -> None:
    """Let another chat have what waits for one that became it, unless the same waits or was sent there anyway."""
    waits = and_(outbox.c.state.in_(UNSENT), outbox.c.chat_id == chat_id)
    _drop_edits(connection, waits)
    _fold_doubles(connection, waits, to)
    connection.execute(update(outbox).where(waits).values(chat_id=to, state="pending", not_before=at))


def _fold_doubles(connection: Connection, waits: ColumnElement[bool], to: int) -> None:
    """Give up what waits where the same is told in another chat."""
    other = outbox.alias()
    same = and_(
        other.c.chat_id == to,
        other.c.kind == outbox.c.kind,
        other.c.flag_id.is_not_distinct_from(outbox.c.flag_id),
        other.c.html.is_not_distinct_from(outbox.c.html),
    )
    doubled = and_(waits, select(other.c.outbox_id).where(same).exists())
    connection.execute(update(outbox).where(doubled).values(state="folded"))


def _drop_edits(connection: Connection, among: ColumnElement[bool]) -> None:
    """Give up edits: the id of a message means another message in another chat."""
    edits = and_(among, outbox.c.kind == "decided")
    connection.execute(update(outbox).where(edits).values(state="folded"))


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


def told_to_all(connection: Connection, chats: Sequence[int], since: datetime) -> set[int]:
    """The flags whose cards came to every one of these chats since a time."""
    told = and_(outbox.c.kind == "flag", outbox.c.state == "sent", outbox.c.sent_at > since)
    rows = connection.execute(select(outbox.c.flag_id, outbox.c.chat_id).where(told)).all()
    found = [{row.flag_id for row in rows if row.chat_id == chat_id} for chat_id in chats]
    return set.intersection(*found) if found else set()


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
