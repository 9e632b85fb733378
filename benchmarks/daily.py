"""A monitor that is ticked once a day from ``START`` on, and on which day it first flags whom."""

from datetime import timedelta

import numpy as np

from metrics.evaluation.synthetic import START


def first_flags(monitor, closed, days, *, positions=None, trades=None, departures=None):
    """Wallet → first judged day (0, 1, …) on which it is flagged; those that never are, are missing.

    Parameters
    ----------
    monitor
        Started with what came before ``START``.
    closed
        Round trips.
    days
        To judge.
    positions
        Open positions by ``marked_at``, a midnight; None: not known.
    trades
        By ``traded_at``; None: closes are all there are.
    departures
        By ``left_at``; None: not told.
    """
    first = {}
    for day in range(days):
        since, until = START + timedelta(days=day), START + timedelta(days=day + 1)
        held = None if positions is None else positions[positions["marked_at"] == until].drop(columns="marked_at")
        told = monitor.tick(
            until,
            between(closed, "closed_at", since, until),
            held,
            trades=None if trades is None else between(trades, "traded_at", since, until),
            departures=None if departures is None else departures[departures["left_at"] < until],
        )
        for each in told:
            if each.flagged:
                first.setdefault(each.wallet, day)
    return first


def between(frame, column, since, until):
    """Rows of a time, its end left out."""
    return frame[(frame[column] >= since) & (frame[column] < until)]


def in_order(first, wallets):
    """The days of some wallets as an array; inf: never flagged."""
    return np.array([first.get(wallet, np.inf) for wallet in wallets])
