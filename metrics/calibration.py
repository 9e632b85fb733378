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

FITTED_WITH = "f895df5341fb"
"""Fingerprint (``metrics.fingerprint``) of the detector that the tables below were fitted with. They hold for no other:
a constant is changed together with a new fit."""

Table = tuple[tuple[tuple[float, ...], ...], ...]
WITH_PEERS: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.24, 0.52, 2.14, 4.52, 5.62, 6.32),
        (-5.5, -1.86, -0.24, 1.03, 2.77, 4.01, 5.62),
        (-5.5, -1.75, -0.24, 0.92, 2.14, 3.0, 3.88),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.58, -0.25, 0.61, 1.89, 3.13, 4.96),
        (-5.5, -2.28, -0.85, 0.29, 1.72, 2.91, 3.77),
        (-5.5, -2.42, -0.93, 0.21, 1.82, 3.0, 4.37),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.7, 0.02, 1.22, 2.87, 4.23, 6.32),
        (-5.5, -2.34, -0.72, 0.53, 2.18, 3.77, 4.87),
        (-5.5, -2.43, -0.92, 0.37, 1.85, 3.41, 4.39),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -3.47, -1.92, -0.75, 0.75, 2.04, 4.26),
        (-5.53, -3.53, -2.02, -0.95, 0.43, 1.9, 3.61),
        (-5.5, -2.7, -1.44, -0.43, 0.94, 2.33, 3.88),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.57, -1.46, -0.51, 0.8, 2.01, 3.25),
        (-5.5, -2.3, -1.21, -0.34, 0.69, 1.65, 2.91),
        (-5.5, -1.84, -0.89, -0.07, 0.86, 1.85, 3.06),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.33, 1.86, 4.04, 5.65, 6.32, 6.62),
        (-5.5, -0.88, 0.67, 2.28, 4.17, 6.26, 6.56),
        (-5.5, -0.92, 0.16, 1.14, 2.58, 3.4, 5.47),
    ),
    (  # GAIN; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.44, 0.06, 0.97, 2.35, 3.54, 6.32),
        (-5.5, -2.2, -0.72, 0.25, 1.58, 2.52, 3.61),
        (-5.5, -2.1, -0.66, 0.42, 1.64, 2.82, 3.67),
    ),
)
LOOKS_WITH_PEERS = 5.64
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 3.65, 3.80
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.94, 1.00
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.26, 0.26
ALONE: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.25, 0.21, 1.41, 3.25, 4.55, 4.96),
        (-5.5, -1.67, -0.6, 0.1, 0.95, 1.61, 2.41),
        (-5.5, -1.6, -0.87, -0.37, 0.15, 0.59, 1.06),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.54, -0.27, 0.65, 2.02, 3.42, 4.96),
        (-5.5, -2.21, -0.83, 0.1, 1.48, 2.61, 3.61),
        (-5.5, -2.25, -0.89, 0.19, 1.58, 2.64, 3.88),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.7, -0.23, 0.94, 2.05, 3.25, 5.65),
        (-5.5, -2.22, -1.0, -0.14, 0.87, 1.9, 2.66),
        (-5.5, -2.32, -1.21, -0.56, 0.16, 0.64, 1.13),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -3.47, -1.92, -0.77, 0.72, 2.04, 4.26),
        (-5.51, -3.51, -2.0, -1.01, 0.33, 1.87, 3.25),
        (-5.5, -2.64, -1.41, -0.4, 0.81, 2.21, 3.69),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.55, -1.42, -0.53, 0.71, 1.96, 3.31),
        (-5.5, -2.25, -1.14, -0.3, 0.75, 1.74, 3.05),
        (-5.5, -1.75, -0.77, 0.09, 1.04, 2.11, 3.06),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.33, 1.86, 4.04, 5.65, 6.32, 6.62),
        (-5.5, -0.88, 0.67, 2.28, 4.17, 6.26, 6.56),
        (-5.5, -0.92, 0.16, 1.14, 2.58, 3.4, 5.47),
    ),
    (  # GAIN; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.57, -0.15, 0.7, 1.86, 2.91, 4.96),
        (-5.5, -2.15, -0.82, 0.14, 1.24, 2.2, 2.84),
        (-5.5, -1.87, -0.56, 0.4, 1.4, 2.01, 2.9),
    ),
)
LOOKS_ALONE = 7.10
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 1.76, 3.03
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.36, 0.79
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.08, 0.22


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
