"""The wallet's own way: swaps of others in the same transaction change nothing, with a trace and without."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import decode_transaction, trades_in_transaction
from ingest.evm import chains
from ingest.evm.logs import topics
from ingest.evm.venues import uniswap_v2
from ingest.types import NATIVE, Leg, NativeSource, Trade, VenueStatus
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
    Raw,
    call,
    deposit,
    log,
    receipt,
    transaction,
    transfer,
    v3_swap,
    withdrawal,
)

E18 = 10**18
FACTORY = next(dex for dex in chains.by_id(1).dexes if dex.kind == "uniswap_v2")
OTHERS_ROUTER = "0x" + "77" * 20
SELL_FOR_ETH, SELL_FOR_TOKENS = "791ac947", "5c11d795"  # swapExactTokensForETH…, swapExactTokensForTokens…
BUY_EXACT = "fb3bdb41"  # swapETHForExactTokens


def pair(token: str) -> str:
    """The address of a token's real pair with WETH."""
    [address] = uniswap_v2.derive(FACTORY, *sorted((token, WETH)))
    return address


def swap(pool: str, token: str, gave: int, got: int, *, selling: bool = True) -> Raw:
    """A pair's event: the token against WETH, sold or bought."""
    sides = [(gave, 0), (0, got)] if selling else [(0, got), (gave, 0)]
    first, second = sides if token < WETH else sides[::-1]
    return log(pool, topics.UNISWAP_V2_SWAP, (ROUTER, ROUTER), (first[0], second[0], first[1], second[1]))


def sale(seller: str, router: str, amount: int, brought: int, token: str = COIN) -> list[Raw]:
    """Somebody sells a token for native coin through a router."""
    pool = pair(token)
    return [
        transfer(token, seller, pool, amount),
        transfer(WETH, pool, router, brought),
        swap(pool, token, amount, brought),
        withdrawal(router, brought),
    ]


def purchase(router: str, target: str, cost: int, amount: int, token: str = COIN) -> list[Raw]:
    """A router buys a token with native coin for somebody."""
    pool = pair(token)
    return [
        deposit(router, cost),
        transfer(WETH, router, pool, cost),
        transfer(token, pool, target, amount),
        swap(pool, token, cost, amount, selling=False),
    ]


def sells(receiver: str = WALLET) -> Raw:
    return transaction(data=call(SELL_FOR_ETH, 5, 1, 160, receiver, 99, 2, COIN, WETH))


def paid(*payments: tuple[str, str, int]) -> list[dict[str, Any]]:
    return [{"from": a, "to": b, "value": str(amount), "isError": "0"} for a, b, amount in payments]


def decode(tx: Raw, logs: list[Raw], **more: Any) -> list[Trade]:
    return trades_in_transaction(tx, receipt(*logs), wallet=WALLET, chain_id=1, timestamp=99, **more)


def legs(trades: list[Trade]) -> list[tuple[tuple[Leg, ...], tuple[Leg, ...], VenueStatus]]:
    return [(trade.sold, trade.bought, trade.venue_status) for trade in trades]


def test_a_sale_in_which_the_token_sells_for_itself_is_the_whole_record() -> None:
    """What the token's contract sold, and unwrapped through the same router, is not the wallet's."""
    logs = [*sale(COIN, ROUTER, 900, 7 * E18), *sale(WALLET, ROUTER, 100, E18)]
    made = Trade(
        chain_id=1,
        block_number=16,
        transaction_index=2,
        tx_hash="0x" + "ab" * 32,
        ordinal=0,
        wallet=WALLET,
        timestamp=99,
        sold=(Leg(COIN, 100),),
        bought=(Leg(NATIVE, E18),),
        venue="uniswap_v2",
        venue_status=VenueStatus.VERIFIED,
        native_source=NativeSource.WITHDRAWAL,
        fee_native_raw=5000,
    )
    assert decode(sells(), logs) == [made]
    traced = decode(sells(), logs, internal_transactions=paid((ROUTER, COIN, 7 * E18), (ROUTER, WALLET, E18)))
    assert legs(traced) == legs([made])


LIQUIDITY = [  # a token adds liquidity of its own: half of what it sold for, and as much of itself
    transfer(COIN, COIN, pair(COIN), 40),
    deposit(ROUTER, E18),
    transfer(WETH, ROUTER, pair(COIN), E18),
    transfer(pair(COIN), ZERO, COIN, 9),
]
OWN: dict[str, tuple[Raw, list[Raw]]] = {
    "sale for native coin": (sells(), sale(WALLET, ROUTER, 100, E18)),
    "sale for native coin by an aggregator": (
        transaction(data=call("12aa3caf", FAKE, COIN, NATIVE, FAKE, WALLET, 100, 1, 0)),
        [transfer(COIN, WALLET, FAKE, 100), *sale(FAKE, ROUTER, 100, E18)],
    ),
    "sale for a token": (
        transaction(data=call(SELL_FOR_TOKENS, 5, 1, 160, WALLET, 99)),
        [
            transfer(COIN, WALLET, pair(COIN), 100),
            transfer(WETH, pair(COIN), USDC_WETH_V3, E18),
            swap(pair(COIN), COIN, 100, E18),
            transfer(USDC, USDC_WETH_V3, WALLET, 2000),
            v3_swap(USDC_WETH_V3, -2000, E18),
        ],
    ),
    "purchase": (transaction(value=E18, data=call("7ff36ab5", 1, 128, WALLET, 99)), purchase(ROUTER, WALLET, E18, 90)),
    "purchase with a refund": (
        transaction(value=2 * E18, data=call(BUY_EXACT, 90, 128, WALLET, 99)),
        purchase(ROUTER, WALLET, E18, 90),
    ),
}
STRANGE: dict[str, list[Raw]] = {
    "the token sells for itself": sale(COIN, ROUTER, 900, 7 * E18),
    "the token sells for itself through another router": sale(COIN, OTHERS_ROUTER, 900, 7 * E18),
    "another sells the same token": sale(OTHER, OTHERS_ROUTER, 55, 3 * E18),
    "another sells another token": sale(OTHER, OTHERS_ROUTER, 55, 3 * E18, token=DAI),
    "another is paid in a token": [
        transfer(DAI, OTHER, pair(DAI), 70),
        transfer(WETH, pair(DAI), FAKE, 2 * E18),
        swap(pair(DAI), DAI, 70, 2 * E18),
    ],
    "a stranger unwraps": [withdrawal(OTHER, 4 * E18)],
}


@given(
    st.sampled_from(sorted(OWN)),
    st.lists(st.sampled_from(sorted(STRANGE)), max_size=3),
    st.lists(st.sampled_from(sorted(STRANGE.keys() - {"the token sells for itself"})), max_size=2),
)
def test_what_others_do_in_the_transaction_never_changes_the_wallets_legs(
    own: str, before: list[str], after: list[str]
) -> None:
    """Sales of a token for itself, swaps, payments and unwraps of others, in any order: the legs and status stay."""
    tx, logs = OWN[own]
    [plain] = decode(tx, logs)
    assert plain.venue_status is VenueStatus.VERIFIED
    noise = [entry for name in before for entry in STRANGE[name]], [entry for name in after for entry in STRANGE[name]]
    assert legs(decode(tx, [*noise[0], *logs, *noise[1]])) == legs([plain])


@pytest.mark.parametrize("before", [[], [*sale(COIN, ROUTER, 900, 2 * E18), *LIQUIDITY]])
def test_liquidity_that_the_token_adds_for_itself_is_not_taken_off(before: list[Raw]) -> None:
    """It wraps what its own sale brought, before the wallet's coins are anywhere."""
    assert legs(decode(sells(), [*before, *sale(WALLET, ROUTER, 100, E18)])) == [
        ((Leg(COIN, 100),), (Leg(NATIVE, E18),), VenueStatus.VERIFIED)
    ]


def test_a_plain_transfer_of_a_token_that_sells_for_itself_is_no_trade() -> None:
    """Sending a token triggers its own sale; the wallet sold nothing."""
    logs = [*sale(COIN, ROUTER, 900, E18), transfer(COIN, WALLET, OTHER, 100)]
    decoding = decode_transaction(
        transaction(to=COIN, data=call("a9059cbb", OTHER, 100)), receipt(*logs), wallet=WALLET, chain_id=1
    )
    assert decoding.trades == ()
    assert decoding.reasons == ("Nothing came into the wallet.",)


def test_a_sale_whose_proceeds_go_to_somebody_else_is_no_trade() -> None:
    """The call names who is paid; a trace says the same."""
    logs = sale(WALLET, ROUTER, 100, E18)
    assert decode(sells(OTHER), logs) == []
    assert decode(sells(OTHER), logs, internal_transactions=paid((ROUTER, OTHER, E18))) == []


def test_native_coin_of_the_tokens_own_sale_is_no_second_leg() -> None:
    """Sold for another token: what the token's contract was paid meanwhile is not the wallet's."""
    tx, logs = OWN["sale for a token"]
    [trade] = decode(tx, [*sale(COIN, OTHERS_ROUTER, 900, 7 * E18), *logs])
    assert (trade.bought, trade.native_source) == ((Leg(USDC, 2000),), None)


def test_a_maker_whom_another_served_gets_no_native_coin_beside_its_token() -> None:
    """What the taker unwrapped is the taker's."""
    router = next(dex.factory for dex in chains.by_id(1).dexes if dex.kind == "oneinch")
    logs = [
        log(router, topics.ONEINCH_FILLED_V3, (WALLET,), (7, 8)),
        transfer(USDC, WALLET, ROUTER, 2000),
        transfer(DAI, ROUTER, WALLET, 1990),
        transfer(USDC, ROUTER, USDC_WETH_V3, 2000),
        transfer(WETH, USDC_WETH_V3, ROUTER, E18),
        v3_swap(USDC_WETH_V3, 2000, -E18),
        withdrawal(ROUTER, E18),
    ]
    [trade] = decode(transaction(sender=OTHER), logs)
    assert (trade.sold, trade.bought) == ((Leg(USDC, 2000),), (Leg(DAI, 1990),))


def test_who_takes_a_uniswapx_order_swapped_with_its_maker() -> None:
    """The reactor names the maker: what it gave was bought, for native coin where no token came to it."""
    reactor = next(dex.factory for dex in chains.by_id(1).dexes if dex.kind == "uniswapx")
    logs = [
        transfer(DAI, OTHER, ROUTER, 2000),
        transfer(DAI, ROUTER, WALLET, 2000),
        transfer(WETH, WALLET, ROUTER, E18),
        withdrawal(ROUTER, E18),
        log(reactor, topics.UNISWAPX_FILL, (5, ROUTER, OTHER), (6,)),
    ]
    assert legs(decode(transaction(), logs)) == [((Leg(WETH, E18),), (Leg(DAI, 2000),), VenueStatus.VERIFIED)]
    forged = [*logs[:-1], {**logs[-1], "address": FAKE}]
    assert decode(transaction(), forged) == []


@pytest.mark.parametrize(("logged", "known"), [(50, True), (49, False), (200, True), (201, False), (99, True)])
@pytest.mark.parametrize("selling", [True, False])
def test_what_a_token_logs_may_miss_what_the_pool_saw_by_half(logged: int, known: bool, selling: bool) -> None:
    """Taxes make it more or less, shares of taxes too: sales and purchases are told alike, of a real pool only."""
    pool = pair(COIN)
    if selling:
        logs = [transfer(COIN, WALLET, pool, logged), transfer(WETH, pool, WALLET, E18), swap(pool, COIN, 100, E18)]
        made = (Leg(COIN, logged),), (Leg(WETH, E18),)
    else:
        bought = swap(pool, COIN, E18, 100, selling=False)
        logs = [transfer(WETH, WALLET, pool, E18), transfer(COIN, pool, WALLET, logged), bought]
        made = (Leg(WETH, E18),), (Leg(COIN, logged),)
    assert legs(decode(transaction(), logs)) == ([(*made, VenueStatus.VERIFIED)] if known else [])
    if logged != 100:
        assert (
            decode(transaction(), [{**entry, "address": FAKE} if entry is logs[2] else entry for entry in logs]) == []
        )
