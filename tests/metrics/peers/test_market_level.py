"""The common shift of the newest day: what lasts is learned as lasting, what comes and goes is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.peers.market_level import BLOCKS, EDGES, LENGTH, block_sums, newest

SEEN = EDGES[-1]


def told(daily, variance):
    """The shift and its error from the peers' daily means, newest last, (days, ...), each with this variance."""
    means = block_sums(daily[::-1]) / LENGTH.reshape(-1, *(1,) * (daily.ndim - 1))
    return newest(means, np.broadcast_to(variance / LENGTH.reshape(-1, *(1,) * (daily.ndim - 1)), means.shape))


def fall(size, over, days):
    """Zero for as long as blocks reach, then a move of ``size`` that takes so many days, ``days`` ago."""
    age = np.arange(-SEEN, days + 1)
    return size * np.clip((age + (over == 0)) / max(over, 1), 0.0, 1.0)


@given(st.floats(-1.5, 1.5), st.integers(0, 40), st.floats(0.005, 0.15))
def test_a_lasting_move_is_taken_off(size, over, variance):
    """At once or over weeks, a fall or a rally: a month later at most a fifth of it, or 0.06 logit units, is left.

    With ten peers at three trades a day the variance is 0.15, with thirty at ten trades 0.015.
    """
    shift, _ = told(fall(size, over, over + 30), variance)
    assert abs(shift - size) <= max(0.06, 0.2 * abs(size))


@given(st.floats(0.8, 1.5), st.sampled_from([-1.0, 1.0]))
def test_a_large_move_is_seen_within_days(size, sign):
    """Three days after it came overnight two thirds of it are known where peers are many, half where they are few."""
    path = fall(sign * size, 0, 3)
    assert sign * told(path, 0.03)[0] >= 0.66 * size
    assert sign * told(path, 0.1)[0] >= 0.4 * size


@given(st.floats(-1.2, 1.2), st.integers(5, 40))
def test_a_recovery_is_learned_too(size, days):
    """Three weeks after a drawdown is over at most 0.08 logit units of it are left."""
    path = np.concatenate((fall(size, 0, days), np.zeros(21)))
    assert abs(told(path, 0.05)[0]) <= 0.08


@pytest.mark.parametrize("variance", [0.02, 0.15])
@pytest.mark.parametrize(("size", "over", "since"), [(0.0, 0, 0), (-0.4, 0, 14), (-0.8, 0, 30), (-0.8, 14, 30)])
def test_the_error_holds_what_it_says(variance, size, over, since):
    """The 95 % range holds the truth in 90 % of the worlds at least, while nothing moves and after a lasting move."""
    rng = np.random.default_rng(3)
    path = fall(size, over, since)
    noisy = path[:, None] + rng.normal(0, np.sqrt(variance), (len(path), 800))
    shift, sd = told(noisy, variance)
    assert np.mean(np.abs(shift - path[-1]) <= 1.96 * sd) >= 0.9
    assert sd.mean() <= 0.25


def test_a_swinging_market_is_followed():
    """In a market that swings as drawn, the error is as large as it says, from both sides."""
    rng = np.random.default_rng(4)
    path = np.zeros((120, 800))
    for day in range(1, len(path)):
        path[day] = 0.9 * path[day - 1] + rng.normal(0, 0.15 * np.sqrt(1 - 0.81), 800)
    shift, sd = told(path + rng.normal(0, np.sqrt(0.05), path.shape), 0.05)
    error = np.sqrt(np.mean((shift - path[-1]) ** 2))
    assert 0.7 * sd.mean() <= error <= 1.2 * sd.mean()
    assert error <= 0.8 * path[-1].std(), "it knows more than that nothing moved"


@given(st.lists(st.floats(-2, 2), min_size=BLOCKS, max_size=BLOCKS), st.floats(0.01, 1.0))
def test_falls_and_rallies_are_alike(mean, variance):
    """The mirrored world has the mirrored shift and the same error."""
    mean, noise = np.array(mean), variance / LENGTH
    (shift, sd), (mirrored, same) = newest(mean, noise), newest(-mean, noise)
    assert mirrored == pytest.approx(-shift, abs=1e-9)
    assert same == pytest.approx(sd)


@given(st.integers(1, SEEN + 20))
def test_blocks_cut_the_last_days(days):
    """Every one of the last days is in one block, whatever came before them does not count."""
    values = [np.array([float(2**0 + day), -day]) for day in range(days)]
    sums = block_sums(values)
    assert sums.shape == (BLOCKS, 2)
    for block in range(BLOCKS):
        inside = values[EDGES[block] : EDGES[block + 1]]
        assert sums[block].tolist() == np.sum(inside, axis=0, initial=0.0).tolist() if inside else not sums[block].any()
