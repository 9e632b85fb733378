"""What became of a decision, judged by the days after it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.outcome import FEWEST, LookBack, Turn, Verdict, estimate, look_back, peers_change, tally, told
from alerts.review import CHOICES, make_decision
from alerts.types import Choice, Decision
from metrics.types import Metric
from tests.alerts.examples import FLAG, NOW, quiet

# The flag: win rate 61 % before, 38 % when flagged, peers -1 point: the middle lies at 50 %.
WINNING, LOSING = [1.0] * 30 + [0.0] * 10, [1.0] * 10 + [0.0] * 30


def made(choice: Choice = Choice.KEEP) -> Decision:
    decision = make_decision(17, choice, decided_by="@x", user_id=7, channel="telegram", now=NOW)
    return replace(decision, decision_id=5)


def judged(values: list[float], choice: Choice = Choice.KEEP, **facts: object) -> LookBack:
    return look_back(FLAG, made(choice), days=30, since=values, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("choice", list(Choice))
def test_keeping_is_right_where_it_came_back_and_unfollowing_where_it_did_not(choice: Choice):
    """A snooze and no decision are neither right nor wrong, whatever came."""
    back, out = judged(WINNING, choice), judged(LOSING, choice)
    assert (back.turn, out.turn) == (Turn.BACK, Turn.STAYED_OUT)
    expected = {
        Choice.KEEP: (Verdict.RIGHT, Verdict.WRONG),
        Choice.FALSE_ALARM: (Verdict.RIGHT, Verdict.WRONG),
        Choice.UNFOLLOW: (Verdict.WRONG, Verdict.RIGHT),
    }.get(choice, (None, None))
    assert (back.verdict, out.verdict) == expected


@given(st.lists(st.sampled_from([0.0, 1.0]), max_size=60), st.sampled_from(CHOICES))
def test_an_answer_needs_an_interval_that_leaves_the_middle_out(values: list[float], choice: Choice):
    """Few or mixed round trips are told as such; more of the same never turns an answer round."""
    seen = judged(values, choice)
    assert seen.n == len(values)
    if len(values) < FEWEST:
        assert (seen.value, seen.turn) == (None, Turn.UNCLEAR)
    if seen.turn is not Turn.UNCLEAR:
        assert seen.low is not None
        assert seen.high is not None
        assert seen.low > 0.49 or seen.high < 0.51
        assert judged(values * 4, choice).turn is seen.turn
    assert (seen.verdict is Verdict.CANT_TELL) == (seen.turn is Turn.UNCLEAR and choice is not Choice.SNOOZE)


def test_what_moved_everybody_is_not_held_against_the_wallet():
    """Losing with peers that lost just as much is form; the same without peers is not."""
    fallen = ([1.0] * 30 + [0.0] * 20, [1.0] * 10 + [0.0] * 40)
    assert judged([1.0] * 16 + [0.0] * 24).turn is Turn.UNCLEAR
    assert judged([1.0] * 16 + [0.0] * 24, peers=[fallen] * 3).turn is Turn.BACK
    assert judged([1.0] * 16 + [0.0] * 24, peers=[fallen] * 2).peers_change is None
    assert peers_change(Metric.WIN_RATE, [fallen, fallen, ([1.0], [1.0]), fallen]) == pytest.approx(-0.4)


def test_silence_that_goes_on_stayed_out_and_trading_again_came_back():
    """Trade frequency is judged by days: days without a trade are values, not gaps."""
    silent = quiet()
    seen = [
        look_back(silent, made(), days=30, since=days).turn for days in ([0.0] * 30, [3.0, 4.0, 3.0] * 10, [0.0] * 3)
    ]
    assert seen == [Turn.STAYED_OUT, Turn.BACK, Turn.UNCLEAR]


def test_intervals_are_those_of_the_textbook():
    """Wilson for shares; Student's t for means: 1..9 is 5 +- 2.306 * 2.7386 / 3."""
    assert estimate(Metric.AVERAGE_RETURN, range(1, 10)) == pytest.approx((5, 5 - 2.10507, 5 + 2.10507), abs=1e-4)
    assert estimate(Metric.WIN_RATE, [1.0] * 5 + [0.0] * 5) == pytest.approx((0.5, 0.2366, 0.7634), abs=1e-4)
    assert estimate(Metric.WIN_RATE, [1.0] * 4) is None


def test_the_words_say_what_was_decided_what_came_and_how_it_looks():
    """Figures with interval and n, against form, level at the flag and peers."""
    peers = [([1.0] * 30 + [0.0] * 20, [1.0] * 31 + [0.0] * 19)] * 3
    words = told(judged(LOSING, pnl_usd=-1234.4, peers=peers), decided_at=NOW)
    assert words == (
        "<b>Alice</b> was kept 30 days ago (2025-07-01, flag #17).\n"
        "Since then win rate 25 % (14 % to 40 %, 40 round trips); form 61 %, when flagged 38 %, peers +2 pp.\n"
        "Its round trips since lost $1,234.\n"
        "It stayed out of form: the decision looks <b>wrong</b>."
    )
    assert told(judged([1.0]), decided_at=NOW).endswith(
        "Since then too little to judge by: 1 value.\nWhether it came back cannot be told yet."
    )


def test_the_tally_counts_the_latest_look_at_each_decision_once():
    """The look after 90 days replaces the one after 30; snoozes count among the flags alone."""
    early = judged(WINNING)
    late = replace(judged(LOSING), days=90)
    other = replace(judged(LOSING, Choice.UNFOLLOW), decision_id=6)
    slept = replace(judged(WINNING, Choice.SNOOZE), decision_id=7)
    assert tally([]) is None
    assert tally([late, early, other, slept]) == (
        "Of 2 decisions looked back on: 1 right, 1 wrong, 0 cannot be told. "
        "Of 3 flags: 2 stayed out of form, 1 came back, 0 cannot be told."
    )
