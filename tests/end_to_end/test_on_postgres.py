"""The daemon's jobs on a PostgreSQL server that crashes under them: the same as on a quiet SQLite file."""

import signal
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from ingest.errors import StoreError
from tests.end_to_end.cli import Folder
from watcher import app
from watcher.config.settings import load
from watcher.daemon import Daemon
from watcher.demo import node as demo_node
from watcher.demo.node import ReplayNode
from watcher.lock import only_one
from watcher.store import flag_log, trade_log, usage, wallets
from watcher.store.sql.database import reading, writing
from watcher.wallet_list import parse

DEMO = Path(demo_node.__file__).parent
TABLE = tomllib.loads((DEMO / "edgewatch.toml").read_text())["chains"][0]
NOW = datetime(2025, 10, 1, tzinfo=UTC)
WALLETS = parse((DEMO / "wallets.csv").read_bytes(), now=NOW, chain_names={"local"}).accepted
FOLLOWED = [wallet for _, wallet in WALLETS if wallet.label == "Heron"]


def start(path, node_url, store_url):
    """A daemon, its configuration and database in a folder, with the demo's wallets."""
    path.mkdir()
    Folder(path, node_url, TABLE, f'[store]\nurl = "{store_url}"\n')
    config = load(path / "edgewatch.toml", {})
    engine = app.open_store(config)
    with writing(engine) as connection:
        for wallet in FOLLOWED:
            wallets.add(connection, wallet)
        usage.remember(connection, "step:31337", "200")
    return Daemon(config, engine), engine


def outcome(engine):
    """All that the jobs left behind."""
    with reading(engine) as connection:
        return {
            "log": [(trade, worth) for trade, worth, _ in trade_log.trades(connection)],
            "moves": trade_log.moves(connection),
            "covered": trade_log.coverages(connection),
            "flags": flag_log.flags(connection),
            "verdicts": flag_log.latest_assessments(connection),
        }


def test_the_jobs_do_the_same_on_a_server_that_crashes(tmp_path, server):
    """A commit of a reading that has begun is cut by a crash of the server: the job ends with words, so does the next
    one while the server is away, and the one after it ends with the rows and verdicts of an undisturbed SQLite file."""
    with ReplayNode() as node:
        quiet, file = start(tmp_path / "file", node.url, "sqlite:///edgewatch.db")
        quiet.ingest(NOW)
        quiet.assess(NOW)

        shaken, engine = start(tmp_path / "server", node.url, server.database())
        commits = iter(range(2))

        def crash(connection):
            writes = connection.get_execution_options().get("writes")
            if writes and trade_log.coverages(connection) and next(commits, None) == 1:
                server.stop(signal.SIGQUIT)

        event.listen(engine, "commit", crash)
        with only_one(engine):
            try:
                for job in (shaken.ingest, shaken.assess):
                    with pytest.raises(StoreError, match="cannot use the database"):
                        job(NOW)
            finally:
                server.start()
            with reading(engine) as connection:
                assert len(trade_log.coverages(connection)) > 0
            assert outcome(engine)["log"] != outcome(file)["log"]
            shaken.ingest(NOW)
            shaken.assess(NOW)
    assert outcome(engine) == outcome(file)
    assert len(outcome(file)["log"]) > 100
    assert outcome(file)["flags"]
    engine.dispose()
    file.dispose()
