"""Laws of the stream that watches positions held under water, over seeded invented worlds."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.baseline.unrealised_losses import first_spells, overdue_bound, spells
from metrics.baseline.wallet_history import DAY_S, WalletHistory
from metrics.detector.cusum import Stream
from metrics.evaluation.synthetic import START, population
from metrics.evaluation.synthetic_positions import Unsold, with_positions
from metrics.monitor import Monitor
from metrics.types import Assessment, Metric

DAYS = 60


def judged(
    seed: int, unsold: dict[str, Unsold], *, drawdowns: int = 0, habits: bool = True, marked: float = 0.0
) -> dict[str, Assessment]:
    """Assessments after ``DAYS`` days of eight wallets, whose open positions are marked from day ``marked`` on."""
    rng = np.random.default_rng(seed)
    frame, market = population(rng, wallets=8, history_days=90, days=DAYS, drawdowns=drawdowns, rate=4.0)
    frame, positions = with_positions(rng, frame, market, unsold=unsold, habits=habits)
    positions = positions[positions["marked_at"] >= START + timedelta(days=marked)]
    names = sorted(frame["wallet"].unique())
    past = frame["closed_at"] < START
    monitor = Monitor()
    monitor.start(
        frame[past],
        {name: [other for other in names if other != name] for name in names},
        followed_since=START,
        open_positions=positions[positions["marked_at"] == START],
    )
    told = monitor.tick(START + timedelta(days=DAYS), frame[~past], positions)
    return {each.wallet: each for each in told}


def held_on(one: Assessment) -> float:
    """Recurrence interval of open losses, years."""
    return one.evidence.metrics[3].recurrence_years


@pytest.mark.parametrize("closed", [20, 60, 400])
def test_the_bound_is_what_a_steady_wallet_exceeds_by_chance(closed: int) -> None:
    """However they are spread, a new holding time exceeds the 95th percentile of n others as often as bounded."""
    rng = np.random.default_rng(closed)
    share, se = overdue_bound(closed, 0)
    limits = np.quantile(np.exp(rng.normal(size=(4000, closed))), 0.95, axis=1)
    beyond = np.array([(np.exp(rng.normal(size=500)) > limit).mean() for limit in limits[:1000]])
    assert share == pytest.approx(beyond.mean(), rel=0.1)
    assert se == pytest.approx(beyond.std(), rel=0.35)
    assert overdue_bound(closed, 10)[0] > share


def test_who_stops_selling_its_losers_is_seen() -> None:
    """From day 20 on four in five losers are never sold: seen within 40 days in most worlds, whatever else is quiet."""
    found = [judged(seed, {"w00": Unsold(day=20, share=0.8)})["w00"] for seed in range(8)]
    assert sum(held_on(one) > 10.0 for one in found) >= 6
    shown = [one.evidence for one in found if one.evidence.lead is Metric.OPEN_LOSSES]
    assert shown
    for evidence in shown:
        row = evidence.metrics[3]
        assert row.recent is not None
        assert row.high is not None
        assert row.recent > row.high


@pytest.mark.parametrize("drawdowns", [0, 2])
def test_nobody_is_flagged_for_a_market_under_water(drawdowns: int) -> None:
    """Nothing changes but the market: in some eight wallet-years hardly one is flagged for what it holds."""
    found = [one for seed in range(6) for one in judged(seed, {}, drawdowns=drawdowns).values()]
    assert sum(held_on(one) > 4.0 for one in found) <= 1


def test_what_the_peers_do_as_well_is_the_market() -> None:
    """The same wallet holds on to its losers, alone or while all its peers do: then far less speaks against it."""
    change = Unsold(day=20, share=0.5)
    for seed in range(4):
        alone = judged(seed, {"w00": change}, habits=False)["w00"]
        together = judged(seed, {f"w{i:02d}": change for i in range(8)}, habits=False)["w00"]
        assert held_on(together) < held_on(alone)
        assert together.evidence.metrics[3].peers_change is not None
        assert together.evidence.metrics[3].peers_change > (alone.evidence.metrics[3].peers_change or 0.0)


def test_an_old_habit_is_no_change() -> None:
    """Who never sold half of its losers is within its form, from the first marks on."""
    found = [judged(seed, {"w00": Unsold(day=-999, share=0.5)}, habits=False)["w00"] for seed in range(6)]
    assert sum(held_on(one) > 1.0 for one in found) <= 1


def test_without_marks_nothing_is_said() -> None:
    """Where no open position was ever told, open losses are no row of the evidence."""
    for one in judged(1, {}, marked=DAYS + 1).values():
        assert [row.metric for row in one.evidence.metrics] == list(Metric)[: int(Stream.SILENCE)]


@given(marks=st.lists(st.one_of(st.none(), st.floats(-1, 1)), min_size=1, max_size=12), idle=st.integers(-5, 12))
def test_a_position_is_overdue_once(marks: list[float | None], idle: int) -> None:
    """However its marks hover, a position becomes overdue at most once: at a mark of 0 or below, idle for long."""
    ledger = WalletHistory()
    for day, mark in enumerate(marks):
        ledger.tell((day + 1) * DAY_S, {"p": (idle * DAY_S, mark)}, keep_below=0.0)
    found = first_spells(
        spells(ledger.frames, ledger.marked, ledger.closed, holding_p95_s=DAY_S, mark_at=0.0, free_above=0.0)
    )
    due = [day for day, mark in enumerate(marks) if mark is not None and mark <= 0 and day + 1 - idle > 1]
    assert len(found) == bool(due)
    if due:
        assert found[0].known == due[0]


def test_what_never_closed_is_not_lost_at_the_end() -> None:
    """Round trips and open positions of an invented wallet are all of its positions, each in one of both at the end."""
    rng = np.random.default_rng(3)
    frame, market = population(rng, wallets=3, history_days=30, days=30)
    closed, positions = with_positions(rng, frame, market, unsold={"w00": Unsold(day=0, share=1.0)}, habits=False)
    last = positions[positions["marked_at"] == positions["marked_at"].max()]
    assert len(closed) + len(last) == len(frame)
    assert set(closed["position_id"]).isdisjoint(last["position_id"])
    late = closed[(closed["wallet"] == "w00") & (closed["closed_at"] >= START)]
    assert (late["return"] > 0).all()
