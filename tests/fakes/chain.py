"""A small scripted chain that can be reorganised, and the methods of a node that serves it and can be told to lie."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from eth_utils.crypto import keccak

from ingest.evm.logs.bloom import bloom_of
from tests.fakes.node import RpcFault
from tests.ingest import receipts as r

START, BLOCK_S = 1_700_000_000, 12
Lie = Callable[[str, list[Any], Any], Any]


def _hash(*parts: object) -> str:
    return "0x" + keccak(text=repr(parts)).hex()


class Payment:
    """A transaction by ``source`` that moves a token, and thereby logs one Transfer."""

    _salts = count()

    def __init__(self, source: str, target: str, amount: int, token: str = r.COIN) -> None:
        self.source, self.target = source, target
        self.log = r.transfer(token, source, target, amount)
        self.logs = [self.log]
        self.transaction = r.transaction(sender=source, to=r.COIN)
        self.hash = _hash("transaction", next(self._salts))


class Called(Payment):
    """A transaction by ``source`` that calls a contract, which makes these logs."""

    def __init__(self, source: str, to: str, *logs: r.Raw, value: int = 0, data: bytes = b"") -> None:
        super().__init__(source, to, 0)
        self.logs = list(logs)
        self.transaction = r.transaction(sender=source, to=to, value=value, data=data)


class FakeChain:
    """Blocks of payments.

    Parameters
    ----------
    blooms
        ``true``; ``zero``: headers that deny every log.
    receipts
        Whether the node offers ``eth_getBlockReceipts``.
    """

    def __init__(self, *, blooms: str = "true", receipts: bool = True) -> None:
        self.blooms = blooms
        self.receipts = receipts
        self.blocks: list[dict[str, Any]] = []
        self.payments: list[list[Payment]] = []
        self.lie: Lie = lambda _method, _params, result: result
        self._fork = 0
        self.mine()

    @property
    def head(self) -> int:
        """Number of the newest block."""
        return len(self.blocks) - 1

    def mine(self, *payments: Payment) -> None:
        """One block more."""
        number = len(self.blocks)
        parent = self.blocks[-1]["hash"] if number else "0x" + "00" * 32
        bloom = bloom_of(log for each in payments for log in each.logs) if self.blooms == "true" else 0
        self.blocks.append(
            {
                "number": hex(number),
                "hash": _hash("block", parent, self._fork, [each.hash for each in payments]),
                "parentHash": parent,
                "timestamp": hex(START + BLOCK_S * number),
                "logsBloom": f"0x{bloom:0512x}",
                "transactions": [each.hash for each in payments],
            }
        )
        self.payments.append(list(payments))

    def reorganise(self, depth: int, *blocks: Iterable[Payment]) -> None:
        """Replace the newest ``depth`` blocks by others."""
        self._fork += 1
        del self.blocks[-depth:], self.payments[-depth:]
        for each in blocks:
            self.mine(*each)

    def methods(self) -> dict[str, Callable[..., Any]]:
        """For ``FakeNode``."""
        served: dict[str, Callable[..., Any]] = {
            "eth_blockNumber": lambda: hex(self.head),
            "eth_getBlockByNumber": self._block,
            "eth_getTransactionByHash": lambda name: self._transaction(*self._place(name)),
            "eth_getTransactionReceipt": lambda name: self._receipt(*self._place(name)),
            "eth_getLogs": self._logs,
        }
        if self.receipts:
            served["eth_getBlockReceipts"] = self._receipts
        return {name: self._lying(name, method) for name, method in served.items()}

    def _lying(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *params: self.lie(name, list(params), method(*params))

    def _block(self, number: str, full: bool) -> dict[str, Any] | None:
        height = max(0, self.head - 64) if number == "finalized" else int(number, 16)
        if height > self.head:
            return None
        block = self.blocks[height]
        whole = [self._transaction(height, index) for index in range(len(self.payments[height]))]
        return {**block, "transactions": whole} if full else block

    def _place(self, name: str) -> tuple[int, int]:
        for number, payments in enumerate(self.payments):
            for index, each in enumerate(payments):
                if each.hash == name:
                    return number, index
        return -1, -1

    def _transaction(self, number: int, index: int) -> dict[str, Any] | None:
        if number < 0:
            return None
        payment = self.payments[number][index]
        return {**payment.transaction, **self._where(number, index)} | {"hash": payment.hash}

    def _where(self, number: int, index: int) -> dict[str, Any]:
        block = self.blocks[number]
        return {
            "blockHash": block["hash"],
            "blockNumber": block["number"],
            "transactionIndex": hex(index),
            "transactionHash": self.payments[number][index].hash,
        }

    def _receipt(self, number: int, index: int) -> dict[str, Any] | None:
        if number < 0:
            return None
        payment, where = self.payments[number][index], self._where(number, index)
        first = sum(len(each.logs) for each in self.payments[number][:index])
        return {
            **r.receipt(),
            **where,
            "from": payment.source,
            "logs": [{**log, **where, "logIndex": hex(place)} for place, log in enumerate(payment.logs, first)],
        }

    def _receipts(self, number: str) -> list[Any] | None:
        height = int(number, 16)
        if height > self.head:
            return None
        return [self._receipt(height, index) for index in range(len(self.payments[height]))]

    def _logs(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        if "blockHash" in query:
            numbers = [int(each["number"], 16) for each in self.blocks if each["hash"] == query["blockHash"]]
            if not numbers:
                raise RpcFault(-32000, "unknown block")
        else:
            last = min(int(query["toBlock"], 16), self.head)
            numbers = list(range(int(query["fromBlock"], 16), last + 1))
        logs = [log for number in numbers for receipt in self._receipts(hex(number)) or () for log in receipt["logs"]]
        return [
            log
            for log in logs
            if query.get("address", log["address"]) == log["address"]
            and all(
                wanted is None or topic in wanted
                for wanted, topic in zip(query.get("topics", []), log["topics"], strict=False)
            )
        ]
