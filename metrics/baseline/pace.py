"""How often a wallet trades: its pace on weekdays and weekends, and how much its day counts scatter."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MINIMUM_TRADING_DAYS = 5  # with trades on fewer, its usual pace is not known: one busy day is no pace


def is_weekend(day: IntArray) -> npt.NDArray[np.bool_]:
    """Saturday or Sunday (day 0, 1970-01-01, was a Thursday)."""
    return (day + 3) % 7 >= 5


def weekly(day: IntArray, trades: FloatArray) -> tuple[float, float]:
    """Trades per weekday, and the weekend's rate relative to it (shrunk to 0.8, worth six trades)."""
    weekend = is_weekend(day)
    days = np.array([(~weekend).sum(), weekend.sum()], dtype=np.float64)
    count = np.array([trades[~weekend].sum(), trades[weekend].sum()])
    per_weekday = (count[0] + 1.0) / max(days[0], 1.0)
    factor = float(np.clip((count[1] + 4.8) / (days[1] * per_weekday + 6.0), 0.1, 2.0))
    plain = (count.sum() + 0.5) / (days.sum() + 0.5)
    exposure = days[0] + factor * days[1]
    return float((count.sum() + 0.3) / (exposure + 0.3 / max(plain, 0.05))), factor


def overdispersion(counts: FloatArray, mean: FloatArray) -> float:
    """Moment estimate of alpha, shrunk to 0.5 (worth 20 days); clipped to 0.05 .. 3."""
    typical = float(mean.mean()) ** 2 if len(mean) else 1.0
    excess = float(((counts - mean) ** 2 - mean).sum()) + 10.0 * typical
    return min(3.0, max(0.05, excess / (float((mean**2).sum()) + 20.0 * typical)))
