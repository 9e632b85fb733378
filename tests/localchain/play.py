"""Plays a script on a world: block by block, the market maker first, then the wallets."""

from collections.abc import Callable
from datetime import timedelta

from ingest.types import NATIVE
from tests.localchain.contracts import calldata
from tests.localchain.pools import Pool
from tests.localchain.script import DAYS, FRIEND, SPAMMER, START, Actor, PoolName, Script, Trip
from tests.localchain.world import ADMIN, FEED_ADDRESS, Transaction, World

TAIL, TAIL_S = 80, 12
"""Empty blocks at the end, and seconds between them: finality trails the head by 64."""


def play(script: Script, world: World, progress: Callable[[int, int], None] | None = None) -> list[tuple[int, str]]:
    """Play everything; returns the feed's answer after each block, beginning with block 0."""
    named = {_name(world, pool): pool for pool in world.pools}
    opens: dict[int, list[Trip]] = {}
    closes: dict[int, list[tuple[Trip, bool]]] = {}
    for trip in script.trips:
        opens.setdefault(trip.opened, []).append(trip)
        for sold in trip.sells:
            closes.setdefault(sold, []).append((trip, sold == trip.closed))
    targets: dict[int, dict[Pool, float]] = {}
    for (slot, name), usd in script.prices.items():
        targets.setdefault(slot, {})[named[name]] = usd
    world.anvil.batch([("anvil_setBalance", (account, hex(10**24))) for account in (ADMIN, FRIEND, SPAMMER)])
    feed = [(0, _feed(world))]
    for slot, timestamp in enumerate(script.times):
        world.set_native_usd(script.native_usd[slot], timestamp=timestamp)
        move = world.move_request(targets.get(slot, {}), tolerance=1e-4)
        requests = [move] if move else []
        requests += _sells(world, closes.get(slot, []))
        requests += [_buy(world, trip) for trip in opens.get(slot, []) if trip.from_trip is None]
        requests += [_noise(world, kind, actor) for kind, actor in script.noise.get(slot, [])]
        if requests:
            world.send_all(requests)
            world.mine(timestamp)
            _insist(world, [kind for kind, _ in script.noise.get(slot, [])].count("failed"))
            feed.append((feed[-1][0] + 1, _feed(world)))
        if progress:
            progress(slot + 1, len(script.times))
    end = int((START + timedelta(days=DAYS)).timestamp())
    for i in range(TAIL):
        world.mine(end + i * TAIL_S)
    return feed


def _insist(world: World, failures: int) -> None:
    """Check that the last block's transactions succeeded, but for those meant to fail."""
    receipts = world.anvil.rpc("eth_getBlockReceipts", "latest")
    failed = [receipt["transactionHash"] for receipt in receipts if receipt["status"] != "0x1"]
    assert len(failed) == failures, f"failed against the script: {failed}"


def _name(world: World, pool: Pool) -> PoolName:
    symbols = {address: symbol for symbol, address in world.tokens.items()}
    return pool.venue, symbols[pool.token], symbols[pool.quote]


def _feed(world: World) -> str:
    # Asked while the block is the latest: later Anvil shows, at this block, what was stored for the next.
    return str(world.anvil.rpc("eth_call", {"to": FEED_ADDRESS, "data": calldata("latestRoundData()")}, "latest"))


def _quote(world: World, name: PoolName) -> str:
    return NATIVE if name[2] == "WETH" else world.usd


def _buy(world: World, trip: Trip) -> Transaction:
    venue, symbol, _ = trip.pool
    quote = _quote(world, trip.pool)
    amount = world.units(world.weth if quote == NATIVE else quote, trip.size_usd)
    return world.swap_request(trip.actor.address, venue, quote, world.tokens[symbol], amount)


def _sells(world: World, sells: list[tuple[Trip, bool]]) -> list[Transaction]:
    """Sell half or everything of what the wallets hold; a rotation buys the next trip's token instead."""
    held = world.balances([(trip.actor.address, world.tokens[trip.pool[1]]) for trip, _ in sells])
    requests = []
    for (trip, last), balance in zip(sells, held, strict=True):
        amount = balance if last else balance // 2
        venue, symbol, quote = trip.pool
        buy, via = _quote(world, trip.pool), None
        if last and trip.rotated_into is not None:
            buy, via = world.tokens[trip.rotated_into.pool[1]], world.tokens[quote]
        requests.append(world.swap_request(trip.actor.address, venue, world.tokens[symbol], buy, amount, via=via))
    return requests


def _noise(world: World, kind: str, actor: Actor) -> Transaction:
    wallet = actor.address
    if kind == "transfer":
        return {"from": wallet, "to": FRIEND, "value": hex(10**16)}
    if kind == "wrap":
        return {"from": wallet, "to": world.weth, "value": hex(10**17), "data": calldata("deposit()")}
    if kind == "failed":  # asks for more than the pool can give
        return world.swap_request(wallet, "v2", NATIVE, world.tokens["BASIL"], 10**17, minimum=10**40)
    if kind == "convert":
        return world.swap_request(wallet, "v3", world.usd, NATIVE, 500 * 10**6)
    if kind == "approve":
        data = calldata("approve(address,uint256)", world.v2_router, 2**256 - 1)
        return {"from": wallet, "to": world.usd, "data": data}
    if kind == "airdrop":
        data = calldata("mint(address,uint256)", wallet, 10**21)
        return {"from": SPAMMER, "to": world.tokens["SPAM"], "data": data}
    # Poisoning: a transfer of nothing "from" the wallet, so that the stranger shows in its history.
    data = calldata("transferFrom(address,address,uint256)", wallet, SPAMMER, 0)
    return {"from": SPAMMER, "to": world.usd, "data": data}
