"""Plays the script on Anvil and records the chain for the demo: ``python -m tests.localchain.record``."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.localchain.anvil import HERE, Anvil
from tests.localchain.contracts import calldata
from tests.localchain.pack import Calls, pack, read_chain, save
from tests.localchain.play import play
from tests.localchain.script import (
    CORE,
    DAYS,
    FOLLOWED_DAY,
    MEME,
    START,
    Script,
    actors,
    date_of,
    pool_names,
    realised,
    write,
)
from tests.localchain.world import FEED_ADDRESS, World

DEMO = HERE.parents[1] / "watcher" / "demo"
TRUTH = HERE / "truth.json"


def build(script: Script) -> tuple[World, dict[str, Any]]:
    """Deploy the demo's world on a node of its own; returns it with its state, as a genesis.

    So the recorded chain begins with the contracts in place: their byte code is other people's and is not shipped.
    """
    with Anvil(int(START.timestamp()) - 86_400) as anvil:
        world = World(anvil, v4=False)
        world.deploy({}, native_usd=script.native_usd[0], depth_usd=100e6)
        for symbol in CORE + MEME:
            token = world.add_token(symbol, name=f"{symbol.title()} Token")
            for venue, _, quote in pool_names(symbol):
                world.add_pool(venue, token, world.tokens[quote], 1.0, 100e6)
        world.add_token("SPAM", name="Visit to claim")
        world.fund([actor.address for actor in actors()], native=200 * 10**18, usd=250_000)
        return world, anvil.accounts()


def constant_calls(world: World) -> list[tuple[str, str]]:
    """Return the view calls whose answers never change: tokens, pools, factories, the feed's decimals."""
    calls = [(FEED_ADDRESS, calldata("decimals()"))]
    for token in world.tokens.values():
        calls += [(token, calldata(view)) for view in ("name()", "symbol()", "decimals()")]
    for pool in world.pools:
        views = ["factory()", "token0()", "token1()"]
        calls += [(pool.address, calldata(view)) for view in views + (["fee()"] if pool.venue == "v3" else [])]
        for pair in (pool.ordered, pool.ordered[::-1]):
            if pool.venue == "v2":
                calls.append((world.v2_factory, calldata("getPair(address,address)", *pair)))
            else:
                calls.append((world.v3_factory, calldata("getPool(address,address,uint24)", *pair, 3000)))
    return list(dict.fromkeys(calls))


def wallets_csv() -> str:
    """Return the file that ``edgewatch wallets import`` reads."""
    rows = ["address,label,chain,role,followed_since,unfollowed_at"]
    for actor in actors():
        # Peers too: their baselines end where the followed wallets' do.
        rows.append(f"{actor.address},{actor.label},local,{actor.role},{date_of(FOLLOWED_DAY)},")
    return "\n".join(rows) + "\n"


def config_toml(chain: dict[str, Any]) -> str:
    """Return the demo's configuration."""
    quotes = ", ".join(_inline(quote) for quote in chain["quote_tokens"])
    dexes = "".join(f"    {_inline(dex)},\n" for dex in chain["dexes"])
    return f"""\
# The demo's configuration: one chain that the built-in registry does not know, served by the replay node.
[store]
url = "sqlite:///edgewatch.db"

[[chains]]
name = "{chain["name"]}"
chain_id = {chain["chain_id"]}
rpc_urls = ["http://127.0.0.1:${{EDGEWATCH_DEMO_PORT}}"]
from_block = 1
block_seconds = 14400.0 # one block every four hours
native_symbol = "{chain["native_symbol"]}"
wrapped_native = "{chain["wrapped_native"]}"
native_usd_feed = "{chain["native_usd_feed"]}"
quote_tokens = [{quotes}]
dexes = [
{dexes}]

[budget]
rpc_units_per_day = 3_000_000 # this node is on this machine and costs nothing

[detection]
false_flags_per_wallet_year = 1.0
"""


def _inline(table: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items()) + " }"


def truth(script: Script) -> list[dict[str, Any]]:
    """Return what the script did to each wallet, for the tests to judge by."""
    rows = []
    for actor in actors():
        change = actor.change_day if actor.change_day is not None else FOLLOWED_DAY
        rows.append(
            {
                "address": actor.address,
                "label": actor.label,
                "role": actor.role,
                "group": actor.group,
                "change": actor.change,
                "change_date": date_of(actor.change_day) if actor.change_day is not None else None,
                "expected_states": list(actor.expected),
                "before": realised(script, actor, 0, change),
                "after": realised(script, actor, change, DAYS),
            }
        )
    return rows


def record(script: Script) -> tuple[World, list[str]]:
    """Play a script from a fresh genesis; returns the world and the recording's lines."""
    world, accounts = build(script)
    genesis = {"config": {"chainId": 31337}, "alloc": accounts, "difficulty": "0x0", "gasLimit": hex(30_000_000)}
    with Anvil(int(START.timestamp()), genesis=genesis) as anvil:
        world.anvil = anvil
        calls: Calls = {(FEED_ADDRESS, calldata("latestRoundData()")): play(script, world, _progress)}
        constant = constant_calls(world)
        answers = anvil.batch([("eth_call", ({"to": to, "data": data}, "latest")) for to, data in constant])
        calls |= {call: [(0, answer)] for call, answer in zip(constant, answers, strict=True)}
        contracts = [address for address, account in accounts.items() if account["code"] != "0x"]
        client = anvil.rpc("web3_clientVersion")
        lines = pack(read_chain(anvil), client=client, contracts=[c.lower() for c in contracts], calls=calls)
    return world, lines


def _progress(slot: int, slots: int) -> None:
    if slot % 30 == 0 or slot == slots:
        print(f"\rslot {slot} of {slots}", end="\n" if slot == slots else "", file=sys.stderr, flush=True)


def main() -> None:
    """Record, and write the demo's files."""
    started = time.perf_counter()
    script = write()
    world, lines = record(script)
    files: dict[Path, str] = {
        DEMO / "wallets.csv": wallets_csv(),
        DEMO / "edgewatch.toml": config_toml(world.chain_table()),
        TRUTH: json.dumps(truth(script), indent=1) + "\n",
    }
    for path, text in files.items():
        path.write_text(text)
    save(DEMO / "chain.jsonl.xz", lines)
    size = (DEMO / "chain.jsonl.xz").stat().st_size
    transactions = sum(len(json.loads(line)["transactions"]) for line in lines[1:])
    seconds = time.perf_counter() - started
    print(f"{len(lines) - 1} blocks, {transactions} transactions, {size / 1e6:.2f} MB in {seconds:.0f} s")


if __name__ == "__main__":
    main()
