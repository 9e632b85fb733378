"""What stopping at the flags was worth: counted by hand, and against chance."""

from dataclasses import replace

import numpy as np
import pytest

from metrics.evaluation.exits import Exit, Life
from metrics.evaluation.follow_returns import Aftermath, compare

YEAR = 365.25


def life(n, returns, flagged=None, days=100.0, sizes=None):
    """One round trip a day from day 0 on, closed at once; no history."""
    opened = np.arange(len(returns), dtype=float)
    return Life(
        wallet=f"w{n}",
        first=0.0,
        last=days,
        opened=opened,
        closed=opened,
        returns=np.array(returns, dtype=float),
        sizes=np.full(len(returns), 50.0) if sizes is None else np.array(sizes, dtype=float),
        flagged=flagged,
    )


def rng():
    return np.random.default_rng(7)


def a_year(found, exit_):
    return found.of(exit_).a_year


def test_what_was_opened_before_one_stopped_counts_and_nothing_later():
    """Two wallets by hand: +0.1 a day for ten days, then -0.1; one is flagged on day 12."""
    returns = [0.1] * 10 + [-0.1] * 10
    found = compare([life(0, returns, 12.0, 20.0), life(1, returns, None, 20.0)], rng()).equal_stakes
    years = 2 * 20 / YEAR
    assert (found.wallets, found.round_trips, found.cost) == (2, 40, 0.0)
    assert found.wallet_years == pytest.approx(years)
    assert a_year(found, Exit.NEVER) == pytest.approx(0.0)
    assert a_year(found, Exit.FLAG) == pytest.approx(0.8 / years)
    assert a_year(found, Exit.ANSWER) == pytest.approx(0.7 / years)
    assert a_year(found, Exit.HINDSIGHT) == pytest.approx(2.0 / years)
    assert 0.4 / years < a_year(found, Exit.RANDOM) < 0.7 / years, "a random day keeps half a stake of one in two"
    assert [(way.exit, way.stopped) for way in found.ways] == [
        (Exit.NEVER, 0),
        (Exit.FLAG, 1),
        (Exit.ANSWER, 1),
        (Exit.RANDOM, 1),
        (Exit.WIN_RATE_RULE, 0),
        (Exit.PAUSE_RULE, 0),
        (Exit.HINDSIGHT, 2),
    ]
    gain = found.of(Exit.NEVER).obeying_over_it
    assert (gain.mean, gain.low, gain.high) == (pytest.approx(0.7 / years), None, None), "no interval from two wallets"
    assert found.of(Exit.ANSWER).obeying_over_it is None
    assert found.aftermath == Aftermath(left=1, lost=1, loss=pytest.approx(-0.7), days=pytest.approx(6.0))


def test_who_went_on_to_win_did_not_lose():
    """Left a day after the flag, one of two earned afterwards: one lost, and only its loss is told."""
    found = compare([life(0, [0.1] * 20, 5.0, 20.0), life(1, [-0.2] * 20, 5.0, 20.0)], rng()).equal_stakes
    assert found.aftermath == Aftermath(left=2, lost=1, loss=pytest.approx(-0.2 * 14), days=pytest.approx(13.0))
    earned = compare([life(0, [0.1] * 20, 5.0, 20.0)], rng()).equal_stakes
    assert earned.aftermath == Aftermath(left=1, lost=0, loss=None, days=None)


def test_without_a_flag_obeying_and_chance_are_never_leaving():
    """As many are left at random as after flags: none."""
    found = compare([life(n, [0.1, -0.3] * 20, None) for n in range(6)], rng(), draws=50).equal_stakes
    assert a_year(found, Exit.RANDOM) == a_year(found, Exit.ANSWER) == a_year(found, Exit.NEVER)
    for exit_ in (Exit.RANDOM, Exit.NEVER):
        gain = found.of(exit_).obeying_over_it
        assert (gain.mean, gain.low, gain.high) == (0.0, 0.0, 0.0)
    assert found.aftermath.left == 0


def test_flags_that_know_nothing_are_worth_nothing():
    """Wallets alike and days of chance: the intervals hold zero nearly always; flags at real falls are above never."""
    draw = np.random.default_rng(3)
    holds = 0
    for _ in range(12):
        flags = [float(draw.uniform(0, 98)) if n < 12 else None for n in range(30)]
        steady = [life(n, draw.normal(0.0, 0.3, 100), flag) for n, flag in enumerate(flags)]
        found = compare(steady, rng(), draws=200).equal_stakes
        for exit_ in (Exit.NEVER, Exit.RANDOM):
            gain = found.of(exit_).obeying_over_it
            holds += gain.low < 0 < gain.high
    assert 19 <= holds <= 24, "95 % intervals, a little short with thirty wallets"
    fallen = [
        life(n, draw.normal(0.1, 0.1, 100) - (0.3 * (np.arange(100) > 50) if n < 12 else 0), 55.0 if n < 12 else None)
        for n in range(30)
    ]
    found = compare(fallen, rng()).equal_stakes
    assert found.of(Exit.NEVER).obeying_over_it.low > 0
    assert found.of(Exit.RANDOM).obeying_over_it.low > 0


def test_sizes_alike_are_equal_stakes_and_unknown_ones_are_no_stakes():
    """Own sizes are in each wallet's mean stake; where one is unknown nothing is said of any, never 0."""
    lives = [life(n, [0.1, -0.3, 0.2] * 10, 15.0 if n % 2 else None, 30.0) for n in range(6)]
    found = compare(lives, rng(), draws=50)
    for ours, theirs in zip(found.equal_stakes.ways, found.own_sizes.ways, strict=True):
        assert theirs.a_year == pytest.approx(ours.a_year)
    large = compare([life(0, [0.1, -0.1], days=2.0, sizes=[1.0, 3.0])], rng(), draws=5)
    assert a_year(large.own_sizes, Exit.NEVER) == pytest.approx((0.1 * 0.5 - 0.1 * 1.5) / (2 / YEAR))
    unknown = [*lives, replace(life(9, [0.1]), sizes=np.array([np.nan]))]
    assert compare(unknown, rng(), draws=5).own_sizes is None


def test_costs_come_off_each_copied_round_trip():
    """A cost of 1 % takes one hundredth of a stake for each that was copied: fewer where one stopped."""
    lives = [life(n, [0.1] * 20, 9.0, 20.0) for n in range(6)]
    free, dear = (compare(lives, rng(), cost=cost, draws=50).equal_stakes for cost in (0.0, 0.01))
    years = 6 * 20 / YEAR
    assert a_year(free, Exit.NEVER) - a_year(dear, Exit.NEVER) == pytest.approx(6 * 20 * 0.01 / years)
    assert a_year(free, Exit.ANSWER) - a_year(dear, Exit.ANSWER) == pytest.approx(6 * 10 * 0.01 / years)
    assert dear.cost == 0.01


def test_the_same_record_gives_the_same_answer():
    """Given the same generator; without wallets, or any time, there is no answer; wallets without trades are zeros."""
    lives = [life(n, [0.1] * 20, 5.0 if n % 2 else None, 20.0) for n in range(8)]
    assert compare(lives, rng(), draws=50) == compare(lives, rng(), draws=50)
    assert compare([], rng()) is None
    assert compare([life(0, [], days=0.0)], rng()) is None
    assert a_year(compare([life(0, [], 5.0)], rng(), draws=5).equal_stakes, Exit.ANSWER) == 0.0
