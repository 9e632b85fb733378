"""The disk is full or fails, the database is held by another: nothing is damaged, and the next run does the rest."""

import os
import shutil
import sqlite3
import subprocess
import threading

import pytest
from sqlalchemy import event

from ingest.errors import StoreError
from tests.fakes.node import FakeNode
from tests.faults.follower import Follower
from tests.faults.quiet import TABLE, chain_of, truth
from tests.faults.service import follow

CHAIN = chain_of(60)


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 4 MB."""
    (path := tmp_path / "disk").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root only (the same refusal is tested with a limit on files)")
    yield path
    subprocess.run(["umount", "--lazy", path], check=True)


def test_a_full_disk_stops_with_words_and_costs_nothing_once_there_is_room(tmp_path, small_disk):
    """The backfill ends with exit code 1 and one message; with room it goes on, and holds what it would have held."""
    with FakeNode(CHAIN.methods()) as node:
        service = follow(small_disk, node.url, TABLE)
        free = shutil.disk_usage(small_disk).free
        (small_disk / "other").write_bytes(bytes(free - 40_960))
        assert service.run_forked("backfill") == 1
        assert "disk is full" in " ".join(service.log.split())
        assert "Traceback" not in service.log
        assert service.stored() == []
        (small_disk / "other").unlink()
        assert service.damage() == []
        assert service.run_forked("backfill") == 0
    assert service.stored() == truth(tmp_path, CHAIN)
    assert service.damage() == []


def test_a_write_error_stops_with_words_and_costs_nothing_once_it_is_over(tmp_path):
    """The same where the operating system refuses a write in the middle of a file."""
    with FakeNode(CHAIN.methods()) as node:
        service = follow(tmp_path / "here", node.url, TABLE)
        assert service.run_forked("backfill", most_bytes=40_960) == 1
        assert "cannot use the database" in " ".join(service.log.split())
        assert "Traceback" not in service.log
        assert service.damage() == []
        assert service.run_forked("backfill") == 0
    assert service.stored() == truth(tmp_path, CHAIN)
    assert service.damage() == []


@pytest.fixture
def follower(tmp_path):
    """One that waits for a locked database for a moment only, instead of more than a minute."""
    with FakeNode(CHAIN.methods()) as node:
        waiting = Follower(tmp_path / "lived.db", node.url, TABLE)
        waiting.engine.dispose()
        event.listen(waiting.engine, "connect", lambda raw, _: raw.execute(f"PRAGMA busy_timeout={PATIENCE_MS}"))
        yield waiting
        waiting.engine.dispose()


PATIENCE_MS = 1_000


def test_a_database_that_is_locked_for_a_while_is_waited_for(tmp_path, follower):
    """Shorter than the patience (90 s; here 1 s): the reading takes longer, and ends as it would have."""
    other = sqlite3.connect(tmp_path / "lived.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    free = threading.Timer(0.3, other.execute, ["ROLLBACK"])
    free.start()
    follower.read()
    free.join()
    other.close()
    assert [row[::2] for row in follower.holds()["raw"]] == truth(tmp_path, CHAIN)


def test_a_database_that_stays_locked_ends_the_run_with_words_and_the_next_one_does_the_work(tmp_path, follower):
    """Longer than the patience: nothing is half written, and the run after it ends as the first would have."""
    other = sqlite3.connect(tmp_path / "lived.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        follower.read()
    assert follower.holds()["raw"] == []
    other.execute("ROLLBACK")
    other.close()
    follower.read()
    assert [row[::2] for row in follower.holds()["raw"]] == truth(tmp_path, CHAIN)
