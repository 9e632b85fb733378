"""The HTTP transport that alone knows the bot's token.

Telegram wants the token in the path of every URL, so it ends up wherever a URL does: in httpx's log lines, in
error texts, in the ``repr`` of a bot, in a proxy's error page. Here everything above this transport works with a
placeholder, and the token is put in just before the wire and taken out of what comes back.
"""

import asyncio
from typing import Final

import httpx

PLACEHOLDER: Final = "0:token-hidden"


class TokenTransport(httpx.AsyncBaseTransport):
    """Send requests with the token in the place of `PLACEHOLDER`.

    Redirects are not followed and no proxy is taken from the environment. The sum of a request's timeouts is its
    deadline: each of them alone would let a server that sends a byte now and then hold a call for ever.

    Parameters
    ----------
    token
        The bot's token.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its answer is read to the end and freed of the token."""
        path = request.url.raw_path.replace(PLACEHOLDER.encode(), self._token)
        limits = request.extensions.get("timeout", {})
        try:
            async with asyncio.timeout(sum(seconds or 0 for seconds in limits.values()) or None):
                answer = await self._inner.handle_async_request(
                    httpx.Request(
                        request.method,
                        request.url.copy_with(raw_path=path),
                        headers=request.headers,
                        stream=request.stream,
                        extensions=request.extensions,
                    )
                )
                try:
                    body = await answer.aread()
                finally:
                    await answer.aclose()
        except TimeoutError:
            raise httpx.ReadTimeout("no whole answer in time") from None
        if answer.status_code == httpx.codes.GATEWAY_TIMEOUT:
            # A gateway gave up on the server behind it; whether that one did the work is unknown.
            raise httpx.ReadTimeout("the gateway gave up waiting")
        return httpx.Response(answer.status_code, content=body.replace(self._token, PLACEHOLDER.encode()))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
