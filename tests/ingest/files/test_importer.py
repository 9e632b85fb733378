"""Files of closed round trips: every line is a record or is named, nothing is guessed, order does not matter."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import ConfigError
from ingest.files.cells import Clock, number
from ingest.files.column_mapping import parse_map
from ingest.files.importer import read_file
from ingest.files.reader import ImportOptions
from ingest.types import FiledTrip
from metrics.types import RoundTrip
from tests.builders import ASSET, WALLET
from watcher.cli.inspect import round_trip_object
from watcher.wallet_list import parse_file_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAP = parse_map("wallet=Who,id=Ticket,asset=Symbol,opened_at=Open,closed_at=Close,return%=Profit %")
HEADER = "Who,Ticket,Symbol,Open,Close,Profit %"
SECRET = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"


def reader(mapping=None, **changes):
    made = ImportOptions(
        clock=Clock(NOW), chains={}, wallet_id=parse_file_id, mapping=MAP if mapping is None else mapping
    )
    return replace(made, **changes)


def read(*lines, mapping=None, header=HEADER, **changes):
    return read_file("\n".join([header, *lines]).encode(), reader(mapping, **changes))


def trips(reading):
    return [record for _, record in reading.found]


def accounted(reading):
    """All lines behind a record or named."""
    return sorted([line for lines, _ in reading.found for line in lines] + [bad.line for bad in reading.bad])


def test_a_row_is_a_round_trip():
    """The columns that the mapping names become the fields; what the file does not say is None, never 0."""
    [trip] = trips(read("forex:alice,7,EURUSD,2025.03.03 09:00:00,2025-03-03T10:30:00Z,1.25"))
    assert trip == FiledTrip(
        wallet="forex:alice",
        token="EURUSD",
        position_id="7",
        opened_at=datetime(2025, 3, 3, 9, tzinfo=UTC),
        closed_at=datetime(2025, 3, 3, 10, 30, tzinfo=UTC),
        cost_usd=None,
        pnl_usd=None,
        return_fraction=0.0125,
    )
    assert trip.holding_s == 5400


CELLS = st.sampled_from(
    [
        "alice",
        "bob",
        "1",
        "2",
        "EURUSD",
        "2025-03-03",
        "2025-03-04 10:00",
        "1.5",
        "-2",
        "",
        "x",
        "1,5",
        '"',
        "\x00",
        "=",
    ]
) | st.text(max_size=12)


@given(st.lists(st.lists(CELLS, max_size=7).map(",".join), max_size=12), st.randoms(use_true_random=False))
def test_every_line_is_a_record_or_named_and_order_does_not_matter(lines, rng):
    """Whatever the lines hold, each is blank, behind one record, or named once; shuffled, the records are the same."""
    text = "\n".join([HEADER, *lines]).encode("utf-8", "surrogatepass")
    reading = read_file(text, reader())
    body = text.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert accounted(reading) == [number for number, line in enumerate(body, 1) if number > 1 and line.strip()]
    shuffled = body[1:]
    rng.shuffle(shuffled)
    assert trips(read_file("\n".join([HEADER, *shuffled]).encode(), reader())) == trips(reading)


def test_a_repeated_line_counts_once_and_is_told():
    """The same line again, with an id or without, is one record; the second line is named."""
    line = "alice,7,EURUSD,,2025-03-03,1.5"
    for mapping in (MAP, {field: column for field, column in MAP.items() if field != "id"}):
        reading = read(line, line, mapping=mapping)
        assert (len(reading.found), [bad.line for bad in reading.bad]) == (1, [3])
        assert "says the same as line 2" in reading.bad[0].reason


def test_lines_that_contradict_each_other_are_all_left_out():
    """Two values under one id: neither is believed, whichever comes first."""
    reading = read("alice,7,EURUSD,,2025-03-03,1.5", "alice,7,EURUSD,,2025-03-03,-1.5", "alice,8,X,,2025-03-03,1")
    assert [trip.position_id for trip in trips(reading)] == ["8"]
    assert [bad.line for bad in reading.bad] == [2, 3]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("alice,7,X,,,1", "an open position is no round trip"),
        ("alice,7,X,2025-03-04,2025-03-03,1", "closes before it opens"),
        ("alice,7,X,,2027-01-01,1", "in the future"),
        ("alice,7,X,,03/04/2025,1", "is not a time"),
        ("alice,7,X,,45719.5,1", "is not a time"),
        ("alice,7,X,,1741000000000,1", "is not a time"),
        ("alice,7,X,,2025-03-03,nan", "is not a number"),
        ("alice,7,X,,2025-03-03,1e400", "is too large"),
        ('alice,7,X,,2025-03-03,"1,5"', "decimal comma"),
        (",7,X,,2025-03-03,1", "no wallet"),
        ("=cmd|'/C calc'!A0,7,X,,2025-03-03,1", "not a wallet id"),
        ("<b>alice</b>,7,X,,2025-03-03,1", "not a wallet id"),
        ("\u0430lice,7,X,,2025-03-03,1", "not a wallet id"),
        ("alice\u202e,7,X,,2025-03-03,1", "not a wallet id"),
        ("al\x00ice,7,X,,2025-03-03,1", "not a wallet id"),
        ("x" * 10_000 + ",7,X,,2025-03-03,1", "10,000 characters"),
        ("0x1234,7,X,,2025-03-03,1", "not an EVM address"),
        ("1.23E+47,7,X,,2025-03-03,1", "scientific notation"),
        ("alice,7\x07,X,,2025-03-03,1", "cannot be printed"),
        ("alice,7," + "x" * 10_000 + ",,2025-03-03,1", "more than 160 characters"),
        ('alice,"7,X,,2025-03-03,1', "broken quoting"),
        ("alice,7,X,,2025-03-03", "5 cells, but the header has 6"),
        ("alice,7,X,,2025-03-03,1,2", "7 cells"),
    ],
)
def test_a_bad_line_is_named_with_its_reason(line, reason):
    """The line's number and why; the good line after it is kept, and the message is one short harmless line."""
    reading = read(line, "bob,1,X,,2025-03-03,1")
    assert [(bad.line, reason in bad.reason) for bad in reading.bad] == [(2, True)]
    assert [trip.wallet for trip in trips(reading)] == ["bob"]
    assert len(reading.bad[0].reason) < 300
    assert reading.bad[0].reason.isprintable()


def test_a_key_is_never_repeated():
    """64 hex digits in any cell may be a private key: no message holds them, nor any long part of them."""
    columns = [SECRET, "7", "X", "2025-03-03", "2025-03-03", "1"]
    for place in range(6):
        cells = list(columns[1:])
        cells.insert(place, SECRET)
        reading = read(",".join(cells[:6]))
        assert not any(SECRET[:12] in bad.reason for bad in reading.bad)


def test_units_are_told_and_never_guessed():
    """return is a fraction and return% is per cent; a column that sounds like the other is refused, and so is a
    return that profit by size contradicts."""
    with pytest.raises(ConfigError, match="write return%="):
        read("alice,7,X,,2025-03-03,1", mapping={**MAP_WITHOUT_RETURN, "return": "Profit %"})
    assert trips(read("a,1,X,,2025-03-03,12.5%"))[0].return_fraction == 0.125
    header, both = "Who,Close,Size,Profit,R", {"wallet": "Who", "closed_at": "Close"} | {"size_usd": "Size"}
    derived = read("a,2025-03-03,200,25,", header=header, mapping={**both, "pnl_usd": "Profit"})
    assert trips(derived)[0].return_fraction == 0.125
    wrong = read("a,2025-03-03,200,25,12.5", header=header, mapping={**both, "pnl_usd": "Profit", "return": "R"})
    assert "map it as return%" in wrong.bad[0].reason
    percent = read("a,2025-03-03,,,12.5%", header=header, mapping={**both, "return": "R"})
    assert "percent sign" in percent.bad[0].reason
    short = read("a,2025-03-03,0,25,", header=header, mapping={**both, "pnl_usd": "Profit"})
    assert "not above 0" in short.bad[0].reason


MAP_WITHOUT_RETURN = {field: column for field, column in MAP.items() if field != "return%"}


def test_profit_without_size_is_kept_and_not_judged():
    """A known profit of an unknown size has no return: the record stays, its return is None, and a note says so."""
    reading = read("alice,7,X,,2025-03-03,25", mapping={**MAP_WITHOUT_RETURN, "pnl_usd": "Profit %"})
    assert [(trip.pnl_usd, trip.return_fraction) for trip in trips(reading)] == [(Decimal(25), None)]
    assert "no known return" in reading.notes[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234.5", "1234.5"),
        ("-0.5", "-0.5"),
        ("\N{MINUS SIGN}3", "-3"),
        ("1 234.56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1,234,567", "1234567"),
        ("1e-05", "0.00001"),
        ("", None),
    ],
)
def test_numbers_that_can_be_read_in_one_way_only(text, value):
    """Marks of thousands are understood where they cannot be a decimal comma."""
    assert number(text, "x") == (None if value is None else Decimal(value))


@pytest.mark.parametrize("text", ["1,234", "1.234,56", "12 34", "١٢", "0x10", "1_000", "--1", "1e9999", "Infinity"])
def test_numbers_that_could_be_read_in_two_ways_are_refused(text):
    """Nothing is guessed."""
    with pytest.raises(ConfigError):
        number(text, "x")


def test_times_carry_their_zone():
    """A time that names no zone is of the zone that the user names; a format of one's own is understood."""
    clock = Clock(NOW, timezone(timedelta(hours=2)), "%d/%m/%Y %H:%M")
    [trip] = trips(read("a,1,X,,03/04/2025 01:00,1", clock=clock))
    assert trip.closed_at == datetime(2025, 4, 2, 23, tzinfo=UTC)
    zoned = read("a,1,X,,2025-04-03 01:00:00.000 UTC,1", clock=Clock(NOW, timezone(timedelta(hours=2))))
    assert trips(zoned)[0].closed_at == datetime(2025, 4, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({}, "--map"),
        ({"closed_at": "Cloze", "return%": "Profit %", "wallet": "Who"}, "no column is called 'Cloze'"),
        ({"closed_at": "Close", "wallet": "Who"}, "map return"),
        ({"closed_at": "Close", "return%": "Profit %"}, "--wallet"),
        ({"time": "Close", "sold_token": "Symbol", "bought_token": "Symbol", "value_usd": "Ticket"}, "amount_raw"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_as_a_whole(mapping, message):
    """The message names the columns, and what to write."""
    with pytest.raises(ConfigError, match=message):
        read("alice,7,X,,2025-03-03,1", mapping=mapping)


def test_forex_trades_without_decimals_are_sent_to_round_trips():
    """Amounts that cannot be made exact are no trades: the message says what to do instead."""
    columns = {"time": "Close", "sold_token": "Symbol", "bought_token": "Who", "value_usd": "Open"}
    with pytest.raises(ConfigError, match="import closed round trips instead"):
        read(mapping={**columns, "sold_amount": "Ticket", "bought_amount": "Ticket"})


def test_a_mapping_is_checked():
    """Unknown fields get the nearest one; a comma inside a column's name stays."""
    with pytest.raises(ConfigError, match="did you mean closed_at"):
        parse_map("close_at=x")
    assert parse_map("pnl_usd=Profit, net,closed_at=Close = time") == {
        "pnl_usd": "Profit, net",
        "closed_at": "Close = time",
    }


def closed(n, proceeds):
    at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=n)
    return RoundTrip(
        wallet=WALLET,
        chain_id=1,
        token=ASSET,
        position_id=f"1:{ASSET}:0x{n:064x}",
        opened_at=at - timedelta(minutes=n + 1),
        closed_at=at,
        cost_usd=Decimal("100.000000000001"),
        proceeds_usd=proceeds,
        buys=1,
        sells=1,
    )


def same(trip):
    """What a file can tell of a round trip."""
    names = ("wallet", "chain_id", "token", "position_id", "opened_at", "closed_at", "cost_usd", "pnl_usd")
    return [getattr(trip, name) for name in (*names, "return_fraction", "holding_s")]


def test_our_own_export_comes_back_as_it_was():
    """parse(export(round trips)) = the round trips, to the last digit; and again when these are exported."""
    made = [closed(n, Decimal(90 + n) + Decimal("0.000000000001")) for n in range(30)]
    text = "\n".join(json.dumps(round_trip_object(trip)) for trip in reversed(made))
    again = trips(read_file(text.encode(), reader({})))
    assert [same(trip) for trip in again] == [same(trip) for trip in made]
    text = "\n".join(json.dumps(round_trip_object(trip)) for trip in again)
    assert trips(read_file(text.encode(), reader({}))) == again


def test_json_lines_and_parquet_say_the_same_as_csv():
    """One table in four encodings gives the same records; numbers keep their digits."""
    pa = pytest.importorskip("pyarrow", reason="Parquet is an extra: pip install edgewatch[parquet]")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [
        {"Who": "alice", "Ticket": n, "Symbol": "X", "Open": None, "Close": NOW - timedelta(days=n), "Profit %": n / 8}
        for n in range(1, 20)
    ]
    csv = [",".join("" if cell is None else str(cell) for cell in row.values()) for row in rows]
    expected = trips(read(*csv))
    assert len(expected) == 19
    lines = "\n".join(json.dumps(row, default=str) for row in rows)
    assert trips(read_file(lines.encode(), reader())) == expected
    assert trips(read_file("\n".join([HEADER, *csv]).encode("utf-16"), reader())) == expected
    for unit in ("ms", "us", "ns"):
        table = pa.Table.from_pylist(rows)
        times = table.column("Close").cast(pa.timestamp(unit, tz="UTC"))
        written = io.BytesIO()
        parquet.write_table(table.set_column(4, "Close", times), written)
        reading = read_file(written.getvalue(), reader())
        assert (trips(reading), reading.bad) == (expected, ())
    with pytest.raises(ConfigError, match="Parquet file cannot be read"):
        read_file(written.getvalue()[:200], reader())


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# nothing\n", b"\xff\xfe", b"PAR1", b"{" * 5000, b"\x00" * 50])
def test_what_is_no_table_is_refused(content):
    """An empty, cut or senseless file is one message, never a crash."""
    pytest.importorskip("pyarrow")
    with pytest.raises(ConfigError):
        read_file(content, reader())
