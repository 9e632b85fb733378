"""Event logs as exact words. They are a stranger's bytes: nothing here raises, what cannot be read is left out."""

from binascii import unhexlify
from functools import lru_cache
from operator import attrgetter

import msgspec

from ingest.evm.logs.json_codec import RawLog, raw_logs
from ingest.evm.logs.topics import SIGNATURES

_LIMIT = 1 << 256
_HEX = frozenset("0123456789abcdefABCDEF")


def number(value: object) -> int | None:
    """Read a JSON-RPC quantity (``0x…``), a decimal string or an integer; None if it is none, or above 256 bits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < _LIMIT else None
    if not isinstance(value, str) or len(value) > 80 or not value.isascii():
        return None
    if value[:2] in ("0x", "0X"):
        try:
            # Without the check it takes signs, spaces and underscores.
            found = int(value, 16) if value[2:].isalnum() else -1
        except ValueError:
            return None
    else:
        found = int(value) if value.isdecimal() else -1
    return found if 0 <= found < _LIMIT else None


def address(value: object) -> str | None:
    """Read an address as lower-case hex; None if it is not one."""
    return _address(value) if isinstance(value, str) and len(value) == 42 else None


# Few different ones, again and again.
@lru_cache(maxsize=65_536)
def _address(text: str) -> str | None:
    return text.lower() if text[:2] == "0x" and _HEX.issuperset(text[2:]) else None


@lru_cache(maxsize=65_536)
def as_address(word: int) -> str | None:
    """Read a 32-byte word as an address; None if its upper twelve bytes are in use."""
    return "0x%040x" % word if 0 <= word < 1 << 160 else None  # noqa: UP031 - half the time of an f-string


class Log(msgspec.Struct, frozen=True, gc=False):
    """One event log: indexed words, data words and where it stands."""

    address: str
    topic: str
    indexed: tuple[int, ...]
    data: bytes
    index: int

    def word(self, position: int) -> int:
        """Return the data word at a position; what is missing reads as zero, as in the EVM's memory."""
        word = self.data[32 * position : 32 * position + 32]
        return int.from_bytes(word) if len(word) == 32 else int.from_bytes(word.ljust(32, b"\0"))

    def signed(self, position: int) -> int:
        """Return the data word at a position as a two's complement integer."""
        value = self.word(position)
        return value - (1 << 256) if value >> 255 else value

    def fits(self, indexed: int, words: int) -> bool:
        """Tell whether the log has exactly so many indexed words and at least so many data words."""
        return len(self.indexed) == indexed and len(self.data) >= 32 * words

    def fields(self) -> tuple[int, ...]:
        """Return indexed words followed by data words: the event's fields if it indexes the first ones."""
        return self.indexed + tuple(self.word(i) for i in range(min(len(self.data) // 32, 24)))


def read_logs(entries: object, *, every: bool = False) -> tuple[Log, ...]:
    """Read the logs of the events that are known here (``ingest.evm.logs.topics``), in order.

    What is malformed or was removed is left out.

    Parameters
    ----------
    entries
        ``RawLog`` or plain objects: a result of ``eth_getLogs``, or the ``logs`` of a receipt.
    every
        Read the logs of unknown events too: much slower where there are many.
    """
    found = [read_log(raw, position, every=every) for position, raw in enumerate(raw_logs(entries)) if raw is not None]
    return tuple(sorted([log for log in found if log is not None], key=attrgetter("index")))


_index = lru_cache(maxsize=4_096)(number)


def _is_word(text: str) -> bool:
    return len(text) == 66 and number(text) is not None


def read_log(raw: RawLog, position: int = 0, *, every: bool = False) -> Log | None:
    """Read one log, as ``read_logs`` does; ``position`` stands for an index that it does not tell."""
    topics, data = raw.topics, raw.data
    if not topics:
        return None
    topic = topics[0]
    if topic not in SIGNATURES and (topic := topic.lower()) not in SIGNATURES and not (every and _is_word(topic)):
        return None
    emitter = address(raw.address)
    if raw.removed is True or len(topics) > 4 or emitter is None or data[:2] != "0x":
        return None
    indexed = []
    try:
        # Unlike ``int(text, 16)``, ``unhexlify`` takes nothing but pairs of hex digits; and it is faster.
        for word in topics[1:]:
            if len(word) != 66 or word[:2] != "0x":
                return None
            indexed.append(int.from_bytes(unhexlify(word[2:])))
        content = unhexlify(data[2:])
    except ValueError:
        return None
    index = _index(raw.log_index)
    return Log(emitter, topic, tuple(indexed), content, position if index is None else index)


def topic(wallet: str) -> str:
    """An address as it stands in a log's topics."""
    return "0x" + wallet[2:].rjust(64, "0")
