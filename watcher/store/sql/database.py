"""Open the database, bring it to the current schema, and hand out transactions."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from ingest.errors import ConfigError, StoreError, WatchError
from watcher.own_file import create, written
from watcher.store.sql.advisory_locks import queue_writer

BUSY_MS = 90_000  #: how long a writer waits for another one
_JSON: Any = {
    # Every trade has two columns of it: at a fifth of what the standard library takes, and no spaces.
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}


#: What a server says when waiting cannot help (libpq hands on no code for a failed connection).
_MISCONFIGURED = ("does not exist", "authentication failed", "no password supplied", "pg_hba.conf", "permission denied")
FIRST_RELEASED = "0011"  #: schema; earlier ones were steps on the way


def connect(url: str) -> Engine:
    """An engine for ``reading`` and ``writing``. Nothing is opened yet.

    SQLite connections are durable and check foreign keys. PostgreSQL connections are tried before each use, so that a
    restart of the server costs at most the transaction that it cut.

    Raises
    ------
    ConfigError
        Neither SQLite nor PostgreSQL is meant, or the driver is not installed.
    """
    parsed = make_url(url)
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        engine = create_engine(parsed, **_JSON)
        event.listen(engine, "do_connect", _create_privately)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise ConfigError(
            f"store.url: cannot use {parsed.drivername}; write sqlite:///edgewatch.db "
            "or postgresql+psycopg://user@host/database"
        )
    try:
        parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed, isolation_level="READ COMMITTED", pool_pre_ping=True, **_JSON)
    except ImportError:
        raise ConfigError(
            "store.url: PostgreSQL needs the driver psycopg: pip install 'edgewatch[postgres]', "
            "in a clone .venv/bin/pip install -e '.[postgres]'"
        ) from None
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _create_privately(_dialect: Any, _record: Any, arguments: list[Any], _options: Any) -> None:
    """Create the file before SQLite does, which follows the umask; its -wal and -shm take the mode of the file."""
    if arguments[0] != ":memory:":
        with suppress(OSError):  # it is there; or SQLite says what is wrong
            create(Path(arguments[0]))


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


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        queue_writer(connection, BUSY_MS)
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of the database.

    Raises
    ------
    StoreError, ConfigError
        As ``writing``.
    """
    with _explained(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that commits as a whole or not at all, and alone. No network call belongs inside.

    Raises
    ------
    StoreError
        The database is busy or away; the next run may succeed.
    ConfigError
        The server refuses this user, or has no such database.
    """
    with _explained(engine), engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise _explain(engine, error, "what was not committed is done again at the next run") from None


def _explain(engine: Engine, error: DatabaseError, end: str) -> WatchError:
    words = " ".join(str(error.orig).split())
    if any(sign in words for sign in _MISCONFIGURED):
        return ConfigError(f"store.url: cannot use the database {place(engine)}: {words}")
    return StoreError(f"cannot use the database {place(engine)}: {words}; {end}")


def place(engine: Engine) -> str:
    """Where the database is, in words for a person, without a password."""
    url = engine.url
    return str(sqlite_path(str(url)) or f"{url.database} on {url.host or 'this machine'}")


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
        The file cannot be opened, is no database, or was written by a newer version; the server is away.
    ConfigError
        The server refuses this user, or has no such database.
    """
    # Alembic comes late: it takes a tenth of a second, and whoever reads or writes a prepared database does without.
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "migrations"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    try:
        with engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            if revision == scripts.get_current_head():
                return
            if revision is not None and revision < FIRST_RELEASED:
                raise StoreError(
                    f"the database is from before version 0.2.0 (schema {revision}), and no release had it. Begin a "
                    "new one: move the file aside, then `edgewatch wallets import` and `edgewatch backfill`. To keep "
                    "decisions, `edgewatch export decisions` with the version that wrote it; nothing was changed"
                )
            if revision not in {None, *(script.revision for script in scripts.walk_revisions())}:
                raise StoreError(
                    f"the database is from a newer version of Edgewatch (schema {revision}); "
                    "install that version again or restore a backup; nothing was changed"
                )
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DatabaseError as error:
        raise _explain(engine, error, "nothing was changed") from None


def backup(engine: Engine, target: Path, *, replace: bool = False) -> None:
    """Copy a SQLite database while it is in use (SQLite online backup API).

    Raises
    ------
    StoreError
        The database is not SQLite: the message has the command that copies it.
    ConfigError
        The target exists and is not to be replaced; or it cannot be written.
    """
    source = sqlite_path(str(engine.url))
    if source is None:
        url = engine.url.set(drivername="postgresql").render_as_string().replace(":***@", "@")
        raise StoreError(f"PostgreSQL has a tool of its own for this: pg_dump --format=custom --file={target} '{url}'")
    with (
        written(target, replace=replace) as draft,
        closing(sqlite3.connect(source)) as here,
        closing(sqlite3.connect(draft)) as there,
    ):
        here.backup(there)
