"""How long a pause is long, by the wallet's own pauses."""

from dataclasses import asdict
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from metrics.baseline.pauses import Pauses, days_until, pause_years
from metrics.detector.recurrence import PAUSE_SHARE
from metrics.evaluation.synthetic import START
from metrics.monitor import Monitor
from metrics.types import Assessment, Metric

YEARS = 1 / PAUSE_SHARE  # a pause that comes up once in so many years flags at a dial of one


def years(quiet: float | np.ndarray, pauses: Pauses) -> np.ndarray:
    known = {name: np.array([value]) for name, value in asdict(pauses).items()}
    return pause_years(np.atleast_1d(np.asarray(quiet, dtype=float)), **known)


def bursts(rng: np.random.Generator, days: int, *, busy: float, away: float, chance: float) -> np.ndarray:
    """Whether a wallet trades on each day: spells of ``busy`` and ``away`` days on average, trading with ``chance``."""
    out = np.zeros(days, dtype=bool)
    at, on = 0, bool(rng.random() < busy / (busy + away))
    while at < days:
        length = int(rng.geometric(1 / max(1.0, busy if on else away)))
        if on:
            out[at : at + length] = rng.random(len(out[at : at + length])) < chance
        at, on = at + length, not on
    return out


def test_longer_is_rarer_and_always_finite() -> None:
    """A longer pause comes up less often; the recurrence interval is above 0 and finite, however long."""
    pauses = Pauses.of(bursts(np.random.default_rng(1), 200, busy=8, away=5, chance=0.7))
    found = years(np.arange(0.0, 5000.0), pauses)
    assert np.isfinite(found).all()
    assert (found > 0).all()
    assert (np.diff(found) >= 0).all()
    assert found[-1] > 1e3 * found[20]


@pytest.mark.parametrize("active", [[], [1, 2], [5, 9, 30, 31]])
def test_too_few_pauses_say_nothing(active: list[int]) -> None:
    """Without four pauses no pause is evidence, and no length of it is told to show."""
    days = np.zeros(90, dtype=bool)
    days[active] = True
    pauses = Pauses.of(days)
    assert years(1e6, pauses)[0] < 1e-6
    assert days_until(1.0, pauses, within=365) is None


def test_the_days_that_show_are_the_inverse() -> None:
    """Silence is told to show on the very day on which the pause is as rare as a flag needs."""
    pauses = Pauses.of(bursts(np.random.default_rng(2), 240, busy=6, away=6, chance=0.6))
    day = days_until(YEARS, pauses, within=365)
    assert day is not None
    assert years(day - 1, pauses)[0] < YEARS <= years(day, pauses)[0]
    assert days_until(YEARS, pauses, within=int(day) - 1) is None


def test_the_longest_counts_what_is_not_over() -> None:
    """Traded on days 0, 1, 2, 7, 8 of 10: the longest pause is five days; one not over counts too."""
    days = np.zeros(10, dtype=bool)
    days[[0, 1, 2, 7, 8]] = True
    assert Pauses.of(days).longest == 5
    assert Pauses.of(np.concatenate([days, np.zeros(10, dtype=bool)])).longest == 12


@pytest.mark.parametrize(
    ("busy", "away", "chance", "at_most"),
    [
        (1e6, 1.0, 0.95, 1.0),
        (1e6, 1.0, 0.3, 1.0),
        (1e6, 1.0, 0.1, 1.0),
        (10, 4, 0.7, 1.0),
        (12, 12, 0.5, 1.5),
        (25, 10, 0.9, 3.0),
    ],
    ids=["daily", "every third day", "swing", "short bursts", "half of the time away", "a few long absences"],
)
def test_pauses_are_as_rare_as_said(busy: float, away: float, chance: float, at_most: float) -> None:
    """Wallets that do not change pause for so long at most as often as said; a few long absences more often.

    Five absences in half a year are too few to know how long the next one will be: the table in docs/metrics.md
    says what that costs.
    """
    rng = np.random.default_rng(3)
    flags, exposed = 0, 0.0
    for _ in range(400):
        days = bursts(rng, 360, busy=busy, away=away, chance=chance)
        need = days_until(YEARS, Pauses.of(days[:180]), within=365)
        if need is None:
            continue
        last = int(np.flatnonzero(days[:180])[-1])
        length = np.arange(180, 360) - np.maximum.accumulate(np.where(days, np.arange(360), last))[180:]
        long = np.flatnonzero(length >= need)
        flags += len(long) > 0
        exposed += (long[0] + 1 if len(long) else 180) / 365.25
    assert flags / exposed <= at_most / YEARS


def quiet_wallet(*, covered_until: int | None = None, peers_too: bool = False) -> list[Assessment]:
    """A wallet that trades in bursts and stops with the first judged day, and what is told of it on 60 days."""
    rng = np.random.default_rng(5)
    rows = []
    for wallet in ("w", *(f"p{i}" for i in range(8))):
        active = bursts(rng, 240, busy=9, away=5, chance=0.8)
        if wallet == "w" or peers_too:
            active[180:] = False
        for day in np.flatnonzero(active):
            for _ in range(rng.poisson(1.5) + 1):
                at = START + timedelta(days=int(day) - 180, seconds=int(rng.integers(0, 86_400)))
                rows.append((wallet, at, 0.1 if rng.random() < 0.6 else -0.1, 10.0, 100.0, 3600.0))
    names = ["wallet", "closed_at", "return", "pnl_usd", "size_usd", "holding_s"]
    frame = pd.DataFrame(rows, columns=names).sort_values("closed_at", ignore_index=True)
    past = frame["closed_at"] < START
    monitor = Monitor(1.0)
    read = START + timedelta(days=60 if covered_until is None else covered_until)
    covered = {name: [(START - timedelta(days=180), read)] for name in frame["wallet"].unique()}
    monitor.start(frame[past], followed=["w"], followed_since=START, covered=covered)
    out = []
    for day in range(1, 61):
        at = START + timedelta(days=day)
        rows_now = frame[(frame["closed_at"] >= at - timedelta(days=1)) & (frame["closed_at"] < at)]
        out += monitor.tick(at, rows_now, covered={name: [(START, min(at, read))] for name in covered})
    return out


def test_a_bursty_wallet_that_stops_is_flagged_by_its_own_pauses() -> None:
    """It is flagged for its trade frequency, and its longest pause is told beside it."""
    told = quiet_wallet()
    flagged = [each for each in told if each.flagged]
    assert flagged
    first = flagged[0]
    assert (first.as_of - START).days <= 30
    assert first.evidence.lead is Metric.TRADE_FREQUENCY
    longest = first.evidence.longest_pause_days
    assert longest is not None
    assert first.evidence.silent_days is not None
    assert first.evidence.silent_days > longest


def test_days_that_nobody_read_are_no_pause() -> None:
    """Where reading stopped after two days, nobody is silent."""
    assert not any(each.flagged for each in quiet_wallet(covered_until=2))


def test_a_pause_that_all_peers_take_counts_less() -> None:
    """While the peers are away too, the same pause is flagged later or not at all."""
    alone = next(i for i, each in enumerate(quiet_wallet()) if each.flagged)
    together = [i for i, each in enumerate(quiet_wallet(peers_too=True)) if each.flagged]
    assert not together or together[0] > alone
