"""A JSON-RPC node whose answers a test writes: an HTTP server on loopback with a log of what it was asked."""

import json
from collections.abc import Callable
from typing import Any

from tests.fakes.loopback import Handler, Loopback


class FakeNode(Loopback):
    """Answers each HTTP request with ``answer(body) -> (status, headers, bytes)`` or with a JSON-RPC method table.

    Parameters
    ----------
    methods
        Method name to a function of its params; a raised ``RpcFault`` becomes the error object.
    raw
        Takes the parsed body first; returns (status, headers, body) to answer in its own way, or None.
    """

    def __init__(
        self,
        methods: dict[str, Callable[..., Any]] | None = None,
        raw: Callable[[Any], tuple[int, dict[str, str], bytes] | None] = lambda _body: None,
    ) -> None:
        self.methods: dict[str, Callable[..., Any]] = {"eth_chainId": lambda: "0x1", **(methods or {})}
        self.raw = raw
        self.bodies: list[Any] = []
        node = self

        class Posts(Handler):
            def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
                body = self.read_json()
                node.bodies.append(body)
                self.say(*(node.raw(body) or (200, {}, json.dumps(node.answer(body)).encode())))

        super().__init__(Posts)

    @property
    def asked(self) -> list[str]:
        """Every method asked for, in order."""
        return [item["method"] for body in self.bodies for item in (body if isinstance(body, list) else [body])]

    def answer(self, body: Any) -> Any:
        """Answer a request or a batch as a well-behaved node does."""
        if isinstance(body, list):
            return [self._one(item) for item in body]
        return self._one(body)

    def _one(self, item: dict[str, Any]) -> dict[str, Any]:
        try:
            result = {"result": self.methods[item["method"]](*item["params"])}
        except RpcFault as fault:
            result = {"error": {"code": fault.code, "message": str(fault)}}
        except KeyError:
            result = {"error": {"code": -32601, "message": "the method does not exist"}}
        return {"jsonrpc": "2.0", "id": item["id"], **result}


class RpcFault(Exception):
    """An error object to answer with."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
