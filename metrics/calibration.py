"""How often chance alone would show this much: from a stream's statistic to a recurrence interval in years.

The tables were simulated: invented populations (``metrics.synthetic``) in calm markets and with two drawdowns
in 150 days, followed with and without peers; at each knot stands the log of the mean years until a wallet
that did not change first reaches it, in the worse of the two markets. Refit and print them with
``python -m benchmarks.calibrate``.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

KNOTS = (0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0)
"""Values of the statistic; beyond the last, the last segment goes on."""
RATES = (0.5, 2.2, 8.7)
"""Trades per day; between them, log years are linear in the log of the rate; outside, as at the nearest."""

Table = tuple[tuple[tuple[float, ...], ...], ...]
WITH_PEERS: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-3.23, -1.23, 0.47, 1.73, 3.25, 4.52, 6.31),
        (-4.06, -2.06, -0.56, 0.5, 1.85, 2.84, 4.52),
        (-4.29, -2.29, -0.98, -0.08, 0.91, 1.62, 2.38),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-3.6, -1.6, -0.37, 0.5, 1.71, 3.05, 4.55),
        (-4.55, -2.55, -1.23, -0.26, 1.05, 1.98, 2.99),
        (-4.77, -2.77, -1.4, -0.46, 0.8, 1.88, 3.7),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-3.69, -1.69, -0.12, 1.09, 2.46, 3.25, 4.96),
        (-4.56, -2.56, -1.09, 0.05, 1.56, 2.56, 4.52),
        (-4.77, -2.77, -1.39, -0.49, 0.78, 1.79, 2.65),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.45, -3.45, -1.95, -0.78, 0.58, 1.67, 3.42),
        (-5.56, -3.56, -2.08, -1.07, 0.16, 1.35, 2.98),
        (-4.39, -2.39, -1.31, -0.45, 0.66, 1.72, 2.84),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-4.59, -2.59, -1.45, -0.51, 0.66, 1.85, 3.0),
        (-4.37, -2.37, -1.28, -0.48, 0.51, 1.51, 2.67),
        (-3.67, -1.67, -0.76, 0.05, 0.8, 1.83, 3.09),
    ),
)
LOOKS_WITH_PEERS = 3.97
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 3.70, 4.11
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.91, 1.00
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.22, 0.23
ALONE: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-3.4, -1.4, -0.18, 0.84, 2.02, 3.34, 4.55),
        (-4.18, -2.18, -1.13, -0.45, 0.26, 0.75, 1.41),
        (-4.21, -2.21, -1.49, -1.05, -0.58, -0.16, 0.3),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-3.58, -1.58, -0.35, 0.5, 1.63, 3.13, 4.26),
        (-4.55, -2.55, -1.22, -0.32, 0.88, 1.85, 2.92),
        (-4.72, -2.72, -1.43, -0.49, 0.62, 1.54, 2.92),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-3.82, -1.82, -0.51, 0.55, 1.63, 2.75, 3.7),
        (-4.73, -2.73, -1.48, -0.69, 0.11, 0.76, 1.72),
        (-4.9, -2.9, -1.93, -1.23, -0.58, -0.12, 0.43),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.42, -3.42, -1.9, -0.75, 0.68, 1.9, 3.67),
        (-5.52, -3.52, -2.06, -1.09, 0.13, 1.37, 2.99),
        (-4.36, -2.36, -1.27, -0.43, 0.66, 1.65, 2.92),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-4.58, -2.58, -1.45, -0.54, 0.61, 1.63, 2.87),
        (-4.39, -2.39, -1.25, -0.51, 0.48, 1.36, 2.43),
        (-3.68, -1.68, -0.76, -0.01, 0.84, 1.67, 2.81),
    ),
)
LOOKS_ALONE = 4.06
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 2.73, 3.92
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.62, 1.00
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.14, 0.29


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
    """Recurrence interval of the strongest stream, corrected for having looked at several; (W,)."""
    looks = np.where(peered, LOOKS_WITH_PEERS, LOOKS_ALONE)
    out: FloatArray = recurrence.max(axis=1) / looks
    return out


def needed_statistic(stream: int, years: float, rate: float, *, peered: bool) -> float:
    """The statistic at which one stream alone brings the score to ``years``."""
    log_years = float(np.log(years * (LOOKS_WITH_PEERS if peered else LOOKS_ALONE)))
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
