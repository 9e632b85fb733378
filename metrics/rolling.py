"""Rolling win rate, average return and trade frequency: what charts and tables show.

The verdict does not rest on these windows (see ``metrics.detector.cusum``); a person does.
"""

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from metrics.intervals import ALIKE, median_ranks, wilson

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

WINDOWS = (7, 21, 30, 90)
"""Days over which people look at a wallet."""


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


def trailing(
    wallet: npt.NDArray[np.generic], closed_s: IntArray, returns: FloatArray, *, window_s: int
) -> tuple[IntArray, FloatArray, FloatArray]:
    r"""Metrics over the time that ends with each close, of many wallets at once.

    .. math:: W_i = \{j : \text{wallet}_j = \text{wallet}_i, \; t_i - \text{window\_s} < t_j \le t_i\}

    All that closed in the same second belongs to the window, in whichever order it stands.

    Parameters
    ----------
    wallet
        Whose round trip each row is; equal values stand together.
    closed_s
        Unix seconds, ascending within a wallet.
    returns
        Fraction of cost; all known.
    window_s
        Length of the window, s, at least 1.

    Returns
    -------
    tuple of three arrays, one value a row
        How many closed in the window, the win rate (a return of zero is not a win) and the average return.

    Raises
    ------
    ValueError
        The rows are not in that order: the answer would be wrong, and nothing would show it.
    """
    n = len(wallet)
    starts = np.concatenate(([0], np.flatnonzero(wallet[1:] != wallet[:-1]) + 1, [n])) if n else np.zeros(1, int)
    count = np.empty(n, dtype=np.int64)
    win_rate, average = np.empty(n), np.empty(n)
    for first, end in itertools.pairwise(starts.tolist()):
        times = closed_s[first:end]
        if (times[1:] < times[:-1]).any():
            raise ValueError("the round trips of a wallet must be in order of their close")
        begin = np.searchsorted(times, times - window_s, side="right")
        stop = np.searchsorted(times, times, side="right")
        inside = count[first:end] = stop - begin
        # Sums start anew with each wallet: one absurd return costs the others no digits.
        mine = returns[first:end]
        win_rate[first:end] = _window_sum((mine > 0).astype(np.float64), begin, stop) / inside
        average[first:end] = _window_sum(mine, begin, stop) / inside
    return count, win_rate, average


def form(round_trips: pd.DataFrame, trades: pd.DataFrame, *, until: datetime, window_days: int) -> pd.DataFrame:
    """Every wallet over one window, with intervals.

    Parameters
    ----------
    round_trips
        ``wallet``, ``closed_at`` (UTC) and ``return`` (fraction of cost; rows without one are left out).
    trades
        ``wallet`` and ``traded_at`` (UTC).
    until
        UTC; the window ends before it.
    window_days
        Its length, days.

    Returns
    -------
    DataFrame
        Indexed by ``wallet``, all in either frame: ``n``; ``win_rate`` with ``win_low, win_high`` (Wilson);
        ``average_return`` with ``return_low, return_high`` (Student's t); ``median_return`` with ``median_low,
        median_high`` (by ranks, see `median_ranks`); ``trades_per_day`` with ``trades_low, trades_high`` (exact
        Poisson, Garwood 1936). Intervals are at 95 % and hold chance alone: a wallet whose form wanders by itself
        wanders further. nan: not defined, for nothing closed, or too
        little did, or all returns are as alike as the fills of one order.
    """
    since = until - timedelta(days=window_days)
    closed = round_trips[round_trips["return"].notna()]
    closed = closed[(closed["closed_at"] >= since) & (closed["closed_at"] < until)]
    names = pd.Index(sorted({*round_trips["wallet"], *trades["wallet"]}), name="wallet")
    by_wallet = closed.assign(win=closed["return"] > 0).groupby("wallet")
    returns, wins = by_wallet["return"], by_wallet["win"]
    n = returns.size().reindex(names, fill_value=0)
    mean, sd = returns.mean().reindex(names), returns.std().reindex(names)
    alike = sd <= ALIKE * mean.abs()
    half = stats.t.ppf(0.975, np.maximum(n - 1, 1)) * sd.where(~alike) / np.sqrt(np.maximum(n, 1))
    traded = trades[(trades["traded_at"] >= since) & (trades["traded_at"] < until)]
    count = traded.groupby("wallet").size().reindex(names, fill_value=0)
    ranked = {str(name): np.sort(values.to_numpy()) for name, values in returns if not alike[name]}
    shares = [wilson(k, m) if m else (np.nan, np.nan) for k, m in zip(wins.sum().reindex(names), n, strict=True)]
    middle = [_median_interval(ranked[name]) if name in ranked else (np.nan, np.nan) for name in names]
    return pd.DataFrame(
        {
            "n": n,
            "win_rate": wins.mean().reindex(names),
            "win_low": [low for low, _ in shares],
            "win_high": [high for _, high in shares],
            "average_return": mean,
            "return_low": mean - half,
            "return_high": mean + half,
            "median_return": returns.median().reindex(names),
            "median_low": [low for low, _ in middle],
            "median_high": [high for _, high in middle],
            "trades_per_day": count / window_days,
            "trades_low": np.nan_to_num(stats.chi2.ppf(0.025, 2 * count)) / 2 / window_days,
            "trades_high": stats.chi2.ppf(0.975, 2 * (count + 1)) / 2 / window_days,
        },
        index=names,
    )


def windows(round_trips: pd.DataFrame, trades: pd.DataFrame, *, until: datetime) -> pd.DataFrame:
    """One wallet over each of `WINDOWS`: the columns of :func:`form`, indexed by ``days``; empty without any row."""
    frames = [form(round_trips, trades, until=until, window_days=days) for days in WINDOWS]
    return (
        pd.concat(frames, ignore_index=True).set_index(pd.Index(WINDOWS, name="days")) if len(frames[0]) else frames[0]
    )


def _median_interval(ordered: FloatArray) -> tuple[float, float]:
    ranks = median_ranks(len(ordered))
    return (np.nan, np.nan) if ranks is None else (float(ordered[ranks[0]]), float(ordered[ranks[1]]))


def _epoch_day(times: pd.DatetimeIndex) -> IntArray:
    """Days since 1970-01-01 UTC; a time without a zone is taken as UTC."""
    seconds: IntArray = times.as_unit("s").asi8
    return seconds // 86_400


def _window_sum(values: npt.NDArray[np.float64], begin: IntArray, end: IntArray) -> npt.NDArray[np.float64]:
    total = np.concatenate(([0.0], np.cumsum(values)))
    difference: npt.NDArray[np.float64] = total[end] - total[begin]
    return difference
