"""HyperSync over the recorded chain, as Envio documents it: ``GET /chain_id`` and ``POST /query`` with a token."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from tests.fakes.loopback import Handler, Loopback
from watcher.demo.node import Recording

Row = dict[str, Any]
TOKEN = "token-of-a-test"
KNOWN = {"from_block", "to_block", "logs", "transactions", "field_selection", "max_num_logs", "max_num_transactions"}


class FakeHyperSync(Loopback):
    """Answers questions about a recording.

    Parameters
    ----------
    keep
        Which transactions it knows, by hash.
    span
        Blocks that one question gets through.
    height
        Its newest block; None: the recording's.
    raw
        Takes each path first; returns (status, headers, body) to answer in its own way, or None.
    chain_id
        Of the chain that it says it serves; None: the recording's.
    """

    def __init__(
        self,
        recording: Recording | None = None,
        *,
        keep: Callable[[str], bool] = lambda _hash: True,
        span: int = 10**9,
        height: int | None = None,
        raw: Callable[[str], tuple[int, dict[str, str], bytes] | None] = lambda _path: None,
        chain_id: int | None = None,
    ) -> None:
        self._recording, self._keep, self._span = recording, keep, span
        self._height = recording.head if height is None and recording else height or 0
        self._chain_id = chain_id or (recording.chain_id if recording else 1)
        self.queries: list[Row] = []
        self.paths: list[str] = []
        fake = self

        class Queries(Handler):
            def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
                self.give(lambda: {"chain_id": fake._chain_id})

            def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
                body = self.read_json()
                fake.queries.append(body)
                self.give(lambda: fake.answer(body))

            def give(self, result: Callable[[], Any]) -> None:
                fake.paths.append(f"{self.command} {self.path}")
                if self.headers["Authorization"] != f"Bearer {TOKEN}":
                    self.say(401, {}, b"no token")
                elif self.path != ("/chain_id" if self.command == "GET" else "/query"):
                    self.say(404, {}, b"")
                else:
                    self.say(*(raw(self.path) or (200, {}, json.dumps(result()).encode())))

        super().__init__(Queries)

    def answer(self, query: Row) -> Row:
        """The blocks from ``from_block`` on, up to a limit: the rows that were asked for, and what belongs to them."""
        assert query.keys() <= KNOWN
        assert self._recording is not None
        first, fields = query["from_block"], query["field_selection"]
        following = max(first, min(query["to_block"], self._height + 1, first + self._span))
        parts = []
        for block, transactions, logs in _tables(self._recording)[first:following]:
            named = [log for log in logs if any(_fits(log, each) for each in query["logs"])]
            # The default join: logs bring their transactions, and both bring their blocks.
            hashes = {log["transaction_hash"] for log in named}
            senders = {wallet for each in query.get("transactions", ()) for wallet in each["from"]}
            sent = [each for each in transactions if each["hash"] in hashes or each["from"] in senders]
            named = [log for log in named if self._keep(log["transaction_hash"])]
            sent = [each for each in sent if self._keep(each["hash"])]
            if named or sent:
                parts.append(
                    {
                        "blocks": [_only(block, fields["block"])],
                        "logs": [_only(log, fields["log"]) for log in named],
                        **(
                            {"transactions": [_only(each, fields["transaction"]) for each in sent]}
                            if "transaction" in fields
                            else {}
                        ),
                    }
                )
        return {"data": parts, "archive_height": self._height, "next_block": following, "total_execution_time": 1}


def _fits(log: Row, selection: Row) -> bool:
    return all(not wanted or log[f"topic{place}"] in wanted for place, wanted in enumerate(selection["topics"]))


def _only(row: Row, names: list[str]) -> Row:
    return {name: row[name] for name in names}


@cache
def _tables(recording: Recording) -> list[tuple[Row, list[Row], list[Row]]]:
    """Every block with its transactions and logs, in HyperSync's words."""
    tables = []
    for number in range(recording.head + 1):
        block = recording.block(number, full=True)
        at = {"block_number": number}
        sent = [at | {"hash": each["hash"], "from": each["from"]} for each in block["transactions"]]
        logs = [
            at
            | {
                "transaction_hash": log["transactionHash"],
                "log_index": int(log["logIndex"], 16),
                "address": log["address"],
                "data": log["data"],
                **{f"topic{place}": (*log["topics"], None, None, None, None)[place] for place in range(4)},
            }
            for receipt in recording.receipts(number)
            for log in receipt["logs"]
        ]
        tables.append(({"number": number, "timestamp": block["timestamp"]}, sent, logs))
    return tables
