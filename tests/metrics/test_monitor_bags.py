"""Laws of the monitor with open positions, over seeded invented worlds."""

import json
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from metrics.detector.cusum import Stream
from metrics.evaluation.synthetic import START, Change, world
from metrics.monitor import Monitor
from metrics.types import Assessment, Metric

DAYS = 24
EMPTY = pd.DataFrame(columns=["wallet", "closed_at", "return", "pnl_usd", "size_usd", "holding_s"])


def after(days: float) -> datetime:
    return START + timedelta(days=days)


@cache
def sample(seed: int, wallets: int = 6, *, falls: float = 0.0, days: int = DAYS) -> pd.DataFrame:
    """Round trips with names; wallet w00 may lose its edge on day 5."""
    changes = {0: Change(day=5, win_shift=falls)}
    frame = world(np.random.default_rng(seed), wallets=wallets, history_days=60, days=days, changes=changes, rate=5.0)
    return frame.assign(position_id=[f"p{i}" for i in range(len(frame))])


def never_sold(frame: pd.DataFrame, seed: int, *, share: float = 1.0, since: float = 5.0) -> pd.Series:
    """Which losses of w00 are not sold when they would have been."""
    draw = np.random.default_rng(seed).uniform(size=len(frame)) < share
    return (frame["wallet"] == "w00") & (frame["return"] < 0) & (frame["closed_at"] >= after(since)) & draw


def marked(held: pd.DataFrame, first: int, end: int, *, until: pd.Series | None = None) -> pd.DataFrame:
    """Held positions at the end of the days ``first .. end - 1``, each marked at -80 %, as long as they are open."""
    days = []
    for day in range(first, end):
        now = after(day + 1)
        here = held["closed_at"] < now
        if until is not None:
            here &= until >= now
        mine = held[here]
        opened = mine["closed_at"] - pd.to_timedelta(mine["holding_s"], unit="s")
        columns = {"wallet": mine["wallet"], "opened_at": opened, "mark_return": -0.8, "marked_at": now}
        days.append(pd.DataFrame({**columns, "position_id": mine["position_id"]}))
    return pd.concat(days, ignore_index=True)


NEVER_FLAGS = 1e-9  # else a flagged wallet is no witness for the others any more, nor they for it


def started(frame: pd.DataFrame, *, dial: float = 1.0, **options: object) -> Monitor:
    names = sorted(frame["wallet"].unique())
    monitor = Monitor(dial)
    peers = {name: [other for other in names if other != name] for name in names}
    monitor.start(frame[frame["closed_at"] < START], peers, followed_since=START, **options)  # type: ignore[arg-type]
    return monitor


def between(frame: pd.DataFrame, start: datetime, end: datetime, column: str = "closed_at") -> pd.DataFrame:
    return frame[(frame[column] >= start) & (frame[column] < end)]


def first_of(assessments: list[Assessment]) -> Assessment:
    return next(each for each in assessments if each.wallet == "w00")


def world_with_bags(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Round trips of which some close late, and what was open meanwhile."""
    frame = sample(seed)
    kept = never_sold(frame, seed, share=0.7)
    late = pd.to_timedelta(np.random.default_rng(seed + 1).integers(0, 12 * 86_400, int(kept.sum())), unit="s")
    closes = frame.loc[kept, "closed_at"] + late
    positions = marked(frame[kept], 0, DAYS, until=closes)
    shown = frame.copy()
    shown.loc[kept, "closed_at"] = closes
    shown.loc[kept, "holding_s"] += late.total_seconds().to_numpy()
    return shown, positions


@given(cuts=st.sets(st.integers(1, DAYS * 4 - 1), max_size=12), seed=st.integers(0, 3), young=st.booleans())
@settings(deadline=None, max_examples=12, phases=(Phase.explicit, Phase.generate))
def test_the_rhythm_of_ticks_does_not_show(cuts: set[int], seed: int, young: bool) -> None:
    """However ticks divide time, and whoever still learns meanwhile, the same days end in the same assessments."""
    frame, positions = world_with_bags(seed)
    if young:
        frame = frame[~frame["wallet"].isin(["w00", "w01"]) | (frame["closed_at"] >= after(-1))]
    start, end = START, after(DAYS)
    once = started(frame)
    expected = once.tick(end, between(frame, start, end), positions)
    assert young or first_of(expected).evidence.open_bags
    often, now = started(frame), start
    for then in [*(after(cut / 4) for cut in sorted(cuts)), end]:
        told = positions[(positions["marked_at"] > now) & (positions["marked_at"] <= then)]
        got = often.tick(then, between(frame, now, then), told)
        now = then
    assert got == expected
    resumed = Monitor.resume(json.loads(json.dumps(often.state())))
    assert resumed.tick(end, EMPTY) == expected


def test_frames_of_a_tick_are_those_of_its_moment() -> None:
    """One frame a tick, without times, is the same as all of them at once with theirs; other ticks bring none."""
    frame, positions = world_with_bags(1)
    expected = started(frame).tick(after(DAYS), between(frame, START, after(DAYS)), positions)
    daily = started(frame)
    for day in range(DAYS):
        daily.tick(after(day + 0.5), between(frame, after(day), after(day + 0.5)))
        told = positions[positions["marked_at"] == after(day + 1)].drop(columns="marked_at")
        got = daily.tick(after(day + 1), between(frame, after(day + 0.5), after(day + 1)), told)
    assert got == expected


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_close_replaces_the_bag(seed: int, named: bool) -> None:
    """After the close the books are those of a monitor that never saw the bag; before it, the loss counted.

    The close is known by the name of the position, or by its absence from the next frame. That the position was
    overdue stays: it is another stream.
    """
    frame = sample(seed)
    kept = never_sold(frame, seed, share=0.8) & (frame["closed_at"] < after(15))
    shown = frame.copy()
    shown.loc[kept, "closed_at"] = after(17.5)
    positions = marked(frame[kept], 0, 17)
    if not named:
        shown, positions = shown.drop(columns="position_id"), positions.drop(columns="position_id")
    # So strict that nobody is flagged: a flagged wallet is no witness of the market any more.
    seeing, blind = started(shown, dial=1e-9), started(shown, dial=1e-9)
    before = between(shown, START, after(17))
    loss = first_of(seeing.tick(after(17), before, positions))
    nothing = first_of(blind.tick(after(17), before))
    assert loss.evidence.open_bags == len(positions[positions["marked_at"] == after(17)])
    won, usual = loss.evidence.metrics[0].recent, nothing.evidence.metrics[0].recent
    assert won is not None
    assert usual is not None
    assert won < usual
    rest = between(shown, after(17), after(20))
    gone = None if named else positions.iloc[:0].drop(columns="marked_at")
    for one, other in zip(seeing.tick(after(20), rest, gone), blind.tick(after(20), rest), strict=True):
        assert [each.recurrence_years for each in one.evidence.metrics[:3]] == [
            each.recurrence_years for each in other.evidence.metrics[:3]
        ]
    np.testing.assert_array_equal(
        seeing.course(20)[0][..., : Stream.OPEN_LOSSES], blind.course(20)[0][..., : Stream.OPEN_LOSSES]
    )


@pytest.mark.slow
def test_a_wallet_that_never_sells_its_losers_is_seen() -> None:
    """Its edge collapses and it sells winners only: its closes look perfect, with its open positions it is flagged."""
    seen, blind = [], []
    for seed in range(8):
        frame = sample(seed, wallets=12, falls=-1.6, days=35)
        kept = never_sold(frame, seed)
        shown = frame[~kept]
        new = between(shown, START, after(35))
        without = first_of(started(shown).tick(after(35), new))
        told = first_of(started(shown).tick(after(35), new, marked(frame[kept], 0, 35)))
        won = without.evidence.metrics[0]
        assert won.recurrence_years < 0.1
        blind.append(without.flagged and without.evidence.lead is not Metric.TRADE_FREQUENCY)
        seen.append(told.flagged and told.evidence.lead is not Metric.TRADE_FREQUENCY)
        assert any(f"{told.evidence.open_bags} open bags, counted as losses" in note for note in told.evidence.notes)
    assert sum(seen) >= 7
    assert not any(blind)


@pytest.mark.slow
def test_who_always_had_bags_has_not_left_its_form() -> None:
    """Bags of the history belong to the baseline: the same habit afterwards is no change. Untold, it looks like one."""
    told, untold = [], []
    for seed in range(6):
        frame = sample(seed, wallets=12, days=35)
        kept = never_sold(frame, seed, share=0.7, since=-70)
        shown = frame[~kept]
        history, new = marked(frame[kept], -70, 0), marked(frame[kept], 0, 35)
        for open_positions, outcome in ((history, told), (None, untold)):
            monitor = started(shown, open_positions=open_positions)
            win = first_of(monitor.tick(after(35), between(shown, START, after(35)), new)).evidence.metrics[0]
            outcome.append(win.recurrence_years >= 1.0)
    assert sum(told) <= 1
    assert sum(untold) >= 3


@pytest.mark.parametrize("mark", [-0.4, float("nan"), 3.0])
def test_what_is_no_bag_is_no_loss(mark: float) -> None:
    """Positions a little under water, unknown or in profit, and none at all, leave the closed trades as they are."""
    frame = sample(2)
    new = between(frame, START, after(DAYS))
    expected = first_of(started(frame, dial=NEVER_FLAGS).tick(after(DAYS), new)).evidence
    held = marked(frame[never_sold(frame, 2)], 0, DAYS).assign(mark_return=mark)
    for positions in (held, held.iloc[:1], held.iloc[:0]):
        got = first_of(started(frame, dial=NEVER_FLAGS).tick(after(DAYS), new, positions)).evidence
        assert (got.open_bags, got.notes) == (0, expected.notes)
        years = [[each.recurrence_years for each in one.metrics[:3]] for one in (got, expected)]
        assert years[0] == years[1]
        if positions is held:
            assert (got.metrics[3].recent != 0) == (mark == -0.4)


def test_one_bag_is_one_loss() -> None:
    """The smallest change: one round trip more, lost, and told as one."""
    frame = sample(2)
    new = between(frame, START, after(DAYS))
    lost = frame[never_sold(frame, 2)].iloc[:1]
    without = first_of(started(frame, dial=NEVER_FLAGS).tick(after(DAYS), new))
    held = marked(lost, 0, DAYS).assign(position_id="held")
    one = first_of(started(frame, dial=NEVER_FLAGS).tick(after(DAYS), new, held))
    assert one.evidence.open_bags == 1
    assert any("1 open bag, counted as a loss" in note for note in one.evidence.notes)
    assert one.evidence.metrics[0].n == without.evidence.metrics[0].n + 1
    frequency = [
        (each.recent, each.baseline, each.n) for each in (one.evidence.metrics[2], without.evidence.metrics[2])
    ]
    assert frequency[0] == frequency[1]
