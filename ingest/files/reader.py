"""What reading any file of records needs: how to read it, whose row it is, which rows are the same. Pure."""

import hashlib
import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ingest.errors import ConfigError
from ingest.files.cells import Clock, cell
from ingest.files.column_mapping import Layout
from ingest.files.price_file import BadLine
from ingest.files.tabular import Row
from ingest.types import Chain, FiledTrip, Trade, Valuation

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

Record = FiledTrip | tuple[Trade, Valuation]
Lines = tuple[int, ...]
#: Lines of the file, and what they say.
Found = tuple[Lines, Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How to read a file: all that its own content does not say."""

    clock: Clock
    chains: Mapping[str, Chain]  #: by lower-case name
    wallet_id: Callable[[str], str]  #: a checked wallet id from a cell; raises ``ConfigError``
    mapping: Mapping[str, str] = field(default_factory=dict)  #: field to column
    wallet: str | None = None  #: whose rows they are, where no column says it
    chain: str | None = None  #: likewise


def identity(parts: Iterable[object]) -> str:
    """A stable key of a row that brings none: the same content has the same key in every file."""
    text = json.dumps([str(part) for part in parts], ensure_ascii=True)
    return f"row:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def distinct(items: Iterable[tuple[int, K, T]]) -> tuple[list[tuple[int, K, T]], list[BadLine]]:
    """One line a key, the first; lines that repeat one, and lines that contradict each other, are named."""
    by_key: dict[K, list[tuple[int, K, T]]] = {}
    for item in items:
        by_key.setdefault(item[1], []).append(item)
    kept, bad = [], []
    for first, *others in by_key.values():
        if all(other[2] == first[2] for other in others):
            kept.append(first)
            reason = f"says the same as line {first[0]} (if both are real, map an id column that tells them apart)"
            bad += [BadLine(line=line, reason=reason) for line, _, _ in others]
        else:
            lines = [first[0], *(line for line, _, _ in others)]
            named = ", ".join(map(str, lines[:5])) + ("…" if len(lines) > 5 else "")
            reason = f"lines {named} have the same id and say different things: all are left out"
            bad += [BadLine(line=line, reason=reason) for line in lines]
    return kept, bad


def wallet_of(row: Row, layout: Layout, reader: ImportOptions) -> str:
    """Whose row it is."""
    text = cell(row, layout.columns.get("wallet")) or (reader.wallet or "")
    if not text:
        raise ConfigError("no wallet")
    return reader.wallet_id(text)
