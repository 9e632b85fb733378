"""What a call orders to be done with native coin, and what is settled of it without a trace."""

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import trades_in_transaction
from ingest.evm.attribution.calldata import Call, read_call
from ingest.evm.attribution.router_fees import SAFE_RECEIVED
from ingest.types import NATIVE, Leg, Trade, VenueStatus
from tests.builders import trade
from tests.ingest.receipts import (
    COIN,
    OTHER,
    ROUTER,
    USDC,
    USDC_WETH_V2,
    WALLET,
    WETH,
    Raw,
    call,
    deposit,
    log,
    multicall,
    receipt,
    transaction,
    transfer,
    universal_router,
    v2_swap,
    withdrawal,
)

E18 = 10**18
SAFE = "0x" + "5a" * 20
EVENT = "0x" + "5e" * 32
CALLER = "0x" + "00" * 19 + "01"  # the Universal Router's stand-ins
ITSELF = "0x" + "00" * 19 + "02"
METAMASK = bytes.fromhex("5f575529") + encode(
    ["string", "address", "uint256", "bytes"],
    [
        "a feed",
        USDC,
        2000,
        encode(["address", "address", "uint256", "uint256"], [USDC, WALLET, 2000, E18])
        + encode(["uint256", "uint256", "address", "bool"], [288, E18 // 100, OTHER, True]),
    ],
)


def router(kind: int, *values: str | int) -> tuple[int, bytes]:
    """One command of the Universal Router with its three or two words."""
    return kind, b"".join(call("", value) for value in values)


@pytest.mark.parametrize(
    ("data", "orders"),
    [
        pytest.param(call("18cbafe5", 5, 1, 160, OTHER, 99), Call(receiver=OTHER), id="v2"),
        pytest.param(call("4a25d94a", 5, 1, 160, WALLET, 99), Call(receiver=WALLET), id="v2 exact output"),
        pytest.param(call("7ff36ab5", 1, 128, WALLET, 99), Call(), id="v2 buy"),
        pytest.param(call("fb3bdb41", 1, 128, WALLET, 99), Call(refunds=True), id="v2 exact buy"),
        pytest.param(call("803ba26d", 128, 1, 1, 0), Call(), id="zero is the caller"),
        pytest.param(call("2e95b6c8", USDC, 1, 1, 128), Call(), id="unoswap"),
        pytest.param(
            bytes.fromhex("7c025200")
            + encode(
                ["address", "(address,address,address,address,uint256,uint256,uint256,bytes)", "bytes"],
                [ROUTER, (USDC, WETH, ROUTER, OTHER, 1, 1, 0, b""), b"\x01"],
            ),
            Call(receiver=OTHER),
            id="1inch's description",
        ),
        pytest.param(multicall(call("49404b7c", 1, WALLET)), Call(receiver=WALLET), id="v3 unwrap"),
        pytest.param(multicall(call("db3e2198", 1), call("12210e8a")), Call(refunds=True), id="v3 refund"),
        pytest.param(
            multicall(call("9b2c0a37", 1, OTHER, 25, SAFE)), Call(receiver=OTHER, bips=(25,)), id="v3 unwrap with fee"
        ),
        pytest.param(multicall(call("d4ef38de", 1, 25, SAFE)), Call(bips=(25,)), id="v3 unwrap for the caller"),
        pytest.param(
            universal_router(router(0x0C, ITSELF, 1), router(0x06, 0, SAFE, 25), router(0x04, 0, CALLER, 1)),
            Call(refunds=True, bips=(25,)),
            id="universal router: a portion",
        ),
        pytest.param(
            universal_router(router(0x05, 0, SAFE, 700), router(0x0B, ITSELF, 7), router(0x0C, OTHER, 0)),
            Call(receiver=OTHER, refunds=True, fee=700),
            id="universal router: a transfer, and the rest to another",
        ),
        pytest.param(universal_router(router(0x04, USDC, WALLET, 1)), Call(), id="universal router: a token swept"),
        pytest.param(METAMASK, Call(fee=E18 // 100), id="metamask"),
        pytest.param(call("deadbeef", 5), None, id="unknown"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_a_call_is_read_by_its_public_interface(data: bytes, orders: Call | None) -> None:
    """Who is paid, what goes back and what is kept stand in the calldata of known routers."""
    assert read_call(data) == orders


@given(st.sampled_from(["18cbafe5", "7c025200", "5ae401dc", "3593564c", "5f575529"]), st.binary(max_size=400))
def test_a_call_that_is_cut_off_or_nonsense_raises_nothing(selector: str, rest: bytes) -> None:
    """Calldata is a stranger's bytes."""
    read_call(bytes.fromhex(selector) + rest)


def test_fees_are_kept_one_after_another() -> None:
    """A fixed amount first, then shares of what is left, rounded down."""
    assert Call(fee=100, bips=(100, 50)).keeps(10_000) == 100 + 99 + 49


SALE = [
    transfer(USDC, WALLET, USDC_WETH_V2, 2000),
    transfer(WETH, USDC_WETH_V2, ROUTER, E18),
    v2_swap(USDC_WETH_V2, 2000, 0, 0, E18),
    withdrawal(ROUTER, E18),
]
BUY = [
    deposit(ROUTER, E18),
    transfer(WETH, ROUTER, USDC_WETH_V2, E18),
    transfer(USDC, USDC_WETH_V2, WALLET, 1999),
    v2_swap(USDC_WETH_V2, 0, E18, 1999, 0),
]
SETTLED, OPEN = VenueStatus.VERIFIED, VenueStatus.UNVERIFIED


def decode(logs: list[Raw], data: bytes = b"", value: int = 0, **more: Any) -> Trade:
    tx = transaction(data=data, value=value)
    [made] = trades_in_transaction(tx, receipt(*logs), wallet=WALLET, chain_id=1, **more)
    return made


@pytest.mark.parametrize(
    ("data", "more", "got", "status", "bounds"),
    [
        pytest.param(call("18cbafe5", 2000, 1, 160, WALLET), [], E18, SETTLED, None, id="no fee"),
        pytest.param(
            multicall(call("9b2c0a37", 1, WALLET, 25, SAFE)), [], E18 * 9975 // 10_000, SETTLED, None, id="bips"
        ),
        pytest.param(METAMASK, [], E18 * 99 // 100, SETTLED, None, id="an amount"),
        pytest.param(
            b"\1\2\3\4", [log(SAFE, SAFE_RECEIVED, (ROUTER,), (7,))], E18 - 7, SETTLED, None, id="a Safe got it"
        ),
        pytest.param(
            call("18cbafe5", 2000, 1, 160, WALLET),
            [log(SAFE, SAFE_RECEIVED, (COIN,), (7,))],
            E18,
            SETTLED,
            None,
            id="a Safe got another's",
        ),
        pytest.param(b"\1\2\3\4", [], E18, OPEN, None, id="not known"),
        pytest.param(
            b"\1\2\3\4",
            [log(ROUTER, EVENT, (), (E18 // 100, WALLET, 5))],
            E18 * 99 // 100,
            OPEN,
            (E18 * 99 // 100, E18),
            id="the router says what it kept",
        ),
        pytest.param(
            b"\1\2\3\4", [log(OTHER, EVENT, (), (E18 // 100, WALLET, 5))], E18, OPEN, None, id="another says so"
        ),
        pytest.param(
            b"\1\2\3\4", [log(ROUTER, EVENT, (), (E18 // 5, WALLET, 5))], E18, OPEN, None, id="too much for a fee"
        ),
    ],
)
def test_what_a_router_keeps_of_native_proceeds(
    data: bytes, more: list[Raw], got: int, status: VenueStatus, bounds: tuple[int, int] | None
) -> None:
    """To the unit where the call or a receiver tells it; else the trade is not verified, and tells bounds if it can."""
    made = decode([*SALE, *more], data)
    assert (made.bought, made.venue_status, made.native_bounds) == ((Leg(NATIVE, got),), status, bounds)
    # A trace settles it.
    paid = [{"from": ROUTER, "to": WALLET, "value": str(got), "isError": "0"}]
    traced = decode([*SALE, *more], data, internal_transactions=paid)
    assert (traced.bought, traced.venue_status, traced.native_bounds) == (made.bought, SETTLED, None)


@pytest.mark.parametrize(
    ("data", "extra", "more", "paid", "status", "bounds"),
    [
        pytest.param(call("fb3bdb41", 1999, 128, WALLET), E18 // 3, [], E18, SETTLED, None, id="v2 refund"),
        pytest.param(multicall(call("12210e8a")), E18 // 3, [], E18, SETTLED, None, id="v3 refund"),
        pytest.param(
            universal_router(router(0x0C, CALLER, 0)), E18 // 3, [], E18, SETTLED, None, id="universal router's refund"
        ),
        pytest.param(
            universal_router(router(0x05, 0, SAFE, 700), router(0x0C, CALLER, 0)),
            E18 // 3,
            [],
            E18 + 700,
            SETTLED,
            None,
            id="a fee, and a refund",
        ),
        pytest.param(call("7ff36ab5", 1, 128, WALLET), 700, [], E18 + 700, SETTLED, None, id="all is spent"),
        pytest.param(b"\1\2\3\4", E18 // 99, [], E18 + E18 // 99, SETTLED, None, id="a share in basis points is a fee"),
        pytest.param(
            b"\1\2\3\4",
            700_000,
            [log(OTHER, EVENT, (), (700_000, SAFE))],
            E18 + 700_000,
            SETTLED,
            None,
            id="named as given",
        ),
        pytest.param(b"\1\2\3\4", 701, [], E18 + 701, OPEN, (E18, E18 + 701), id="refund or fee: open"),
        pytest.param(call("deadbeef", 1999), 701, [], E18, OPEN, (E18, E18 + 701), id="ordered: rather a refund"),
        pytest.param(
            b"\1\2\3\4",
            10**17,
            [log(ROUTER, EVENT, (), (10**16, WALLET))],
            E18 + 10**16,
            OPEN,
            (E18, E18 + 10**17),
            id="a part is kept",
        ),
    ],
)
def test_what_a_router_gives_back_of_native_coin_sent(
    data: bytes, extra: int, more: list[Raw], paid: int, status: VenueStatus, bounds: tuple[int, int] | None
) -> None:
    """A refund lowers what was paid, a fee does not; where neither is sure both bounds are told."""
    made = decode([*BUY, *more], data, value=E18 + extra)
    assert (made.sold, made.venue_status, made.native_bounds) == ((Leg(NATIVE, paid),), status, bounds)
    back = [{"from": ROUTER, "to": WALLET, "value": str(E18 + extra - paid), "isError": "0"}]
    traced = decode([*BUY, *more], data, value=E18 + extra, internal_transactions=back)
    assert (traced.sold, traced.venue_status, traced.native_bounds) == (made.sold, SETTLED, None)


@pytest.mark.parametrize(
    ("status", "bounds", "counts"),
    [
        (SETTLED, None, True),
        (OPEN, None, False),
        (OPEN, (9_900, 10_000), True),
        (OPEN, (9_899, 10_000), False),
    ],
)
def test_a_trade_counts_if_no_more_than_a_hundredth_of_its_native_coin_is_open(
    status: VenueStatus, bounds: tuple[int, int] | None, counts: bool
) -> None:
    """The books take what is verified, and what only a trace could tell to the unit."""
    made = trade(0, [(USDC, 5)], [(COIN, 5)], venue_status=status, native_bounds=bounds)
    assert made.counts is counts
