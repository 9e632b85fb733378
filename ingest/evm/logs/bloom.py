"""The bloom filter of a block's header: which logs the block *may* hold, and which it cannot. Pure.

An empty answer to ``eth_getLogs`` proves nothing; a header whose bloom lacks an item proves that no log holds it.
Yellow Paper, section 4.4.3 (M3:2048): three bits for each log's address and each of its topics.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from eth_utils.crypto import keccak

BYTES = 256


@lru_cache(maxsize=65_536)
def mask(item: str) -> int:
    """The bits of one item.

    Parameters
    ----------
    item
        An address or a topic, as hex with its leading zeros.
    """
    digest = keccak(hexstr=item)
    bits = 0
    for i in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[i : i + 2]) & 2047)
    return bits


def shows(bloom: int, item: str) -> bool:
    """Whether a block with this bloom may hold a log with the item; False is certain."""
    bits = mask(item)
    return bloom & bits == bits


def bloom_of(logs: Iterable[Mapping[str, Any]]) -> int:
    """The bloom of logs: a block's header holds exactly that of all its logs."""
    bits = 0
    for log in logs:
        for item in (log["address"], *log["topics"]):
            bits |= mask(item.lower())
    return bits
