"""Files as numbered rows: CSV, JSON lines, Parquet, told apart by their content. Pure: bytes in, rows out.

What a file makes of itself is counted while it is read: 2 kB of Parquet can hold 1.6 TB of text.
"""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ingest.errors import ConfigError
from ingest.files.lines import LONGEST, lines_of, text_of
from ingest.files.parquet import read_parquet
from ingest.files.price_file import BadLine

Row = dict[str, Any]

MOST_ROWS = 250_000
MOST_BYTES = 160 * 2**20  #: of memory that the rows take
TOO_MUCH = "split it into several files: what was imported already is not doubled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file's rows. Every line that is not blank is a row, the header, or a bad line."""

    columns: tuple[str, ...]  #: in the file's order
    rows: tuple[tuple[int, Row], ...]  #: line number (of a Parquet file: row number), from 1, and its cells
    bad: tuple[BadLine, ...]


@dataclass(slots=True)
class _Rows:
    """Rows as they are read, as many as fit."""

    found: list[tuple[int, Row]] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    _bytes: int = 0

    def add(self, number: int, row: Row) -> None:
        self._bytes += sys.getsizeof(row) + sum(map(_size, row.values()))
        if self._bytes > MOST_BYTES or len(self.found) >= MOST_ROWS:
            most = f"{MOST_ROWS:,} rows" if len(self.found) >= MOST_ROWS else f"{MOST_BYTES >> 20} MiB of cells"
            raise ConfigError(f"the file holds more than {most}; {TOO_MUCH}")
        self.found.append((number, row))

    def refuse(self, number: int, reason: str) -> None:
        self.bad.append(BadLine(line=number, reason=reason))

    def sheet(self, columns: Iterable[str]) -> Sheet:
        return Sheet(columns=tuple(columns), rows=tuple(self.found), bad=tuple(self.bad))


def _size(value: Any) -> int:
    """Bytes of memory of a cell."""
    inner = value.items() if isinstance(value, dict) else [value] if isinstance(value, list) else ()
    return sys.getsizeof(value) + sum(_size(item) for item in chain.from_iterable(inner))


def read_sheet(content: bytes) -> Sheet:
    """Read a file.

    Raises
    ------
    ConfigError
        It holds no table at all, or more than fits, or is Parquet and its reader is not installed.
    """
    if content[:4] == b"PAR1":
        rows = _Rows()
        columns, found = read_parquet(content, most_rows=MOST_ROWS, most_bytes=MOST_BYTES)
        for number, row in enumerate(found, 1):
            rows.add(number, row)
        return rows.sheet(columns)
    utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    # Not splitlines: it also splits at characters that a hostile cell may hold.
    lines = _told(lines_of(text_of(content, encoding="utf-16" if utf16 else "utf-8-sig"), most=2 * MOST_ROWS))
    for number, line in lines:
        if line is None:
            raise ConfigError(f"line {number}, the first one, has more than {LONGEST:,} characters: this is no table")
        if not line.lstrip().startswith("#"):
            return _json_lines(chain([(number, line)], lines)) if _is_json(line) else _csv(number, line, lines)
    raise ConfigError("the file is empty")


def _is_json(line: str) -> bool:
    return line.lstrip().startswith("{")


def _told(lines: Iterable[str | None]) -> Iterator[tuple[int, str | None]]:
    """The lines that are not blank, by number."""
    for number, line in enumerate(lines, 1):
        if line is None or line.strip():
            yield number, None if line is None else line.rstrip("\r\n")


def _csv(header_at: int, header: str, lines: Iterable[tuple[int, str | None]]) -> Sheet:
    separator = max(",;\t|", key=header.count)
    try:
        columns = tuple(name.strip() for name in _cells(header, separator))
    except csv.Error as error:
        raise ConfigError(f"line {header_at}, the header, is not CSV: {error}") from None
    rows = _Rows()
    for number, line in lines:
        if line is None:
            rows.refuse(number, f"more than {LONGEST:,} characters")
            continue
        try:
            # Line by line: a quote that is never closed spoils its own line, not the rest of the file.
            values = _cells(line, separator)
        except csv.Error as error:
            rows.refuse(number, f"broken quoting: {error}")
            continue
        if len(values) == len(columns):
            rows.add(number, dict(zip(columns, values, strict=True)))
        else:
            rows.refuse(number, f"{len(values)} cells, but the header has {len(columns)}")
    return rows.sheet(columns)


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=separator, strict=True))


def _json_lines(lines: Iterable[tuple[int, str | None]]) -> Sheet:
    rows = _Rows()
    columns: dict[str, None] = {}
    for number, line in lines:
        if line is None:
            rows.refuse(number, f"more than {LONGEST:,} characters")
            continue
        try:
            # Numbers stay text: a float would lose digits of an amount.
            value = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
            if isinstance(value, dict):
                rows.add(number, value)
                columns |= dict.fromkeys(value)
                continue
        except (ValueError, RecursionError):
            pass
        rows.refuse(number, "not one JSON object on one line")
    return rows.sheet(columns)
