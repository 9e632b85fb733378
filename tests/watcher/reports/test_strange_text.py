"""What others wrote, through each place where it enters: one clean line there, and nothing raw where it leaves."""

import io
import json
import logging
import unicodedata
from contextlib import redirect_stderr
from datetime import UTC, datetime

import pytest
import structlog
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from telegram.error import BadRequest, Conflict, NetworkError, TelegramError

from alerts.telegram.bot import _explain
from ingest.errors import IngestError
from ingest.evm.rpc.error_classification import LONGEST, classify, hear
from ingest.files.cells import Clock
from ingest.files.importer import read_file
from ingest.files.reader import ImportOptions
from ingest.text import clean, to_json
from tests.end_to_end.cli import Folder
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.evm.rpc.test_failover import node
from watcher.cli import main
from watcher.cli.shared.rows import Format, lines
from watcher.wallet_list import parse, parse_file_id

ATTACKS = [
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "\u202eevil\u2066\u200b\ufeff",
    "one\r\ntwo\x00\x7f\x85\u2028three",
    "x" * 20_000,
]
TEXT = st.text(st.characters(), max_size=60) | st.lists(
    st.sampled_from([*ATTACKS, "\ud800", " ", "a"]), max_size=4
).map("".join)
FEWER = settings(
    max_examples=max(1, settings.default.max_examples // 4),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def raw(text: str, allowed: str = "\n") -> list[str]:
    """The characters of a text that must never reach a terminal or a page."""
    return [c for c in text if c not in allowed and (unicodedata.category(c)[0] == "C" or c in "\u2028\u2029")]


@given(TEXT, st.integers(1, 300))
def test_a_cleaned_text_is_one_short_line_and_stays_as_it_is(text, limit):
    """Whatever it was: no control, bidi or zero-width character, within its limit; cleaning twice changes nothing."""
    line = clean(text, limit)
    assert raw(line, "") == []
    assert len(line) <= limit
    assert clean(line, limit) == line


@given(st.recursive(TEXT | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(TEXT, x), max_leaves=6))
@example({"label": "\x7f\x9b\u202e"})
def test_json_holds_what_it_was_given_and_nothing_raw(value):
    """Every document and export: read back it is the same, and its bytes are printable ASCII."""
    line = to_json(value)
    assert json.loads(line) == json.loads(json.dumps(value))
    assert line.isascii()
    assert raw(line, "") == []
    if isinstance(value, dict):
        assert list(lines([value], Format.JSONL)) == [line]


@given(TEXT)
def test_a_cell_of_a_csv_export_holds_nothing_raw(text):
    """In one line each, whatever the label is."""
    [_, row] = lines([{"label": text, "notes": [text]}], Format.CSV)
    assert raw(row, "") == []


@given(TEXT, st.sampled_from(["message", "data", None]))
def test_the_words_of_an_error_are_cleaned_as_they_are_heard(text, place):
    """Whatever an error becomes, its words are one line of bounded length."""
    error = text if place is None else {"code": -32000, place: text}
    for method in ("eth_getLogs", "eth_call"):
        said = str(classify(hear(error), method=method))
        assert raw(said, "") == []
        assert len(said) <= LONGEST + 60


def test_a_key_in_pieces_is_still_hidden():
    """What parts a key is taken out before the key is looked for."""
    key = "abcdef0123456789"
    spoilt = key[:8] + "\u200b\x1b" + key[8:]

    def refuse():
        raise RpcFault(-32600, f"invalid API key {spoilt}")

    with FakeNode({"eth_blockNumber": refuse}) as fake:
        fake.url += f"/v2/{key}"
        with node(fake) as client, pytest.raises(IngestError, match="invalid API key …"):
            client.call("eth_blockNumber")


@given(TEXT)
def test_what_telegram_says_is_cleaned(text):
    """An error's description is somebody's text too."""
    for error in (BadRequest(text), Conflict(text), NetworkError(text), TelegramError(text)):
        said = str(_explain(error))
        assert raw(said, "") == []
        assert len(said) <= 300


@FEWER
@given(cells=st.lists(TEXT, min_size=5, max_size=5))
@example(cells=["0x" + "1" * 40, "\x1b[2J\u202elabel", "", "", ""])
def test_the_cells_of_a_list_of_wallets_are_cleaned(cells):
    """A label is kept clean, and what is refused is told clean."""
    header = "address,label,chain,role,followed_since"
    row = ",".join('"' + cell.replace('"', "'").replace("\0", "") + '"' for cell in cells)
    content, now = f"{header}\n{row}\n".encode("utf-8", "replace"), datetime(2025, 7, 1, tzinfo=UTC)
    for options in ({}, {"parse_id": parse_file_id}):
        found = parse(content, now=now, chain_names={"ethereum"}, **options)
        said = [wallet.label + wallet.address for _, wallet in found.accepted] + [each.reason for each in found.refused]
        assert raw("".join(said), "") == []


@given(TEXT)
def test_a_line_of_the_log_holds_nothing_raw(text):
    """On a terminal and in a file, whatever an event carries; an exception's words are not in it at all."""
    for tty in (False, True):
        out = io.StringIO()
        out.isatty = lambda tty=tty: tty
        with redirect_stderr(out):
            main._log_to_stderr(logging.INFO)
            try:
                int("x" + text)
            except ValueError:
                structlog.get_logger().exception("job_failed", problem=text, parts=[text])
        structlog.reset_defaults()
        line = out.getvalue()
        assert raw(line.replace("\x1b[", "") if tty else line) == []


class Hostile(FakeNode):
    """Names its chain, and answers everything else with an error of its own words."""

    def __init__(self, words):
        error = {"code": -32602, "message": words}

        def reply(body):
            asked = body if isinstance(body, list) else [body]
            if asked[0]["method"] == "eth_chainId":
                return None
            made = [{"jsonrpc": "2.0", "id": each["id"], "error": error} for each in asked]
            return 200, {}, json.dumps(made if isinstance(body, list) else made[0]).encode()

        super().__init__(raw=reply)


@pytest.mark.parametrize("words", [*ATTACKS, "\U000e0041tag"])
def test_nothing_raw_reaches_a_terminal_or_a_document(words, tmp_path):
    """A node's words and a list's labels, through every command that shows them."""
    with Hostile(words) as fake:
        folder = Folder(tmp_path, fake.url, {"name": "ethereum", "chain_id": 1, "from_block": 1})
        label = " ".join(words.splitlines()).replace("\0", "")[:60]
        (tmp_path / "wallets.csv").write_text(f'address,label\n0x{"1" * 40},"{label}"\nnonsense {label},"x"\n')
        shown = [folder.run("wallets", "import", "wallets.csv", code=1), folder.errors]
        for code, *command in [
            (1, "backfill", "--yes"),
            (1, "doctor"),
            (1, "doctor", "--json"),
            (1, "once"),
            (0, "status"),
            (0, "status", "--json"),
            (0, "wallets", "list"),
            (0, "wallets", "list", "--json"),
            (0, "export", "trades", "--format", "jsonl"),
            (0, "why", "0x" + "1" * 40),
        ]:
            shown += [folder.run(*command, code=code), folder.errors]
    for text in shown:
        assert raw(text) == []
    assert any("eth_" in text for text in shown), "the node's error was shown"


MAP = {name: name for name in ("wallet", "closed_at", "return", "asset")}


def filed(cell: str) -> bytes:
    quoted = '"' + cell.replace('"', "'").replace("\0", "") + '"'
    rows = [f"w{n},2025-01-0{n + 1},0.1,100,10,{quoted}" for n in range(3)]
    return "\n".join(["wallet,closed_at,return,size_usd,pnl_usd,asset", *rows]).encode("utf-8", "replace")


@FEWER
@given(cell=TEXT)
def test_the_cells_of_a_file_of_trades_are_cleaned_or_refused(cell):
    """A symbol that cannot be printed is refused, and nothing of it is shown raw."""
    reader = ImportOptions(
        clock=Clock(datetime(2025, 7, 1, tzinfo=UTC)), chains={}, wallet_id=parse_file_id, mapping=MAP
    )
    found = read_file(filed(cell), reader)
    said = [each.reason for each in found.bad] + [trip.token for _, trip in found.found] + list(found.notes)
    assert raw("".join(said), "") == []
