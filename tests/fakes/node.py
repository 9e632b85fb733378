"""A JSON-RPC node whose answers a test writes: an HTTP server on loopback with a log of what it was asked."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class FakeNode:
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

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = (
                -1
            )  # head and body leave together: apart, the second waits 40 ms for the first to be acknowledged

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                node.bodies.append(body)
                status, headers, content = node.raw(body) or (200, {}, json.dumps(node.answer(body)).encode())
                self.send_response_only(status)  # no Date of its own
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

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
