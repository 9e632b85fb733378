"""No verdict without a baseline: what a wallet is judged by was learned from."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metrics.baseline.baseline import MINIMUM_DAYS, MINIMUM_ROUND_TRIPS
from metrics.baseline.pace import MINIMUM_TRADING_DAYS
from metrics.baseline.size_scale import FEWEST
from metrics.monitor import Monitor
from metrics.types import Assessment, Evidence, Metric, State

BEGIN = datetime(2025, 4, 7, tzinfo=UTC)  # a Monday
DAYS = 45

Span = tuple[int, int]
"""First hour and end of a stretch that was read, from ``BEGIN``."""


def at(day: float) -> datetime:
    return BEGIN + timedelta(days=day)


def trips(when: Iterable[float], returns: Sequence[float] = (0.02, -0.01), held_s: float = 600.0) -> pd.DataFrame:
    """Round trips of one wallet that closed on these days; the returns go in turn."""
    closed = sorted(when)
    return pd.DataFrame(
        {
            "wallet": "w",
            "closed_at": pd.DatetimeIndex([at(day) for day in closed], tz=UTC),
            "return": [returns[i % len(returns)] for i in range(len(closed))],
            "pnl_usd": 1.0,
            "size_usd": 100.0,
            "holding_s": held_s,
            "position_id": [f"p{i}" for i in range(len(closed))],
        }
    )


def on(day: int, count: int) -> list[float]:
    """So many closes on one day, from noon on."""
    return [day + 0.5 + i / 200 for i in range(count)]


def read(spans: Iterable[Span]) -> dict[str, list[tuple[datetime, datetime]]]:
    return {"w": [(at(first / 24), at(end / 24)) for first, end in spans]}


def assessed(
    frame: pd.DataFrame, spans: Iterable[Span], *, followed: int, now: int, marks: pd.DataFrame | None = None
) -> Assessment:
    monitor = Monitor()
    known = frame[frame["closed_at"] < at(now)]
    monitor.start(known, {}, followed=["w"], followed_since=at(followed), covered=read(spans))
    (one,) = monitor.tick(at(now), known.iloc[:0], marks, covered=read(spans))
    return one


def used(frame: pd.DataFrame, spans: Sequence[Span], end: int) -> tuple[int, int]:
    """Round trips before the day ``end`` that closed on days that were read whole, and such days since the first row.

    Counted hour by hour, which has nothing in common with how the product counts.
    """
    hours = {hour for first, last in spans for hour in range(first, last)}
    closed = [int((moment - BEGIN) / timedelta(days=1)) for moment in frame["closed_at"]]
    first = min((day for day in closed if day < end), default=end)
    whole = {day for day in range(first, end) if all(24 * day + hour in hours for hour in range(24))}
    return sum(day in whole for day in closed), len(whole)


@st.composite
def records(draw: st.DrawFn) -> tuple[list[float], list[Span]]:
    """Closes and what was read of them: bursts, a steady stretch, silence, holes, first and last days in part."""
    bursts = draw(st.lists(st.tuples(st.integers(0, DAYS - 1), st.integers(1, 40)), max_size=4))
    steady = draw(st.tuples(st.integers(0, DAYS - 1), st.integers(0, 30), st.integers(1, 6)))
    when = [close for day, count in bursts for close in on(day, count)]
    when += [close for day in range(steady[0], min(DAYS, steady[0] + steady[1])) for close in on(day, steady[2])]
    edges = draw(st.lists(st.integers(0, 24 * DAYS), min_size=2, max_size=6, unique=True).map(sorted))
    return [*when, *on(DAYS - 1, 1)], list(zip(edges[::2], edges[1::2], strict=False))


@settings(max_examples=40, deadline=None)
@given(record=records(), followed=st.integers(1, DAYS))
@example(record=([*on(0, 30), *(close for day in range(38, 45) for close in on(day, 5))], [(9, 45 * 24)]), followed=38)
@example(record=([*on(0, 19), *on(40, 1)], [(0, DAYS * 24)]), followed=41)
@example(record=([*on(0, 19), *on(40, 1)], [(0, 41 * 24 - 1)]), followed=41)
@example(record=([*on(0, 10), *on(13, 10)], [(0, DAYS * 24)]), followed=14)
@example(record=([*on(0, 10), *on(12, 10)], [(0, 13 * 24)]), followed=13)
def test_a_wallet_is_learning_until_what_the_fit_takes_suffices(
    record: tuple[list[float], list[Span]], followed: int
) -> None:
    """Whatever was read of its days, a wallet is judged once the rows used suffice; the number told is that of these.

    The baseline is learned on the first day, from the one on which it is followed, before which enough was read whole.
    """
    when, spans = record
    frame = trips(when)
    one = assessed(frame, spans, followed=followed, now=DAYS)
    learned = [
        count
        for end in [followed, *range(followed + 1, DAYS)]
        if (count := used(frame, spans, end))[0] >= MINIMUM_ROUND_TRIPS and count[1] >= MINIMUM_DAYS
    ]
    if learned:
        assert one.state is not State.LEARNING
        assert (one.evidence.baseline_n, one.evidence.baseline_days) == learned[0]
    else:
        assert (one.state, one.flagged) == (State.LEARNING, False)
        assert (one.evidence.baseline_n, one.evidence.metrics) == (0, ())


def test_a_busy_first_day_that_was_not_read_whole_is_no_baseline() -> None:
    """24 closes in the afternoon of the first day, of which no morning was read; from day 40 on four a day.

    It learns until 20 of these lie on whole days. These were all on days 40 to 44, so its usual pace is known as well.
    """
    frame = trips([*on(0, 24), *(close for day in range(40, 50) for close in on(day, 4))])
    spans = [(11, 24 * 50)]
    assert assessed(frame, spans, followed=40, now=45) == Assessment(
        wallet="w",
        as_of=at(45),
        score=1e-6,
        flagged=False,
        state=State.LEARNING,
        evidence=Evidence(
            metrics=(),
            lead=None,
            since=None,
            silent_days=pytest.approx(0.485),
            baseline_n=0,
            baseline_days=0.0,
            peers=0,
            peers_down=0,
            sight=None,
            notes=("Too little history to know this wallet's own form.",),
        ),
    )
    then = assessed(frame, spans, followed=40, now=46)
    assert (then.state, then.evidence.baseline_n, then.evidence.baseline_days) == (State.OK, 20, 44.0)
    assert [(row.metric, row.baseline) for row in then.evidence.metrics] == [
        (Metric.WIN_RATE, 0.5),
        (Metric.AVERAGE_RETURN, pytest.approx(0.005)),
        (Metric.TRADE_FREQUENCY, pytest.approx(20 / 44, rel=0.1)),
    ]


@pytest.mark.parametrize("unread", [0, 44])
def test_rows_of_days_that_were_not_read_whole_say_nothing(unread: int) -> None:
    """Whatever the rows of such a day returned, the wallet is judged alike."""
    when = [*on(0, 8), *(close for day in range(10, 45) for close in on(day, 3)), *(45 + i / 4 for i in range(40))]
    returns = np.random.default_rng(3).normal(0.01, 0.04, len(when)).tolist()
    lost = trips(when, returns)
    lost.loc[lost["closed_at"].between(at(unread), at(unread + 1), inclusive="left"), "return"] = -0.9
    spans = [(11, 44 * 24 + 5), (45 * 24, 55 * 24)]
    expected = assessed(trips(when, returns), spans, followed=45, now=55)
    assert expected.evidence.baseline_n == 34 * 3
    assert assessed(lost, spans, followed=45, now=55) == expected


def test_a_hole_that_is_read_later_ends_in_the_same() -> None:
    """What a wallet learned late is a function of what was read, not of the order in which that came."""
    frame = trips([close for day in range(2, DAYS) for close in on(day, 1 + day % 2)])
    hole = [(0, 10 * 24), (15 * 24, DAYS * 24)]
    expected = assessed(frame, [(0, DAYS * 24)], followed=12, now=DAYS)
    monitor = Monitor()
    past = frame["closed_at"] < at(12)
    monitor.start(frame[past], {}, followed=["w"], followed_since=at(12), covered=read(hole))
    (before,) = monitor.tick(at(30), frame[~past & (frame["closed_at"] < at(30))], covered=read(hole))
    assert before.evidence.metrics[0].baseline != expected.evidence.metrics[0].baseline
    (after,) = monitor.tick(at(DAYS), frame[frame["closed_at"] >= at(30)], covered=read([(0, DAYS * 24)]))
    assert after == expected


def busy(days: int) -> pd.DataFrame:
    """30 closes on so many of the first days, and silence; from day 40 on eight closes a day."""
    first = [close for day in range(days) for close in on(3 * day, 30 // days)]
    return trips([*first, *(close for day in range(40, 50) for close in on(day, 8))])


def test_one_busy_day_is_no_pace() -> None:
    """How often it trades is judged from trades on five days on; before, neither is a range of it told."""
    whole = [(0, 24 * 50)]
    few = assessed(busy(MINIMUM_TRADING_DAYS - 1), whole, followed=40, now=50)
    enough = assessed(busy(MINIMUM_TRADING_DAYS), whole, followed=40, now=50)
    pace = [one.evidence.metrics[2] for one in (few, enough)]
    assert pace[0].recurrence_years < 0.01 < 0.1 < pace[1].recurrence_years
    assert (pace[0].low, pace[0].high) == (None, None)
    assert pace[1].high is not None
    assert few.state is State.OK
    assert few.evidence.sight is not None
    assert few.evidence.sight.silence_days is None
    about = "It traded on too few days of its history to know its usual pace: how often it trades is not judged."
    assert about in few.evidence.notes
    assert about not in enough.evidence.notes


def sized(few: int, *, sign: int) -> tuple[float, float]:
    """Recurrence of a changed average return, and score, of a wallet with ``few`` wins (or losses) of 1 to 2 %.

    From day 40 on these are a twentieth (or 20 times) as large, and as frequent as before.
    """
    rng = np.random.default_rng(5)
    days = [day + 0.3 + 0.01 * i for day in range(40) for i in range(2)]
    usual = -sign * rng.uniform(0.01, 0.02, len(days))
    rare = np.linspace(0, len(days) - 1, few).astype(int)
    usual[rare] *= -1
    later = -sign * rng.uniform(0.01, 0.02, 120)
    later[:: len(days) // few] *= -0.05 if sign > 0 else -20.0
    frame = trips([*days, *(40 + i / 6 for i in range(120))], [*usual.tolist(), *later.tolist()])
    one = assessed(frame, [(0, 24 * 60)], followed=40, now=60)
    assert one.evidence.baseline_n == len(days)
    return one.evidence.metrics[1].recurrence_years, one.score


@pytest.mark.parametrize("sign", [1, -1])
def test_sizes_are_judged_from_five_of_a_sign_on(sign: int) -> None:
    """Of four wins (losses) nobody knows how large they usually are: that they become smaller (larger) is no news."""
    assert sized(FEWEST - 1, sign=sign)[0] < 0.01 < sized(FEWEST, sign=sign)[0]


def held(known: int) -> Assessment:
    """60 closes, of so many of which it is known that they were held for ten minutes; then ten losers stay open."""
    frame = trips([close for day in range(60) for close in on(day, 1)])
    frame.loc[known:, "holding_s"] = np.nan
    marks = pd.DataFrame(
        {
            "wallet": "w",
            "position_id": [f"open{i}" for i in range(10)],
            "opened_at": [at(50 + i / 2) for i in range(10)],
            "mark_return": -0.3,
        }
    )
    return assessed(frame, [(0, 24 * 60)], followed=40, now=60, marks=marks)


def test_who_holds_for_unknown_times_is_never_late() -> None:
    """Open losses are judged, and told, from 20 round trips on of which it is known for how long they were held."""
    few, enough = held(MINIMUM_ROUND_TRIPS - 1), held(MINIMUM_ROUND_TRIPS)
    assert [row.metric for row in few.evidence.metrics] == list(Metric)[:3]
    assert [row.metric for row in enough.evidence.metrics] == list(Metric)
    assert enough.evidence.metrics[3].recent is not None
    assert enough.evidence.metrics[3].recent > 0.2
