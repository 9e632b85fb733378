"""The books as tables: the shapes that ``metrics.monitor`` and ``metrics.rolling`` take."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pandas as pd

from ingest.types import Trade
from metrics.types import OpenPosition, RoundTrip


def round_trip_frame(items: Sequence[RoundTrip]) -> pd.DataFrame:
    """One row a round trip.

    Returns
    -------
    DataFrame
        ``wallet, closed_at (UTC), return (fraction of cost), pnl_usd, size_usd, holding_s, position_id``.
    """
    return pd.DataFrame(
        {
            "wallet": pd.Series([item.wallet for item in items], dtype="str"),
            "closed_at": _times(item.closed_at for item in items),
            "return": pd.Series([item.return_fraction for item in items], dtype="float64"),
            "pnl_usd": pd.Series([float(item.pnl_usd) for item in items], dtype="float64"),
            "size_usd": pd.Series([float(item.cost_usd) for item in items], dtype="float64"),
            "holding_s": pd.Series([item.holding_s for item in items], dtype="float64"),
            "position_id": pd.Series([item.position_id for item in items], dtype="str"),
        }
    )


def trade_frame(items: Iterable[Trade]) -> pd.DataFrame:
    """One row a trade whose time is known: ``wallet, traded_at (UTC)``."""
    known = [(item.wallet, item.timestamp) for item in items if item.timestamp is not None]
    return pd.DataFrame(
        {
            "wallet": pd.Series([wallet for wallet, _ in known], dtype="str"),
            "traded_at": _times(datetime.fromtimestamp(timestamp, UTC) for _, timestamp in known),
        }
    )


def open_position_frame(items: Sequence[OpenPosition]) -> pd.DataFrame:
    """One row an open position with a known mark: ``wallet, opened_at (UTC), mark_return, position_id``."""
    marked = [item for item in items if item.mark_return is not None]
    return pd.DataFrame(
        {
            "wallet": pd.Series([item.wallet for item in marked], dtype="str"),
            "opened_at": _times(item.opened_at for item in marked),
            "mark_return": pd.Series([item.mark_return for item in marked], dtype="float64"),
            "position_id": pd.Series([item.position_id for item in marked], dtype="str"),
        }
    )


def _times(moments: Iterable[datetime]) -> pd.Series:
    return pd.Series(list(moments), dtype="datetime64[us, UTC]")
