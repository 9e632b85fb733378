"""What was spent is kept by day, and a person is told once when most of it is gone."""

import json
import signal
import subprocess
from datetime import UTC, date, datetime, timedelta

from structlog.testing import capture_logs

from ingest.evm.rpc.budget import Meter
from tests.end_to_end.cli import Folder
from tests.fakes.node import FakeNode
from watcher import app
from watcher.config.settings import load
from watcher.jobs.sync.spending import settle
from watcher.reports import overview
from watcher.store import usage
from watcher.store.sql.database import reading

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def spend(engine, count, *, spent=0, now=NOW, today=None):
    meter = Meter(spent=spent, limit=100, today=today)
    meter.charge(["eth_call"] * count, "localhost")
    with capture_logs() as logs:
        settle(engine, meter, 1, now=now)
    return [line["event"] for line in logs]


def test_at_four_fifths_a_person_is_told_once_a_day(store):
    """Below: nothing. From 80 % on: one line in the log a day, and a line of the status until the day is over."""
    with reading(store) as connection:
        assert overview.budget_note(overview.read(connection, NOW)) is None
    assert spend(store, 79) == []
    with reading(store) as connection:
        assert overview.budget_note(overview.read(connection, NOW)) is None
    assert spend(store, 1, spent=79) == ["budget_nearly_used"]
    assert spend(store, 1, spent=80) == []
    with reading(store) as connection:
        view = overview.read(connection, NOW)
        assert "81% of today's budget of 100 units" in (overview.budget_note(view) or "")
        assert "81% of today" in overview.status_message(view).html
        assert overview.budget_note(overview.read(connection, NOW + timedelta(days=1))) is None
    assert spend(store, 90, now=NOW + timedelta(days=1)) == ["budget_nearly_used"]


def test_what_is_spent_after_midnight_is_the_new_days(store):
    """The meter's own day counts, not the day on which the job began."""
    spend(store, 5, today=lambda: date(2026, 3, 2))
    with reading(store) as connection:
        assert (usage.units_on(connection, NOW.date()), usage.units_on(connection, date(2026, 3, 2))) == (0, 5)


def test_a_kill_forgets_next_to_nothing_of_what_was_spent(tmp_path):
    """In the middle of a window, long before its commit: all but one part in 500 of the day's budget is on record, and
    what was spent first, so that one that is killed again and again counts too."""
    with FakeNode({"eth_getCode": lambda *_: "0x"}) as fake:
        Folder(tmp_path, fake.url, {"name": "ethereum", "chain_id": 1, "from_block": 1})
        configuration = (tmp_path / "edgewatch.toml").read_text()
        (tmp_path / "edgewatch.toml").write_text(configuration.replace("10_000_000", "5_000"))
        config = load(tmp_path / "edgewatch.toml", {})
        engine = app.open_store(config)
        with app.sources(config, engine, app.clock()) as [source]:
            for _ in range(40):
                source.node.batch([("eth_getCode", ["0x1", "latest"])] * 3)
                with reading(engine) as connection:
                    recorded = usage.units_on(connection, app.clock().date())
                assert len(fake.asked) - 10 <= recorded <= len(fake.asked)
        assert len(fake.asked) == 121
        Folder(tmp_path, fake.url, {"name": "ethereum", "chain_id": 1, "from_block": 1})
        plenty = load(tmp_path / "edgewatch.toml", {})
        for _ in range(3):
            with app.sources(plenty, engine, app.clock()) as [source]:
                with reading(engine) as connection:
                    before = usage.units_on(connection, app.clock().date())
                source.node.call("eth_getCode", ["0x1", "latest"])
                with reading(engine) as connection:
                    assert usage.units_on(connection, app.clock().date()) > before


def test_out_of_budget_the_service_idles_and_says_so(tmp_path):
    """It stays up, asks the node nothing more, names the reason in its log, and ends cleanly when it is told to."""
    with FakeNode({"eth_getBlockByNumber": lambda *_: {"number": "0x64", "hash": "0x1", "timestamp": "0x1"}}) as fake:
        folder = Folder(tmp_path, fake.url, {"name": "ethereum", "chain_id": 1, "from_block": 1})
        configuration = (tmp_path / "edgewatch.toml").read_text()
        (tmp_path / "edgewatch.toml").write_text(configuration.replace("10_000_000", "3"))
        folder.run("wallets", "add", "0x" + "11" * 20)
        process = folder.start("run", stderr=subprocess.PIPE)
        line = next(line for line in process.stderr if "budget_exhausted" in line)
        assert "today's budget of 3 units is used up" in line
        assert "after midnight UTC" in line
        asked = len(fake.asked)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        process.stderr.close()
        assert len(fake.asked) == asked <= 3
        assert json.loads(folder.run("status", "--json"))["units_today"] == asked
