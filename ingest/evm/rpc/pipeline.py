"""HTTP requests on their way to an endpoint; some are sent before anybody asks for their answers."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from ingest.errors import IngestError, RpcUnavailable
from ingest.evm.rpc.batch import Request
from ingest.evm.rpc.endpoint import Endpoint
from ingest.evm.rpc.memory_limit import MemoryLimit

T = TypeVar("T")
LEAVE_S = 0.001  #: for which what is sent ahead is pushed: on a connection that is open it has left by then


@dataclass(frozen=True, slots=True)
class Sent:
    """One HTTP request that has left."""

    part: Sequence[int]  #: places of its requests among those of its exchange
    first_id: int  #: of the first of them
    answer: asyncio.Task[Any]  #: parsed, or the error in its place
    width: int  #: how many were in flight with it, itself among them


@dataclass(frozen=True, slots=True)
class _Early:
    endpoint: Endpoint
    requests: Sequence[Request]
    sent: Sequence[Sent]


class _Forgetful(httpx.AsyncHTTPTransport):
    """Drops cookies: a node has nothing to remember of its client, and an odd one would break the next request."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        response.headers.pop("set-cookie", None)
        return response


class Flights:
    """All that is on its way. Nothing runs by itself: what is in flight goes on while an answer is waited for.

    Meanwhile the other side works, and what it says waits in the sockets.

    Parameters
    ----------
    timeout_s
        Seconds until the next bytes must come.
    """

    def __init__(self, timeout_s: float) -> None:
        self._runner = asyncio.Runner()
        # No redirects (a redirect can lead anywhere), no proxies or credentials from the environment.
        self._client = httpx.AsyncClient(
            timeout=timeout_s, follow_redirects=False, trust_env=False, transport=_Forgetful(trust_env=False)
        )
        self._early: list[_Early] = []
        self._room = MemoryLimit()

    def close(self) -> None:
        """Give up what is on its way, and close all connections."""
        self.forget()
        self._run(self._client.aclose())
        self._runner.close()

    def begin(self, endpoint: Endpoint, body: Sequence[dict[str, Any]]) -> asyncio.Task[Any]:
        """Begin to send one HTTP request."""

        async def post() -> Any:
            try:
                return await endpoint.post(self._client, body if len(body) > 1 else body[0], self._room)
            except IngestError as error:
                return error

        return self._runner.get_loop().create_task(post())

    def answers(self, sent: Sequence[Sent]) -> list[Any]:
        """Wait for what was sent: parsed answers, or the errors in their places."""

        async def together() -> list[Any]:
            return await asyncio.gather(*(each.answer for each in sent))

        return self._run(together())

    @property
    def flying(self) -> int:
        """How many HTTP requests were sent ahead and have not arrived yet."""
        return sum(not answer.done() for answer in self._ahead())

    def keep(self, endpoint: Endpoint, requests: Sequence[Request], sent: Sequence[Sent]) -> None:
        """Take note that these were sent ahead, and let them leave."""
        self._early.append(_Early(endpoint, requests, sent))
        self._run(asyncio.wait([each.answer for each in sent], timeout=LEAVE_S))

    def take(self, endpoint: Endpoint, requests: Sequence[Request]) -> list[Sent]:
        """What was sent ahead of these requests, each HTTP request that asks for just what it would now."""

        def fits(early: _Early, sent: Sent) -> bool:
            wanted = slice(sent.part[0], sent.part[-1] + 1)
            return early.endpoint is endpoint and early.requests[wanted] == requests[wanted]

        for number, early in enumerate(self._early):
            if taken := [sent for sent in early.sent if fits(early, sent)]:
                left = [sent for sent in early.sent if sent not in taken]
                self._early[number] = _Early(endpoint, early.requests, left)
                return taken
        return []

    def clear(self) -> None:
        """Forget the answers that were handed over: their room is free for those of the next exchange."""
        self._room.keep({answer.get_name() for answer in self._ahead()})

    def land(self) -> list[tuple[Endpoint, Sent, RpcUnavailable]]:
        """Let what was sent ahead arrive, so that what is sent next is alone; gives back what failed, once."""
        if flying := [answer for answer in self._ahead() if not answer.done()]:
            self._run(asyncio.wait(flying))
        failed = [
            (early.endpoint, sent, error)
            for early in self._early
            for sent in early.sent
            if isinstance(error := sent.answer.result(), RpcUnavailable)
        ]
        lost = [sent for _, sent, _ in failed]
        self._early = [
            _Early(early.endpoint, early.requests, [sent for sent in early.sent if sent not in lost])
            for early in self._early
        ]
        return failed

    def forget(self) -> None:
        """Give up what was sent ahead."""
        flying, self._early = self._ahead(), []
        for answer in flying:
            answer.cancel()
        if flying:
            self._run(asyncio.wait(flying))

    def _ahead(self) -> list[asyncio.Task[Any]]:
        return [each.answer for early in self._early for each in early.sent]

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)
