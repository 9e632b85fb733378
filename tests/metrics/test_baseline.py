"""A wallet's own reference."""

import numpy as np
import pytest
from scipy.special import expit

from metrics.baseline import BLOCK_DAYS, History, Population, fit, fit_population, fit_win, is_weekend
from metrics.mood import Mood
from metrics.scale import Scale


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
        market=np.zeros(days),
        returns=returns,
        holding_s=np.full(len(returns), 60.0),
        scale_win=Scale(median=-1.6, spread=0.25),
        scale_loss=Scale(median=-2.3, spread=0.25),
    )


@pytest.mark.parametrize("seed", range(3))
def test_recovers_what_a_steady_wallet_does(seed: int) -> None:
    """With a long steady history the baseline is the truth, and its mood is none."""
    one = history(seed)
    baseline = fit(one, Population(win_logit=0.4, win_mood=0.0, rate_mood=0.0), first_day=0, end_day=1)
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


def test_response_to_the_market_is_learned() -> None:
    """A wallet that follows its market twice as much as others gets a larger beta."""
    rng = np.random.default_rng(3)
    market = np.where(np.arange(300) % 60 < 20, -1.0, 0.0)
    n = np.full(300, 10.0)
    strong, weak = (
        fit_win(n, rng.binomial(10, expit(beta * market)).astype(float), market, prior=0.0)[1] for beta in (2.0, 0.2)
    )
    assert strong > 1.5 > 0.6 > weak


@pytest.mark.parametrize("seed", range(3))
def test_a_moody_wallet_is_inflated(seed: int) -> None:
    """Blocks that swing more than tosses raise the inflation; independent ones do not."""
    rng = np.random.default_rng(seed)
    day = np.arange(300)
    n = np.full(300, 6.0)
    swing = np.repeat(rng.normal(0, 0.8, 30), BLOCK_DAYS)

    def inflation(p: np.ndarray) -> float:
        wins = rng.binomial(6, p)
        return Mood.of(day, wins - n * 0.5, n * 0.25, BLOCK_DAYS).inflation(0.0)

    assert inflation(expit(swing)) > 2.0
    assert inflation(np.full(300, 0.5)) < 1.6


def test_sizes_are_winsorised() -> None:
    """A return of +100000 % is as large as one a little above the usual."""
    scale = Scale.of(np.array([0.1, 0.2, 0.3, 0.2, 0.15, 0.25]))
    assert scale.z(1000.0) == 2.5
    assert scale.z(0.0) == -2.5
    assert abs(scale.z(0.2)) < 0.5


def test_no_history_gives_the_default_population() -> None:
    """A monitor without any history still has priors."""
    assert fit_population([]) == Population()
