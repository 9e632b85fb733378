"""Whole transactions through the decoder: one golden case per route, and the cases that are no trade."""

from typing import Any

import pytest

from ingest.decode import decode_transaction, trades_in_transaction
from ingest.evm.logs import topics
from ingest.types import NATIVE, Leg, NativeSource, PoolFact, Trade, VenueStatus
from tests.ingest.receipts import (
    COIN,
    DAI,
    ENTRY_POINT,
    FAKE,
    MANAGER_V4,
    OTHER,
    ROUTER,
    SETTLEMENT,
    USDC,
    USDC_WETH_V2,
    USDC_WETH_V3,
    VAULT_V2,
    WALLET,
    WETH,
    ZERO,
    deposit,
    log,
    receipt,
    transaction,
    transfer,
    universal_router,
    v2_swap,
    v3_swap,
    withdrawal,
)

E18 = 10**18


def decode(tx: dict[str, Any], got: dict[str, Any], wallet: str = WALLET, **more: Any) -> list[Trade]:
    return trades_in_transaction(tx, got, wallet=wallet, chain_id=1, timestamp=99, **more)


def v3_sale(pool: str = USDC_WETH_V3, receiver: str = WALLET) -> list[dict[str, Any]]:
    """The wallet sells 2,000 USDC for 1 WETH in a v3 pool, directly."""
    return [
        transfer(WETH, pool, receiver, E18),
        transfer(USDC, WALLET, pool, 2000),
        v3_swap(pool, 2000, -E18),
    ]


def test_a_v3_swap_is_the_whole_record() -> None:
    """Every field of a trade comes from the transaction, its receipt and the arguments."""
    assert decode(transaction(), receipt(*v3_sale())) == [
        Trade(
            chain_id=1,
            block_number=16,
            transaction_index=2,
            tx_hash="0x" + "ab" * 32,
            ordinal=0,
            wallet=WALLET,
            timestamp=99,
            sold=(Leg(USDC, 2000),),
            bought=(Leg(WETH, E18),),
            venue="uniswap_v3",
            venue_status=VenueStatus.VERIFIED,
            native_source=None,
            fee_native_raw=5000,
        )
    ]


def test_a_v2_buy_with_the_native_coin_sells_the_value() -> None:
    """Native coin that a router wraps was sold by the wallet as native coin."""
    logs = [
        deposit(ROUTER, E18),
        transfer(WETH, ROUTER, USDC_WETH_V2, E18),
        transfer(USDC, USDC_WETH_V2, WALLET, 1999),
        v2_swap(USDC_WETH_V2, 0, E18, 1999, 0),
    ]
    (trade,) = decode(transaction(value=E18), receipt(*logs))
    assert trade.sold == (Leg(NATIVE, E18),)
    assert trade.bought == (Leg(USDC, 1999),)
    assert (trade.venue, trade.venue_status) == ("uniswap_v2", VenueStatus.VERIFIED)
    assert trade.native_source is NativeSource.VALUE


def test_native_proceeds_come_from_the_unwrap_without_a_trace() -> None:
    """What a router unwrapped went to the wallet that sent the transaction, and is marked as an estimate."""
    logs = [*v3_sale(receiver=ROUTER), withdrawal(ROUTER, E18)]
    (trade,) = decode(transaction(), receipt(*logs))
    assert trade.bought == (Leg(NATIVE, E18),)
    assert trade.native_source is NativeSource.WITHDRAWAL


def test_internal_transactions_overrule_the_estimate() -> None:
    """A trace knows what the wallet was paid after the router's fee."""
    internal = [
        {"from": ROUTER, "to": WALLET, "value": str(E18 - 5), "isError": "0"},
        {"from": ROUTER, "to": WALLET, "value": str(E18), "isError": "1"},
        {"from": ROUTER, "to": OTHER, "value": "5", "isError": "0"},
    ]
    logs = [*v3_sale(receiver=ROUTER), withdrawal(ROUTER, E18)]
    (trade,) = decode(transaction(), receipt(*logs), internal_transactions=internal)
    assert trade.bought == (Leg(NATIVE, E18 - 5),)
    assert trade.native_source is NativeSource.INTERNAL


def test_token_refunds_net_out() -> None:
    """What comes back of a token was not sold."""
    logs = [*v3_sale(), transfer(USDC, WALLET, ROUTER, 300), transfer(USDC, ROUTER, WALLET, 299)]
    assert decode(transaction(), receipt(*logs))[0].sold == (Leg(USDC, 2001),)


def test_hops_are_one_trade_and_all_venues_are_named_in_log_order() -> None:
    """Intermediate tokens are no legs."""
    logs = [
        transfer(USDC, WALLET, USDC_WETH_V3, 2000),
        transfer(WETH, USDC_WETH_V3, ROUTER, E18),
        v3_swap(USDC_WETH_V3, 2000, -E18),
        transfer(WETH, ROUTER, VAULT_V2, E18),
        transfer(DAI, VAULT_V2, WALLET, 1998 * E18),
        log(VAULT_V2, topics.BALANCER_V2_SWAP, (5, WETH, DAI), (E18, 1998 * E18)),
    ]
    (trade,) = decode(transaction(), receipt(*logs))
    assert (trade.sold, trade.bought) == ((Leg(USDC, 2000),), (Leg(DAI, 1998 * E18),))
    assert trade.venue == "uniswap_v3+balancer_v2"


def test_a_v4_pool_pays_native_coin_from_its_own_amounts() -> None:
    """Where no wrapped coin is involved the manager's event is the only record of the native side."""
    logs = [
        transfer(USDC, WALLET, MANAGER_V4, 2000),
        log(MANAGER_V4, topics.UNISWAP_V4_SWAP, (9, ROUTER), (E18, -2000, 1, 1, 0, 500)),
    ]
    (trade,) = decode(transaction(data=universal_router((0x10, b""))), receipt(*logs))
    assert trade.bought == (Leg(NATIVE, E18),)
    assert (trade.venue_status, trade.native_source) == (VenueStatus.VERIFIED, NativeSource.POOL)


def test_a_settlement_names_a_wallet_that_did_not_send() -> None:
    """A CoW trade is the owner's, who pays no gas; the solver who sent it has none."""
    logs = [
        transfer(USDC, WALLET, SETTLEMENT, 2000),
        transfer(DAI, SETTLEMENT, WALLET, 1999),
        log(SETTLEMENT, topics.COW_TRADE, (WALLET,), (USDC, DAI, 2000, 1999, 0, 192, 0)),
    ]
    (trade,) = decode(transaction(sender=OTHER), receipt(*logs))
    assert (trade.venue, trade.venue_status, trade.fee_native_raw) == ("cow", VenueStatus.VERIFIED, 0)
    assert decode(transaction(sender=OTHER), receipt(*logs), wallet=OTHER) == []
    forged = [*logs[:2], {**logs[2], "address": FAKE}]
    assert decode(transaction(sender=OTHER), receipt(*forged)) == []


def test_a_user_operation_authorises_its_account() -> None:
    """A bundled account counts as the sender, if a known entry point says so."""
    said = log(ENTRY_POINT, topics.USER_OPERATION, (7, WALLET, ZERO), (1, 1, 1, 1))
    tx = transaction(sender=OTHER)
    assert len(decode(tx, receipt(*v3_sale(), said))) == 1
    assert decode(tx, receipt(*v3_sale(), {**said, "address": FAKE})) == []
    assert decode(tx, receipt(*v3_sale())) == []


def test_a_swap_by_another_on_the_wallets_behalf_is_told_and_not_counted() -> None:
    """An executor with an approval may be the wallet's own or a thief's: no trade, and the reason says so."""

    def reasons(logs: list[dict[str, Any]]) -> tuple[str, ...]:
        decoding = decode_transaction(transaction(sender=OTHER), receipt(*logs), wallet=WALLET, chain_id=1)
        assert decoding.trades == ()
        assert decoding.on_behalf == decoding.reasons[0].startswith("Another swapped")
        return decoding.reasons

    [told] = reasons(v3_sale())
    assert told.startswith("Another swapped on the wallet's behalf")
    unknown, exchanged = v3_sale(FAKE), v3_sale()[:2]
    assert reasons(unknown) == reasons(exchanged) != (told,)


def test_an_account_with_code_of_its_own_acts_for_itself() -> None:
    """Being called, or saying that it executed, shows that a contract wallet agreed; being sent something does not."""
    tx = transaction(sender=OTHER)
    for topic in (topics.SAFE_EXECUTED, topics.SAFE_MODULE_EXECUTED):
        (trade,) = decode(tx, receipt(*v3_sale(), log(WALLET, topic, (), (1, 0))))
        assert trade.fee_native_raw == 0
        assert decode(tx, receipt(*v3_sale(), log(FAKE, topic, (), (1, 0)))) == []
    assert decode(tx, receipt(*v3_sale(), log(WALLET, topics.DEPOSIT, (OTHER,), (1,)))) == []
    assert len(decode(transaction(sender=OTHER, to=WALLET), receipt(*v3_sale()))) == 1


def test_a_forged_swap_is_no_trade() -> None:
    """An event whose emitter moved nothing like it proves nothing, whatever the wallet's tokens did."""
    logs = [
        transfer(COIN, OTHER, WALLET, 5),
        transfer(USDC, WALLET, OTHER, 2000),
        v3_swap(FAKE, 2000, -5),
    ]
    decoding = decode_transaction(transaction(), receipt(*logs), wallet=WALLET, chain_id=1)
    assert decoding.trades == ()
    assert [venue.status for venue in decoding.venues] == [None]
    logs[2] = v3_swap(USDC_WETH_V3, 2000, -5)
    assert decode(transaction(), receipt(*logs)) == []


def test_a_fake_emitter_with_real_transfers_is_unverified() -> None:
    """Anyone can write a contract that moves tokens like a pool: exported, but marked, until looked up."""
    pool = FAKE
    (trade,) = decode(transaction(), receipt(*v3_sale(pool)))
    assert trade.venue_status is VenueStatus.UNVERIFIED
    fact = PoolFact(factory=OTHER, tokens=(USDC, WETH))
    (trade,) = decode(transaction(), receipt(*v3_sale(pool)), known={pool: fact})
    assert trade.venue_status is VenueStatus.VERIFIED
    (trade,) = decode(transaction(), receipt(*v3_sale(pool)), known={pool: PoolFact(factory=None, tokens=())})
    assert trade.venue_status is VenueStatus.UNVERIFIED


def test_one_unverified_hop_makes_the_trade_unverified() -> None:
    """A verified pool on the way does not vouch for the one that set the price."""
    logs = [
        transfer(USDC, WALLET, USDC_WETH_V3, 2000),
        transfer(WETH, USDC_WETH_V3, FAKE, E18),
        v3_swap(USDC_WETH_V3, 2000, -E18),
        transfer(COIN, FAKE, WALLET, 77),
        v3_swap(FAKE, -77, E18),
    ]
    (trade,) = decode(transaction(), receipt(*logs))
    assert trade.venue_status is VenueStatus.UNVERIFIED


def test_an_unknown_chain_works_and_verifies_nothing() -> None:
    """A chain that nobody described has trades all the same."""
    (trade,) = trades_in_transaction(transaction(), receipt(*v3_sale()), wallet=WALLET, chain_id=31337)
    assert (trade.venue_status, trade.chain_id) == (VenueStatus.UNVERIFIED, 31337)


@pytest.mark.parametrize(
    ("logs", "value"),
    [
        pytest.param([deposit(WALLET, E18)], E18, id="wrap"),
        pytest.param([withdrawal(WALLET, E18)], 0, id="unwrap"),
        pytest.param([transfer(USDC, WALLET, OTHER, 5)], 0, id="payment"),
        pytest.param([transfer(USDC, OTHER, WALLET, 5)], 0, id="airdrop"),
        pytest.param([transfer(USDC, WALLET, FAKE, 5), transfer(FAKE, ZERO, WALLET, 5)], 0, id="vault-deposit"),
        pytest.param(
            [transfer(COIN, OTHER, WALLET, 9), transfer(USDC, WALLET, OTHER, 5)], 0, id="exchange-without-swap"
        ),
    ],
)
def test_what_is_no_swap_is_no_trade(logs: list[dict[str, Any]], value: int) -> None:
    """Tokens going out and others coming in are not enough: a swap must lead from one to the other."""
    internal = [{"from": WETH, "to": WALLET, "value": str(E18)}] if "Withdrawal" in str(logs) else None
    assert decode(transaction(value=value), receipt(*logs), internal_transactions=internal) == []


def test_a_zap_into_liquidity_is_no_trade() -> None:
    """Change of a swap inside a deposit is change: the wallet got a newly minted position, or an NFT."""
    swap = [
        transfer(USDC, WALLET, ROUTER, 2000),
        transfer(USDC, ROUTER, USDC_WETH_V3, 1000),
        transfer(WETH, USDC_WETH_V3, ROUTER, E18),
        v3_swap(USDC_WETH_V3, 1000, -E18),
        transfer(WETH, ROUTER, WALLET, 3),
    ]
    assert decode(transaction(), receipt(*swap, transfer(COIN, ZERO, WALLET, 44))) == []
    position = log(COIN, topics.TRANSFER, (ROUTER, WALLET, 12345))
    assert decode(transaction(), receipt(*swap, position)) == []


def test_shares_may_lie_between_hops_but_not_be_the_trade() -> None:
    """A route through a wrapped share is a trade; leaving a vault and swapping what came out is not."""
    share = COIN
    wrapped_on_the_way = [
        transfer(DAI, WALLET, share, 100),
        transfer(share, ZERO, ROUTER, 90),
        transfer(share, ROUTER, FAKE, 90),
        transfer(USDC, FAKE, WALLET, 101),
        log(FAKE, topics.CURVE_EXCHANGE, (ROUTER,), (0, 90, 1, 101)),
    ]
    (trade,) = decode(transaction(), receipt(*wrapped_on_the_way))
    assert (trade.sold, trade.bought) == ((Leg(DAI, 100),), (Leg(USDC, 101),))
    left_the_vault = [
        transfer(share, WALLET, ZERO, 90),
        transfer(DAI, share, ROUTER, 100),
        transfer(DAI, ROUTER, FAKE, 100),
        transfer(USDC, FAKE, WALLET, 101),
        log(FAKE, topics.CURVE_EXCHANGE, (ROUTER,), (0, 100, 1, 101)),
    ]
    assert decode(transaction(), receipt(*left_the_vault)) == []


def test_a_failed_transaction_is_no_trade() -> None:
    """Status 0 says that nothing happened; a receipt older than statuses says nothing."""
    assert decode(transaction(), receipt(*v3_sale(), status="0x0")) == []
    assert len(decode(transaction(), receipt(*v3_sale(), status=None))) == 1


def test_an_erc721_transfer_is_no_token_flow() -> None:
    """The id of an NFT is not an amount."""
    sent = log(COIN, topics.TRANSFER, (WALLET, OTHER, 12345))
    decoding = decode_transaction(transaction(), receipt(sent), wallet=WALLET, chain_id=1)
    assert decoding.flows == ()


def test_the_fee_includes_l1_data_and_falls_back_on_the_gas_price() -> None:
    """Rollups charge for data on top; old receipts have no effective price."""
    (trade,) = decode(transaction(), receipt(*v3_sale(), l1Fee="0x9"))
    assert trade.fee_native_raw == 5009
    old = receipt(*v3_sale())
    del old["effectiveGasPrice"]
    assert decode(transaction(), old)[0].fee_native_raw == 7000
