"""Flags among days in which nothing changed, and the factor that they ask for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metrics.evaluation.false_flag_rate import ENOUGH, FEWEST, STEPS, divided, factor, first_passages, realised
from metrics.types import State
from tests.alerts.examples import assessment


def rng():
    return np.random.default_rng(0)


def test_a_passage_counts_once_and_time_until_then():
    """Days before a wallet is judged do not count, nor what is reached on them, nor what follows the first passage."""
    scores = np.array([[9.0, 0.1, 0.5, 2.0, 0.1, 3.0], [0.1, 0.1, 0.1, 0.1, 0.1, 0.1], [5.0, 0.1, 0.1, 0.1, 0.1, 0.1]])
    hit, days = first_passages(scores, np.array([1, 2, 0]), [1.0, 0.5])
    assert hit.tolist() == [[1, 1], [0, 0], [1, 1]]
    assert days.tolist() == [[3, 2], [4, 4], [1, 1]]


def population(rates, *, years=40):
    """Wallets flagged at these rates a year, alike at each step: columns of ``STEPS``."""
    days = np.full((len(rates), len(STEPS)), years * 365.25)
    return np.outer(rates, 1 / STEPS) * years, days


def test_a_rate_has_an_interval_over_wallets():
    """The more wallets differ, the wider; below five there is none."""
    flags, days = (x[:, :1] for x in population([1.0] * 12))
    [same] = realised(flags, days, [1.0], rng())
    assert (same.rate, same.low, same.high) == pytest.approx((1.0, 1.0, 1.0))
    flags, days = (x[:, :1] for x in population([0.2] * 6 + [1.8] * 6))
    [apart] = realised(flags, days, [1.0], rng())
    assert apart.low < 0.75 < apart.rate == pytest.approx(1.0)
    assert apart.high > 1.25
    [few] = realised(flags[: FEWEST - 1], days[: FEWEST - 1], [1.0], rng())
    assert (few.low, few.high) == (None, None)


def test_a_broken_promise_is_mended_where_it_is_sure():
    """Twice the promised rate asks for nearly twice the evidence; as promised, or rarer, or on few wallets: nothing."""
    found = factor(*population([1.8, 2.2] * 8), 1.0, rng())
    assert found.value == pytest.approx(2.0, rel=0.1)
    assert 1 < found.low < 2 < found.high
    assert factor(*population([0.9, 1.1] * 8), 1.0, rng()) is None
    assert factor(*population([0.2, 0.3] * 8), 1.0, rng()) is None
    assert factor(*population([2.0] * (ENOUGH - 1)), 1.0, rng()) is None
    assert factor(*population([9.0, 10.0] * 8), 1.0, rng()).value <= STEPS[-1]


@given(arrays(np.float64, 14, elements=st.floats(0, 12)), st.floats(0.1, 5))
@settings(max_examples=60, deadline=None)
def test_a_factor_only_makes_flags_rarer_and_is_bounded(rates, dial):
    """Whatever was counted, a factor is in (1, 4]; one wallet that is flagged all the time does not make one."""
    found = factor(*population(rates), dial, rng())
    assert found is None or 1 < found.value <= STEPS[-1]
    alone = np.where(np.arange(14) == 0, rates, 0.0)
    assert factor(*population(alone), dial, rng()) is None


@pytest.mark.parametrize("state", [State.FLAGGED, State.WATCH])
def test_intervals_are_shorter_by_the_factor(state):
    """Score and each metric's interval are divided, nothing else changes; by 1 it is the same verdict."""
    known = assessment(state)
    half = divided(known, 2.0)
    assert half.score == known.score / 2
    assert [each.recurrence_years * 2 for each in half.evidence.metrics] == [
        each.recurrence_years for each in known.evidence.metrics
    ]
    whole = replace(half, score=known.score, evidence=known.evidence)
    assert whole == known == divided(known, 1.0)
