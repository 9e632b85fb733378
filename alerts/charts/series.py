"""The rolling values behind a flag's chart. Pure."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from alerts.types import ChartSeries
from metrics.intervals import median_ranks
from metrics.rolling import rolling
from metrics.types import Evidence, Metric

SHOWN_DAYS = 150
SHORTEST_WINDOW, LONGEST_WINDOW = 7, 30

_COLUMN = {
    Metric.WIN_RATE: "win_rate",
    Metric.AVERAGE_RETURN: "average_return",
    Metric.TRADE_FREQUENCY: "trades_per_day",
}


def chart_series(
    evidence: Evidence,
    round_trips: pd.DataFrame,
    trades: pd.DataFrame,
    *,
    wallet: str,
    followed_since: date,
    until: date,
) -> ChartSeries:
    """The leading metric by day, beside the baseline band and the peers' median with its interval.

    Parameters
    ----------
    evidence
        Names the leading metric (open losses have no course of their own: then average return is drawn), its window and
        the peers; the window of the chart is as long, within 7 to 30 days.
    round_trips, trades
        Rows of all wallets, as in ``metrics.frames``.
    wallet
        Whose rolling values to draw; the peers' median goes beside it.
    followed_since, until
        The chart ends on the last whole day before ``until``.
    """
    metric = evidence.lead or Metric.WIN_RATE
    if metric not in _COLUMN:
        metric = Metric.AVERAGE_RETURN
    item = next((each for each in evidence.metrics if each.metric is metric), None)
    window = min(LONGEST_WINDOW, max(SHORTEST_WINDOW, item.window_days if item else LONGEST_WINDOW))
    rows = {name: group for name, group in round_trips.groupby("wallet")}  # noqa: C416 - a GroupBy is no mapping
    traded = {name: group for name, group in trades.groupby("wallet")}  # noqa: C416
    first = _first_day(rows.get(wallet), traded.get(wallet), until)
    days = [first + timedelta(days=i) for i in range((until - first).days)]

    def values(name: str) -> np.ndarray:
        empty = round_trips.iloc[:0]
        frame = rolling(rows.get(name, empty), days, window_days=window, trades=traded.get(name, trades.iloc[:0]))
        column = frame[_COLUMN[metric]].to_numpy(dtype=np.float64, copy=True)
        column[: window - 1] = np.nan  # the first windows are not full yet
        return column

    peers = evidence.peer_wallets
    others = np.array([values(name) for name in peers]).reshape(len(peers), len(days))
    median, peers_low, peers_high = _median(others)
    return ChartSeries(
        metric=metric,
        days=tuple(days),
        value=_optional(values(wallet)),
        low=item.low if item else None,
        high=item.high if item else None,
        baseline=item.baseline if item else None,
        peers=_optional(median),
        followed_since=followed_since,
        since=evidence.since,
        since_from=evidence.since_from,
        since_to=evidence.since_to,
        peers_low=_optional(peers_low),
        peers_high=_optional(peers_high),
        window_days=window,
    )


def _median(others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Median of each column with its 95 % interval by ranks; nan where nobody, or too few, have a value that day."""
    out = np.full((3, others.shape[1]), np.nan)
    for day in range(others.shape[1]):
        seen = np.sort(others[~np.isnan(others[:, day]), day])
        if len(seen):
            out[0, day] = np.median(seen)
        if ranks := median_ranks(len(seen)):
            out[1:, day] = seen[list(ranks)]
    return out[0], out[1], out[2]


def _first_day(rows: pd.DataFrame | None, traded: pd.DataFrame | None, until: date) -> date:
    moments = [
        frame[column].min() for frame, column in ((rows, "closed_at"), (traded, "traded_at")) if frame is not None
    ]
    earliest = min((moment.date() for moment in moments), default=until)
    return max(earliest, until - timedelta(days=SHOWN_DAYS))


def _optional(values: np.ndarray) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else float(value) for value in values)
