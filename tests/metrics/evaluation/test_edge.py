"""Edge or luck: how sure it is that a wallet has an edge, and how many of a list have none."""

import numpy as np
import pytest

from benchmarks.luck import RULES, SIZES, said, world
from metrics.evaluation.edge import weigh
from metrics.evaluation.luck import Candidate, judge


def record(mean, *, n=100, sd=0.1, a_day=1, seed=0):
    """Days and returns of a record with exactly this mean and standard deviation."""
    value = np.random.default_rng(seed).normal(size=n)
    return np.arange(n) // a_day, (value - value.mean()) / value.std() * sd + mean


def chosen(day, returns):
    weighed = weigh(day, returns)
    return Candidate(record=weighed, chosen_for=weighed)


def sure(*records, others=(), cost=0.0):
    """Probability of an edge of each of a list that was chosen for its records."""
    return judge([chosen(*each) for each in records], others, cost=cost).edge_probability


def test_surer_with_every_point_of_mean_and_never_quite():
    """The probability grows with the mean, from almost 0 to almost 1, and 0.25 is what nothing tells."""
    [*rising] = [sure(record(mean))[0] for mean in np.linspace(-0.05, 0.08, 14)]
    assert rising == sorted(rising)
    assert 0 < rising[0] < 0.05
    assert 0.95 < rising[-1] < 1
    assert judge([]).edge_probability == ()
    assert judge([]).without_edge == 0.0


def test_more_round_trips_of_the_same_mean_make_surer():
    """Of a good mean surer that there is an edge, of a bad one that there is none."""
    good = [sure(record(0.03, n=n))[0] for n in (25, 50, 100, 200, 400)]
    bad = [sure(record(-0.03, n=n))[0] for n in (25, 50, 100, 200, 400)]
    assert good == sorted(good)
    assert bad == sorted(bad, reverse=True)
    assert good[-1] > 0.99
    assert bad[-1] < 0.01


def test_records_beyond_all_edges_that_are_thought_of():
    """A mean of many standard deviations in thousands of round trips is sure, one far below zero is sure not to be."""
    day, returns = record(3.0, n=5_000, sd=0.1, a_day=5)
    good = np.where(np.arange(len(day)) % 500 == 0, -0.1, returns)
    assert sure((day, good))[0] > 0.999
    assert sure((day, -good))[0] < 0.001


def test_costs_lower_the_probability():
    """Never more likely above a higher cost; far above what the wallet makes it is almost 0."""
    falling = [sure(record(0.04), cost=cost)[0] for cost in (0.0, 1e-5, 0.001, 0.005, 0.01, 0.02, 0.04, 0.08, 1.0)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] > 0.6
    assert falling[1] == pytest.approx(falling[0], abs=0.001)
    assert falling[-2] < 0.02


def test_the_order_of_the_round_trips_says_nothing():
    """The record in any order, of a day or of all days, is the same record."""
    day, returns = record(0.03, n=120, a_day=3)
    other = np.random.default_rng(1).permutation(len(day))
    assert weigh(day[other], returns[other]).deviate(np.zeros(1), 1.0) == weigh(day, returns).deviate(np.zeros(1), 1.0)
    assert sure((day[other], returns[other])) == sure((day, returns))


@pytest.mark.parametrize("a_day", [1, 3])
def test_ten_parts_of_an_order_are_one_order(a_day):
    """Splitting each round trip into ten on its day changes the probability by less than 5 points, at any mean."""
    for mean in (0.0, 0.02, 0.04, 0.06):
        day, returns = record(mean, n=120, a_day=a_day)
        whole, parts = sure((day, returns))[0], sure((np.repeat(day, 10), np.repeat(returns, 10)))[0]
        assert abs(parts - whole) < 0.05


def test_a_jackpot_makes_nobody_sure():
    """Up to three round trips of +500 % raise a losing record's mean to +14 %, its probability of an edge to 40 %."""
    day, returns = record(-0.01)
    told = [sure((day, np.where(np.arange(100) < k, 5.0, returns)))[0] for k in range(4)]
    assert told[0] < 0.2
    assert max(told) < 0.4
    assert sure(record(0.14))[0] > 0.99


def test_rare_large_losses_make_less_sure():
    """Of two records with the same mean and spread, the one with its long tail below is less sure to have an edge."""
    day, wins = np.arange(100), np.random.default_rng(2).lognormal(0, 0.3, 100)
    tail = np.where(day % 10 == 0, -6.0, wins)
    below = (tail - tail.mean()) / tail.std() * 0.1 + 0.03
    above = 0.06 - below
    assert sure((day, below))[0] < sure((day, above))[0] - 0.05


def test_wallets_without_an_edge_that_nobody_chose_raise_nobody():
    """The more such wallets are known, the rarer edges are, and the less sure is every wallet of the list."""
    hot = [record(0.02 + 0.003 * i, seed=i) for i in range(8)]
    duds = [Candidate(record=weigh(*record(-0.02, seed=50 + i)), chosen_for=None) for i in range(12)]
    told = [sure(*hot, others=duds[:n]) for n in (0, 4, 12)]
    assert all(np.array(told[1]) < np.array(told[0]))
    assert all(np.array(told[2]) < np.array(told[1]))


def test_a_record_that_nobody_chose_it_for_counts_for_more():
    """What came after it was followed is no luck of being chosen: the same record is surer then."""
    weighed = weigh(*record(0.03))
    [unchosen] = judge([Candidate(record=weighed, chosen_for=None)]).edge_probability
    assert unchosen > sure(record(0.03))[0] + 0.02


def test_what_cannot_be_told_is_not():
    """From 20 round trips, 14 days and 5 that did not win on; not of fills that are all alike. No number breaks it."""
    day, returns = record(0.0, n=20)
    assert weigh(day, returns).n == 20
    assert weigh(day[1:], returns[1:]) is None
    assert weigh(day * 13 // 19, returns) is not None
    assert weigh(day * 12 // 19, returns) is None
    losses = np.where(np.arange(20) < 5, -0.01, 0.02)
    losses = losses + 0.001 * np.arange(20) / 20
    assert weigh(day, losses) is not None
    assert weigh(day, np.where(np.arange(20) < 1, 0.02, losses)) is None
    assert weigh(day, np.full(20, -0.01)) is None
    assert sure((day, np.where(day == 3, 1e200, returns)))[0] < 0.4
    assert weigh(day, np.where(day == 3, np.nan, returns)) is None
    assert weigh(np.empty(0, dtype=np.int64), np.empty(0)) is None


def test_how_many_of_a_hot_list_have_none_is_about_true():
    """Of lists of the best 40 of 400, where 10 to 60 % have an edge: 0.8 to 1.5 times as many are said as there are.

    The interval that is said holds the truth on nine lists in ten, and of those said to be 90 % sure or more, nine in
    ten have an edge.
    """
    found = []
    for share in (0.1, 0.3, 0.6):
        for seed in range(3):
            population = world([7, int(100 * share), seed], share, SIZES["0.15 on average"])
            found += [said(population, RULES[rule]) for rule in ("mean return", "t of the mean", "sum of returns")]
    expected = sum(luck.without_edge for luck, _, _ in found)
    true = sum((~has).sum() for _, has, _ in found)
    assert 0.8 < expected / true < 1.5
    held = [luck.low <= (~has).sum() <= luck.high for luck, has, _ in found]
    assert np.mean(held) >= 0.9
    probability = np.concatenate([luck.edge_probability for luck, _, _ in found])
    has = np.concatenate([truth for _, truth, _ in found])
    assert (probability >= 0.9).sum() > 200
    assert has[probability >= 0.9].mean() >= 0.9
    assert has[probability < 0.25].mean() <= 0.35
