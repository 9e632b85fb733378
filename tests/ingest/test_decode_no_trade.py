"""What looks like a trade and is none: each law with the swap machinery at work beside it."""

from typing import Any

import pytest

from ingest.decode import decode_transaction
from ingest.evm.logs import topics
from ingest.types import NATIVE, Leg
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
    deposit,
    log,
    receipt,
    transaction,
    transfer,
    v3_swap,
)

E18 = 10**18
SHARE, PUNK, VAULT = "0x" + "5a" * 20, "0x" + "5b" * 20, "0x" + "5c" * 20


def trades(*logs: Raw, value: int = 0, **more: Any) -> list[tuple[tuple[Leg, ...], tuple[Leg, ...]]]:
    decoding = decode_transaction(transaction(value=value), receipt(*logs), wallet=WALLET, chain_id=1, **more)
    return [(trade.sold, trade.bought) for trade in decoding.trades]


def sale(receiver: str, seller: str = WALLET) -> list[Raw]:
    """Somebody sells 2,000 USDC for 1 WETH in a v3 pool."""
    return [
        transfer(WETH, USDC_WETH_V3, receiver, E18),
        transfer(USDC, seller, USDC_WETH_V3, 2000),
        v3_swap(USDC_WETH_V3, 2000, -E18),
    ]


def nft(source: str, target: str, number: int = 7) -> Raw:
    return log(PUNK, topics.TRANSFER, (source, target, number))


NO_TRADES: dict[str, list[Raw]] = {
    "a zap into a vault that swaps on the way": [
        *sale(ROUTER),
        transfer(WETH, ROUTER, VAULT, E18),
        transfer(SHARE, ZERO, WALLET, 5),
    ],
    "a zap out of a vault that swaps on the way": [
        transfer(SHARE, WALLET, ZERO, 5),
        transfer(USDC, VAULT, ROUTER, 2000),
        *sale(WALLET, seller=ROUTER),
    ],
    "a single-sided liquidity deposit through a router": [
        *sale(ROUTER),
        transfer(WETH, ROUTER, VAULT, E18),
        transfer(USDC, WALLET, VAULT, 2000),
        transfer(SHARE, ZERO, WALLET, 5),
    ],
    "a position minted as an NFT, with a refund": [
        *sale(ROUTER),
        transfer(WETH, ROUTER, VAULT, E18),
        nft(ZERO, WALLET),
        transfer(WETH, ROUTER, WALLET, 3),
    ],
    "an NFT bought with a token that a router swapped": [
        *sale(ROUTER),
        transfer(WETH, ROUTER, OTHER, E18 - 9),
        transfer(WETH, ROUTER, WALLET, 9),
        nft(OTHER, WALLET),
    ],
    "a bridge: a token out, another token minted": [
        transfer(USDC, WALLET, VAULT, 2000),
        transfer(COIN, ZERO, WALLET, 2000),
    ],
    "staking: the native coin in, a token minted": [transfer(SHARE, ZERO, WALLET, E18)],
    "wrapping a staked token": [transfer(DAI, WALLET, SHARE, E18), transfer(SHARE, ZERO, WALLET, E18 - 9)],
    "a loan against collateral": [
        transfer(WETH, WALLET, VAULT, E18),
        transfer(SHARE, ZERO, WALLET, E18),
        transfer(USDC, VAULT, WALLET, 900),
    ],
    "a debt repaid, and the collateral back": [
        transfer(USDC, WALLET, VAULT, 900),
        transfer(SHARE, WALLET, ZERO, E18),
        transfer(WETH, VAULT, WALLET, E18),
    ],
    "a collateral exchanged for another inside a lending market": [
        transfer(SHARE, WALLET, ROUTER, E18),
        transfer(SHARE, ROUTER, ZERO, E18),
        transfer(USDC, SHARE, ROUTER, 2000),
        *sale(ROUTER, seller=ROUTER),
        transfer(WETH, ROUTER, VAULT, E18),
        transfer(VAULT, ZERO, WALLET, E18),
    ],
    "a debt repaid with collateral that was swapped": [
        transfer(SHARE, WALLET, ROUTER, E18),
        transfer(SHARE, ROUTER, ZERO, E18),
        transfer(USDC, SHARE, ROUTER, 2000),
        *sale(ROUTER, seller=ROUTER),
        transfer(WETH, ROUTER, VAULT, E18),
        transfer(VAULT, WALLET, ZERO, E18),
    ],
    "a claim that costs a fee": [transfer(COIN, VAULT, WALLET, 77)],
    "an order of the wallet's that was only placed": [transfer(USDC, WALLET, VAULT, 2000)],
    "an exchange with a stranger that no contract attests": [
        transfer(USDC, WALLET, OTHER, 2000),
        transfer(COIN, OTHER, WALLET, 77),
    ],
    "a stranger's swap in the same transaction": [
        *sale(OTHER, seller=OTHER),
        transfer(USDC, WALLET, VAULT, 5),
        transfer(COIN, VAULT, WALLET, 5),
    ],
    "a movement back and forth": [transfer(USDC, WALLET, ROUTER, 2000), transfer(USDC, ROUTER, WALLET, 2000)],
}


@pytest.mark.parametrize("logs", NO_TRADES.values(), ids=NO_TRADES)
@pytest.mark.parametrize("value", [0, E18])
def test_it_is_no_trade(logs: list[Raw], value: int) -> None:
    """Positions, purchases of things, bridges, debts and gifts are none, with or without native coin sent along."""
    assert trades(*logs, value=value) == []


def test_a_flash_loan_within_a_route_is_no_leg() -> None:
    """What a router borrows and gives back in the same transaction concerns the router."""
    logs = [
        transfer(DAI, VAULT, ROUTER, 10**24),
        *sale(WALLET),
        transfer(DAI, ROUTER, VAULT, 10**24),
    ]
    assert trades(*logs) == [((Leg(USDC, 2000),), (Leg(WETH, E18),))]


def test_a_fee_on_transfer_is_what_arrived() -> None:
    """A token that burns a part on its way was bought as far as it arrived."""
    amounts = (E18, -2000) if min(COIN, USDC) == COIN else (-2000, E18)
    pool = "0x" + "cc" * 20
    logs = [
        transfer(COIN, WALLET, pool, E18),
        transfer(USDC, pool, WALLET, 1900),
        transfer(USDC, pool, FAKE, 100),
        v3_swap(pool, *amounts),
    ]
    assert trades(*logs) == [((Leg(COIN, E18),), (Leg(USDC, 1900),))]


def test_a_rebase_beside_a_swap_stays_out() -> None:
    """An event of a token that only changes its supply moves nothing."""
    rebase = log(USDC, "0x" + "12" * 32, (9,), (1, 2))
    assert trades(*sale(WALLET), rebase) == [((Leg(USDC, 2000),), (Leg(WETH, E18),))]


def test_a_gas_refund_does_not_make_a_purchase() -> None:
    """Native coin sent and wholly returned beside a token transfer is not what the token was bought with."""
    internal = [{"from": ROUTER, "to": WALLET, "value": str(E18), "isError": "0"}]
    logs = [deposit(ROUTER, E18), transfer(COIN, OTHER, WALLET, 5)]
    assert trades(*logs, value=E18, internal_transactions=internal) == []


def test_a_token_swept_into_the_wallet_with_a_purchase_of_things() -> None:
    """Native coin for NFTs, the change of the router's swap in WETH: still a purchase of things."""
    logs = [*sale(ROUTER, seller=ROUTER), nft(OTHER, WALLET), transfer(WETH, ROUTER, WALLET, 4)]
    assert trades(*logs, value=E18) == []
    assert NATIVE not in {leg.token for sold, _ in trades(*logs, value=E18) for leg in sold}
