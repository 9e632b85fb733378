"""The books of every wallet, from the store's trades."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ingest.prices import quote_tokens
from ingest.types import Chain, Move, Trade, Valuation, VenueStatus
from metrics.positions import Books, Entry, keep_books
from metrics.types import Unit
from watcher.store import ledger
from watcher.types import Coverage, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One wallet with its trades and books."""

    wallet: Wallet
    trades: tuple[tuple[Trade, Valuation | None], ...]
    books: Books

    @property
    def verified(self) -> list[Trade]:
        """The trades that count."""
        return [trade for trade, _ in self.trades if trade.venue_status is VenueStatus.VERIFIED]


def quote_addresses(chains: Mapping[int, Chain]) -> dict[int, frozenset[str]]:
    """Chain id to its quote tokens."""
    return {chain_id: frozenset(quote_tokens(chain)) for chain_id, chain in chains.items()}


def read_accounts(
    connection: Connection,
    wallets: Iterable[Wallet],
    chains: Mapping[int, Chain],
    *,
    unit: Unit = Unit.EPISODE,
) -> list[Account]:
    """Keep the books of the given wallets, as of the newest block that was read."""
    until = ledger.last_block_time(connection)
    quotes = quote_addresses(chains)
    trades: dict[str, list[tuple[Trade, Valuation | None]]] = {}
    for trade, valuation, _ in ledger.trades(connection):
        trades.setdefault(trade.wallet, []).append((trade, valuation))
    moves: dict[str, list[Move]] = {}
    for move in ledger.moves(connection):
        moves.setdefault(move.wallet, []).append(move)
    accounts = []
    for wallet in wallets:
        mine = trades.get(wallet.address, [])
        entries = [Entry(trade=trade, valuation=valuation) for trade, valuation in mine]
        books = keep_books(wallet.address, entries, quotes, moves.get(wallet.address, ()), unit=unit, until=until)
        accounts.append(Account(wallet=wallet, trades=tuple(mine), books=books))
    return accounts


def tokens_before(account: Account, quotes: Mapping[int, frozenset[str]]) -> set[str]:
    """What a wallet traded before it was followed, quote tokens apart: with whom it shares a market."""
    since = account.wallet.followed_since.timestamp()
    return {
        f"{trade.chain_id}:{leg.token}"
        for trade in account.verified
        if trade.timestamp is not None and trade.timestamp < since
        for leg in trade.sold + trade.bought
        if leg.token not in quotes[trade.chain_id]
    }


Interval = tuple[datetime, datetime]


def covered_times(items: Iterable[Coverage], wallet: str, chain_ids: Iterable[int]) -> list[Interval]:
    """When a wallet was read on *all* of its chains: it is silent only when silent on every one of them."""
    by_chain: dict[int, list[Interval]] = {chain_id: [] for chain_id in chain_ids}
    for item in items:
        if item.wallet == wallet and item.chain_id in by_chain:
            by_chain[item.chain_id].append((item.first_at, item.last_at))
    common: list[Interval] | None = None
    for intervals in by_chain.values():
        common = intervals if common is None else _intersection(common, intervals)
    return common or []


def _intersection(one: list[Interval], other: list[Interval]) -> list[Interval]:
    pairs = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return sorted((first, last) for first, last in pairs if first < last)
