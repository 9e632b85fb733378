"""HyperSync (Envio) as a wallet index: a service of its own beside the node, over its HTTP JSON API.

Sources: docs.envio.dev, "HyperSync Query", "Using curl with HyperSync", "API Tokens" and "Supported Networks" (August
2026); the types of the answer are those that Envio's own indexer reads (``HyperSyncJsonApi.res``), ``/chain_id`` and
the headers of its rate limit those of Envio's client (``hypersync-client-rust``).

It is asked for logs and for the wallet's own transactions, not for calls inside transactions: what came to a wallet is
looked at itself (``ingest.evm.sync.wallet_index``). As with every index, what it says only names transactions.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ingest.errors import EndpointRefused, MethodForbidden, RpcRejected, RpcUnavailable
from ingest.evm.logs.json_codec import RawLog, parse
from ingest.evm.logs.logs import address, number, read_log
from ingest.evm.logs.token_flows import read_transfers
from ingest.evm.logs.topics import TRANSFER
from ingest.evm.rpc.adaptive_size import AdaptiveSize
from ingest.evm.rpc.answer_checks import TIME_BITS, check_log, hash32, integer, moment, well_formed
from ingest.evm.rpc.endpoint import HEADERS, Endpoint
from ingest.evm.rpc.endpoint_health import EndpointHealth
from ingest.evm.rpc.error_classification import LONGEST
from ingest.evm.rpc.node import Node
from ingest.evm.sync.wallet_index import IndexedTransfer, Question
from ingest.secret import Secrets, secrets_of
from ingest.text import clean

NAME = "hypersync"  #: in the configuration
QUERY = "hypersync_query"  #: what ``ingest.evm.rpc.node`` calls ``POST /query``
CHAIN = "eth_chainId"  #: ``GET /chain_id``
ROWS = 10_000  #: of one answer, about; it finishes the group of blocks that it has begun
BLOCKS = 10_000_000  #: that one question gets through in its five seconds, about
LOG = ("block_number", "transaction_hash", "log_index", "address", "data", "topic0", "topic1", "topic2", "topic3")


def url(chain_id: int) -> str:
    """Where a chain is served."""
    return f"https://{chain_id}.hypersync.xyz"


class HyperSync(Endpoint):
    """Speaks HyperSync's own HTTP to a ``Node`` that asks in JSON-RPC, so that all of its limits hold here too.

    Parameters
    ----------
    token
        Of the account, sent as ``Authorization: Bearer``; never shown.
    """

    def __init__(self, url: str, *, name: str, standing: EndpointHealth, timeout_s: float, token: str) -> None:
        super().__init__(url, name=name, standing=standing, timeout_s=timeout_s)
        standing.batch = AdaptiveSize(1, 1)  # it knows no batches
        self._token = token
        self._secrets = Secrets([token, *secrets_of(url)])

    def _request(self, body: Any) -> dict[str, Any]:
        headers = {**HEADERS, "Authorization": f"Bearer {self._token}"}
        if body["method"] == CHAIN:
            return {"method": "GET", "url": f"{self._url}/chain_id", "headers": headers}
        if body["method"] != QUERY:
            raise MethodForbidden(f"{body['method']} is no question to HyperSync; it was not sent")
        content = msgspec.json.encode(body["params"][0])
        return {"method": "POST", "url": f"{self._url}/query", "content": content, "headers": headers}

    def _read(self, status: int, headers: Mapping[str, str], content: bytearray, body: Any) -> Any:
        answer = parse(content, body)
        if status == 200 and isinstance(answer, dict):
            result: Any = answer
            if body["method"] == CHAIN:
                result = hex(served) if (served := number(answer.get("chain_id"))) is not None else None
            return {"jsonrpc": "2.0", "id": body["id"], "result": result}
        if status in {400, 422}:
            words = self.redact(clean(content[:1_000].decode(errors="replace"), LONGEST))
            raise RpcRejected(f"{self.name}: HTTP {status}: {words}")
        if status in {401, 403}:
            raise EndpointRefused(f"{self.name}: HTTP {status}; the token is refused: check EDGEWATCH_HYPERSYNC_TOKEN")
        if status == 429 and "retry-after" not in headers:
            headers = {"retry-after": headers.get("x-ratelimit-reset", "")}  # seconds until more may be asked
        return super()._read(status, headers, bytearray(), body)


def ask(node: Node, question: Question) -> tuple[list[IndexedTransfer], str | None]:
    """Ask HyperSync; its pages are parts of the range, oldest first. Failed transactions are named too.

    Parameters
    ----------
    node
        Through ``HyperSync``.

    Raises
    ------
    RpcRejected
        It does not take the question.
    RpcUnavailable
        The answer cannot be used, or does not reach that far yet.
    """
    first = question.blocks.first if question.page is None else int(question.page)
    padded = "0x" + question.wallet[2:].rjust(64, "0")
    asked: dict[str, Any] = {
        "from_block": first,
        "to_block": question.blocks.last + 1,  # exclusive
        "logs": [{"topics": [[TRANSFER], [padded], []] if question.out else [[TRANSFER], [], [padded]]}],
        "field_selection": {"block": ["number", "timestamp"], "log": list(LOG)},
        "max_num_logs": ROWS,
        "max_num_transactions": ROWS,
    }
    if question.out:
        # What was sent to the wallet is not asked for: native coin that comes is no trade and no movement here.
        asked["transactions"] = [{"from": [question.wallet]}]
        asked["field_selection"]["transaction"] = ["block_number", "hash", "from"]
    [answer] = node.batch([(QUERY, [asked])], required=("data", "next_block"))
    with well_formed("a wallet's transactions"):
        rows, following = list(_rows(answer["data"], question)), integer(answer["next_block"])
    if following <= first:
        raise RpcUnavailable(f"the index has not come to block {first:,} yet")
    if not all(first <= row.block < following for row in rows):
        raise RpcUnavailable("the index's answer is malformed: what it names is not of its blocks")
    return rows, None if following > question.blocks.last else str(following)


def _rows(parts: Sequence[Mapping[str, Any]], question: Question) -> Iterator[IndexedTransfer]:
    blocks, logs, transactions = (
        [row for part in parts for row in part.get(table) or ()] for table in ("blocks", "logs", "transactions")
    )
    times = {integer(block["number"]): _time(block["timestamp"]) for block in blocks}
    # What is given twice counts once.
    for log in {(integer(log["block_number"]), integer(log["log_index"])): log for log in logs}.values():
        topics = tuple(word for place in range(4) if (word := log.get(f"topic{place}")) is not None)
        raw = RawLog(address=log["address"], topics=topics, data=log.get("data") or "0x")
        check_log(raw)
        if (known := read_log(raw)) is None:
            raise ValueError("not a Transfer")
        for moved in read_transfers((known,)):  # none: an NFT's
            if (moved.source if question.out else moved.target) != question.wallet:
                raise ValueError("a transfer of another wallet")
            place = _place(log["block_number"], log["transaction_hash"], times, question)
            yield IndexedTransfer(category="erc20", token=moved.token, amount_raw=moved.amount, **place)
    for sent in transactions if question.out else ():
        # The transactions of all logs are told as well, whoever sent them.
        if address(sent["from"]) == question.wallet:
            place = _place(sent["block_number"], sent["hash"], times, question)
            yield IndexedTransfer(category="external", token=None, amount_raw=None, **place)


def _place(block: object, tx_hash: object, times: Mapping[int, int], question: Question) -> dict[str, Any]:
    at = integer(block)
    if not question.blocks.first <= at <= question.blocks.last:
        raise ValueError("a transaction that was not asked for")
    return {"block": at, "tx_hash": hash32(tx_hash), "timestamp": times.get(at)}


def _time(value: object) -> int:
    """Unix seconds: a number, or, as Envio's own indexer takes it too, hex digits."""
    return moment(value) if isinstance(value, str) else integer(value, TIME_BITS)
