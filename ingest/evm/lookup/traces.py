"""Native coin that moved inside a transaction: it leaves no log, only a trace, where the node offers one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.errors import RpcRejected, RpcUnavailable
from ingest.evm.rpc.node import Node, Request

Internal = dict[str, Any]
"""One internal transaction in the shape of Etherscan's ``txlistinternal``: from, to, value (decimal text), isError."""

METHODS = ("debug_traceTransaction", "trace_transaction")
PATIENCE = 20  #: transactions that no method served before a node counts as one without traces

# A delegate call runs with the caller's own coin: its value moves nothing.
_MOVES = frozenset({"CALL", "CALLCODE", "CREATE", "CREATE2", "SELFDESTRUCT", "SUICIDE"})


def _quantity(text: Any) -> int:
    try:
        return int(text or "0x0", 16)
    except (TypeError, ValueError):
        return 0


def _internal(sender: Any, receiver: Any, value: int) -> Internal:
    return {"from": str(sender or ""), "to": str(receiver or ""), "value": str(value), "isError": "0"}


def from_call_tracer(trace: Any) -> list[Internal]:
    """Read geth's ``callTracer`` (``debug_traceTransaction``): nested calls; a call that failed moved nothing."""
    return list(_below(trace)) if isinstance(trace, Mapping) else []


def _below(call: Mapping[str, Any]) -> Iterator[Internal]:
    stack = [child for child in call.get("calls") or () if isinstance(child, Mapping)][::-1]
    if call.get("error"):
        return
    while stack:
        child = stack.pop()
        if child.get("error"):
            continue
        value = _quantity(child.get("value"))
        if value and str(child.get("type", "")).upper() in _MOVES:
            yield _internal(child.get("from"), child.get("to"), value)
        stack += [each for each in child.get("calls") or () if isinstance(each, Mapping)][::-1]


def from_parity(traces: Any) -> list[Internal]:
    """Read OpenEthereum's flat ``trace_transaction``; what lies below a failed call moved nothing."""
    if not isinstance(traces, Sequence) or isinstance(traces, str):
        return []
    found: list[Internal] = []
    failed: list[tuple[int, ...]] = []
    for item in traces:
        if not isinstance(item, Mapping):
            continue
        place = tuple(part for part in item.get("traceAddress") or () if isinstance(part, int))
        if item.get("error"):
            failed.append(place)
        if not place or any(place[: len(above)] == above for above in failed):
            continue
        action = item.get("action") or {}
        kind = str(action.get("callType") or item.get("type") or "").upper()
        value = _quantity(action.get("value") or action.get("balance"))
        if value and kind in _MOVES:
            receiver = action.get("to") or action.get("refundAddress") or (item.get("result") or {}).get("address")
            found.append(_internal(action.get("from") or action.get("address"), receiver, value))
    return found


class Tracer:
    """Asks a node for traces, and learns whether it has any.

    Parameters
    ----------
    offers
        False: the node is known to have none, and is not asked.
    """

    def __init__(self, *, offers: bool = True) -> None:
        self.offers = offers
        self._served = False
        self._refused = 0

    def read(self, node: Node, hashes: Sequence[str]) -> dict[str, list[Internal]]:
        """Internal transactions by transaction hash; transactions that the node did not trace are left out."""
        found: dict[str, list[Internal]] = {}
        left = list(hashes)
        while left and self.offers:
            # Until one trace came, a few at a time: a node without traces should cost a few requests, not thousands.
            part, left = (left, []) if self._served else (left[:PATIENCE], left[PATIENCE:])
            found |= self._ask(node, part)
            self._served |= bool(found)
            self._refused += len(part)
            self.offers = self._served or self._refused < PATIENCE
        return found

    def _ask(self, node: Node, hashes: Sequence[str]) -> dict[str, list[Internal]]:
        found: dict[str, list[Internal]] = {}
        for method in METHODS:
            requests: list[Request] = [(method, _params(method, tx)) for tx in hashes if tx not in found]
            try:
                answers = node.batch(requests, tolerant=True)
            except RpcUnavailable:
                if self._served:
                    raise  # it could, so it will again
                continue  # plans without traces refuse them in the words of a busy node
            for (_, (tx, *_more)), answer in zip(requests, answers, strict=True):
                if not isinstance(answer, RpcRejected) and answer is not None:
                    found[tx] = from_call_tracer(answer) if method == METHODS[0] else from_parity(answer)
        return found


def _params(method: str, tx_hash: str) -> list[Any]:
    return [tx_hash, {"tracer": "callTracer"}] if method == METHODS[0] else [tx_hash]
