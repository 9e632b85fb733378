"""The only room that talks to a node: JSON-RPC 2.0 over HTTP, read-only by construction.

Own transport instead of web3's, because web3 8 retries quota errors five times within two seconds, ignores
``Retry-After``, accepts an answer with a foreign id, loses rows of a short batch without an error, drops the body that
names a working block range, and prints the URL (with its key) in error texts.
"""

import ipaddress
import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from ingest.errors import (
    AnswerTooLarge,
    ConfigError,
    IngestError,
    MethodForbidden,
    RangeRefused,
    RpcRejected,
    RpcUnavailable,
    WrongChain,
)
from ingest.refusals import classify
from ingest.wire import parse

READ_METHODS = frozenset(
    {
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
        "eth_getBlockReceipts",
        "eth_getCode",
        "eth_getLogs",
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
        "debug_traceTransaction",
        "trace_transaction",
        "web3_clientVersion",
    }
)
"""Every method that may leave this machine. All of them only read."""

BODY_LIMIT = 64 * 2**20  #: bytes of one answer
DEADLINE_S = 60.0  #: of one HTTP request, from dispatch to the last byte
TRIES, TRIES_UNREACHABLE = 8, 3
WAIT_LIMIT_S = 600.0  #: the longest ``Retry-After`` that is waited out

Request = tuple[str, Sequence[Any]]


def _host(url: str) -> str:
    return urlsplit(url).hostname or "?"


def check_url(url: str) -> None:
    """Refuse any URL but https, or http to this machine, without a user name in it.

    Raises
    ------
    ConfigError
        Naming the host, never the whole URL: providers put the key into the path.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigError(f"an RPC URL must begin with https:// ; got one that begins with {parts.scheme or '?'!r}")
    if parts.scheme == "http" and not loopback:
        raise ConfigError(f"the RPC URL of {host} must use https (http is for this machine only)")
    if parts.username or parts.password:
        raise ConfigError(f"the RPC URL of {host} must not hold a user name; put the key into ${{NAME}} instead")


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds asked for by ``Retry-After`` (RFC 9110, 10.2.3), in seconds or as a date."""
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        until, there = _http_date(value), _http_date(response.headers.get("date", ""))
        if until is None or there is None:
            return None
        seconds = (until - there).total_seconds()
    return max(0.0, min(seconds, WAIT_LIMIT_S))


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)  # RFC 9110, 5.6.7: always GMT
    except ValueError:
        return None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RpcUnavailable) and error.retry_after is not None:
        return error.retry_after + 0.05
    return min(8.0, 0.25 * 2.0**state.attempt_number) * (0.5 + random.random())  # noqa: S311 - jitter, not a secret


def _enough(tries: int) -> Callable[[RetryCallState], bool]:
    def enough(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        unreachable = isinstance(error, RpcUnavailable) and error.unreachable
        return state.attempt_number >= (min(tries, TRIES_UNREACHABLE) if unreachable else tries)

    return enough


def _has(result: Any, fields: Collection[str] | None) -> bool:
    return fields is None or (isinstance(result, dict) and all(result.get(field) is not None for field in fields))


class Endpoint:
    """One URL of one provider."""

    def __init__(self, url: str, *, timeout_s: float = DEADLINE_S) -> None:
        check_url(url)
        self.name = _host(url)  #: safe to show
        self._url = url
        self._timeout_s = timeout_s
        # No redirects (a redirect can lead anywhere), no proxies or credentials from the environment.
        self._http = httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=False)
        self.batch_size = 100  #: halved when the node refuses a batch

    def __repr__(self) -> str:
        return f"Endpoint({self.name})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def post(self, body: Any) -> Any:
        """Send one JSON body and return the parsed answer.

        Raises
        ------
        RpcUnavailable
            No usable answer: connection, deadline, size, HTTP status or JSON.
        RpcRejected
            The endpoint refuses the credentials or the request as such.
        """
        deadline = time.monotonic() + self._timeout_s
        content = bytearray()
        try:
            with self._http.stream("POST", self._url, json=body) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > BODY_LIMIT:
                        raise AnswerTooLarge(f"{self.name}: an answer of more than {BODY_LIMIT >> 20} MiB")
                    if time.monotonic() > deadline:
                        raise RpcUnavailable(f"{self.name}: no whole answer within {self._timeout_s:.0f} s")
        except httpx.HTTPError as error:
            # The exception's text can hold the URL; its type is enough to act on.
            gone = isinstance(error, httpx.ConnectError)
            raise RpcUnavailable(f"{self.name}: {type(error).__name__}", unreachable=gone) from None
        answer = parse(content, body)
        status = response.status_code
        if status == 200 and isinstance(answer, (dict, list)):
            return answer
        if isinstance(answer, dict) and isinstance(answer.get("error"), dict) and status in {400, 413, 500}:
            return answer  # some providers send the JSON-RPC error with an HTTP error
        if status in {401, 403, 404} or 300 <= status < 400:
            raise RpcRejected(f"{self.name}: HTTP {status}; check the URL and its key")
        what = f"HTTP {status}" if status != 200 else "an answer that is not JSON"
        raise RpcUnavailable(f"{self.name}: {what}", retry_after=_retry_after(response))


class Node:
    """One chain, read through its endpoints: the first that answers is used, the rest are for failover.

    Parameters
    ----------
    urls
        Endpoints in order of preference.
    chain_id
        The chain that every endpoint must serve (EIP-695); checked before first use.
    charge
        Called with the method's name before each request leaves; may raise ``BudgetExhausted``.
    sleep
        How to wait between tries.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        chain_id: int,
        charge: Callable[[str], None] = lambda _method: None,
        sleep: Callable[[float], None] = time.sleep,
        timeout_s: float = DEADLINE_S,
    ) -> None:
        self.chain_id = chain_id
        self._endpoints = [Endpoint(url, timeout_s=timeout_s) for url in urls]
        self._checked: set[int] = set()
        self._charge = charge
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        for endpoint in self._endpoints:
            endpoint.close()

    def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        """One request; the result, or the typed error of its refusal.

        Raises
        ------
        MethodForbidden
            The method is not in ``READ_METHODS``; nothing was sent.
        RangeRefused, RpcRejected, RpcUnavailable, WrongChain
            See ``ingest.errors``.
        """
        [result] = self.batch([(method, params)])
        return result

    def batch(
        self, requests: Sequence[Request], *, tolerant: bool = False, required: Collection[str] | None = None
    ) -> list[Any]:
        """Several requests in JSON-RPC batches; results in the order of the requests.

        Parameters
        ----------
        requests
            (method, params) pairs.
        tolerant
            Return an ``RpcRejected`` in the place of a refused request instead of raising it.
        required
            Fields that every result must have. One that is null or lacks a field counts as no answer, and is asked for
            again; the others are not.
        """
        for method, _ in requests:
            if method not in READ_METHODS:
                raise MethodForbidden(f"{method} is not a read-only method; Edgewatch never sends it")
        if not requests:
            return []
        failure: IngestError | None = None
        for index, endpoint in enumerate(self._endpoints):
            try:
                self._check_chain(index, endpoint)
                return self._batch_at(endpoint, requests, tolerant=tolerant, required=required)
            except (RpcUnavailable, WrongChain) as error:
                failure = error if failure is None or isinstance(failure, RpcUnavailable) else failure
            except RpcRejected as error:
                if index + 1 == len(self._endpoints) or "HTTP" not in str(error):
                    raise
                failure = error
        assert failure is not None
        raise failure

    def patience(self, tries: int) -> Retrying:
        """How to repeat what ended with ``RpcUnavailable``: jittered waits that double, and what the node asks for."""
        return Retrying(
            retry=retry_if_exception_type(RpcUnavailable),
            wait=_wait,
            stop=_enough(tries),
            sleep=self._sleep,
            reraise=True,
        )

    def _check_chain(self, index: int, endpoint: Endpoint) -> None:
        if index in self._checked:
            return
        [answer] = self._batch_at(endpoint, [("eth_chainId", [])], tolerant=False, required=None)
        served = int(answer, 16)
        if served != self.chain_id:
            raise WrongChain(
                f"{endpoint.name} serves chain {served}, but the configuration says {self.chain_id}: "
                "correct rpc_urls or chain_id; nothing from it was stored"
            )
        self._checked.add(index)

    def _batch_at(
        self, endpoint: Endpoint, requests: Sequence[Request], *, tolerant: bool, required: Collection[str] | None
    ) -> list[Any]:
        results: dict[int, Any] = {}
        retrying = self.patience(TRIES)
        while missing := [i for i in range(len(requests)) if i not in results]:
            part = missing[: endpoint.batch_size]
            for attempt in retrying:
                with attempt:
                    left = [i for i in part if i not in results][: endpoint.batch_size]
                    results.update(self._exchange(endpoint, left, requests, tolerant=tolerant, required=required))
        return [results[i] for i in range(len(requests))]

    def _exchange(
        self,
        endpoint: Endpoint,
        part: Sequence[int],
        requests: Sequence[Request],
        *,
        tolerant: bool,
        required: Collection[str] | None,
    ) -> Iterator[tuple[int, Any]]:
        """Send one batch; yield the answers that arrived and whose ids match."""
        body = [{"jsonrpc": "2.0", "id": i, "method": requests[i][0], "params": list(requests[i][1])} for i in part]
        for i in part:
            self._charge(requests[i][0])
        try:
            answer = endpoint.post(body if len(body) > 1 else body[0])
        except AnswerTooLarge as large:
            if len(body) > 1:
                endpoint.batch_size = len(body) // 2
            elif requests[part[0]][0] == "eth_getLogs":
                raise RangeRefused(str(large)) from None
            raise
        if isinstance(answer, dict) and len(body) > 1:
            # One object for a whole batch: a refusal of the batch as such.
            endpoint.batch_size = max(1, endpoint.batch_size // 2)
            raise RpcUnavailable(f"{endpoint.name}: the batch was refused: {str(answer.get('error'))[:200]}")
        items: list[Any] = answer if isinstance(answer, list) else [answer]
        found = 0
        for item in items:
            if not isinstance(item, dict):
                continue
            number: Any = item.get("id")
            if number is None and len(body) == 1 and "error" in item:
                number = part[0]  # JSON-RPC 2.0 allows a null id on an error
            if number not in part:
                continue
            if isinstance(error := item.get("error"), dict):
                refusal = classify(error, method=requests[number][0])
                if not (tolerant and isinstance(refusal, RpcRejected)):
                    raise refusal
                found += 1
                yield number, refusal
            elif "result" in item and _has(item["result"], required):
                found += 1
                yield number, item["result"]
        if not found:
            raise RpcUnavailable(f"{endpoint.name}: no usable answer to {requests[part[0]][0]}")
