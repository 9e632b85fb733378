"""What stopping at the flags was worth: counted by hand, and against chance."""

import numpy as np
import pytest

from metrics.copying import Life, compare


def life(n, returns, flagged=None, days=100):
    """One round trip a day from day 0 on."""
    opened = tuple(float(day) for day in range(len(returns)))
    return Life(wallet=f"w{n}", first=0.0, last=float(days), opened=opened, returns=tuple(returns), flagged=flagged)


def rng():
    return np.random.default_rng(7)


def test_what_was_opened_before_the_flag_counts_and_nothing_later():
    """Two wallets by hand: +0.1 a day for ten days, then -0.1; one is flagged on day 12."""
    returns = [0.1] * 10 + [-0.1] * 10
    found = compare([life(0, returns, 12.0, 20), life(1, returns, None, 20)], rng())
    assert (found.wallets, found.round_trips) == (2, 40)
    assert found.never_unfollowing == pytest.approx(0.0)
    assert found.until_flag == pytest.approx((1.0 - 0.2 + 0.0) / 2)
    assert found.over_never.mean == pytest.approx(0.4)
    assert (found.over_never.low, found.over_random.high) == (None, None), "no interval from two wallets"
    assert 0.2 < found.at_random < 0.35, "a random day keeps half a stake of one in two wallets"


def test_flags_that_know_nothing_are_worth_nothing():
    """Wallets alike and days of chance: the intervals hold zero nearly always; flags at real falls are above never."""
    draw = np.random.default_rng(3)
    holds = 0
    for _ in range(12):
        flags = [float(draw.uniform(0, 100)) if n < 12 else None for n in range(30)]
        steady = [life(n, draw.normal(0.0, 0.3, 100), flag) for n, flag in enumerate(flags)]
        found = compare(steady, rng(), draws=200)
        holds += found.over_never.low < 0 < found.over_never.high
        holds += found.over_random.low < 0 < found.over_random.high
    assert 19 <= holds <= 24, "95 % intervals, a little short with thirty wallets"
    fallen = [
        life(n, draw.normal(0.1, 0.1, 100) - (0.3 * (np.arange(100) > 50) if n < 12 else 0), 55.0 if n < 12 else None)
        for n in range(30)
    ]
    found = compare(fallen, rng())
    assert found.over_never.low > 0
    assert found.over_random.low > 0


def test_the_same_record_gives_the_same_answer():
    """Given the same generator; without wallets there is no answer; wallets without trades are zeros."""
    lives = [life(n, [0.1] * 20, 5.0 if n % 2 else None, 20) for n in range(8)]
    assert compare(lives, rng()) == compare(lives, rng())
    assert compare([], rng()) is None
    assert compare([life(0, [], 5.0)], rng()).until_flag == 0.0
