"""Hashes of blocks in the store, on both databases: few are kept, and a rollback takes all that hangs on later ones."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from ingest.evm.movements.liquidity import Provision
from ingest.evm.movements.wash_trades import Doubt, Suspicion
from ingest.evm.sync.header_checks import Link
from ingest.evm.sync.reorg import TAIL
from ingest.types import BlockRef, RawTransaction
from tests.builders import ASSET, START, USD, WALLET, buy, move
from watcher.store import blocks, others_swaps, trade_log, wash_trades
from watcher.store.sql.database import reading, writing
from watcher.store.sql.schema import metadata
from watcher.types import Coverage

NOW = datetime(2025, 7, 1, tzinfo=UTC)
FACTS = (
    *("raw_transaction", "raw_wallet", "trade", "valuation", "move", "on_behalf", "provision", "suspicion"),
    *("feed_price", "block"),
)


@pytest.fixture
def engine(store):
    return store


def cover(connection, first, last, until):
    whole = Coverage(
        chain_id=1,
        wallet=WALLET,
        first_block=first,
        last_block=last,
        first_at=datetime.fromtimestamp(START, UTC),
        last_at=datetime.fromtimestamp(until, UTC),
        level="proven",
    )
    trade_log.add_coverage(connection, [whole])


def fill(connection, n):
    """Everything that one transaction, the n-th, leaves in block 100 + n."""
    made, block = buy(n, 5, "1"), BlockRef(number=100 + n, hash=f"0x{n}", timestamp=START + n)
    name = made.trade.tx_hash
    raw = RawTransaction(
        tx_hash=name,
        block=block,
        transaction_index=0,
        transaction={},
        receipt={},
        wallets=frozenset({WALLET}),
    )
    trade_log.add_raw(connection, 1, [raw], {})
    trade_log.add_trades(connection, [made.trade], decoder=1, known_at=NOW)
    trade_log.add_valuations(connection, [made.valuation])
    trade_log.add_moves(connection, [move(n, 5)])
    others_swaps.add(connection, [(1, name, WALLET, block.number)])
    trade_log.add_feed_prices(connection, 1, {USD: {block.number: (Decimal(1), START)}})
    item = Provision(pool=ASSET, log_index=1, liquidity=5, lower=None, upper=None)
    wash_trades.add_provisions(connection, 1, [(raw, WALLET, item)])
    doubt = Suspicion(chain_id=1, tx_hash=name, wallet=WALLET, ordinal=0, pool=ASSET, doubt=Doubt.OWN_POOL)
    wash_trades.add(connection, [doubt])
    blocks.remember(connection, 1, [Link(number=block.number, hash=block.hash, parent=f"0x{n - 1}")])


def everything(engine):
    with reading(engine) as connection:
        rows = {name: connection.execute(select(metadata.tables[name])).all() for name in FACTS}
        return {name: sorted(map(repr, found)) for name, found in rows.items()}, trade_log.coverages(connection)


def test_a_rollback_leaves_what_reading_up_to_there_would_have_left(engine):
    """Of each table exactly the rows of later blocks go; coverage ends at the block that stays."""
    with writing(engine) as connection:
        cover(connection, 101, 105, START + 5)
        for n in (1, 2, 5):
            fill(connection, n)
    before = everything(engine)
    with writing(engine) as connection:
        for n in (6, 7):
            fill(connection, n)
        cover(connection, 106, 110, START + 10)
    assert all(len(rows) == 5 for rows in everything(engine)[0].values())
    with writing(engine) as connection:
        blocks.roll_back(connection, 1, 105, until=START + 5)
    assert everything(engine) == before


def test_only_the_newest_blocks_and_the_ends_of_coverage_are_kept(engine):
    """However much is read, the table stays small; a block that is read again is as it was read last."""
    with writing(engine) as connection:
        cover(connection, 1, 2_000, START)
        for first in range(1, 2_000, 100):
            links = [Link(number=n, hash=f"0x{n}", parent=f"0x{n - 1}") for n in range(first, first + 100)]
            blocks.remember(connection, 1, links)
        blocks.remember(connection, 1, [Link(number=2_000, hash="0xnew", parent="0x1999")])
    with reading(engine) as connection:
        known = blocks.known(connection, 1)
        assert sorted(known) == [1, *range(2_001 - TAIL, 2_001)]
        assert known[2_000].hash == "0xnew"
        assert blocks.known(connection, 2) == {}
