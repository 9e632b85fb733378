"""A chain with a market: pairs of Uniswap v2, traders with a pace and a size, and a node's methods that show it."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from ingest.decode import trades_in_transaction
from ingest.evm.chains import registry
from ingest.evm.venues import uniswap_v2
from ingest.types import BlockRef, RawTransaction, Trade
from tests.fakes.node import RpcFault
from tests.ingest import receipts as r

CHAIN = registry()[1]
BEGIN, BLOCK_S, FIRST, DAYS = 1_700_000_000, 12, 18_000_000, 60
COINS = tuple(f"0x{number:040x}" for number in (0xA1, 0xB2, 0xC3))
_DEX = next(dex for dex in CHAIN.dexes if dex.kind == "uniswap_v2" and dex.init_code_hash)


def pair_of(coin: str) -> str:
    """The pair of a coin and the dollar."""
    [pair] = uniswap_v2.derive(_DEX, *sorted((coin, r.USDC)))
    return pair


@dataclass
class Swap:
    """One transaction: a wallet buys or sells a coin."""

    wallet: str
    block: int
    coin: str
    usd: int
    buys: bool
    kind: str  #: of the transaction
    index: int  #: in its block

    @property
    def hash(self) -> str:
        return f"0x{self.block:032x}{self.index:032x}"

    @property
    def where(self) -> dict[str, str]:
        return {
            "blockNumber": hex(self.block),
            "blockHash": f"0x{self.block:064x}",
            "transactionIndex": hex(self.index),
            "transactionHash": self.hash,
        }

    @property
    def transaction(self) -> dict[str, Any]:
        return {**r.transaction(sender=self.wallet), **self.where, "hash": self.hash, "type": self.kind}

    @cached_property
    def receipt(self) -> dict[str, Any]:
        pair, dollars, coins = pair_of(self.coin), self.usd * 10**6, self.usd * 10**15
        paid, got = ((r.USDC, dollars), (self.coin, coins)) if self.buys else ((self.coin, coins), (r.USDC, dollars))
        first = paid[0] == min(self.coin, r.USDC)
        amounts = (paid[1], 0, 0, got[1]) if first else (0, paid[1], got[1], 0)
        logs = (r.transfer(paid[0], self.wallet, pair, paid[1]), r.transfer(got[0], pair, self.wallet, got[1]))
        made = r.receipt(*logs, r.v2_swap(pair, *amounts))
        made["logs"] = [
            {**log, **self.where, "logIndex": hex(8 * self.index + n)} for n, log in enumerate(made["logs"])
        ]
        return {**made, **self.where, "from": self.wallet}

    @property
    def raw(self) -> RawTransaction:
        return RawTransaction(
            tx_hash=self.hash,
            block=BlockRef(number=self.block, hash=f"0x{self.block:064x}", timestamp=time_of(self.block)),
            transaction_index=self.index,
            transaction=self.transaction,
            receipt=self.receipt,
            wallets=frozenset({self.wallet}),
        )

    @property
    def trade(self) -> Trade:
        [trade] = trades_in_transaction(
            self.transaction, self.receipt, wallet=self.wallet, chain_id=1, timestamp=time_of(self.block)
        )
        return trade


def time_of(block: int) -> int:
    """Unix seconds of a block."""
    return BEGIN + (block - FIRST) * BLOCK_S


@dataclass(frozen=True)
class Trader:
    """Who trades how."""

    wallet: str
    seed: int
    per_day: float = 5.0
    usd: int = 1_000
    kind: str = "0x2"
    later: int = 0  #: blocks after what the seed says
    coins: tuple[str, ...] = COINS


class Market:
    """What all traders did in ``DAYS`` days."""

    def __init__(self, traders: Iterable[Trader], *, most_blocks: int = 1_000) -> None:
        self.most_blocks = most_blocks
        drawn = sorted((block, who.wallet, what) for who in traders for block, what in _drawn(who))
        self.swaps: list[Swap] = []
        for block, wallet, (coin, usd, buys, kind) in drawn:
            index = self.swaps[-1].index + 1 if self.swaps and self.swaps[-1].block == block else 0
            self.swaps.append(Swap(wallet, block, coin, usd, buys, kind, index))
        self._blocks = [swap.block for swap in self.swaps]
        self._by_hash = {swap.hash: swap for swap in self.swaps}

    def between(self, first: int, last: int) -> list[Swap]:
        """The swaps of some blocks."""
        return self.swaps[bisect_left(self._blocks, first) : bisect_right(self._blocks, last)]

    def methods(self) -> dict[str, Callable[..., Any]]:
        """For ``FakeNode``: what is not here is not offered."""
        return {
            "eth_getBlockByNumber": self._block,
            "eth_getTransactionByHash": lambda name: self._by_hash[name].transaction,
            "eth_getLogs": self._logs,
        }

    def _block(self, number: str, full: bool) -> dict[str, Any]:
        block = int(number, 16)
        sent = [swap.transaction if full else swap.hash for swap in self.between(block, block)]
        return {"number": number, "hash": f"0x{block:064x}", "timestamp": hex(time_of(block)), "transactions": sent}

    def _logs(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        if last - first >= self.most_blocks:
            raise RpcFault(-32602, f"block range too large: at most {self.most_blocks} blocks are allowed")
        return [
            log
            for swap in self.between(first, last)
            for log in swap.receipt["logs"]
            if log["address"] in query["address"] and log["topics"][0] in query["topics"][0]
        ]


def _drawn(who: Trader) -> list[tuple[int, tuple[str, int, bool, str]]]:
    rng, count = Random(who.seed), round(DAYS * who.per_day)
    last = DAYS * 86_400 // BLOCK_S - 1
    found = []
    for turn in range(count):
        # By routine: once in each stretch of its pace.
        block = FIRST + int((turn + rng.random()) / count * last) + who.later
        found.append((block, (rng.choice(who.coins), int(who.usd * rng.uniform(0.7, 1.4)), turn % 2 == 0, who.kind)))
    return found
