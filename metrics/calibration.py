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
"""How the false flags that are accepted are spent on the first streams, relative to an even split: most on a lower win
rate, the commonest loss and the slowest to show; least on more trades, which cost a follower nothing by themselves, and
on open losses, which speak loudly when they speak. What comes after them is never a reason for a flag."""
RATES = (0.5, 2.2, 8.7)
"""Trades per day; between them, log years are linear in the log of the rate; outside, as at the nearest."""

Table = tuple[tuple[tuple[float, ...], ...], ...]
WITH_PEERS: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.27, 0.4, 1.94, 5.29, 5.51, 5.81),
        (-5.5, -2.11, -0.55, 0.6, 1.87, 2.87, 4.06),
        (-5.5, -2.25, -1.02, -0.22, 1.15, 1.89, 2.8),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.57, -0.32, 0.71, 2.11, 3.3, 5.5),
        (-5.5, -2.42, -1.12, -0.13, 1.17, 2.23, 3.19),
        (-5.5, -2.7, -1.32, -0.33, 1.01, 2.3, 3.37),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.77, -0.26, 1.47, 3.63, 5.29, 5.59),
        (-5.5, -2.48, -1.02, 0.18, 1.41, 2.8, 3.66),
        (-5.5, -2.71, -1.37, -0.32, 1.16, 2.38, 3.16),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -3.3, -1.71, -0.54, 0.93, 2.19, 3.99),
        (-5.5, -3.4, -1.91, -0.9, 0.5, 1.86, 3.71),
        (-5.5, -2.38, -1.2, -0.31, 0.91, 1.86, 2.95),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.41, -1.25, -0.26, 1.02, 2.15, 3.3),
        (-5.5, -2.16, -1.06, -0.26, 0.7, 1.78, 2.95),
        (-5.5, -1.52, -0.55, 0.28, 1.1, 1.93, 2.8),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.34, 1.78, 4.4, 5.5, 6.2, 6.5),
        (-5.5, -0.9, 0.75, 1.96, 4.81, 5.6, 6.2),
        (-5.5, -1.06, -0.08, 0.73, 2.13, 3.5, 4.76),
    ),
    (  # GAIN; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.57, -0.32, 0.71, 2.11, 3.3, 5.5),
        (-5.5, -2.42, -1.12, -0.13, 1.17, 2.23, 3.19),
        (-5.5, -2.7, -1.32, -0.33, 1.01, 2.3, 3.37),
    ),
)
LOOKS_WITH_PEERS = 4.31
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 3.86, 3.94
# first flags per wallet-year at a score of 1: calm, drawdowns = 1.00, 0.98
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.24, 0.21
ALONE: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.5, -0.14, 0.96, 2.08, 2.93, 5.29),
        (-5.5, -2.35, -1.29, -0.7, 0.01, 0.45, 1.18),
        (-5.5, -2.42, -1.68, -1.16, -0.79, -0.42, 0.09),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.56, -0.24, 0.64, 2.11, 3.3, 4.5),
        (-5.5, -2.44, -1.15, -0.2, 0.97, 2.08, 3.1),
        (-5.5, -2.67, -1.39, -0.43, 0.78, 1.75, 3.04),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.88, -0.42, 0.58, 2.07, 4.04, 5.29),
        (-5.5, -2.73, -1.66, -0.85, 0.02, 0.81, 1.63),
        (-5.5, -2.92, -2.07, -1.34, -0.67, -0.26, 0.16),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -3.27, -1.74, -0.58, 0.95, 2.39, 3.99),
        (-5.5, -3.38, -1.92, -0.92, 0.38, 1.84, 3.3),
        (-5.5, -2.34, -1.16, -0.31, 0.95, 1.81, 2.8),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.43, -1.29, -0.3, 1.02, 1.95, 3.19),
        (-5.5, -2.2, -1.1, -0.3, 0.66, 1.67, 3.02),
        (-5.5, -1.52, -0.58, 0.25, 1.04, 1.82, 2.88),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.34, 1.78, 4.4, 5.5, 6.2, 6.5),
        (-5.5, -0.9, 0.75, 1.96, 4.81, 5.6, 6.2),
        (-5.5, -1.06, -0.08, 0.73, 2.13, 3.5, 4.76),
    ),
    (  # GAIN; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.56, -0.24, 0.64, 2.11, 3.3, 4.5),
        (-5.5, -2.44, -1.15, -0.2, 0.97, 2.08, 3.1),
        (-5.5, -2.67, -1.39, -0.43, 0.78, 1.75, 3.04),
    ),
)
LOOKS_ALONE = 4.48
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 2.57, 3.78
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.54, 1.00
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.12, 0.26


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
    flagging = recurrence[:, : len(SHARES)]
    out: FloatArray = (flagging * SHARES[: flagging.shape[1]]).max(axis=1) / looks
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
