"""A node's error object, read for what the caller can do about it. Pure."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from ingest.errors import IngestError, NotOffered, RangeRefused, RpcRejected, RpcUnavailable, TryElsewhere
from ingest.text import clean

# Wordings collected from providers and nodes (Alchemy, Infura, QuickNode, dRPC, blockpi, Ankr, Chainstack, 1rpc,
# publicnode; geth, erigon, reth, op-geth). The code alone never decides: -32005 means "too many results" at one
# provider and "quota used up" at another.
_BEHIND = re.compile(
    r"beyond (the )?(current )?head|header not found|unknown block|block (is )?not (found|yet)|future block|"
    r"blocks specified .{0,60}cannot be found|"
    r"not yet (available|known|synced)|invalid block range params|block ?(is )?out ?of ?range|"
    r"after (the )?last (accepted|known) block|(greater|higher) than (the )?(latest|current|head)",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"missing trie node|state .{0,40}(not available|unavailable|pruned)|pruned|pruning|"
    r"archive (node|state|data|request|tier|plan|access|mode)|historical (state|data|block)|proof window",
    re.IGNORECASE,
)
_SPENT = re.compile(
    r"daily|monthly|quota|credits|payment required|usage limit|billing",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"rate.?limit|too many req|request rate|requests? (count|limit)|capacity|throughput|"
    r"per (second|minute)|compute units",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"block range|range (is )?(too|limit|exceed)|ranges over|range \d+ exceeds|max range|"
    r"max is \d+k? blocks|limited to a [\d,]+ ?(blocks?)? ?range|limited to [\d ,-]+ blocks? range|"
    r"number of requested blocks|more than [\d,]+ (results|logs)|max results|"
    r"(response|result) (size )?(is )?too (big|large)|"
    r"response size exceeded|too many (logs|results|blocks)|query exceeds|logs? limit|^limit exceeded$",
    re.IGNORECASE,
)
# Of logs, and of nothing else that was known: who speaks of blocks and of a measure means fewer of them.
_THING, _MEASURE = r"(blocks?|range|logs|results)", r"(limit|max|exceed|allowed|too (wide|large|big|many)|less than)"
_LIKE_RANGE = re.compile(rf"\b{_THING}\b.{{0,60}}{_MEASURE}|{_MEASURE}.{{0,60}}\b{_THING}\b", re.IGNORECASE)
_SLOW = re.compile(r"timeout|timed out|took too long|deadline exceeded", re.IGNORECASE)
_BUSY = re.compile(
    r"try again|retry later|timeout|timed out|overloaded|unavailable|internal error|busy|server error",
    re.IGNORECASE,
)
# Geth and its kin give a failed execution the code -32000, which also means busy.
_FAILED = re.compile(
    r"revert|out of gas|gas required exceeds|invalid (opcode|jump)|stack (under|over)flow|(init ?)?code size",
    re.IGNORECASE,
)
_HEX_RANGE = re.compile(r"\[\s*(0x[0-9a-f]+)\s*,\s*(0x[0-9a-f]+)\s*\]", re.IGNORECASE)
_DECIMAL_RANGE = re.compile(r"range (\d+)\s*-\s*(\d+)")
_MOST = re.compile(
    r"(?:max(?:imum)?(?: block)? range(?: is|:)?|max is|requested blocks is|limit(?:ed)? (?:of|to)(?: a| 0 -)?|"
    r"ranges over|up to an?|maximum is(?: set to)?|the limit is|less than|greater than)\s+([\d,]+)(k?)\b",
    re.IGNORECASE,
)
# Geth and its kin say it as the error of the batch's first request, or of those for which no room was left.
_BATCH = re.compile(r"\bbatch", re.IGNORECASE)
_BATCH_LIMIT = re.compile(r"\bbatch.{0,20}(limit|size|large)|(large|big|exceeds?|maximum) .{0,20}batch", re.IGNORECASE)
_NO_ROOM = re.compile(r"(response|result) (size )?(is )?too (big|large)|response size exceeded", re.IGNORECASE)
LONGEST = 400  #: characters of a node's words that are read and shown
NO_METHOD = -32601  #: JSON-RPC 2.0, section 5.1
_BUSY_CODES = frozenset({-32000, -32001, -32002, -32005, -32016, -32603, 429})


class Refusal(NamedTuple):
    """An error object (JSON-RPC 2.0, section 5.1), as far as it can be understood."""

    code: int | None  #: None: it has none that is a number
    text: str  #: one clean line; "" where it has no words
    work: str = ""  #: the range that would work, in words, where ``data`` names one


def hear(error: object) -> Refusal:
    """Read the ``error`` member of an answer, whatever a node has put there."""
    if not isinstance(error, Mapping):
        return Refusal(None, _words(error))
    code, said = error.get("code"), error.get("data")
    work = ""
    if isinstance(said, Mapping) and _words(said.get("from")) and _words(said.get("to")):
        work = f"[{_words(said['from'])}, {_words(said['to'])}]"
    text = _words(error.get("message")) or _words(said)
    return Refusal(code if type(code) is int and abs(code) < 2**31 else None, text, work)


def _words(value: object) -> str:
    return clean(value, LONGEST) if isinstance(value, str) else ""


def suggested_blocks(text: str) -> int | None:
    """How many blocks a refusal says would work; None where it names no number, or an empty range.

    A range comes first: ``[0x10, 0x20]``, or ``range 16-32``. Else the limit in words: ``limited to a 10,000 range``,
    ``max is 1k blocks``.
    """
    for pattern, base in ((_HEX_RANGE, 16), (_DECIMAL_RANGE, 10)):
        if match := pattern.search(text):
            first, last = (int(part, base) for part in match.groups())
            return last - first + 1 if first <= last < 2**63 else None
    if match := _MOST.search(text):
        number = int(match[1].replace(",", "") or 0) * (1_000 if match[2] else 1)
        return number if 0 < number < 2**63 else None
    return None


def too_many_together(error: Refusal, *, method: str) -> bool:
    """Whether an error of one request in a batch is about the batch: fewer together are answered."""
    text = error.text
    if error.code == 3 or _FAILED.search(text):
        return False  # a contract's words
    if _BATCH_LIMIT.search(text) or (method != "eth_getLogs" and _NO_ROOM.search(text)):
        return True
    return bool(_BATCH.search(text)) and not _RATE.search(text) and not _SPENT.search(text)


def classify(error: Refusal, *, method: str) -> IngestError:
    """Turn a JSON-RPC error object into the exception that says what to do.

    Parameters
    ----------
    error
        The ``error`` member of a JSON-RPC answer, as ``hear`` reads it.
    method
        The method that was asked; only ``eth_getLogs`` can be refused for its range.

    Returns
    -------
    RangeRefused
        Ask for fewer blocks.
    TryElsewhere
        This endpoint is behind the head, dropped old state, or used up its quota: a smaller range would not help.
    RpcUnavailable
        Ask again later: rate limit or load, or an error that is none by JSON-RPC and that nobody understands.
    NotOffered, RpcRejected
        Asking again is useless, of the first one at this endpoint.
    """
    code, text = error.code, error.text[:LONGEST]
    said = f"{method}: {text or 'an error without words'}"
    if code == 3 or (method != "eth_getLogs" and _FAILED.search(text)):
        return RpcRejected(said)  # first: what a contract says as it reverts is a stranger's word
    if _BEHIND.search(text):
        return TryElsewhere(said)
    if method == "eth_getLogs" and not _SPENT.search(text) and not _RATE.search(text) and _RANGE.search(text):
        return RangeRefused(said, suggested=suggested_blocks(f"{text} {error.work}"))
    if _SPENT.search(text):
        return TryElsewhere(said)
    if _RATE.search(text):
        return RpcUnavailable(said, too_fast=True)
    if _GONE.search(text):
        return TryElsewhere(said, gone=True)
    if method == "eth_getLogs" and (_SLOW.search(text) or (code != NO_METHOD and _LIKE_RANGE.search(text))):
        return RangeRefused(said, suggested=suggested_blocks(text))
    if _BUSY.search(text) or code is None or code in _BUSY_CODES:
        return RpcUnavailable(said)
    if code == NO_METHOD:
        return NotOffered(f"{said} (code {code})", method=method)
    return RpcRejected(f"{said} (code {code})")
