"""A chain that changes its mind, read through a wallet index: what was read of it follows."""

from datetime import UTC, datetime

from tests.fakes.chain import BLOCK_S, START, FakeChain, Payment
from tests.watcher.chain_reader import ANN, BOB, EVE, ChainReader


class IndexedChain(FakeChain):
    """A scripted chain whose node has a wallet index."""

    def methods(self):
        return super().methods() | {"alchemy_getAssetTransfers": self._transfers}

    def _transfers(self, asked):
        side = "fromAddress" if "fromAddress" in asked else "toAddress"
        numbers = range(int(asked["fromBlock"], 16), min(int(asked["toBlock"], 16), self.head) + 1)
        rows = [self._row(number, each) for number in reversed(numbers) for each in self.payments[number]]
        return {"transfers": [row for row in rows if row[side.removesuffix("Address")] == asked[side]]}

    def _row(self, number, payment):
        time = datetime.fromtimestamp(START + BLOCK_S * number, UTC).isoformat()
        return {
            "blockNum": hex(number),
            "hash": payment.hash,
            "from": payment.source,
            "to": payment.target,
            "category": "erc20",
            "rawContract": {"value": payment.log["data"], "address": payment.log["address"]},
            "metadata": {"blockTimestamp": time},
        }


def time_at(number):
    return datetime.fromtimestamp(START + BLOCK_S * number, UTC)


def test_what_was_replaced_follows_although_nothing_new_is_asked_for(tmp_path):
    """The index is asked once a day, the newest block that was read at every run: a reorganisation is not left until
    tomorrow. What the new fork holds there is read by its logs."""
    chain = IndexedChain()
    paid = {50: Payment(ANN, EVE, 1), 310: Payment(ANN, EVE, 2), 320: Payment(BOB, EVE, 3), 330: Payment(EVE, ANN, 4)}
    for number in range(1, 401):
        chain.mine(*([paid[number]] if number in paid else []))
    reader = ChainReader(tmp_path / "e.db", chain, confirmations=2, index="alchemy", verify="ends")
    assert reader.read(time_at(400)).finished
    amounts = {move.tx_hash: move.amount_raw for move in reader.holds()[0]}
    assert amounts == {paid[50].hash: -1, paid[310].hash: -2, paid[320].hash: -3, paid[330].hash: 4}
    lived = Payment(ANN, EVE, 5)
    blocks = [[paid[320]] if place == 9 else [lived] if place == 20 else [] for place in range(101)]
    chain.reorganise(100, *blocks)
    reader.read(time_at(402))
    moves, raw, coverages = reader.holds()
    assert {move.tx_hash: move.amount_raw for move in moves} == {paid[50].hash: -1, paid[320].hash: -3, lived.hash: -5}
    assert {row[0]: row[1] for row in raw} == {paid[50].hash: 50, paid[320].hash: 310, lived.hash: 321}
    assert {item.level for item in coverages} == {"indexed", "ends"}
    assert {max(item.last_block for item in coverages if item.wallet == wallet) for wallet in (ANN, BOB)} == {348}
    assert "alchemy_getAssetTransfers" not in reader.asked
