"""The world is what its users take it for: swaps move what the logs say, prices go where they are put."""

from collections.abc import Iterator
from typing import Any

import pytest
from eth_utils.crypto import keccak

from ingest.types import NATIVE
from tests.localchain.anvil import Anvil
from tests.localchain.contracts import calldata
from tests.localchain.pools import v2_amount_to_price
from tests.localchain.world import FEED_ADDRESS, World

pytestmark = pytest.mark.anvil
WALLET = "0x" + "11" * 20
TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
ROUTES = [
    ("v2", "ETH", "ALFA", None),
    ("v2", "USD", "ALFA", None),
    ("v2", "ALFA", "ETH", None),
    ("v2", "ALFA", "BRAVO", "WETH"),
    ("v3", "ETH", "BRAVO", None),
    ("v3", "USD", "BRAVO", None),
    ("v3", "BRAVO", "ETH", None),
    ("v3", "BRAVO", "ALFA", "USD"),
    ("v3", "BRAVO", "ETH", "USD"),
    ("v4", "ALFA", "WETH", None),
]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Anvil() as anvil:
        built = World(anvil)
        built.deploy()
        built.fund([WALLET])
        for symbol in ("ALFA", "BRAVO"):  # something to sell
            built.swap(WALLET, "v2", NATIVE, built.tokens[symbol], 10 * 10**18)
        built.mine()
        yield built


def token(world: World, name: str) -> str:
    return NATIVE if name == "ETH" else world.tokens[name]


def net_of_logs(receipt: dict[str, Any]) -> dict[str, int]:
    net: dict[str, int] = {}
    for log in receipt["logs"]:
        if log["topics"][0] == TRANSFER and len(log["topics"]) == 3:
            giver, taker = ("0x" + topic[-40:] for topic in log["topics"][1:])
            sign = (taker == WALLET) - (giver == WALLET)
            net[log["address"]] = net.get(log["address"], 0) + sign * int(log["data"], 16)
    return net


@pytest.mark.parametrize(("venue", "sell", "buy", "via"), ROUTES)
def test_swap_moves_what_its_logs_say(world: World, venue: str, sell: str, buy: str, via: str | None) -> None:
    """A swap takes exactly the amount asked, and the wallet's balances change as the receipt's transfers say."""
    asked = [(WALLET, address) for address in (NATIVE, *world.tokens.values())]
    amount = 10**8 if sell == "USD" else 10**18
    before = world.balances(asked)
    hops = world.tokens[via] if via else None
    tx_hash = world.swap(WALLET, venue, token(world, sell), token(world, buy), amount, via=hops)
    world.mine()
    receipt = world.anvil.rpc("eth_getTransactionReceipt", tx_hash)
    assert receipt["status"] == "0x1"
    moved = {a: now - then for (_, a), then, now in zip(asked, before, world.balances(asked), strict=True)}
    moved[NATIVE] += int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert moved[token(world, sell)] == -amount
    assert moved[token(world, buy)] > 0
    logged = net_of_logs(receipt)
    assert {a: n for a, n in moved.items() if n and a != NATIVE} == {a: n for a, n in logged.items() if n}


def test_set_price_moves_every_pool(world: World) -> None:
    """After the maker's trade each V2 and V3 pool of the token stands at the price, whatever it is quoted in."""
    bravo = world.tokens["BRAVO"]
    for usd in (0.8, 0.2, 0.5):
        assert world.set_price(bravo, usd)
        world.mine()
        # Within a millionth nothing is left to do.
        assert world.move_request({p: usd for p in world.pools if p.token == bravo and p.venue != "v4"}, 1e-6) is None


def test_unmet_minimum_fails(world: World) -> None:
    """A swap whose minimum cannot be met is mined, fails, and leaves no log."""
    tx_hash = world.swap(WALLET, "v2", NATIVE, world.tokens["ALFA"], 10**18, minimum=10**40)
    world.mine()
    receipt = world.anvil.rpc("eth_getTransactionReceipt", tx_hash)
    assert (receipt["status"], receipt["logs"]) == ("0x0", [])


def test_feed_answers_like_an_aggregator(world: World) -> None:
    """The feed gives 8 decimals and a round with answer and times; anything else reverts."""
    world.set_native_usd(2750.25, timestamp=world.timestamp + 5)
    world.mine(world.timestamp + 5)
    assert world.read(FEED_ADDRESS, "decimals()", ["uint8"]) == 8
    answer = world.anvil.rpc("eth_call", {"to": FEED_ADDRESS, "data": calldata("latestRoundData()")}, "latest")
    round_id, price, started, updated, answered_in = (int(answer[2 + 64 * i :][:64], 16) for i in range(5))
    assert (price, started, updated) == (275_025_000_000, world.timestamp, world.timestamp)
    assert round_id == answered_in > 0
    with pytest.raises(RuntimeError, match="revert"):
        world.read(FEED_ADDRESS, "owner()", ["address"])


def test_v2_amount_reaches_the_price() -> None:
    """The closed form puts a V2 pool on the price to one part in a billion, fee and all; never the wrong way."""
    reserve_in, reserve_out = 5 * 10**24, 2 * 10**13
    for factor in (1.0001, 1.3, 4.0):
        price = reserve_in / reserve_out * factor
        amount = v2_amount_to_price(reserve_in, reserve_out, price)
        out = reserve_out * 997 * amount // (1000 * reserve_in + 997 * amount)
        assert (reserve_in + amount) / (reserve_out - out) == pytest.approx(price, rel=1e-9)
    assert v2_amount_to_price(reserve_in, reserve_out, reserve_in / reserve_out * 0.9) == 0
