"""From a real EVM with real Uniswap contracts to the trade log, to the unit."""

import pytest

from ingest.types import NATIVE
from tests.end_to_end.cli import Folder
from tests.localchain.anvil import Anvil
from tests.localchain.world import World

pytestmark = pytest.mark.anvil
ANN, BOB = "0x" + "11" * 20, "0x" + "22" * 20
ROUTES = [
    (ANN, "v2", "ETH", "ALFA", None),
    (ANN, "v2", "USD", "ALFA", None),
    (ANN, "v2", "ALFA", "ETH", None),
    (ANN, "v2", "ALFA", "BRAVO", "WETH"),
    (BOB, "v3", "ETH", "BRAVO", None),
    (BOB, "v3", "USD", "BRAVO", None),
    (BOB, "v3", "BRAVO", "ETH", None),
    (BOB, "v3", "BRAVO", "ALFA", "USD"),
    (ANN, "v4", "ALFA", "WETH", None),
]


def test_every_swap_is_in_the_trade_log_to_the_unit_and_nothing_else(tmp_path):
    """The exported legs and gas equal the change of the wallets' balances; noise, and a second reading, add nothing."""
    with Anvil() as anvil:
        world = World(anvil)
        world.deploy()
        world.fund([ANN, BOB])
        address = {"ETH": NATIVE, **world.tokens}
        for wallet in (ANN, BOB):
            for symbol in ("ALFA", "BRAVO"):
                world.swap(wallet, "v2", NATIVE, address[symbol], 10 * 10**18)
        world.mine()
        begin = int(anvil.rpc("eth_blockNumber"), 16) + 1

        truth = []
        for wallet, venue, sell, buy, via in ROUTES:
            asked = [(wallet, token) for token in address.values()]
            before = world.balances(asked)
            amount = 10**8 if sell == "USD" else 10**18
            tx_hash = world.swap(
                wallet, venue, address[sell], address[buy], amount, via=world.tokens[via] if via else None
            )
            world.mine()
            receipt = anvil.rpc("eth_getTransactionReceipt", tx_hash)
            gas = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
            moved = {t: now - then for (_, t), then, now in zip(asked, before, world.balances(asked), strict=True)}
            moved[NATIVE] += gas
            truth.append((tx_hash, wallet, {t: n for t, n in moved.items() if n}, gas))
        world.swap(ANN, "v2", NATIVE, address["ALFA"], 10**18, minimum=10**40)  # fails
        world.send(world._call(address["ALFA"], "transfer(address,uint256)", BOB, 5) | {"from": ANN})
        world.send({"from": BOB, "to": world.weth, "value": hex(10**18), "data": "0xd0e30db0"})  # wraps
        world.mine()
        last = int(anvil.rpc("eth_blockNumber"), 16)
        anvil.rpc("anvil_mine", hex(70), hex(12))  # finalized is 64 blocks behind the head

        folder = Folder(tmp_path, anvil.url, {**world.chain_table(), "from_block": begin})
        (tmp_path / "wallets.csv").write_text(f"address,label\n{ANN},Ann\n{BOB},Bob\n")
        folder.run("wallets", "import", "wallets.csv")
        folder.run("backfill")
        trades = folder.trades()
        assert [
            (
                trade["tx_hash"],
                trade["wallet"],
                {leg["token"]: -int(leg["amount_raw"]) for leg in trade["sold"]}
                | {leg["token"]: int(leg["amount_raw"]) for leg in trade["bought"]},
                int(trade["fee_native_raw"]),
            )
            for trade in trades
        ] == truth
        assert {trade["venue_status"] for trade in trades} == {"verified"}
        assert all(begin <= trade["block_number"] <= last for trade in trades)

        folder.run("backfill")
        assert folder.trades() == trades
        folder.run("redecode")
        assert folder.trades() == trades
