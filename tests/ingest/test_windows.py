"""Range arithmetic: every missing block is read once, and no other."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.windows import BlockRange, Gap, merge, missing, newest_first, plan

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
    assert all(isinstance(piece, Gap) and len(piece.blocks) <= most for piece in pieces)
    assert all(later.blocks.first > earlier.blocks.last for later, earlier in pairwise(pieces))

    def read(items):
        return sorted((block, item.wallets) for item in items for block in blocks([item.blocks]))

    assert read(pieces) == read(gaps)
