"""Native coin without a trace: refunds, fees that leave no log, and wraps that another contract made."""

from typing import Any

import pytest

from ingest.decode import decode_transaction, trades_in_transaction
from ingest.evm.attribution.router_fees import after_fees, calldata
from ingest.evm.venues.create2 import word
from ingest.types import NATIVE, Leg, NativeSource, Trade, VenueStatus
from tests.ingest.receipts import (
    COIN,
    FAKE,
    OTHER,
    ROUTER,
    USDC,
    USDC_WETH_V2,
    USDC_WETH_V3,
    WALLET,
    WETH,
    ZERO,
    deposit,
    log,
    receipt,
    transaction,
    transfer,
    v2_swap,
    v3_swap,
    withdrawal,
)

E18 = 10**18
SUMMARY = "0x" + "5e" * 32
SETTLER_BASIC = bytes.fromhex("38c9c147")


def decode(tx: dict[str, Any], logs: list[dict[str, Any]], **more: Any) -> list[Trade]:
    return trades_in_transaction(tx, receipt(*logs), wallet=WALLET, chain_id=1, timestamp=99, **more)


BUY = [
    deposit(ROUTER, E18),
    transfer(WETH, ROUTER, USDC_WETH_V2, E18),
    transfer(USDC, USDC_WETH_V2, WALLET, 1999),
    v2_swap(USDC_WETH_V2, 0, E18, 1999, 0),
]
SALE = [
    transfer(USDC, WALLET, USDC_WETH_V3, 2000),
    transfer(WETH, USDC_WETH_V3, ROUTER, E18),
    v3_swap(USDC_WETH_V3, 2000, -E18),
    withdrawal(ROUTER, E18),
]


@pytest.mark.parametrize(
    ("data", "sold"),
    [
        pytest.param(word(1999), E18, id="exact-amount-bought: refund"),
        pytest.param(word(E18), E18, id="exact-amount-spent: refund"),
        pytest.param(b"\x01\x02", E18 + 700, id="neither ordered: fee"),
        pytest.param(word(E18) + word(700), E18 + 700, id="the rest is ordered too: fee"),
    ],
)
def test_what_a_router_did_not_swap_is_a_refund_only_if_an_end_was_ordered(data: bytes, sold: int) -> None:
    """A fee is ordered beforehand; a refund is what is left where an exact amount was."""
    (trade,) = decode(transaction(value=E18 + 700, data=data), BUY)
    assert trade.sold == (Leg(NATIVE, sold),)


def test_most_of_what_was_sent_is_no_refund() -> None:
    """Where more than half was not seen used, it went somewhere unseen, whatever was ordered."""
    (trade,) = decode(transaction(value=3 * E18, data=word(1999)), BUY)
    assert trade.sold == (Leg(NATIVE, 3 * E18),)


def test_a_trace_knows_a_refund_without_the_calldata() -> None:
    """Internal transactions are seen, not inferred."""
    refund = [{"from": ROUTER, "to": WALLET, "value": "7"}]
    (trade,) = decode(transaction(value=E18 + 7), BUY, internal_transactions=refund)
    assert trade.sold == (Leg(NATIVE, E18),)


@pytest.mark.parametrize(
    ("words", "bought"),
    [
        pytest.param((WALLET, USDC, NATIVE, 2000, E18 - 5, E18 - 90), E18 - 5, id="a promise is below the payment"),
        pytest.param((WALLET, 2000, USDC, E18 - 5, 0), E18 - 5, id="zero is native beside the wallet"),
        pytest.param((WALLET, USDC, NATIVE, 2000, E18 + 2), E18 + 2, id="a router's dust"),
        pytest.param((WALLET, USDC, NATIVE, 2000, E18 * 8 // 10), E18, id="too far below what was unwrapped"),
        pytest.param((WALLET, USDC, NATIVE, 2000, E18 * 2), E18, id="more than there was"),
        pytest.param((WALLET, USDC, NATIVE, 2001, E18 - 5), E18, id="another amount sold"),
        pytest.param((OTHER, USDC, 0, 2000, E18 - 5), E18, id="names neither coin nor wallet"),
        pytest.param((WALLET, COIN, NATIVE, 2000, E18 - 5), E18, id="another token sold"),
    ],
)
def test_a_router_says_what_it_paid(words: tuple[str | int, ...], bought: int) -> None:
    """Its summary lowers what conservation allows, by what it kept; it cannot say much else."""
    (trade,) = decode(transaction(), [*SALE, log(ROUTER, SUMMARY, (), words)])
    assert trade.bought == (Leg(NATIVE, bought),)
    assert trade.native_source is NativeSource.WITHDRAWAL


def test_a_summary_alone_is_no_trade() -> None:
    """It tells an amount; whether there was a swap is for venues to say."""
    logs = [transfer(USDC, WALLET, OTHER, 2000), withdrawal(ROUTER, E18)]
    assert decode(transaction(), [*logs, log(ROUTER, SUMMARY, (), (WALLET, USDC, NATIVE, 2000, E18))]) == []


def basic(token: str, bps: int, offset: int = 0, size: int = 0) -> bytes:
    """One Settler action that gives a share of its balance to someone."""
    return SETTLER_BASIC + b"".join(map(word, (token, bps, OTHER, offset, 0xA0, size)))


def test_a_fee_ordered_in_basis_points_is_taken_off_native_proceeds() -> None:
    """Shares are taken one after another, each of what is left and rounded down; other actions are no fees."""
    data = b"\x00" * 3 + basic(NATIVE, 5) + basic(WETH, 10_000, 4, 36) + basic(NATIVE, 15)
    (trade,) = decode(transaction(data=data), SALE)
    assert trade.bought == (Leg(NATIVE, 998000750000000000),)
    assert after_fees(basic(NATIVE, 10_000) + basic(USDC, 5) + basic(NATIVE, 5, 4) + basic(NATIVE, 5, 0, 36), 7) == 7
    assert after_fees(basic(NATIVE, 5)[:-1], 10**6) == 10**6


@pytest.mark.parametrize("raw", [None, 7, "nonsense", "0x1", "0x"])
def test_calldata_that_cannot_be_read_is_empty(raw: object) -> None:
    """A node may leave it out or answer nonsense."""
    assert calldata({"input": raw}) == b""


WRAPPED_FOR_IT = [deposit(ROUTER, E18), transfer(WETH, ROUTER, WALLET, E18)]


def test_a_wrap_made_by_another_contract_is_the_whole_record() -> None:
    """Native coin given to a stranger for wrapped coin was an exchange, at a price of one."""
    assert decode(transaction(value=E18), WRAPPED_FOR_IT) == [
        Trade(
            chain_id=1,
            block_number=16,
            transaction_index=2,
            tx_hash="0x" + "ab" * 32,
            ordinal=0,
            wallet=WALLET,
            timestamp=99,
            sold=(Leg(NATIVE, E18),),
            bought=(Leg(WETH, E18),),
            venue="wrapped_native",
            venue_status=VenueStatus.VERIFIED,
            native_source=NativeSource.VALUE,
            fee_native_raw=5000,
        )
    ]


def test_an_unwrap_by_another_contract_is_a_trade_with_and_without_a_trace() -> None:
    """A wei that the router kept does not change what it was."""
    logs = [transfer(WETH, WALLET, ROUTER, E18), withdrawal(ROUTER, E18)]
    (trade,) = decode(transaction(), logs)
    assert (trade.sold, trade.bought) == ((Leg(WETH, E18),), (Leg(NATIVE, E18),))
    paid = [{"from": ROUTER, "to": WALLET, "value": str(E18 - 1)}]
    (trade,) = decode(transaction(), logs, internal_transactions=paid)
    assert (trade.sold, trade.bought) == ((Leg(WETH, E18),), (Leg(NATIVE, E18 - 1),))


@pytest.mark.parametrize(
    ("logs", "value"),
    [
        pytest.param([deposit(WALLET, E18)], E18, id="the wallet wrapped"),
        pytest.param([deposit(ROUTER, E18), transfer(WETH, ROUTER, OTHER, E18)], E18, id="for someone else"),
        pytest.param([deposit(ROUTER, E18), transfer(WETH, ROUTER, WALLET, E18 // 2)], E18, id="half came back"),
        pytest.param([transfer(WETH, OTHER, WALLET, E18)], E18, id="nobody wrapped"),
        pytest.param([*WRAPPED_FOR_IT, transfer(COIN, ZERO, WALLET, 5)], E18, id="more came with it"),
        pytest.param([deposit(ROUTER, E18), transfer(FAKE, ROUTER, WALLET, E18)], E18, id="another token"),
    ],
)
def test_other_wraps_are_no_trade(logs: list[dict[str, Any]], value: int) -> None:
    """Only a wrap by someone else, of all that was given and for all that came, is an exchange."""
    assert decode(transaction(value=value), logs) == []


def test_a_wrap_by_another_contract_needs_consent() -> None:
    """Nothing that a stranger sends makes the wallet a trader."""
    logs = [transfer(WETH, WALLET, ROUTER, E18), withdrawal(ROUTER, E18)]
    paid = [{"from": ROUTER, "to": WALLET, "value": str(E18)}]
    decoding = decode_transaction(
        transaction(sender=OTHER), receipt(*logs), wallet=WALLET, chain_id=1, internal_transactions=paid
    )
    assert decoding.trades == ()
