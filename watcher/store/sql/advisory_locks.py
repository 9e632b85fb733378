"""PostgreSQL's advisory locks: they belong to a session or a transaction and end with it, so that no clock is asked."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine, event

from ingest.errors import StoreError

ROOM = 0x65646765  #: "edge": keeps our numbers apart from those of other programs in the same database
WRITER, AT_WORK = 1, 2


def queue_writer(connection: Connection, patience_ms: int) -> None:
    """Wait until no other transaction writes; held until this one ends.

    It gives PostgreSQL what ``BEGIN IMMEDIATE`` gives SQLite: what a writer reads stays true until it commits, so that
    the first decision wins, a counter loses nothing and ranges are joined once. It needs READ COMMITTED: a stricter
    transaction would take its view of the database *before* it waited.
    """
    connection.exec_driver_sql(
        f"SELECT set_config('lock_timeout', '{patience_ms}', true), pg_advisory_xact_lock({ROOM}, {WRITER})"
    )


@contextmanager
def at_work(engine: Engine, taken: str) -> Iterator[None]:
    """Hold the one place of a working process; a session of its own holds it.

    The server may lose that session (a restart, a cut line) while this process goes on. So every write transaction
    asks for it first, and where it is gone the place is taken again, or the write refused.

    Raises
    ------
    StoreError
        With the text ``taken``: another process holds it, at the start or since the session was lost.
    """
    session = _take(engine, taken)
    guard = threading.Lock()

    def still(connection: Connection) -> None:
        nonlocal session
        if not connection.get_execution_options().get("writes", False):
            return
        with guard:
            if not _lives(engine, session):
                session.close()
                session = _take(engine, taken)

    event.listen(engine, "begin", still)
    try:
        yield
    finally:
        event.remove(engine, "begin", still)
        _free(engine, session)


def _take(engine: Engine, taken: str) -> Any:
    pooled = engine.connect()
    session: Any = pooled.connection.driver_connection
    pooled.detach()  # never back into the pool: closing it frees the lock
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({ROOM}, {AT_WORK})")
        if not cursor.fetchone()[0]:
            session.close()
            raise StoreError(taken)
    return session


def _free(engine: Engine, session: Any) -> None:
    """Give the place back and wait until the server has: it notices a closed session only a little later."""
    with closing(session), suppress(engine.dialect.loaded_dbapi.OperationalError), session.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_unlock({ROOM}, {AT_WORK})")


def _lives(engine: Engine, session: Any) -> bool:
    try:
        with session.cursor() as cursor:
            cursor.execute("SELECT 1")
    except engine.dialect.loaded_dbapi.OperationalError:
        return False
    return True
