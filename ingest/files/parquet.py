"""Parquet files as rows: what a file says of its own size is checked first, then what each batch holds. Pure.

Repeated values are stored once and pages are packed, so that neither the file's length nor its number of rows tells
how much it holds.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ingest.errors import ConfigError

BATCH = 5_000  #: rows that are unpacked at once
CELL = 2**17  #: bytes of one cell, as the csv module has it
MOST_COLUMNS = 500
FIXED = 256  #: bytes of a cell of a column that says how long each of its cells is
MOST_VALUES = 8_000_000  #: of all columns, those inside lists among them
MOST_PAGES = 64 * 2**20  #: bytes of all pages, unpacked
FOOTER = 2**20  #: bytes of one text, and items of one list, in the file's description of itself
OBJECT = 64  #: bytes of a cell beside its text


Rows = Iterator[dict[str, Any]]


def read_parquet(content: bytes, *, most_rows: int, most_bytes: int) -> tuple[tuple[str, ...], Rows]:
    """Column names and rows of a file.

    Parameters
    ----------
    content
        The file.
    most_rows, most_bytes
        What it may hold: rows, and bytes of memory.

    Raises
    ------
    ConfigError
        It holds more, now or while the rows are taken; it cannot be read; or its reader is not installed.
    """
    try:
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise ConfigError(
            "reading Parquet needs a package more: install edgewatch[parquet], or export the table as CSV"
        ) from None
    limits = {"thrift_string_size_limit": FOOTER, "thrift_container_size_limit": FOOTER}
    with _readable():
        told = parquet.ParquetFile(io.BytesIO(content), **limits).metadata
        texts = _check(told, most_rows)
        # As dictionaries: what repeats stays one text, however many rows hold it.
        file = parquet.ParquetFile(io.BytesIO(content), metadata=told, read_dictionary=texts, pre_buffer=False)
        columns = tuple(file.schema_arrow.names)
    return columns, _rows(file, columns, most_bytes)


@contextmanager
def _readable() -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        raise ConfigError(f"the Parquet file cannot be read: {type(error).__name__}") from None


def _check(told: Any, most_rows: int) -> list[str]:
    """Hold what a file tells of itself against the limits; gives back the columns of texts."""
    if told.num_rows > most_rows:
        raise ConfigError(f"the file holds {told.num_rows:,} rows; at most {most_rows:,} are taken: split it")
    if told.num_columns > MOST_COLUMNS:
        raise ConfigError(f"the file has {told.num_columns:,} columns; at most {MOST_COLUMNS} are taken")
    leaves = [told.schema.column(place) for place in range(told.num_columns)]
    parts = [
        told.row_group(number).column(place) for number in range(told.num_row_groups) for place in range(len(leaves))
    ]
    if sum(part.total_uncompressed_size for part in parts) > MOST_PAGES:
        raise ConfigError(f"the file unpacks to more than {MOST_PAGES >> 20} MiB: split it, or leave columns out")
    if sum(part.num_values for part in parts) > MOST_VALUES:
        raise ConfigError(f"the file holds more than {MOST_VALUES:,} cells: split it, or leave columns out")
    if any(leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" and leaf.length > FIXED for leaf in leaves):
        raise ConfigError(_too_long())
    return [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]


def _too_long() -> str:
    return f"the file holds a cell of more than {CELL >> 10} KiB: leave that column out"


def _rows(file: Any, columns: tuple[str, ...], most_bytes: int) -> Rows:
    left = most_bytes
    with _readable():
        for batch in file.iter_batches(batch_size=BATCH):
            left -= sum(map(_weight, batch.columns))
            if left < 0:
                raise ConfigError(f"the file holds more than {most_bytes >> 20} MiB of cells: split it")
            values = zip(*map(_values, batch.columns), strict=True)
            yield from (dict(zip(columns, row, strict=True)) for row in values)


def _weight(array: Any) -> int:
    """Bytes that the cells of an array will take; refuses one that is too long."""
    import pyarrow as pa
    from pyarrow import compute

    kind = array.type
    own: int = OBJECT * len(array)
    if pa.types.is_dictionary(kind):
        lengths = compute.binary_length(array.dictionary)
        if (compute.max(lengths).as_py() or 0) > CELL:
            raise ConfigError(_too_long())
        return own + (compute.sum(lengths.take(array.indices)).as_py() or 0)
    if pa.types.is_nested(kind):
        inner = [array.keys, array.items] if pa.types.is_map(kind) else array.flatten()
        return own + (sum(map(_weight, inner)) if isinstance(inner, list) else _weight(inner))
    return own + int(array.nbytes)


def _values(column: Any) -> list[Any]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        known = column.dictionary.to_pylist()  # each text once, not once a row
        return [None if at is None else known[at] for at in column.indices.to_pylist()]
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)  # Python's datetime has no nanoseconds
    values: list[Any] = column.to_pylist()
    return values
