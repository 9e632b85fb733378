"""Bags: open positions far under water and overdue, losses that were never booked.

A wallet that never sells its losers never loses by its closed positions alone.
"""

from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from metrics.ledger import seconds
from metrics.watched import Watched

BAG_MARK = -0.5  # fraction of cost: marked below, and held longer than 19 of the wallet's 20 others


def open_losers(positions: pd.DataFrame | None, as_of: datetime, wallets: Mapping[str, Watched]) -> list[int]:
    """Bags of each wallet, by row; a wallet without a baseline has none, for want of a usual holding time.

    Parameters
    ----------
    positions
        ``wallet, opened_at (UTC), mark_return`` (fraction of cost); None = not known.
    """
    bags = [0] * len(wallets)
    if positions is None or positions.empty:
        return bags
    deep = positions[positions["mark_return"] <= BAG_MARK]
    for name, opened in zip(deep["wallet"].tolist(), seconds(deep["opened_at"]), strict=True):
        wallet = wallets.get(str(name))
        if wallet and wallet.baseline and as_of.timestamp() - opened > wallet.baseline.holding_p95_s:
            bags[wallet.row] += 1
    return bags
