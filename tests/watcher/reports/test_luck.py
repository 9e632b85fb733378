"""What of a list's records is luck: which returns count, and what a wallet was chosen for."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from watcher.record.record import Record
from watcher.reports.luck import closes, of_list
from watcher.types import Wallet

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=100)
FIRST = (BEGIN - datetime(1970, 1, 1, tzinfo=UTC)).days


def trips(*names, mean=0.04, n=100):
    """One round trip a day, held for an hour."""
    frames = []
    for seed, name in enumerate(names):
        value = np.random.default_rng(seed).normal(size=n)
        frames.append(
            pd.DataFrame(
                {
                    "wallet": name,
                    "closed_at": [BEGIN + timedelta(days=day, hours=1) for day in range(n)],
                    "return": (value - value.mean()) / value.std() * 0.1 + mean,
                    "holding_s": 3_600.0,
                    "position_id": [f"{name} {day}" for day in range(n)],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def frame(columns, rows=()):
    table = pd.DataFrame(list(rows), columns=columns)
    return table.astype({name: "datetime64[us, UTC]" for name in columns if name.endswith("_at")})


def record(closed, *, positions=(), departures=()):
    return Record(
        accounts=(),
        trips=closed,
        trades=pd.DataFrame(),
        positions=frame(["wallet", "marked_at", "position_id", "touched_at", "mark_return"], positions),
        departures=frame(["wallet", "position_id", "left_at", "mark_return"], departures),
        covered={},
        tokens={},
        copies={},
        as_of=END,
    )


def wallet(name, followed_since=END):
    return Wallet(address=name, followed_since=followed_since, added_at=END)


def test_losses_that_were_never_booked_count():
    """A bag and what was moved away under water are losses at their marks; each position once."""
    long_ago = END - timedelta(days=9)
    kept = [
        ("a", END, "bag", long_ago, -0.8),
        ("a", END, "down a little", long_ago, -0.3),
        ("a", END, "young", END - timedelta(minutes=30), -0.8),
        ("a", END, "not known", long_ago, np.nan),
        ("a", long_ago, "sold since", long_ago - timedelta(days=9), -0.8),
        ("b", END, "of another", long_ago, -0.8),
    ]
    left = [
        ("a", "lost", long_ago, -0.4),
        ("a", "lost", END, -0.5),
        ("a", "won", long_ago, 0.4),
        ("a", "not known", long_ago, np.nan),
        ("a", "a 7", long_ago, -0.4),
    ]
    day, returns = closes(record(trips("a"), positions=kept, departures=left))["a"]
    assert len(day) == 102
    assert list(returns[100:]) == [-0.8, -0.4]
    assert list(day[:2] - FIRST) == [0, 1]
    assert list(day[100:] - FIRST) == [100, 91]


def test_bags_make_less_sure():
    """Ten bags turn a wallet that is almost sure to have an edge into one that probably has none."""
    held = [("a", END, f"bag {n}", BEGIN, -0.9) for n in range(10)]
    [without], [with_bags] = (
        of_list(record(trips("a", mean=0.06), positions=each), [wallet("a")], []).probability.values()
        for each in ((), held)
    )
    assert without > 0.9
    assert with_bags < 0.4


def test_what_came_after_following_is_no_luck_of_being_chosen():
    """A wallet that was followed before its record began is surer than the same record that it was chosen for."""
    of = record(trips("a"))
    [seen] = of_list(of, [wallet("a")], []).probability.values()
    [lived] = of_list(of, [wallet("a", BEGIN)], []).probability.values()
    assert lived > seen + 0.02


def test_peers_tell_how_common_edges_are_and_a_wallet_of_the_list_is_no_peer():
    """Peers without an edge make every wallet less sure; the list's own wallets count once."""
    good, bad = trips("a", "b"), trips(*(f"p{n}" for n in range(20)), mean=-0.02)
    of, listed = record(pd.concat([good, bad])), [wallet("a"), wallet("b")]
    alone = of_list(of, listed, [])
    beside = of_list(of, listed, [wallet(f"p{n}") for n in range(20)])
    assert beside.probability["a"] < alone.probability["a"]
    assert of_list(of, listed, listed) == alone
    assert (alone.wallets, len(alone.probability)) == (2, 2)


def test_a_wallet_that_cannot_be_told_is_left_out():
    """Nothing closed, or too little: no probability, and no number for a list of such wallets."""
    of = record(pd.concat([trips("a"), trips("few", n=19)]))
    found = of_list(of, [wallet("a"), wallet("few"), wallet("nobody")], [])
    assert list(found.probability) == ["a"]
    assert found.wallets == 3
    assert found.luck.without_edge == pytest.approx(1 - found.probability["a"])
    assert of_list(of, [wallet("few")], []).luck is None
