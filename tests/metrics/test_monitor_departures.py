"""Laws of the monitor with positions that were moved away, over seeded invented worlds."""

import json
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from metrics.baseline.unrealised_losses import away_spells, unknown_away
from metrics.baseline.wallet_history import DAY_S, Away
from metrics.evaluation.synthetic import START, population
from metrics.evaluation.synthetic_departures import Moving, with_departures
from metrics.evaluation.synthetic_positions import Unsold, with_positions
from metrics.monitor import Monitor
from metrics.types import Assessment, Metric

DAYS = 40
LOSERS = Moving(winners=0.0, losers=0.8, day=10)
OPEN_LOSSES = list(Metric).index(Metric.OPEN_LOSSES)
NEVER_FLAGS = 1e-9  # else a flagged wallet is no witness for the others any more, nor they for it


def after(days: float) -> datetime:
    return START + timedelta(days=days)


@cache
def made(seed: int, moving: Moving | None = LOSERS, *, marked_from: int = 0) -> tuple[pd.DataFrame, ...]:
    """All closes and moves as trades, round trips, open positions and departures of six wallets; w00 moves some."""
    rng = np.random.default_rng(seed)
    frame, market = population(rng, wallets=6, history_days=60, days=DAYS, rate=5.0)
    closed, positions = with_positions(rng, frame, market, habits=False)
    trades = closed[["wallet", "closed_at"]].rename(columns={"closed_at": "traded_at"})
    moved = {"w00": moving} if moving else {}
    return trades, *with_departures(rng, closed, positions, moved, marked_from=marked_from)


def between(frame: pd.DataFrame, column: str, start: datetime, end: datetime) -> pd.DataFrame:
    return frame[(frame[column] >= start) & (frame[column] < end)]


def started(world: tuple[pd.DataFrame, ...], *, dial: float = NEVER_FLAGS, told: bool = True) -> Monitor:
    trades, closed, positions, departures = world
    monitor = Monitor(dial)
    names = sorted(trades["wallet"].unique())
    monitor.start(
        closed[closed["closed_at"] < START],
        {name: [other for other in names if other != name] for name in names},
        followed_since=START,
        trades=trades[trades["traded_at"] < START],
        open_positions=positions[positions["marked_at"] == START],
        departures=departures[departures["left_at"] < START] if told else None,
    )
    return monitor


def ticked(monitor: Monitor, world: tuple[pd.DataFrame, ...], since: float, until: float, *, told: bool = True):
    trades, closed, positions, departures = world
    marked = (positions["marked_at"] > after(since)) & (positions["marked_at"] <= after(until))
    return monitor.tick(
        after(until),
        between(closed, "closed_at", after(since), after(until)),
        positions[marked],
        trades=between(trades, "traded_at", after(since), after(until)),
        departures=departures[departures["left_at"] < after(until)] if told else None,
    )


def first_of(assessments: list[Assessment]) -> Assessment:
    return next(each for each in assessments if each.wallet == "w00")


@given(cuts=st.sets(st.integers(1, DAYS - 1), max_size=8), seed=st.integers(0, 2))
@settings(deadline=None, max_examples=4, phases=(Phase.explicit, Phase.generate))
def test_the_rhythm_of_ticks_does_not_show(cuts: set[int], seed: int) -> None:
    """However ticks divide time, the same days end in the same assessments; a resumed monitor goes on as it was."""
    world = made(seed)
    expected = ticked(started(world), world, 0, DAYS)
    assert first_of(expected).evidence.moved_losses > 10
    often, day = started(world), 0
    for then in [*sorted(cuts), DAYS]:
        got = ticked(often, world, day, then)
        day = then
    assert got == expected
    resumed = Monitor.resume(json.loads(json.dumps(often.state())))
    none = world[1].iloc[:0]
    assert resumed.tick(after(DAYS), none) == expected


@pytest.mark.parametrize("seed", range(3))
def test_a_loser_that_was_moved_away_is_a_loss(seed: int) -> None:
    """The win rate is that of a wallet that sold them; told nothing it looks spotless."""
    trades, closed, positions, departures = made(seed)
    world = trades, closed, positions, departures.assign(mark_return=departures["mark_return"].clip(upper=-0.01))
    told = first_of(ticked(started(world), world, 0, DAYS)).evidence
    blind = first_of(ticked(started(world), world, 0, DAYS, told=False)).evidence
    sold = made(seed, None)
    honest = first_of(ticked(started(sold), sold, 0, DAYS)).evidence
    rates = [each.metrics[0].recent for each in (blind, told, honest)]
    assert rates[0] - rates[1] > 0.1
    assert rates[1] == pytest.approx(rates[2], abs=0.05)
    assert (blind.moved_losses, blind.notes) == (0, honest.notes)
    assert any(
        f"{told.moved_losses} positions moved away under water, counted as losses" in each for each in told.notes
    )


@pytest.mark.parametrize(("winners", "value"), [(1.0, None), (0.0, np.nan)])
def test_what_left_in_profit_or_at_an_unknown_worth_changes_nothing(winners: float, value: float | None) -> None:
    """No win, no loss: the verdict is that of a wallet of which only the trades are known."""
    trades, closed, positions, departures = made(1, Moving(winners=winners, losers=1.0 - winners, day=10))
    world = trades, closed, positions, departures.assign(mark_return=0.2 if value is None else value)
    told, blind = (first_of(ticked(started(world), world, 0, DAYS, told=each)) for each in (True, False))
    assert len(departures) > 10
    assert told == blind


def test_what_comes_back_has_never_left() -> None:
    """Once it is not told as away any more, the verdict is that of a wallet that moved nothing."""
    world = made(2)
    monitor = started(world)
    before = ticked(monitor, world, 0, DAYS)
    back = monitor.tick(after(DAYS), world[1].iloc[:0], departures=world[3].iloc[:0])
    assert first_of(before).evidence.moved_losses > 10
    assert back == ticked(started(world), world, 0, DAYS, told=False)


def test_a_habit_of_unknown_worth_is_no_change_of_the_win_rate() -> None:
    """What left before there were marks may all have been losers: then what leaves now moves no closed trade's metric.

    And as many positions as left then may be overdue while nothing changes.
    """
    always = Moving(winners=0.0, losers=0.5)
    unmarked, marked = made(0, always), made(0, always, marked_from=-1000)
    told, blind = (
        first_of(ticked(started(unmarked, told=each), unmarked, 0, DAYS, told=each)).evidence for each in (True, False)
    )
    assert told.moved_losses == 0
    assert told.metrics[:3] == blind.metrics[:3]
    usual = [each.metrics[OPEN_LOSSES].baseline for each in (told, blind)]
    assert usual[0] > usual[1] + 0.1
    known = first_of(ticked(started(marked), marked, 0, DAYS)).evidence
    assert known.moved_losses > 10
    assert known.metrics[0].baseline < blind.metrics[0].baseline - 0.1
    assert max(known.metrics[0].recurrence_years, told.metrics[0].recurrence_years) < 1.0


def test_an_old_bag_that_is_moved_away_stays_an_old_loss() -> None:
    """Who sweeps out what was a loss already has done nothing new: the metrics are those of one who keeps it."""
    rng = np.random.default_rng(5)
    frame, market = population(rng, wallets=6, history_days=60, days=DAYS, rate=5.0)
    unsold = {"w00": Unsold(day=-999, share=0.4)}
    closed, positions = with_positions(rng, frame, market, unsold=unsold, habits=False)
    trades = closed[["wallet", "closed_at"]].rename(columns={"closed_at": "traded_at"})
    none = made(0)[3].iloc[:0]
    keeps = trades, closed, positions, none
    monitor = started(keeps)
    ticked(monitor, keeps, 0, 20)
    bags = monitor.bags("w00")
    swept = positions["position_id"].isin(bags) & (positions["marked_at"] > after(20))
    last = positions[positions["position_id"].isin(bags) & (positions["marked_at"] == after(20))]
    away = last.assign(left_at=after(20.5))
    sweeps = trades, closed, positions[~swept], away[list(none.columns)]
    kept, sent = (first_of(ticked(started(world), world, 0, DAYS)).evidence for world in (keeps, sweeps))
    assert kept.open_bags == sent.open_bags + sent.moved_losses
    assert sent.moved_losses == len(bags) > 5
    assert sent.metrics == kept.metrics


def test_who_begins_to_move_its_losers_away_is_flagged() -> None:
    """From day 10 on four in five losers leave unsold: flagged within 30 days in most worlds, unseen without them."""
    found = []
    for seed in range(5):
        world = made(seed)
        told, blind = (
            first_of(ticked(started(world, dial=1.0, told=each), world, 0, DAYS, told=each)) for each in (True, False)
        )
        assert not blind.flagged
        found.append(told.flagged)
    assert sum(found) >= 4


AWAYS = st.builds(
    Away,
    position=st.sampled_from("abc"),
    opened_s=st.integers(0, 20).map(lambda day: day * DAY_S * 0.7),
    left_s=st.integers(10, 30).map(lambda day: day * DAY_S * 0.9),
    mark=st.one_of(st.none(), st.floats(-1, 1)),
    marked_s=st.integers(10, 40).map(lambda day: float(day * DAY_S)),
)


@given(away=st.lists(AWAYS, max_size=8), held=st.integers(0, 15), first=st.integers(0, 40), end=st.integers(0, 40))
def test_a_position_leaves_under_water_once(away: list[Away], held: int, first: int, end: int) -> None:
    """At a mark of 0 or below, when it left or was as old as its wallet's trades ever are; known with its mark."""
    usual = held * DAY_S
    found = away_spells(away, holding_p95_s=usual)
    low = {each.position for each in away if each.mark is not None and each.mark <= 0}
    assert sorted(spell.position for spell in found) == (sorted(low) if held else [])
    for spell in found:
        [*_, due] = sorted(
            (max(int(each.marked_s // DAY_S), day), day) == (spell.known, spell.day) and each.mark == spell.mark
            for each in away
            if each.position == spell.position
            for day in [int(max(each.left_s, each.opened_s + usual) // DAY_S)]
        )
        assert due
        assert spell.gone is None
    unknown = unknown_away(away, first, end, holding_p95_s=usual)
    assert unknown == {
        each.position
        for each in away
        if held and each.mark is None and first <= max(each.left_s, each.opened_s + usual) // DAY_S < end
    }
