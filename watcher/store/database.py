"""Open the database, bring it to the current schema, and hand out transactions."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from ingest.errors import StoreError

BUSY_MS = 60_000  #: how long a writer waits for another one


def connect(url: str) -> Engine:
    """An engine whose SQLite connections are durable and check foreign keys. Nothing is opened yet."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: an upgrade from a read lock could fail half-way.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of the database."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that commits as a whole or not at all. No network call belongs inside."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


def _alembic() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite database; None for another kind or one in memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def prepare(engine: Engine) -> None:
    """Bring the database to the current schema.

    Raises
    ------
    StoreError
        The file cannot be opened, is no database, or was written by a newer version.
    """
    path = sqlite_path(str(engine.url))
    config = _alembic()
    try:
        with engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            _refuse_newer(config, revision)
            if revision == ScriptDirectory.from_config(config).get_current_head():
                return
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DatabaseError as error:
        raise StoreError(
            f"cannot use the database {path or engine.url.host}: {error.orig}; nothing was changed"
        ) from None


def _refuse_newer(config: AlembicConfig, revision: str | None) -> None:
    if revision is None:
        return
    try:
        ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError:
        raise StoreError(
            f"the database is from a newer version of Edgewatch (schema {revision}); "
            "install that version again or restore a backup; nothing was changed"
        ) from None


def backup(engine: Engine, target: Path) -> None:
    """Copy a SQLite database while it is in use (SQLite online backup API).

    Raises
    ------
    StoreError
        The target exists, or the database is not SQLite.
    """
    source = sqlite_path(str(engine.url))
    if source is None:
        raise StoreError("backup is for SQLite; use pg_dump for PostgreSQL")
    if target.exists():
        raise StoreError(f"{target} exists already; name another file")
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)
