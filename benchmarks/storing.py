"""How many rows a second the ledger writes, beside SQLAlchemy's own two ways, on SQLite and on PostgreSQL.

    python -m benchmarks.storing [rows, default 10000] [PostgreSQL URL of an empty database]

Trades as the ledger has them (a key of four columns, an index, JSON legs), written in one transaction of a new database
each: many at once, and 20 a call. ``orm`` is ``Session.add_all`` on a mapped class, ``core`` is ``Connection.execute``
with a list of rows, both as SQLAlchemy's guide has them; ``ours`` is ``watcher.store.sql.bulk.insert_rows``. SQLite
commits to the disk (``synchronous = FULL``), and so does a server named by a URL; without a URL the tests' own server
is started, which does not wait for the disk. Prints a Markdown table; the best of three rounds counts.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, registry

from watcher.store.sql import database
from watcher.store.sql.bulk import insert_rows
from watcher.store.sql.schema import trade

ROUNDS, SMALL = 3, 20
Rows = list[dict[str, Any]]


class Trade:
    """The mapped class of ``orm``."""

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)


registry().map_imperatively(Trade, trade)


def orm(connection: Connection, rows: Rows) -> None:
    with Session(connection) as session:
        session.add_all(Trade(**row) for row in rows)
        session.flush()


def core(connection: Connection, rows: Rows) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(trade).on_conflict_do_nothing(), rows)


def ours(connection: Connection, rows: Rows) -> None:
    insert_rows(connection, trade, rows)


WAYS = (orm, core, ours)


def invented(count: int) -> Rows:
    """Trades of 40 wallets."""
    return [
        {
            "chain_id": 1,
            "tx_hash": f"0x{n * 0x9E3779B97F4A7C15 % 2**256:064x}",
            "wallet": f"0x{n % 40:040x}",
            "ordinal": 0,
            "block_number": 20_000_000 + n,
            "transaction_index": n % 200,
            "timestamp": 1_700_000_000 + 12 * n,
            "sold": [[f"0x{n % 7:040x}", str(10**18 + n)]],
            "bought": [[f"0x{n % 300:040x}", str(10**24 + n)]],
            "venue": "uniswap_v3",
            "venue_status": "verified",
            "native_source": None,
            "fee_native_raw": 10**15 + n,
            "decoder": 1,
            "known_at": datetime(2025, 7, 1, tzinfo=UTC),
        }
        for n in range(count)
    ]


@contextmanager
def stores(url: str | None) -> Iterator[dict[str, str]]:
    """Name to URL of what can be measured here."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"SQLite": f"sqlite:///{folder}/edgewatch.db"}
        if url:
            yield found | {"PostgreSQL": url}
            return
        try:
            from tests.postgres import Server

            server = Server()
        except (ImportError, FileNotFoundError) as error:
            print(f"PostgreSQL was not measured: {error}", file=sys.stderr)
            yield found
            return
        try:
            yield found | {"PostgreSQL": server.create()}
        finally:
            server.close()


def rates(url: str, rows: Rows, size: int) -> list[float]:
    """Rows a second of each way, the best of its rounds; in turn, so that a neighbour's load falls on all alike."""
    engine = database.connect(url)
    database.prepare(engine)
    best = dict.fromkeys(WAYS, 0.0)
    for _ in range(ROUNDS):
        for write in WAYS:
            with database.writing(engine) as connection:
                connection.execute(delete(trade))
            begin = time.perf_counter()
            with database.writing(engine) as connection:
                for start in range(0, len(rows), size):
                    write(connection, rows[start : start + size])
            best[write] = max(best[write], len(rows) / (time.perf_counter() - begin))
    engine.dispose()
    return list(best.values())


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rows = invented(count)
    print("| rows a second | orm | core | ours | ours / core |")
    print("|---|---|---|---|---|")
    with stores(sys.argv[2] if len(sys.argv) > 2 else None) as urls:
        for name, url in urls.items():
            for size, words in ((count, f"{count:,} at once"), (SMALL, f"{SMALL} a call")):
                mapped, core_rate, our_rate = rates(url, rows[: count if size == count else count // 10], size)
                cells = f"{mapped:,.0f} | {core_rate:,.0f} | {our_rate:,.0f} | {our_rate / core_rate:.1f} x"
                print(f"| {name}, {words} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
