"""Invented populations of wallets under one market, with planted changes: for calibration and tests.

Every draw comes from the generator that the caller passes in. The shapes are those seen in real trade logs:
day counts burstier than Poisson with quiet weekends, win rates that wander (mood) and follow the market, win
sizes with heavy tails, losses bounded by the stake.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

FloatArray = npt.NDArray[np.float64]
START = datetime(2026, 1, 5, tzinfo=UTC)  # first judged day, a Monday


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to a wallet from ``day`` on (day 0 = first judged day)."""

    day: int
    win_shift: float = 0.0  #: logit units added to the win rate
    win_size: float = 1.0  #: factor on the sizes of wins
    loss_size: float = 1.0
    rate: float = 1.0  #: factor on trades per day
    over: int = 1  #: days until it is complete; before, as large a part of it as of these days has passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """One invented wallet."""

    win_logit: float
    rate: float  #: trades per weekday
    win_size: float  #: median return of a win
    win_spread: float  #: sd of its logarithm
    loss_size: float
    loss_spread: float
    mood: float  #: sd of the wandering win logit
    mood_memory: float  #: its correlation from one day to the next
    beta: float  #: the win logit's response to the market
    size_beta: float  #: the same of log win sizes
    rate_beta: float  #: the same of the log rate
    burst: float  #: gamma shape of the day's activity
    rate_mood: float  #: sd of the wandering log rate
    weekend: float  #: weekend rate relative to weekdays


def traits(rng: np.random.Generator, *, rate: float | None = None, **fixed: float) -> Traits:
    """A wallet's traits: fast ones win often and little, slow ones seldom and much."""
    kind = rng.uniform()
    spread = rng.uniform(0.8, 1.25)
    drawn: dict[str, Any] = {
        "win_logit": -0.5 + 1.5 * kind + rng.normal(0, 0.25),
        "rate": float(np.exp(rng.uniform(np.log(0.25), np.log(15)))) if rate is None else rate,
        "win_size": float(np.exp(np.log(0.5) - 2.2 * kind) * spread),
        "win_spread": rng.uniform(0.55, 1.05),
        "loss_size": float(np.exp(np.log(0.3) - 1.2 * kind) * spread),
        "loss_spread": rng.uniform(0.5, 0.8),
        "mood": rng.uniform(0.05, 0.4),
        "mood_memory": rng.uniform(0.6, 0.9),
        "beta": rng.uniform(0.15, 0.55),
        "size_beta": rng.uniform(0.0, 0.12),
        "rate_beta": rng.uniform(0.0, 0.12),
        "burst": rng.uniform(0.8, 5.0),
        "rate_mood": rng.uniform(0.1, 0.35),
        "weekend": rng.uniform(0.5, 1.0),
    }
    return Traits(**{**drawn, **fixed})


def market(rng: np.random.Generator, days: int, drawdowns: Mapping[int, tuple[int, float]]) -> FloatArray:
    """A wandering market in units that ``Traits.beta`` turns into logits; day → (length, depth) of drawdowns."""
    path = wandering(rng, days, memory=0.9, sd=0.5)
    for start, (length, depth) in drawdowns.items():
        age = np.arange(days) - start
        path -= depth * np.clip(np.minimum((age + 1) / 2, (length - age) / 5), 0, 1) * (age >= 0)
    return path


def world(
    rng: np.random.Generator,
    *,
    wallets: int = 32,
    history_days: int = 150,
    days: int = 150,
    drawdowns: int = 0,
    changes: Mapping[int, Change] | None = None,
    rate: float | None = None,
    **fixed: float,
) -> pd.DataFrame:
    """Round trips of a population, as :func:`population` makes them."""
    return population(
        rng,
        wallets=wallets,
        history_days=history_days,
        days=days,
        drawdowns=drawdowns,
        changes=changes,
        rate=rate,
        **fixed,
    )[0]


def population(
    rng: np.random.Generator,
    *,
    wallets: int = 32,
    history_days: int = 150,
    days: int = 150,
    drawdowns: int = 0,
    changes: Mapping[int, Change] | None = None,
    rate: float | None = None,
    **fixed: float,
) -> tuple[pd.DataFrame, FloatArray]:
    """Round trips of a population, sorted by ``closed_at``, and its market.

    Parameters
    ----------
    wallets, history_days, days
        How many, and how many days before and after ``START``. Slow wallets get up to a year of history,
        for about 110 round trips.
    drawdowns
        Market drawdowns after ``START``, evenly apart; the past has some of its own.
    changes
        Index of a wallet (named ``w00``, ``w01``, ...) → what happens to it.
    rate, fixed
        Traits that all wallets share.

    Returns
    -------
    DataFrame
        ``wallet, closed_at, return, pnl_usd, size_usd, holding_s``.
    array of shape (days,)
        The market on the days from ``START`` on.
    """
    longest = max(history_days, 365)
    past = {int(day): _drawdown(rng) for day in rng.integers(0, longest - 30, rng.poisson(longest / 110))}
    coming = {longest + int((i + rng.uniform(0.1, 0.6)) * days / drawdowns): _drawdown(rng) for i in range(drawdowns)}
    path = market(rng, longest + days, {**past, **coming})
    frames = []
    for i in range(wallets):
        one = traits(rng, rate=rate, **fixed)
        first = -int(np.clip(np.ceil(110 / one.rate), history_days, longest))
        change = (changes or {}).get(i)
        frame = round_trips(rng, one, path[longest + first :], first, change)
        frames.append(frame.assign(wallet=f"w{i:02d}"))
    joined = pd.concat(frames, ignore_index=True)
    return joined.sort_values("closed_at", kind="stable").reset_index(drop=True), path[longest:]


def round_trips(
    rng: np.random.Generator, one: Traits, path: FloatArray, first: int, change: Change | None
) -> pd.DataFrame:
    """One wallet's round trips on the days ``first .. first + len(path) - 1`` relative to ``START``."""
    days = np.arange(first, first + len(path))
    after = np.clip((days - change.day + 1) / change.over, 0, 1) if change else np.zeros(len(days))
    c = change or Change(day=0)
    weekend = np.where((days + START.weekday()) % 7 >= 5, one.weekend, 1.0)
    slow = wandering(rng, len(days), memory=0.7, sd=one.rate_mood)
    burst = rng.gamma(one.burst, 1 / one.burst, len(days))
    intensity = one.rate * weekend * burst * np.exp(slow + one.rate_beta * path) * c.rate**after
    day = np.repeat(np.arange(len(days)), rng.poisson(intensity))
    n = len(day)
    mood = wandering(rng, len(days), memory=one.mood_memory, sd=one.mood)
    p = expit(one.win_logit + one.beta * path + mood + after * c.win_shift)
    win = rng.uniform(size=n) < p[day]
    heavy = rng.standard_t(5, n) * np.sqrt(3 / 5)
    log_win = (
        np.log(one.win_size) + one.win_spread * heavy + one.size_beta * path[day] + after[day] * np.log(c.win_size)
    )
    log_loss = np.log(one.loss_size) + one.loss_spread * rng.normal(size=n) + after[day] * np.log(c.loss_size)
    value = np.where(win, np.minimum(np.exp(log_win), 10.0), -np.minimum(np.exp(log_loss), 1.0))
    size = 500.0 * np.exp(0.6 * rng.normal(size=n))
    second = np.sort(rng.integers(0, 86_400, n))
    closed = pd.DatetimeIndex([START + timedelta(days=int(first))] * n) + pd.to_timedelta(
        day * 86_400 + second, unit="s"
    )
    return pd.DataFrame(
        {
            "wallet": "",
            "closed_at": closed,
            "return": value,
            "pnl_usd": value * size,
            "size_usd": size,
            "holding_s": 3600.0 * np.exp(rng.normal(size=n)),
        }
    )


def wandering(rng: np.random.Generator, days: int, *, memory: float, sd: float) -> FloatArray:
    """Stationary AR(1) of the given standard deviation, shape (days,)."""
    path = np.empty(days)
    value = rng.normal() * sd
    for day, shock in enumerate(rng.normal(size=days) * sd * np.sqrt(1 - memory**2)):
        path[day] = value = memory * value + shock
    return path


def _drawdown(rng: np.random.Generator) -> tuple[int, float]:
    """Length in days and depth: win rates fall by about 20 points."""
    return int(rng.integers(10, 30)), float(rng.uniform(1.5, 3.5))
