"""Evidence by the day."""

import numpy as np
import pytest

from metrics.baseline.bank import Bank
from metrics.baseline.baseline import Baseline, Population, fit
from metrics.detector.cusum import COLUMNS, Day, Stream, began, increments, page, statistic
from metrics.peers.peers import Factor
from tests.metrics.baseline.test_baseline import history

NONE = np.zeros((len(Factor), 1))


def shifted(factor: Factor, by: float) -> np.ndarray:
    out = NONE.copy()
    out[factor] = by
    return out


def baseline() -> Baseline:
    return fit(history(1), Population(win_logit=0.4), first_day=20_000, end_day=20_200)


def bank() -> Bank:
    return Bank.of([baseline()], [20_000])


def day(closes: float, wins: float, *, win_size: float = 0.0, loss_size: float = 0.0, overdue: float = 0.0) -> Day:
    one = {"closes": closes, "wins": wins, "win_size": win_size, "loss_size": loss_size, "trades": closes}
    one |= {"sold": closes, "overdue": overdue}
    return Day(**{name: np.array([value]) for name, value in one.items()}, weekend=False)


def after(days: list[Day]) -> np.ndarray:
    total, since = np.zeros((1, COLUMNS)), np.zeros((1, COLUMNS), dtype=np.int64)
    for number, each in enumerate(days):
        total, since = page(total, since, increments(bank(), each, NONE, np.zeros(1)), number)
    return statistic(total)[0]


@pytest.mark.parametrize(
    ("days", "stream"),
    [
        ([day(5, 1)] * 15, Stream.WIN_RATE),
        ([day(5, 3, win_size=-4.0)] * 15, Stream.RETURN_SIZE),
        ([day(5, 3, loss_size=3.0)] * 15, Stream.RETURN_SIZE),
        ([day(5, 2, win_size=-1.5)] * 15, Stream.JOINT),
        ([day(0, 0)] * 10, Stream.SILENCE),
        ([day(30, 18)] * 5, Stream.SURGE),
        ([day(5, 3, overdue=2)] * 10, Stream.OPEN_LOSSES),
        ([day(5, 5)] * 15, Stream.GAIN),
        ([day(5, 3, win_size=4.0)] * 15, Stream.GAIN),
    ],
)
def test_each_change_speaks_in_its_stream(days: list[Day], stream: Stream) -> None:
    """A planted change raises the stream that looks for it above all that usual days show."""
    usual = after([day(5, 3)] * 15)
    assert after(days)[stream] > 3.0 > usual[stream]


def test_usual_days_are_no_evidence() -> None:
    """Days like the baseline keep every CUSUM near zero."""
    assert after([day(5, 3)] * 50).max() < 1.0


def test_a_fall_of_the_market_explains_lost_wins() -> None:
    """The same losses count less where the peers lost as well, and less the less sure the market is."""
    alone = increments(bank(), day(5, 1), NONE, np.zeros(1))[0, :3]
    together = increments(bank(), day(5, 1), shifted(Factor.MARKET, -1.0), np.zeros(1))[0, :3]
    unsure = increments(bank(), day(5, 1), NONE, np.array([0.5]))[0, :3]
    assert (together < alone).all()
    assert (unsure < alone).all()


def test_since_is_the_day_the_evidence_left_zero() -> None:
    """The estimated start of a silence is its first day."""
    total, since = np.zeros((1, COLUMNS)), np.zeros((1, COLUMNS), dtype=np.int64)
    for number in range(20):
        today = day(5, 3) if number < 12 else day(0, 0)
        total, since = page(total, since, increments(bank(), today, NONE, np.zeros(1)), number)
    assert began(total, since)[0, Stream.SILENCE] == 12
