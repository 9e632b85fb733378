"""Cells of tables that other programs wrote: read exactly, or refused in words; never guessed. Pure."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from ingest.errors import ConfigError
from ingest.text import clean

LONGEST = 60  #: characters of a number
LARGEST = Decimal(10) ** 15  #: of an amount of money or a return
EARLIEST_UNIX, LATEST_UNIX = 10**9, 10**10  #: 2001 to 2286: another number of digits is another unit
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
# A comma between digits is a thousands mark only where it cannot be a decimal comma.
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(([ '\u00a0\u202f][0-9]{3})+(\.[0-9]+)?|(,[0-9]{3})+\.[0-9]+|(,[0-9]{3}){2,})")


def shown(text: str) -> str:
    """A cell in a message. What is longer than an address may be a secret: it is counted, not repeated."""
    return repr(clean(text, 44)) if len(text) <= 44 else f"a text of {len(text):,} characters"


def cell(row: Mapping[str, Any], column: str | None) -> str:
    """A cell as stripped text; empty where it is missing, null or not mapped.

    Raises
    ------
    ConfigError
        It holds no single value.
    """
    value = None if column is None else row.get(column)
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ConfigError(f"column {shown(str(column))} holds no single value")
    return str(value).strip()


def number(text: str, name: str, *, below: Decimal = LARGEST) -> Decimal | None:
    """An exact number; None where the cell is empty.

    Raises
    ------
    ConfigError
        It is no finite number smaller than ``below``, or could be read in two ways.
    """
    if not text:
        return None
    plain = text.replace("\N{MINUS SIGN}", "-")
    if len(plain) > LONGEST:
        raise ConfigError(f"{name}: {shown(text)} is not a number")
    if _GROUPED.fullmatch(plain):
        plain = re.sub(r"[ ',\u00a0\u202f]", "", plain)
    if not _PLAIN.fullmatch(plain):
        comma = "; a decimal comma? write 1234.56" if re.fullmatch(r"[+-]?[0-9.]*,[0-9]+", plain) else ""
        percent = "; a percent sign? map the column as return%" if plain.endswith("%") else ""
        raise ConfigError(f"{name}: {shown(text)} is not a number{comma}{percent}")
    value = Decimal(plain)
    if abs(value) >= below:
        raise ConfigError(f"{name}: {shown(text)} is too large")
    return value


def whole(text: str, name: str, *, bits: int = 256) -> int:
    """A whole number from 0, of at most ``bits`` bits.

    Raises
    ------
    ConfigError
        It is not; scientific notation has lost digits already.
    """
    if re.fullmatch(r"[0-9.]+[eE]\+?[0-9]+", text[:LONGEST]):
        raise ConfigError(f"{name}: {shown(text)} has lost digits in a spreadsheet or a float; export it as text")
    if not re.fullmatch(r"[0-9]{1,78}", text) or int(text) >= 1 << bits:
        raise ConfigError(f"{name}: {shown(text)} is not a whole number")
    return int(text)


@dataclass(frozen=True, slots=True)
class Clock:
    """How a file writes times, and when it is read."""

    now: datetime  #: UTC; nothing is later
    zone: tzinfo = UTC  #: of times that name none
    form: str | None = None  #: as for ``strptime``; None: unix seconds, or year first

    def moment(self, text: str, name: str) -> datetime | None:
        """A UTC time; None where the cell is empty.

        Raises
        ------
        ConfigError
            It cannot be read in one way only, or lies before 1990 or in the future.
        """
        if not text:
            return None
        try:
            at = self._parse(text[: LONGEST + 1])
            at = (at.replace(tzinfo=self.zone) if at.tzinfo is None else at).astimezone(UTC)
        except (ValueError, OverflowError):
            hint = "" if self.form else "; write 2025-01-31 12:00:00 or unix seconds, or give --time-format"
            raise ConfigError(f"{name}: {shown(text)} is not a time{hint}") from None
        if not EARLIEST <= at <= self.now:
            raise ConfigError(f"{name}: {shown(text)} lies in the future, or before 1990")
        return at

    def _parse(self, text: str) -> datetime:
        if self.form is not None:
            return datetime.strptime(text, self.form)  # noqa: DTZ007 - the zone is put in by the caller
        if re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
            seconds = float(text)
            if not EARLIEST_UNIX <= seconds < LATEST_UNIX:
                raise ValueError(text)
            return datetime.fromtimestamp(math.floor(seconds), UTC)
        dashed = re.sub(r"^([0-9]{4})[./]([0-9]{2})[./]([0-9]{2})", r"\1-\2-\3", text)
        if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", dashed):
            raise ValueError(text)
        return datetime.fromisoformat(re.sub(r"\s*(UTC|GMT)$", "+00:00", dashed))
