"""Odd wallets: no input raises, no score is without meaning, and what shows no change is not flagged."""

import math
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from metrics.evaluation.synthetic import START, Change, world
from metrics.monitor import Monitor
from metrics.types import Assessment, State

DAYS = 30


def crowd(wallets: int = 8, **changes: Change) -> pd.DataFrame:
    planted = {int(name[1:]): change for name, change in changes.items()}
    return world(np.random.default_rng(0), wallets=wallets, history_days=60, days=DAYS, changes=planted, rate=5.0)


def rows(times: list[datetime], returns: list[float] | float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "wallet": "odd",
            "closed_at": pd.DatetimeIndex(times),
            "return": returns,
            "pnl_usd": 0.0,
            "size_usd": 100.0,
            "holding_s": 600.0,
        }
    )


def every(hours: float, *, start: float = -60, end: float = DAYS) -> list[datetime]:
    return [START + timedelta(days=start, hours=hours * i + 0.5) for i in range(int((end - start) * 24 / hours))]


def judged(odd: pd.DataFrame, others: pd.DataFrame | None = None, **options: object) -> dict[str, Assessment]:
    frame = pd.concat([crowd() if others is None else others, odd], ignore_index=True)
    frame = frame[frame["closed_at"] < START + timedelta(days=DAYS)]
    past = frame["closed_at"] < START
    monitor = Monitor()
    monitor.start(frame[past], followed_since=START, followed=sorted({*frame["wallet"], "odd"}), **options)  # type: ignore[arg-type]
    out = {a.wallet: a for a in monitor.tick(START + timedelta(days=DAYS), frame[~past])}
    for each in out.values():
        assert each.score > 0
        assert math.isfinite(each.score)
        for metric in each.evidence.metrics:
            assert all(value is None or math.isfinite(value) for value in (metric.recent, metric.low, metric.high))
    return out


@pytest.mark.parametrize("trades", [0, 1, 3])
def test_a_handful_of_trades_is_no_form(trades: int) -> None:
    """With 0, 1 or 3 trades a wallet is learning, never flagged."""
    assert judged(rows(every(24)[:trades], 0.1))["odd"].state is State.LEARNING


@pytest.mark.parametrize("value", [0.2, -0.2, 0.0])
def test_trades_that_are_all_equal_show_no_change(value: float) -> None:
    """All wins, all losses, all break-even: what never varied and still does not is no change."""
    assert judged(rows(every(6), value))["odd"].state is State.OK


def test_one_jackpot_is_no_change() -> None:
    """A return of +100,000 %, or its absence, moves no verdict."""
    returns = [0.1 if i % 2 else -0.1 for i in range(len(every(6)))]
    plain = judged(rows(every(6), returns))["odd"]
    for at in (40, len(returns) - 20):
        jackpot = [1000.0 if i == at else value for i, value in enumerate(returns)]
        assert judged(rows(every(6), jackpot))["odd"].state is plain.state is State.OK


def test_a_hundred_thousand_trades_in_a_day() -> None:
    """One day of 10^5 trades is one day: it is no flag by itself."""
    burst = [START + timedelta(days=20, seconds=i * 0.8) for i in range(100_000)]
    usual = rows(every(6), [0.1 if i % 2 else -0.1 for i in range(len(every(6)))])
    odd = pd.concat([usual, rows(burst, [0.1 if i % 2 else -0.1 for i in range(len(burst))])])
    assert not judged(odd)["odd"].flagged


def test_a_row_given_twice_counts_once() -> None:
    """With position ids, duplicates change nothing."""
    times = every(6)
    odd = rows(times, [0.1 if i % 3 else -0.1 for i in range(len(times))])
    odd = odd.assign(position_id=[f"p{i}" for i in range(len(odd))])
    assert judged(pd.concat([odd, odd]))["odd"] == judged(odd)["odd"]


def test_gaps_in_what_was_read_are_no_evidence() -> None:
    """Half of the days unread: the rest speaks, and the hole is told."""
    times = [moment for moment in every(6) if moment < START + timedelta(days=15)]
    odd = rows(times, [0.1 if i % 2 else -0.1 for i in range(len(times))])
    whole = (START - timedelta(days=60), START + timedelta(days=DAYS))
    covered = {name: [whole] for name in crowd()["wallet"].unique()} | {"odd": [(whole[0], START + timedelta(days=15))]}
    frame = pd.concat([crowd(), odd], ignore_index=True)
    past = frame["closed_at"] < START
    monitor = Monitor()
    monitor.start(frame[past], followed_since=START, covered=covered)
    last = monitor.tick(START + timedelta(days=DAYS), frame[~past], covered=covered)
    (one,) = [a for a in last if a.wallet == "odd"]
    assert one.state is State.OK
    assert any("not read" in note for note in one.evidence.notes)


def test_one_peer_is_told_as_too_few() -> None:
    """One peer is no market: the verdict stands on the wallet alone, and says so."""
    odd = rows(every(6), [0.1 if i % 2 else -0.1 for i in range(len(every(6)))])
    one = judged(odd, crowd(1), peers={"odd": ["w00"]})["odd"]
    assert one.state is State.OK
    assert any("Only 1 peer" in note for note in one.evidence.notes)


def test_all_peers_flagged_leaves_no_market() -> None:
    """Where every peer went silent and is flagged, a steady wallet is still judged, and not flagged."""
    others = crowd(**{f"w{i}": Change(day=2, rate=0.001) for i in range(8)})
    odd = rows(every(6), [0.1 if i % 2 else -0.1 for i in range(len(every(6)))])
    seen = judged(odd, others)
    assert sum(a.flagged for a in seen.values()) >= 6
    assert seen["odd"].state is State.OK


def test_only_buys_are_no_silence() -> None:
    """A wallet that goes on buying and closes nothing is active; nothing is said of its win rate."""
    times = [moment for moment in every(6) if moment < START]
    odd = rows(times, [0.1 if i % 2 else -0.1 for i in range(len(times))])
    frame = pd.concat([crowd(), odd], ignore_index=True)
    past = frame["closed_at"] < START
    monitor = Monitor()
    monitor.start(frame[past], followed_since=START)
    buys = pd.DataFrame({"wallet": "odd", "traded_at": pd.DatetimeIndex(every(6, start=0))})
    (one,) = [a for a in monitor.tick(START + timedelta(days=DAYS), frame[~past], trades=buys) if a.wallet == "odd"]
    assert not one.flagged
    assert one.evidence.metrics[0].recent is None
