"""``edgewatch audit``: what the record says of a list on the day on which nobody has followed it yet."""

import json
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from metrics.evaluation.luck import Luck
from tests.watcher.jobs.sync.test_import_file import MAP, document, edgewatch, table
from watcher.reports.audit import auditees, lucky
from watcher.reports.luck import ListLuck
from watcher.types import FILE, Coverage, Role, Wallet

__all__ = ["edgewatch"]
COVERS = "2025-01-01..2025-08-28"


def machine():
    """A trader who closes 250 times a day, each after a second."""
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    for n in range(20 * 250):
        at = begin + timedelta(seconds=n * 345)
        yield f"forex:robot,robot-{n},{at:%Y-%m-%d %H:%M:%S},0.5,{at - timedelta(seconds=1):%Y-%m-%d %H:%M:%S}"


@pytest.fixture
def filed(edgewatch, tmp_path):
    """One wallet that fell at the end of June, four that did not, a novice and a machine; nobody is followed."""
    peers = [line for n in range(4) for line in table(f"forex:peer {n}", seed=10 + n)]
    lines = [*table(falls_on=180), *peers, *table("forex:novice", days=5)]
    (tmp_path / "fx.csv").write_bytes(document(*lines))
    (tmp_path / "fast.csv").write_text("\n".join(["Who,Ticket,Close,Profit %,Open", *machine()]))
    assert edgewatch("import", "fx.csv", "--map", MAP, "--covers", COVERS)[0] == 0
    assert edgewatch("import", "fast.csv", "--map", f"{MAP},opened_at=Open", "--covers", COVERS)[0] == 0
    names = ["forex:alice", *(f"forex:peer {n}" for n in range(4)), "forex:novice", "forex:robot", "forex:nobody"]
    (tmp_path / "list.csv").write_text("\n".join(["address", *names]))
    return edgewatch


def test_each_wallet_of_a_list_gets_the_finding_that_its_record_bears_out(filed):
    """One left its form and the date is about right; the steady ones did not; the rest cannot be judged, and why."""
    code, out, _ = filed("audit", "list.csv", "--json")
    found = {item["address"]: item for item in json.loads(out)["wallets"]}
    assert code == 1
    assert len(found) == 8
    alice = found["forex:alice"]
    assert alice["finding"] == "off_form"
    assert abs(date.fromisoformat(alice["since"]) - date(2025, 6, 30)) < timedelta(days=14)
    assert {found[f"forex:peer {n}"]["finding"] for n in range(4)} <= {"in_form", "outside"}
    steady = next(item for item in found.values() if item["finding"] == "in_form")
    assert steady["sight"]["silence_days"] > 0
    assert "silence in" in steady["words"]
    assert found["forex:novice"]["finding"] == "cannot_judge"
    assert "15 round trips" in found["forex:novice"]["words"]
    assert found["forex:robot"]["finding"] == "machine"
    assert found["forex:nobody"]["finding"] == "cannot_judge"
    assert "nothing was read" in found["forex:nobody"]["words"]
    assert json.loads(out)["wallets"][0] == alice, "the worst first"


def test_each_wallet_is_told_how_sure_its_edge_is_and_the_list_how_many_have_none(filed):
    """The list's number is the sum of the wallets'; costs lower all of them; too short a record has no probability."""
    whole = json.loads(filed("audit", "list.csv", "--json")[1])
    sure = {item["address"]: item["edge_probability"] for item in whole["wallets"]}
    told = [each for each in sure.values() if each is not None]
    assert {address for address, each in sure.items() if each is None} == {
        "forex:novice",
        "forex:robot",
        "forex:nobody",
    }
    assert all(0 < each < 1 for each in told)
    assert whole["edge_known"] == 5
    assert whole["expected_without_edge"] == pytest.approx(sum(1 - each for each in told))
    low, high = whole["without_edge_95"]
    assert 0 <= low <= whole["expected_without_edge"] <= high <= 5
    dear = json.loads(filed("audit", "list.csv", "--cost", "2.5", "--json")[1])
    assert dear["cost"] == 0.025
    assert dear["expected_without_edge"] > whole["expected_without_edge"]
    printed = " ".join(filed("audit", "list.csv", "--cost", "2.5")[1].split())
    assert "Of the 5 that can be told, about" in printed
    assert "no edge above your 2.5 % a round trip; 1 left its form." in printed
    assert "was " in printed, "of a wallet that left its form, the edge over its whole record is a thing of the past"
    assert filed("audit", "list.csv", "--cost", "-1")[0] == 2


@pytest.mark.parametrize(
    ("probability", "cost", "wallets", "words"),
    [
        ((0.9, 0.3, 0.2), 0.0, 3, "Of these 3, about 2 probably have no edge (95 %: 1 to 3)."),
        ((0.9, 0.3, 0.9), 0.0, 3, "Of these 3, about 1 probably has no edge (95 %: 1 to 3)."),
        ((0.9, 0.9), 0.0, 4, "Of the 2 that can be told, probably all have an edge (95 %: 1 to 3 have none)."),
        (
            (0.5, 0.4),
            0.005,
            2,
            "Of these 2, about 1 probably has no edge above your 0.5 % a round trip (95 %: 1 to 3).",
        ),
    ],
)
def test_how_many_have_no_edge_is_said_in_one_sentence(probability, cost, wallets, words):
    """Of all, or of those that can be told; one has, two have, and none is said to be none."""
    luck = Luck(edge_probability=probability, without_edge=sum(1 - each for each in probability), low=1, high=3)
    named = {f"w{n}": each for n, each in enumerate(probability)}
    assert lucky(ListLuck(probability=named, luck=luck, cost=cost, wallets=wallets)) == words


def test_a_number_that_is_sure_needs_no_range():
    """Where both ends of the interval are the same, it is left out."""
    luck = Luck(edge_probability=(0.999, 0.999), without_edge=0.002, low=0, high=0)
    found = ListLuck(probability={"a": 0.999, "b": 0.999}, luck=luck, cost=0.0, wallets=2)
    assert lucky(found) == "Of these 2, probably all have an edge."


def test_of_a_list_without_records_nothing_is_said_of_luck():
    """Unknown is unknown."""
    assert lucky(ListLuck(probability={}, luck=None, cost=0.0, wallets=3)) == ""


def test_an_audit_changes_nothing(filed):
    """It follows nobody and opens no flag; the same audit says the same; a list without a finding ends with 0."""
    first = filed("audit", "list.csv")
    assert filed("audit", "list.csv") == first
    assert "already left its form about" in " ".join(first[1].split())
    assert json.loads(filed("wallets", "list", "--json")[1]) == []
    assert json.loads(filed("flags", "list", "--json")[1]) == []
    assert filed("audit")[0] == 0, "nobody is followed: nobody to audit"


def test_a_bad_line_and_an_empty_store_are_told(edgewatch, tmp_path):
    """What looks like a key is refused and not repeated; without any record it says what to do."""
    (tmp_path / "list.csv").write_text(f"address\nforex:alice\n{'ab' * 32}\n")
    code, _, err = edgewatch("audit", "list.csv")
    assert code == 3
    assert "line 3: refused" in err
    assert "abab" not in err
    assert "edgewatch import FILE" in err


def test_what_came_after_following_is_never_baseline():
    """Judged from the latest of the last days and the newest third of a record, or from the day it was followed."""
    end = datetime(2025, 12, 31, tzinfo=UTC)

    def since(read_days, followed_days_ago):
        wallet = Wallet(address="a", followed_since=end - timedelta(days=followed_days_ago), added_at=end)
        read = Coverage(
            chain_id=0, wallet="a", first_block=0, last_block=1, first_at=end - timedelta(days=read_days), last_at=end,
            level=FILE,
        )  # fmt: skip
        [seen] = auditees([wallet], [], [read], as_of=end, days=90)
        assert (seen.role, seen.chains) == (Role.FOLLOWED, (FILE,))
        return (end - seen.followed_since).days

    assert since(365, 0) == 90
    assert since(100, 0) == 33
    assert since(365, 200) == 200


def test_a_fall_that_is_not_sure_yet_is_not_called_in_form(edgewatch, tmp_path):
    """65 % for four months, then 40 % for 20 days at three a day, no peers: the baseline is long enough to see it."""
    rng = random.Random(3)
    lines = []
    for n in range(3 * 140):
        at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=8 * n)
        wins = rng.random() < (0.65 if n < 3 * 120 else 0.40)
        gain = rng.lognormvariate(0, 0.6) * (8 if wins else -6)
        lines.append(f"forex:alice,{n},{at:%Y-%m-%d %H:%M},{gain:.2f}")
    (tmp_path / "fx.csv").write_bytes(document(*lines))
    (tmp_path / "list.csv").write_text("address\nforex:alice")
    assert edgewatch("import", "fx.csv", "--map", MAP, "--covers", "2025-01-01..2025-05-20")[0] == 0
    [found] = json.loads(edgewatch("audit", "list.csv", "--json")[1])["wallets"]
    assert found["finding"] == "outside"
    assert found["words"].startswith("outside, not yet sure about")
