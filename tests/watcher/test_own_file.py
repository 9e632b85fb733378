"""What Edgewatch writes is its owner's alone, replaces nothing unasked and never goes through a link."""

import json
import os
import sqlite3
import stat
from contextlib import closing

import pytest

from ingest.errors import ConfigError, StoreError
from tests.fakes.node import FakeNode
from tests.ingest.evm.sync.test_capabilities import FULL, GOOD
from tests.watcher.test_bad_input import ONE, edgewatch
from watcher import own_file
from watcher.config.settings import parse
from watcher.lock import only_one
from watcher.reports.doctor import configuration
from watcher.store.sql import database
from watcher.store.sql.database import writing

__all__ = ["edgewatch"]
KEY = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW"


@pytest.fixture(autouse=True)
def umask():
    """A umask that lets everybody do everything."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_every_file_that_is_written_is_private(edgewatch, tmp_path):
    """Configuration, database with its -wal and -shm, lock, backup, report: 0600 whatever the umask."""
    (tmp_path / "edgewatch.toml").unlink()
    assert edgewatch("init")[0] == 0
    (tmp_path / "edgewatch.toml").write_text((tmp_path / "edgewatch.toml").read_text().replace("${RPC_KEY}", ""))
    assert edgewatch("wallets", "add", ONE)[0] == 0
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    with only_one(engine), writing(engine):
        assert edgewatch("db", "backup", "copy.db")[0] == 0
        assert edgewatch("report", ONE, "--out", "page.html")[0] == 0
        modes = {path.name: mode(path) for path in tmp_path.iterdir()}
    engine.dispose()
    database_files = {f"edgewatch.db{end}" for end in ("", "-wal", "-shm", ".lock")}
    assert modes == dict.fromkeys({"edgewatch.toml", "copy.db", "page.html"} | database_files, 0o600)


def test_nothing_is_replaced_unasked(edgewatch, tmp_path):
    """An existing file stays as it was, and the message says how to replace it; --force does."""
    assert edgewatch("wallets", "add", ONE)[0] == 0
    for command in (["report", ONE, "--out", "here"], ["db", "backup", "here"], ["--config", "here", "init"]):
        (tmp_path / "here").write_bytes(b"mine")
        code, _, err = edgewatch(*command)
        assert code == 3
        assert "--force" in err
        assert (tmp_path / "here").read_bytes() == b"mine"
        assert edgewatch(*command, "--force")[0] == 0
        assert len((tmp_path / "here").read_bytes()) > 1_000
        assert mode(tmp_path / "here") == 0o600
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_no_link_is_followed(edgewatch, tmp_path):
    """A link where a file is to be written, dangling or not: its target is neither written nor made."""
    assert edgewatch("wallets", "add", ONE)[0] == 0
    (tmp_path / "target").write_bytes(b"mine")
    for target in ("target", "absent"):
        for command in (["report", ONE, "--out", "link"], ["db", "backup", "link"], ["--config", "link", "init"]):
            for force in ([], ["--force"]):
                (tmp_path / "link").symlink_to(target)
                assert edgewatch(*command, *force)[0] == 3
                assert (tmp_path / "target").read_bytes() == b"mine"
                assert not (tmp_path / "absent").exists()
                (tmp_path / "link").unlink()
    assert edgewatch("db", "backup", "/dev/null", "--force")[0] == 3
    assert edgewatch("db", "backup", ".", "--force")[0] == 3
    assert edgewatch("db", "backup", "no/such/folder")[0] == 3


def test_a_lock_empties_nothing(tmp_path):
    """The lock file's content stays; one that is a link is refused with what to do, and its target stays as it was."""
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    lock = tmp_path / "edgewatch.db.lock"
    lock.write_bytes(b"kept")
    with only_one(engine):
        pass
    assert lock.read_bytes() == b"kept"
    (tmp_path / "target").write_bytes(b"mine")
    for target in ("target", "absent"):
        lock.unlink()
        lock.symlink_to(target)
        with pytest.raises(StoreError, match="remove it"), only_one(engine):
            pass
    assert (tmp_path / "target").read_bytes() == b"mine"
    assert not (tmp_path / "absent").exists()


def test_what_fails_half_way_leaves_nothing(tmp_path):
    """Neither a part nor the reserved name is left after an error, and the old file is when it was to be replaced."""
    with pytest.raises(RuntimeError), own_file.written(tmp_path / "new", replace=False) as draft:
        draft.write_bytes(b"half")
        raise RuntimeError
    (tmp_path / "old").write_bytes(b"old")
    with pytest.raises(ConfigError), own_file.written(tmp_path / "old", replace=True):
        raise OSError(28, "No space left on device")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"old": b"old"}


def test_a_backup_is_whole(edgewatch, tmp_path):
    """A copy made while it is written to has what was committed and passes SQLite's own check."""
    assert edgewatch("wallets", "add", ONE)[0] == 0
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    with writing(engine) as connection:
        connection.exec_driver_sql("DELETE FROM wallet")
        database.backup(engine, tmp_path / "copy.db")
        connection.rollback()
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM wallet").fetchone() == (1,)


def test_doctor_tells_files_that_others_can_read(edgewatch, tmp_path):
    """Each file with a wider mode is named, with the command that mends it; run, nothing is left to tell."""
    edgewatch("wallets", "add", ONE)
    for name, wide in {"edgewatch.toml": 0o640, "edgewatch.db": 0o604, "edgewatch.db.lock": 0o602}.items():
        (tmp_path / name).touch()
        (tmp_path / name).chmod(wide)
    found = {item["name"]: item for item in json.loads(edgewatch("doctor", "--json")[1])}["files"]
    paths = [str(tmp_path / "edgewatch.db"), str(tmp_path / "edgewatch.db.lock")]
    assert found["health"] == "warning"
    assert found["todo"] == "chmod 600 " + " ".join(["edgewatch.toml", *paths])
    assert os.system(found["todo"]) == 0
    found = {item["name"]: item for item in json.loads(edgewatch("doctor", "--json")[1])}["files"]
    assert (found["health"], found["todo"]) == ("ok", "")


@pytest.mark.parametrize(
    ("url", "holds"),
    [
        (f"http://127.0.0.1:9/v2/{KEY}", True),
        (f"http://127.0.0.1:9/rpc?network=eth&dkey={KEY}", True),
        ("http://127.0.0.1:9/v2/${RPC_KEY}", False),
        ("http://127.0.0.1:9/ethereum/mainnet-archive", False),
    ],
)
def test_doctor_names_a_key_in_the_file(edgewatch, tmp_path, monkeypatch, url, holds):
    """By what the file says and not by its comments; with the way out, and without the key."""
    monkeypatch.setenv("RPC_KEY", KEY)
    text = (tmp_path / "edgewatch.toml").read_text().replace("http://127.0.0.1:9/secret-path", url)
    (tmp_path / "edgewatch.toml").write_text(f"# ${{NAME}} is read from the environment\n{text}")
    _, out, err = edgewatch("doctor", "--json")
    found = {item["name"]: item for item in json.loads(out)}["configuration"]
    assert KEY not in out + err
    assert found["health"] == ("warning" if holds else "ok")
    assert ("${RPC_KEY}" in found["todo"]) == holds


def test_doctor_names_a_password_in_the_file(tmp_path):
    """Of a database's URL; without it, and with the places where PostgreSQL looks for one."""
    path = tmp_path / "edgewatch.toml"
    for url, holds in {"postgresql://ann:hunter2@h/d": True, "postgresql://ann@h/d": False}.items():
        [found] = configuration(path, parse(f'store.url = "{url}"', path, {}))
        assert (found.health == "warning", "PGPASSWORD" in found.todo) == (holds, holds)
        assert "hunter2" not in str(found)


def test_init_asks_first_and_writes_last(edgewatch, tmp_path):
    """Where the endpoint does not answer nothing is written, so that the next try is not refused."""
    (tmp_path / "edgewatch.toml").unlink()
    code, _, err = edgewatch("init", "--rpc-url", "http://127.0.0.1:9")
    assert code == 1
    assert "edgewatch.toml was not written" in err
    assert list(tmp_path.iterdir()) == []
    with FakeNode(GOOD | FULL) as fake:
        assert edgewatch("init", "--rpc-url", fake.url)[0] == 0
        text = (tmp_path / "edgewatch.toml").read_text()
        asked = len(fake.asked)
        assert edgewatch("init", "--rpc-url", fake.url, "--chain", "base")[0] == 3
        assert len(fake.asked) == asked  # refused before anything is asked
    assert (tmp_path / "edgewatch.toml").read_text() == text


def test_init_writes_no_key(edgewatch, tmp_path, monkeypatch):
    """A key in the URL that was given is asked with and not written: a name stands there, one that is free."""
    monkeypatch.setenv("RPC_KEY", "another")
    with FakeNode(GOOD | FULL) as fake:
        code, out, err = edgewatch("init", "--force", "--rpc-url", f"{fake.url}/v2/{KEY}")
        assert code == 0
        assert KEY not in out + err + (tmp_path / "edgewatch.toml").read_text()
        assert f'rpc_urls = ["{fake.url}/v2/${{RPC_KEY_2}}"]' in (tmp_path / "edgewatch.toml").read_text()
        assert "export RPC_KEY_2=" in out
        assert "RPC_KEY_2 is not set" in edgewatch("status")[2]
        monkeypatch.setenv("RPC_KEY_2", KEY)
        assert edgewatch("status")[0] == 0
