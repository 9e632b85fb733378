"""From raw transactions to valued trades, through a node: what feeds and file said, and that it is remembered."""

from dataclasses import replace
from decimal import Decimal

from eth_abi.abi import encode

from ingest.evm import chains
from ingest.evm.interpret import Interpreter, decode, mean
from ingest.evm.logs.token_flows import read_movements
from ingest.evm.lookup.tokens import DECIMALS
from ingest.evm.pricing.chainlink import LATEST_ROUND_DATA
from ingest.evm.pricing.intermediate_quote import quote_hop
from ingest.evm.pricing.valuation import Prices
from ingest.files import price_file
from ingest.types import NATIVE, BlockRef, PoolFact, RawTransaction
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest import receipts as r
from tests.ingest.evm.rpc.test_node import node

CHAIN = chains.by_id(1)
V2_FACTORY = "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f"
KNOWN = {r.FAKE: PoolFact(factory=V2_FACTORY, tokens=())}
USDC_FEED = next(token.usd_feed for token in CHAIN.quote_tokens if token.address == r.USDC)
NOW = 1_700_000_000
GAS = Decimal(1000 * 5) / 10**18
OTHER = "0x" + "cc" * 20


def swap(sold, bought, block):
    """The wallet gives one token to a pool that is known, and takes another."""
    amounts = (sold[1], 0, 0, bought[1]) if sold < bought else (0, sold[1], bought[1], 0)
    logs = [
        r.transfer(sold[0], r.WALLET, r.FAKE, sold[1]),
        r.transfer(bought[0], r.FAKE, r.WALLET, bought[1]),
        r.v2_swap(r.FAKE, *amounts),
    ]
    tx_hash = f"0x{block:064x}"
    place = {"transactionHash": tx_hash, "blockNumber": hex(block)}
    return RawTransaction(
        tx_hash=tx_hash,
        block=BlockRef(number=block, hash="0x", timestamp=NOW + 12 * block),
        transaction_index=2,
        transaction=r.transaction() | {"hash": tx_hash},
        receipt=r.receipt(*logs) | place,
        wallets=frozenset({r.WALLET}),
    )


def answers(said):
    """``eth_call`` of feeds and tokens: ``said`` maps a feed and a block to answer and time."""

    def call(request, block):
        to, data = request["to"], request["data"]
        if data == DECIMALS:
            return f"0x{6 if to in (r.COIN, OTHER, r.USDC) else 8:064x}"
        if data == LATEST_ROUND_DATA and (found := said.get((to, int(block, 16)))):
            return (
                "0x" + encode(["uint80", "int256", "uint256", "uint256", "uint80"], [1, found[0], 0, found[1], 1]).hex()
            )
        raise RpcFault(3, "execution reverted")

    return {"eth_call": call}


def interpret(items, said, file=None):
    with FakeNode(answers(said)) as fake, node(fake) as client:
        return Interpreter(client, CHAIN, dict(KNOWN), file=file).interpret(items)


def again(items, found, file=None):
    """The same from what was stored, without a node."""
    decimals = {token: digits for token, (_, digits) in found.tokens.items()}
    prices = Prices(chain=CHAIN, fed=found.fed, file=file, decimals=decimals)
    worths = []
    for item in items:
        decoding = decode(item, r.WALLET, CHAIN, known=KNOWN)
        hop = quote_hop(decoding, read_movements(item.receipt, None).transfers, prices.quotes)
        worths += mean(decoding, item, r.WALLET, prices, hop)[1]
    return tuple(worths)


def test_a_depeg_is_seen_at_the_block_of_the_trade():
    """Of three sales for 100 USDC the one during the depeg is worth 87 $; the gas of each counts at its own block."""
    items = [swap((r.COIN, 7), (r.USDC, 100 * 10**6), block) for block in (1, 2, 3)]
    said = {
        (USDC_FEED, 1): (99_950_000, NOW + 12),
        (USDC_FEED, 2): (87_000_000, NOW + 24),
        (USDC_FEED, 3): (99_000_000, NOW + 36),
        **{(CHAIN.native_usd_feed, block): (block * 1000 * 10**8, NOW + 12 * block) for block in (1, 2, 3)},
    }
    found = interpret(items, said)
    assert [(worth.value_usd, worth.source, worth.as_of) for worth in found.valuations] == [
        (100, "peg", NOW + 12),
        (87, "stable_feed", NOW + 24),
        (100, "peg", NOW + 36),
    ]
    assert [worth.gas_usd for worth in found.valuations] == [GAS * 1000, GAS * 2000, GAS * 3000]
    assert again(items, found) == found.valuations


def test_a_refused_answer_is_remembered_as_refused():
    """A dead stable's stale feed leaves its trades unpriced, with a node and without one; silence leaves the peg."""
    items = [swap((r.COIN, 7), (r.USDC, 10**6), block) for block in (1, 2)]
    found = interpret(items, {(USDC_FEED, 1): (10**8, NOW - 10 * 86_400)})
    assert [(worth.value_usd, worth.source) for worth in found.valuations] == [(None, "none"), (1, "peg_unchecked")]
    assert found.fed[r.USDC] == {1: None}
    assert again(items, found) == found.valuations


def test_the_file_prices_a_trade_of_two_assets():
    """With the token's decimals as its contract says them; never by a later line."""
    items = [swap((r.COIN, 7 * 10**6), (OTHER, 5), block) for block in (1, 2)]
    lines = [price_file_line(r.COIN, NOW + 24, "0.5"), price_file_line(NATIVE, NOW, "2000")]
    file = price_file.parse(["chain,token,time,usd", *lines], chains={1: CHAIN}, max_age_s=3600)
    found = interpret(items, {}, file)
    assert [(worth.value_usd, worth.source, worth.as_of) for worth in found.valuations] == [
        (None, "none", None),
        (Decimal("3.5"), "file", NOW + 24),
    ]
    assert [worth.gas_usd for worth in found.valuations] == [GAS * 2000] * 2
    assert again(items, found, file) == found.valuations
    assert again(items, found, replace(file, series={}))[1].value_usd is None


def price_file_line(token, time, usd):
    return f"ethereum,{token},{time},{usd}"


def test_without_a_trade_no_price_is_asked():
    """A gift of a token costs no call."""
    gift = swap((r.COIN, 7), (r.USDC, 10**6), 1)
    gift = replace(gift, receipt=gift.receipt | {"logs": gift.receipt["logs"][:1]})
    with FakeNode(answers({})) as fake, node(fake) as client:
        assert Interpreter(client, CHAIN, dict(KNOWN)).interpret([gift]).trades == ()
        assert fake.asked == []
