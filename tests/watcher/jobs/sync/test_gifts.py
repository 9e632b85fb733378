"""What strangers send: held, never won with, and never asked about."""

import pytest

from tests.ingest import receipts as r
from tests.watcher.jobs.sync.test_wash_trades import NOW, Reader, SmallChain
from watcher.jobs.sync.redecode import redecode
from watcher.store import trade_log
from watcher.store.sql.database import reading


@pytest.fixture
def reader(tmp_path):
    made = Reader(tmp_path / "edgewatch.db", r.WALLET)
    yield made
    made.engine.dispose()


def test_a_gift_is_held_without_a_receipt_and_its_sale_is_no_win(reader):
    """The log alone makes the move, which decoding again keeps; selling it later is a sale of unknown cost."""
    small = SmallChain()
    gift = small._add(r.OTHER, r.transfer(r.WETH, r.OTHER, r.WALLET, 10**16))
    small._add(r.OTHER, r.transfer(r.WETH, r.WALLET, r.OTHER, 0))
    sale = small.swap(r.WALLET, weth=10**16)
    asked = reader.read(small)
    assert [each["params"][0] for each in asked if each["method"] == "eth_getTransactionReceipt"] == [sale]

    def kept():
        books = reader.account().books
        with reading(reader.engine) as connection:
            return trade_log.moves(connection), books.round_trips, books.unknown_cost, books.unmatched_sells

    before = kept()
    assert [(move.tx_hash, move.amount_raw) for move in before[0]] == [(gift, 10**16)]
    assert before[1:] == ((), 1, 0)
    redecode(reader.engine, {1: reader.chain}, now=NOW)
    assert kept() == before
