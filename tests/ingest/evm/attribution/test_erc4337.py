"""Bundles of operations: what one wallet's operation did proves nothing for another's."""

from typing import Any

from ingest.decode import decode_transaction
from ingest.evm.logs import topics
from ingest.evm.venues.create2 import word
from ingest.types import NATIVE, Leg, NativeSource, Trade
from tests.ingest.receipts import (
    COIN,
    ENTRY_POINT,
    FAKE,
    OTHER,
    ROUTER,
    USDC,
    USDC_WETH_V3,
    WALLET,
    WETH,
    ZERO,
    Raw,
    deposit,
    log,
    receipt,
    transaction,
    transfer,
    v3_swap,
)

E18 = 10**18
BEGIN = log(ENTRY_POINT, topics.BEFORE_EXECUTION)


def ended(account: str, entry_point: str = ENTRY_POINT) -> Raw:
    return log(entry_point, topics.USER_OPERATION, (7, account, ZERO), (1, 1, 1, 1))


def bought_with_native(account: str) -> list[Raw]:
    """An account has a router wrap 1 native coin and buy 2,000 USDC."""
    return [
        deposit(ROUTER, E18),
        transfer(WETH, ROUTER, USDC_WETH_V3, E18),
        transfer(USDC, USDC_WETH_V3, account, 2000),
        v3_swap(USDC_WETH_V3, -2000, E18),
    ]


def trades(*logs: Raw, wallet: str = WALLET, data: bytes = b"", **more: Any) -> tuple[Trade, ...]:
    bundle = transaction(sender=FAKE, to=ENTRY_POINT, data=data)
    return decode_transaction(bundle, receipt(*logs), wallet=wallet, chain_id=1, **more).trades


CALL = b"\x12" * 4 + word(E18)
"""A bundle whose calldata names a call's value."""


def test_native_coin_that_an_account_spent_stands_in_the_calldata() -> None:
    """No log and no value shows what a smart account paid; its own call names what the router wrapped."""
    (trade,) = trades(BEGIN, *bought_with_native(WALLET), ended(WALLET), data=CALL)
    assert (trade.sold, trade.bought) == ((Leg(NATIVE, E18),), (Leg(USDC, 2000),))
    assert (trade.native_source, trade.fee_native_raw) == (NativeSource.POOL, 0)


def test_native_coin_that_no_call_names_is_not_guessed() -> None:
    """Somebody wrapped it; nothing says that it was the account's."""
    assert trades(BEGIN, *bought_with_native(WALLET), ended(WALLET)) == ()


def test_a_trace_overrules_the_calldata() -> None:
    """What was really paid is known then."""
    internal = [{"from": WALLET, "to": ROUTER, "value": str(E18 + 5), "isError": "0"}]
    logs = (BEGIN, *bought_with_native(WALLET), ended(WALLET))
    (trade,) = trades(*logs, data=CALL, internal_transactions=internal)
    assert trade.sold == (Leg(NATIVE, E18 + 5),)


def test_a_strangers_swap_in_the_bundle_explains_nothing() -> None:
    """The wallet's own operation gives USDC and gets WETH by transfers alone: a stranger swapped the two."""
    stranger = [
        transfer(USDC, OTHER, USDC_WETH_V3, 2000),
        transfer(WETH, USDC_WETH_V3, OTHER, E18),
        v3_swap(USDC_WETH_V3, 2000, -E18),
    ]
    own = [transfer(USDC, WALLET, FAKE, 5), transfer(WETH, FAKE, WALLET, 5)]
    assert trades(BEGIN, *stranger, ended(OTHER), *own, ended(WALLET)) == ()
    assert trades(BEGIN, *own, ended(WALLET), *stranger, ended(OTHER)) == ()


def test_each_account_of_a_bundle_has_its_own_trade() -> None:
    """Two accounts that buy the same in the same pool are told apart by their operations."""
    logs = (BEGIN, *bought_with_native(OTHER), ended(OTHER), *bought_with_native(WALLET), ended(WALLET))
    for account in (OTHER, WALLET):
        (trade,) = trades(*logs, wallet=account, data=CALL)
        assert (trade.sold, trade.bought) == ((Leg(NATIVE, E18),), (Leg(USDC, 2000),))


def test_a_strangers_entry_point_divides_nothing() -> None:
    """Events of an unknown contract neither authorise a wallet nor hide a swap from it."""
    logs = (log(COIN, topics.BEFORE_EXECUTION), *bought_with_native(WALLET), ended(WALLET, entry_point=COIN))
    assert trades(*logs, data=CALL) == ()
    own = decode_transaction(transaction(value=E18), receipt(*logs), wallet=WALLET, chain_id=1)
    assert own.trades[0].sold == (Leg(NATIVE, E18),)
