"""The books: a wallet's trades and moves become round trips, by position episode or first in, first out.

Pure. The books are a function of the *set* of trades and moves, so that late ones give the same books as in-order
ones. Each token of each chain has a book of its own (``book_token``): a late trade touches the books of its own
tokens; of the others only those whose rest it makes a remnant sooner or later, by changing what is known of the
wallet's holding times (``Patience``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from ingest.types import Move, Trade
from metrics.books.episodes import book_episodes
from metrics.books.fifo import book_fifo
from metrics.books.postings import Entry, Posting, QuoteAddresses, TokenKey, postings
from metrics.books.remnants import FEWEST_SELLS, Patience
from metrics.types import Departure, OpenPosition, RoundTrip, TokenBook, Unit

__all__ = ["Books", "Entry", "QuoteAddresses", "book_token", "keep_books", "suggest_unit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the trades of one wallet came to."""

    round_trips: tuple[RoundTrip, ...]  #: by time of close
    open_positions: tuple[OpenPosition, ...]  #: by time of opening
    unpriced: int  #: closed episodes (or sells) left out because a part of them has no price
    unmatched_sells: int  #: sells of tokens that nothing known brought: cost unknown, never a win
    unverified: int  #: trades left out because nobody vouches for their venue
    unknown_cost: int = 0  #: sells of tokens that arrived by transfer: never a win
    remnant_sells: int = 0  #: sells of what an episode had left behind when it closed: never a win
    moved_away: int = 0  #: episodes that ended because the tokens moved out before anything was sold
    moved_out_usd: Decimal = Decimal(0)  #: cost of what moved out and has not come back
    departures: tuple[Departure, ...] = ()  #: the same, move by move, in the order of leaving
    bought_usd: Decimal = Decimal(0)  #: known cost of all that was bought


def keep_books(
    wallet: str,
    entries: Iterable[Entry],
    quotes: QuoteAddresses,
    moves: Iterable[Move] = (),
    *,
    unit: Unit = Unit.EPISODE,
    until: datetime | None = None,
) -> Books:
    """Close the books of one wallet.

    A buy (quote to asset) adds quantity and cost with its gas; a sell (asset to quote) takes quantity away and adds
    proceeds less its gas; a rotation (asset to asset) is a sell and a buy at the same value; a conversion (quote to
    quote) changes nothing. A trade's value cannot be split: of several assets on one side none is priced. A rotation's
    gas is charged to its sell. Moves are no trades: they change what is held and what it cost, never the record
    (``metrics.books.episodes``, ``metrics.books.fifo`` state the rules).

    Parameters
    ----------
    wallet
        Whose trades they are.
    entries
        Trades with valuations, in any order. Unverified trades are counted and left out.
    quotes
        Quote tokens by chain.
    moves
        What moved without being traded, in any order.
    unit
        What a round trip is.
    until
        UTC; the time up to which trades and moves are complete: a rest that lies long enough by then is a remnant.
        None: the last trade or move.

    Returns
    -------
    Books
    """
    entries, moves = list(entries), list(moves)
    trades = [entry.trade for entry in entries]
    tokens = postings(entries, moves, quotes)
    patience = Patience.learn(tokens.values()) if unit is Unit.EPISODE else Patience()
    times = [trade.timestamp or 0 for trade in trades] + [move.timestamp or 0 for move in moves]
    end = int(until.timestamp()) if until else max(times, default=0)
    books = [book_token(wallet, key, items, unit=unit, patience=patience, until=end) for key, items in tokens.items()]
    trips = [trip for book in books for trip in book.round_trips]
    positions = [book.open_position for book in books if book.open_position is not None]
    departures = [departure for book in books for departure in book.departures]
    return Books(
        round_trips=tuple(sorted(trips, key=attrgetter("closed_at", "position_id"))),
        open_positions=tuple(sorted(positions, key=attrgetter("opened_at", "position_id"))),
        unpriced=sum(book.unpriced for book in books),
        unmatched_sells=sum(book.unmatched_sells for book in books),
        unverified=len({_key(trade) for trade in trades if not trade.counts}),
        unknown_cost=sum(book.unknown_cost for book in books),
        remnant_sells=sum(book.remnant_sells for book in books),
        moved_away=sum(book.moved_away for book in books),
        moved_out_usd=sum((book.moved_out_usd for book in books), Decimal(0)),
        departures=tuple(sorted(departures, key=attrgetter("left_at", "position_id"))),
        bought_usd=sum((trip.cost_usd for trip in trips), sum(map(_not_closed, books), Decimal(0))),
    )


def _not_closed(book: TokenBook) -> Decimal:
    return book.open_usd + book.moved_out_usd + book.left_out_usd


def _key(trade: Trade) -> tuple[int, str, int]:
    return trade.chain_id, trade.tx_hash, trade.ordinal


def book_token(
    wallet: str,
    key: TokenKey,
    items: Sequence[Posting],
    *,
    unit: Unit = Unit.EPISODE,
    patience: Patience | None = None,
    until: int = 0,
) -> TokenBook:
    """Keep the book of one token of one chain: all that a late trade of it touches.

    Parameters
    ----------
    wallet
        Whose book it is.
    key
        Chain id and token.
    items
        Its postings in the order of the chain, as ``metrics.books.postings.postings`` gives them.
    unit
        What a round trip is.
    patience
        How long a rest may lie before it is a remnant; None: for ever.
    until
        Unix seconds up to which the postings are complete; never before the last one.
    """
    if unit is Unit.FIFO:
        return book_fifo(wallet, key, items)
    return book_episodes(wallet, key, items, patience or Patience(), until)


def suggest_unit(books: Books) -> Unit:
    """Say which unit suits a wallet, by its books kept in episodes.

    ``fifo`` where at least ``FEWEST_SELLS`` sells are known and more than half of them belong to episodes that have
    not closed; else ``episode``. To be asked once, of the history before a wallet is followed: a unit that changes
    changes the record.
    """
    closed = sum(trip.sells for trip in books.round_trips)
    unclosed = sum(position.sells for position in books.open_positions)
    return Unit.FIFO if closed + unclosed >= FEWEST_SELLS and unclosed > closed else Unit.EPISODE
