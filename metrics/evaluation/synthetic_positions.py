"""Open positions for invented round trips: how long each was held, which losers are never sold, and daily marks.

People hold losers longer than winners (Odean 1998), longer still while the market falls, and in spells; some never sell
a part of them. None of that is a change while it stays as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.evaluation.synthetic import START, wandering

FloatArray = npt.NDArray[np.float64]
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsold:
    """From ``day`` on (day 0 = first judged day), this share of a wallet's losers is never sold."""

    day: int
    share: float


def with_positions(
    rng: np.random.Generator,
    frame: pd.DataFrame,
    market: FloatArray,
    *,
    unsold: Mapping[str, Unsold] | None = None,
    habits: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give round trips a way of holding, and mark what is open at each midnight from ``START`` on.

    Parameters
    ----------
    frame, market
        As ``metrics.evaluation.synthetic.population`` makes them.
    unsold
        Wallet → the change that happens to it.
    habits
        Whether a third of the wallets keep up to a tenth of their losers for good, always did, and always will.

    Returns
    -------
    tuple of DataFrame
        The round trips that closed, with ``position_id``; and ``wallet, position_id, opened_at, mark_return,
        marked_at``. A mark wanders from 0 at the opening to what the position returns in the end.
    """
    days = len(market)
    midnights = np.arange(days + 1)[:, None]
    sold, left_open = [], []
    for number, (wallet, mine) in enumerate(frame.groupby("wallet", sort=True)):
        n = len(mine)
        close = ((mine["closed_at"] - START) / timedelta(days=1)).to_numpy()
        value = mine["return"].to_numpy()
        lost = value <= 0
        first = int(np.floor(close.min()))
        spells = np.exp(wandering(rng, days - first, memory=0.85, sd=rng.uniform(0.0, 0.3)))
        day = np.floor(close).astype(int)
        falling = np.where(day >= 0, np.maximum(0.0, -market[np.clip(day, 0, days - 1)]), 0.0)
        median = np.exp(rng.uniform(np.log(1 / 144), np.log(1.5)))  # days: ten minutes to a day and a half
        held = median * np.exp(rng.uniform(0.7, 1.3) * rng.normal(size=n)) * spells[day - first]
        held *= np.where(lost, rng.uniform(1.0, 2.5) * np.exp(rng.uniform(0.0, 0.15) * falling), 1.0)
        share = np.full(n, rng.uniform(0.0, 0.1) if habits and rng.uniform() < 1 / 3 else 0.0)
        change = (unsold or {}).get(str(wallet))
        if change is not None:
            share = np.where(close >= change.day, change.share, share)
        kept = lost & (rng.uniform(size=n) < share)
        opened = close - held
        name = np.array([f"{wallet}-{number}-{i}" for i in range(n)])
        sold.append(mine.assign(holding_s=held * DAY_S, position_id=name)[~kept])
        end, which = np.nonzero((opened <= midnights) & (kept | (close > midnights)))
        done = np.minimum(1.0, (end - opened[which]) / held[which])
        mark = value[which] * done + 0.4 * np.sqrt(done * (1 - done)) * rng.normal(size=len(which))
        columns = {
            "wallet": wallet,
            "position_id": name[which],
            "opened_at": START + pd.to_timedelta(np.round(opened[which] * DAY_S), unit="s"),
            "mark_return": np.clip(mark, -0.99, 10.0),
            "marked_at": START + pd.to_timedelta(end, unit="D"),
        }
        left_open.append(pd.DataFrame(columns))
    closed = pd.concat(sold).sort_values("closed_at", kind="stable").reset_index(drop=True)
    return closed, pd.concat(left_open, ignore_index=True)
