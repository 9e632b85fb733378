"""When one stops: each way by hand, and what holds for all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.evaluation.exits import (
    ANSWERED,
    RULE_DAYS,
    RULE_FALL,
    RULE_PAUSE,
    RULE_TRIPS,
    Life,
    at_flag,
    best,
    by_pause,
    by_win_rate,
)


def life(returns, *, days=None, first=100.0, last=200.0, flagged=None, held=0.0):
    """Round trips that close on ``days`` (one a day from day 0 on), followed from ``first`` to ``last``."""
    closed = np.arange(len(returns), dtype=float) if days is None else np.array(days, dtype=float)
    return Life(
        wallet="w",
        first=first,
        last=last,
        opened=closed - held,
        closed=closed,
        returns=np.array(returns, dtype=float),
        sizes=np.full(len(returns), 100.0),
        flagged=flagged,
    )


def test_only_what_is_opened_while_followed_is_copied():
    """From the first moment on, up to the last one and without it; what is held over an end counts where it began."""
    one = life([0.1] * 5, days=[9, 10, 15, 20, 25], first=10.0, last=20.0)
    assert one.copied.tolist() == [False, True, True, False, False]
    assert life([0.1], days=[20.0], first=10.0, last=20.0, held=5.0).copied.tolist() == [True]
    assert one.years == pytest.approx(10 / 365.25)


def test_the_answer_comes_a_day_after_the_flag_if_anything_is_left():
    """No flag, or one whose answer comes when nobody follows any more, is no exit."""
    assert at_flag(life([])) is None
    assert at_flag(life([], flagged=150.0)) == 150.0
    assert at_flag(life([], flagged=150.0), ANSWERED) == 151.0
    assert at_flag(life([], flagged=199.0), ANSWERED) is None
    assert at_flag(life([], flagged=198.9), ANSWERED) == 199.9


def test_the_win_rate_rule_needs_a_clear_fall_and_trades_enough():
    """60 % in the history: exactly ten points lower is not enough, one loss more is; neither are nine trades."""
    history = [0.1, 0.1, 0.1, -0.1, -0.1] * 20
    half = life(history + [0.1, -0.1] * 50)
    assert by_win_rate(half) is not None, "21 days of every second won hold 10 wins or 11: 48 % of them"
    even = [0.1, -0.1] * (RULE_TRIPS // 2)
    days = [*range(100), *(121 + 2 * np.arange(RULE_TRIPS)).tolist()]
    assert by_win_rate(life(history + even, days=days)) is None, "50 % is ten points lower, and no more"
    lower = [*even[:-2], -0.1, -0.1]
    found = by_win_rate(life(history + lower, days=days))
    assert found == days[-1] + 1, "the day after the last of ten"
    assert found - days[100] <= RULE_DAYS, "all ten are in the window"
    assert by_win_rate(life(history + lower[1:], days=days[:-1])) is None, "nine trades"
    assert by_win_rate(life([-0.1] * 50, days=range(100, 150))) is None, "no history"
    assert RULE_FALL == 0.10


def test_the_pause_rule_waits_one_and_a_half_times_the_longest():
    """The longest pause of the history is 8 days: 12 days after the last close it is time, not before."""
    days = [0, 8, 10, 96, 99, 100, 112]
    history = life([0.1] * 7, days=[0, 8, 10, 14, 20, 28, 36], first=40.0, last=100.0)
    assert by_pause(history) == pytest.approx(36 + RULE_PAUSE * 8)
    in_time = life([0.1] * 8, days=[0, 8, 10, 14, 20, 28, 36, 48], first=40.0, last=60.0)
    assert by_pause(in_time) is None, "a close on the very day, and the end on the next"
    assert by_pause(life([0.1], days=[0], first=40.0)) is None, "one close has no pause"
    assert by_pause(life([0.1] * 7, days=days, first=97.0, last=110.0)) is None, "86 days are usual here"


@given(
    st.lists(st.tuples(st.integers(0, 30), st.floats(-1, 3, width=32)), max_size=25),
    st.integers(0, 31),
)
def test_hindsight_is_never_worse_than_any_other_day(trips, day):
    """Whatever was opened when, no day to stop leaves more than the best one; the earliest of equal ones is taken."""
    trips = sorted(trips)
    one = life([x for _, x in trips], days=[x for x, _ in trips], first=0.0, last=31.0)
    worth = one.returns[one.copied]

    def until(at):
        return worth[one.opened[one.copied] < (np.inf if at is None else at)].sum()

    found = best(one, worth)
    assert until(found) >= until(day) - 1e-9
    assert until(found) >= max(0.0, until(None)) - 1e-9
