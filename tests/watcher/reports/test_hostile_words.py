"""Names and numbers by strangers, from the contract's answer to every place where a person reads them."""

import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from eth_abi.abi import encode

from alerts import wording
from ingest.evm.lookup.tokens import symbol_of
from ingest.types import Leg
from tests.builders import ASSET, USD, buy, move, trade
from watcher.cli.inspect import trade_object
from watcher.cli.shared import context
from watcher.reports import tables
from watcher.store import trade_log
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import TokenInfo

MOST = 2**256 - 1
SYMBOLS = [
    "<b>PEPE</b>",
    "US\u202eDC",
    "A\x00B",
    "x" * 10_000,
    "\u200bUSDC\ufeff",
    "[red]=cmd|' /C calc'!A0",
    "\U0001f600" * 40,
    "line\r\nbreak\x1b[31m",
]


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("as_bytes32", [False, True])
def test_a_symbol_reaches_a_person_as_one_harmless_line(symbol, as_bytes32, tmp_path, capsys):
    """Answered as string or bytes32, stored, shown in a table and in a message: short, no control, no markup."""
    raw = symbol.encode()[:32].ljust(32, b"\0") if as_bytes32 else encode(["string"], [symbol])
    name = symbol_of("0x" + raw.hex())
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    database.prepare(engine)
    with writing(engine) as connection:
        trade_log.add_tokens(connection, [TokenInfo(chain_id=1, address=ASSET, symbol=name, decimals=None)])
    with reading(engine) as connection:
        names = trade_log.tokens(connection)
    engine.dispose()
    shown = tables.token_name(1, ASSET, names)
    assert len(shown) <= 16 + len(f" ({wording.short(ASSET)})")
    assert wording.short(ASSET) in shown, "the address stands beside the claim"
    context.out().print(tables.trades([(buy(0, 5, "1").trade, None)], names))
    said = shown + wording.escape(shown, 64)
    assert not any(unicodedata.category(c).startswith("C") for c in said)
    assert "<" not in wording.escape(shown, 64)
    assert not any(unicodedata.category(c).startswith("C") for c in capsys.readouterr().out.replace("\n", ""))


def test_the_largest_amount_survives_store_table_and_export(tmp_path):
    """2^256 - 1 is exact in the trade log, the moves and the export, and shown in base units of unknown decimals."""
    huge = trade(0, [(USD, MOST)], [(ASSET, MOST)])
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    database.prepare(engine)
    with writing(engine) as connection:
        trade_log.add_trades(connection, [huge], decoder=1, known_at=datetime(2025, 7, 1, tzinfo=UTC))
        trade_log.add_moves(connection, [move(0, MOST), move(1, -MOST)])
    with reading(engine) as connection:
        [(kept, _, _)] = trade_log.trades(connection)
        assert [each.amount_raw for each in trade_log.moves(connection)] == [MOST, -MOST]
    engine.dispose()
    assert kept == huge
    assert json.loads(json.dumps(trade_object(kept, None)))["sold"] == [{"token": USD, "amount_raw": str(MOST)}]
    assert f"{MOST} units" in tables.legs(1, kept.sold, {})
    known = {(1, ASSET): TokenInfo(chain_id=1, address=ASSET, symbol=None, decimals=0)}
    assert "e+77" in tables.legs(1, (Leg(ASSET, MOST),), known)


def test_decimals_that_change_change_no_fact(tmp_path):
    """What a token said first is kept: a later answer rewrites neither the trade log nor its tables."""
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    database.prepare(engine)
    first = TokenInfo(chain_id=1, address=ASSET, symbol="A", decimals=6)
    with writing(engine) as connection:
        trade_log.add_tokens(connection, [first])
        trade_log.add_tokens(connection, [replace(first, symbol="USDC", decimals=18)])
    with reading(engine) as connection:
        assert trade_log.tokens(connection) == {(1, ASSET): first}
    engine.dispose()


def test_an_ordinary_export_has_no_suspicion():
    """The field is there only where there is a doubt."""
    assert "suspicion" not in trade_object(trade(0, [(USD, 1)], [(ASSET, 1)]), None)
