"""Which blocks to read next, for whom, and in how large steps. Pure range arithmetic; ranges include both ends."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt

FIRST_STEP = 1_000  #: blocks; small enough for most providers, doubled while the node agrees
LARGEST_STEP = 2**28


@dataclass(frozen=True, slots=True, order=True)
class BlockRange:
    """Blocks ``first`` to ``last``, both included."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingBlocks:
    """Blocks that were not read yet for these wallets."""

    blocks: BlockRange
    wallets: frozenset[str]


def merge(ranges: Iterable[BlockRange]) -> list[BlockRange]:
    """Sorted union: overlapping and adjacent ranges become one."""
    merged: list[BlockRange] = []
    for item in sorted(ranges):
        if merged and item.first <= merged[-1].last + 1:
            merged[-1] = BlockRange(merged[-1].first, max(merged[-1].last, item.last))
        else:
            merged.append(item)
    return merged


def missing(wanted: BlockRange, covered: Iterable[BlockRange]) -> list[BlockRange]:
    """The parts of ``wanted`` that no covered range holds, in ascending order."""
    gaps, at = [], wanted.first
    for item in merge(covered):
        if item.last < at:
            continue
        if item.first > wanted.last:
            break
        if item.first > at:
            gaps.append(BlockRange(at, item.first - 1))
        at = item.last + 1
    if at <= wanted.last:
        gaps.append(BlockRange(at, wanted.last))
    return gaps


def plan(wanted: Mapping[str, BlockRange], covered: Mapping[str, Iterable[BlockRange]]) -> list[MissingBlocks]:
    """What is left to read, so that each block is read once for all the wallets that lack it.

    Parameters
    ----------
    wanted
        Wallet to the blocks it needs.
    covered
        Wallet to the blocks that were read for it.

    Returns
    -------
    list of Gap
        Disjoint, in ascending order of blocks; neighbours differ in their wallets.
    """
    lacking = {wallet: missing(blocks, covered.get(wallet, ())) for wallet, blocks in wanted.items()}
    cuts = sorted({cut for gaps in lacking.values() for gap in gaps for cut in (gap.first, gap.last + 1)})
    planned: list[MissingBlocks] = []
    for first, after in pairwise(cuts):
        wallets = frozenset(
            wallet for wallet, gaps in lacking.items() if any(gap.first <= first <= gap.last for gap in gaps)
        )
        if not wallets:
            continue
        if planned and planned[-1].wallets == wallets and planned[-1].blocks.last + 1 == first:
            planned[-1] = MissingBlocks(blocks=BlockRange(planned[-1].blocks.first, after - 1), wallets=wallets)
        else:
            planned.append(MissingBlocks(blocks=BlockRange(first, after - 1), wallets=wallets))
    return planned


def newest_first(gaps: Iterable[MissingBlocks], most: int) -> Iterator[MissingBlocks]:
    """The same gaps, newest first, in pieces of at most so many blocks, so that the newest days can be judged soon."""
    for gap in sorted(gaps, key=lambda each: each.blocks, reverse=True):
        last = gap.blocks.last
        while last >= gap.blocks.first:
            first = max(gap.blocks.first, last - most + 1)
            yield MissingBlocks(blocks=BlockRange(first, last), wallets=gap.wallets)
            last = first - 1


def spread(span: BlockRange, *, size: int, total: int) -> list[BlockRange]:
    """Disjoint windows, spread evenly over a span of blocks: one in each of as many equal parts of it.

    Parameters
    ----------
    span
        Where they lie.
    size
        Blocks of a window, > 0.
    total
        Blocks of all of them together, about.

    Returns
    -------
    list of BlockRange
        In such an order that any beginning of it is spread evenly as well. Neither where a window lies in its part nor
        the order has a period (multiples of irrational numbers, modulo 1), so that no hour of the day is preferred.
    """
    size = min(size, len(span))
    count = max(1, min(ceil(total / size), len(span) // size))
    part = len(span) / count
    found = []
    for number in range(count):
        low, high = ceil(number * part), int((number + 1) * part)
        first = span.first + low + int(max(0, high - low - size + 1) * (number * sqrt(2) % 1))
        found.append(BlockRange(first, min(first + size - 1, span.last)))
    order = sorted(range(count), key=lambda number: number * (sqrt(5) - 1) / 2 % 1)
    return [found[number] for number in order]
