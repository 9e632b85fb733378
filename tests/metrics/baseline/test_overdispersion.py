"""How much a wallet wanders beyond what independent trades would."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from metrics.baseline.overdispersion import COMMON, EFFECTS, LARGEST, MEMORY, SPREADS, Mood, Prior, pooled
from metrics.evaluation.synthetic import wandering


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
        [
            multivariate_normal(
                cov=effect * contrast @ (np.diag(1 / information) + s**2 * MEMORY**apart) @ contrast.T
            ).logpdf(contrast @ (residual / information))
            for effect in EFFECTS
        ]
        for s in SPREADS
    ]
    ours = Mood.of(day, residual, information).log_likelihood
    assert ours - ours[0, 0] == pytest.approx(np.array(dense) - dense[0][0], abs=1e-8)


def test_an_error_of_the_level_is_no_mood() -> None:
    """A win rate that was taken for a little less or more changes nothing."""
    rng = np.random.default_rng(1)
    day, information = np.arange(80), rng.uniform(0.5, 2.0, 80)
    residual = rng.normal(size=80) * np.sqrt(information)
    one, other = (Mood.of(day, residual + error * information, information).log_likelihood for error in (0.0, 0.2))
    assert one - one[0, 0] == pytest.approx(other - other[0, 0])


def test_who_wanders_is_inflated_and_who_does_not_is_not() -> None:
    """With half a year of six trades a day both are told apart, whatever the list."""
    rng = np.random.default_rng(2)
    even = Prior(spread=tuple(np.full(len(SPREADS), 1 / len(SPREADS)).tolist()))
    for prior in (COMMON, even):
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
    found = pooled([of_wallet(rng, spread) for _ in range(40)])
    for share in (found.spread, found.effect):
        assert sum(share) == pytest.approx(1.0)
    variance = np.array(found.spread) @ SPREADS**2 * (np.array(found.effect) @ EFFECTS)
    assert variance == pytest.approx(spread**2, rel=0.4, abs=0.02)
    assert 0.7 < found.spells < 1.5


def test_nothing_known_is_the_list_s_own() -> None:
    """No day, or one, tells nothing: neither of the wallet nor of the list."""
    nothing = [Mood.of(np.arange(n), np.full(n, 3.0), np.full(n, 2.0)) for n in (0, 1)]
    found = pooled(nothing)
    assert found.spread == pytest.approx(COMMON.spread)
    assert found.effect == pytest.approx(COMMON.effect)
    assert found.spells == 1.0
    certain = Prior(effect=(1.0, *(1e-12 for _ in EFFECTS[1:])))
    assert nothing[0].inflation(certain) == pytest.approx(1.0)


def test_one_wild_day_is_no_wild_wallet() -> None:
    """A day of forty lost trades among quiet ones hardly moves the mood; a wild wallet is not inflated without end."""
    day, information = np.arange(120), np.full(120, 1.0)
    residual = np.random.default_rng(6).normal(size=120)
    quiet = Mood.of(day, residual, information).inflation(COMMON)
    residual[60] = -40.0
    assert Mood.of(day, residual, information).inflation(COMMON) < quiet + 0.5
    wild = np.random.default_rng(6).choice([-200.0, 200.0], 120)
    assert Mood.of(day, wild, np.full(120, 400.0)).inflation(COMMON) <= LARGEST


def parts_of_orders(rng: np.random.Generator, parts: int, *, days: int = 120, orders: float = 2.0) -> Mood:
    """Independent orders, half of which win, each told as so many trades."""
    n = rng.poisson(orders, days).astype(float)
    wins = rng.binomial(n.astype(int), 0.5).astype(float)
    return Mood.of(np.arange(days), parts * (wins - n / 2), parts * n / 4)


def test_parts_of_one_order_are_one_trade() -> None:
    """Ten parts of each order inflate tenfold, so that they are worth what the orders are; one part is no inflation."""
    rng = np.random.default_rng(7)
    whole = [parts_of_orders(rng, 1) for _ in range(20)]
    split = [parts_of_orders(rng, 10) for _ in range(20)]
    among = pooled([*whole, *split])
    assert np.median([each.inflation(among) for each in whole]) < 1.5
    assert 7.0 < np.median([each.inflation(among) for each in split]) < 15.0


def test_spells_of_weeks_inflate_the_whole_list() -> None:
    """Spells of a month that no mood of days explains raise the inflation towards the variance that they make."""
    rng = np.random.default_rng(8)
    day = np.arange(180)

    def one(*, spells: bool) -> Mood:
        level = np.repeat(rng.normal(0, 0.35, 6), 30) if spells else np.zeros(180)
        n = rng.poisson(4.0, 180).astype(float)
        wins = rng.binomial(n.astype(int), 1 / (1 + np.exp(-level))).astype(float)
        return Mood.of(day, wins - n / 2, n / 4)

    steady, moved = ([one(spells=each) for _ in range(12)] for each in (False, True))
    expected = 1 + 0.35**2 * 21 * 1.0  # of a spell of 21 days with an information of one a day
    assert np.median([each.inflation(pooled(steady)) for each in steady]) < 1.5
    assert np.median([each.inflation(pooled(moved)) for each in moved]) > 0.7 * expected
