"""Telegram's updates as they come, read without trust. Pure.

Anybody on Telegram can make this bot receive an update. A library that parses the whole object and fails on one
new field would never get past that update, and no button would work again: only what is needed is read, and
what does not fit is None.

Who presses or writes is not always who speaks. A listed person may forward a stranger's words, send what an inline bot
wrote, or write in the name of a group; Telegram itself has accounts that stand for whoever does so. Only what is
plainly a person's own new message, or a person's press on a message of this bot, has `Update.refused` None.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from alerts.wording import clean

GENERAL: Final = 1  #: id of a forum's general topic, and of a chat without topics; the Bot API takes no id for it

SERVICE_ACCOUNTS: Final[Mapping[int, str]] = MappingProxyType(
    {
        1087968824: "GroupAnonymousBot, every anonymous administrator of every group",
        136817688: "Channel Bot, everybody who writes in the name of a channel",
        777000: "Telegram itself, which repeats the posts of a linked channel",
        1271266957: "Replies, Telegram's own bot for comments",
        5434988373: "Telegram's own bot against spam",
        489000: "Telegram's own bot for codes",
    }
)
"""Accounts of Telegram's own that stand for others, by user id: see TDLib's UserManager, and
``telegram.constants.ChatID`` for the first three. The Bot API calls the sender of such a message a fake one."""

_NOT_OWN: Final = (
    (re.compile(r"forward_.*|is_automatic_forward"), "forwarded"),
    (re.compile(r"via_bot"), "written by an inline bot"),
    (re.compile(r"sender_chat"), "in the name of a group or channel"),
    (re.compile(r"business_connection_id|sender_business_bot"), "through a business account"),
    (re.compile(r"edit_date"), "edited"),
    (re.compile(r"is_from_offline"), "sent by Telegram in somebody's absence"),
)
"""Fields of a message that is not, or not plainly, what its sender wrote just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The bot as Telegram knows it."""

    user_id: int
    username: str  #: without the @


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
    refused: str | None  #: why it is nobody's own word to this bot, and must not act; None: it may
    reply_to: int | None = None  #: id of the message that a message answers
    topic: int | None = None  #: where in the chat, `GENERAL` outside of topics; None: not told


def check_person(user_id: int) -> int:
    """Return a user id as it is.

    Raises
    ------
    ValueError
        It stands for others: an account of Telegram's own, a group or a channel.
    """
    if (who := SERVICE_ACCOUNTS.get(user_id)) is not None:
        what = f"{user_id} is {who}: not one person"
    elif user_id <= 0:
        what = f"{user_id} is a group or channel, not a person"
    else:
        return user_id
    raise ValueError(
        f"{what}, so that nobody could tell who decided. List the ids of persons; an administrator has to turn off "
        "“Remain anonymous” and write to the bot, then `edgewatch telegram whoami` shows the id"
    )


def read(raw: object, me: Me) -> Update | None:
    """Read one element of getUpdates; None if it has no usable ``update_id``."""
    update_id = _get(raw, int, "update_id")
    if update_id is None:
        return None
    pressed = _get(raw, dict, "callback_query")
    source = pressed if pressed is not None else _get(raw, dict, "message")
    message = _get(pressed, dict, "message") if pressed is not None else source
    user_id = _get(source, int, "from", "id")
    data = _get(pressed, str, "data") if pressed is not None else _get(source, str, "text")
    return Update(
        update_id=update_id,
        user_id=user_id,
        user_name=_name(source, user_id),
        chat_id=_get(message, int, "chat", "id"),
        message_id=_get(message, int, "message_id"),
        is_photo=bool(_get(message, list, "photo")),
        query_id=_get(pressed, str, "id"),
        data=data,
        refused=_refused(raw, me),
        reply_to=_get(source, int, "reply_to_message", "message_id") if pressed is None else None,
        topic=_topic(message),
    )


def _refused(raw: object, me: Me) -> str | None:
    """Say why an update is not a person's own word to this bot; None where it is."""
    content = {name: value for name, value in raw.items() if name != "update_id"} if isinstance(raw, dict) else {}
    [(kind, source)] = content.items() if len(content) == 1 else [("", None)]
    if kind not in {"message", "callback_query"} or not isinstance(source, dict):
        return "neither a new message nor a press"
    user_id = _get(source, int, "from", "id")
    if user_id is None or source["from"].get("is_bot") is not False:
        return "by a bot, or by nobody"
    if user_id in SERVICE_ACCOUNTS or user_id <= 0:
        return "by an account that stands for others"
    message = source if kind == "message" else source.get("message")
    if not isinstance(message, dict) or "inline_message_id" in source:
        return "on a message that is in no chat"
    if kind == "callback_query":
        return _not_mine(message, me)
    if (why := _not_own(message)) is not None:
        return why
    first = (_get(message, str, "text") or "").split(maxsplit=1)[:1]
    _, at, name = first[0].partition("@") if first and first[0].startswith("/") else ("", "", "")
    return "a command for another bot" if at and name.lower() != me.username.lower() else None


def _not_own(message: dict[str, Any]) -> str | None:
    return next((why for form, why in _NOT_OWN for field in message if form.fullmatch(field)), None)


def _not_mine(message: dict[str, Any], me: Me) -> str | None:
    """Say why a pressed message is none that this bot sent; an old one has no author any more, nor has a post."""
    here = _get(message, int, "chat", "id")
    if "from" in message and _get(message, int, "from", "id") != me.user_id:
        return "on another's message"
    # A bot's post in a channel is the channel's.
    posted = message.get("sender_chat")
    if posted is not None and (_get(posted, int, "id") != here or _get(message, str, "chat", "type") != "channel"):
        return "on another's message"
    # Its own messages are edited by the bot, to show what was decided.
    return _not_own({name: value for name, value in message.items() if name not in {"sender_chat", "edit_date"}})


def _topic(message: dict[str, Any] | None) -> int | None:
    if message is None or not _get(message, int, "date"):  # a message too old to be shown has the date 0
        return None
    # Without the mark, the id is that of a thread of answers, which takes no messages by it.
    topic = _get(message, int, "message_thread_id") if message.get("is_topic_message") is True else None
    return topic or GENERAL


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
