"""How often chance alone would show this much: from a stream's statistic to a recurrence interval in years.

The tables were simulated: invented populations (``metrics.synthetic``), what they leave open included, in calm markets
and with two drawdowns in 150 days, followed with and without peers; at each knot stands the log of the mean years until
a wallet that did not change first reaches it, in the worse of the two markets. Refit and print them with
``python -m benchmarks.calibrate``.
"""

import numpy as np
import numpy.typing as npt

from metrics.streams import Stream

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

KNOTS = (0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0)
"""Values of the statistic; beyond the last, the last segment goes on."""
SHARES = (2.7, 1.2, 1.1, 0.8, 0.4, 0.3)
"""How the false flags that are accepted are spent on the first streams, relative to an even split: most on a lower win
rate, the commonest loss and the slowest to show; least on more trades, which cost a follower nothing by themselves, and
on open losses, which speak loudly when they speak. What comes after them is never a reason for a flag."""
PAUSE_SHARE = 0.6
"""The false flags a year that are accepted from long pauses, at a dial of one. ``metrics.pauses`` says how seldom
a pause is: no table stands between, and no looks."""
RATES = (0.5, 2.2, 8.7)
"""Trades per day; between them, log years are linear in the log of the rate; outside, as at the nearest."""

FITTED_WITH = "2bf7fc23b729"
"""Fingerprint (``metrics.fingerprint``) of the detector that the tables below were fitted with. They hold for no other:
a constant is changed together with a new fit."""

Table = tuple[tuple[tuple[float, ...], ...], ...]
WITH_PEERS: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.14, 0.86, 2.35, 4.38, 5.76, 6.06),
        (-5.5, -1.82, -0.17, 0.93, 2.19, 3.15, 5.1),
        (-5.5, -1.62, -0.28, 0.77, 1.93, 3.21, 4.32),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.52, -0.18, 0.73, 2.19, 3.27, 5.07),
        (-5.5, -2.3, -0.98, 0.03, 1.39, 2.81, 3.41),
        (-5.5, -2.78, -1.44, -0.43, 1.07, 2.35, 3.61),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.53, 0.1, 1.42, 3.12, 4.38, 5.76),
        (-5.5, -2.31, -0.81, 0.42, 1.9, 3.63, 5.02),
        (-5.5, -2.62, -1.22, -0.01, 1.63, 2.69, 3.91),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.88, -1.33, -0.06, 1.34, 2.86, 4.45),
        (-5.5, -3.03, -1.56, -0.47, 0.87, 2.29, 4.32),
        (-5.5, -2.49, -1.23, -0.31, 1.07, 2.15, 3.91),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.51, -1.37, -0.37, 0.76, 1.95, 3.27),
        (-5.5, -2.27, -1.21, -0.47, 0.49, 1.51, 2.61),
        (-5.5, -1.95, -1.05, -0.23, 0.47, 1.38, 2.28),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.25, 1.99, 4.45, 5.15, 5.76, 6.06),
        (-5.5, -0.76, 0.74, 2.08, 5.02, 5.71, 6.01),
        (-5.5, -0.88, 0.19, 1.18, 2.92, 3.62, 5.01),
    ),
    (  # GAIN; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.15, 0.25, 1.21, 2.58, 3.68, 5.15),
        (-5.5, -2.0, -0.52, 0.57, 1.71, 2.9, 3.63),
        (-5.5, -2.06, -0.78, 0.22, 1.65, 2.43, 4.31),
    ),
)
LOOKS_WITH_PEERS = 5.26
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 3.83, 3.93
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.97, 1.00
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.29, 0.22
ALONE: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.99, 0.46, 1.72, 3.53, 4.45, 5.15),
        (-5.5, -1.44, -0.3, 0.36, 1.3, 1.9, 2.3),
        (-5.5, -1.33, -0.55, -0.12, 0.44, 0.81, 1.32),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.48, -0.16, 0.8, 2.43, 3.54, 5.15),
        (-5.5, -2.25, -0.99, -0.04, 1.25, 2.29, 3.4),
        (-5.5, -2.64, -1.22, -0.16, 1.22, 2.28, 4.31),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.55, -0.02, 1.25, 2.36, 3.54, 5.76),
        (-5.5, -2.24, -0.93, -0.08, 0.96, 1.62, 3.07),
        (-5.5, -2.5, -1.33, -0.6, 0.2, 0.66, 1.38),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.94, -1.42, -0.28, 1.14, 2.57, 4.05),
        (-5.5, -3.07, -1.66, -0.59, 0.65, 2.11, 3.06),
        (-5.5, -2.5, -1.21, -0.4, 0.78, 1.84, 3.39),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.37, -1.3, -0.31, 0.94, 1.9, 3.46),
        (-5.5, -2.1, -0.96, -0.23, 0.94, 1.71, 3.02),
        (-5.5, -1.7, -0.72, 0.12, 1.07, 1.93, 3.2),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.25, 1.99, 4.45, 5.15, 5.76, 6.06),
        (-5.5, -0.76, 0.74, 2.08, 5.02, 5.71, 6.01),
        (-5.5, -0.88, 0.19, 1.18, 2.92, 3.62, 5.01),
    ),
    (  # GAIN; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.33, -0.03, 0.86, 2.49, 3.12, 4.45),
        (-5.5, -2.02, -0.63, 0.31, 1.51, 2.61, 3.15),
        (-5.5, -2.03, -0.7, 0.16, 1.21, 2.42, 3.62),
    ),
)
LOOKS_ALONE = 9.21
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 1.45, 2.79
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.31, 0.79
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.09, 0.23


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


def weighted(recurrence: FloatArray, peered: BoolArray, pause: FloatArray | None = None) -> FloatArray:
    """What each flagging stream brings to the score, years, (W, streams).

    A stream's recurrence interval by its share, corrected for having looked at several. That of silence speaks by
    the pause (``pause``: recurrence interval, years, (W,)) where that says more.
    """
    looks = np.where(peered, LOOKS_WITH_PEERS, LOOKS_ALONE)
    flagging = recurrence[:, : len(SHARES)]
    out: FloatArray = flagging * SHARES[: flagging.shape[1]] / looks[:, None]
    if pause is not None:
        out[:, Stream.SILENCE] = np.maximum(out[:, Stream.SILENCE], PAUSE_SHARE * pause)
    return out


def score_years(recurrence: FloatArray, peered: BoolArray, pause: FloatArray | None = None) -> FloatArray:
    """Score of the strongest stream, years, (W,); see :func:`weighted`."""
    out: FloatArray = weighted(recurrence, peered, pause).max(axis=1)
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
