"""A file of trades or of closed round trips becomes records, with a word about every line. Pure."""

from dataclasses import dataclass

from ingest.errors import ConfigError
from ingest.files.cells import shown
from ingest.files.column_mapping import Kind, Layout, find_layout
from ingest.files.price_file import BadLine
from ingest.files.reader import Found, ImportOptions
from ingest.files.round_trips import read_trips
from ingest.files.tabular import Sheet, read_sheet
from ingest.files.trades import read_trades
from ingest.types import FiledTrip


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReading:
    """What a file held. Each line is blank, the header, behind a record, or bad."""

    layout: Layout
    found: tuple[Found, ...]  #: by wallet, time and key, whatever the order of the lines
    bad: tuple[BadLine, ...]  #: by line
    notes: tuple[str, ...]  #: sentences for a person


def read_file(content: bytes, reader: ImportOptions) -> FileReading:
    """Read a file of trades or of closed round trips.

    Parameters
    ----------
    content
        CSV, JSON lines or Parquet; recognised by its content, not by its name.
    reader
        How to read it.

    Returns
    -------
    FileReading
        Good lines are kept, the others are named with the reason. A line that says the same as one before is named
        too; lines that contradict each other are all left out. The order of the lines does not matter.

    Raises
    ------
    ConfigError
        The file as a whole cannot be read, or its columns are not understood.
    """
    sheet = read_sheet(content)
    layout = find_layout(sheet.columns, reader.mapping)
    _check_columns(sheet, layout)
    if "wallet" not in layout.columns and not layout.own and reader.wallet is None:
        raise ConfigError("no column says whose rows they are: map wallet, or name the one wallet with --wallet")
    found, bad, notes = (read_trips if layout.kind is Kind.ROUND_TRIPS else read_trades)(sheet, layout, reader)
    return FileReading(
        layout=layout,
        found=tuple(sorted(found, key=_order)),
        bad=tuple(sorted([*sheet.bad, *bad], key=lambda item: item.line)),
        notes=tuple(notes),
    )


def _check_columns(sheet: Sheet, layout: Layout) -> None:
    twice = {name for name in layout.columns.values() if sheet.columns.count(name) > 1}
    if twice:
        raise ConfigError(f"two columns are called {shown(min(twice))}: give them different names")


def _order(item: Found) -> tuple[str, int, str, int]:
    _, record = item
    if isinstance(record, FiledTrip):
        return record.wallet, record.timestamp, record.position_id, 0
    trade, _ = record
    return trade.wallet, trade.timestamp or 0, trade.tx_hash, trade.ordinal
