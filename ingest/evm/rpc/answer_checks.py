"""What a node may answer, method by method: the one place where a stranger's JSON is held to types and bounds. Pure.

``ingest.evm.rpc.batch`` reads every result here before anybody sees it. One that does not fit is no answer: it is asked
for again, and then of another endpoint. The readers below turn its parts into values; whatever they return is within
the bounds that the rest of the program, and its database, can hold.
"""

import re
from binascii import unhexlify
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ingest.errors import RpcUnavailable
from ingest.evm.logs.json_codec import RawLog, raw_logs
from ingest.evm.logs.logs import address, number
from ingest.text import clean

WORD_BITS = 256
COUNT_BITS = 63  #: numbers of blocks, indexes, chain ids: what a database's integer holds
TIME_BITS = 37  #: unix seconds until the year 6325: a ``datetime`` ends in 9999
BLOOM_DIGITS = 512
TOPICS = 4
LONGEST_NAME = 1_000  #: characters of a version, or of the name of a page

_HEX = "[0-9a-fA-F]"
_HASH = re.compile(rf"0x{_HEX}{{64}}")
_BLOOM = re.compile(rf"0x{_HEX}{{1,{BLOOM_DIGITS}}}")
_EMITTED = re.compile(rf"0x{_HEX}{{40}} 0x{_HEX}*(?: 0x{_HEX}{{64}}){{0,{TOPICS}}}")
_PLACED = re.compile(rf"0x{_HEX}{{64}} 0x{_HEX}{{64}}(?: 0x{_HEX}{{1,15}}){{3}}")  # 15 digits: within ``COUNT_BITS``

Check = Callable[[Any], object]
"""Raises ``ValueError`` where a value does not fit."""
Fields = dict[str, Check]
"""Of an object, by name."""


def quantity(value: object, bits: int = WORD_BITS) -> int:
    """Read a JSON-RPC quantity: ``0x`` and hex digits.

    Parameters
    ----------
    bits
        The largest value has so many.

    Raises
    ------
    ValueError
        It is none, or larger.
    """
    found = number(value) if isinstance(value, str) and value[:2] == "0x" else None
    if found is None or found >> bits:
        raise ValueError(f"not a quantity of at most {bits} bits")
    return found


def count(value: object) -> int:
    """Read the number of a block, an index, or the id of a chain; ``ValueError`` where it is none."""
    return quantity(value, COUNT_BITS)


def moment(value: object) -> int:
    """Read unix seconds; ``ValueError`` where they are none, or none that a calendar has."""
    return quantity(value, TIME_BITS)


def integer(value: object, bits: int = COUNT_BITS) -> int:
    """Read a JSON integer, 0 or above, of at most so many bits; ``ValueError`` where it is none."""
    if type(value) is not int or value < 0 or value >> bits:
        raise ValueError(f"not an integer of at most {bits} bits")
    return value


def hash32(value: object) -> str:
    """Read a hash of 32 bytes as lower-case hex; ``ValueError`` where it is none."""
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise ValueError("not a hash")
    return value.lower()


def account(value: object) -> str:
    """Read an address as lower-case hex; ``ValueError`` where it is none."""
    if (found := address(value)) is None:
        raise ValueError("not an address")
    return found


def data(value: object) -> bytes:
    """Read bytes: ``0x`` and pairs of hex digits; ``ValueError`` where they are none."""
    if not isinstance(value, str) or value[:2] != "0x":
        raise ValueError("not hex data")
    return unhexlify(value[2:])  # its error is a ValueError


def name(value: object) -> str:
    """Read a short text; ``ValueError`` where it is none."""
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise ValueError("not a short text")
    return value


def read_bloom(value: object) -> int:
    """Read a header's bloom as an integer; ``ValueError`` where it is none."""
    if not isinstance(value, str) or not _BLOOM.fullmatch(value):
        raise ValueError("not a bloom")
    return int(value, 16)


def _truth(value: object) -> None:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")  # noqa: TRY004 - one error for whatever does not fit


def _listed(check: Check) -> Check:
    def checked(value: object) -> None:
        if not isinstance(value, list):
            raise ValueError("not a list")  # noqa: TRY004
        for each in value:
            check(each)

    return checked


def _object(fields: Fields) -> Check:
    """An object whose fields fit, as far as they are there: which ones it must have, the caller says."""

    def checked(value: object) -> None:
        if not isinstance(value, Mapping):
            raise ValueError("not an object")  # noqa: TRY004
        for field, check in fields.items():
            if (part := value.get(field)) is not None:
                check(part)

    return checked


def _anything(_value: object) -> None:
    """Fits: each part is looked at where it is used."""


_PLACE: Fields = {"blockHash": hash32, "blockNumber": count, "transactionIndex": count}
_TRANSACTION: Fields = {
    **_PLACE,
    "hash": hash32,
    "from": account,
    "to": account,
    "input": data,
    "value": quantity,
    "gasPrice": quantity,
    "type": count,
}
_RECEIPT: Fields = {
    **_PLACE,
    "transactionHash": hash32,
    "from": account,
    "to": account,
    "status": count,
    "gasUsed": quantity,
    "effectiveGasPrice": quantity,
    "l1Fee": quantity,
}
#: What stands in its list of transactions is looked at one by one: ``is_transaction``.
_BLOCK: Fields = {"number": count, "hash": hash32, "parentHash": hash32, "timestamp": moment, "logsBloom": read_bloom}
_CALL: Fields = {"type": name, "from": account, "to": account, "value": quantity, "error": name}
_CALL |= {"calls": _listed(_anything)}
_ACTION: Fields = {
    "from": account,
    "to": account,
    "address": account,
    "refundAddress": account,
    "callType": name,
    "value": quantity,
    "balance": quantity,
}
_STEP: Fields = {
    "action": _object(_ACTION),
    "type": name,
    "traceAddress": _listed(integer),
    "result": _object({"address": account}),
    "error": name,
}
_TRANSFER: Fields = {
    "blockNum": count,
    "hash": hash32,
    "from": account,
    "to": account,
    "category": name,
    "rawContract": _object({"value": quantity, "address": account}),
    "metadata": _object({"blockTimestamp": name}),
}
_TRANSFERS: Fields = {"transfers": _listed(_object(_TRANSFER)), "pageKey": name}


def _emitted(emitter: object, topics: object, content: object) -> None:
    """Hold what a log says against its type, all at once: logs come by the ten thousand."""
    if not isinstance(emitter, str) or not isinstance(content, str) or not isinstance(topics, list | tuple):
        raise ValueError("not a log")  # noqa: TRY004
    try:
        line = " ".join((emitter, content, *topics))
    except TypeError:
        raise ValueError("not the topics of a log") from None
    # The lengths, and data without a space, leave one way only to read the line.
    whole = 43 + len(content) + 67 * len(topics)
    if len(line) != whole or len(content) % 2 or not content.isalnum() or not _EMITTED.fullmatch(line):
        raise ValueError("not what a log says")


def check_log(log: RawLog) -> None:
    """Hold what a log says against its type; ``ValueError`` where it does not fit."""
    _emitted(log.address, log.topics, log.data)


def _placed(log: RawLog) -> None:
    """Hold a log of ``eth_getLogs`` against its type."""
    check_log(log)
    try:
        line = " ".join(
            (log.block_hash, log.transaction_hash, log.block_number, log.transaction_index, str(log.log_index))
        )
    except TypeError:
        raise ValueError("it does not say where it stands") from None
    if not _PLACED.fullmatch(line) or not isinstance(log.removed, bool | None):
        raise ValueError("not where a log stands")


def _logs(value: object) -> list[RawLog]:
    if not isinstance(value, list):
        raise ValueError("not a list")  # noqa: TRY004
    logs = []
    for log in raw_logs(value):
        if log is None:
            raise ValueError("not a log")
        _placed(log)
        logs.append(log)
    return logs


def _receipt_log(log: object) -> None:
    """Hold a log of a receipt against its type; where it stands, the receipt says."""
    if not isinstance(log, Mapping):
        raise ValueError("not a log")  # noqa: TRY004
    _emitted(log.get("address"), log.get("topics"), log.get("data"))
    _log_index(log)


_log_index = _object({"logIndex": count, "removed": _truth})
_check_transaction = _object(_TRANSACTION)
_check_receipt = _object({**_RECEIPT, "logs": _listed(_receipt_log)})


def _calls(value: object) -> None:
    """A call with all calls below it."""
    one, stack = _object(_CALL), [value]
    while stack:
        call = stack.pop()
        one(call)
        assert isinstance(call, Mapping)
        stack += call.get("calls") or ()


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


_block, _transaction, _receipt = map(_or_null, (_object(_BLOCK), _check_transaction, _check_receipt))


#: Most receipts of a block nobody looks at: those that are used fit ``is_receipt``.
_block_receipts = _or_null(_listed(_object({})))


def _query(value: object) -> None:
    """HyperSync's answer; its rows are read one by one where they are used (``ingest.evm.sync.hypersync``)."""
    tables: Fields = dict.fromkeys(("blocks", "logs", "transactions"), _listed(_object({})))
    _object({"data": _listed(_object(tables)), "next_block": integer})(value)


_CHECKS: Mapping[str, Check] = {
    "eth_blockNumber": count,
    "eth_call": data,
    "eth_chainId": count,
    "eth_getBalance": quantity,
    "eth_getBlockByNumber": _block,
    "eth_getBlockReceipts": _block_receipts,
    "eth_getCode": data,
    "eth_getTransactionByHash": _transaction,
    "eth_getTransactionCount": count,
    "eth_getTransactionReceipt": _receipt,
    "debug_traceTransaction": _calls,
    "trace_transaction": _listed(_object(_STEP)),
    "web3_clientVersion": name,
    "alchemy_getAssetTransfers": _object(_TRANSFERS),
    "hypersync_query": _query,
}
LOGS = "eth_getLogs"
METHODS = frozenset({*_CHECKS, LOGS})
"""Every method whose results can be read here: all that may be asked (``ingest.evm.rpc.allowlist``)."""


def read(method: str, result: object) -> Any:
    """Read the result of a method: logs as ``RawLog``, everything else as it is.

    Raises
    ------
    ValueError
        It is not what the method may answer. Null is, where the node may not know a block or a transaction (yet).
    """
    if method == LOGS:
        return _logs(result)
    _CHECKS[method](result)
    return result


def is_transaction(value: object) -> bool:
    """Whether what stands in a block's list of transactions is one."""
    return _passes(_check_transaction, value)


def is_receipt(value: object) -> bool:
    """Whether what stands in a list of a block's receipts is one."""
    return _passes(_check_receipt, value)


def _passes(check: Check, value: object) -> bool:
    try:
        check(value)
    except ValueError:
        return False
    return True


@contextmanager
def well_formed(what: str) -> Iterator[None]:
    """Turn a missing or odd field of an answer into an ``RpcUnavailable``: it is asked for again."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RpcUnavailable(
            f"the node's answer on {what} is malformed: {type(error).__name__} {clean(str(error), 200)}"
        ) from None
