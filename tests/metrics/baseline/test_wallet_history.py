"""What is known of one wallet."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.baseline.day_panel import DayPanel
from metrics.baseline.wallet_history import DAY_S, WalletHistory

SPANS = st.lists(
    st.tuples(st.integers(0, 10 * DAY_S), st.integers(0, 10 * DAY_S)).map(lambda x: (float(min(x)), float(max(x)))),
    max_size=8,
)


@given(spans=SPANS)
@settings(deadline=None, max_examples=60)
def test_a_day_is_covered_when_it_was_read_whole(spans: list[tuple[float, float]]) -> None:
    """Coverage by day, in the ledger and in the panel, is that of every hour of the day."""
    ledger = WalletHistory()
    for span in spans:
        ledger.cover([span])
    hour = np.zeros(10 * 24 * 3600 // 10, dtype=bool)  # ten-second cells
    cells = np.arange(len(hour)) * 10.0
    for start, end in ledger.covered:
        hour |= (cells >= start) & (cells + 10.0 <= end)
    expected = []
    for day in range(10):
        inside = [s <= day * DAY_S and (day + 1) * DAY_S <= e for s, e in ledger.covered]
        expected.append(any(inside))
        assert not expected[-1] or hour[day * 8640 : (day + 1) * 8640].all()
    assert ledger.days_covered(0, 10).tolist() == expected
    panel = DayPanel(1, 3)
    panel.set_covered(0, ledger.covered)
    assert panel.view("covered", 0, 10)[0].astype(bool).tolist() == expected


def test_a_row_given_twice_counts_once_where_it_has_a_key() -> None:
    """A position that is told again replaces itself; rows without a key are all counted."""
    ledger = WalletHistory()
    for _ in range(2):
        ledger.add("position", (100.0, 0.5, 1.0, 1.0))
        ledger.add(None, (100.0, 0.5, 1.0, 1.0))
    assert len(ledger.rows[0]) == 3


def test_survives_json() -> None:
    """What was saved is what is read back."""
    ledger = WalletHistory()
    ledger.add("a", (100.25, 0.1 + 0.2, 1.0, 1.0))
    ledger.add(None, (3 * DAY_S + 5.0, -0.5, 1.0, 0.0))
    ledger.add_trade(5 * DAY_S + 1.0)
    ledger.cover([(0.0, 1.5 * DAY_S), (2.0 * DAY_S, 3.0 * DAY_S)])
    assert WalletHistory.from_dict(json.loads(json.dumps(ledger.as_dict()))) == ledger
