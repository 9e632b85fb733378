"""A node's error object, read for what the caller can do about it. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from ingest.errors import IngestError, RangeRefused, RpcRejected, RpcUnavailable

# Wordings collected from providers (Alchemy, Infura, QuickNode, dRPC, blockpi, reth, erigon, Ankr). The code alone
# never decides: -32005 means "too many results" at one provider and "quota used up" at another.
_RANGE = re.compile(
    r"block range|range (is )?(too|limit|exceed)|ranges over|range \d+ exceeds|max block range|maximum block range|"
    r"max is \d+k? blocks|limited to a [\d,]+ ?(block)? ?range|limited to \d+ blocks? range|number of requested blocks|"
    r"more than \d+ results|max results|response size exceeded|too many (logs|results)|query exceeds|logs? limit",
    re.IGNORECASE,
)
_BUSY = re.compile(
    r"rate limit|too many requests|quota|capacity|throughput|try again|retry later|timeout|timed out|overloaded|"
    r"unavailable|internal error|header not found|unknown block|beyond (the )?head|future block|out of range|"
    r"missing trie node|block not found|not yet available",
    re.IGNORECASE,
)
# Geth and its kin give a failed execution the code -32000, which also means busy.
_FAILED = re.compile(
    r"revert|out of gas|gas required exceeds|invalid (opcode|jump)|stack (under|over)flow|(init ?)?code size",
    re.IGNORECASE,
)
_HEX_RANGE = re.compile(r"\[\s*(0x[0-9a-f]+)\s*,\s*(0x[0-9a-f]+)\s*\]", re.IGNORECASE)
_DECIMAL_RANGE = re.compile(r"range (\d+)\s*-\s*(\d+)")
_BUSY_CODES = frozenset({-32000, -32001, -32002, -32005, -32016, -32603, 429})


def suggested_range(text: str) -> tuple[int, int] | None:
    """The block range that a refusal says would work, e.g. ``[0x10, 0x20]`` or ``range 16-32``.

    Returns
    -------
    tuple of (first, last) block, or None where the text names none or an empty one.
    """
    for pattern, base in ((_HEX_RANGE, 16), (_DECIMAL_RANGE, 10)):
        if match := pattern.search(text):
            first, last = (int(part, base) for part in match.groups())
            return (first, last) if last >= first else None
    return None


def classify(error: Mapping[str, Any], *, method: str) -> IngestError:
    """Turn a JSON-RPC error object into the exception that says what to do.

    Parameters
    ----------
    error
        The ``error`` member of a JSON-RPC answer (JSON-RPC 2.0, section 5.1).
    method
        The method that was asked; only ``eth_getLogs`` can be refused for its range.

    Returns
    -------
    RangeRefused
        Ask for fewer blocks.
    RpcUnavailable
        Ask again later: quota, load, or a node behind the head.
    RpcRejected
        Asking again is useless.
    """
    code, text = error.get("code"), str(error.get("message", error))[:300]
    data = error.get("data")
    if method == "eth_getLogs" and _RANGE.search(text) and not re.search(r"rate limit|quota|too many req", text, re.I):
        suggested = suggested_range(text)
        if suggested is None and isinstance(data, Mapping) and "from" in data and "to" in data:
            suggested = suggested_range(f"[{data['from']}, {data['to']}]")
        return RangeRefused(text, suggested=suggested)
    if code == 3 or _FAILED.search(text):
        return RpcRejected(f"{method}: {text}")
    if _BUSY.search(text) or code in _BUSY_CODES:
        return RpcUnavailable(f"{method}: {text}")
    return RpcRejected(f"{method}: {text} (code {code})")
