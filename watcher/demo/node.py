"""A small read-only node that serves a recorded chain over JSON-RPC, so that the demo needs no provider.

The recording holds what a real EVM answered, without what can be derived again: each block, transaction and receipt
keeps the fields that differ from the recording's defaults; bloom filters, positions and references between
records are restored here. Two things a real node would know are not in a recording: contract byte code, and calls
nobody recorded. Both are refused with an error, never answered with a guess.
"""

import json
import lzma
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from eth_utils.crypto import keccak

Json = dict[str, Any]
SHIPPED = Path(__file__).with_name("chain.jsonl.xz")
MAX_BATCH = 1000


class NodeError(Exception):
    """What the node answers instead of a result."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.answer: Json = {"code": code, "message": message} | ({} if data is None else {"data": data})


@lru_cache(maxsize=20_000)
def bloom_bits(value: str) -> int:
    """Return the three bits that an address or a topic sets in a 2048-bit bloom filter (yellow paper, 4.3.1)."""
    digest = keccak(hexstr=value)
    bits = 0
    for i in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[i : i + 2]) & 2047)
    return bits


def bloom(logs: Iterable[list[Any]]) -> str:
    """Return the bloom filter of recorded logs (address, topics, data)."""
    bits = 0
    for address, topics, _ in logs:
        for value in (address, *topics):
            bits |= bloom_bits(value)
    return f"0x{bits:0512x}"


class Recording:
    """A recorded chain, by block number.

    Parameters
    ----------
    lines
        JSON texts: a header, then one block a line from block 0 on, as ``tests.localchain.pack`` writes them.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        rest = iter(lines)
        header: Json = json.loads(next(rest))
        self.chain_id: int = header["chain_id"]
        self.client: str = header["client"]
        self.contracts = frozenset(header["contracts"])
        self._defaults: dict[str, Json] = header["defaults"]
        self._calls: dict[tuple[str, str], list[list[Any]]] = {(to, data): seen for to, data, seen in header["calls"]}
        self._blocks: list[Json] = [json.loads(line) for line in rest]
        self.head = len(self._blocks) - 1
        # Receipts are asked for one by one, but positions and gas are counted along the block.
        self.receipts = lru_cache(maxsize=64)(self._receipts)
        self.number_of = {block["block"]["hash"]: n for n, block in enumerate(self._blocks)}
        self.place_of: dict[str, tuple[int, int]] = {}
        self._seen_in: dict[str, set[int]] = {}  # address or topic -> blocks with a log that names it
        self._sent: dict[str, list[int]] = {}  # sender -> block of each of its transactions
        for number, block in enumerate(self._blocks):
            for index, (transaction, _, logs) in enumerate(block["transactions"]):
                self.place_of[transaction["hash"]] = (number, index)
                self._sent.setdefault((self._defaults["transaction"] | transaction)["from"], []).append(number)
                for address, topics, _ in logs:
                    for value in (address, *topics):
                        self._seen_in.setdefault(value, set()).add(number)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a recording compressed with xz."""
        with lzma.open(path, "rt", encoding="utf-8") as file:
            return cls(file)

    def _where(self, number: int) -> Json:
        """Return the fields by which records name their block."""
        block = self._blocks[number]["block"]
        return {"blockHash": block["hash"], "blockNumber": hex(number), "blockTimestamp": block["timestamp"]}

    def block(self, number: int, *, full: bool) -> Json:
        """Return a block; its transactions whole or as hashes."""
        recorded = self._blocks[number]
        entries = recorded["transactions"]
        parent = self._blocks[number - 1]["block"]["hash"] if number else "0x" + "00" * 32
        return {
            **self._defaults["block"],
            **recorded["block"],
            "number": hex(number),
            "parentHash": parent,
            "logsBloom": bloom(log for _, _, logs in entries for log in logs),
            "transactions": [
                self.transaction(number, i) if full else entry[0]["hash"] for i, entry in enumerate(entries)
            ],
        }

    def transaction(self, number: int, index: int) -> Json:
        """Return a transaction by its place."""
        transaction, receipt, _ = self._blocks[number]["transactions"][index]
        price = (self._defaults["receipt"] | receipt)["effectiveGasPrice"]
        place = self._where(number) | {"transactionIndex": hex(index), "gasPrice": price}
        return {**self._defaults["transaction"], **transaction, **place}

    def _receipts(self, number: int) -> list[Json]:
        """Return a block's receipts; not to be changed by the caller."""
        where = self._where(number)
        gas, first_log, receipts = 0, 0, []
        for index, (recorded, receipt, logs) in enumerate(self._blocks[number]["transactions"]):
            transaction = self._defaults["transaction"] | recorded
            kept = self._defaults["receipt"] | receipt
            gas += int(kept["gasUsed"], 16)
            place = where | {"transactionHash": transaction["hash"], "transactionIndex": hex(index)}
            receipts.append(
                {
                    **kept,
                    **{key: transaction[key] for key in ("type", "from", "to")},
                    **{key: value for key, value in place.items() if key != "blockTimestamp"},
                    "cumulativeGasUsed": hex(gas),
                    "logsBloom": bloom(logs),
                    "logs": [
                        {"address": address, "topics": topics, "data": data, **place}
                        | {"logIndex": hex(first_log + i), "removed": False}
                        for i, (address, topics, data) in enumerate(logs)
                    ],
                }
            )
            first_log += len(logs)
        return receipts

    def logs(self, first: int, last: int, wanted: list[frozenset[str] | None]) -> Iterator[Json]:
        """Yield logs of a block range; ``wanted`` holds what address, topic 0, topic 1, … may be (None: anything)."""
        numbers: set[int] | range = range(first, last + 1)
        for values in wanted:
            if values is not None:
                named = set().union(*(self._seen_in.get(value, ()) for value in values))
                numbers = named.intersection(numbers)
        for number in sorted(numbers):
            for receipt in self.receipts(number):
                for log in receipt["logs"]:
                    fields = (log["address"], *log["topics"])
                    if len(fields) >= len(wanted) and all(
                        values is None or field in values for field, values in zip(fields, wanted, strict=False)
                    ):
                        yield log

    def sent(self, address: str, number: int) -> int:
        """Return how many transactions an address had sent by the end of a block."""
        return bisect_right(self._sent.get(address, []), number)

    def call(self, to: str, data: str, number: int) -> str:
        """Return what a call returned at a block: the last answer recorded at or before it."""
        if to not in self.contracts:
            return "0x"  # as an account without code answers
        seen = self._calls.get((to, data), [])
        at = bisect_right(seen, number, key=lambda entry: int(entry[0]))
        if not at or seen[at - 1][1] is None:
            raise NodeError(3, "execution reverted", "0x")
        return str(seen[at - 1][1])


class Methods:
    """The JSON-RPC methods over a recording.

    Parameters
    ----------
    max_range
        Most blocks that one ``eth_getLogs`` may span, as providers limit it; None: no limit.
    """

    def __init__(self, recording: Recording, max_range: int | None = None) -> None:
        self._recording = recording
        self._max_range = max_range
        self._methods: dict[str, Callable[..., Any]] = {
            "eth_chainId": lambda: hex(recording.chain_id),
            "net_version": lambda: str(recording.chain_id),
            "web3_clientVersion": lambda: recording.client,
            "eth_syncing": lambda: False,
            "eth_blockNumber": lambda: hex(recording.head),
            "eth_getBlockByNumber": self._block,
            "eth_getBlockByHash": lambda block_hash, full=None: self._block({"blockHash": block_hash}, full),
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getBlockReceipts": self._receipts,
            "eth_getLogs": self._logs,
            "eth_getCode": self._code,
            "eth_getTransactionCount": lambda address, block: hex(recording.sent(address.lower(), self._state(block))),
            "eth_call": self._call,
        }

    def answer(self, request: Any) -> Json:
        """Answer one request object."""
        if not isinstance(request, dict):
            return _response(None, NodeError(-32600, "Invalid request"))
        method = self._methods.get(str(request.get("method")))
        result: Any
        if method is None:
            result = NodeError(-32601, "Method not found")
        else:
            try:
                result = method(*request.get("params", []))
            except NodeError as error:
                result = error
            except (TypeError, ValueError, AttributeError, KeyError) as error:
                result = NodeError(-32602, f"invalid params: {error}")
        return _response(request.get("id"), result)

    def _block(self, block: Any, full: Any = None) -> Json | None:
        number = self._number(block)
        return None if number is None else self._recording.block(number, full=bool(full))

    def _transaction(self, tx_hash: str) -> Json | None:
        place = self._recording.place_of.get(tx_hash.lower())
        return None if place is None else self._recording.transaction(*place)

    def _receipt(self, tx_hash: str) -> Json | None:
        place = self._recording.place_of.get(tx_hash.lower())
        return None if place is None else self._recording.receipts(place[0])[place[1]]

    def _receipts(self, block: Any) -> list[Json] | None:
        number = self._number(block)
        return None if number is None else self._recording.receipts(number)

    def _code(self, address: str, block: Any = "latest") -> str:
        self._state(block)
        if address.lower() in self._recording.contracts:
            raise NodeError(-32000, "contract code is not part of this recording")
        return "0x"

    def _call(self, call: Json, block: Any = "latest") -> str:
        data = call.get("input") or call.get("data") or "0x"
        return self._recording.call(call["to"].lower(), data.lower(), self._state(block))

    def _logs(self, query: Json) -> list[Json]:
        head = self._recording.head
        if "blockHash" in query:
            first = last = self._state(query)
        else:
            first = self._height(query.get("fromBlock", "latest"))
            last = min(self._height(query.get("toBlock", "latest")), head)
            if first > head:
                raise NodeError(-32602, f"block height is {head} but requested was {first}")
        if self._max_range is not None and last - first >= self._max_range:
            raise NodeError(-32614, f"eth_getLogs is limited to a {self._max_range:,} range")
        wanted = [_values(query.get("address")), *(_values(topic) for topic in query.get("topics") or ())]
        return list(self._recording.logs(first, last, wanted))

    def _height(self, block: Any) -> int:
        """Return the number that a block parameter names, past the head or not."""
        head = self._recording.head
        # As Anvil and proof-of-stake chains count: one epoch of 32 slots is safe, two are final.
        tags = {"latest": head, "pending": head, "safe": head - 32, "finalized": head - 64, "earliest": 0}
        return max(tags[block], 0) if block in tags else int(block, 16)

    def _number(self, block: Any) -> int | None:
        """Return the number of a block that exists, else None; takes EIP-1898 objects too."""
        if isinstance(block, dict):
            if "blockHash" in block:
                block_hash: str = block["blockHash"]
                return self._recording.number_of.get(block_hash.lower())
            block = block["blockNumber"]
        height = self._height(block)
        return height if 0 <= height <= self._recording.head else None

    def _state(self, block: Any) -> int:
        number = self._number(block)
        if number is None:
            raise NodeError(-32000, "unknown block")
        return number


def _values(wanted: Any) -> frozenset[str] | None:
    """Return what a filter position accepts; None, left out or an empty list: anything."""
    if wanted is None or wanted == []:
        return None
    return frozenset(value.lower() for value in ([wanted] if isinstance(wanted, str) else wanted))


def _response(request_id: Any, result: Any) -> Json:
    head: Json = {"jsonrpc": "2.0", "id": request_id}
    return head | ({"error": result.answer} if isinstance(result, NodeError) else {"result": result})


class ReplayNode:
    """Serves a recording on loopback from a thread, while the context lasts.

    Parameters
    ----------
    path
        The recording; the shipped one if left out.
    max_range
        See ``Methods``.
    """

    def __init__(self, path: Path = SHIPPED, *, max_range: int | None = None) -> None:
        self.recording = Recording.load(path)
        self.head = self.recording.head
        self.head_timestamp = int(self.recording.block(self.head, full=False)["timestamp"], 16)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(Methods(self.recording, max_range)))
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(methods: Methods) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: else each answer waits for the client's delayed acknowledgement.
        wbufsize = 1 << 16
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = json.dumps(self._answer(body), separators=(",", ":")).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _answer(self, body: bytes) -> Json | list[Json]:
            try:
                asked = json.loads(body)
            except ValueError:
                return _response(None, NodeError(-32700, "Parse error"))
            if isinstance(asked, list) and 0 < len(asked) <= MAX_BATCH:
                return [methods.answer(request) for request in asked]
            return methods.answer(asked)

        def log_message(self, *_: Any) -> None:
            """Say nothing: the demo's own output is what its reader came for."""

    return Handler
