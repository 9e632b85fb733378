"""The books as tables: the shapes that ``metrics.monitor`` and ``metrics.rolling`` take."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd

from ingest.types import FiledTrip, Trade
from metrics.books.daily_marks import MarkedPosition
from metrics.books.departures import MarkedDeparture
from metrics.types import RoundTrip


def round_trip_frame(items: Sequence[RoundTrip | FiledTrip]) -> pd.DataFrame:
    """One row a round trip; what a file does not say is nan.

    Returns
    -------
    DataFrame
        ``wallet, closed_at (UTC), return (fraction of cost), pnl_usd, size_usd, holding_s, position_id``.
    """
    return pd.DataFrame(
        {
            "wallet": pd.Series([item.wallet for item in items], dtype="str"),
            "closed_at": _times(item.closed_at for item in items),
            "return": pd.Series([_float(item.return_fraction) for item in items], dtype="float64"),
            "pnl_usd": pd.Series([_float(item.pnl_usd) for item in items], dtype="float64"),
            "size_usd": pd.Series([_float(item.cost_usd) for item in items], dtype="float64"),
            "holding_s": pd.Series([_float(item.holding_s) for item in items], dtype="float64"),
            "position_id": pd.Series([item.position_id for item in items], dtype="str"),
        }
    )


def trade_frame(items: Iterable[Trade | FiledTrip]) -> pd.DataFrame:
    """One row a trade (or a close, from a file) whose time is known: ``wallet, traded_at (UTC)``."""
    known = [(item.wallet, item.timestamp) for item in items if item.timestamp is not None]
    return pd.DataFrame(
        {
            "wallet": pd.Series([wallet for wallet, _ in known], dtype="str"),
            "traded_at": _times(datetime.fromtimestamp(timestamp, UTC) for _, timestamp in known),
        }
    )


def open_position_frame(items: Sequence[MarkedPosition]) -> pd.DataFrame:
    """One row an open position and day.

    Returns
    -------
    DataFrame
        ``wallet, marked_at (UTC), position_id, opened_at (UTC), touched_at (UTC), mark_return`` (fraction of cost; nan:
        unknown).
    """
    return pd.DataFrame(
        {
            "wallet": pd.Series([item.wallet for item in items], dtype="str"),
            "marked_at": _times(item.marked_at for item in items),
            "position_id": pd.Series([item.position_id for item in items], dtype="str"),
            "opened_at": _times(item.opened_at for item in items),
            "touched_at": _times(item.touched_at for item in items),
            "mark_return": pd.Series([item.mark_return for item in items], dtype="float64"),
        }
    )


def departure_frame(items: Sequence[MarkedDeparture]) -> pd.DataFrame:
    """One row a move that took the larger part of a position away.

    Returns
    -------
    DataFrame
        ``wallet, position_id, opened_at (UTC), left_at (UTC), mark_return`` (fraction of cost; nan: unknown),
        ``marked_at`` (UTC; NaT: unknown).
    """
    return pd.DataFrame(
        {
            "wallet": pd.Series([item.departure.wallet for item in items], dtype="str"),
            "position_id": pd.Series([item.departure.held_as for item in items], dtype="str"),
            "opened_at": _times(item.departure.opened_at for item in items),
            "left_at": _times(item.departure.left_at for item in items),
            "mark_return": pd.Series([item.mark_return for item in items], dtype="float64"),
            "marked_at": _times(item.marked_at for item in items),
        }
    )


def _float(value: Decimal | float | None) -> float:
    return math.nan if value is None else float(value)


def _times(moments: Iterable[datetime | None]) -> pd.Series:
    return pd.Series(list(moments), dtype="datetime64[us, UTC]")
