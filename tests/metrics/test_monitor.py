"""Laws of the monitor, over seeded invented worlds."""

import json
import math
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

from metrics.evaluation.synthetic import START, Change, world
from metrics.monitor import Monitor
from metrics.types import Assessment, Metric, State

EMPTY = pd.DataFrame(columns=["wallet", "closed_at", "return", "pnl_usd", "size_usd", "holding_s"])


@cache
def sample(seed: int = 1, days: int = 40, wallets: int = 8, **changes: Change) -> pd.DataFrame:
    planted = {int(name[1:]): change for name, change in changes.items()}
    rng = np.random.default_rng(seed)
    return world(rng, wallets=wallets, history_days=60, days=days, changes=planted, rate=5.0)


def others(frame: pd.DataFrame) -> dict[str, list[str]]:
    names = sorted(frame["wallet"].unique())
    return {name: [other for other in names if other != name] for name in names}


def started(frame: pd.DataFrame, **options: object) -> Monitor:
    monitor = Monitor()
    options = {"peers": others(frame), "followed_since": START, **options}
    monitor.start(frame[frame["closed_at"] < START], **options)  # type: ignore[arg-type]
    return monitor


def between(frame: pd.DataFrame, start: datetime, end: datetime) -> pd.DataFrame:
    return frame[(frame["closed_at"] >= start) & (frame["closed_at"] < end)]


def run(monitor: Monitor, frame: pd.DataFrame, days: int, step: timedelta) -> list[Assessment]:
    now, end, out = START, START + timedelta(days=days), []
    while now < end:
        then = min(now + step, end)
        out = monitor.tick(then, between(frame, now, then))
        now = then
    return out


def after(days: float) -> datetime:
    return START + timedelta(days=days)


@pytest.mark.parametrize("step", [timedelta(hours=7), timedelta(days=1), timedelta(days=9)])
@pytest.mark.parametrize("peers", [None, {}])
def test_the_rhythm_of_ticks_does_not_show(step: timedelta, peers: dict[str, list[str]] | None) -> None:
    """However ticks divide time, the assessments at the same moment are the same."""
    frame = sample(w1=Change(day=10, win_shift=-1.0))
    days = 26.3
    once = started(frame, peers=peers).tick(after(days), between(frame, START, after(days)))
    assert run(started(frame, peers=peers), frame, 26, step)[0].score > 0
    monitor = started(frame, peers=peers)
    now = START
    while now < after(days):
        then = min(now + step, after(days))
        last = monitor.tick(then, between(frame, now, then))
        now = then
    assert last == once


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_does_not_show(seed: int) -> None:
    """Rows in any order, and rows that come days late, end in the same assessments."""
    frame = sample(seed)
    rng = np.random.default_rng(seed)
    new = between(frame, START, after(30))
    expected = started(frame).tick(after(30), new)
    shuffled = new.sample(frac=1.0, random_state=seed)
    assert started(frame).tick(after(30), shuffled) == expected
    known_at = new["closed_at"] + pd.to_timedelta(rng.exponential(2.0, len(new)), unit="D")
    late = started(frame)
    for day in range(1, 30):
        late.tick(after(day), new[(known_at >= after(day - 1)) & (known_at < after(day))])
    assert late.tick(after(30), new[known_at >= after(29)]) == expected


def test_a_learning_wallet_learns_the_same_from_late_rows() -> None:
    """Which rows came late does not change what a wallet without history learns."""
    frame = sample(4)
    new = between(frame, START, after(35))
    young = frame[frame["wallet"] != "w00"]
    expected = started(young, peers=others(frame), followed=["w00", "w01"]).tick(after(35), new)
    late = started(young, peers=others(frame), followed=["w00", "w01"])
    held_back = (new["wallet"] == "w00") & (new.index % 3 == 0)
    late.tick(after(25), new[~held_back & (new["closed_at"] < after(25))])
    rest = new[held_back | (new["closed_at"] >= after(25))]
    assert late.tick(after(35), rest) == expected


def test_resumes_as_if_never_stopped() -> None:
    """A monitor saved as JSON and resumed continues exactly, late rows included."""
    frame = sample(w2=Change(day=8, rate=0.02))
    new = between(frame, START, after(40))
    held_back = new.index % 11 == 0
    monitor = started(frame)
    monitor.tick(after(20), new[(new["closed_at"] < after(20)) & ~held_back])
    resumed = Monitor.resume(json.loads(json.dumps(monitor.state())))
    for each in (monitor, resumed):
        each.relearn("w03", after(2))
    rest = new[(new["closed_at"] >= after(20)) | held_back]
    expected = monitor.tick(after(40), rest)
    assert resumed.tick(after(40), rest) == expected
    assert Monitor.resume(json.loads(json.dumps(resumed.state()))).tick(after(40), EMPTY) == expected


def test_follow_and_forget() -> None:
    """A wallet followed later is judged from its day on; the others do not notice; forgotten, it is silent."""
    frame = sample(7)
    base = frame[frame["wallet"] != "w00"]
    monitor = started(base)
    expected = monitor.tick(after(10), between(base, START, after(10)))
    joined = started(base)
    joined.tick(after(10), between(base, START, after(10)))
    joined.follow("w00", frame[frame["closed_at"] < after(10)], followed_since=after(5), peers=["w01", "w02"])
    both = joined.tick(after(10), EMPTY)
    # Up to rounding: sums over one more column go in another order.
    before = {a.wallet: (a.state, a.score) for a in expected}
    assert {a.wallet: (a.state, pytest.approx(a.score)) for a in both if a.wallet != "w00"} == before
    (new,) = [a for a in both if a.wallet == "w00"]
    assert new.state is not State.LEARNING
    assert new.evidence.baseline_days >= 60
    joined.forget("w00")
    assert [a.wallet for a in joined.tick(after(11), EMPTY)] == [a.wallet for a in expected]


def test_relearning_takes_the_new_form_as_the_baseline() -> None:
    """After a confirmed change the wallet learns from then on, and its new form is no flag any more."""
    frame = sample(0, days=70, wallets=12, w0=Change(day=5, win_shift=-1.6))
    monitor = started(frame)
    before = {a.wallet: a for a in monitor.tick(after(30), between(frame, START, after(30)))}["w00"]
    assert before.flagged
    monitor.relearn("w00", after(24))
    learning = {a.wallet: a for a in monitor.tick(after(31), between(frame, after(30), after(31)))}["w00"]
    assert learning.state is State.LEARNING
    then = {a.wallet: a for a in monitor.tick(after(70), between(frame, after(31), after(70)))}["w00"]
    assert not then.flagged
    old, new = before.evidence.metrics[0].baseline, then.evidence.metrics[0].baseline
    assert old is not None
    assert new is not None
    assert new < old - 0.15


def test_too_little_history_is_learning() -> None:
    """Below the minimum no verdict; once the wallet has shown enough, it is judged."""
    frame = sample(5)
    young = frame[(frame["wallet"] != "w00") | (frame["closed_at"] >= after(-3))]
    monitor = started(young)
    first = {a.wallet: a for a in monitor.tick(after(1), between(young, START, after(1)))}
    assert first["w00"].state is State.LEARNING
    assert first["w00"].evidence.metrics == ()
    assert not first["w00"].flagged
    assert 0 < first["w00"].score < first["w01"].score
    later = {a.wallet: a for a in monitor.tick(after(30), between(young, after(1), after(30)))}
    assert later["w00"].state is not State.LEARNING
    assert first["w01"].state is not State.LEARNING


@pytest.mark.slow
def test_a_collapse_is_flagged_while_peers_hold() -> None:
    """A win rate that collapses alone is flagged within 30 days in most worlds, and named."""
    caught = []
    for seed in range(8):
        frame = sample(seed, wallets=12, w0=Change(day=5, win_shift=-1.6))
        by_wallet = {a.wallet: a for a in started(frame).tick(after(35), between(frame, START, after(35)))}
        caught.append(by_wallet["w00"].flagged)
        if by_wallet["w00"].flagged:
            assert by_wallet["w00"].evidence.lead in (Metric.WIN_RATE, Metric.AVERAGE_RETURN)
            win = by_wallet["w00"].evidence.metrics[0]
            assert win.recent is not None
            assert win.baseline is not None
            assert win.recent < win.baseline
    assert sum(caught) >= 7


def test_a_change_for_the_better_is_told_and_flags_nobody() -> None:
    """Who wins far more often than its form while its peers do not is dated as better in most worlds; others hardly."""
    better, usual = [], []
    for seed in range(6):
        frame = sample(seed, wallets=12, w0=Change(day=5, win_shift=1.6))
        by_wallet = {a.wallet: a for a in started(frame).tick(after(35), between(frame, START, after(35)))}
        gain = by_wallet["w00"].evidence.gain
        better.append(gain is not None and abs((gain.since - after(5).date()).days) <= 7)
        assert not by_wallet["w00"].flagged
        usual += [a.evidence.gain is not None for name, a in by_wallet.items() if name != "w00"]
    assert sum(better) >= 5
    assert np.mean(usual) < 0.2


@pytest.mark.slow
def test_its_own_variance_decides() -> None:
    """Ten points less are within the variance of a wallet that always swung, and a change for a steady one."""
    kinds = {
        "moody": ({"win_logit": 0.2, "mood": 0.6, "mood_memory": 0.8}, -0.4),
        "steady": ({"win_logit": 1.1, "mood": 0.01}, -0.48),
    }
    flagged: dict[str, set[tuple[int, str]]] = {kind: set() for kind in kinds}
    for seed in range(2):
        for kind, (traits, shift) in kinds.items():
            changes = dict.fromkeys(range(4), Change(day=5, win_shift=shift))
            rng = np.random.default_rng(seed)
            frame = world(rng, wallets=20, history_days=150, days=60, changes=changes, rate=9.0, beta=0.2, **traits)
            monitor = started(frame)
            for day in range(60):
                seen = monitor.tick(after(day + 1), between(frame, after(day), after(day + 1)))
                flagged[kind] |= {(seed, a.wallet) for a in seen if a.flagged and a.wallet < "w04"}
    assert len(flagged["moody"]) <= 2 < 5 <= len(flagged["steady"])


def test_a_falling_market_is_not_the_wallets_fault() -> None:
    """When all fall together few are flagged, and the wallets that look bad are told as market."""
    states = []
    for seed in range(4):
        # One common shift, the same for every wallet, is the cleanest market.
        changes = {f"w{i}": Change(day=5, win_shift=-1.0) for i in range(16)}
        frame = sample(seed, wallets=16, **changes)
        states += [a.state for a in started(frame).tick(after(25), between(frame, START, after(25)))]
    assert states.count(State.FLAGGED) <= 0.15 * len(states)
    assert states.count(State.MARKET) >= 0.5 * len(states)
    alone = started(frame, peers={}).tick(after(25), between(frame, START, after(25)))
    assert sum(a.state in (State.WATCH, State.FLAGGED) for a in alone) >= 0.5 * len(alone)
    assert any("No peers" in note for note in alone[0].evidence.notes)


def test_silence_is_flagged_unless_it_was_not_read() -> None:
    """A wallet that stops is flagged on frequency; the same hole, not read, is no evidence at all."""
    frame = sample(3)
    active = frame[(frame["wallet"] != "w04") | (frame["closed_at"] < after(3))]
    new = between(active, START, after(20))
    heard = {a.wallet: a for a in started(active).tick(after(20), new)}
    assert heard["w04"].flagged
    assert heard["w04"].evidence.lead is Metric.TRADE_FREQUENCY
    assert heard["w04"].evidence.silent_days is not None
    assert heard["w04"].evidence.silent_days >= 17
    assert heard["w04"].evidence.since is not None
    covered = {name: [(START, after(20))] for name in others(active)} | {"w04": [(START, after(3))]}
    unread = {a.wallet: a for a in started(active).tick(after(20), new, covered=covered)}
    assert not unread["w04"].flagged
    assert unread["w04"].state is State.OK
    assert any("not read" in note for note in unread["w04"].evidence.notes)


def test_trades_without_closes_are_not_silence() -> None:
    """A wallet that still trades, though nothing closes, is not silent."""
    frame = sample(3)
    active = frame[(frame["wallet"] != "w04") | (frame["closed_at"] < after(3))]
    trades = pd.DataFrame({"wallet": "w04", "traded_at": [after(3 + i / 4) for i in range(68)]})
    by_wallet = {a.wallet: a for a in started(active).tick(after(20), between(active, START, after(20)), trades=trades)}
    assert not by_wallet["w04"].flagged
    assert by_wallet["w04"].evidence.silent_days == pytest.approx(0.25)


@pytest.mark.parametrize("seed", range(3))
def test_the_future_does_not_show(seed: int) -> None:
    """Rows that close later than a tick do not change it, however they look."""
    frame = sample(seed)
    monitor, other = started(frame), started(frame)
    now = after(15)
    new = between(frame, START, after(30))
    future = new["closed_at"] >= now
    altered = new.assign(**{"return": np.where(future, -0.9, new["return"])})
    assert monitor.tick(now, new[~future]) == other.tick(now, altered[~future])
    silent = {a.wallet: a.evidence.silent_days for a in monitor.tick(now, EMPTY)}
    ahead = other.tick(now, altered[future])
    assert [replace(a, evidence=replace(a.evidence, silent_days=silent[a.wallet])) for a in ahead] == monitor.tick(
        now, EMPTY
    )


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_positive_finite_and_grow(seed: int) -> None:
    """More losses in place of wins never lower the score of a win-rate lead, and no score is 0 or infinite."""
    frame = sample(seed)
    new = between(frame, START, after(30)).reset_index(drop=True)
    scores = []
    for share in (0.0, 0.4, 0.8, 1.0):
        rng = np.random.default_rng(seed)
        lose = (new["wallet"] == "w00") & (rng.uniform(size=len(new)) < share)
        worse = new.assign(**{"return": np.where(lose, -new["return"].abs(), new["return"])})
        assessments = {a.wallet: a for a in started(frame).tick(after(30), worse)}
        assert all(a.score > 0 and math.isfinite(a.score) for a in assessments.values())
        scores.append(assessments["w00"].evidence.metrics[0].recurrence_years)
    assert scores == sorted(scores)
    assert scores[-1] > 100 * scores[0]


def test_the_dial_moves_the_threshold_alone() -> None:
    """A stricter dial flags no more; the scores stay the same while no flag has spoken for a peer."""
    frame = sample(2, w0=Change(day=5, win_shift=-1.6))
    new = between(frame, START, after(35))
    for dial in (0.1, 1.0, 10.0):
        monitor = Monitor(false_flags_per_wallet_year=dial)
        monitor.start(frame[frame["closed_at"] < START], {}, followed_since=START)
        for each in monitor.tick(after(35), new):
            assert each.flagged == (each.score >= 1 / dial)
            assert each.flagged == (each.state is State.FLAGGED)


def test_evidence_has_one_row_per_metric() -> None:
    """Evidence names every metric in order, with a range around the expectation and a recurrence interval."""
    frame = sample(6)
    for each in started(frame).tick(after(30), between(frame, START, after(30))):
        assert [m.metric for m in each.evidence.metrics] == list(Metric)[:3]
        for metric in each.evidence.metrics:
            assert metric.low is not None
            assert metric.high is not None
            assert metric.low <= metric.high
            assert metric.recurrence_years > 0
            assert 1 <= metric.window_days <= 90
            assert metric.peers_low is not None
            assert metric.peers_change is not None
            assert metric.peers_high is not None
            assert metric.peers_low <= metric.peers_change <= metric.peers_high
        long_run = each.evidence.metrics[0].long_run
        assert long_run is not None
        assert 0 < long_run < 1
        assert each.evidence.peers_effective is not None
        assert 1 <= each.evidence.peers_effective <= 7
        assert each.evidence.sight is not None
        assert each.evidence.peers == 7


def test_most_quiet_wallets_lie_within_their_range() -> None:
    """With nothing changed, about 95 % of recent values lie within low .. high."""
    inside = []
    for seed in range(6):
        frame = sample(seed)
        for each in started(frame).tick(after(30), between(frame, START, after(30))):
            for m in each.evidence.metrics:
                assert m.recent is not None
                assert m.low is not None
                assert m.high is not None
                inside.append(m.low <= m.recent <= m.high)
    assert 0.85 <= np.mean(inside) <= 1.0


def test_each_wallet_has_its_own_day() -> None:
    """Wallets may be followed since different days: each baseline ends there, later rows are judged at once."""
    frame = sample(7)
    past = frame[frame["closed_at"] < after(20)]
    monitor = Monitor()
    monitor.start(past, followed=["w00", "w01"], followed_since={"w00": after(-20), "w01": after(10)})
    first, second = sorted(monitor.tick(after(20), EMPTY), key=lambda a: a.wallet)
    assert second.evidence.baseline_days - first.evidence.baseline_days == pytest.approx(30, abs=2)
    assert second.evidence.metrics[0].window_days <= 10
    assert first.evidence.peers == 7


def test_without_wallets_there_is_nothing_to_tell() -> None:
    """A monitor that follows nobody answers with an empty list."""
    assert Monitor().tick(after(0), EMPTY) == []


def test_empty_history_is_fine() -> None:
    """A watchlist of which nothing is known is learning, not an error."""
    monitor = Monitor()
    monitor.start(EMPTY, followed=["w00"])
    (only,) = monitor.tick(after(3), EMPTY, open_positions=EMPTY)
    assert only.state is State.LEARNING


def test_times_need_a_zone() -> None:
    """A day is a UTC day: a time without a zone is refused, not guessed."""
    naive = sample().assign(closed_at=lambda f: f["closed_at"].dt.tz_localize(None))
    with pytest.raises(ValueError, match="time zone"):
        Monitor().start(naive)


def test_bags_are_noted() -> None:
    """Open positions far under water and overdue are counted in a note, old ones apart, fresh ones not."""
    frame = sample(6)
    opened = [after(-50), after(2), after(3), after(9.99)]
    held = pd.DataFrame({"wallet": "w01", "opened_at": opened, "mark_return": -0.9})
    by_wallet = {a.wallet: a for a in started(frame).tick(after(10), between(frame, START, after(10)), held)}
    evidence = by_wallet["w01"].evidence
    assert evidence.open_bags == 2
    assert any("2 open bags, counted as losses" in note for note in evidence.notes)
    assert any("1 open bag from before" in note for note in evidence.notes)
    assert by_wallet["w02"].evidence.notes == ()
