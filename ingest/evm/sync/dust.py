"""What strangers cause: anyone can send a wallet tokens, and make a token that says the wallet sent it away.

Neither is free to look at, and a wallet's own purchase with native coin looks just like a gift until its sender is
known. So a few such transactions a day are looked at for each wallet, and more as long as they cost no more than a
share of the day's budget. Beyond that only those are looked at in whose blocks the wallet sent something
(``ingest.evm.sync.nonces``); the rest is counted and told, and nothing is kept of it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.logs import address
from ingest.evm.rpc.budget import units
from ingest.evm.sync.nonces import Nonces
from ingest.evm.sync.touches import Touch, may_have_agreed
from ingest.types import Chain, Move, Trade

EACH, ALL = 0.04, 0.08  #: of the day's budget, for the strangers of one wallet and of all wallets
FREE = 5  #: transactions of strangers that are looked at for each wallet and day of the chain, whatever they cost
CLOSER = ("eth_getTransactionReceipt", "debug_traceTransaction", "eth_call", "eth_call")  #: where something is seen
DAY_S = 86_400

Own = Callable[[Touch], bool]
"""Whether a transaction is taken for a wallet's own."""


class Tally(msgspec.Struct):
    """What strangers have caused; survives a restart."""

    day: str = ""  #: UTC day that ``spent`` is of
    spent: dict[str, int] = {}  #: units by wallet, all chains
    free: dict[str, tuple[int, int]] = {}  #: chain id and wallet to day of the chain, and how many
    left_out: dict[str, int] = {}  #: chain id and wallet to transactions, ever

    def on(self, day: str) -> "Tally":
        """The same on a day: what was spent on another one is over."""
        return self if self.day == day else Tally(day, {}, self.free, self.left_out)


@dataclass(slots=True)
class Holdings:
    """Tokens that a wallet is known to have had."""

    traded: set[str] = field(default_factory=set)  #: in trades of its own
    came: set[str] = field(default_factory=set)  #: in any other way


@dataclass(slots=True, kw_only=True)
class Strangers:
    """Decides which transactions are looked at.

    Parameters
    ----------
    chain
        Whose quote tokens nobody can forge.
    budget
        Units a day.
    load
        What is stored of a wallet's holdings; asked once a run.
    """

    chain: Chain
    budget: int
    host: str
    nonces: Nonces
    load: Callable[[str], Holdings]
    tally: Tally = field(default_factory=Tally)
    _held: dict[str, Holdings] = field(default_factory=dict)
    _came: dict[str, set[str]] = field(default_factory=dict)  # of this window: by wallet, tokens
    _paid: dict[str, tuple[str, int]] = field(default_factory=dict)  # of this window: by transaction, who and how much
    _quotes: frozenset[str] = field(init=False)
    _settlers: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._quotes = frozenset({self.chain.wrapped_native, *(token.address for token in self.chain.quote_tokens)})
        self._settlers = frozenset(dex.factory for dex in self.chain.dexes)

    def exhausted(self, wallets: Iterable[str]) -> bool:
        """Whether for one of these wallets no share is left that would pay for a whole block."""
        least = self._units("eth_getBlockReceipts") + self._units("eth_getTransactionByHash")
        return any(self._left(wallet) < least for wallet in wallets)

    def choose(
        self,
        touches: Mapping[str, Touch],
        *,
        known: Collection[int],
        held: Collection[str],
        receipts: Mapping[str, Mapping[str, Any]],
    ) -> tuple[dict[str, Touch], Counter[str]]:
        """Leave out what is beyond the share.

        Parameters
        ----------
        touches
            By transaction hash.
        known, held, receipts
            Blocks whose headers are there, and transactions and receipts that are: these cost nothing more.

        Returns
        -------
        tuple of (dict, Counter)
            What is looked at, and how many transactions are not, by wallet.
        """
        self._paid, self._came = {}, {}
        for wallet, token in (key for touch in touches.values() for key in touch.came):
            self._came.setdefault(wallet, set()).add(token)
        # Nothing moved "from" a wallet, as anyone can have it: there is nothing to be found out.
        touches = {tx_hash: touch for tx_hash, touch in touches.items() if touch.wallets}
        for tx_hash, touch in touches.items():
            if touch.sender is None and tx_hash in receipts:
                touch.sender = address(receipts[tx_hash].get("from"))
        doubtful = {tx_hash: touch for tx_hash, touch in touches.items() if self._is_doubtful(touch)}
        cost = {tx_hash: self._cost(tx_hash, touch, known, held, receipts) for tx_hash, touch in doubtful.items()}
        # What may be the sale of a token that it traded before comes first.
        order = sorted(doubtful, key=lambda tx_hash: (not self._traded(doubtful[tx_hash]), doubtful[tx_hash].block))
        unclear = [touch for touch in doubtful.values() if touch.sender is None]
        refused: list[str] = []
        # Counting helps as long as there is something left to pay with.
        spent_up = self.exhausted(wallet for touch in doubtful.values() for wallet in touch.wallets)
        for find in (_none, self._by_block) if spent_up else (_none, self._as_many, self._by_block):
            own, before = find(unclear), self._state(doubtful.values())
            refused = [tx for tx in order if not own(doubtful[tx]) and not self._pay(tx, doubtful[tx], cost[tx])]
            if not refused or find == self._by_block:
                break
            self._restore(before)
        left_out = Counter(wallet for tx_hash in refused for wallet in touches[tx_hash].wallets)
        return {tx_hash: touch for tx_hash, touch in touches.items() if tx_hash not in set(refused)}, left_out

    def believe(self, part: Iterable[str], tx_hash: str, transaction: Mapping[str, Any], touch: Touch) -> set[str]:
        """Which wallets had a part in a transaction, of those that seem to.

        Somebody else's transaction may settle an order that the wallet signed, and need not name it. Then it calls a
        contract that settles orders, or what went away is a token that the wallet is known to have had, or it got a
        token that prices others. Where nothing of that is so, and it is not named either (``ingest.evm.sync.touches``),
        a token says that it was sent away, and no more.
        """
        if address(transaction.get("from")) in touch.wallets:
            self._refund(tx_hash)
            return set(part)
        believed = {wallet for wallet in part if self._may_have_given(transaction, touch, wallet)}
        if believed and tx_hash in self._paid:
            wallet, cost = self._paid[tx_hash]
            more = sum(map(self._units, CLOSER))
            self.tally.spent[wallet] += more
            self._paid[tx_hash] = wallet, cost + more
        return believed

    def _may_have_given(self, transaction: Mapping[str, Any], touch: Touch, wallet: str) -> bool:
        tokens = {token for owner, token in touch.gone if owner == wallet}
        if not tokens or may_have_agreed(transaction, wallet) or address(transaction.get("to")) in self._settlers:
            return True
        holdings = self._holdings(wallet)
        if tokens & (holdings.traded | holdings.came | self._came.get(wallet, set()) | self._quotes):
            return True
        return any((wallet, token) in touch.came for token in self._quotes)

    def _refund(self, tx_hash: str) -> None:
        wallet, cost = self._paid.pop(tx_hash, ("", 0))
        if cost:
            self.tally.spent[wallet] -= cost

    def note(self, trades: Iterable[Trade], moves: Iterable[Move], left_out: Mapping[str, int]) -> None:
        """Take note of what a window brought; what became a trade was caused by no stranger."""
        for trade in trades:
            self._refund(trade.tx_hash)
            self._holdings(trade.wallet).traded |= {leg.token for leg in (*trade.sold, *trade.bought)}
        for move in moves:
            if move.amount_raw > 0:
                self._holdings(move.wallet).came.add(move.token)
        for wallet, count in left_out.items():
            key = self._key(wallet)
            self.tally.left_out[key] = self.tally.left_out.get(key, 0) + count

    def _is_doubtful(self, touch: Touch) -> bool:
        """Whether strangers may have made it up: nobody can forge the tokens that price others."""
        return touch.sender not in touch.wallets and not any(token in self._quotes for _, token in touch.gone)

    def _traded(self, touch: Touch) -> bool:
        return any(token in self._holdings(wallet).traded for wallet, token in touch.gone)

    def _as_many(self, unclear: Iterable[Touch]) -> Own:
        """As many are a wallet's own as it sent at most: what is left is caused by strangers for certain."""
        many = {wallet: self.nonces.count(wallet, blocks) for wallet, blocks in _ranges(unclear).items()}

        def own(touch: Touch) -> bool:
            for wallet in touch.wallets if touch.sender is None else ():
                count = many[wallet]
                if count is None:
                    return True
                if count:
                    many[wallet] = count - 1
                    return True
            return False

        return own

    def _by_block(self, unclear: Iterable[Touch]) -> Own:
        """What stands in a block in which a wallet sent something; all, where the node does not say."""
        sent = {wallet: self.nonces.sent(wallet, blocks) for wallet, blocks in _ranges(unclear).items()}

        def own(touch: Touch) -> bool:
            blocks = [sent[wallet] for wallet in touch.wallets] if touch.sender is None else []
            return any(each is None or touch.block in each for each in blocks)

        return own

    def _state(self, touches: Iterable[Touch]) -> dict[str, tuple[int, tuple[int, int] | None]]:
        return {
            wallet: (self.tally.spent.get(wallet, 0), self.tally.free.get(self._key(wallet)))
            for touch in touches
            for wallet in touch.wallets
        }

    def _restore(self, state: Mapping[str, tuple[int, tuple[int, int] | None]]) -> None:
        self._paid = {}
        for wallet, (spent, free) in state.items():
            self.tally.spent[wallet] = spent
            self.tally.free.pop(self._key(wallet), None)
            if free is not None:
                self.tally.free[self._key(wallet)] = free

    def _key(self, wallet: str) -> str:
        return f"{self.chain.chain_id}:{wallet}"

    def _pay(self, tx_hash: str, touch: Touch, cost: int) -> bool:
        day = int(touch.block * self.chain.block_seconds // DAY_S)
        for wallet in touch.wallets:
            key = self._key(wallet)
            last, used = self.tally.free.get(key, (day, 0))
            if last != day or used < FREE:
                self.tally.free[key] = day, used + 1 if last == day else 1
                return True
        wallet = max(touch.wallets, key=self._left)
        if self._left(wallet) < cost:
            return False
        self.tally.spent[wallet] = self.tally.spent.get(wallet, 0) + cost
        self._paid[tx_hash] = wallet, cost
        return True

    def _left(self, wallet: str) -> int:
        spent = self.tally.spent
        return int(min(EACH * self.budget - spent.get(wallet, 0), ALL * self.budget - sum(spent.values())))

    def _cost(
        self,
        tx_hash: str,
        touch: Touch,
        known: Collection[int],
        held: Collection[str],
        receipts: Collection[str],
    ) -> int:
        methods = []
        if receipts:
            methods.append("eth_getBlockReceipts")  # its block was looked at for its sake
        elif touch.gone:
            methods.append("eth_getTransactionReceipt")
        if touch.block not in known:
            methods.append("eth_getBlockByNumber")
        if tx_hash not in held:
            methods.append("eth_getTransactionByHash")
        return sum(map(self._units, methods))

    def _units(self, method: str) -> int:
        return units(method, self.host)

    def _holdings(self, wallet: str) -> Holdings:
        if wallet not in self._held:
            self._held[wallet] = self.load(wallet)
        return self._held[wallet]


def _none(_unclear: Iterable[Touch]) -> Own:
    return lambda _touch: False


def _ranges(touches: Iterable[Touch]) -> dict[str, BlockRange]:
    """From the first to the last block of each wallet."""
    found: dict[str, BlockRange] = {}
    for touch in touches:
        for wallet in touch.wallets:
            whole = found.get(wallet, BlockRange(touch.block, touch.block))
            found[wallet] = BlockRange(min(whole.first, touch.block), max(whole.last, touch.block))
    return found
