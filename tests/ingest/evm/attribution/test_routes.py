"""Routes that are more than a pool: facades, assets apart from their venue, liquidity, pegs, orders by hash."""

from typing import Any

import pytest

from ingest.decode import trades_in_transaction
from ingest.evm.attribution.oneinch import order_hash
from ingest.evm.logs import topics
from ingest.evm.venues.create2 import word
from ingest.evm.venues.curve import through_liquidity
from ingest.types import Leg, NativeSource, Trade, VenueStatus
from tests.ingest.receipts import (
    COIN,
    DAI,
    FAKE,
    OTHER,
    ROUTER,
    USDC,
    USDC_WETH_V3,
    WALLET,
    WETH,
    ZERO,
    log,
    receipt,
    transaction,
    transfer,
    v3_swap,
)

E18 = 10**18
OLD, NEW = "0x" + "a1" * 20, "0x" + "a2" * 20
TAKES, GIVES = "0x" + "b1" * 20, "0x" + "b2" * 20
POOL, LP, POOL2 = "0x" + "c1" * 20, "0x" + "c2" * 20, "0x" + "c3" * 20
PSM = "0xf6e72db5454dd049d0788e411b06cfaf16853042"
ROUTER_V6 = "0x111111125421ca6dc452d289314280a0f8842a65"
Raw = dict[str, Any]


def decode(logs: list[Raw], *, data: bytes = b"", sender: str = WALLET) -> list[Trade]:
    tx = transaction(sender=sender, data=data)
    return trades_in_transaction(tx, receipt(*logs), wallet=WALLET, chain_id=1, timestamp=99)


def both(source: str, target: str, amount: int) -> list[Raw]:
    """One movement told by the contract that keeps the balances and then by its facade."""
    return [transfer(NEW, source, target, amount), transfer(OLD, source, target, amount)]


def curve_sale(token: str, amount: int, pool: str = FAKE, account: str = ROUTER) -> list[Raw]:
    """``account`` sells a token to a pool for 101 COIN, which the wallet gets."""
    return [
        transfer(token, account, pool, amount),
        transfer(COIN, pool, WALLET, 101),
        log(pool, topics.CURVE_EXCHANGE, (account,), (0, amount, 1, 101)),
    ]


# -------------------- one token, two faces
def test_one_movement_told_by_two_contracts_is_the_first_ones() -> None:
    """The pool names the facade; the leg is the token behind it, once."""
    logs = [
        *both(WALLET, POOL, 77),
        transfer(WETH, POOL, WALLET, E18),
        log(POOL, topics.RELAY_SWAPPED, (), (WALLET, OLD, WETH, 77, E18)),
    ]
    assert decode(logs) == [
        Trade(
            chain_id=1,
            block_number=16,
            transaction_index=2,
            tx_hash="0x" + "ab" * 32,
            ordinal=0,
            wallet=WALLET,
            timestamp=99,
            sold=(Leg(NEW, 77),),
            bought=(Leg(WETH, E18),),
            venue="relay",
            venue_status=VenueStatus.UNVERIFIED,
            native_source=None,
            fee_native_raw=5000,
        )
    ]


def test_a_token_with_a_movement_of_its_own_is_no_facade() -> None:
    """Two tokens that happen to move alike once are two tokens."""
    logs = [
        *both(ROUTER, POOL, 77),
        transfer(OLD, WALLET, POOL, 78),
        transfer(WETH, POOL, WALLET, E18),
        log(POOL, topics.RELAY_SWAPPED, (), (WALLET, OLD, WETH, 78, E18)),
    ]
    (trade,) = decode(logs)
    assert trade.sold == (Leg(OLD, 78),)


def test_a_strangers_token_does_not_replace_a_known_one() -> None:
    """Anyone can repeat a movement of USDC in advance; USDC is known by address."""
    logs = [
        transfer(FAKE, WALLET, USDC_WETH_V3, 2000),
        transfer(USDC, WALLET, USDC_WETH_V3, 2000),
        transfer(WETH, USDC_WETH_V3, WALLET, E18),
        v3_swap(USDC_WETH_V3, 2000, -E18),
    ]
    (trade,) = decode(logs)
    assert (trade.sold, trade.venue_status) == ((Leg(USDC, 2000),), VenueStatus.VERIFIED)


# -------------------- assets that lie apart from the venue
def wombat(keeper: str, holder: str, emitter: str = POOL) -> list[Raw]:
    return [
        transfer(USDC, WALLET, keeper, 400),
        transfer(DAI, holder, WALLET, 399),
        log(emitter, topics.WOMBAT_SWAP, (ROUTER, WALLET), (USDC, DAI, 400, 399, 1)),
    ]


def test_a_venue_whose_assets_lie_in_contracts_of_their_own() -> None:
    """One contract kept what went in, another gave what came out; neither is the emitter."""
    (trade,) = decode(wombat(TAKES, GIVES))
    assert (trade.venue, trade.venue_status) == ("wombat", VenueStatus.UNVERIFIED)
    assert (trade.sold, trade.bought) == ((Leg(USDC, 400),), (Leg(DAI, 399),))


def test_what_only_passed_through_bears_no_swap_out() -> None:
    """Who gave part of it away kept nothing, and who was just handed it had nothing."""
    logs = wombat(TAKES, GIVES)
    assert decode([*logs, transfer(USDC, TAKES, OTHER, 5)]) == []
    assert decode([transfer(DAI, OTHER, GIVES, 200), transfer(DAI, OTHER, GIVES, 199), *logs]) == []


@pytest.mark.parametrize("selling", [True, False])
def test_a_peg_module_swaps_by_its_own_event(selling: bool) -> None:
    """It tells one amount; the other follows from the peg and the fee, and from who really gave it."""
    dai = 2972 * E18 + (-7 if selling else 7)
    moves = [(USDC, 2972 * 10**6), (DAI, dai)] if selling else [(DAI, dai), (USDC, 2972 * 10**6)]
    topic = topics.MAKER_SELL_GEM if selling else topics.MAKER_BUY_GEM
    logs = [
        transfer(moves[0][0], WALLET, TAKES, moves[0][1]),
        transfer(moves[1][0], GIVES, WALLET, moves[1][1]),
        log(PSM, topic, (WALLET,), (2972 * 10**6, 7)),
    ]
    (trade,) = decode(logs)
    assert (trade.sold, trade.bought) == ((Leg(*moves[0]),), (Leg(*moves[1]),))
    assert (trade.venue, trade.venue_status) == ("maker_psm", VenueStatus.VERIFIED)
    assert decode([*logs[:2], {**logs[2], "address": FAKE}]) == []


# -------------------- liquidity as a route
def in_and_out(*, minted: int = 90, account: str = ROUTER, topic: str = topics.CURVE_REMOVE_ONE) -> list[Raw]:
    """USDC is added to a pool and COIN taken out of it by the same account."""
    out = {
        topics.CURVE_REMOVE_ONE_OLD: (90, 101),
        topics.CURVE_REMOVE_ONE: (90, 101, 5000),
        topics.CURVE_REMOVE_ONE_NG: (1, 90, 101, 5000),
    }[topic]
    return [
        transfer(USDC, WALLET, POOL, 100),
        transfer(LP, ZERO, ROUTER, minted),
        log(POOL, topics.CURVE_ADD_3, (ROUTER,), (0, 100, 0, 1, 1, 1, 5090, 5090)),
        transfer(LP, account, ZERO, 90),
        transfer(COIN, POOL, WALLET, 101),
        log(POOL, topic, (account,), out),
    ]


@pytest.mark.parametrize("topic", [topics.CURVE_REMOVE_ONE_OLD, topics.CURVE_REMOVE_ONE, topics.CURVE_REMOVE_ONE_NG])
def test_adding_one_coin_and_removing_another_is_a_swap(topic: str) -> None:
    """The pool's liquidity events say so, where no share stayed behind."""
    (trade,) = decode(in_and_out(topic=topic))
    assert (trade.sold, trade.bought) == ((Leg(USDC, 100),), (Leg(COIN, 101),))
    assert (trade.venue, trade.venue_status) == ("curve", VenueStatus.UNVERIFIED)


def test_liquidity_that_stays_is_no_swap() -> None:
    """Other shares than those minted, or another account, are a position being changed."""
    assert decode(in_and_out(minted=91)) == []
    assert decode(in_and_out(account=OTHER)) == []
    assert decode(in_and_out()[:3]) == []
    assert decode(in_and_out()[3:]) == []


def test_two_coins_added_are_no_one_price() -> None:
    """What came out cannot be said to have been paid with either."""
    logs = in_and_out()
    logs[2] = log(POOL, topics.CURVE_ADD_3, (ROUTER,), (1, 100, 0, 1, 1, 1, 5090, 5090))
    assert decode(logs) == []
    assert list(through_liquidity(())) == []


def test_pool_shares_may_lie_between_hops() -> None:
    """A share token apart from its pool is linked to the pool's coins by the pool's event."""
    zap = [
        transfer(USDC, WALLET, POOL, 100),
        transfer(LP, ZERO, ROUTER, 90),
        log(POOL, topics.CURVE_ADD_NG, (ROUTER,), (160, 256, 1, 5090, 2, 100, 0)),
    ]
    (trade,) = decode([*zap, *curve_sale(LP, 90, POOL2)])
    assert (trade.sold, trade.bought) == ((Leg(USDC, 100),), (Leg(COIN, 101),))
    assert decode([*zap[:2], *curve_sale(LP, 90, POOL2)]) == []
    leaving = [
        transfer(LP, WALLET, ROUTER, 90),
        transfer(LP, ROUTER, ZERO, 90),
        transfer(USDC, POOL, ROUTER, 100),
        log(POOL, topics.CURVE_REMOVE_ONE, (ROUTER,), (90, 100, 5000)),
    ]
    assert decode([*leaving, *curve_sale(USDC, 100, POOL2)]) == []


def exchanged_at_par(*, given: int = 100, from_outside: bool = False) -> list[Raw]:
    """The wallet's OLD is burned by a converter, which gives the router USDC."""
    supply = [transfer(USDC, OTHER, TAKES, given)] if from_outside else []
    return [
        transfer(OLD, WALLET, TAKES, 100),
        transfer(OLD, TAKES, ZERO, 100),
        *supply,
        transfer(USDC, TAKES, ROUTER, given),
        *curve_sale(USDC, given),
    ]


@pytest.mark.parametrize("given", [100, 100 * 10**12, 1])
def test_a_token_exchanged_at_par_may_begin_a_route(given: int) -> None:
    """A transmuter burns one form of a token and gives as much of the other, in whatever decimals."""
    (trade,) = decode(exchanged_at_par(given=given))
    assert (trade.sold, trade.bought) == ((Leg(OLD, 100),), (Leg(COIN, 101),))


def test_leaving_a_position_does_not_begin_a_route() -> None:
    """Another amount is a share's price; a router that hands on what it was given has nothing of its own."""
    assert decode(exchanged_at_par(given=103)) == []
    assert decode(exchanged_at_par(from_outside=True)) == []


def test_an_exchange_at_par_alone_is_no_trade() -> None:
    """A migration changes the form of a position."""
    assert (
        decode([transfer(OLD, WALLET, TAKES, 9), transfer(OLD, TAKES, ZERO, 9), transfer(NEW, ZERO, WALLET, 9)]) == []
    )


# -------------------- orders by their hash
def test_an_order_hash_is_the_one_that_the_router_publishes() -> None:
    """Two orders of mainnet as their protocol's own tests record them."""
    fields: list[tuple[str | int, ...]] = [
        (
            102412815596156525137376967412477025111761562902072504909418068904100646989168,
            "0xe2668d9bef0a686c9874882f7037758b5b520e5c",
            ZERO,
            WETH,
            "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599",
            33058558528525703,
            147681,
            62419173104490761595518734107493289545375808488163256166876037723686174720000,
        ),
        (
            102412815605188492728297784997818915205705878873010401762040598952855113412064,
            "0xdc8152a435d76fc89ced8255e28f690962c27e52",
            ZERO,
            USDC,
            "0xdac17f958d2ee523a2206206994597c13d831ec7",
            30000000,
            20653338,
            62419173104490761595518734107503940736863610329190665072877236599067968012288,
        ),
    ]
    assert [f"{order_hash(b''.join(map(word, order)), ROUTER_V6, 1):064x}" for order in fields] == [
        "496755a88564d8ded6759dff0252d3e6c3ef1fe42b4fa1bbc3f03bd2674f1078",
        "153386fa8e0b27b09d1250455521531e392e342571de31ac50836a3b6b9001d8",
    ]


def test_a_filled_order_names_its_maker_in_the_calldata() -> None:
    """The maker sent nothing; the hash of its order, wherever it stands, is the one that the router filled."""
    order = b"".join(map(word, (5, WALLET, ZERO, USDC, DAI, 2000, 1990, 0)))
    filled = log(ROUTER_V6, topics.ONEINCH_FILLED, (), (order_hash(order, ROUTER_V6, 1), 0))
    moves = [transfer(USDC, WALLET, OTHER, 2000), transfer(DAI, OTHER, WALLET, 1999)]
    data = b"\x12\x34\x56\x78" + word(WALLET) + b"\x00" * 5 + order + word(9)
    (trade,) = decode([*moves, filled], data=data, sender=OTHER)
    assert (trade.sold, trade.bought) == ((Leg(USDC, 2000),), (Leg(DAI, 1999),))
    assert (trade.venue, trade.venue_status, trade.fee_native_raw) == ("oneinch", VenueStatus.VERIFIED, 0)
    assert trade.native_source is not NativeSource.INTERNAL
    assert decode([*moves, {**filled, "address": FAKE}], data=data, sender=OTHER) == []
    assert decode([*moves, filled], data=data.replace(word(1990), word(1991)), sender=OTHER) == []
    assert decode([*moves, filled], sender=OTHER) == []
