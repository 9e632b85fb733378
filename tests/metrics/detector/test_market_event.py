"""Market events: a drawdown is one, single wallets that leave are none, and nobody is in two of its lists."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.detector.market_event import FEWEST, OVER, MarketEvent, market_event, spans
from metrics.evaluation.synthetic import START, Change, world
from metrics.monitor import Monitor
from metrics.types import Metric, State
from tests.alerts.examples import EVIDENCE, assessment

DAYS = 70
DROP = Change(day=20, win_shift=-1.6)


def events_of(seed, *, drawdowns=0, changes=None):
    """Each day's event in an invented world of 32 wallets, and who was ever flagged."""
    frame = world(np.random.default_rng(seed), days=DAYS, drawdowns=drawdowns, changes=changes)
    monitor = Monitor(1.0)
    monitor.start(frame[frame["closed_at"] < START], followed_since=START)
    found, flagged = [], set()
    for n in range(1, DAYS + 1):
        now = START + timedelta(days=n)
        rows = frame[(frame["closed_at"] >= now - timedelta(days=1)) & (frame["closed_at"] < now)]
        verdicts = monitor.tick(now, rows)
        flagged |= {each.wallet for each in verdicts if each.flagged}
        found.append(market_event(verdicts))
    return found, flagged


@pytest.mark.slow
def test_a_drawdown_is_an_event_and_a_calm_market_is_none():
    """In every world: of two drawdowns one is seen at least; without any all is quiet, whoever leaves on his own."""
    alone = dict.fromkeys(range(6), DROP)
    for seed in range(900, 902):
        assert any(events_of(seed, drawdowns=2)[0])
        quiet, flagged = events_of(seed, changes=alone)
        assert not any(quiet), "departures of single wallets are no market event, six on one day even"
        assert {"w00", "w01", "w02", "w03", "w04", "w05"} & flagged


def verdicts(states, *, peers=8):
    return [
        replace(
            assessment(state),
            wallet=f"w{n:02d}",
            evidence=replace(EVIDENCE, peers=peers, since=date(2025, 6, 1) + timedelta(days=n % 3)),
        )
        for n, state in enumerate(states)
    ]


@given(st.lists(st.sampled_from(list(State)), max_size=60))
def test_nobody_is_lost_or_named_twice(states):
    """Who fell with the market is moved, the flagged are beyond, learners unknown; below three there is no event."""
    judged = verdicts(states)
    event = market_event(judged)
    moved = states.count(State.MARKET)
    if event is None:
        assert moved < max(FEWEST, 6)
        return
    assert moved >= FEWEST
    assert len(event.moved) == moved
    assert len(event.beyond) == states.count(State.FLAGGED)
    assert len(event.unknown) == states.count(State.LEARNING)
    named = [*event.moved, *event.beyond, *event.unknown]
    assert len(named) == len(set(named))


def test_a_long_list_needs_more_than_three():
    """Of a hundred that can be compared ten must fall; of hundred without peers nobody is compared."""
    assert market_event(verdicts([State.MARKET] * 9 + [State.OK] * 91)) is None
    assert market_event(verdicts([State.MARKET] * 10 + [State.OK] * 90)) is not None


def event_on(*moved):
    return MarketEvent(
        metric=Metric.WIN_RATE, since=date(2025, 6, 1), moved=moved, beyond=(), unknown=(), peers=9, change=-0.1,
        low=None, high=None,
    )  # fmt: skip


@pytest.mark.parametrize("gap", [OVER, OVER + timedelta(days=1)])
def test_days_near_each_other_are_one_event(gap):
    """A week without it ends it; until then its days are one event with all the wallets it moved."""
    first = date(2025, 6, 1)
    found = spans([(first, event_on("b", "a")), (first + gap, event_on("c"))])
    if gap <= OVER:
        [span] = found
        assert (span.first, span.last, span.moved) == (first, first + gap, ("a", "b", "c"))
        assert span.holds(first)
        assert not span.holds(span.last + timedelta(days=1))
    else:
        assert [span.moved for span in found] == [("a", "b"), ("c",)]
