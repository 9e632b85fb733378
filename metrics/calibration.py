"""How often chance alone would show this much: from a stream's statistic to a recurrence interval in years.

The tables were simulated: invented populations (``metrics.synthetic``), what they leave open included, in calm markets
and with two drawdowns in 150 days, followed with and without peers; at each knot stands the log of the mean years until
a wallet that did not change first reaches it, in the worse of the two markets. Refit and print them with
``python -m benchmarks.calibrate``.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

KNOTS = (0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0)
"""Values of the statistic; beyond the last, the last segment goes on."""
SHARES = (1.6, 1.0, 1.2, 0.9, 0.5, 0.5)
"""How the false flags that are accepted are spent on the streams, relative to an even split: most on a lower win rate,
the commonest loss and the slowest to show; least on more trades, which cost a follower nothing by themselves, and on
open losses, which speak loudly when they speak."""
RATES = (0.5, 2.2, 8.7)
"""Trades per day; between them, log years are linear in the log of the rate; outside, as at the nearest."""

Table = tuple[tuple[tuple[float, ...], ...], ...]
WITH_PEERS: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-3.15, -1.15, 0.49, 2.0, 4.06, 5.7, 6.0),
        (-4.08, -2.08, -0.56, 0.51, 1.91, 3.11, 4.09),
        (-4.23, -2.23, -1.0, -0.23, 0.76, 1.51, 2.6),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-3.54, -1.54, -0.28, 0.59, 1.5, 2.42, 5.0),
        (-4.4, -2.4, -1.05, -0.2, 0.79, 1.89, 3.29),
        (-4.59, -2.59, -1.3, -0.29, 1.15, 2.06, 3.12),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-3.63, -1.63, -0.11, 1.05, 2.59, 5.0, 5.7),
        (-4.52, -2.52, -1.09, 0.14, 1.34, 2.69, 4.5),
        (-4.7, -2.7, -1.31, -0.27, 0.93, 1.8, 3.3),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.24, -3.24, -1.76, -0.56, 0.89, 2.58, 4.31),
        (-5.53, -3.53, -2.07, -0.92, 0.46, 1.69, 3.3),
        (-4.3, -2.3, -1.2, -0.33, 0.98, 2.66, 4.92),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-4.57, -2.57, -1.29, -0.28, 0.91, 2.34, 3.9),
        (-4.23, -2.23, -1.17, -0.31, 0.71, 1.75, 2.61),
        (-3.54, -1.54, -0.63, 0.29, 1.25, 1.8, 4.28),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.34, 1.78, 4.4, 5.5, 6.2, 6.5),
        (-5.5, -0.9, 0.75, 1.96, 4.81, 5.6, 6.2),
        (-5.5, -1.06, -0.08, 0.73, 2.13, 3.5, 4.76),
    ),
)
LOOKS_WITH_PEERS = 4.22
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 3.78, 4.23
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.84, 1.00
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.24, 0.29
ALONE: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-3.6, -1.6, -0.28, 0.7, 2.05, 3.77, 5.16),
        (-4.1, -2.1, -1.23, -0.57, 0.0, 0.52, 1.12),
        (-4.34, -2.34, -1.67, -1.25, -0.86, -0.52, -0.14),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-3.53, -1.53, -0.28, 0.62, 1.63, 2.59, 5.7),
        (-4.35, -2.35, -1.1, -0.26, 0.73, 1.5, 2.68),
        (-4.53, -2.53, -1.4, -0.4, 0.87, 1.8, 2.71),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-3.78, -1.78, -0.56, 0.53, 2.09, 3.55, 5.16),
        (-4.67, -2.67, -1.51, -0.79, -0.02, 0.66, 1.28),
        (-4.85, -2.85, -1.91, -1.34, -0.75, -0.35, 0.09),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.24, -3.24, -1.76, -0.6, 0.83, 2.25, 4.31),
        (-5.46, -3.46, -2.07, -0.92, 0.38, 1.58, 3.0),
        (-4.27, -2.27, -1.16, -0.3, 1.01, 2.71, 4.22),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-4.57, -2.57, -1.31, -0.33, 0.85, 2.27, 3.9),
        (-4.21, -2.21, -1.14, -0.29, 0.74, 1.68, 2.61),
        (-3.54, -1.54, -0.56, 0.34, 1.34, 1.85, 3.82),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.34, 1.78, 4.4, 5.5, 6.2, 6.5),
        (-5.5, -0.9, 0.75, 1.96, 4.81, 5.6, 6.2),
        (-5.5, -1.06, -0.08, 0.73, 2.13, 3.5, 4.76),
    ),
)
LOOKS_ALONE = 3.82
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 2.76, 4.04
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.59, 0.99
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.15, 0.31


def recurrence_years(statistic: FloatArray, rate: FloatArray, peered: BoolArray) -> FloatArray:
    """Mean years until chance alone lets one wallet's stream reach this statistic.

    Parameters
    ----------
    statistic
        ``streams.statistic``: 0 = no evidence; (W, streams), or fewer streams from the first on.
    rate
        Trades per weekday, (W,).
    peered
        Whether the wallet has peers enough to be compared with, (W,).

    Returns
    -------
    array of shape (W, streams)
        Years, above 0 and finite, growing with the statistic.
    """
    lower, share = _place(rate)
    out = np.empty_like(statistic)
    for stream in range(statistic.shape[1]):
        value = np.zeros(len(statistic))
        for table, chosen in ((WITH_PEERS, peered), (ALONE, ~peered)):
            curves = np.stack([_curve(statistic[:, stream], np.array(row)) for row in table[stream]])
            columns = np.arange(len(rate))
            value = value + chosen * ((1 - share) * curves[lower, columns] + share * curves[lower + 1, columns])
        out[:, stream] = np.exp(np.minimum(value, LONGEST))
    return out


def score_years(recurrence: FloatArray, peered: BoolArray) -> FloatArray:
    """Recurrence interval of the strongest stream by its share, corrected for having looked at several; (W,)."""
    looks = np.where(peered, LOOKS_WITH_PEERS, LOOKS_ALONE)
    out: FloatArray = (recurrence * SHARES[: recurrence.shape[1]]).max(axis=1) / looks
    return out


def needed_statistic(stream: int, years: float, rate: float, *, peered: bool) -> float:
    """The statistic at which one stream alone brings the score to ``years``."""
    log_years = float(np.log(years * (LOOKS_WITH_PEERS if peered else LOOKS_ALONE) / SHARES[stream]))
    lower, share = _place(np.array([rate]))
    rows = np.array((WITH_PEERS if peered else ALONE)[stream])
    row = (1 - share[0]) * rows[lower[0]] + share[0] * rows[lower[0] + 1]
    if log_years > row[-1]:
        slope = (row[-1] - row[-2]) / (KNOTS[-1] - KNOTS[-2])
        return float(KNOTS[-1] + (log_years - row[-1]) / slope)
    return float(np.interp(log_years, row, KNOTS))


LONGEST = 200.0  # log years: keeps the score finite


def _place(rate: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Row of ``RATES`` below each rate, and how far it is on the way to the next."""
    grid = np.log(RATES)
    x = np.clip(np.log(np.maximum(rate, 1e-3)), grid[0], grid[-1])
    lower = np.clip(np.searchsorted(grid, x, side="right") - 1, 0, len(grid) - 2)
    return lower, (x - grid[lower]) / (grid[lower + 1] - grid[lower])


def _curve(statistic: FloatArray, row: FloatArray) -> FloatArray:
    slope = (row[-1] - row[-2]) / (KNOTS[-1] - KNOTS[-2])
    beyond = np.maximum(0.0, statistic - KNOTS[-1])
    out: FloatArray = np.interp(statistic, KNOTS, row) + slope * beyond
    return out
