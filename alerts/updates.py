"""Telegram's updates as they come, read without trust. Pure.

Anybody on Telegram can make this bot receive an update. A library that parses the whole object and fails on one
new field would never get past that update, and no button would work again: only what is needed is read, and
what does not fit is None.
"""

from dataclasses import dataclass
from typing import Any

from alerts.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One press of a button, one message, or something that is neither."""

    update_id: int
    user_id: int | None  #: who did it; None for channels and anonymous admins
    user_name: str  #: a name to show, cleaned
    chat_id: int | None  #: where
    message_id: int | None  #: the message with the pressed button
    is_photo: bool  #: that message is a photo with a caption
    query_id: str | None  #: set for a press, to be answered
    data: str | None  #: callback data of a press, text of a message
    reply_to: int | None = None  #: id of the message that a message answers


def read(raw: object) -> Update | None:
    """Read one element of getUpdates; None if it has no usable ``update_id``."""
    update_id = _get(raw, int, "update_id")
    if update_id is None:
        return None
    pressed = _get(raw, dict, "callback_query")
    source = pressed if pressed is not None else _get(raw, dict, "message")
    message = _get(pressed, dict, "message") if pressed is not None else source
    user_id = _get(source, int, "from", "id")
    return Update(
        update_id=update_id,
        user_id=user_id,
        user_name=_name(source, user_id),
        chat_id=_get(message, int, "chat", "id"),
        message_id=_get(message, int, "message_id"),
        is_photo=bool(_get(message, list, "photo")),
        query_id=_get(pressed, str, "id"),
        data=_get(pressed, str, "data") if pressed is not None else _get(source, str, "text"),
        reply_to=_get(source, int, "reply_to_message", "message_id") if pressed is None else None,
    )


def _name(source: object, user_id: int | None) -> str:
    username = _get(source, str, "from", "username")
    if username:
        return clean(f"@{username}", 64)
    names = (_get(source, str, "from", part) or "" for part in ("first_name", "last_name"))
    # Without a leading @: a display name must not pass for another person's username.
    return clean(" ".join(names).strip().lstrip("@"), 64) or f"user {user_id}"


def _get(raw: object, kind: type[Any], *path: str) -> Any:
    for step in path:
        raw = raw.get(step) if isinstance(raw, dict) else None
    # A bool is an int to Python, not to Telegram.
    return raw if isinstance(raw, kind) and not isinstance(raw, bool) else None
