"""Trades that no quote token prices: valued by what their tokens' own pools paid just before, or left unknown."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from ingest.evm.pricing.pool_quotes import GET_RESERVES, v2_out
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.node import Node
from ingest.types import Leg, Valuation
from tests.watcher.jobs.pricing.test_mark_positions import CHAIN, HELD, NOW, RESERVES, TOKENS, buy, chain_node, engine
from watcher.config.settings import ChainConfig
from watcher.jobs.pricing.price_from_pools import appraise_once
from watcher.jobs.sync.ingest import Source
from watcher.store import trade_log, usage
from watcher.store.sql.database import reading, writing

__all__ = ["engine"]
FIRST, SECOND, STRANGE = TOKENS[0], TOKENS[1], "0x" + "8" * 40


@pytest.fixture
def swapped(engine):
    """One token bought for dollars in block 1, and given for a token that no pool is known of in block 5."""
    _, like, worth = buy(5, FIRST, 100)
    rotation = replace(like, sold=(Leg(FIRST, HELD // 4),), bought=(Leg(STRANGE, 77),))
    with writing(engine) as connection:
        raw, bought, paid = buy(1, FIRST, 100)
        trade_log.add_raw(connection, 1, [raw], {})
        trade_log.add_trades(connection, [bought, rotation], decoder=1, known_at=NOW)
        trade_log.add_valuations(connection, [paid, replace(worth, value_usd=None, source="none", as_of=None)])
    return engine


def run(engine, fake, *, limit=10**6):
    meter = Meter(spent=0, limit=limit)
    config = ChainConfig.model_validate({"name": "ethereum", "chain_id": 1, "rpc_urls": [fake.url]})
    with Node([fake.url], chain_id=1, charge=meter.charge, sleep=lambda _s: None) as node:
        return appraise_once(engine, Source(chain=CHAIN, config=config, node=node, meter=meter), now=NOW)


def valuations(engine) -> dict[int, Valuation]:
    with reading(engine) as connection:
        return {trade.block_number: worth for trade, worth, _ in trade_log.trades(connection)}


def test_a_rotation_counts_what_its_sold_side_would_have_brought(swapped):
    """The pool of the token's nearest trade is asked, one block earlier; what had a price keeps it; once is enough."""
    before = valuations(swapped)
    with chain_node(NOW - timedelta(days=2)) as fake:
        done = run(swapped, fake)
        assert (done.asked, done.valued, done.short) == (1, 1, False)
        calls = [each for body in fake.bodies for each in (body if isinstance(body, list) else [body])]
        asked_pools = [each["params"] for each in calls if GET_RESERVES in str(each["params"])]
        assert [block for _, block in asked_pools] == [hex(4)]
        asked = len(fake.asked)
        assert run(swapped, fake).asked == 0
        assert len(fake.asked) == asked
    after = valuations(swapped)
    assert after[1] == before[1]
    assert after[5] == replace(
        before[5], value_usd=Decimal(v2_out(HELD // 4, *RESERVES)).scaleb(-6), source="pool", as_of=before[1].as_of + 4
    )


@pytest.mark.parametrize("kwargs", [{"silent": TOKENS[:1]}, {"drained": TOKENS[:1]}])
def test_no_bid_is_no_value(swapped, kwargs):
    """A pool that says nothing, or has nothing, leaves the trade unpriced, which is not zero; it is asked once."""
    with chain_node(NOW - timedelta(days=2), **kwargs) as fake:
        assert (run(swapped, fake).valued, run(swapped, fake).asked) == (0, 0)
    assert (valuations(swapped)[5].value_usd, valuations(swapped)[5].source) == (None, "no_pool")


def test_the_bought_side_counts_where_nobody_bids_for_the_sold_one(swapped):
    """The other way round, the token with a pool is what the trade brought."""
    with writing(swapped) as connection:
        [(trade, _)] = trade_log.unvalued(connection, 1)
        turned = replace(trade, sold=trade.bought, bought=trade.sold)
        connection.exec_driver_sql("DELETE FROM trade WHERE block_number = 5")
        trade_log.add_trades(connection, [turned], decoder=1, known_at=NOW)
    with chain_node(NOW - timedelta(days=2)) as fake:
        assert run(swapped, fake).valued == 1


def test_a_quote_token_waits_for_its_own_price_and_the_budget_is_kept(swapped):
    """A trade with a quote token is no business of the pools; out of budget, nothing is decided."""
    with chain_node(NOW - timedelta(days=2)) as fake:
        assert run(swapped, fake, limit=1).short
        with reading(swapped) as connection:
            assert len(trade_log.unvalued(connection, 1)) == 1
            assert usage.units_on(connection, NOW.date()) <= 1
        with writing(swapped) as connection:
            connection.exec_driver_sql("UPDATE valuation SET source = 'none', value_usd = NULL")
        assert run(swapped, fake).asked == 1  # not the purchase for dollars
