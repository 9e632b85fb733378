"""How much a wallet wanders beyond what independent trades would."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from metrics.mood import LARGEST, MEMORY, PRIOR, SPREADS, Mood, pooled
from metrics.synthetic import wandering


def of_wallet(rng: np.random.Generator, spread: float, *, days: int = 90, trades: float = 6.0) -> Mood:
    """A wallet that wins half of its trades, give or take its mood."""
    day, n = np.arange(days), rng.poisson(trades, days).astype(float)
    mood = wandering(rng, days, memory=MEMORY, sd=spread)
    wins = rng.binomial(n.astype(int), 1 / (1 + np.exp(-mood))).astype(float)
    return Mood.of(day, wins - n / 2, n / 4)


def test_the_likelihood_is_that_of_the_differences() -> None:
    """Against scipy's density of all contrasts, with days between that were not read."""
    rng = np.random.default_rng(5)
    day = np.sort(rng.choice(60, 30, replace=False))
    information = rng.uniform(0.2, 3.0, 30)
    residual = rng.normal(size=30) * np.sqrt(information)
    contrast = np.diff(np.eye(30), axis=0)
    apart = np.abs(day[:, None] - day)
    dense = [
        multivariate_normal(cov=contrast @ (np.diag(1 / information) + s**2 * MEMORY**apart) @ contrast.T).logpdf(
            contrast @ (residual / information)
        )
        for s in SPREADS
    ]
    ours = Mood.of(day, residual, information).log_likelihood
    assert ours - ours[0] == pytest.approx(np.array(dense) - dense[0], abs=1e-8)


def test_an_error_of_the_level_is_no_mood() -> None:
    """A win rate that was taken for a little less or more changes nothing."""
    rng = np.random.default_rng(1)
    day, information = np.arange(80), rng.uniform(0.5, 2.0, 80)
    residual = rng.normal(size=80) * np.sqrt(information)
    one, other = (Mood.of(day, residual + error * information, information).log_likelihood for error in (0.0, 0.2))
    assert one - one[0] == pytest.approx(other - other[0])


def test_who_wanders_is_inflated_and_who_does_not_is_not() -> None:
    """With half a year of six trades a day both are told apart, whatever the list."""
    rng = np.random.default_rng(2)
    for prior in (PRIOR, tuple(np.full(len(SPREADS), 1 / len(SPREADS)).tolist())):
        steady, wanders = (
            np.median([of_wallet(rng, spread, days=180).inflation(prior) for _ in range(15)]) for spread in (0.0, 0.7)
        )
        assert steady < 1.6
        assert 4.0 < wanders < 12.0  # 1 + 9 * 0.49 * 1.5 = 7.6


def test_little_history_is_told_by_the_list() -> None:
    """Two weeks say little: the same wallet is as steady or as moody as those it stands with."""
    rng = np.random.default_rng(3)
    lists = [pooled([of_wallet(rng, spread) for _ in range(30)]) for spread in (0.0, 0.7)]
    one = of_wallet(rng, 0.3, days=14, trades=2.0)
    among_steady, among_moody = (one.inflation(prior) for prior in lists)
    assert among_steady < 1.3
    assert among_moody > 2.0


@pytest.mark.parametrize("spread", [0.0, 0.2, 0.7])
def test_a_list_shows_how_far_its_wallets_wander(spread: float) -> None:
    """The mean variance of forty wallets' moods is found to about a third, none is nearly none."""
    rng = np.random.default_rng(4)
    share = np.array(pooled([of_wallet(rng, spread) for _ in range(40)]))
    assert share.sum() == pytest.approx(1.0)
    assert share @ SPREADS**2 == pytest.approx(spread**2, rel=0.35, abs=0.015)


def test_nothing_known_is_the_list_s_own() -> None:
    """No day, or one, tells nothing: neither of the wallet nor of the list."""
    nothing = [Mood.of(np.arange(n), np.full(n, 3.0), np.full(n, 2.0)) for n in (0, 1)]
    assert pooled(nothing) == pytest.approx(PRIOR)
    assert nothing[0].inflation(PRIOR) == 1.0


def test_one_wild_day_is_no_wild_wallet() -> None:
    """A day of forty lost trades among quiet ones hardly moves the mood; a wild wallet is not inflated without end."""
    day, information = np.arange(120), np.full(120, 1.0)
    residual = np.random.default_rng(6).normal(size=120)
    quiet = Mood.of(day, residual, information).inflation(PRIOR)
    residual[60] = -40.0
    assert Mood.of(day, residual, information).inflation(PRIOR) < quiet + 0.5
    wild = np.random.default_rng(6).choice([-200.0, 200.0], 120)
    assert Mood.of(day, wild, np.full(120, 400.0)).inflation(PRIOR) <= LARGEST
