"""What only a server can do: be away, restart, refuse a user, lose a session."""

import signal
import sys
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from ingest.errors import ConfigError, StoreError
from watcher.lock import only_one
from watcher.store import usage, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import Wallet

NOW = datetime(2025, 7, 1, tzinfo=UTC)


@pytest.fixture
def url(server):
    return server.database()


@pytest.fixture
def engine(url):
    engine = database.connect(url)
    yield engine
    engine.dispose()


def remember(engine, value):
    with writing(engine) as connection:
        usage.remember(connection, "key", value)


def recall(engine):
    with reading(engine) as connection:
        return usage.recall(connection, "key")


def test_without_the_driver_the_message_says_how_to_install_it(monkeypatch):
    """PostgreSQL is an extra: who configures it without having it is told the command."""
    monkeypatch.setitem(sys.modules, "psycopg", None)  # an import fails as if it were not installed
    with pytest.raises(ConfigError, match=r"pip install 'edgewatch\[postgres\]'"):
        database.connect("postgresql+psycopg://ann@127.0.0.1/watch")


@pytest.mark.parametrize("url", ["mysql://ann@host/watch", "postgres://ann@host/watch", "postgresql+pg8000://host/w"])
def test_another_kind_of_database_is_refused(url):
    """The message shows what a URL looks like."""
    with pytest.raises(ConfigError, match=r"write sqlite:///edgewatch\.db or postgresql\+psycopg://"):
        database.connect(url)


def test_what_waiting_cannot_mend_is_a_fault_of_the_configuration(server, url):
    """No such database and no such user are told apart from a server that is away, which may come back."""
    here = make_url(url).set(password="hunter2")
    for faulty in (here.set(database="nothing"), here.set(username="nobody")):
        with pytest.raises(ConfigError, match="does not exist") as caught:
            database.prepare(database.connect(faulty.render_as_string(hide_password=False)))
        assert "hunter2" not in str(caught.value)
    server.stop()
    try:
        with pytest.raises(StoreError, match=r"test_\d+ on 127\.0\.0\.1: .*refused.*nothing was changed") as caught:
            database.prepare(database.connect(here.render_as_string(hide_password=False)))
        assert "hunter2" not in str(caught.value)
    finally:
        server.start()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
def test_a_restart_costs_at_most_the_transaction_that_it_cut(server, url, engine, how):
    """While the server is away work fails with words; once it is back the next transaction goes through, and what was
    committed is there. The one place of a working process is still held."""
    other = database.connect(url)
    with only_one(engine):
        remember(engine, "before")
        with pytest.raises(StoreError, match="done again at the next run"), writing(engine) as connection:
            usage.remember(connection, "key", "cut")
            server.stop(how)
            usage.remember(connection, "key", "cut")
        try:
            with pytest.raises(StoreError, match="refused"):
                recall(engine)
        finally:
            server.start()
        assert recall(engine) == "before"
        remember(engine, "after")
        with pytest.raises(StoreError, match="another Edgewatch"), only_one(other):
            pass
    assert recall(engine) == "after"
    other.dispose()


def test_who_lost_the_place_to_another_writes_no_more(url, engine):
    """A session that the server ended frees the place; if another process took it meanwhile, writing is refused until
    that one ends, and reading goes on."""
    other = database.connect(url)
    with only_one(engine):
        remember(engine, "mine")
        with psycopg.connect(str(url).replace("+psycopg", ""), autocommit=True) as admin:
            ended = admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'")
            assert ended.fetchall() == [(True,)]
        with only_one(other):
            with pytest.raises(StoreError, match="another Edgewatch"):
                remember(engine, "lost")
            remember(other, "theirs")
            assert recall(engine) == "theirs"
        remember(engine, "mine again")
        with pytest.raises(StoreError, match="another Edgewatch"), only_one(other):
            pass
    other.dispose()


def test_not_even_all_decisions_at_once_can_be_removed(engine):
    """PostgreSQL can empty a table without touching its rows; the trigger refuses that too."""
    with pytest.raises(DatabaseError, match="append-only"), writing(engine) as connection:
        connection.exec_driver_sql("TRUNCATE decision CASCADE")


def test_a_reading_cannot_write(engine):
    """A statement that writes in the wrong place is refused by the server."""
    with pytest.raises(DatabaseError, match="read-only"), reading(engine) as connection:
        usage.remember(connection, "key", "value")


def test_wallets_stand_in_the_same_order_on_every_server(engine):
    """The server's language does not decide the order of labels."""
    labels = ["b", "a", "B", "ä", "_", "1"]
    with writing(engine) as connection:
        for number, label in enumerate(labels):
            item = Wallet(address=f"0x{number:040x}", label=label, followed_since=NOW, added_at=NOW)
            wallets.add(connection, item)
        assert [item.label for item in wallets.all_wallets(connection)] == sorted(labels)


def test_an_empty_database_is_brought_to_the_schema_once(server):
    """The first preparing makes the tables; the second changes nothing."""
    engine = database.connect(server.create())
    database.prepare(engine)
    remember(engine, "kept")
    database.prepare(engine)
    assert recall(engine) == "kept"
    engine.dispose()


def test_a_backup_names_the_command(url, tmp_path):
    """PostgreSQL's own tool copies it; the command is ready to be pasted and has no password."""
    engine = database.connect(make_url(url).set(password="hunter2").render_as_string(hide_password=False))
    with pytest.raises(StoreError) as caught:
        database.backup(engine, tmp_path / "copy")
    plain = str(url).replace("+psycopg", "")
    assert f"pg_dump --format=custom --file={tmp_path / 'copy'} '{plain}'" in str(caught.value)
