"""A mark is what the sale of the holding brings on a real EVM with real Uniswap pools, to the unit."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ingest.types import NATIVE
from tests.end_to_end.cli import Folder
from tests.localchain.anvil import Anvil
from tests.localchain.contracts import FAR, MAX, calldata
from tests.localchain.world import ADMIN, World
from watcher.store import marks, usage
from watcher.store.sql import database
from watcher.store.sql.database import reading

pytestmark = pytest.mark.anvil
ANN = "0x" + "11" * 20
DAY_S, FINAL = 86_400, 70  #: seconds; blocks after which one is final


def next_day(world):
    """Move the chain to the next day, with a fresh round of the feed, and bury everything before it."""
    at = world.timestamp + DAY_S
    world.mine()  # what is written to storage changes the last block, and that shall not be the trades'
    world.set_native_usd(world.native_usd, timestamp=at)
    world.mine(at)
    world.anvil.rpc("anvil_mine", hex(FINAL), hex(12))


def drain(world, token):
    """Take all liquidity out of a token's V2 and V3 pools, as their owner may."""
    for pool in world.pools:
        if pool.token != token:
            continue
        if pool.venue == "v2":
            shares = world.read(pool.address, "balanceOf(address)", ["uint256"], ADMIN)
            world._call(pool.address, "approve(address,uint256)", world.v2_router, MAX)
            signature = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)"
            world._call(world.v2_router, signature, *pool.ordered, shares, 0, 0, ADMIN, FAR)
    nft = world.v3_positions
    for i in range(world.read(nft, "balanceOf(address)", ["uint256"], ADMIN)):
        number = world.read(nft, "tokenOfOwnerByIndex(address,uint256)", ["uint256"], ADMIN, i)
        call = {"to": nft, "data": calldata("positions(uint256)", number)}
        answer = world.anvil.rpc("eth_call", call, "latest")
        fields = [answer[2 + 64 * k : 66 + 64 * k] for k in range(8)]
        if token[2:] in (fields[2][24:], fields[3][24:]) and int(fields[7], 16):
            signature = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
            world._call(nft, signature, (number, int(fields[7], 16), 0, 0, FAR))


def sold(world, token, venue, quote, quantity):
    """What the real sale brings, base units; the chain is put back afterwards."""
    before = world.anvil.rpc("evm_snapshot")
    [had] = world.balances([(ANN, quote)])
    world.swap(ANN, venue, token, quote, quantity)
    world.mine()
    [has] = world.balances([(ANN, quote)])
    assert world.anvil.rpc("evm_revert", before)
    return has - had


def test_a_mark_is_what_the_sale_brings_and_a_drained_pool_brings_nothing(tmp_path):
    """For a V2, a V3 and a V4 holding, large enough to move its pool, the mark is the sale's proceeds, exactly.

    With the liquidity gone the mark is 0 and the position's return -100 %; ``why`` shows it; a day is marked once.
    """
    with Anvil() as anvil:
        world = World(anvil)
        world.deploy({"ALFA": 2.0, "BRAVO": 0.5, "CHARLIE": 1.0}, depth_usd=400_000)
        world.fund([ANN], usd=100_000)
        world._endow([ANN], world.weth, 30 * 10**18)
        alfa, bravo, charlie = (world.tokens[symbol] for symbol in ("ALFA", "BRAVO", "CHARLIE"))
        begin = int(anvil.rpc("eth_blockNumber"), 16) + 1
        world.swap(ANN, "v2", world.usd, alfa, 50_000 * 10**6)
        world.swap(ANN, "v3", NATIVE, bravo, 20 * 10**18)
        world.swap(ANN, "v4", world.weth, charlie, 10 * 10**18)
        world.mine()
        next_day(world)

        folder = Folder(tmp_path, anvil.url, {**world.chain_table(), "from_block": begin})
        folder.run("wallets", "add", ANN, "--label", "Ann")
        day = datetime.now(UTC).date()
        folder.run("once")
        assert "marked 3 of 3 open positions" in folder.errors
        engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
        with reading(engine) as connection:
            told = {mark.token: mark for mark in marks.history(connection, [ANN])}
            days = {day, datetime.now(UTC).date()}  # midnight may have passed
            spent = sum(usage.units_on(connection, each, purpose="marking") for each in days)
        held = dict(zip(told, world.balances([(ANN, token) for token in told]), strict=True))
        assert {token: mark.quantity_raw for token, mark in told.items()} == held
        sales = {alfa: ("v2", world.usd), bravo: ("v3", world.weth), charlie: ("v4", world.weth)}
        dollars = {world.usd: Decimal(1).scaleb(-6), world.weth: Decimal(3_000).scaleb(-18)}
        for token, (venue, quote) in sales.items():
            proceeds = sold(world, token, venue, quote, held[token])
            assert told[token].proceeds_usd == proceeds * dollars[quote] > 20_000
        assert 0 < spent <= 300, "three sales, the head, and the feed: a dozen small calls"
        folder.run("once")
        assert "marked" not in folder.errors, "once a day"

        drain(world, alfa)
        drain(world, bravo)
        next_day(world)
        folder.run("once")
        assert "marked 3 of 3 open positions" in folder.errors
        shown = json.loads(folder.run("why", "Ann", "--json"))["open_positions"]
        returns = {item["token"]: item["mark_return"] for item in shown}
        assert (returns[alfa], returns[bravo]) == (-1.0, -1.0)
        assert -0.1 < returns[charlie] < 0, "the fees of both ways"
        with reading(engine) as connection:
            assert len(marks.history(connection, [ANN])) == 6
            assert [m.proceeds_usd for m in marks.history(connection, [ANN]) if m.token == alfa][1] == 0
        table = folder.run("why", "Ann")
        assert "would bring $" in table
        assert "\N{MINUS SIGN}100.0 %" in table
        engine.dispose()
