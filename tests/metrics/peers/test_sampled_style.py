"""How wallets traded, from a sample: unbiased in pace, the same in any order."""

from hypothesis import given
from hypothesis import strategies as st

from metrics.peers.sampled_style import DAY_S, BlockClock, Swap, share_needed, styles

swaps = st.builds(
    Swap,
    wallet=st.sampled_from("ab"),
    tx_hash=st.sampled_from("123456"),
    second=st.integers(0, 1_000),
    tokens=st.sampled_from([frozenset("X"), frozenset("Y"), frozenset("XY")]),
    size_usd=st.none() | st.integers(1, 1_000).map(float),
)


@given(st.lists(swaps, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_swaps_does_not_matter(items, dice):
    """Every figure is of the set of swaps."""
    shuffled = dice.sample(items, len(items))
    assert styles(items, chain_id=1, sampled_s=DAY_S) == styles(shuffled, chain_id=1, sampled_s=DAY_S)


def test_a_route_that_was_split_is_one_trade():
    """Its parts in one token add up; of a way through two tokens the larger one counts; one part unknown: unknown."""

    def one(tx, token, size):
        return Swap(wallet="a", tx_hash=tx, second=5, tokens=frozenset(token), size_usd=size)

    found = styles([one("1", "X", 60.0), one("1", "X", 40.0), one("1", "Y", 90.0)], chain_id=1, sampled_s=DAY_S / 2)[
        "a"
    ]
    assert (found.trades, found.trades_per_day, found.size_usd, found.tokens) == (1, 2.0, 100.0, {"X", "Y"})
    assert found.holding_s is None
    assert styles([one("1", "X", 60.0), one("1", "X", None)], chain_id=1, sampled_s=1)["a"].size_usd is None


def test_the_clock_goes_through_what_is_known():
    """Exact at known blocks, even between them."""
    clock = BlockClock([(100, 1_000), (110, 1_200), (100, 1_000)])
    assert [clock.at(block) for block in (100, 105, 110)] == [1_000, 1_100, 1_200]


def test_the_share_is_for_the_median_wallet():
    """Of those with enough trades; never more than everything; nobody with enough: none."""
    assert share_needed([100, 200, 300, 9], wanted=30) == 0.15
    assert share_needed([12], wanted=30) == 1.0
    assert share_needed([9, 3], wanted=30) is None
