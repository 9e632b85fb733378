"""The books of every wallet, from the store's trades."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ingest.evm.chains import registry
from ingest.evm.movements.wash_trades import Suspicion
from ingest.evm.pricing.valuation import quote_tokens
from ingest.files.trades import SOLANA_QUOTES
from ingest.types import FILE_CHAIN, Chain, FiledTrip, Move, Trade, Valuation
from metrics.books.bookkeeping import Books, Entry, keep_books, suggest_unit
from metrics.books.daily_marks import MarkedPosition, marked_positions
from metrics.books.departures import MarkedDeparture, marked_departures, moved_away
from metrics.types import Mark, MovedAway, OpenPosition, RoundTrip, Unit
from watcher.store import files, marks, others_swaps, trade_log, wash_trades
from watcher.store.wash_trades import TradeKey
from watcher.types import FILE, Coverage, Wallet

MARK_LIFE = timedelta(days=3)  #: an older mark says nothing of today


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One wallet with its trades and books."""

    wallet: Wallet
    trades: tuple[tuple[Trade, Valuation | None], ...]
    moves: tuple[Move, ...]
    unit: Unit
    books: Books
    filed: tuple[FiledTrip, ...] = ()  #: round trips from books that others kept
    doubts: Mapping[TradeKey, Suspicion] = field(default_factory=dict)  #: its trades that look like wash trades
    moved_away: MovedAway | None = None  #: what left its positions unsold
    departures: tuple[MarkedDeparture, ...] = ()  #: the same, move by move, as far as it was most of a position
    swaps_by_others: int = 0  #: transactions in which others swapped what it had approved; not among its trades

    @property
    def round_trips(self) -> list[RoundTrip | FiledTrip]:
        """All that closed."""
        return [*self.books.round_trips, *self.filed]

    @property
    def activity(self) -> list[Trade | FiledTrip]:
        """All that shows when it traded."""
        return [*self.verified, *self.filed]

    @property
    def verified(self) -> list[Trade]:
        """The trades that count."""
        return [trade for trade, _ in self.trades if trade.counts and trade_key(trade) not in self.doubts]

    @property
    def entries(self) -> list[Entry]:
        """The trades as the books take them."""
        return _entries(self.trades, self.doubts)


def trade_key(trade: Trade) -> TradeKey:
    """What a trade is known by."""
    return trade.chain_id, trade.tx_hash, trade.wallet, trade.ordinal


def _entries(trades: Iterable[tuple[Trade, Valuation | None]], doubts: Mapping[TradeKey, Suspicion]) -> list[Entry]:
    """Trades as the books take them: a doubtful one moves tokens, but at no price that could make a win or a loss."""
    return [
        Entry(trade=trade, valuation=None if trade_key(trade) in doubts else valuation) for trade, valuation in trades
    ]


def quote_addresses(chains: Mapping[int, Chain]) -> dict[int, frozenset[str]]:
    """Chain id to its quote tokens: of the given chains and, for files, of the chains that are known anyway."""
    known = {chain_id: frozenset(quote_tokens(chain)) for chain_id, chain in {**registry(), **chains}.items()}
    return {**known, FILE_CHAIN: SOLANA_QUOTES}


def read_accounts(
    connection: Connection,
    wallets: Iterable[Wallet],
    chains: Mapping[int, Chain],
    *,
    unit: Unit | None,
) -> list[Account]:
    """Keep the books of the given wallets, as of the newest block that was read, or as far as its files cover it.

    Parameters
    ----------
    unit
        What a round trip is; None: what suits each wallet (:func:`own_unit`).
    """
    until = trade_log.last_block_time(connection)
    quotes = quote_addresses(chains)
    trades: dict[str, list[tuple[Trade, Valuation | None]]] = {}
    for trade, valuation, _ in files.all_trades(connection):
        trades.setdefault(trade.wallet, []).append((trade, valuation))
    moves: dict[str, list[Move]] = {}
    for move in trade_log.moves(connection):
        moves.setdefault(move.wallet, []).append(move)
    filed: dict[str, list[FiledTrip]] = {}
    for trip in files.trips(connection):
        filed.setdefault(trip.wallet, []).append(trip)
    filed_until = {item.wallet: item.last_at for item in trade_log.coverages(connection, FILE_CHAIN)}
    newest = marks.newest(connection, until - MARK_LIFE) if until else {}
    doubtful = wash_trades.doubts(connection)
    by_others = others_swaps.counts(connection)
    accounts: list[Account] = []
    for wallet in wallets:
        mine = trades.get(wallet.address, [])
        entries = _entries(mine, doubtful)
        moved = tuple(moves.get(wallet.address, ()))
        own = unit or own_unit(wallet, entries, quotes, moved)
        end = filed_until.get(wallet.address) if wallet.chains == (FILE,) else until
        books = keep_books(wallet.address, entries, quotes, moved, unit=own, until=end)
        positions = tuple(
            replace(each, mark_return=mark_return(each, newest.get((each.wallet, each.chain_id, each.token))))
            for each in books.open_positions
        )
        books = replace(books, open_positions=positions)
        trips = tuple(filed.get(wallet.address, ()))
        doubts = {key: doubt for key, doubt in doubtful.items() if doubt.wallet == wallet.address}
        marked = marks.history(connection, [wallet.address]) if books.departures else []
        accounts.append(
            Account(
                wallet=wallet,
                trades=tuple(mine),
                moves=moved,
                unit=own,
                books=books,
                filed=trips,
                doubts=doubts,
                moved_away=moved_away(books, marked),
                departures=tuple(marked_departures(books.departures, marked)),
                swaps_by_others=by_others.get(wallet.address, 0),
            )
        )
    return accounts


def own_unit(
    wallet: Wallet, entries: Iterable[Entry], quotes: Mapping[int, frozenset[str]], moves: Iterable[Move]
) -> Unit:
    """The unit that suits a wallet, by what it did before it was followed: what comes later cannot change it."""
    since = wallet.followed_since.timestamp()
    books = keep_books(
        wallet.address,
        [entry for entry in entries if (entry.trade.timestamp or 0) < since],
        quotes,
        [move for move in moves if (move.timestamp or 0) < since],
        until=wallet.followed_since,
    )
    return suggest_unit(books)


def daily_positions(
    connection: Connection, accounts: Iterable[Account], chains: Mapping[int, Chain], *, until: datetime
) -> list[MarkedPosition]:
    """What every wallet held at the end of each day up to ``until``, at the marks of the store."""
    quotes, by_wallet = quote_addresses(chains), {account.wallet.address: account for account in accounts}
    found: dict[str, list[Mark]] = {}
    for mark in marks.history(connection, by_wallet):
        found.setdefault(mark.wallet, []).append(mark)
    return [
        position
        for name, mine in found.items()
        for position in marked_positions(
            name, by_wallet[name].entries, quotes, by_wallet[name].moves, mine, unit=by_wallet[name].unit, until=until
        )
    ]


def mark_return(position: OpenPosition, mark: Mark | None) -> float | None:
    """What an open position would return if sold, fraction of cost: its mark, scaled to what is still held.

    An own trade price, be it the last one, is no mark: what a pool paid then says nothing of what it would pay now.

    Returns
    -------
    float or None
        None where there is no mark or the cost is unknown; -1.0 where the pool is drained.
    """
    if mark is None or not position.cost_usd:
        return None
    proceeds = mark.proceeds_usd * position.quantity_raw / mark.quantity_raw
    return float(proceeds / position.cost_usd) - 1


def touches(account: Account, quotes: Mapping[int, frozenset[str]]) -> list[tuple[str, int]]:
    """Each token that it traded and when, quote tokens apart; of closed round trips, their asset at the close."""
    touched = [
        (f"{trade.chain_id}:{leg.token}", trade.timestamp)
        for trade in account.verified
        if trade.timestamp is not None
        for leg in trade.sold + trade.bought
        if leg.token not in quotes[trade.chain_id]
    ]
    return sorted([*touched, *((trip.token, trip.timestamp) for trip in account.filed if trip.token)])


Interval = tuple[datetime, datetime]


def covered_times(items: Iterable[Coverage], wallet: str, chain_ids: Iterable[int]) -> list[Interval]:
    """When a wallet was read on *all* of its chains, and what a file covers: it is silent only when silent on all."""
    by_chain: dict[int, list[Interval]] = {chain_id: [] for chain_id in chain_ids}
    filed: list[Interval] = []
    for item in items:
        if item.wallet == wallet and item.chain_id == FILE_CHAIN:
            filed.append((item.first_at, item.last_at))
        elif item.wallet == wallet and item.chain_id in by_chain:
            by_chain[item.chain_id].append((item.first_at, item.last_at))
    common: list[Interval] | None = None
    for intervals in by_chain.values():
        common = intervals if common is None else _intersection(common, intervals)
    return sorted([*(common or []), *filed])


def _intersection(one: list[Interval], other: list[Interval]) -> list[Interval]:
    pairs = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return sorted((first, last) for first, last in pairs if first < last)
