"""Closed round trips of a file. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from ingest.errors import ConfigError
from ingest.files.cells import cell, number, whole
from ingest.files.column_mapping import Layout
from ingest.files.price_file import BadLine
from ingest.files.reader import Found, ImportOptions, distinct, identity, wallet_of
from ingest.files.tabular import Row, Sheet
from ingest.types import FILE_CHAIN, FiledTrip

LONGEST_ID = 160  #: characters of a position's id
CONTRADICTION = 0.02  #: two ways to a return that differ by more than this part, and by half a point, disagree


def read_trips(sheet: Sheet, layout: Layout, reader: ImportOptions) -> tuple[list[Found], list[BadLine], list[str]]:
    """Round trips by line, the lines left out, and remarks."""
    items: list[tuple[int, tuple[str, str], FiledTrip]] = []
    bad: list[BadLine] = []
    for line, row in sheet.rows:
        try:
            trip = _trip(row, layout, reader)
        except ConfigError as error:
            bad.append(BadLine(line=line, reason=str(error)))
        else:
            items.append((line, (trip.wallet, trip.position_id), trip))
    kept, repeated = distinct(items)
    unknown = sum(trip.return_fraction is None for _, _, trip in kept)
    notes = []
    if unknown:
        notes.append(f"round trips with no known return: {unknown}; they count as activity, and are judged no further")
    return [((line,), trip) for line, _, trip in kept], bad + repeated, notes


def _trip(row: Row, layout: Layout, reader: ImportOptions) -> FiledTrip:
    texts = {name: cell(row, column) for name, column in layout.columns.items()}
    wallet = wallet_of(row, layout, reader)
    closed = reader.clock.moment(texts["closed_at"], "closed_at")
    if closed is None:
        raise ConfigError("no time of close: an open position is no round trip")
    opened = reader.clock.moment(texts.get("opened_at", ""), "opened_at")
    if opened is not None and opened > closed:
        raise ConfigError("it closes before it opens")
    size, pnl = _money(texts)
    asset, key = texts.get("asset", ""), texts.get("id", "")
    for name, text in (("asset", asset), ("id", key)):
        if len(text) > LONGEST_ID or not text.isprintable():
            raise ConfigError(f"{name}: more than {LONGEST_ID} characters, or some that cannot be printed")
    value = _return(texts, size, pnl)
    if not key:
        key = identity([wallet, asset, opened, closed, *(_canonical(each) for each in (size, pnl)), value])
    return FiledTrip(
        wallet=wallet,
        chain_id=whole(texts["chain"], "chain", bits=63) if texts.get("chain") else FILE_CHAIN,
        token=asset,
        position_id=key,
        opened_at=None if opened is None else opened.replace(microsecond=0),
        closed_at=closed.replace(microsecond=0),
        cost_usd=size,
        pnl_usd=pnl,
        return_fraction=value,
    )


def _canonical(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize(), "f")


def _money(texts: Mapping[str, str]) -> tuple[Decimal | None, Decimal | None]:
    size, pnl, proceeds = (number(texts.get(name, ""), name) for name in ("size_usd", "pnl_usd", "proceeds_usd"))
    if size is not None and size <= 0:
        raise ConfigError(f"size_usd: {size} is not above 0; a short position has a positive size too")
    if pnl is None and proceeds is not None and size is not None:
        pnl = proceeds - size
    return size, pnl


def _return(texts: Mapping[str, str], size: Decimal | None, pnl: Decimal | None) -> float | None:
    """As the file says it, else profit by size; both, and they must agree."""
    percent = "return%" in texts
    said = texts.get("return%", texts.get("return", ""))
    told = number(said.removesuffix("%").rstrip() if percent else said, "return%" if percent else "return")
    value = None if told is None else float(told / 100 if percent else told)
    derived = None if size is None or pnl is None else float(pnl / size)
    if value is not None and derived is not None and abs(value - derived) > max(0.005, CONTRADICTION * abs(derived)):
        hint = " (is the column in per cent? then map it as return%)" if not percent else ""
        raise ConfigError(f"the return is {value:g}, but profit by size is {derived:g}{hint}; map only one of them")
    return derived if value is None else value
