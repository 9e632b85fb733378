"""A chain of any length that is computed, not kept: wallets that trade at a pace, and strangers that send them things.

The node has small ranges and a wallet index. It answers directly, without HTTP, and meters like the real one.
"""

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from random import Random

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from ingest.errors import RangeRefused, RpcRejected, RpcUnavailable
from ingest.evm.logs.bloom import bloom_of
from ingest.evm.logs.topics import TRANSFER, UNISWAP_V2_SWAP
from ingest.evm.lookup.tokens import DECIMALS
from ingest.evm.venues import uniswap_v2
from ingest.evm.venues.create2 import word
from ingest.types import Chain

ROUTER, STRANGER, COIN, SPAM, FORGED = ("0x" + digit * 40 for digit in "35791")
OWN = ("buy", "sell")
HOST = "simulated.g.alchemy.com"
HOUR_S = 3_600
FINAL_S = 900  #: how far the finalized block is behind


@dataclass(frozen=True)
class Happening:
    """One transaction of the chain."""

    block: int
    tx_hash: str
    wallet: str
    kind: (
        str  #: buy, sell, or gift. Strangers' dust: gift; named, whose calldata names the wallet; forged, a
        #: token that says that the wallet sent it away
    )


class SimulatedNode:
    """One chain with its wallets, as a node that the clock belongs to.

    Parameters
    ----------
    begin, now
        Unix seconds of block 1 and of the newest block; ``now`` may be moved on.
    every_s
        Seconds between two transactions of a wallet, and between two gifts to it.
    busy
        What strangers do in each block, in logs: it fills the blooms.
    dust
        What strangers do to the wallets: of which kind, how often a day, and from when (unix seconds).
    """

    def __init__(
        self,
        chain: Chain,
        wallets,
        *,
        begin,
        now,
        every_s,
        max_range=10,
        index=True,
        meter=None,
        busy=0,
        dust=("gift", 0, 0),
    ) -> None:
        self.chain, self.chain_id, self.host = chain, chain.chain_id, HOST
        self.wallets, self.begin, self.now, self.every_s = list(wallets), begin, now, every_s
        self.max_range, self.index, self.meter = max_range, index, meter
        self.busy, self.dust = busy, dust
        self.asked: Counter[str] = Counter()
        self.usd = next(token for token in chain.quote_tokens if token.usd is not None)
        dex = next(dex for dex in chain.dexes if dex.kind == "uniswap_v2" and dex.init_code_hash)
        self.first, self.second = sorted((COIN, self.usd.address))
        [self.pair] = uniswap_v2.derive(dex, self.first, self.second)

    # -- the node's interface

    most_at_once = 100

    @contextmanager
    def window(self, *_methods):
        yield self.host

    def patience(self, tries):
        return Retrying(retry=retry_if_exception_type(RpcUnavailable), stop=stop_after_attempt(1), reraise=True)

    def call(self, method, params=()):
        [result] = self.batch([(method, params)])
        return result

    def ahead(self, *_batches):
        """It answers at once: nothing is ever on its way."""

    def elsewhere(self, _requests):
        return None

    def batch(self, requests, *, tolerant=False, required=None):
        results = []
        for start in range(0, len(requests), 100):
            part = requests[start : start + 100]
            if self.meter:
                self.meter.charge([method for method, _ in part], self.host)
            for method, params in part:
                self.asked[method] += 1
                try:
                    results.append(getattr(self, method, self._unknown)(*params))
                except RpcRejected as error:
                    if not tolerant:
                        raise
                    results.append(error)
        return results

    def _unknown(self, *_params):
        raise RpcRejected("the method does not exist (code -32601)")

    # -- the chain

    def block_of(self, seconds):
        return max(1, int((seconds - self.begin) / self.chain.block_seconds) + 1)

    def time_of(self, block):
        return int(self.begin + (block - 1) * self.chain.block_seconds)

    @cached_property
    def happenings(self):
        """Everything up to a year after the beginning, by hash."""
        found = {}
        for number, wallet in enumerate(self.wallets):
            at, turn = self.begin + HOUR_S + 137 * number, 0
            while at < self.begin + 400 * 86_400:
                for kind, later in (("sell" if turn % 2 else "buy", 0), ("gift", self.every_s // 2)):
                    name = f"0x{self.chain_id:08x}{number:08x}{turn:08x}{kind.encode().hex():0>40}"
                    found[name] = Happening(self.block_of(at + later), name, wallet, kind)
                at, turn = at + self.every_s, turn + 1
        return found | {one.tx_hash: one for one in self._dust()}

    def _dust(self):
        kind, a_day, since = self.dust
        for turn in range(3 * a_day):  # for three days
            name, block = f"0x{self.chain_id:08x}{turn:016x}{'d05e':0>40}", self.block_of(since + turn * 86_400 / a_day)
            yield Happening(block, name, self.wallets[turn % len(self.wallets)], kind)

    @cached_property
    def by_wallet(self):
        found = {wallet: [] for wallet in self.wallets}
        for one in sorted(self.happenings.values(), key=lambda one: one.block):
            found[one.wallet].append(one)
        return found

    @cached_property
    def by_block(self):
        found = {}
        for one in self.happenings.values():
            found.setdefault(one.block, []).append(one)
        return found

    @cached_property
    def _crowd(self):
        """What strangers may do, a token from one to the other, and the bits of its bloom."""
        dice = Random(self.chain_id)
        seen = [
            (SPAM, f"0x{dice.getrandbits(160):040x}", f"0x{dice.getrandbits(160):040x}") for _ in range(32 * self.busy)
        ]
        return {one: bloom_of([self._other(one, 1, 1)]) for one in seen}

    @cached_property
    def _people(self):
        return list(self._crowd)

    def _picked(self, block):
        return Random(block).sample(self._people, self.busy) if self.busy else []

    def _other(self, one, block, number):
        token, source, target = one
        return {
            "address": token,
            "topics": [TRANSFER, _topic(source), _topic(target)],
            "data": "0x" + word(1).hex(),
            "blockNumber": hex(block),
            "blockHash": _hash(block),
            "transactionHash": _hash(2**200 + block),
            "transactionIndex": "0x1",
            "logIndex": hex(100 + number),
            "removed": False,
        }

    def _others(self, block):
        """Logs of what strangers do."""
        return [self._other(one, block, number) for number, one in enumerate(self._picked(block))]

    def _between(self, wallets, first, last):
        return [one for wallet in wallets for one in self.by_wallet.get(wallet, ()) if first <= one.block <= last]

    def _transfers(self, one):
        if one.kind in ("gift", "named"):
            return [(SPAM, STRANGER, one.wallet, 5)]
        if one.kind == "forged":
            return [(FORGED, one.wallet, STRANGER, 5)]
        coins, dollars = 10**20, (950 + int(one.tx_hash[18:26], 16) * 37 % 130) * 10**self.usd.decimals
        if one.kind == "buy":
            return [
                (self.usd.address, one.wallet, self.pair, 10**self.usd.decimals * 1_000),
                (COIN, self.pair, one.wallet, coins),
            ]
        return [(COIN, one.wallet, self.pair, coins), (self.usd.address, self.pair, one.wallet, dollars)]

    def _logs(self, one):
        place = {"blockNumber": hex(one.block), "blockHash": _hash(one.block), "transactionHash": one.tx_hash}
        place |= {"transactionIndex": "0x0", "removed": False}
        moved = self._transfers(one)
        raw = [
            (token, [TRANSFER, _topic(source), _topic(target)], (amount,)) for token, source, target, amount in moved
        ]
        if one.kind in OWN:
            (paid, _, _, given), (_, _, _, taken) = moved
            data = (given, 0, 0, taken) if paid == self.first else (0, given, taken, 0)
            raw.append((self.pair, [UNISWAP_V2_SWAP, _topic(ROUTER), _topic(one.wallet)], data))
        return [
            {"address": emitter, "topics": topics, "data": "0x" + b"".join(map(word, data)).hex(), **place}
            | {"logIndex": hex(number + (1_000 + int(one.tx_hash[10:26], 16) % 1_000) * one.tx_hash.endswith("d05e"))}
            for number, (emitter, topics, data) in enumerate(raw)
        ]

    # -- its methods

    def eth_chainId(self):  # noqa: N802
        return hex(self.chain_id)

    def eth_blockNumber(self):  # noqa: N802
        return hex(self.block_of(self.now))

    def eth_getBlockByNumber(self, number, _full):  # noqa: N802
        block = self.block_of(self.now - FINAL_S) if number == "finalized" else int(number, 16)
        happened, bloom = self.by_block.get(block, ()), 0
        for one in happened:
            bloom |= bloom_of(self._logs(one))
        for seen in self._picked(block):
            bloom |= self._crowd[seen]
        return {
            "number": hex(block),
            "hash": _hash(block),
            "parentHash": _hash(block - 1),
            "timestamp": hex(self.time_of(block)),
            "logsBloom": f"0x{bloom:0512x}",
            "transactions": [one.tx_hash for one in happened] + [_hash(2**200 + block)] * bool(self.busy),
        }

    def eth_getBlockReceipts(self, number):  # noqa: N802
        block = int(number, 16)
        receipts = [self.eth_getTransactionReceipt(one.tx_hash) for one in self.by_block.get(block, ())]
        return [*receipts, {"blockHash": _hash(block), "logs": self._others(block)}]

    def eth_getTransactionByHash(self, name):  # noqa: N802
        one = self.happenings[name]
        sender = one.wallet if one.kind in OWN else STRANGER
        place = {"blockNumber": hex(one.block), "blockHash": _hash(one.block), "transactionIndex": "0x0"}
        said = f"0x12345678{one.wallet[2:]:0>64}{7:064x}" if one.kind == "named" else "0x"
        return {"hash": name, "from": sender, "to": ROUTER, "value": "0x0", "input": said, "gasPrice": "0x1", **place}

    def eth_getTransactionCount(self, wallet, block):  # noqa: N802
        return hex(sum(one.kind in OWN and one.block <= int(block, 16) for one in self.by_wallet[wallet]))

    def eth_getTransactionReceipt(self, name):  # noqa: N802
        sent = self.eth_getTransactionByHash(name)
        place = {key: sent[key] for key in ("blockNumber", "blockHash", "transactionIndex", "from", "to")}
        gas = {"gasUsed": "0x5208", "effectiveGasPrice": "0x1", "status": "0x1", "transactionHash": name}
        return {**place, **gas, "logs": self._logs(self.happenings[name])}

    def eth_getLogs(self, asked):  # noqa: N802
        first, last = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        if last - first >= self.max_range:
            raise RangeRefused(f"ranges over {self.max_range} blocks are not supported", suggested=self.max_range)
        wallets = {"0x" + topic[-40:] for position in asked["topics"][1:] for topic in position or ()}
        logs = [log for one in self._between(wallets, first, last) for log in self._logs(one)]
        return [
            log
            for log in logs
            if log["topics"][0] == TRANSFER
            and all(
                not wanted or topic in wanted
                for topic, wanted in zip(log["topics"][1:], asked["topics"][1:], strict=False)
            )
        ]

    def eth_call(self, call, block):
        if call["to"] == self.chain.native_usd_feed:
            if call["data"] == DECIMALS:
                return "0x" + word(8).hex()
            hour = self.time_of(int(block, 16)) // HOUR_S * HOUR_S  # of the round in force
            return "0x" + b"".join(map(word, (1, 2_000 * 10**8, hour, hour, 1))).hex()
        raise RpcRejected("execution reverted (code 3)")

    def alchemy_getAssetTransfers(self, asked):  # noqa: N802
        if not self.index:
            self._unknown()
        wallet, out = asked.get("fromAddress") or asked["toAddress"], "fromAddress" in asked
        rows = []
        for one in reversed(self._between([wallet], int(asked["fromBlock"], 16), int(asked["toBlock"], 16))):
            time = {"metadata": {"blockTimestamp": _iso(self.time_of(one.block))}}
            head = {"blockNum": hex(one.block), "hash": one.tx_hash, **time}
            if out and one.kind in OWN:
                raw = {"value": "0x0", "address": None}
                rows.append({**head, "from": wallet, "to": ROUTER, "category": "external", "rawContract": raw})
            rows += [
                {**head, "from": source, "to": target, "category": "erc20"}
                | {"rawContract": {"value": hex(amount), "address": token}}
                for token, source, target, amount in self._transfers(one)
                if (source if out else target) == wallet
            ]
        at, size = int(asked.get("pageKey", "0")), int(asked["maxCount"], 16)
        return {"transfers": rows[at : at + size]} | ({"pageKey": str(at + size)} if at + size < len(rows) else {})


def _hash(block):
    return f"0x{block:064x}"


def _topic(address):
    return "0x" + word(address).hex()


def _iso(seconds):
    return datetime.fromtimestamp(seconds, UTC).isoformat()
