"""Many rows at once: what the ledger writes by the thousand."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

MANY = 200  #: rows; below it the quick way's preparations cost more than they save (benchmarks/storing.py)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there already, or came before it in ``rows``, is left out.

    The driver takes many rows in one call: one prepared statement on SQLite, COPY on PostgreSQL. The columns' types
    convert values as in any other statement.

    Parameters
    ----------
    connection
        In a write transaction.
    table
        Where to.
    rows
        Column to value; all name the same columns, nullable ones may be left out.
    """
    postgres = connection.dialect.name == "postgresql"
    if not rows:
        return
    if len(rows) < MANY:
        new: Any = postgresql.insert(table) if postgres else sqlite.insert(table)
        connection.execute(new.on_conflict_do_nothing(), list(rows))
    elif postgres:
        _copy(connection, table, rows)
    else:
        names = _names(table, rows)
        new = sqlite.insert(table).on_conflict_do_nothing().compile(dialect=connection.dialect, column_keys=names)
        connection.exec_driver_sql(str(new), _tuples(connection, table, names, rows))


def _names(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns that the rows fill, in the table's order, which is also the compiled statement's."""
    return [column.name for column in table.columns if column.name in rows[0]]


def _tuples(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> list[tuple[Any, ...]]:
    columns = []
    for name in names:
        convert = table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        values = [row[name] for row in rows]
        columns.append(values if convert is None else [convert(value) for value in values])
    return list(zip(*columns, strict=True))


def _copy(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """COPY knows no conflicts: rows go into a temporary table first, and from there into the real one."""
    names = _names(table, rows)
    quote = connection.dialect.identifier_preparer.quote
    columns, target, passing = ", ".join(map(quote, names)), quote(table.name), quote(f"new_{table.name}")
    driver: Any = connection.connection.driver_connection
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {passing} AS SELECT {columns} FROM {target} WITH NO DATA")  # noqa: S608
    with driver.cursor() as cursor, cursor.copy(f"COPY {passing} ({columns}) FROM STDIN") as copy:
        for values in _tuples(connection, table, names, rows):
            copy.write_row(values)
    connection.exec_driver_sql(
        f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {passing} ON CONFLICT DO NOTHING"  # noqa: S608
    )
    connection.exec_driver_sql(f"DROP TABLE {passing}")
