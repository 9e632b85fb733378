"""What the calibration tables were made from, and what is said of a list that is unlike it."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from metrics.detector.curve_population import RANGES, TRAITS, Distance, compare, ranges
from metrics.evaluation.synthetic import START, population
from metrics.monitor import Monitor


def baselines(seed: int) -> pd.DataFrame:
    frame, _ = population(np.random.default_rng(seed), wallets=12, history_days=90, days=2)
    monitor = Monitor()
    monitor.start(frame[frame["closed_at"] < START], None, followed_since=START)
    monitor.tick(START + timedelta(days=1), frame.iloc[:0])
    return monitor.baselines()


def test_invented_wallets_are_like_those_of_the_tables() -> None:
    """Of three new lists from the same generator, few wallets lie outside in any one trait."""
    found = pd.concat([baselines(seed) for seed in (1, 2, 3)])
    assert list(found.columns) == list(TRAITS) == list(RANGES)
    for each in compare(found.reset_index(drop=True)):
        assert len(each.outside) <= 3, each
        assert each.low <= each.median <= each.high


def test_a_wallet_is_outside_beyond_either_end_and_not_on_it() -> None:
    """Both ends belong to the range; what lies beyond is named, and the whole record of a trait is told."""
    low, high = RANGES["win_rate"]
    table = pd.DataFrame({trait: [limits[0]] * 4 for trait, limits in RANGES.items()}, index=["a", "b", "c", "d"])
    table["win_rate"] = [low, high, low - 0.001, high + 0.001]
    found = compare(table)
    assert next(each for each in found if each.trait == "win_rate") == Distance(
        trait="win_rate",
        low=low,
        high=high,
        least=low - 0.001,
        median=pytest.approx((low + high) / 2),
        most=high + 0.001,
        outside=("c", "d"),
    )
    assert [each.outside for each in found if each.trait != "win_rate"] == [()] * (len(TRAITS) - 1)


def test_without_a_baseline_nothing_is_said() -> None:
    """A list of wallets that all learn is neither like nor unlike."""
    assert compare(pd.DataFrame(columns=list(TRAITS))) == []


def test_ranges_leave_out_one_in_a_hundred_at_each_end() -> None:
    """Of a thousand even values the 1 % and the 99 % quantile are the range."""
    table = pd.DataFrame({trait: np.linspace(0, 1000, 1001) for trait in TRAITS})
    assert set(ranges(table).values()) == {(10.0, 990.0)}
