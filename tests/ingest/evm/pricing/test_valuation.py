"""What a trade was worth: by its own quote leg, the one between, or the user's file; or unknown."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ingest.evm.pricing.valuation import PEG_BAND, Prices, value
from ingest.files import price_file
from ingest.types import NATIVE, Chain, Leg, QuoteToken, Valuation
from tests.builders import ASSET, OTHER, START, USD, WALLET, trade

WRAPPED = "0x" + "ee11" * 10
UNCHECKED = "0x" + "dd" * 20
CHAIN = Chain(
    name="test",
    chain_id=1,
    native_symbol="ETH",
    wrapped_native=WRAPPED,
    quote_tokens=(
        QuoteToken(address=USD, symbol="USD", decimals=6, usd=Decimal(1), usd_feed="0x" + "fd" * 20),
        QuoteToken(address=UNCHECKED, symbol="UNC", decimals=18, usd=Decimal(1)),
    ),
    native_usd_feed="0x" + "fe" * 20,
)
BLOCK = 100  # of the trade
PRICE = (Decimal("2500.5"), START - 60)
ONE = (Decimal("1.0001"), START - 3600)


def fed(native=PRICE, stable=ONE):
    """What the feeds said at the trade's block; ``...``: nothing."""
    said = {NATIVE: native, USD: stable}
    return {token: {BLOCK: answer} for token, answer in said.items() if answer is not ...}


def worth(sold, bought, feeds=None, *, fee=10**15, hop=None, **known):
    made = replace(trade(0, sold, bought), fee_native_raw=fee)
    return value(made, Prices(chain=CHAIN, fed=fed() if feeds is None else feeds, **known), hop)


def own(*lines, max_age_s=86_400):
    """A price file."""
    return price_file.parse(["chain,token,time,usd", *lines], chains={1: CHAIN}, max_age_s=max_age_s)


def told(valuation):
    return valuation.value_usd, valuation.source, valuation.as_of


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
    assert told(found) == (5001, "native_feed", START - 60)


@given(price=st.decimals(min_value="0.02", max_value="50", places=8))
def test_a_stable_counts_at_its_peg_within_one_percent_and_at_its_feed_outside(price):
    """Exactly 1 % off is still the peg."""
    found = worth([(USD, 10_000_000)], [(ASSET, 7)], fed(stable=(price, START - 3600)))
    if abs(price - 1) <= PEG_BAND:
        assert told(found) == (10, "peg", START)
    else:
        assert told(found) == (10 * price, "stable_feed", START - 3600)


def test_the_edge_of_the_band_is_one_percent():
    """0.99 and 1.01 are the peg; one unit of the feed further is not."""
    sources = [
        worth([(USD, 1)], [(ASSET, 7)], fed(stable=(Decimal(price), START))).source
        for price in ("0.98999999", "0.99", "1.01", "1.01000001")
    ]
    assert sources == ["stable_feed", "peg", "peg", "stable_feed"]


def test_a_peg_that_nobody_checked_says_so():
    """No feed, or a feed of which the node said nothing: the peg, under a name of its own."""
    assert told(worth([(UNCHECKED, 10**18)], [(ASSET, 7)])) == (1, "peg_unchecked", START)
    assert told(worth([(USD, 10**6)], [(ASSET, 7)], fed(stable=...))) == (1, "peg_unchecked", START)


def test_a_refused_answer_leaves_the_trade_unpriced():
    """A feed that gave a stale or absurd answer vouches for nothing: no peg, no older price, unknown."""
    for sold in ([(USD, 10**6)], [(NATIVE, 10**18)]):
        assert told(worth(sold, [(ASSET, 7)], fed(native=None, stable=None))) == (None, "none", None)
    assert worth([(USD, 10**6)], [(ASSET, 7)], fed(native=None)).gas_usd is None


def test_unknown_is_not_zero():
    """A rotation, a mixed side, or a missing feed leaves the value unknown."""
    assert worth([(ASSET, 7)], [(OTHER, 7)]).value_usd is None
    assert worth([(ASSET, 7), (USD, 5)], [(OTHER, 7)]).value_usd is None
    without = worth([(NATIVE, 7)], [(ASSET, 7)], {})
    assert (without.value_usd, without.gas_usd, without.source) == (None, None, "none")
    assert worth([(USD, 5)], [(ASSET, 7)], {}, fee=0).gas_usd == 0


def test_a_side_that_cannot_be_priced_leaves_the_word_to_the_other():
    """Dollars sold while their feed was refused, native coin bought: the native coin prices the trade."""
    found = worth([(USD, 10**6)], [(NATIVE, 10**18)], fed(stable=None))
    assert told(found) == (Decimal("2500.5"), "native_feed", START - 60)


def test_the_quote_token_between_two_assets_prices_a_rotation():
    """An own quote leg comes first; without one the hop's value and time count, and the source says so."""
    sides = [(ASSET, 7)], [(OTHER, 7)]
    assert told(worth(*sides, hop=Leg(WRAPPED, 10**18))) == (Decimal("2500.5"), "hop", START - 60)
    assert told(worth(*sides, {}, hop=Leg(USD, 5_000_000))) == (5, "hop", START)
    assert worth(*sides, {}, hop=Leg(WRAPPED, 10**18)).value_usd is None
    assert worth([(USD, 7_000_000)], [(ASSET, 7)], hop=Leg(WRAPPED, 1)).value_usd == 7


def test_the_file_prices_what_no_feed_does():
    """A token between others, by its own decimals; the native coin and a stable's peg where their feeds say nothing."""
    file = own(f"1,{ASSET},{START - 5},0.25", f"1,native,{START - 6},2000", f"test,{UNCHECKED},{START - 7},0.5")
    known = {"file": file, "decimals": {ASSET: 3, OTHER: 3}}
    assert told(worth([(ASSET, 8_000)], [(OTHER, 7)], **known)) == (2, "file", START - 5)
    assert told(worth([(OTHER, 7)], [(ASSET, 8_000)], **known)) == (2, "file", START - 5)
    assert told(worth([(ASSET, 8_000), (NATIVE, 10**18)], [(OTHER, 7)], {}, **known)) == (2002, "file", START - 6)
    assert told(worth([(UNCHECKED, 10**18)], [(ASSET, 7)], **known)) == (Decimal("0.5"), "file", START - 7)
    assert worth([(OTHER, 7)], [(USD, 10**6)], {}, **known).gas_usd == 2


def test_the_file_never_overrules_a_feed_or_a_quote_leg():
    """What the chain itself says of a quote token comes first."""
    file = own(f"1,native,{START},1", f"1,{USD},{START},5", f"1,{ASSET},{START},7")
    known = {"file": file, "decimals": {ASSET: 0}}
    assert told(worth([(USD, 10**6)], [(ASSET, 7)], **known)) == (1, "peg", START)
    assert told(worth([(ASSET, 7)], [(NATIVE, 10**18)], **known)) == (Decimal("2500.5"), "native_feed", START - 60)


def test_the_file_steps_in_for_a_refused_answer():
    """A stable's peg is then checked by the file, and the native coin is priced by it."""
    file = own(f"1,native,{START},2000", f"1,{USD},{START - 1},0.999")
    feeds = fed(native=None, stable=None)
    found = worth([(USD, 10**6)], [(ASSET, 7)], feeds, file=file)
    assert (found.value_usd, found.source, found.gas_usd) == (1, "peg", 2)


def test_without_decimals_a_token_has_no_price():
    """The file knows what one whole token costs; how many the wallet moved is unknown."""
    file = own(f"1,{ASSET},{START},0.25")
    for decimals in ({}, {ASSET: None}):
        assert worth([(ASSET, 8)], [(OTHER, 7)], file=file, decimals=decimals).value_usd is None


amounts = st.integers(min_value=0, max_value=2**256 - 1)


@given(
    legs=st.lists(
        st.tuples(st.sampled_from([USD, UNCHECKED, NATIVE, WRAPPED, ASSET]), amounts), min_size=1, max_size=5
    ),
    native=st.decimals(min_value="0.00000001", max_value="1e12", places=8),
    stable=st.decimals(min_value="0.01000001", max_value="99", places=8),
    asset=st.decimals(min_value="1e-30", max_value="1e12", places=30),
    decimals=st.integers(min_value=0, max_value=36),
)
def test_a_value_is_the_exact_sum_of_amount_times_price(legs, native, stable, asset, decimals):
    """For any amounts and prices: never rounded, never negative, of the kind Decimal."""
    found = worth(
        legs,
        [(OTHER, 1)],
        fed(native=(native, START), stable=(stable, START)),
        file=own(f"1,{ASSET},{START},{asset:f}"),
        decimals={ASSET: decimals},
    )
    held = Decimal(1) if abs(stable - 1) <= PEG_BAND else stable
    price = {USD: held, UNCHECKED: Decimal(1), NATIVE: native, WRAPPED: native, ASSET: asset}
    digits = {USD: 6, UNCHECKED: 18, NATIVE: 18, WRAPPED: 18, ASSET: decimals}
    exact = sum(Fraction(amount, 10 ** digits[token]) * Fraction(price[token]) for token, amount in legs)
    assert isinstance(found.value_usd, Decimal)
    assert Fraction(found.value_usd) == exact >= 0
