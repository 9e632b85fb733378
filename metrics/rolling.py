"""Rolling win rate, average return and trade frequency of one wallet: what a chart shows.

The verdict does not rest on these windows (see ``metrics.streams``); a person does.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

IntArray = npt.NDArray[np.int64]


def rolling(
    round_trips: pd.DataFrame,
    days: pd.DatetimeIndex | Sequence[date],
    *,
    window_days: int,
    trades: pd.DataFrame | None = None,
) -> pd.DataFrame:
    r"""Metrics over the ``window_days`` UTC days that end with each day.

    .. math:: n = |W|, \quad
        \text{win\_rate} = \frac{|\{i \in W : r_i > 0\}|}{n}, \quad
        \text{average\_return} = \frac{1}{n} \sum_{i \in W} r_i, \quad
        \text{trades\_per\_day} = \frac{|T|}{\text{window\_days}}

    where W holds the round trips (and T the trades) of days ``day - window_days + 1 .. day``. A day counts
    whole: everything that closed on it, at whatever hour, belongs to the window that ends with it. A return
    of zero is not a win.

    Parameters
    ----------
    round_trips
        One wallet's rows, in any order: ``closed_at`` (UTC) and ``return`` (fraction of cost).
    days
        UTC days to report, in any order; kept as given.
    window_days
        Length of the window, days, at least 1.
    trades
        One wallet's trades: ``traded_at`` (UTC). Left out: every round trip counts as one trade.

    Returns
    -------
    DataFrame
        Indexed by ``day``: ``n`` (integer), ``win_rate`` and ``average_return`` (nan where the window is
        empty, or a return in it is unknown), ``trades_per_day`` (0 where the window is empty).

    Examples
    --------
    >>> frame = pd.DataFrame({"closed_at": pd.to_datetime(["2026-01-01T09Z", "2026-01-02T08Z"]),
    ...                       "return": [0.5, -0.1]})
    >>> rolling(frame, [date(2026, 1, 2)], window_days=2)["win_rate"].tolist()
    [0.5]
    """
    if window_days < 1:
        raise ValueError(f"window_days must be at least 1, not {window_days}")
    index = pd.DatetimeIndex(pd.to_datetime(list(days)), name="day")
    last = _epoch_day(index)
    closed = _epoch_day(pd.DatetimeIndex(round_trips["closed_at"]))
    order = np.argsort(closed, kind="stable")
    closed = closed[order]
    returns = round_trips["return"].to_numpy(dtype=np.float64)[order]
    begin = np.searchsorted(closed, last - window_days, side="right")
    end = np.searchsorted(closed, last, side="right")
    count = end - begin
    traded = closed if trades is None else np.sort(_epoch_day(pd.DatetimeIndex(trades["traded_at"])))
    trade_count = np.searchsorted(traded, last, side="right") - np.searchsorted(
        traded, last - window_days, side="right"
    )
    # A nan in the cumulative sum would poison every later window: unknown returns are counted apart.
    unknown = _window_sum(np.isnan(returns).astype(np.float64), begin, end) > 0
    known = np.nan_to_num(returns, nan=0.0)
    divisor = np.where((count == 0) | unknown, np.nan, count)
    return pd.DataFrame(
        {
            "n": count,
            "win_rate": _window_sum((known > 0).astype(np.float64), begin, end) / divisor,
            "average_return": _window_sum(known, begin, end) / divisor,
            "trades_per_day": trade_count / window_days,
        },
        index=index,
    )


def _epoch_day(times: pd.DatetimeIndex) -> IntArray:
    """Days since 1970-01-01 UTC; a time without a zone is taken as UTC."""
    seconds: IntArray = times.as_unit("s").asi8
    return seconds // 86_400


def _window_sum(values: npt.NDArray[np.float64], begin: IntArray, end: IntArray) -> npt.NDArray[np.float64]:
    total = np.concatenate(([0.0], np.cumsum(values)))
    difference: npt.NDArray[np.float64] = total[end] - total[begin]
    return difference
