"""JSON-RPC answers from bytes: logs, which come by the hundred thousand, as structs; everything else as it is."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypedDict

import msgspec

from ingest.evm.logs.gc_pause import collector_off


# Structs, here and in ``ingest.evm.logs.logs``: made in C, at a tenth of a dataclass's cost.
class RawLog(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One log in the node's own words: typed, not yet believed. Fields of the execution-apis' ``Log`` that are used."""

    address: str
    topics: tuple[str, ...]
    data: str
    log_index: str | int | None = None
    block_number: Any = None
    block_hash: Any = None
    transaction_hash: Any = None
    transaction_index: Any = None
    removed: Any = None


class _LogsAnswer(TypedDict, total=False):
    id: Any
    result: list[RawLog] | None
    error: Any


NESTING = 1_000  #: levels; CPython's default
_LOGS = msgspec.json.Decoder(_LogsAnswer | list[_LogsAnswer])


def parse(body: bytes | bytearray, request: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
    """Parse the body of an HTTP answer.

    Parameters
    ----------
    body
        As received.
    request
        The JSON-RPC request, or the batch of them, that it answers.

    Returns
    -------
    Any
        The answer, or the list of them, as plain objects; None where it is not JSON (RFC 8259). Where nothing but
        ``eth_getLogs`` was asked for, each result is a list of ``RawLog``; plain objects again where one of the logs
        has not the shape of a log.
    """
    requests = [request] if isinstance(request, Mapping) else request
    with collector_off(), _shallow():
        try:
            if all(each["method"] == "eth_getLogs" for each in requests):
                try:
                    return _LOGS.decode(body)
                except msgspec.ValidationError:
                    pass
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            return None


@contextmanager
def _shallow() -> Iterator[None]:
    """Keep Python's own limit of nesting meanwhile.

    Libraries raise it for the whole process (py_ecc to 100,000): a tower of brackets would then end in a crash of
    the C stack instead of a ``RecursionError``.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(min(limit, NESTING))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def raw_logs(entries: object) -> list[RawLog | None]:
    """Give plain objects the shape of logs; None in the place of each that does not have it.

    Parameters
    ----------
    entries
        What should be a list of logs; logs that have their shape already are kept.
    """
    if not isinstance(entries, Sequence) or isinstance(entries, str | bytes):
        return []
    try:
        return msgspec.convert(entries, list[RawLog | None])
    except msgspec.ValidationError:
        return [_raw_log(entry) for entry in entries]


def _raw_log(entry: object) -> RawLog | None:
    try:
        return msgspec.convert(dict(entry) if isinstance(entry, Mapping) else entry, RawLog)
    except msgspec.ValidationError:
        return None
