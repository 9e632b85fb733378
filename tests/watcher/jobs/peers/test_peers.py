"""``edgewatch peers suggest``: who trades alike, whatever came of it, and nobody twice."""

import json
import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from metrics.peers.similarity import Style, copies, is_copy, likeness
from tests.watcher.jobs.sync.test_import_file import edgewatch

__all__ = ["edgewatch"]
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
MAP = "wallet=Who,id=Ticket,asset=Asset,opened_at=Open,closed_at=Close,size_usd=Size,return%=Gain"


def rows(who, *, seed, days=90, pace=3, hours=5, size=100, gain=1.0, assets="ABCDE", later=0):
    """Closed round trips of a trader with a style; ``later`` seconds after what the seed says."""
    rng = random.Random(seed)
    for n in range(days * pace):
        close = BEGIN + timedelta(days=n / pace, seconds=rng.randrange(20_000) + later)
        opened = close - timedelta(hours=hours * rng.uniform(0.7, 1.4))
        result = gain * rng.uniform(0.5, 1.5)
        money = size * rng.uniform(0.7, 1.4)
        times = f"{opened:%Y-%m-%d %H:%M:%S},{close:%Y-%m-%d %H:%M:%S}"
        yield f"{who},{who}-{n},{rng.choice(assets)},{times},{money:.2f},{result:.2f}"


def document(*traders):
    return "\n".join(["Who,Ticket,Asset,Open,Close,Size,Gain", *(line for each in traders for line in each), ""])


def test_alike_are_named_whatever_came_of_them(edgewatch, tmp_path):
    """Losers and those who stopped are as good as winners; other styles and copies are out; the list imports."""
    own = document(rows("x:mine", seed=1), rows("x:too", seed=2))
    (tmp_path / "own.csv").write_text(own)
    candidates = document(
        rows("x:winner", seed=3, gain=20),
        rows("x:loser", seed=4, gain=-20),
        rows("x:stopped", seed=5, days=61),
        rows("x:whale", seed=6, size=1_000_000, hours=700),
        rows("x:elsewhere", seed=7, assets="VWXYZ", pace=30),
        rows("x:copy", seed=1, later=3),
        rows("x:twin", seed=3, later=2, gain=5),
    )
    (tmp_path / "others.csv").write_text(candidates)
    edgewatch("import", "own.csv", "--map", MAP, "--follow", "--followed-since", "2025-03-01")
    assert edgewatch("peers", "suggest")[0] == 3, "no candidate has a record"
    edgewatch("import", "others.csv", "--map", MAP)
    code, out, err = edgewatch("peers", "suggest")
    named = {line.split(",")[0] for line in out.splitlines()[1:]}
    assert code == 0
    assert named - {"x:winner", "x:twin"} == {"x:loser", "x:stopped"}
    assert len(named & {"x:winner", "x:twin"}) == 1, "one of two hands of one owner"
    assert "3 of 7 candidates are alike" in err
    (tmp_path / "peers.csv").write_text(out)
    assert "3 added, 0 known already, 0 refused" in edgewatch("wallets", "import", "peers.csv")[1]
    listed = {item["address"]: item["role"] for item in json.loads(edgewatch("wallets", "list", "--json")[1])}
    assert {name for name, role in listed.items() if role == "peer"} == named
    assert json.loads(edgewatch("peers", "suggest", "--json")[1]) == [], "nor a copy of a peer"


def test_a_candidate_file_narrows_the_choice(edgewatch, tmp_path):
    """Only who is in it is looked at."""
    (tmp_path / "all.csv").write_text(document(rows("x:a", seed=3), rows("x:b", seed=4)))
    (tmp_path / "own.csv").write_text(document(rows("x:mine", seed=1)))
    edgewatch("import", "own.csv", "--map", MAP, "--follow")
    edgewatch("import", "all.csv", "--map", MAP)
    (tmp_path / "some.csv").write_text("address\nx:b\nx:unknown\n")
    found = json.loads(edgewatch("peers", "suggest", "some.csv", "--json")[1])
    assert [item["address"] for item in found] == ["x:b"]
    assert found[0]["like"] == "x:mine"


def test_likeness_is_the_same_both_ways_and_needs_a_common_chain():
    """Zero with itself but for what is not known of tokens; none across chains or from a handful of trades."""
    base = {"trades": 50, "trades_per_day": 2.0, "holding_s": 3600.0, "size_usd": 100.0, "tokens": frozenset("AB")}
    one = Style(wallet="1", chains=frozenset({1}), **base)
    fast = Style(wallet="2", chains=frozenset({1, 8453}), **{**base, "trades_per_day": 8.0})
    assert likeness(one, one).distance == 0
    assert likeness(one, fast) == likeness(fast, one)
    assert likeness(one, fast).factor > 1
    assert likeness(one, Style(wallet="3", chains=frozenset({10}), **base)) is None
    assert likeness(one, Style(wallet="4", chains=frozenset({1}), **{**base, "trades": 3})) is None


def test_a_copy_meets_repeatedly():
    """Two chance meetings are none; a tenth of a long record is none; the same hand is one."""
    mine = [("A", 1_000 * n) for n in range(100)]
    assert is_copy(mine, [("A", 1_000 * n + 4) for n in range(0, 100, 2)])
    assert not is_copy(mine, [("A", 1_000 * n + 4) for n in range(2)])
    assert not is_copy(mine, [("A", 1_000 * n + (4 if n < 10 else 400)) for n in range(100)])
    assert not is_copy(mine, [("B", 1_000 * n) for n in range(100)])


@given(
    touches=st.dictionaries(
        st.sampled_from("abcd"), st.lists(st.tuples(st.sampled_from("XY"), st.integers(0, 60)), max_size=12), min_size=1
    )
)
def test_copies_are_all_pairs_that_copy(touches):
    """The same as comparing every wallet with every other one, from both sides."""
    expected = {
        one: {
            other
            for other in touches
            if other != one and (is_copy(touches[one], touches[other]) or is_copy(touches[other], touches[one]))
        }
        for one in touches
    }
    assert copies(touches) == expected
