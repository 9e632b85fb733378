"""What was open at the end of each day, at that day's marks: the same for days lived and for days replayed."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ingest.types import Move
from metrics.books.bookkeeping import Entry, QuoteAddresses, book_token
from metrics.books.postings import Posting, TokenKey, money, postings
from metrics.books.remnants import Patience
from metrics.types import Mark, OpenPosition, Unit

DAY = timedelta(days=1)


class MarkedPosition(NamedTuple):
    """An open position at the end of a day."""

    wallet: str
    marked_at: datetime  #: UTC midnight after the day, or ``until``
    position_id: str
    opened_at: datetime  #: UTC
    touched_at: datetime  #: last trade of its token
    mark_return: float | None  #: of the whole position if the rest were sold at the mark; None: no mark that day


def marked_positions(
    wallet: str,
    entries: Iterable[Entry],
    quotes: QuoteAddresses,
    moves: Iterable[Move],
    marks: Iterable[Mark],
    *,
    unit: Unit,
    until: datetime,
) -> list[MarkedPosition]:
    """Positions of one wallet, day by day, in tokens that were ever marked, from each token's first mark on.

    A mark becomes a return by selling what is left at it, without gas, in the books of that day: so the return of a
    position that was sold in part is that of all of it, as its close will be booked. Where the mark priced another
    quantity, its proceeds count in proportion.

    Parameters
    ----------
    wallet, entries, quotes, moves, unit
        As for ``metrics.books.bookkeeping.keep_books``.
    marks
        Of this wallet, in any order; the last of a UTC day counts for the day. Other wallets' are ignored.
    until
        UTC; the last moment that is known.

    Returns
    -------
    list of MarkedPosition
        By time. A day without a row holds nothing that was ever marked.
    """
    by_token: dict[TokenKey, list[Mark]] = {}
    for mark in sorted((each for each in marks if each.wallet == wallet), key=lambda each: each.marked_at):
        by_token.setdefault((mark.chain_id, mark.token), []).append(mark)
    if not by_token:
        return []
    tokens = postings(entries, moves, quotes)
    patience = Patience.learn(tokens.values()) if unit is Unit.EPISODE else Patience()
    found = [
        position
        for key, mine in by_token.items()
        for position in _days(wallet, key, tokens.get(key, []), mine, unit, patience, until)
    ]
    return sorted(found, key=lambda each: (each.marked_at, each.position_id))


def _days(
    wallet: str,
    key: TokenKey,
    items: Sequence[Posting],
    marks: Sequence[Mark],
    unit: Unit,
    patience: Patience,
    until: datetime,
) -> Iterable[MarkedPosition]:
    of_day = {_midnight(mark.marked_at): mark for mark in marks if mark.marked_at <= until}
    times = [posting.timestamp for posting in items]
    flat = -1  # so many postings leave nothing open
    moment = min(of_day, default=until)
    while moment < until + DAY:
        mark, end = of_day.get(moment), min(moment, until)
        seconds = int(end.timestamp())
        past = items[: bisect_right(times, seconds)]
        moment += DAY
        if not past or len(past) == flat:
            continue
        position = book_token(wallet, key, past, unit=unit, patience=patience, until=seconds).open_position
        if position is None:
            flat = len(past)
            continue
        yield MarkedPosition(
            wallet,
            end,
            position.position_id,
            position.opened_at,
            datetime.fromtimestamp(max((item.timestamp for item in past if not item.is_move), default=seconds), UTC),
            _mark_return(position, past, mark, unit, patience, seconds) if mark else None,
        )


def _mark_return(
    position: OpenPosition, past: Sequence[Posting], mark: Mark, unit: Unit, patience: Patience, now: int
) -> float | None:
    """Return of the round trip that selling the position at the mark would close; None where its cost is unknown."""
    proceeds = money(mark.proceeds_usd)
    if proceeds is None or mark.quantity_raw <= 0:
        return None
    sale = Posting(
        timestamp=now,
        block_number=past[-1].block_number + 1,
        transaction_index=0,
        is_move=False,
        ordinal=0,
        tx_hash="",
        quantity=-position.quantity_raw,
        value=proceeds * position.quantity_raw // mark.quantity_raw,
        gas=0,
    )
    key = position.chain_id, position.token
    book = book_token(position.wallet, key, [*past, sale], unit=unit, patience=patience, until=now)
    before = book_token(position.wallet, key, past, unit=unit, patience=patience, until=now)
    closed = book.round_trips[len(before.round_trips) :]
    return closed[-1].return_fraction if closed else None


def _midnight(moment: datetime) -> datetime:
    """The end of a moment's UTC day; midnight ends the day before."""
    start = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return start if start == moment else start + DAY
