"""One writer of the trade log per database: an operating-system lock that ends with its process."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import StoreError


@contextmanager
def only_one(database: Path | None) -> Iterator[None]:
    """Hold the database's lock file; a lock and not a lease, so that a stopped clock or a pause cannot break it.

    Parameters
    ----------
    database
        The SQLite file; None (in memory, or another kind of database): nothing to lock here.

    Raises
    ------
    StoreError
        Another process holds it.
    """
    if database is None:
        yield
        return
    with Path(f"{database}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(
                f"another Edgewatch is at work on {database.name} (a daemon reads what is missing by itself); "
                "stop it first, or wait until it is done"
            ) from None
        yield
