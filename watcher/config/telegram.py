"""``[telegram]`` of the configuration: which chats are written to, and who may decide there."""

import re
from datetime import datetime, time
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from alerts.messages.wallet_link import check_template
from alerts.telegram.updates import check_person
from ingest.errors import ConfigError
from ingest.evm.rpc.endpoint import check_url
from ingest.limits import whole
from watcher.config.table import Table, number

MOST_TELEGRAM = 2**52 - 1  #: the Bot API promises ids of at most 52 significant bits; those of groups are negative
_Chat = Annotated[int, number(whole, least=-MOST_TELEGRAM, most=MOST_TELEGRAM, example=123456789)]
_Person = Annotated[
    int,
    number(whole, least=-MOST_TELEGRAM, most=MOST_TELEGRAM, example=123456789),
    AfterValidator(check_person),
]
_Topic = Annotated[int, number(whole, least=1, most=2**31 - 1, example=2)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the system's zones, a name that is too long
        raise ValueError("not a time zone; for example Europe/Berlin") from None
    return name


def _times_of_day(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
        raise ValueError("write two times of day, for example 22:00-07:00")
    return text


def _bot_api(url: str) -> str:
    try:
        check_url(url)
    except ConfigError:
        # Every request carries the bot's token.
        raise ValueError("write an https:// address without a user name (http is for this machine only)") from None
    if not url.endswith("/bot") or re.search(r"[?#\s]", url):
        raise ValueError("the address of a Bot API ends with /bot, for example http://localhost:8081/bot")
    return url


class ChatConfig(Table):
    """One ``[[telegram.chats]]`` table: a further chat with the same messages."""

    chat_id: _Chat
    allowed_user_ids: Annotated[list[_Person], Field(min_length=1)]
    message_thread_id: _Topic | None = None  #: the topic of a forum to write to


class TelegramConfig(ChatConfig):
    """``[telegram]``."""

    base_url: Annotated[str, AfterValidator(_bot_api)] = "https://api.telegram.org/bot"
    chats: list[ChatConfig] = Field(default=[])
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    quiet_hours: Annotated[str, AfterValidator(_times_of_day)] | None = None

    @property
    def chat_ids(self) -> list[int]:
        """Every chat, the first one first."""
        return [self.chat_id, *(chat.chat_id for chat in self.chats)]

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if doubles := sorted({chat_id for chat_id in self.chat_ids if self.chat_ids.count(chat_id) > 1}):
            raise ValueError(f"chat_id {doubles[0]} occurs twice: give each chat one table with all of its people")
        return self

    @property
    def topics(self) -> dict[int, int]:
        """Chat to the topic that messages go to, where one is configured."""
        tables = (self, *self.chats)
        return {each.chat_id: each.message_thread_id for each in tables if each.message_thread_id is not None}

    @property
    def zone(self) -> ZoneInfo:
        """The user's time zone."""
        return ZoneInfo(self.timezone)

    def is_quiet(self, now: datetime) -> bool:
        """Whether messages make no sound at this moment."""
        if self.quiet_hours is None:
            return False
        begin, end = (time.fromisoformat(part) for part in self.quiet_hours.split("-"))
        local = now.astimezone(self.zone).time()
        return begin <= local < end if begin <= end else local >= begin or local < end

    wallet_url: Annotated[str, AfterValidator(check_template)] | None = None  #: a link to the user's own tool
