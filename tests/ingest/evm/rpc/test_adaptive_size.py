"""How much to ask for at once: whatever limit is met, it is respected, found again, and rarely tried in vain."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.rpc.adaptive_size import AdaptiveSize


def walk(stride, limit, turns):
    """Ask ``turns`` times with a fixed limit: (refusals, steps)."""
    refusals, steps = 0, []
    for _ in range(turns):
        steps.append(stride.step)
        if stride.step > limit:
            refusals += 1
            stride.refuse(stride.step)
        else:
            stride.agree(stride.step)
    return refusals, steps


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.none() | st.integers(0, 10**7))
def test_a_refused_size_shrinks_and_never_below_one(step, largest, suggested):
    """The next step is smaller than what was refused, at least 1, and what was suggested where that is smaller."""
    stride = AdaptiveSize(step, largest)
    if step > 1:
        stride.refuse(step, suggested=suggested)
        assert 1 <= stride.step < step
        if suggested and suggested < step:
            assert stride.step == suggested


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_limit_that_stands_still_is_found_and_hardly_tried_again(start, limit):
    """In 2,000 steps fewer than 60 are refused, and the last ones use more than a third of what is allowed."""
    stride = AdaptiveSize(start, 2**28)
    refusals, steps = walk(stride, limit, 2_000)
    assert refusals < 60
    assert limit / 3 < max(steps[-300:])


def test_a_limit_that_falls_away_is_outgrown():
    """After a dense stretch of blocks the step grows back by itself, up to the largest."""
    stride = AdaptiveSize(10_000, 20_000)
    walk(stride, 100, 20)
    assert stride.step <= 125
    walk(stride, 10**9, 1_000)
    assert stride.step == 20_000


def test_a_part_of_a_step_proves_nothing():
    """The short window at the end of a gap does not make the next one longer."""
    stride = AdaptiveSize(1_000, 2**28)
    for _ in range(50):
        stride.agree(999)
    assert stride.step == 1_000
