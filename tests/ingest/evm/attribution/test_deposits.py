"""Zaps into and out of pools and vaults are no trades; what a token mints or burns beside a swap is no position."""

import pytest

from ingest.decode import decode_transaction
from ingest.evm.logs import topics
from ingest.types import Leg, VenueStatus
from tests.ingest.receipts import (
    COIN,
    DAI,
    FAKE,
    OTHER,
    ROUTER,
    USDC,
    USDC_WETH_V3,
    VAULT_V2,
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
MARKET, ASSET, VAULT, RECEIPT, TRACKER = ("0x" + byte * 20 for byte in ("5a", "5b", "5c", "5d", "5e"))


def told(*logs: Raw, value: int = 0) -> list[tuple[tuple[Leg, ...], tuple[Leg, ...], VenueStatus]]:
    decoding = decode_transaction(transaction(value=value), receipt(*logs), wallet=WALLET, chain_id=1)
    return [(trade.sold, trade.bought, trade.venue_status) for trade in decoding.trades]


def sale(seller: str, receiver: str) -> list[Raw]:
    """2,000 USDC for 1 WETH."""
    return [
        transfer(WETH, USDC_WETH_V3, receiver, E18),
        transfer(USDC, seller, USDC_WETH_V3, 2000),
        v3_swap(USDC_WETH_V3, 2000, -E18),
    ]


def purchase(seller: str, receiver: str) -> list[Raw]:
    """1 WETH for 2,000 USDC."""
    return [
        transfer(USDC, USDC_WETH_V3, receiver, 2000),
        transfer(WETH, seller, USDC_WETH_V3, E18),
        v3_swap(USDC_WETH_V3, -2000, E18),
    ]


def relayed(sold: str, amount: int, bought: str, got: int) -> Raw:
    """A zap's router says that it swapped the one for the other, in the shape of a pool's event."""
    return log(ROUTER, topics.RELAY_SWAPPED, (), (WALLET, sold, bought, amount, got))


ZAPS: dict[str, tuple[list[Raw], int]] = {
    "into a pool whose share is its own token, by a router that calls it a swap": (
        [
            transfer(USDC, WALLET, ROUTER, 2000),
            *sale(ROUTER, ROUTER),
            transfer(WETH, ROUTER, MARKET, E18),
            transfer(MARKET, ZERO, ROUTER, 5),
            transfer(MARKET, ROUTER, WALLET, 5),
            relayed(USDC, 2000, MARKET, 5),
        ],
        0,
    ),
    "out of a pool, by a router that calls it a swap": (
        [
            transfer(MARKET, WALLET, ROUTER, 5),
            transfer(MARKET, ROUTER, MARKET, 5),
            transfer(MARKET, MARKET, ZERO, 5),
            transfer(WETH, MARKET, ROUTER, E18),
            *purchase(ROUTER, ROUTER),
            transfer(USDC, ROUTER, WALLET, 2000),
            relayed(MARKET, 5, USDC, 2000),
        ],
        0,
    ),
    "a vault's receipt given back at par for a share, that is redeemed and swapped": (
        [
            transfer(RECEIPT, WALLET, VAULT, 5),
            transfer(RECEIPT, VAULT, ZERO, 5),
            transfer(MARKET, VAULT, ROUTER, 5),
            transfer(MARKET, ROUTER, MARKET, 5),
            transfer(MARKET, MARKET, ZERO, 5),
            transfer(WETH, MARKET, ROUTER, E18),
            *purchase(ROUTER, WALLET),
        ],
        0,
    ),
    "out of a pool, with a little native coin for the router": (
        [
            transfer(MARKET, WALLET, MARKET, 5),
            transfer(MARKET, MARKET, ZERO, 5),
            deposit(ROUTER, 10**15),
            transfer(WETH, MARKET, ROUTER, E18 - 10**15),
            *purchase(ROUTER, WALLET),
        ],
        10**15,
    ),
    "a pool that swaps its own share: a join": (
        [
            transfer(DAI, WALLET, VAULT_V2, 2000),
            transfer(MARKET, VAULT_V2, WALLET, 1990),
            log(VAULT_V2, topics.BALANCER_V2_SWAP, (int(MARKET, 16) << 96 | 7, DAI, MARKET), (2000, 1990)),
        ],
        0,
    ),
    "a pool that swaps its own share: an exit, and a swap": (
        [
            transfer(MARKET, WALLET, VAULT_V2, 1990),
            transfer(USDC, VAULT_V2, ROUTER, 2000),
            log(VAULT_V2, topics.BALANCER_V2_SWAP, (int(MARKET, 16) << 96 | 7, MARKET, USDC), (1990, 2000)),
            *sale(ROUTER, WALLET),
        ],
        0,
    ),
    "half is swapped, and both halves are put in": (
        [
            transfer(USDC, WALLET, ROUTER, 4000),
            *sale(ROUTER, ROUTER),
            transfer(WETH, ROUTER, MARKET, E18 - 9),
            transfer(USDC, ROUTER, MARKET, 2000),
            transfer(MARKET, ZERO, WALLET, 5),
            transfer(WETH, ROUTER, WALLET, 9),
        ],
        0,
    ),
}


@pytest.mark.parametrize(("logs", "value"), ZAPS.values(), ids=ZAPS)
def test_a_zap_is_no_trade(logs: list[Raw], value: int) -> None:
    """What came, or what left, is a share of a pool or a vault, whatever was swapped on the way."""
    assert told(*logs, value=value) == []


BESIDE: dict[str, list[Raw]] = {
    "a tracker minted": [transfer(TRACKER, ZERO, WALLET, 2000)],
    "a tracker burned": [transfer(TRACKER, WALLET, ZERO, 2000)],
    "an NFT of a mirror minted": [log(TRACKER, topics.TRANSFER, (ZERO, WALLET, 7))],
    "an NFT of the token itself": [log(WETH, topics.TRANSFER, (OTHER, WALLET, 7))],
    "a dividend paid": [transfer(DAI, FAKE, WALLET, 3)],
}


@pytest.mark.parametrize("more", BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("selling", [True, False])
def test_what_moves_beside_a_verified_swap_does_not_outweigh_it(more: list[Raw], first: bool, selling: bool) -> None:
    """All that left was swapped, and all that was paid came: sales and purchases are told alike, without side legs."""
    swap = (sale if selling else purchase)(WALLET, WALLET)
    legs = ((Leg(USDC, 2000),), (Leg(WETH, E18),))
    made = [(*(legs if selling else legs[::-1]), VenueStatus.VERIFIED)]
    assert told(*swap) == made
    assert told(*([*more, *swap] if first else [*swap, *more])) == made


@pytest.mark.parametrize("more", [BESIDE["a tracker minted"], BESIDE["an NFT of a mirror minted"]])
@pytest.mark.parametrize(("kept", "trades"), [(E18 // 2 - 1, 1), (E18 // 2, 0)])
def test_up_to_half_may_be_a_tax(more: list[Raw], kept: int, trades: int) -> None:
    """Where half of what was swapped went elsewhere, what was minted is what it went for."""
    logs = [*sale(WALLET, ROUTER), transfer(WETH, ROUTER, FAKE, kept), transfer(WETH, ROUTER, WALLET, E18 - kept)]
    assert len(told(*logs, *more)) == trades


def test_beside_a_swap_that_nobody_vouches_for_a_mint_is_a_position() -> None:
    """Only a verified swap is believed against the look of a deposit."""
    pool = FAKE
    logs = [transfer(COIN, pool, WALLET, 9), transfer(USDC, WALLET, pool, 2000), v3_swap(pool, 2000, -9)]
    assert [status for _, _, status in told(*logs)] == [VenueStatus.UNVERIFIED]
    assert told(*logs, *BESIDE["a tracker minted"]) == []
