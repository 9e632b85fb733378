"""How often chance alone would show this much: from a stream's statistic to a recurrence interval in years.

The tables were simulated: invented populations (``metrics.evaluation.synthetic``), what they leave open included, in
calm markets and with two drawdowns in 150 days, followed with and without peers; at each knot stands the log of the
mean years until a wallet that did not change first reaches it, in the worse of the two markets. Refit and print them
with ``python -m benchmarks.calibrate``.
"""

import numpy as np
import numpy.typing as npt

from metrics.detector.cusum import Stream

FloatArray = npt.NDArray[np.float64]

KNOTS = (0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0)
"""Values of the statistic; beyond the last, the last segment goes on."""
SHARES = (2.7, 1.2, 1.1, 0.8, 0.4, 0.3)
"""How the false flags that are accepted are spent on the first streams, relative to an even split: most on a lower win
rate, the commonest loss and the slowest to show; least on more trades, which cost a follower nothing by themselves, and
on open losses, which speak loudly when they speak. What comes after them is never a reason for a flag."""
PAUSE_SHARE = 0.7
"""The false flags a year that are accepted from long pauses, at a dial of one. ``metrics.baseline.pauses`` says how
seldom a pause is: no table stands between, and no looks."""
STRETCH_SHARE = 0.8
"""The same from slow stretches of some weeks (``metrics.baseline.slow_stretches``)."""
FEW_COST = 4.0
"""What few peers leave open of the market makes flags more frequent by this over the square of what they are worth; so
much longer must their recurrence interval be. Found on invented drawdowns with three, four and five peers."""
RATES = (0.5, 2.2, 8.7)
"""Trades per day; between them, log years are linear in the log of the rate; outside, as at the nearest."""

FITTED_WITH = "f6eca6863c30"
"""Fingerprint (``metrics.detector.fingerprint``) of the detector that the tables below were fitted with. They hold for
no other: a constant is changed together with a new fit."""

Table = tuple[tuple[tuple[float, ...], ...], ...]
WITH_PEERS: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.16, 0.83, 2.46, 4.42, 5.81, 6.11),
        (-5.5, -1.87, -0.25, 0.76, 2.1, 3.46, 5.07),
        (-5.5, -1.75, -0.48, 0.44, 1.74, 2.68, 3.89),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.51, -0.16, 0.73, 2.14, 3.11, 4.5),
        (-5.5, -2.35, -0.98, 0.06, 1.5, 2.87, 3.97),
        (-5.5, -2.77, -1.47, -0.43, 1.08, 2.27, 3.6),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.54, 0.12, 1.52, 2.99, 4.42, 5.2),
        (-5.5, -2.37, -0.81, 0.37, 1.91, 3.58, 5.67),
        (-5.5, -2.65, -1.28, -0.11, 1.55, 2.78, 3.38),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.88, -1.31, -0.09, 1.4, 3.16, 4.5),
        (-5.5, -2.96, -1.49, -0.4, 0.98, 2.39, 4.28),
        (-5.5, -2.51, -1.26, -0.33, 1.01, 2.2, 3.6),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.52, -1.41, -0.42, 0.69, 1.9, 3.11),
        (-5.5, -2.28, -1.21, -0.46, 0.47, 1.45, 2.58),
        (-5.5, -1.95, -1.04, -0.26, 0.48, 1.42, 2.27),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.26, 1.99, 4.42, 5.2, 5.81, 6.11),
        (-5.5, -0.78, 0.72, 2.1, 4.97, 5.67, 5.97),
        (-5.5, -0.89, 0.18, 1.16, 2.9, 3.6, 5.0),
    ),
    (  # GAIN; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.18, 0.21, 1.16, 2.39, 3.5, 5.2),
        (-5.5, -2.04, -0.51, 0.55, 1.79, 3.18, 3.87),
        (-5.5, -2.15, -0.84, 0.09, 1.55, 2.42, 3.89),
    ),
)
LOOKS_WITH_PEERS = 5.10
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 3.87, 4.05
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.99, 1.00
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.29, 0.22
ALONE: Table = (
    (  # WIN_RATE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.99, 0.41, 1.55, 3.4, 4.5, 5.2),
        (-5.5, -1.44, -0.3, 0.35, 1.23, 1.81, 2.32),
        (-5.5, -1.35, -0.58, -0.16, 0.37, 0.76, 1.2),
    ),
    (  # RETURN_SIZE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.48, -0.18, 0.81, 2.29, 2.99, 4.5),
        (-5.5, -2.36, -0.96, 0.01, 1.4, 2.56, 3.87),
        (-5.5, -2.64, -1.25, -0.17, 1.2, 2.2, 4.3),
    ),
    (  # JOINT; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.56, -0.07, 1.15, 2.41, 3.4, 5.2),
        (-5.5, -2.27, -0.96, -0.11, 0.98, 1.68, 3.02),
        (-5.5, -2.52, -1.35, -0.63, 0.19, 0.61, 1.31),
    ),
    (  # SILENCE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.91, -1.37, -0.2, 1.18, 2.91, 4.1),
        (-5.5, -3.02, -1.61, -0.53, 0.75, 2.12, 3.18),
        (-5.5, -2.52, -1.22, -0.41, 0.72, 1.82, 3.38),
    ),
    (  # SURGE; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -2.39, -1.35, -0.36, 0.93, 1.9, 3.4),
        (-5.5, -2.13, -0.94, -0.21, 0.87, 1.64, 2.99),
        (-5.5, -1.71, -0.72, 0.12, 1.05, 1.92, 3.19),
    ),
    (  # OPEN_LOSSES; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -0.26, 1.99, 4.42, 5.2, 5.81, 6.11),
        (-5.5, -0.78, 0.72, 2.1, 4.97, 5.67, 5.97),
        (-5.5, -0.89, 0.18, 1.16, 2.9, 3.6, 5.0),
    ),
    (  # GAIN; rows: (0.5, 2.2, 8.7) trades per day
        (-5.5, -1.35, 0.0, 0.87, 2.05, 3.03, 4.1),
        (-5.5, -1.99, -0.63, 0.29, 1.51, 2.66, 3.46),
        (-5.5, -2.09, -0.68, 0.12, 1.15, 2.34, 3.38),
    ),
)
LOOKS_ALONE = 8.85
# first flags per wallet-year at a score of 0.25: calm, drawdowns = 1.51, 2.86
# first flags per wallet-year at a score of 1: calm, drawdowns = 0.31, 0.79
# first flags per wallet-year at a score of 4: calm, drawdowns = 0.08, 0.22


def recurrence_years(statistic: FloatArray, rate: FloatArray, peers: FloatArray) -> FloatArray:
    """Mean years until chance alone lets one wallet's stream reach this statistic.

    Parameters
    ----------
    statistic
        ``streams.statistic``: 0 = no evidence; (W, streams), or fewer streams from the first on.
    rate
        Trades per weekday, (W,).
    peers
        How many the wallet is compared with, (W,), by what they are worth; 0: it is judged alone.

    Returns
    -------
    array of shape (W, streams)
        Years, above 0 and finite, growing with the statistic.
    """
    lower, share = _place(rate)
    out = np.empty_like(statistic)
    for stream in range(statistic.shape[1]):
        value = np.zeros(len(statistic))
        for table, chosen in ((WITH_PEERS, peers > 0), (ALONE, peers == 0)):
            curves = np.stack([_curve(statistic[:, stream], np.array(row)) for row in table[stream]])
            columns = np.arange(len(rate))
            value = value + chosen * ((1 - share) * curves[lower, columns] + share * curves[lower + 1, columns])
        out[:, stream] = np.exp(np.minimum(value, LONGEST))
    return out


def own_silence(pause: FloatArray, stretch: FloatArray) -> FloatArray:
    """What a wallet's pause and its slow weeks bring to the score, years; of recurrence intervals of one shape."""
    out: FloatArray = np.maximum(PAUSE_SHARE * pause, STRETCH_SHARE * stretch)
    return out


def weighted(recurrence: FloatArray, peers: FloatArray, silence: FloatArray | None = None) -> FloatArray:
    """What each flagging stream brings to the score, years, (W, streams).

    A stream's recurrence interval by its share, corrected for having looked at several. That of silence speaks by
    the wallet's own pauses and stretches (``silence``: :func:`own_silence`, (W,)) where these say more.
    """
    looks = _looks(peers)
    flagging = recurrence[:, : len(SHARES)]
    out: FloatArray = flagging * SHARES[: flagging.shape[1]] / looks[:, None]
    if silence is not None:
        out[:, Stream.SILENCE] = np.maximum(out[:, Stream.SILENCE], silence)
    return out


def score_years(recurrence: FloatArray, peers: FloatArray, silence: FloatArray | None = None) -> FloatArray:
    """Score of the strongest stream, years, (W,); see :func:`weighted`."""
    out: FloatArray = weighted(recurrence, peers, silence).max(axis=1)
    return out


def needed_statistic(stream: int, years: float, rate: float, *, peers: float) -> float:
    """The statistic at which one stream alone brings the score to ``years``."""
    log_years = float(np.log(years * _looks(np.array(peers)) / SHARES[stream]))
    lower, share = _place(np.array([rate]))
    rows = np.array((WITH_PEERS if peers else ALONE)[stream])
    row = (1 - share[0]) * rows[lower[0]] + share[0] * rows[lower[0] + 1]
    if log_years > row[-1]:
        slope = (row[-1] - row[-2]) / (KNOTS[-1] - KNOTS[-2])
        return float(KNOTS[-1] + (log_years - row[-1]) / slope)
    return float(np.interp(log_years, row, KNOTS))


def _looks(peers: FloatArray) -> FloatArray:
    """By how many times what the strongest stream says is divided: it was looked for among several."""
    few = 1.0 + FEW_COST / np.maximum(peers, 1.0) ** 2
    out: FloatArray = np.where(peers > 0, LOOKS_WITH_PEERS * few, LOOKS_ALONE)
    return out


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
