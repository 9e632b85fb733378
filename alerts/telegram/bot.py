"""The only room that talks to Telegram.

It sends messages to the chats it was given and says what a failure means for the next attempt. What people press and
write is taken by the loop in `alerts.telegram.update_loop`.
"""

import asyncio
import json
import logging
import os
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Self, TypeVar

import httpx
import telegram
from telegram import (
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from alerts.errors import ConflictError, DeliveryError
from alerts.messages.message import plain
from alerts.telegram.attempt import Attempt, is_about_topic, topic_words
from alerts.telegram.pacer import Pacer
from alerts.telegram.transport import PLACEHOLDER, TokenTransport
from alerts.telegram.update_loop import Audience, DecisionSink, catch_up, listen
from alerts.telegram.updates import GENERAL, Me, Update, read
from alerts.types import Button, Message
from alerts.wording import clean, figure
from ingest.errors import ConfigError

_log = logging.getLogger(__name__)
_HTML: Final = "HTML"
_SHORT_HOLD_S: Final = 3.0  # a wait so short is sat out
_LONGEST_WAIT_S: Final = 86_400.0  # whatever an answer asks for, it is tried again after a day
_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)
_T = TypeVar("_T")


class TelegramBot:
    """Send to a chat, or a few, and listen to a list of people in each.

    Use as an async context manager, in one event loop. Nothing is sent on entering.

    Parameters
    ----------
    token
        The bot's token; held by the transport alone, see `alerts.telegram.transport`.
    chat_id
        The chat to write to and to listen in.
    allowed_user_ids
        Who may press and write there; at least one.
    key
        Secret that signs buttons, at least 16 bytes; the same that `alerts.messages.message.card` was given.
    base_url
        Of the Bot API, up to and including ``/bot``.
    timeout
        Seconds to wait for an answer.
    poll_seconds
        How long Telegram may hold a request for updates when there are none.
    more_chats
        Further chats, each with its people.
    pace
        Factor on the distances between messages, see `alerts.telegram.pacer`.
    topics
        Chat to the topic of its forum that messages go to; a chat that is not in it has none.

    Raises
    ------
    ConfigError
        The token has not the form of a token, or nobody is allowed.
    """

    def __init__(
        self,
        *,
        token: str,
        chat_id: int,
        allowed_user_ids: Iterable[int],
        key: bytes,
        base_url: str = "https://api.telegram.org/bot",
        timeout: float = 15.0,
        poll_seconds: int = 30,
        more_chats: Mapping[int, Iterable[int]] = MappingProxyType({}),
        pace: float = 1.0,
        topics: Mapping[int, int] = MappingProxyType({}),
    ) -> None:
        if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", token):
            raise ConfigError("The Telegram token does not look like 123456:ABC…; ask @BotFather for it.")
        users = frozenset(allowed_user_ids)
        if not users:
            raise ConfigError("telegram.allowed_user_ids is empty: nobody could answer a flag.")
        if len(key) < 16:
            raise ValueError("the key that signs buttons needs at least 16 bytes")
        everyone = {chat: frozenset(ids) for chat, ids in more_chats.items()} | {chat_id: users}
        self._chat_id, self._room = chat_id, Audience(users=everyone, key=key)
        self._pacer, self._topics = Pacer(pace), dict(topics)
        self._me: Me | None = None  # learned before the first update is read
        self._timeout, self._poll_seconds = timeout, poll_seconds
        # The library's way to ask for its next major version's `RetryAfter`; without it, each 429 warns.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        # Two of them, so that a long poll never stands in the way of a message.
        self._requests = (self._request(token), self._request(token))
        self._bot = _Bot(PLACEHOLDER, base_url, request=self._requests[0], get_updates_request=self._requests[1])

    def __repr__(self) -> str:
        return f"TelegramBot(chat_id={self._chat_id})"

    async def __aenter__(self) -> Self:
        # Not `Bot.initialize`: it asks getMe, and an outage of Telegram must not stop the watch from starting.
        for request in self._requests:
            await request.initialize()
        return self

    async def __aexit__(self, *_: object) -> None:
        for request in self._requests:
            await request.shutdown()

    async def send(self, message: Message, chat_id: int | None = None) -> int:
        """Send a message, to the first chat if none is named, and return its id; to that chat's topic, if it has one.

        It waits for its turn. What Telegram will not take as it is goes out simpler: as plain text if the HTML is
        refused, without links if a button is, without the chart if the photo is, without buttons if nothing else
        helps, as a file below its first lines if it is too long. The words arrive.

        Raises
        ------
        DeliveryError
            Telegram did not confirm; its fields say whether it is worth, and safe, to try again.
        """
        return await self.reply(message, self._chat_id if chat_id is None else chat_id, None)

    async def reply(self, message: Message, chat_id: int, topic: int | None) -> int:
        """Send a message to a topic of a chat, to the configured one if that is None; see `send`.

        Raises
        ------
        DeliveryError
            Telegram did not confirm; its fields say whether it is worth, and safe, to try again.
        """
        place = self._topics.get(chat_id) if topic is None else topic
        attempt = Attempt.first(message)
        while True:
            try:
                return await self._in_turn(chat_id, partial(self._dispatch, chat_id, place, attempt))
            except BadRequest as error:
                if (simpler := attempt.simpler(error.message)) is None:
                    raise _refused(error, chat_id, place) from error
                attempt = simpler
            except TelegramError as error:
                raise _explain(error) from error

    async def edit(
        self, message_id: int, message: Message, *, is_photo: bool = False, chat_id: int | None = None
    ) -> bool:
        """Replace text and buttons of a message when it is its turn; False if it is gone or too old.

        Raises
        ------
        DeliveryError
            Telegram did not confirm; its fields say whether it is worth to try again.
        """
        words = message.html
        mode: str | None = _HTML
        chat = self._chat_id if chat_id is None else chat_id
        target: dict[str, Any] = {"chat_id": chat, "message_id": message_id}
        for _ in range(3):
            common = {**target, "parse_mode": mode, "reply_markup": _keyboard(message.buttons)}
            try:
                if is_photo:
                    await self._in_turn(chat, partial(self._bot.edit_message_caption, **common, caption=words))
                else:
                    shown: dict[str, Any] = {**common, "text": words, "link_preview_options": _NO_PREVIEW}
                    await self._in_turn(chat, partial(self._bot.edit_message_text, **shown))
            except BadRequest as error:
                reason = error.message.lower()
                if "not modified" in reason:
                    return True
                if is_about_topic(reason):
                    raise _refused(error, chat, None) from error
                if "in the message to edit" in reason:  # there is no caption, or no text
                    is_photo = not is_photo
                elif "parse entities" in reason:
                    words, mode = plain(message), None
                else:
                    return False
            except TelegramError as error:
                raise _explain(error) from error
            else:
                return True
        return False

    async def set_menu(self, commands: Iterable[tuple[str, str]]) -> None:
        """Show the commands in Telegram's menu, in the allowed chats alone; a failure is logged, no more."""
        entries = [BotCommand(name, words[:256]) for name, words in commands]
        for chat_id in self._room.users:
            try:
                await _usable(self._bot.set_my_commands(entries, scope=BotCommandScopeChat(chat_id)))
            except TelegramError as error:
                _log.info("the menu of chat %s could not be set: %s", chat_id, _explain(error))

    async def poll(self, desk: DecisionSink, *, stop: asyncio.Event) -> None:
        """Take presses and commands until ``stop`` is set, see `alerts.telegram.update_loop`.

        Raises
        ------
        ConflictError
            Another program polls the same bot.
        DeliveryError
            Permanent: the token is not valid any more. Outages are waited out.
        """
        await listen(self, desk, self._room, stop=stop)

    async def catch_up(self, desk: DecisionSink) -> None:
        """Take what waits and come back, see `poll`; with ``poll_seconds = 0`` at once.

        Raises
        ------
        AlertError
            Telegram did not answer, or another program polls the same bot.
        """
        await catch_up(self, desk, self._room)

    async def updates(self, offset: int) -> list[Update]:
        """Wait for updates from ``offset`` on."""
        return await self._updates(offset, self._poll_seconds)

    async def answer(self, query_id: str, words: str) -> None:
        """Show a notice to the person who pressed; cut to Telegram's 200 characters."""
        try:
            await _usable(self._bot.answer_callback_query(query_id, text=words[:200]))
        except TelegramError as error:
            raise _explain(error) from error

    async def me(self) -> str:
        """Return the bot's own name: proof that the token works."""
        return f"@{(await self._who_am_i()).username}"

    async def _who_am_i(self) -> Me:
        try:
            user = await _usable(self._bot.get_me())
        except TelegramError as error:
            raise _explain(error) from error
        self._me = Me(user_id=user.id, username=clean(user.username or "", 64))
        return self._me

    async def senders(self) -> list[Update]:
        """Return who wrote to the bot of late and where, without taking any update: for finding one's own ids."""
        return await self._updates(0, 0)

    async def _updates(self, offset: int, seconds: int) -> list[Update]:
        me = self._me or await self._who_am_i()  # who is meant cannot be told without it
        try:
            raw = await _usable(self._bot.raw_updates(offset, seconds, self._timeout))
        except TelegramError as error:
            raise _explain(error) from error
        updates = [update for each in raw if (update := read(each, me)) is not None]
        if raw and not updates:  # else the loop would ask for them again at once, for ever
            raise DeliveryError("Telegram sent updates without an id.")
        return updates

    async def _in_turn(self, chat_id: int, call: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Make a call that shows something in a chat when its moment has come, see `alerts.telegram.pacer`.

        What would have to wait for long does not leave at all. A time that Telegram asks to wait is kept by all calls.
        """
        loop = asyncio.get_running_loop()
        if (held := self._pacer.held(loop.time())) > _SHORT_HOLD_S:
            raise DeliveryError(f"Telegram asks to wait {figure(held)} s.", retry_after=held)
        await asyncio.sleep(self._pacer.book(chat_id, loop.time()))
        try:
            return await _usable(call())
        except RetryAfter as error:
            explained = _explain(error)
            if isinstance(explained, DeliveryError) and explained.retry_after is not None:
                self._pacer.hold(loop.time() + explained.retry_after)
            raise explained from error
        finally:
            self._pacer.done(chat_id, loop.time())

    async def _dispatch(self, chat_id: int, topic: int | None, attempt: Attempt) -> int:
        common: dict[str, Any] = {
            "chat_id": chat_id,
            "message_thread_id": None if topic == GENERAL else topic,
            "parse_mode": _HTML if attempt.is_html else None,
            "reply_markup": _keyboard(attempt.buttons),
            "disable_notification": attempt.silent,
        }
        words, file = attempt.words, attempt.file
        if attempt.photo is not None:
            sent = await self._bot.send_photo(**common, photo=attempt.photo, caption=words)
        elif file is not None:
            sent = await self._bot.send_document(**common, document=file, filename="edgewatch.txt", caption=words)
        else:
            sent = await self._bot.send_message(**common, text=words, link_preview_options=_NO_PREVIEW)
        return sent.message_id

    def _request(self, token: str) -> HTTPXRequest:
        return _Request(
            read_timeout=self._timeout,
            write_timeout=self._timeout,
            media_write_timeout=2 * self._timeout,
            httpx_kwargs={"transport": TokenTransport(token)},
        )


class _Bot(telegram.Bot):
    async def raw_updates(self, offset: int, seconds: int, timeout: float) -> list[Any]:
        """Ask for updates and return them as plain data, see `alerts.telegram.updates`."""
        wanted = {"offset": offset, "timeout": seconds, "allowed_updates": ["message", "callback_query"]}
        answer = await self._post("getUpdates", wanted, read_timeout=seconds + timeout)
        if not isinstance(answer, list):
            raise TelegramError("getUpdates did not return a list")
        return answer


class _Request(HTTPXRequest):
    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse an answer. The library's own logs each bad one in full, with a traceback, all through an outage."""
        try:
            answer = json.loads(payload.decode(errors="replace"))
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError("not an answer of the Bot API")
        return answer


def _keyboard(buttons: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    rows = [
        [InlineKeyboardButton(b.label, url=b.url, callback_data=None if b.url else b.data) for b in row]
        for row in buttons
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _refused(error: BadRequest, chat_id: int, topic: int | None) -> DeliveryError | ConflictError:
    """Say what it means that Telegram takes nothing here: of a topic, what to do about it."""
    if is_about_topic(error.message):
        return DeliveryError(topic_words(error.message, chat_id, topic), permanent=True)
    return _explain(error)


def _explain(error: TelegramError) -> DeliveryError | ConflictError:
    """Say what a failed call means for the next one."""
    said = clean(error.message, 200)
    match error:
        case RetryAfter(retry_after=wait):
            asked = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            seconds = min(_LONGEST_WAIT_S, max(0.0, asked))
            return DeliveryError(f"Telegram asks to wait {figure(seconds)} s.", retry_after=seconds)
        case ChatMigrated(new_chat_id=new):
            words = f"The group has moved: put its new chat_id {new} into [telegram]."
            return DeliveryError(words, permanent=True, moved_to=new)
        case InvalidToken():
            return DeliveryError("Telegram does not know this token: set a valid one.", permanent=True)
        case Conflict():
            return ConflictError(f"Another program takes this bot's updates: {said}")
        case Forbidden() | BadRequest():
            return DeliveryError(f"Telegram refuses: {said}", permanent=True)
        case NetworkError(__cause__=httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout()):
            return DeliveryError("Telegram cannot be reached.")
        case NetworkError(__cause__=httpx.HTTPError() as cause):
            return DeliveryError(f"Telegram did not answer ({type(cause).__name__}).", uncertain=True)
        case NetworkError():
            # The library appends the body, which may be a whole page.
            words = error.message.partition(". Parsing the server response")[0]
            return DeliveryError(f"Telegram is in trouble: {clean(words, 200)}")
        case _:  # "success", but not in a form that says what was done
            return DeliveryError(f"Telegram's answer cannot be read: {said}", uncertain=True)


async def _usable(call: Coroutine[Any, Any, _T]) -> _T:
    """Await a call; an answer that the library stumbles over is an error of Telegram's, not of this program."""
    try:
        return await call
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise TelegramError(f"unexpected answer ({type(error).__name__})") from error
