"""What ``why``, the report and the export tell beside a verdict: what is not counted, and what is not settled."""

import json
from datetime import UTC, datetime

import pytest

from ingest.types import VenueStatus
from tests.builders import ASSET, START, USD, WALLET, entry, trade
from tests.end_to_end.cli import Folder
from watcher.reports import overview
from watcher.store import others_swaps, trade_log, wallets
from watcher.store.sql import database
from watcher.store.sql.database import writing
from watcher.types import Coverage, Wallet

NOW = datetime.fromtimestamp(START, UTC)


@pytest.fixture
def folder(tmp_path):
    """A database with one wallet."""
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    database.prepare(engine)
    with writing(engine) as connection:
        wallets.add(connection, Wallet(address=WALLET, label="Ann", followed_since=NOW, added_at=NOW))
        cover = Coverage(
            chain_id=1, wallet=WALLET, first_block=1, last_block=9, first_at=NOW, last_at=NOW, level="proven"
        )
        trade_log.add_coverage(connection, [cover])
    engine.dispose()
    return Folder(tmp_path, "http://127.0.0.1:9", {"name": "ethereum", "chain_id": 1})


def write(folder, *, bounds=(), others=0):
    """Trades whose native amounts lie within these bounds, and swaps by others."""
    engine = database.connect(f"sqlite:///{folder.path}/edgewatch.db")
    entries = [
        entry(trade(n, [(USD, 1)], [(ASSET, 1)], venue_status=VenueStatus.UNVERIFIED, native_bounds=each), "1")
        for n, each in enumerate(bounds)
    ]
    with writing(engine) as connection:
        trade_log.add_trades(connection, [each.trade for each in entries], decoder=1, known_at=NOW)
        trade_log.add_valuations(connection, [each.valuation for each in entries])
        others_swaps.add(connection, [(1, f"0x{n:064x}", WALLET, 100 + n) for n in range(others)])
    engine.dispose()


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, ""),
        (1, "1 swap by others on its behalf is not counted"),
        (46, "46 swaps by others on its behalf are not counted"),
        (1_200, "1,200 swaps by others on its behalf are not counted"),
    ],
)
def test_swaps_by_others_are_told(folder, count, words):
    """In ``why``, its JSON and the report; nothing is said of none."""
    write(folder, others=count)
    assert overview.on_behalf(count) == words
    assert json.loads(folder.run("why", "Ann", "--json"))["swaps_by_others"] == count
    folder.run("report", "Ann", "--out", "ann.html")
    page, told = (folder.path / "ann.html").read_text(), folder.run("why", "Ann")
    for shown in (page, told):
        assert ("by others on its behalf" in shown) == bool(count)
        assert words in shown


def test_native_amounts_that_are_open_are_told_where_they_count(folder):
    """Known to within 1 %, a trade counts and ``why`` says so; the export has the bounds, be they near or far."""
    near, edge, far = (991, 1_000), (99, 100), (989, 1_000)
    write(folder, bounds=[near, edge, far, None])
    line = "2 trades counted with a native amount that is known to within 1 %: a trace would settle it"
    assert line in folder.run("why", "Ann")
    rows = [json.loads(row) for row in folder.run("export", "trades").splitlines()]
    assert [row.get("native_bounds") for row in rows] == [["991", "1000"], ["99", "100"], ["989", "1000"], None]
    assert "native_bounds" not in rows[3]


def test_nothing_is_said_where_every_amount_is_settled(folder):
    """Nor where what is open is not counted."""
    write(folder, bounds=[(989, 1_000), None])
    assert "a trace would settle it" not in folder.run("why", "Ann")
