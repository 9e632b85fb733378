"""Records whose every number may be any: what a person reads of them must stay words and figures."""

import dataclasses
import enum
import itertools
import math
import re
import types
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

EDGES = (math.nan, math.inf, -math.inf, 1e308, -1e308)
ANY_FLOAT = st.sampled_from((*EDGES, 0.0, -0.0, 5e-324)) | st.floats()
ANY_DECIMAL = st.sampled_from([Decimal(word) for word in ("NaN", "sNaN", "Infinity", "-Infinity", "1e400", "-1e400")])
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    float: ANY_FLOAT,
    Decimal: ANY_DECIMAL | st.decimals(),
    int: st.integers(0, 10**9),
    bool: st.booleans(),
    str: st.sampled_from(["", "heron", "x" * 40]),
    date: st.dates(date(2024, 1, 1), date(2025, 12, 31)),
    datetime: st.datetimes(datetime(2024, 1, 1), datetime(2025, 12, 31), timezones=st.just(UTC)),
    type(None): st.none(),
}
_LEAKED = re.compile(r"(?<![A-Za-z])(?i:nan|inf|infinity)(?![A-Za-z])|\bNone\b|[0-9][eE][+][0-9]|[0-9,.]{30}")


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return st.one_of(*map(values, parts))
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(values(parts[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, parts))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(list(hint))
    return records(hint) if dataclasses.is_dataclass(hint) else PLAIN[hint]


def records(kind: Any, **given: Any) -> st.SearchStrategy[Any]:
    """Any record of a type; ``given`` are strategies of fields that are not just anything."""
    hints = typing.get_type_hints(kind)
    fields = {name: given[name] if name in given else values(hint) for name, hint in hints.items()}
    return st.builds(kind, **fields)


def poisoned(record: Any, edges: Any = None) -> Any:
    """Return a record with the next of `EDGES` in the place of each float in it."""
    edges = itertools.cycle(EDGES) if edges is None else edges
    if isinstance(record, float):
        return next(edges)
    if isinstance(record, tuple):
        return tuple(poisoned(each, edges) for each in record)
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        changed = {field.name: poisoned(getattr(record, field.name), edges) for field in dataclasses.fields(record)}
        return dataclasses.replace(record, **changed)
    return record


def leaked(words: str) -> str | None:
    """What a person should not have to read: nan, inf, an exponent, or digits without an end; None if nothing."""
    words = re.sub("0x[0-9a-f]{40}", "", words)  # an address is no number
    found = _LEAKED.search(words)
    return found and words[max(0, found.start() - 40) : found.end() + 40]
