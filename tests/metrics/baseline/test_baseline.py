"""A wallet's own reference."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from metrics.baseline.baseline import History, Population, fit, fit_population, fit_win
from metrics.baseline.pace import is_weekend
from metrics.baseline.size_scale import Scale


def history(seed: int, *, days: int = 200, rate: float = 5.0, weekend: float = 0.5, p: float = 0.6) -> History:
    rng = np.random.default_rng(seed)
    day = np.arange(20_000, 20_000 + days)
    trades = rng.poisson(rate * np.where(is_weekend(day), weekend, 1.0)).astype(float)
    wins = rng.binomial(trades.astype(int), p).astype(float)
    returns = np.concatenate([np.full(int(wins.sum()), 0.2), np.full(int((trades - wins).sum()), -0.1)])
    return History(
        day=day,
        closes=trades,
        wins=wins,
        win_size=np.zeros(days),
        loss_size=np.zeros(days),
        trades=trades,
        active=trades > 0,
        market=np.zeros(days),
        returns=returns,
        holding_s=np.full(len(returns), 60.0),
        timed=trades,
        long_held=np.zeros(days),
        scale_win=Scale(median=-1.6, spread=0.25),
        scale_loss=Scale(median=-2.3, spread=0.25),
    )


@pytest.mark.parametrize("seed", range(3))
def test_recovers_what_a_steady_wallet_does(seed: int) -> None:
    """With a long steady history the baseline is the truth, and its mood is none."""
    one = history(seed)
    baseline = fit(one, Population(win_logit=0.4), first_day=0, end_day=1)
    assert expit(baseline.win_logit) == pytest.approx(0.6, abs=0.05)
    assert baseline.rate == pytest.approx(5.0, rel=0.15)
    assert baseline.weekend == pytest.approx(0.5, abs=0.15)
    assert baseline.win_inflation < 1.5
    assert baseline.win_se < 0.15
    assert baseline.mean_return == pytest.approx(0.2 * 0.6 - 0.1 * 0.4, abs=0.02)


def test_little_history_is_shrunk_to_the_population() -> None:
    """Five straight wins do not make a win rate of 100 %."""
    a, _ = fit_win(np.full(5, 1.0), np.full(5, 1.0), np.zeros(5), prior=0.0)
    assert 0.5 < expit(a) < 0.9


def sized(seed: int, p: float, typical_win: float) -> History:
    return replace(history(seed, days=30, rate=4.0, p=p), scale_win=Scale(median=typical_win, spread=0.5))


def test_sizes_tell_the_level_of_a_short_record() -> None:
    """Where small wins go with many wins, a hot record is shrunk to wallets with its sizes, not to all."""
    crowd = [sized(i, p, size) for i in range(12) for p, size in ((0.4, -0.7), (0.75, -2.7))]
    population = fit_population(crowd)
    often, seldom = (population.level(sized(0, 0.5, size)) for size in (-2.7, -0.7))
    assert expit(often) == pytest.approx(0.75, abs=0.05)
    assert expit(seldom) == pytest.approx(0.4, abs=0.05)
    hot = sized(99, 0.65, -0.7)
    told = fit(hot, population, first_day=0, end_day=1)
    assert expit(seldom) < expit(told.win_logit) < told.win_rate - 0.05


def test_few_wallets_say_little_about_the_level() -> None:
    """Two wallets are no population: what they share is held loosely, and sizes hardly matter."""
    many = fit_population([sized(i, 0.6, -1.6) for i in range(30)])
    few = fit_population([sized(0, 0.4, -0.7), sized(1, 0.75, -2.7)])
    assert few.win_spread > 1.5 * many.win_spread
    lone = fit_population([sized(0, 0.6, -1.6)])
    assert expit(lone.level(sized(0, 0.6, -1.6))) == pytest.approx(0.6, abs=0.1)


def test_a_moody_record_counts_for_less() -> None:
    """The same wins move the baseline of a wallet that wanders less than that of a steady one."""
    n, wins, none = np.full(20, 5.0), np.full(20, 4.0), np.zeros(20)
    steady, moody = (fit_win(n, wins, none, 0.0, spread=0.3, inflation=inflation)[0] for inflation in (1.0, 4.0))
    assert 0 < moody < steady < np.log(4)


def test_response_to_the_market_is_learned() -> None:
    """A wallet that follows its market twice as much as others gets a larger beta."""
    rng = np.random.default_rng(3)
    market = np.where(np.arange(300) % 60 < 20, -1.0, 0.0)
    n = np.full(300, 10.0)
    strong, weak = (
        fit_win(n, rng.binomial(10, expit(beta * market)).astype(float), market, prior=0.0)[1] for beta in (2.0, 0.2)
    )
    assert strong > 1.5 > 0.6 > weak


def test_sizes_are_winsorised() -> None:
    """A return of +100000 % is as large as one a little above the usual."""
    scale = Scale.of(np.array([0.1, 0.2, 0.3, 0.2, 0.15, 0.25]))
    assert scale.z(1000.0) == 2.5
    assert scale.z(0.0) == -2.5
    assert abs(scale.z(0.2)) < 0.5


def test_no_history_gives_the_default_population() -> None:
    """A monitor without any history still has priors."""
    assert fit_population([]) == Population()


def test_a_last_streak_counts_half() -> None:
    """The same wins make a lower form where the newest trades hold more of them; a last slump makes no higher one."""
    day = np.arange(120)
    one = replace(history(0, days=120), closes=np.full(120, 4.0))
    evenly = np.where(day % 4 == 0, 3.0, 2.0)
    streak, slump = (np.where(day >= 105, last, 2.0) for last in (4.0, 1.0))
    form = [
        fit(replace(one, wins=wins), Population(), first_day=0, end_day=1).win_logit for wins in (evenly, streak, slump)
    ]
    plain = [fit_win(one.closes, wins, one.market, 0.0)[0] for wins in (evenly, streak, slump)]
    assert evenly.sum() == streak.sum()
    assert form[1] < form[0] - 0.04
    assert plain[1] == pytest.approx(plain[0], abs=1e-6)
    assert form[2] == pytest.approx(plain[2], abs=0.02)
