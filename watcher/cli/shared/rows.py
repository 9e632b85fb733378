"""Rows for other programs: JSON lines, or CSV that a spreadsheet cannot run."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from alerts.wording import is_known
from ingest.text import clean, to_json

LONGEST = 10_000  #: characters of a cell's text
_RUNS = frozenset("=+-@＝＋－＠")  # noqa: RUF001 - a spreadsheet takes the wide ones for the narrow
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


class Format(StrEnum):
    """How to export."""

    JSONL = "jsonl"
    CSV = "csv"


def lines(rows: Iterable[Mapping[str, Any]], form: Format) -> Iterator[str]:
    """Yield the lines of an export, without their ends; CSV begins with the names of the first row's fields."""
    if form is Format.JSONL:
        for row in rows:
            yield to_json(plain(row))
        return
    names: list[str] | None = None
    for row in rows:
        if names is None:
            names = list(row)
            yield _line(names)
        yield _line([row.get(name) for name in names])


def plain(value: Any) -> Any:
    """Return a value for JSON, which knows neither nan nor infinity: null in their place."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float | Decimal) and not is_known(value) else value


def _line(values: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_cell(value) for value in values])
    return text.getvalue().removesuffix("\r\n")  # taken off here, for a writer without one quotes no line breaks


def _cell(value: Any) -> str:
    """Write one cell. A spreadsheet runs what begins like a formula: such a text gets a quote in front."""
    value = plain(value)
    if value is None:
        return ""
    words = to_json(value) if isinstance(value, dict | list | tuple) else clean(str(value), LONGEST)
    return f"'{words}" if words[:1] in _RUNS and not _NUMBER.fullmatch(words) else words
