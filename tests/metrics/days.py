"""Follow wallets through invented days, one tick a day."""

from datetime import timedelta

import pandas as pd

from metrics.evaluation.synthetic import START
from metrics.monitor import Monitor
from metrics.types import Assessment


def day_by_day(monitor: Monitor, trips: pd.DataFrame, days: int) -> list[list[Assessment]]:
    """What a started monitor says at the end of each of the first days after ``START``."""
    out = []
    for day in range(days):
        begin, end = START + timedelta(days=day), START + timedelta(days=day + 1)
        out.append(monitor.tick(end, trips[(trips["closed_at"] >= begin) & (trips["closed_at"] < end)]))
    return out
