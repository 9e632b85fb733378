"""Range arithmetic: every missing block is read once, and no other."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.logs.block_ranges import BlockRange, MissingBlocks, merge, missing, newest_first, plan, spread

ranges = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: BlockRange(pair[0], pair[0] + pair[1]))


def blocks(items):
    return {block for item in items for block in range(item.first, item.last + 1)}


@given(st.lists(ranges))
def test_merging_keeps_the_blocks_and_leaves_gaps_between(items):
    """The union is the same set of blocks, and its parts do not touch."""
    merged = merge(items)
    assert blocks(merged) == blocks(items)
    assert all(a.last + 1 < b.first for a, b in pairwise(merged))


@given(ranges, st.lists(ranges))
def test_missing_is_set_difference(wanted, covered):
    """What is missing is what is wanted and not covered."""
    assert blocks(missing(wanted, covered)) == blocks([wanted]) - blocks(covered)


@given(st.dictionaries(st.sampled_from("abc"), ranges), st.dictionaries(st.sampled_from("abc"), st.lists(ranges)))
def test_the_plan_reads_each_missing_block_once_for_all_who_lack_it(wanted, covered):
    """Gaps are disjoint and ascending, and each wallet finds exactly its missing blocks in them."""
    planned = plan(wanted, covered)
    assert all(a.blocks.last < b.blocks.first for a, b in pairwise(planned))
    for wallet, blocks_wanted in wanted.items():
        mine = [gap.blocks for gap in planned if wallet in gap.wallets]
        assert blocks(mine) == blocks([blocks_wanted]) - blocks(covered.get(wallet, []))
    assert {wallet for gap in planned for wallet in gap.wallets} <= set(wanted)


@given(st.dictionaries(st.sampled_from("abc"), ranges), st.integers(1, 9))
def test_newest_first_reads_the_same_blocks_from_the_last_to_the_first(wanted, most):
    """Nothing is lost or read twice, no piece is larger than asked for, and each lies before the one read before it."""
    gaps = plan(wanted, {})
    pieces = list(newest_first(gaps, most))
    assert all(isinstance(piece, MissingBlocks) and len(piece.blocks) <= most for piece in pieces)
    assert all(later.blocks.first > earlier.blocks.last for later, earlier in pairwise(pieces))

    def read(items):
        return sorted((block, item.wallets) for item in items for block in blocks([item.blocks]))

    assert read(pieces) == read(gaps)


@given(st.integers(0, 100), st.integers(1, 5_000), st.integers(1, 50), st.integers(1, 5_000))
def test_windows_are_spread_without_touching_one_block_twice(first, blocks_, size, total):
    """Disjoint, of one size, inside the span; as many blocks as were asked for, if the span has them."""
    span = BlockRange(first, first + blocks_ - 1)
    found = spread(span, size=size, total=total)
    ordered = sorted(found)
    assert all(a.last < b.first for a, b in pairwise(ordered))
    assert span.first <= ordered[0].first
    assert ordered[-1].last <= span.last
    assert {len(window) for window in found} == {min(size, blocks_)}
    assert sum(map(len, found)) >= min(total, blocks_ - size)


@given(st.integers(2, 400), st.integers(1, 400))
def test_any_beginning_of_the_windows_is_spread_evenly(count, read):
    """Between two windows that were read lie at most three times as many blocks as if they stood in a row."""
    read = min(read, count)
    span = BlockRange(1, 100 * count)
    middles = sorted(window.first for window in spread(span, size=1, total=count)[:read])
    gaps = [b - a for a, b in pairwise([span.first, *middles, span.last])]
    assert max(gaps) <= 3 * len(span) / read + 200
