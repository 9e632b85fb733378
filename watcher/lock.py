"""One writer of the trade log per database: a lock that ends with its process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from ingest.errors import StoreError
from watcher.own_file import open_lock
from watcher.store.sql import advisory_locks
from watcher.store.sql.database import place, sqlite_path


@contextmanager
def only_one(engine: Engine) -> Iterator[None]:
    """Hold the database's one place; a lock and not a lease, so that a stopped clock or a pause cannot break it.

    A lock file of the operating system beside a SQLite file, an advisory lock on PostgreSQL; a database in memory
    needs none.

    Raises
    ------
    StoreError
        Another process holds it.
    """
    path = sqlite_path(str(engine.url))
    taken = (
        f"another Edgewatch is at work on {path.name if path else place(engine)} (a daemon reads what is missing by "
        "itself); stop it first, or wait until it is done"
    )
    if engine.dialect.name == "postgresql":
        with advisory_locks.at_work(engine, taken):
            yield
    elif path is None:
        yield
    else:
        try:
            file = os.fdopen(open_lock(name := Path(f"{path}.lock")))
        except OSError as error:
            raise StoreError(f"cannot lock {name}: {error.strerror}; remove it, or mend its folder") from None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(taken) from None
            yield
