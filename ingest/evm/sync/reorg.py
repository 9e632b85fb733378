"""Where a chain that was reorganised still agrees with what was read of it. Pure."""

from collections.abc import Mapping

from ingest.evm.sync.header_checks import Link

TAIL = 256
"""Newest blocks whose hashes are kept, and how deep a rollback can reach (Polygon in February 2023: 157 blocks)."""


def common_ancestor(stored: Mapping[int, Link], now: Mapping[int, Link], *, floor: int) -> int | None:
    """The newest block up to which everything read is still part of the chain.

    Parameters
    ----------
    stored
        What is known of the newest blocks read, by number.
    now
        The same blocks as the node gives them now; a number that is missing counts as replaced.
    floor
        The first block that was read at all: before it nothing can be wrong.

    Returns
    -------
    int or None
        None where every known block was replaced, and older ones may have been too.
    """
    same = [number for number, link in stored.items() if number in now and now[number].hash == link.hash]
    if same:
        return max(same)
    oldest = min(stored)
    if floor >= oldest or (oldest in now and now[oldest].parent == stored[oldest].parent):
        return oldest - 1
    return None
