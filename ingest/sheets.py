"""Files as numbered rows: CSV, JSON lines, Parquet, told apart by their content. Pure: bytes in, rows out."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest.errors import ConfigError
from ingest.price_file import BadLine

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file's rows. Every line that is not blank is a row, the header, or a bad line."""

    columns: tuple[str, ...]  #: in the file's order
    rows: tuple[tuple[int, Row], ...]  #: line number (of a Parquet file: row number), from 1, and its cells
    bad: tuple[BadLine, ...]


def read_sheet(content: bytes) -> Sheet:
    """Read a file.

    Raises
    ------
    ConfigError
        It holds no table at all, or is Parquet and its reader is not installed.
    """
    if content[:4] == b"PAR1":
        return _parquet(content)
    utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = content.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")
    # Not splitlines: it also splits at characters that a hostile cell may hold.
    lines = [(number, line) for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1) if line.strip()]
    while lines and lines[0][1].lstrip().startswith("#"):
        del lines[0]
    if not lines:
        raise ConfigError("the file is empty")
    return _json_lines(lines) if lines[0][1].lstrip().startswith("{") else _csv(lines)


def _csv(lines: list[tuple[int, str]]) -> Sheet:
    first = lines[0][1]
    separator = max(",;\t|", key=first.count)
    try:
        columns = tuple(name.strip() for name in _cells(first, separator))
    except csv.Error as error:
        raise ConfigError(f"line {lines[0][0]}, the header, is not CSV: {error}") from None
    rows: list[tuple[int, Row]] = []
    bad: list[BadLine] = []
    for number, line in lines[1:]:
        try:
            # Line by line: a quote that is never closed spoils its own line, not the rest of the file.
            values = _cells(line, separator)
        except csv.Error as error:
            bad.append(BadLine(line=number, reason=f"broken quoting: {error}"))
            continue
        if len(values) == len(columns):
            rows.append((number, dict(zip(columns, values, strict=True))))
        else:
            bad.append(BadLine(line=number, reason=f"{len(values)} cells, but the header has {len(columns)}"))
    return Sheet(columns=columns, rows=tuple(rows), bad=tuple(bad))


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=separator, strict=True))


def _json_lines(lines: list[tuple[int, str]]) -> Sheet:
    rows: list[tuple[int, Row]] = []
    bad: list[BadLine] = []
    for number, line in lines:
        try:
            # Numbers stay text: a float would lose digits of an amount.
            value = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            rows.append((number, value))
        else:
            bad.append(BadLine(line=number, reason="not one JSON object on one line"))
    columns = dict.fromkeys(name for _, row in rows for name in row)
    return Sheet(columns=tuple(columns), rows=tuple(rows), bad=tuple(bad))


def _parquet(content: bytes) -> Sheet:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise ConfigError(
            "reading Parquet needs a package more: install edgewatch[parquet], or export the table as CSV"
        ) from None
    try:
        file = parquet.ParquetFile(io.BytesIO(content))
        columns = tuple(file.schema_arrow.names)
        rows = tuple(enumerate(_parquet_rows(file, columns), 1))
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise ConfigError(f"the Parquet file cannot be read: {type(error).__name__}") from None
    return Sheet(columns=columns, rows=rows, bad=())


def _parquet_rows(file: Any, columns: tuple[str, ...]) -> Iterator[Row]:
    for batch in file.iter_batches():
        yield from (dict(zip(columns, values, strict=True)) for values in zip(*_lists(batch), strict=True))


def _lists(batch: Any) -> Iterator[list[Any]]:
    for column in batch.columns:
        # Nanoseconds do not fit into Python's datetime.
        to_us = str(column.type).startswith("timestamp[ns")
        yield (column.cast(_microseconds(column.type), safe=False) if to_us else column).to_pylist()


def _microseconds(kind: Any) -> Any:
    import pyarrow as pa

    return pa.timestamp("us", tz=kind.tz)
