"""The series behind the chart: the peers' median, and how sure it is."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from alerts.charts.series import chart_series
from metrics.types import Metric
from tests.alerts.examples import EVIDENCE

BEGIN, DAYS = date(2025, 1, 1), 60
PEERS = tuple(f"peer{i}" for i in range(9))


def rows(wallets: dict[str, float]) -> pd.DataFrame:
    """Ten round trips a day of each wallet, of which the given share wins."""
    listed = [
        (wallet, datetime(2025, 1, 1, 12, tzinfo=UTC) + timedelta(days=day), 0.1 if i < 10 * share else -0.1)
        for wallet, share in wallets.items()
        for day in range(DAYS)
        for i in range(10)
    ]
    frame = pd.DataFrame(listed, columns=["wallet", "closed_at", "return"])
    return frame.assign(closed_at=frame["closed_at"].astype("datetime64[us, UTC]"))


def series(peers: tuple[str, ...]):
    trips = rows({"me": 0.3, **{peer: i / 10 for i, peer in enumerate(PEERS)}})
    evidence = replace(
        EVIDENCE,
        lead=Metric.WIN_RATE,
        peer_wallets=peers,
        since_from=date(2025, 2, 1),
        since_to=date(2025, 2, 9),
    )
    return chart_series(
        evidence,
        trips,
        trips.rename(columns={"closed_at": "traded_at"}),
        wallet="me",
        followed_since=BEGIN,
        until=BEGIN + timedelta(days=DAYS),
    )


def test_the_median_lies_in_its_interval_of_ranks():
    """Nine peers with shares 0.0 to 0.8: median 0.4; the second and the eighth of nine hold it with 95 %."""
    shown = series(PEERS)
    assert (shown.value[-1], shown.peers[-1], shown.peers_low[-1], shown.peers_high[-1]) == (0.3, 0.4, 0.1, 0.7)
    assert (shown.window_days, shown.days[-1]) == (30, date(2025, 3, 1))
    assert (shown.since_from, shown.since_to) == (date(2025, 2, 1), date(2025, 2, 9))
    assert len(shown.peers_low) == len(shown.days)


def test_few_peers_have_a_median_without_an_interval():
    """Below six peers no two of them hold the median with 95 %: none is shown."""
    shown = series(PEERS[:5])
    assert (shown.peers[-1], shown.peers_low[-1], shown.peers_high[-1]) == (0.2, None, None)
    assert set(series(()).peers) == {None}
