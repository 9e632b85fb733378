"""Positions of invented wallets that are moved away unsold: as a habit that was always there, or from some day on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from metrics.evaluation.synthetic import START, FloatArray

NEVER = -(10**6)  #: a day before all history


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """From ``day`` on (day 0 = first judged day), what a wallet moves away where it would have sold."""

    winners: float  #: share of them
    losers: float
    day: int = NEVER
    every: int = 0  #: days between the moves, at which all that waits leaves together; 0: at once


def with_departures(
    rng: np.random.Generator,
    closed: pd.DataFrame,
    positions: pd.DataFrame,
    moving: Mapping[str, Moving],
    *,
    marked_from: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Move some of the positions away that ``metrics.evaluation.synthetic_positions.with_positions`` has sold.

    Parameters
    ----------
    closed, positions
        As made there.
    moving
        Wallet → what it moves away; the others move nothing.
    marked_from
        First day with marks: the worth of what left earlier is unknown.

    Returns
    -------
    tuple of DataFrame
        The round trips that were sold; the open positions, without what is away; and what left, as
        ``metrics.frames.departure_frame`` makes it. A departure is marked at the nearest midnight, at what the
        position would have returned give or take a fifth.
    """
    close = _days(closed["closed_at"])
    won = (closed["return"] > 0).to_numpy()
    share, every = np.zeros(len(closed)), np.zeros(len(closed))
    for name, habit in moving.items():
        mine = (closed["wallet"] == name).to_numpy() & (close >= habit.day)
        share[mine] = np.where(won, habit.winners, habit.losers)[mine]
        every[mine] = habit.every
    gone = rng.uniform(size=len(closed)) < share
    away, close, every = closed[gone], close[gone], every[gone]
    left = np.where(every > 0, np.ceil(close / np.maximum(every, 1)) * every, close)
    opened = close - away["holding_s"].to_numpy() / 86_400
    marked = np.where(opened <= np.floor(left), np.floor(left), np.ceil(left))
    value = np.clip((1 + away["return"].to_numpy()) * np.exp(0.2 * rng.normal(size=len(away))) - 1, -0.99, 10.0)
    departures = pd.DataFrame(
        {
            "wallet": away["wallet"].to_numpy(),
            "position_id": away["position_id"].to_numpy(),
            "opened_at": _moments(opened),
            "left_at": _moments(left),
            "mark_return": np.where(marked >= marked_from, value, np.nan),
            "marked_at": _moments(marked),
        }
    )
    held = positions[
        _days(positions["marked_at"]) <= positions["position_id"].map(_last_day(departures)).fillna(np.inf)
    ]
    waits = np.maximum(0, np.floor(left) - np.maximum(np.ceil(close), 0) + 1).astype(int)
    waiting = departures.assign(mark_return=value).loc[np.repeat(np.arange(len(away)), waits)]
    nth = np.arange(waits.sum()) - np.repeat(np.cumsum(waits) - waits, waits)
    waiting["marked_at"] = _moments(np.repeat(np.maximum(np.ceil(close), 0), waits) + nth).to_numpy()
    return closed[~gone], pd.concat([held, waiting[list(positions.columns)]], ignore_index=True), departures


def _last_day(departures: pd.DataFrame) -> dict[str, float]:
    return dict(zip(departures["position_id"], _days(departures["left_at"]), strict=True))


def _days(moments: "pd.Series[Any]") -> FloatArray:
    out: FloatArray = np.asarray((moments - START) / timedelta(days=1), dtype=np.float64)
    return out


def _moments(days: FloatArray) -> "pd.Series[Any]":
    return pd.Series(START + pd.to_timedelta(np.round(days * 86_400), unit="s"))
