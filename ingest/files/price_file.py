"""The user's own prices, from a CSV file: read once, then looked up without looking ahead. Pure."""

import csv
import functools
import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import chain as chained
from itertools import pairwise
from operator import itemgetter

from ingest.errors import ConfigError
from ingest.evm.logs.logs import address
from ingest.types import NATIVE, Chain

COLUMNS = ("chain", "token", "time", "usd")
EARLIEST, LATEST = 10**9, 10**10  #: unix seconds, 2001 to 2286: another number of digits is another unit
DEAREST, LONGEST = 10**12, 60  #: US dollars of one token; characters of a price
MOST = 2_000_000  #: lines
BAD_KEPT = 20  #: bad lines that are told one by one; the rest are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that was left out."""

    line: int  #: 1 is the first line of the file
    reason: str


@dataclass(slots=True)
class _Series:
    """Prices of one token, by time once sorted."""

    times: "array[int]" = field(default_factory=lambda: array("q"))  #: unix seconds
    prices: list[Decimal] = field(default_factory=list)  #: US dollars

    def sort(self) -> None:
        """By time; of lines with the same time the file's last comes last."""
        if any(later < earlier for earlier, later in pairwise(self.times)):
            order = sorted(range(len(self.times)), key=self.times.__getitem__)
            self.times = array("q", [self.times[i] for i in order])
            self.prices = [self.prices[i] for i in order]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFile:
    """Prices by chain and token; the wrapped native coin's are the native coin's."""

    max_age_s: int  #: seconds for which a price stays in force
    series: Mapping[tuple[int, str], _Series]
    bad: tuple[BadLine, ...]  #: the first lines that were left out
    bad_count: int  #: all of them

    def at(self, chain_id: int, token: str, timestamp: int) -> tuple[Decimal, int] | None:
        """The last price at or before a time, with its own time; None where it is older than ``max_age_s``."""
        series = self.series.get((chain_id, token))
        if series is None or not (n := bisect_right(series.times, timestamp)):
            return None
        as_of = series.times[n - 1]
        return (series.prices[n - 1], as_of) if timestamp - as_of <= self.max_age_s else None


def parse(lines: Iterable[str | None], *, chains: Mapping[int, Chain], max_age_s: int) -> PriceFile:
    """Read prices from CSV lines with the header ``chain,token,time,usd``, in any order.

    Parameters
    ----------
    lines
        Of the file, as text; None in the place of one that was too long to read.
    chains
        Chains of the configuration by id; a line names one by name or id.
    max_age_s
        Seconds for which a price stays in force.

    Returns
    -------
    PriceFile
        ``token`` is an address or ``native``; ``time`` unix seconds, or ISO 8601 (UTC where it names no zone); ``usd``
        a positive decimal number of US dollars for one whole token. A line that says anything else is left out and
        told; of two lines for one time the later one counts.

    Raises
    ------
    ConfigError
        It has no such header, or no usable line.
    """
    whole = _whole(lines)
    first = next(whole, "")
    reader = csv.reader(chained([first], whole), delimiter=max(",;\t", key=first.count))
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
    except csv.Error as error:
        raise ConfigError(f"its first line is not CSV: {error}") from None
    if missing := [name for name in COLUMNS if name not in header]:
        raise ConfigError(f"its first line must name the columns {','.join(COLUMNS)}; {', '.join(missing)} is missing")
    pick = itemgetter(*(header.index(name) for name in COLUMNS))
    named = {chain.name.lower(): chain for chain in chains.values()} | {str(n): chain for n, chain in chains.items()}
    key_of = functools.cache(functools.partial(_key, named))
    series: dict[tuple[int, str], _Series] = {}
    bad: list[BadLine] = []
    bad_count = 0
    try:
        for row in reader:
            if not any(row):
                continue
            try:
                chain, token, time, usd = pick(row)
                key, at, price = key_of(chain, token), _time(time), _usd(usd)
            except (ConfigError, IndexError) as error:
                bad_count += 1
                if len(bad) < BAD_KEPT:
                    short = f"{len(row)} cells, but the header has {len(header)}"
                    reason = str(error) if isinstance(error, ConfigError) else short
                    bad.append(BadLine(line=reader.line_num, reason=reason))
            else:
                one = series.setdefault(key, _Series())
                one.times.append(at)
                one.prices.append(price)
    except csv.Error as error:
        raise ConfigError(f"line {reader.line_num} is not CSV: {error}") from None
    if not series:
        raise ConfigError("it holds no usable price" + (f"; line {bad[0].line}: {bad[0].reason}" if bad else ""))
    for one in series.values():
        one.sort()
    return PriceFile(max_age_s=max_age_s, series=series, bad=tuple(bad), bad_count=bad_count)


def _whole(lines: Iterable[str | None]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if line is None:
            raise ConfigError(f"line {number} is too long: this is no list of prices")
        yield line


def _key(named: Mapping[str, Chain], chain: str, token: str) -> tuple[int, str]:
    known = named.get(chain.strip().lower())
    if known is None:
        raise ConfigError(f"chain {chain[:40]!r} is not in the configuration")
    found = NATIVE if token.strip().lower() == "native" else address(token.strip().lower())
    if found is None:
        raise ConfigError(f"token {token[:44]!r} is neither an address nor the word native")
    return known.chain_id, NATIVE if found == known.wrapped_native else found


def _time(text: str) -> int:
    text = text.strip()
    try:
        if text.isdecimal():
            seconds = int(text)
        else:
            moment = datetime.fromisoformat(text)
            # Up to the next second: a price is never in force before its own time.
            seconds = math.ceil((moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp())
    except (ValueError, OverflowError):
        raise ConfigError(f"time {text[:40]!r} is neither unix seconds nor like 2025-01-31T12:00:00Z") from None
    if not EARLIEST <= seconds < LATEST:
        raise ConfigError(f"time {text[:40]!r} is not in unix seconds, or before 2001")
    return seconds


def _usd(text: str) -> Decimal:
    try:
        usd = Decimal(text.strip())
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite() or not 0 < usd <= DEAREST or usd.adjusted() < -LONGEST or len(text) > LONGEST:
        raise ConfigError(f"usd {text[:40]!r} is not a positive number of at most {DEAREST:,}")
    return usd
