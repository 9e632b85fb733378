"""``edgewatch backfill``: the plan first, a refusal that says what to do, and transactions from a file."""

import json

import pytest

from ingest.files.tx_hashes import parse
from tests.end_to_end.cli import Folder
from tests.fakes.indexed import IndexedNode, shipped
from tests.watcher.jobs.sync.test_ingest import TABLE, WATCHED


@pytest.fixture
def folder(tmp_path):
    with IndexedNode(shipped()) as node:
        made = Folder(tmp_path, node.url, TABLE)
        (tmp_path / "list.csv").write_text("address\n" + "".join(f"{wallet.address}\n" for wallet in WATCHED[:2]))
        made.run("wallets", "import", "list.csv")
        yield made


def test_the_plan_comes_first_and_is_json_on_demand(folder):
    """A dry run says what the endpoint can do and what each way costs, and reads nothing; without a terminal nobody
    is asked."""
    plan = json.loads(folder.run("backfill", "--dry-run", "--json"))
    assert plan["possible"]
    assert [(option["source"], option["used"]) for option in plan["options"]].count(("logs", True)) == 1
    assert plan["endpoints"]["local"]["index"] == "alchemy"
    assert "logs in" in folder.errors
    assert folder.trades() == []
    folder.run("backfill")
    assert folder.trades()


def test_what_can_never_finish_is_refused_with_ways_out(folder):
    """Nothing is read, the exit code is 1, and three ways out are named, the index that the endpoint has among them."""
    config = folder.path / "edgewatch.toml"
    config.write_text(config.read_text().replace("10_000_000", "500"))
    folder.run("backfill", code=1)
    assert "can never finish" in folder.errors
    assert all(f"{number}. " in folder.errors for number in (1, 2, 3))
    assert 'index = "alchemy"' in folder.errors
    assert folder.trades() == []


def test_transactions_of_a_file_are_read_and_cover_nothing(folder, tmp_path):
    """The trades are those that a backfill finds in these transactions; the backfill after it gives the whole log."""
    with IndexedNode(shipped()) as node:
        (tmp_path / "other").mkdir()
        other = Folder(tmp_path / "other", node.url, TABLE)
        (tmp_path / "other" / "list.csv").write_text((tmp_path / "list.csv").read_text())
        other.run("wallets", "import", "list.csv")
        other.run("backfill")
        whole = other.trades()
    some = whole[::3]
    nobody = "0x" + "ab" * 20
    lines = ["chain,tx_hash", *(f"local,{trade['tx_hash']}" for trade in some)]
    (tmp_path / "hashes.csv").write_text("\n".join([*lines, f"local,{nobody}", "nowhere,0x1"]))
    folder.run("backfill", "--hashes", "hashes.csv", code=1)
    assert folder.errors.count("line ") == 2
    assert nobody not in folder.errors
    named = {trade["tx_hash"] for trade in some}
    assert folder.trades() == [trade for trade in whole if trade["tx_hash"] in named]
    folder.run("backfill")
    assert folder.trades() == whole


def test_a_file_of_hashes_is_read_line_by_line():
    """Chains by name or id, each hash once, a header and remarks passed over; bad lines are named, not repeated."""
    good, key = "0x" + "AB" * 32, "0x" + "12" * 31
    found = parse(
        ["chain,tx_hash", "# mine", "", f"base, {good}", f"8453,{good.lower()}", f"base,{key}", "x"], {"base": 8453}
    )
    assert found.hashes == {8453: (good.lower(),)}
    assert [text.split(":")[0] for text in found.bad] == ["line 6", "line 7"]
    assert key not in "".join(found.bad)
