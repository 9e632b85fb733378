"""Where a token can be sold: only in pools that somebody vouches for, and only where what they pay can be asked."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from ingest.evm.chains import by_id
from ingest.evm.logs import topics
from ingest.evm.pricing.pool_quotes import Pool
from ingest.evm.pricing.routes import pools_in, routes
from ingest.evm.pricing.valuation import quote_tokens
from ingest.evm.venues import uniswap_v2
from ingest.types import NATIVE, Dex, PoolFact
from tests.ingest.receipts import (
    COIN,
    FAKE,
    MANAGER_V4,
    OTHER,
    ROUTER,
    USDC,
    WALLET,
    WETH,
    ZERO,
    log,
    receipt,
    transfer,
    v2_swap,
)

ETHEREUM = by_id(1)
[UNISWAP_V2] = [dex for dex in ETHEREUM.dexes if dex.factory.startswith("0x5c69")]
[PAIR] = uniswap_v2.derive(UNISWAP_V2, *sorted((COIN, WETH)))
DIRECT = Pool(kind="uniswap_v2", address=PAIR, tokens=tuple(sorted((COIN, WETH))))


def bought(pair, paid=WETH, got=COIN):
    """A receipt of a swap in a V2-like pair of two tokens."""
    amounts = (0, 500, 900, 0) if got < paid else (500, 0, 0, 900)
    return receipt(transfer(paid, WALLET, pair, 500), transfer(got, pair, WALLET, 900), v2_swap(pair, *amounts))


def test_a_pool_of_a_known_factory_is_a_market_and_a_strangers_is_none():
    """The pair's address follows from its factory; the same logs of another emitter are no market."""
    assert pools_in(bought(PAIR), ETHEREUM, {}) == (DIRECT,)
    assert pools_in(bought(FAKE), ETHEREUM, {}) == ()
    assert pools_in(receipt(), ETHEREUM, {}) == ()


def test_a_pool_that_was_looked_up_is_asked_as_its_factory_builds_them():
    """First-generation Solidly pairs share Uniswap V2's event, and are asked for their own amount all the same."""
    chain = replace(ETHEREUM, dexes=(Dex(kind="solidly", factory=OTHER),))
    known = {FAKE: PoolFact(factory=OTHER, tokens=(COIN, WETH))}
    assert [pool.kind for pool in pools_in(bought(FAKE), chain, known)] == ["solidly"]


def v4_receipt(hooks, fee=3000, spacing=60, quote=ZERO):
    key = encode(["address", "address", "uint24", "int24", "address"], [*sorted((quote, COIN)), fee, spacing, hooks])
    pool = "0x" + keccak(key).hex()
    moved = transfer(COIN, MANAGER_V4, WALLET, 900)
    return receipt(moved, log(MANAGER_V4, topics.UNISWAP_V4_SWAP, (pool, ROUTER), (-500 % 2**256, 900, 1, 1, 0, fee)))


def test_a_v4_pool_is_known_by_the_key_behind_its_id():
    """The id names tokens, fee and spacing of a pool without hooks, the native coin included."""
    [pool] = pools_in(v4_receipt(ZERO), ETHEREUM, {})
    assert pool == Pool(kind="uniswap_v4", address=MANAGER_V4, tokens=(NATIVE, COIN), fee=3000, spacing=60)
    [pool] = pools_in(v4_receipt(ZERO, fee=500, spacing=10, quote=USDC), ETHEREUM, {})
    assert (pool.tokens, pool.fee, pool.spacing) == (tuple(sorted((USDC, COIN))), 500, 10)


def test_a_v4_pool_with_a_hook_is_not_known():
    """A hook can change what a sale brings: no market rather than a wrong one."""
    assert pools_in(v4_receipt(FAKE), ETHEREUM, {}) == ()


@pytest.mark.parametrize(
    ("topic", "index"),
    [(topics.CURVE_EXCHANGE, "int128"), (topics.CURVE_CRYPTO_EXCHANGE, "uint256")],
)
def test_a_curve_pool_is_asked_by_the_numbers_in_its_event(topic, index):
    """Sold coin 2, bought coin 0: the numbers go with the tokens that moved."""
    chain = replace(ETHEREUM, dexes=(Dex(kind="curve", factory=FAKE),))
    exchange = log(FAKE, topic, (WALLET,), (2, 500, 0, 900))
    found = pools_in(receipt(transfer(USDC, WALLET, FAKE, 500), transfer(COIN, FAKE, WALLET, 900), exchange), chain, {})
    assert found == (Pool(kind="curve", address=FAKE, tokens=(USDC, COIN), coins=(2, 0), index=index),)


def test_a_way_is_one_pool_to_a_quote_token_or_else_two():
    """A direct pool wins; through another token only where that one meets a quote token; else there is no way."""
    quotes = quote_tokens(ETHEREUM)
    odd = Pool(kind="uniswap_v3", address=FAKE, tokens=(COIN, OTHER))
    on = Pool(kind="uniswap_v2", address=ROUTER, tokens=(OTHER, USDC))
    assert routes(COIN, [odd, on, DIRECT], quotes) == [((DIRECT, COIN),)]
    assert routes(COIN, [odd, on], quotes) == [((odd, COIN), (on, OTHER))]
    assert routes(COIN, [odd], quotes) == routes(COIN, [on], quotes) == []
