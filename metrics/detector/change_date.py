"""When a change began, with an interval: the posterior of one change point."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from metrics.baseline.bank import Bank
from metrics.baseline.day_panel import DayPanel
from metrics.detector.cusum import BOUNDS, Day, increments
from metrics.detector.daily_step import Checkpoint

IntArray = npt.NDArray[np.int64]

LEVEL = 0.95


def began_between(
    bank: Bank, row: int, panel: DayPanel, checkpoints: Sequence[Checkpoint], *, stream: int, end: int
) -> tuple[int, int]:
    r"""Days between which a change of one wallet began, with a probability of 95 %.

    With a flat prior over the judged days of which checkpoints are kept, the posterior of the change day t is
    :math:`\propto \sum_k \exp \sum_{d \ge t} \ell_{k,d}` for the daily log-likelihood ratios :math:`\ell` of the
    stream's alternatives k; the interval leaves 2.5 % on either side. It takes for granted that there was one change,
    at once, of about the size of an alternative: a slow decay is dated to where it began to show.

    Parameters
    ----------
    checkpoints
        Of the last days before ``end``, oldest first.
    """
    first = max(int(bank.end_day[row]), end - len(checkpoints))
    days = np.arange(first, end)
    kept = checkpoints[len(checkpoints) - len(days) :]
    common = np.stack([each.common.shift[:, row] for each in kept], axis=1)
    market_se = np.array([each.common.market_se[row] for each in kept])
    names = ("closes", "wins", "win_size", "loss_size", "trades", "sold", "overdue")
    today = Day(**{name: panel.view(name, first, end)[row] for name in names}, weekend=(days + 3) % 7 >= 5)
    columns = increments(bank.repeat(row, len(days)), today, common, market_se)[:, BOUNDS[stream] : BOUNDS[stream + 1]]
    columns = np.where(panel.view("covered", first, end)[row][:, None] > 0, columns, 0.0)
    after = np.cumsum(columns[::-1], axis=0)[::-1]  # evidence from each day to now
    weight = np.exp(after - after.max()).sum(axis=1)
    share = np.cumsum(weight) / weight.sum()
    low, high = np.searchsorted(share, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return int(days[low]), int(days[min(high, len(days) - 1)])
