"""Intervals hold what they promise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from scipy.stats import poisson as scipy_poisson

from metrics.intervals import median_ranks, poisson, wilson


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_the_textbooks(pair: tuple[int, int]):
    """The same interval as scipy's, for any share."""
    wins, n = pair
    expected = binomtest(wins, n).proportion_ci(method="wilson")
    assert wilson(wins, n) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert wilson(wins, n)[0] <= wins / n <= wilson(wins, n)[1]


@pytest.mark.parametrize(("wins", "n"), [(1, 0), (-1, 3), (4, 3)])
def test_no_share_is_refused(wins: int, n: int):
    """What is no share of anything has no interval."""
    with pytest.raises(ValueError, match="no share"):
        wilson(wins, n)


@given(st.integers(0, 400))
def test_the_ranks_hold_the_median(n: int):
    """They hold it with at least 95 %, the next inner ones do not; below six values nothing does."""
    ranks = median_ranks(n)
    assert (ranks is None) == (n < 6)
    if ranks is not None:
        low, high = ranks
        assert high == n - 1 - low
        assert 2 * binom.cdf(low, n, 0.5) <= 0.05 + 1e-12
        assert 2 * binom.cdf(low + 1, n, 0.5) > 0.05


def test_the_ranks_hold_the_median_of_skewed_values():
    """Whatever the distribution: of 2,000 samples of nine lognormal values, at least 95 % (less noise) hold it."""
    rng = np.random.default_rng(7)
    values = np.sort(np.exp(2 * rng.standard_normal((2_000, 9))), axis=1)
    low, high = median_ranks(9) or (0, 0)
    held = ((values[:, low] <= 1.0) & (values[:, high] >= 1.0)).mean()
    assert held > 0.95 - 3 * math.sqrt(0.05 * 0.95 / 2_000)


@given(st.floats(0, 300))
def test_a_poisson_range_holds_at_least_95_percent(mean: float) -> None:
    """Its ends are the 2.5 % and 97.5 % quantiles, as SciPy has them."""
    assert poisson(mean) == (tuple(scipy_poisson.ppf([0.025, 0.975], mean)) if mean else (0, 0))
