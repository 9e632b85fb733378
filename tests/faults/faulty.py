"""A bad provider: stands before a real node and spoils its answers, by a plan and a seed."""

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.fakes.node import FakeNode

Call = dict[str, Any]
Answer = dict[str, Any]
BEHIND = 20  #: blocks by which a lagging node lags
BLOCK_METHODS = ("eth_getBlockByNumber", "eth_getBlockReceipts")
BY_HASH = ("eth_getTransactionByHash", "eth_getTransactionReceipt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often what goes wrong: probabilities of one HTTP request, or, where it says so, of one call."""

    drop: float = 0.0  #: closed before any byte
    too_many: float = 0.0  #: HTTP 429 with ``Retry-After``
    retry_after_s: int = 1
    unavailable: float = 0.0  #: HTTP 503
    truncated: float = 0.0  #: JSON cut in the middle
    stale: float = 0.0  #: served by a node that is ``BEHIND``, which clips logs without a word
    null: float = 0.0  #: of a call: ``null`` instead of the result
    hidden: float = 0.0  #: of a call for logs or receipts: all logs of some blocks are missing, as their bloom shows
    twice: float = 0.0  #: of a call for logs: each log twice
    reversed: float = 0.0  #: a batch's answers come in the opposite order, which is legal
    foreign: float = 0.0  #: of a call: the answer has the id of another one
    crowded: float = 0.0  #: one error instead of a batch's answers
    page: float = 0.0  #: HTML instead of JSON, with status 200
    odd: float = 0.0  #: of a call for a header: it has no time, or no bloom
    bare: float = 0.0  #: of a call for a receipt or a transaction: a field is missing
    most_blocks: int | None = None  #: of one eth_getLogs
    padding: int = 0  #: bytes of blanks in each answer
    delay_s: float = 0.0  #: of each answer


MIXED = Plan(
    drop=0.1,
    too_many=0.1,
    unavailable=0.1,
    stale=0.2,
    hidden=0.2,
    null=0.1,
    truncated=0.05,
    twice=0.3,
    most_blocks=40,
    reversed=0.2,
    foreign=0.02,
    crowded=0.02,
    page=0.02,
    odd=0.02,
    bare=0.02,
)


class FaultyNode(FakeNode):
    """Passes requests on to ``upstream``, and not every answer back.

    Parameters
    ----------
    upstream
        URL of the real node.
    plan
        What goes wrong; may be replaced at any time.
    dice
        Decides when.
    clock
        Seconds, by which ``Retry-After`` is measured.
    """

    def __init__(
        self, upstream: str, plan: Plan, dice: random.Random, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(raw=self._serve)
        self.plan, self.dice = plan, dice
        self.too_early = 0  #: requests that came before the time which a 429 had asked for was over
        self.spoiled = 0  #: requests of which at least one answer was
        self._upstream, self._clock = upstream, clock
        self._not_before = 0.0
        self._guard = threading.Lock()
        self._http = httpx.Client(timeout=60)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # a dropped connection is meant

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._http.close()

    def _serve(self, body: Any) -> tuple[int, dict[str, str], bytes]:
        plan, dice = self.plan, self.dice
        time.sleep(plan.delay_s)
        with self._guard:
            now = self._clock()
            self.too_early += now < self._not_before
            lots = {name: dice.random() < getattr(plan, name) for name in ("drop", "too_many", "unavailable")}
            if lots["too_many"] and not lots["drop"]:
                self._not_before = max(self._not_before, now + plan.retry_after_s - 0.05)
            self.spoiled += any(lots.values())
        if lots["drop"]:
            raise ConnectionAbortedError
        if lots["too_many"]:
            return 429, {"Retry-After": str(plan.retry_after_s)}, b"slower"
        if lots["unavailable"]:
            return 503, {}, b"later"
        if dice.random() < plan.page:
            return 200, {}, b"<html><h1>one moment</h1></html>"
        if isinstance(body, list) and dice.random() < plan.crowded:
            error = {"code": -32600, "message": "batch rejected"}
            return 200, {}, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
        calls = body if isinstance(body, list) else [body]
        answers = self._spoil(calls, self._ask(calls))
        if dice.random() < plan.reversed:
            answers.reverse()
        content = json.dumps(answers if isinstance(body, list) else answers[0]).encode()
        if dice.random() < plan.truncated:
            content = content[: len(content) // 2]
        return 200, {}, content[:-1] + b" " * plan.padding + content[-1:]

    def _ask(self, calls: list[Call]) -> list[Answer]:
        answers = {answer["id"]: answer for answer in self._http.post(self._upstream, json=calls).json()}
        return [answers[call["id"]] for call in calls]

    def _spoil(self, calls: list[Call], answers: list[Answer]) -> list[Answer]:
        """One node answers a whole request, behind or not; each call has its own bad luck."""
        if self.dice.random() < self.plan.stale:
            [head] = self._ask([{"jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber", "params": []}])
            newest = max(0, int(head["result"], 16) - BEHIND)
            answers = [_as_known_at(newest, *pair) for pair in zip(calls, answers, strict=True)]
        return [self._one(*pair) for pair in zip(calls, answers, strict=True)]

    def _one(self, call: Call, answer: Answer) -> Answer:
        plan, dice, method = self.plan, self.dice, call["method"]
        if method == "eth_getLogs" and plan.most_blocks is not None and _width(call) > plan.most_blocks:
            error = {"code": -32614, "message": f"eth_getLogs is limited to a {plan.most_blocks} range"}
            return {"jsonrpc": "2.0", "id": call["id"], "error": error}
        if dice.random() < plan.null:
            return {"jsonrpc": "2.0", "id": call["id"], "result": None}
        if dice.random() < plan.foreign:
            return {**answer, "id": call["id"] + 1_000_000}
        if isinstance(result := answer.get("result"), dict):
            lost = None
            if method == "eth_getBlockByNumber" and dice.random() < plan.odd:
                if dice.random() < 0.5:
                    return {**answer, "result": {**result, "timestamp": "0x0"}}
                lost = "logsBloom"
            if method in BY_HASH and dice.random() < plan.bare:
                lost = dice.choice(["blockHash", "from"])
            return {**answer, "result": {name: value for name, value in result.items() if name != lost}}
        if isinstance(items := answer.get("result"), list) and method in ("eth_getLogs", "eth_getBlockReceipts"):
            if dice.random() < plan.hidden:
                blind = {block for block in sorted({item["blockHash"] for item in items}) if dice.random() < 0.5}
                items = [
                    each if each["blockHash"] not in blind else {**each, "logs": []}
                    for each in items
                    if "logs" in each or each["blockHash"] not in blind
                ]
            if dice.random() < plan.twice and method == "eth_getLogs":
                items = [item for item in items for _ in range(2)]
            return {**answer, "result": items}
        return answer


def _width(call: Call) -> int:
    query = call["params"][0]
    return 1 if "blockHash" in query else int(query["toBlock"], 16) - int(query["fromBlock"], 16) + 1


def _as_known_at(newest: int, call: Call, answer: Answer) -> Answer:
    """What a node would have answered whose newest block was this one."""
    result, method = answer.get("result"), call["method"]
    if method == "eth_blockNumber":
        return {**answer, "result": hex(newest)}
    if method == "eth_getLogs" and isinstance(result, list):
        return {**answer, "result": [log for log in result if int(log["blockNumber"], 16) <= newest]}
    if method in BLOCK_METHODS and call["params"][0].startswith("0x") and int(call["params"][0], 16) > newest:
        return {**answer, "result": None}
    if method in BY_HASH and isinstance(result, dict) and int(result.get("blockNumber") or "0x0", 16) > newest:
        return {**answer, "result": None}
    return answer
