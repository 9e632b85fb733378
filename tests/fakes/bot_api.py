"""A small Bot API over loopback: what Telegram would say to a bot, and what its users would see.

Runs in the test's own event loop. It knows the calls that Edgewatch makes, is strict where Telegram is (HTML, lengths,
callback data, edits), keeps every call in order, and can fail the next calls in the ways that Telegram does.
"""

import asyncio
import json
import re
from collections import defaultdict, deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self

from aiohttp import web

TOKEN = "123:S3CRET-token_of_the_bot"
BOT = {"id": 123, "is_bot": True, "first_name": "Edgewatch", "username": "edgewatch_test_bot"}


@dataclass(frozen=True)
class Call:
    method: str
    fields: dict[str, Any]
    seen_by: tuple[Any, ...]  #: what ``journal`` held when the call came


@dataclass(frozen=True)
class Fault:
    """What the next call of a method meets.

    ``kind``: ``status`` (an answer with ``status`` and ``body``), ``drop`` (nothing was done), ``drop_after`` (all was
    done), ``hang`` (no answer for ``seconds``).
    """

    kind: str
    status: int = 500
    body: Any = field(default_factory=dict)
    seconds: float = 30.0


def refusal(status: int, description: str, **parameters: Any) -> Fault:
    body = {"ok": False, "error_code": status, "description": description}
    return Fault("status", status, body | ({"parameters": parameters} if parameters else {}))


class BotApi:
    """Use as an async context manager; ``url`` is the base URL for a bot."""

    def __init__(self, journal: list[Any] | None = None) -> None:
        self.journal = journal if journal is not None else []
        self.calls: list[Call] = []
        self.messages: dict[int, dict[str, Any]] = {}
        self.silent: dict[int, bool] = {}  # message id to whether it made no sound
        self.topics: dict[tuple[int, int], str] = {}  # chat and topic to "open" or "closed"; others are not there
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.url = ""
        self._updates: list[dict[str, Any]] = []
        self._queries: set[str] = set()
        self._news = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/bot"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def methods(self, *, polls: bool = False) -> list[str]:
        """The calls in their order, without those that only listen: getMe, and getUpdates unless ``polls``."""
        return [call.method for call in self.calls if call.method not in {"getMe", "" if polls else "getUpdates"}]

    def fail(self, method: str, *faults: Fault) -> None:
        self.faults[method].extend(faults)

    def push(self, **update: Any) -> int:
        """Let Telegram have an update for the bot."""
        number = 1000 + len(self._updates)
        self._updates.append({"update_id": number, **update})
        self._news.set()
        return number

    def press(
        self, data: str, *, user_id: int = 7, chat_id: int | None = 42, message_id: int = 1, name: str = "x"
    ) -> int:
        """Let a user press a button."""
        query = f"q{len(self._updates)}"
        self._queries.add(query)
        user = {"id": user_id, "is_bot": False, "first_name": "X", "username": name}
        press = {"id": query, "from": user, "chat_instance": "1", "data": data}
        if chat_id is not None:
            seen = self.messages.get(message_id, {"message_id": message_id, "date": 0})
            press["message"] = {**seen, "chat": _chat(chat_id)}
        return self.push(callback_query=press)

    def say(self, text: str, *, user_id: int = 7, chat_id: int = 42, **fields: Any) -> int:
        """Let a user write; ``fields`` are further ones of the message."""
        user = {"id": user_id, "is_bot": False, "first_name": "X"}
        message = {"message_id": 900, "date": 1, "chat": _chat(chat_id), "from": user, "text": text}
        return self.push(message=message | fields)

    async def until(self, method: str, count: int = 1) -> None:
        """Wait until a method was called so often."""
        async with asyncio.timeout(60):
            while self.methods(polls=True).count(method) < count:
                await asyncio.sleep(0.005)

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.match_info["token"] != TOKEN:
            return _refuse(401, "Unauthorized")
        fields = await _fields(request)
        self.calls.append(Call(method, fields, tuple(self.journal)))
        fault = self.faults[method].popleft() if self.faults[method] else None
        if fault and fault.kind == "hang":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind == "drop":
            return _hang_up(request)
        if fault and fault.kind == "status":
            if isinstance(fault.body, str):
                return web.Response(status=fault.status, text=fault.body, content_type="text/html")
            return web.json_response(fault.body, status=fault.status)
        try:
            result = await getattr(self, re.sub("([A-Z])", r"_\1", f"_{method}").lower())(fields)
        except ValueError as error:
            return _refuse(400, f"Bad Request: {error}")
        if fault and fault.kind == "drop_after":
            return _hang_up(request)
        return web.json_response({"ok": True, "result": result})

    async def _get_me(self, _: dict[str, Any]) -> Any:
        return BOT

    async def _get_updates(self, fields: dict[str, Any]) -> Any:
        offset, end = int(fields.get("offset", 0)), asyncio.get_running_loop().time() + float(fields["timeout"])
        while True:
            self._news.clear()
            waiting = [update for update in self._updates if update["update_id"] >= offset]
            left = end - asyncio.get_running_loop().time()
            if waiting or left <= 0:
                return waiting
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                return []

    async def _send_message(self, fields: dict[str, Any]) -> Any:
        return self._store(fields, {"text": _checked(fields, "text", 4096)})

    async def _send_photo(self, fields: dict[str, Any]) -> Any:
        if not bytes(fields["photo"]).startswith(b"\x89PNG"):
            raise ValueError("IMAGE_PROCESS_FAILED")
        photo = [{"file_id": "f", "file_unique_id": "u", "width": 900, "height": 500}]
        return self._store(fields, {"photo": photo, "caption": _checked(fields, "caption", 1024)})

    async def _send_document(self, fields: dict[str, Any]) -> Any:
        document = {"file_id": "f", "file_unique_id": "u"}
        return self._store(fields, {"document": document, "caption": _checked(fields, "caption", 1024)})

    async def _edit_message_text(self, fields: dict[str, Any]) -> Any:
        return self._edit(fields, "text", 4096)

    async def _edit_message_caption(self, fields: dict[str, Any]) -> Any:
        return self._edit(fields, "caption", 1024)

    async def _set_my_commands(self, fields: dict[str, Any]) -> Any:
        return bool(fields["commands"])

    async def _answer_callback_query(self, fields: dict[str, Any]) -> Any:
        if fields["callback_query_id"] not in self._queries:
            raise ValueError("query is too old and response timeout expired or query ID is invalid")
        self._queries.discard(fields["callback_query_id"])
        return True

    def _store(self, fields: dict[str, Any], content: dict[str, Any]) -> Any:
        number, chat_id = len(self.messages) + 1, int(fields["chat_id"])
        message = {"message_id": number, "date": 1, "chat": _chat(chat_id), "from": BOT, **content}
        if "message_thread_id" in fields:
            topic = int(fields["message_thread_id"])
            state = self.topics.get((chat_id, topic), "gone")
            if state != "open":
                raise ValueError("TOPIC_CLOSED" if state == "closed" else "message thread not found")
            message |= {"message_thread_id": topic, "is_topic_message": True}
        self.silent[number] = fields.get("disable_notification") == "true"
        self.messages[number] = message | _markup(fields)
        return self.messages[number]

    def _edit(self, fields: dict[str, Any], kind: str, limit: int) -> Any:
        old = self.messages.get(int(fields["message_id"]))
        if old is None:
            raise ValueError("message to edit not found")
        if kind not in old:
            raise ValueError(f"there is no {kind} in the message to edit")
        bare = {name: value for name, value in old.items() if name != "reply_markup"}
        new = {**bare, kind: _checked(fields, kind, limit), **_markup(fields)}
        if new == old:
            raise ValueError("message is not modified: the new content is the same as the current content")
        self.messages[old["message_id"]] = new
        return new


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.shown = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in {"b", "i", "code"} or attrs:
            raise ValueError(f"can't parse entities: Unsupported start tag {tag}")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ValueError("can't parse entities: Unmatched end tag")

    def handle_data(self, data: str) -> None:
        self.shown += data


def _checked(fields: dict[str, Any], name: str, limit: int) -> str:
    shown = str(fields[name])
    if fields.get("parse_mode") == "HTML":
        parser = _Html()
        parser.feed(shown)
        parser.close()
        if parser.open:
            raise ValueError("can't parse entities: Can't find end tag")
        shown = parser.shown
    if not shown.strip() or len(shown.encode("utf-16-le")) // 2 > limit:
        raise ValueError(f"message {name} is empty or too long")
    return shown


def _markup(fields: dict[str, Any]) -> dict[str, Any]:
    markup = fields.get("reply_markup")
    for row in markup["inline_keyboard"] if markup else ():
        for button in row:
            if "url" in button and "callback_data" in button:
                raise ValueError("BUTTON_TYPE_INVALID")
            if "url" not in button and not 1 <= len(button["callback_data"].encode()) <= 64:
                raise ValueError("BUTTON_DATA_INVALID")
    return {"reply_markup": markup} if markup else {}


async def _fields(request: web.Request) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            fields[name] = value.file.read()
            value.file.close()
        else:
            fields[name] = json.loads(value) if name in {"reply_markup", "allowed_updates"} else value
    return fields


def _chat(chat_id: int) -> dict[str, Any]:
    return {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup"}


def _refuse(status: int, description: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, "description": description}, status=status)


def _hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
