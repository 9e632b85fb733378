"""The recorded chain behind a node that also has a wallet index, which may lag, leave things out, or know no calls."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from ingest.evm.logs.topics import TRANSFER
from tests.fakes.node import FakeNode
from watcher.demo.node import SHIPPED, Methods, Recording

Row = dict[str, Any]


class IndexedNode(FakeNode):
    """Serves the demo's recording, and ``alchemy_getAssetTransfers`` over it.

    Parameters
    ----------
    keep
        Which rows the index knows.
    internal
        Whether it takes the category ``internal``; the recording has no such rows.
    page
        Rows of one answer.
    offered
        Whether there is an index at all.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        keep: Callable[[Row], bool] = lambda _row: True,
        internal: bool = True,
        page: int = 1_000,
        max_range: int | None = None,
        offered: bool = True,
    ) -> None:
        super().__init__(raw=self._answer)
        self._known = Methods(recording, max_range)
        self._rows = [row for row in rows_of(recording) if keep(row)]
        self._internal, self._page, self._offered = internal, page, offered

    def _answer(self, body: Any) -> tuple[int, dict[str, str], bytes]:
        many = body if isinstance(body, list) else [body]
        answers = [
            self._transfers(one)
            if self._offered and one["method"] == "alchemy_getAssetTransfers"
            else self._known.answer(one)
            for one in many
        ]
        return 200, {}, json.dumps(answers if isinstance(body, list) else answers[0]).encode()

    def _transfers(self, request: Any) -> Any:
        [asked] = request["params"]
        head = {"jsonrpc": "2.0", "id": request["id"]}
        if "internal" in asked["category"] and not self._internal:
            text = 'Provided network local does not support these requested categories: ["internal"]'
            return {**head, "error": {"code": -32600, "message": text}}
        first, last = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        found = [
            row
            for row in self._rows
            if first <= int(row["blockNum"], 16) <= last
            and row["category"] in asked["category"]
            and asked.get("fromAddress") in (None, row["from"])
            and asked.get("toAddress") in (None, row["to"])
            and not (asked["excludeZeroValue"] and int(row["rawContract"]["value"], 16) == 0)
        ]
        at, size = int(asked.get("pageKey", "0")), min(int(asked["maxCount"], 16), self._page)
        more = {"pageKey": str(at + size)} if at + size < len(found) else {}
        return {**head, "result": {"transfers": found[at : at + size], **more}}


@cache
def rows_of(recording: Recording) -> list[Row]:
    """Every transfer of a recording as the index tells it, newest first."""
    rows = []
    for number in range(recording.head, -1, -1):
        block = recording.block(number, full=True)
        time = datetime.fromtimestamp(int(block["timestamp"], 16), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        place = {"blockNum": hex(number), "metadata": {"blockTimestamp": time}}
        for sent, receipt in zip(block["transactions"], recording.receipts(number), strict=True):
            named = {**place, "hash": sent["hash"]}
            raw = {"value": sent["value"], "address": None, "decimal": "0x12"}
            rows.append({**named, "from": sent["from"], "to": sent["to"], "category": "external", "rawContract": raw})
            for log in receipt["logs"]:
                if log["topics"] and log["topics"][0] == TRANSFER and len(log["topics"]) == 3:
                    sides = {
                        side: "0x" + topic[-40:] for side, topic in zip(("from", "to"), log["topics"][1:], strict=True)
                    }
                    raw = {"value": log["data"], "address": log["address"], "decimal": None}
                    rows.append({**named, **sides, "category": "erc20", "rawContract": raw})
    return rows


@cache
def shipped() -> Recording:
    """The demo's recording."""
    return Recording.load(SHIPPED)
