"""Wash trades: marked while they are read, kept in the trade log, left out of the record."""

from datetime import UTC, datetime

import pytest

from ingest.evm.logs.topics import SYNC, V2_MINT
from ingest.evm.rpc.budget import Meter
from metrics.types import Unit
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest import receipts as r
from tests.ingest.evm.rpc.test_node import node
from watcher.cli.inspect import trade_object
from watcher.config.settings import ChainConfig
from watcher.jobs.sync.ingest import Source, ingest_once
from watcher.jobs.sync.redecode import redecode
from watcher.record.accounts import read_accounts, trade_key
from watcher.store import trade_log, wallets, wash_trades
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import Wallet

NOW = datetime(2025, 10, 1, tzinfo=UTC)
POOL = "0x0d4a11d5eeaac28ec3f61d100daf4d40471f1852"  # WETH and USDT, of the V2 factory
USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
START = 1_700_000_000
CONFIG = {
    "name": "ethereum",
    "chain_id": 1,
    "rpc_urls": ["http://127.0.0.1:1"],
    "from_block": 1,
    "confirmations": 0,
    "quote_tokens": [{"address": USDT, "symbol": "USDT", "decimals": 6, "usd": 1.0}],
    "wrapped_native": r.COIN,  # so that WETH is a position like others, and USDT what it is paid in
}


class SmallChain:
    """Transactions of people in one pool, one a block, and the node that serves them."""

    def __init__(self, *, wide_logs: bool = True) -> None:
        self.reserves = [10**18 // 4, 500 * 10**6]  # WETH, USDT: 500 $ deep
        self.wide_logs = wide_logs
        self.transactions: list[tuple[r.Raw, r.Raw]] = []

    def _add(self, sender: str, *logs: r.Raw) -> str:
        number = 10 * (len(self.transactions) + 1)
        name = f"0x{number:064x}"
        where = {"transactionHash": name, "blockHash": f"0x{number + 1:063x}b", "blockNumber": hex(number)}
        receipt = {**r.receipt(*logs), **where, "from": sender, "gasUsed": "0x0"}
        receipt["logs"] = [{**each, **where, "transactionIndex": "0x2"} for each in receipt["logs"]]
        transaction = {**r.transaction(sender=sender), **where, "hash": name, "transactionIndex": "0x2"}
        self.transactions.append((transaction, receipt))
        return name

    def provide(self, who: str, weth: int, usdt: int) -> str:
        """Add liquidity."""
        self.reserves = [self.reserves[0] + weth, self.reserves[1] + usdt]
        return self._add(
            who,
            r.transfer(r.WETH, who, POOL, weth),
            r.transfer(USDT, who, POOL, usdt),
            r.log(POOL, SYNC, (), tuple(self.reserves)),
            r.log(POOL, V2_MINT, (r.ROUTER,), (weth, usdt)),
        )

    def swap(self, who: str, *, weth: int = 0, usdt: int = 0) -> str:
        """Give one token, get the other, at a constant product without a fee."""
        side = 0 if weth else 1
        given, product = weth or usdt, self.reserves[0] * self.reserves[1]
        self.reserves[side] += given
        left = -(-product // self.reserves[side])
        got, self.reserves[1 - side] = self.reserves[1 - side] - left, left
        paid, taken = (r.WETH, USDT) if side == 0 else (USDT, r.WETH)
        amounts = (given, 0, 0, got) if side == 0 else (0, given, got, 0)
        return self._add(
            who,
            r.transfer(paid, who, POOL, given),
            r.transfer(taken, POOL, who, got),
            r.log(POOL, SYNC, (), tuple(self.reserves)),
            r.v2_swap(POOL, *amounts),
        )

    def methods(self) -> dict[str, object]:
        by_hash = {transaction["hash"]: (transaction, receipt) for transaction, receipt in self.transactions}

        def logs(query: dict[str, object]) -> list[r.Raw]:
            if "address" in query and not self.wide_logs:
                raise RpcFault(-32600, "You can make eth_getLogs requests with up to a 10 block range.")
            first, last = (int(str(query[key]), 16) for key in ("fromBlock", "toBlock"))
            return [
                each
                for _, receipt in self.transactions
                for each in receipt["logs"]
                if first <= int(each["blockNumber"], 16) <= last
                and query.get("address") in (None, each["address"])
                and len(each["topics"]) >= len(query["topics"])  # type: ignore[arg-type]
                and all(
                    wanted is None or topic in wanted
                    for wanted, topic in zip(query["topics"], each["topics"], strict=False)  # type: ignore[call-overload]
                )
            ]

        def block(number: str, _full: bool) -> r.Raw:
            height = int(number, 16)
            names = {"hash": f"0x{height + 1:063x}b", "parentHash": f"0x{height:063x}b"}
            return {"number": number, **names, "timestamp": hex(START + 12 * height)}

        def call(_request: object, _block: object) -> str:
            raise RpcFault(3, "execution reverted")

        return {
            "eth_blockNumber": lambda: hex(10 * len(self.transactions) + 5),
            "eth_getLogs": logs,
            "eth_getBlockByNumber": block,
            "eth_getTransactionByHash": lambda name: by_hash[name][0],
            "eth_getTransactionReceipt": lambda name: by_hash[name][1],
            "eth_call": call,
        }


class Reader:
    """One database that reads a small chain."""

    def __init__(self, path, *watched):
        self.engine = database.connect(f"sqlite:///{path}")
        database.prepare(self.engine)
        self.config = ChainConfig.model_validate(CONFIG)
        self.wallets = [Wallet(address=each, followed_since=NOW, added_at=NOW) for each in watched]
        with writing(self.engine) as connection:
            for each in self.wallets:
                wallets.add(connection, each)

    @property
    def chain(self):
        return self.config.chain()

    def read(self, small):
        with FakeNode(small.methods()) as fake, node(fake) as client:
            source = Source(chain=self.chain, config=self.config, node=client, meter=Meter(spent=0, limit=10**9))
            ingest_once(self.engine, source, now=NOW)
            return [item for body in fake.bodies for item in (body if isinstance(body, list) else [body])]

    def doubts(self):
        with reading(self.engine) as connection:
            return {key[1]: each.doubt.value for key, each in wash_trades.doubts(connection).items()}

    def account(self, place=0):
        with reading(self.engine) as connection:
            return read_accounts(connection, self.wallets, {1: self.chain}, unit=Unit.EPISODE)[place]


@pytest.fixture
def reader(tmp_path):
    made = Reader(tmp_path / "edgewatch.db", r.WALLET, r.OTHER)
    yield made
    made.engine.dispose()


def test_trades_in_a_pool_of_ones_own_are_marked(reader):
    """Who holds half of the liquidity trades with itself; for anybody else it is a pool like others."""
    small = SmallChain()
    before = small.swap(r.WALLET, usdt=10**6)
    small.provide(r.WALLET, 3 * 10**18, 6_000 * 10**6)
    mine, theirs = small.swap(r.WALLET, usdt=10**6), small.swap(r.OTHER, usdt=10**6)
    reader.read(small)
    assert reader.doubts() == {mine: "own_pool"}
    with reading(reader.engine) as connection:
        assert {trade.tx_hash for trade, _, _ in trade_log.trades(connection)} == {before, mine, theirs}


def wash(small):
    """Buy, let a helper lift the price, sell: twice."""
    names = []
    for _ in range(2):
        names.append(small.swap(r.WALLET, usdt=20 * 10**6))
        small.swap(r.ROUTER, usdt=100 * 10**6)
        names.append(small.swap(r.WALLET, weth=9 * 10**15))
        small.swap(r.ROUTER, weth=40 * 10**15)
    return names


def test_trades_with_oneself_in_a_toy_pool_are_marked_with_one_question_a_window(reader):
    """From the fourth swap of a day on, both ways; bounded questions for the pool, not one for each trade."""
    small = SmallChain()
    names = wash(small)
    asked = reader.read(small)
    assert reader.doubts() == {names[2]: "alone", names[3]: "alone"}
    questions = [item["params"][0] for item in asked if "address" in str(item["params"]) and "topics" in str(item)]
    windows = [each for each in questions if each.get("address") == POOL]
    assert len(windows) == 2, "the first window has 50 blocks, the second one 30"
    for question in windows:
        assert int(question["toBlock"], 16) - int(question["fromBlock"], 16) <= 7_200 + 80


def test_a_crowd_in_the_same_toy_pool_clears_it(reader):
    """Others who trade there too make it a market, however small."""
    small = SmallChain()
    for i in range(8):
        small.swap("0x" + f"{0x50 + i:02x}" * 20, usdt=10**6)
    wash(small)
    reader.read(small)
    assert reader.doubts() == {}


def test_what_the_node_does_not_answer_is_no_reason_to_doubt(reader):
    """Where a day of logs is too much for the node, nothing is marked and everything is read."""
    small = SmallChain(wide_logs=False)
    wash(small)
    reader.read(small)
    assert reader.doubts() == {}
    assert len(reader.account().trades) == 4


@pytest.mark.parametrize(("provider", "marked"), [(r.WALLET, 2), (r.ROUTER, 0)])
def test_a_marked_trade_is_out_of_the_record_and_in_the_log(reader, provider, marked):
    """No round trip, no activity; exported with one field more, counted; and all of that survives decoding again."""
    small = SmallChain()
    small.provide(provider, 3 * 10**18, 6_000 * 10**6)
    small.swap(r.OTHER, usdt=10**8)
    small.swap(r.WALLET, usdt=10**8)
    small.swap(r.WALLET, weth=10**17)
    reader.read(small)

    def record():
        mine = reader.account(0 if reader.account().wallet.address == r.WALLET else 1)
        shown = [trade_object(each, worth, mine.doubts.get(trade_key(each))) for each, worth in mine.trades]
        exported = [each.get("suspicion") for each in shown]
        return len(mine.doubts), len(mine.books.round_trips), len(mine.verified), exported

    before = record()
    assert before == ((2, 0, 0, ["own_pool"] * 2) if marked else (0, 1, 2, [None] * 2))
    redecode(reader.engine, {1: reader.chain}, now=NOW)
    assert record() == before
