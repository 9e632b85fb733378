"""What a trade was worth: by its own quote leg, or unknown."""

from dataclasses import replace
from decimal import Decimal

import pytest
from eth_abi.abi import encode

from ingest.prices import native_prices, value
from ingest.types import NATIVE, BlockRef, Chain, Leg, QuoteToken, Valuation
from tests.builders import ASSET, OTHER, START, USD, WALLET, trade
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.test_rpc import node

WRAPPED = "0x" + "ee11" * 10
FEED = "0x" + "fe" * 20
CHAIN = Chain(
    name="test",
    chain_id=1,
    native_symbol="ETH",
    wrapped_native=WRAPPED,
    quote_tokens=(QuoteToken(address=USD, symbol="USD", decimals=6, usd=Decimal(1)),),
    native_usd_feed=FEED,
)
PRICE = (Decimal("2500.5"), START - 60)


def worth(sold, bought, native=PRICE, fee=10**15):
    return value(replace(trade(0, sold, bought), fee_native_raw=fee), CHAIN, native)


def test_the_whole_valuation_of_a_buy_with_dollars():
    """A stable leg counts at its peg, at the time of the trade; gas at the feed."""
    assert worth([(USD, 2_500_000)], [(ASSET, 7)]) == Valuation(
        chain_id=1,
        tx_hash=f"0x{0:064x}",
        wallet=WALLET,
        ordinal=0,
        value_usd=Decimal("2.5"),
        gas_usd=Decimal("2.5005"),
        source="peg",
        as_of=START,
    )


@pytest.mark.parametrize("token", [NATIVE, WRAPPED])
def test_native_and_wrapped_coin_count_at_the_feed(token):
    """The feed's price and the feed's time."""
    found = worth([(ASSET, 7)], [(token, 2 * 10**18)])
    assert (found.value_usd, found.source, found.as_of) == (5001, "native_feed", START - 60)


def test_unknown_is_not_zero():
    """A rotation, a mixed side, or a missing feed leaves the value unknown."""
    assert worth([(ASSET, 7)], [(OTHER, 7)]).value_usd is None
    assert worth([(ASSET, 7), (USD, 5)], [(OTHER, 7)]).value_usd is None
    without = worth([(NATIVE, 7)], [(ASSET, 7)], native=None)
    assert (without.value_usd, without.gas_usd, without.source) == (None, None, "none")
    assert worth([(USD, 5)], [(ASSET, 7)], native=None, fee=0).gas_usd == 0


def test_the_quote_token_between_two_assets_prices_a_rotation():
    """An own quote leg comes first; without one the hop's value and time count, and the source says so."""
    rotation = trade(0, [(ASSET, 7)], [(OTHER, 7)])
    found = value(rotation, CHAIN, PRICE, Leg(WRAPPED, 10**18))
    assert (found.value_usd, found.source, found.as_of) == (Decimal("2500.5"), "hop", START - 60)
    found = value(rotation, CHAIN, None, Leg(USD, 5_000_000))
    assert (found.value_usd, found.source, found.as_of) == (5, "hop", START)
    assert value(rotation, CHAIN, None, Leg(WRAPPED, 10**18)).value_usd is None
    assert value(trade(0, [(USD, 7_000_000)], [(ASSET, 7)]), CHAIN, PRICE, Leg(WRAPPED, 1)).value_usd == 7


def answered(price, updated_at):
    return "0x" + encode(["uint80", "int256", "uint256", "uint256", "uint80"], [1, price, 0, updated_at, 1]).hex()


@pytest.mark.parametrize(
    "bad",
    [
        answered(0, START),
        answered(-5, START),
        answered(5, START + 60),
        answered(5, START - 27 * 3600),
        "0x",
        "0x1234",
        None,
    ],
)
def test_a_feed_that_is_stale_zero_negative_or_from_the_future_is_no_price(bad):
    """Such an answer leaves the block without a price; a good one beside it is taken."""
    blocks = {n: BlockRef(number=n, hash="0x", timestamp=START) for n in (1, 2, 3)}
    script = {"0x1": bad, "0x2": answered(250_050_000_000, START - 60)}

    def call(request, block):
        assert request["to"] == FEED
        if block not in script:
            raise RpcFault(3, "execution reverted")
        return script[block]

    with FakeNode({"eth_call": call}) as fake, node(fake) as client:
        assert native_prices(client, CHAIN, blocks) == {2: PRICE}
