"""Reads a whole chain off a node and writes it as compactly as ``watcher.demo.node`` can restore it."""

import json
import lzma
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.localchain.anvil import Anvil
from watcher.demo.node import Json, Recording

# What the replay node derives again.
DERIVED = {
    "block": {"number", "parentHash", "logsBloom", "transactions"},
    "transaction": {"blockHash", "blockNumber", "blockTimestamp", "transactionIndex", "gasPrice"},
    "receipt": {
        *("type", "from", "to", "blockHash", "blockNumber", "transactionHash", "transactionIndex"),
        *("cumulativeGasUsed", "logsBloom", "logs"),
    },
}
Calls = dict[tuple[str, str], list[tuple[int, str]]]
"""(to, data) -> (from block, result), ascending."""


def read_chain(anvil: Anvil) -> list[tuple[Json, list[Json]]]:
    """Return every block with its transactions, and its receipts."""
    numbers = [hex(n) for n in range(int(anvil.rpc("eth_blockNumber"), 16) + 1)]
    blocks = anvil.batch([("eth_getBlockByNumber", (n, True)) for n in numbers], 50)
    receipts = anvil.batch([("eth_getBlockReceipts", (n,)) for n in numbers], 50)
    for of_block in receipts:
        for receipt in of_block:
            # Anvil's own addition, a number among hex quantities, which no other node sends.
            receipt.pop("blockTimestamp", None)
    return list(zip(blocks, receipts, strict=True))


def pack(chain: list[tuple[Json, list[Json]]], *, client: str, contracts: Sequence[str], calls: Calls) -> list[str]:
    """Return the recording's lines; raises if the replay node would not restore ``chain`` exactly."""
    kept = [
        (
            _keep("block", block),
            [
                (_keep("transaction", t), _keep("receipt", r), [_log(log) for log in r["logs"]])
                for t, r in zip(block["transactions"], receipts, strict=True)
            ],
        )
        for block, receipts in chain
    ]
    entries = [entry for _, entries in kept for entry in entries]
    defaults = {
        "block": _usual([block for block, _ in kept]),
        "transaction": _usual([entry[0] for entry in entries]),
        "receipt": _usual([entry[1] for entry in entries]),
    }
    header = {
        "chain_id": int(entries[0][0]["chainId"], 16),
        "client": client,
        "contracts": sorted(contracts),
        "defaults": defaults,
        "calls": [[to, data, _changes(seen)] for (to, data), seen in calls.items()],
    }
    lines = [_json(header)]
    for block, of_block in kept:
        packed = [
            [_differing(transaction, defaults["transaction"]), _differing(receipt, defaults["receipt"]), logs]
            for transaction, receipt, logs in of_block
        ]
        lines.append(_json({"block": _differing(block, defaults["block"]), "transactions": packed}))
    restored = Recording(lines)
    for number, (block, receipts) in enumerate(chain):
        assert restored.block(number, full=True) == block, f"block {number} is not restored"
        assert restored.receipts(number) == receipts, f"receipts of block {number} are not restored"
    return lines


def save(path: Path, lines: list[str]) -> None:
    """Write a recording."""
    path.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME))


def _keep(kind: str, record: Json) -> Json:
    return {key: value for key, value in record.items() if key not in DERIVED[kind]}


def _log(log: Json) -> list[Any]:
    return [log["address"], log["topics"], log["data"]]


def _usual(records: list[Json]) -> Json:
    """Return each field's most frequent value, of the fields that all records have."""
    fields = set.intersection(*(set(record) for record in records))
    return {
        field: json.loads(Counter(_json(record[field]) for record in records).most_common(1)[0][0])
        for field in sorted(fields)
    }


def _differing(record: Json, defaults: Json) -> Json:
    # A hash is what a record is found by: always there, even where it is the only one.
    return {k: v for k, v in record.items() if k in ("hash", "timestamp") or k not in defaults or defaults[k] != v}


def _changes(seen: list[tuple[int, str]]) -> list[list[Any]]:
    """Drop answers equal to the one before."""
    return [[block, result] for i, (block, result) in enumerate(seen) if not i or seen[i - 1][1] != result]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
