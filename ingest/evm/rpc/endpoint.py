"""One URL of one provider, over HTTP: every way in which an answer can fail becomes a typed error without the URL."""

import asyncio
import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from ingest.errors import AnswerTooLarge, AnswerTooLate, ConfigError, EndpointRefused, RpcUnavailable
from ingest.evm.logs.json_codec import parse
from ingest.evm.rpc.decompression import ACCEPTED, Unpacker
from ingest.evm.rpc.endpoint_health import EndpointHealth
from ingest.evm.rpc.error_classification import NO_METHOD
from ingest.evm.rpc.memory_limit import LARGE, MemoryLimit
from ingest.secret import Secrets, secrets_of

UNREAD_DATE_S = 60.0  #: how long is waited where ``Retry-After`` is a date and the answer does not say what time it is
LONGEST_WAIT_S = 1e9  #: more is not understood
EXTRAS = frozenset({"debug_traceTransaction", "trace_transaction", "eth_getBlockReceipts", "alchemy_getAssetTransfers"})
HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": ACCEPTED}


def host(url: str) -> str:
    """The host of a URL: safe to show, and what a provider is known by."""
    return urlsplit(url).hostname or "?"


def check_url(url: str) -> None:
    """Refuse any URL but https, or http to this machine, without a user name in it.

    Raises
    ------
    ConfigError
        Naming the host, never the whole URL: providers put the key into the path.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is no number
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        raise ConfigError("an RPC URL is malformed; it must look like https://host/path") from None
    name = parts.hostname or ""
    try:
        loopback = ipaddress.ip_address(name).is_loopback
    except ValueError:
        loopback = name == "localhost"
    if parts.scheme not in {"http", "https"} or not name:
        raise ConfigError(f"an RPC URL must begin with https:// ; got one that begins with {parts.scheme or '?'!r}")
    if parts.scheme == "http" and not loopback:
        raise ConfigError(f"the RPC URL of {name} must use https (http is for this machine only)")
    if parts.username or parts.password:
        raise ConfigError(f"the RPC URL of {name} must not hold a user name; put the key into ${{NAME}} instead")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds asked for by ``Retry-After`` (RFC 9110, 10.2.3), in seconds or as a date; None where it says nothing."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", value):
        return min(float(value), LONGEST_WAIT_S)
    until, there = _http_date(value), _http_date(headers.get("date", ""))
    if until is None:
        return None
    return UNREAD_DATE_S if there is None else max(0.0, min((until - there).total_seconds(), LONGEST_WAIT_S))


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)  # RFC 9110, 5.6.7: always GMT
    except (ValueError, OverflowError):  # a year that no calendar has
        return None


def names(urls: Iterable[str]) -> list[str]:
    """What each endpoint of a chain is called in messages: its host, numbered where several have the same."""
    found = Counter[str]()
    called = []
    for url in urls:
        found[host(url)] += 1
        called.append(host(url) if found[host(url)] == 1 else f"{host(url)} #{found[host(url)]}")
    return called


def _is_extra(body: Any) -> bool:
    """Whether nothing but methods is asked for that many plans do not have."""
    requests = body if isinstance(body, list) else [body]
    return all(request["method"] in EXTRAS for request in requests)


class Endpoint:
    """One URL of one provider.

    Parameters
    ----------
    url
        With its key, which is never shown.
    name
        How it is called in messages.
    standing
        What was learned of it.
    timeout_s
        Seconds of one HTTP request, from looking up the host to the last byte.
    """

    def __init__(self, url: str, *, name: str, standing: EndpointHealth, timeout_s: float) -> None:
        check_url(url)
        self.name = name
        self.host = host(url)
        self.standing = standing
        self._url = url
        self._timeout_s = timeout_s
        self._secrets = Secrets(secrets_of(url))

    def __repr__(self) -> str:
        return f"Endpoint({self.name})"

    def redact(self, text: str) -> str:
        """A text of the node's without what may be a key, or a long part of one."""
        return self._secrets.redact(text)

    async def post(self, client: httpx.AsyncClient, body: Any, room: MemoryLimit) -> Any:
        """Send one JSON body and return the parsed answer: an object or a list.

        Parameters
        ----------
        client
            Sends it.
        body
            One request or a batch.
        room
            Memory for the answer, taken in the name of the task that this runs in.

        Raises
        ------
        RpcUnavailable
            No usable answer: connection, deadline, size, HTTP status or JSON.
        EndpointRefused
            The endpoint refuses the URL or its key, or points elsewhere.
        """
        content = bytearray()
        async with AsyncExitStack() as alone:
            alone.callback(content.clear)  # the traceback of an error, and whoever keeps the error, would keep it too
            response, plain = await self._receive(client, body, content, alone, room)
            task = asyncio.current_task()
            room.take(task.get_name() if task else "", content, self.name, plain=plain)
            try:
                return self._read(response.status_code, response.headers, content, body)
            except MemoryError:
                raise AnswerTooLarge(f"{self.name}: an answer for which this machine has no memory left") from None

    def _request(self, body: Any) -> dict[str, Any]:
        """What is sent: arguments of ``httpx.AsyncClient.stream``."""
        return {"method": "POST", "url": self._url, "content": msgspec.json.encode(body), "headers": dict(HEADERS)}

    async def _receive(
        self, client: httpx.AsyncClient, body: Any, content: bytearray, alone: AsyncExitStack, room: MemoryLimit
    ) -> tuple[httpx.Response, bool]:
        """Fill ``content``, and tell whether it is plain ASCII.

        Where it becomes large, no other large one is received until ``alone`` is left.
        """
        waited = False
        try:
            async with asyncio.timeout(self._timeout_s), client.stream(**self._request(body)) as response:
                unpacker = Unpacker(response.headers.get("content-encoding", ""), self.name)
                async for chunk in response.aiter_raw():
                    for piece in unpacker.pieces(chunk):
                        content += piece
                        if len(content) > LARGE and not waited:
                            await alone.enter_async_context(room.large)
                            waited = True
                unpacker.end()
        except TimeoutError:
            raise AnswerTooLate(f"{self.name}: no whole answer within {self._timeout_s:.0f} s") from None
        except httpx.HTTPError as error:
            # The exception's text can hold the URL; its type is enough to act on.
            if isinstance(error, httpx.ReadTimeout):
                raise AnswerTooLate(f"{self.name}: {type(error).__name__}") from None
            gone = isinstance(error, httpx.ConnectError)
            raise RpcUnavailable(f"{self.name}: {type(error).__name__}", unreachable=gone) from None
        return response, unpacker.plain

    def _read(self, status: int, headers: Mapping[str, str], content: bytearray, body: Any) -> Any:
        answer = parse(content, body)
        if status == 200 and isinstance(answer, dict | list):
            return answer
        # Some providers send the JSON-RPC error, with the range that would work in it, as an HTTP error.
        says_why = isinstance(answer, dict) and isinstance(answer.get("error"), dict)
        if status in {400, 413, 422, 500} and (says_why or (isinstance(answer, list) and answer)):
            return answer
        if status == 413:
            raise AnswerTooLarge(f"{self.name}: HTTP 413, too much in one request")
        if status == 402 or (status == 403 and re.search(rb"limit|quota|exceeded", content[:2_000].lower())):
            raise RpcUnavailable(f"{self.name}: HTTP {status}, a quota", retry_after=retry_after(headers))
        if status in {403, 404, 405} and _is_extra(body):
            # The same key named its chain before: the plan lacks the method, not the person a valid key.
            words = answer["error"] if says_why else {"code": NO_METHOD, "message": f"HTTP {status}"}
            return {"jsonrpc": "2.0", "id": None, "error": words}
        if status in {401, 403, 404} or 300 <= status < 400:
            raise EndpointRefused(f"{self.name}: HTTP {status}; check the URL and its key")
        what = f"HTTP {status}" if status != 200 else "an answer that is not JSON"
        wait, too_fast = retry_after(headers), status == 429
        raise RpcUnavailable(f"{self.name}: {what}", retry_after=wait, too_fast=too_fast)
