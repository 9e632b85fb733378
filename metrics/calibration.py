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
        (-5.5, -1.2, 0.52, 1.94, 3.83, 5.62, 6.32),
        (-5.5, -2.01, -0.52, 0.55, 1.92, 2.97, 4.52),
        (-5.5, -2.23, -0.9, 0.08, 1.23, 1.97, 2.77),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.51, -0.16, 0.7, 2.14, 3.31, 4.96),
        (-5.5, -2.36, -0.99, 0.0, 1.4, 2.23, 3.48),
        (-5.5, -2.49, -1.15, -0.17, 1.19, 2.21, 3.41),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.61, 0.01, 1.29, 2.75, 4.04, 5.62),
        (-5.5, -2.52, -0.98, 0.2, 1.68, 2.9, 4.87),
        (-5.5, -2.71, -1.32, -0.29, 1.09, 2.17, 3.18),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -3.21, -1.65, -0.53, 0.99, 2.39, 4.27),
        (-5.5, -3.25, -1.78, -0.76, 0.56, 1.96, 3.95),
        (-5.5, -2.03, -0.95, -0.16, 1.11, 2.33, 4.1),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.45, -1.26, -0.3, 1.0, 2.16, 3.31),
        (-5.5, -2.12, -1.05, -0.25, 0.75, 1.84, 3.05),
        (-5.5, -1.44, -0.53, 0.28, 1.03, 1.91, 3.26),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.21, 1.99, 4.04, 5.65, 6.32, 6.62),
        (-5.5, -0.83, 0.7, 1.98, 4.87, 6.26, 6.56),
        (-5.5, -1.01, -0.01, 0.81, 2.13, 3.18, 5.47),
    ),
    (  # GAIN; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.32, 0.15, 1.14, 2.38, 3.86, 6.32),
        (-5.5, -2.34, -0.93, 0.01, 1.24, 2.2, 3.05),
        (-5.5, -2.37, -1.13, -0.23, 0.79, 1.57, 2.62),
    ),
)
LOOKS_WITH_PEERS = 4.57
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 3.76, 4.05
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.92, 1.00
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.22, 0.25
ALONE: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.29, 0.03, 1.19, 2.94, 3.86, 4.96),
        (-5.5, -1.96, -0.88, -0.2, 0.53, 1.09, 1.77),
        (-5.5, -1.89, -1.2, -0.73, -0.26, 0.2, 0.58),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.46, -0.13, 0.69, 2.05, 3.42, 4.55),
        (-5.5, -2.37, -1.03, -0.06, 1.09, 2.08, 3.36),
        (-5.5, -2.44, -1.12, -0.19, 0.95, 2.14, 3.0),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.66, -0.29, 0.9, 2.05, 3.08, 4.55),
        (-5.5, -2.53, -1.26, -0.47, 0.45, 1.22, 2.14),
        (-5.5, -2.61, -1.62, -0.97, -0.24, 0.16, 0.65),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -3.22, -1.63, -0.49, 0.98, 2.41, 4.52),
        (-5.5, -3.21, -1.8, -0.81, 0.39, 1.87, 3.16),
        (-5.5, -1.99, -0.89, -0.19, 0.97, 1.88, 3.41),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.43, -1.26, -0.34, 0.92, 2.13, 3.22),
        (-5.5, -2.05, -0.95, -0.17, 0.91, 1.88, 3.22),
        (-5.5, -1.3, -0.41, 0.38, 1.27, 2.27, 3.51),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.21, 1.99, 4.04, 5.65, 6.32, 6.62),
        (-5.5, -0.83, 0.7, 1.98, 4.87, 6.26, 6.56),
        (-5.5, -1.01, -0.01, 0.81, 2.13, 3.18, 5.47),
    ),
    (  # GAIN; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.48, -0.1, 0.75, 1.84, 3.22, 4.55),
        (-5.5, -2.29, -1.08, -0.23, 0.89, 1.68, 2.51),
        (-5.5, -2.17, -1.05, -0.34, 0.53, 1.16, 1.7),
    ),
)
LOOKS_ALONE = 4.57
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 2.53, 3.81
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.52, 1.00
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.12, 0.28


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
