"""Where wallets swap: pools by address or id, what is asked for them, and answers that are not believed blindly."""

from dataclasses import replace

import pytest

from ingest.errors import RangeRefused, RpcUnavailable
from ingest.evm.chains import registry
from ingest.evm.logs import topics
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.pricing.valuation import quote_tokens
from ingest.evm.survey.pool_swaps import most_used, requests, sightings, uses_in
from ingest.types import NATIVE, Leg
from tests.fakes.market import COINS, Swap, pair_of
from tests.ingest.receipts import (
    COIN,
    FAKE,
    MANAGER_V4,
    ROUTER,
    USDC,
    USDC_WETH_V2,
    WALLET,
    WETH,
    log,
    receipt,
    transfer,
    v2_swap,
)

CHAIN = registry()[1]
QUOTES = quote_tokens(CHAIN)
BLOCKS = BlockRange(100, 199)
BUY = Swap(WALLET, 150, COINS[0], 500, True, "0x2", 0)
OTHER = Swap(WALLET, 151, COINS[1], 500, False, "0x2", 0)
CONVERSION = receipt(
    transfer(USDC, WALLET, USDC_WETH_V2, 3_000),
    transfer(WETH, USDC_WETH_V2, WALLET, 1),
    v2_swap(USDC_WETH_V2, 3_000, 0, 0, 1),
)


def v4(pool, *moved):
    said = (-500 % 2**256, 900, 1, 1, 0, 3000)
    return receipt(*moved, log(MANAGER_V4, topics.UNISWAP_V4_SWAP, (pool, ROUTER), said))


IN_COIN = v4(7, transfer(COIN, MANAGER_V4, WALLET, 900))
IN_TWO = v4(7, transfer(USDC, WALLET, MANAGER_V4, 500), transfer(COIN, MANAGER_V4, WALLET, 900))


def places(*receipts, most=10):
    return most_used([uses_in(each, CHAIN, {}) for each in receipts], QUOTES, most)


def test_pools_are_counted_by_transactions():
    """The most used come first; those of quote tokens alone, and forged swaps, are none."""
    forged = receipt(v2_swap(FAKE, 5, 0, 0, 7))
    found = places(BUY.receipt, OTHER.receipt, OTHER.receipt, CONVERSION, CONVERSION, CONVERSION, forged)
    assert list(found) == [(pair_of(COINS[1]), None), (pair_of(COINS[0]), None)]
    assert found[pair_of(COINS[0]), None].pair == tuple(sorted((COINS[0], USDC)))
    assert found[pair_of(COINS[0]), None].assets == {COINS[0]}
    assert list(places(BUY.receipt, OTHER.receipt, OTHER.receipt, most=1)) == [(pair_of(COINS[1]), None)]


def test_a_pool_of_a_manager_is_asked_for_by_its_id():
    """One question for pools, one for managers; what is not sure of its tokens in one transaction may be in another."""
    found = places(IN_TWO, BUY.receipt)
    key = (MANAGER_V4, f"0x{7:064x}")
    assert found[key].assets == {COIN}
    assert found[key].pair is None
    assert places(IN_TWO, IN_COIN)[key].pair == (NATIVE, COIN)
    [(_, [pools]), (_, [managers])] = requests(found, BLOCKS)
    assert (pools["address"], managers["address"]) == ([pair_of(COINS[0])], [MANAGER_V4])
    assert topics.UNISWAP_V2_SWAP in pools["topics"][0]
    assert managers["topics"][1:] == [[key[1]]]
    assert {asked["fromBlock"] for asked in (pools, managers)} == {hex(100)}


def test_a_swap_tells_its_size_by_the_quote_token():
    """Whether it went in or came out; pools that nobody asked for are not read."""
    found = places(BUY.receipt)
    [seen] = sightings([BUY.receipt["logs"]], found, QUOTES, BLOCKS)
    assert (seen.block, seen.tx_hash, seen.assets, seen.quote) == (150, BUY.hash, {COINS[0]}, Leg(USDC, 500 * 10**6))
    sale = Swap(WALLET, 152, COINS[0], 70, False, "0x2", 3)
    [seen] = sightings([sale.receipt["logs"]], found, QUOTES, BLOCKS)
    assert seen.quote == Leg(USDC, 70 * 10**6)
    assert sightings([OTHER.receipt["logs"]], found, QUOTES, BLOCKS) == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({}, RpcUnavailable),
        (None, RpcUnavailable),
        (Swap(WALLET, 200, COINS[0], 5, True, "0x2", 0).receipt["logs"], RpcUnavailable),
        ([{**each, "blockNumber": None} for each in BUY.receipt["logs"]], RpcUnavailable),
        ([{**each, "transactionHash": 5} for each in BUY.receipt["logs"]], RpcUnavailable),
        (BUY.receipt["logs"][-1:] * 1_000, RangeRefused),
        (BUY.receipt["logs"][-1:] * 10_001, RangeRefused),
    ],
)
def test_what_a_node_cannot_mean_is_not_taken(answer, error):
    """No list, other blocks, no place; and as many logs as a node may have cut them to."""
    with pytest.raises(error):
        sightings([answer], places(BUY.receipt), QUOTES, BLOCKS)


def test_what_was_removed_or_malformed_is_no_swap():
    """A stranger's bytes are left out, nothing raises."""
    swap = BUY.receipt["logs"][-1]
    odd = [{**swap, "removed": True}, {**swap, "data": "0x12"}, {**swap, "topics": []}, {**swap, "topics": ["0x1"]}, 5]
    assert sightings([odd], places(BUY.receipt), QUOTES, BLOCKS) == []
    assert sightings([[*odd, swap]], places(BUY.receipt), QUOTES, replace(BLOCKS, last=150))
