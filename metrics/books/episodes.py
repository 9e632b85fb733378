"""Position episodes: from the first buy until next to nothing is left, however many buys and sells that takes."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from metrics.books.draft_book import DraftBook
from metrics.books.lots import Lot, Origin, take
from metrics.books.postings import CRUMB, Posting, TokenKey, is_dust
from metrics.books.remnants import EXIT_PARTS, Patience
from metrics.types import TokenBook


@dataclass(slots=True)
class _Episode:
    """The running state of one position; amounts in base units and trillionths of a dollar."""

    opening: Posting
    opened_at: int  #: before ``opening`` where it took back what an earlier episode had moved out
    touched_at: int = 0
    quantity: int = 0
    peak: int = 0
    away: int = 0  #: moved out and not back: no exit
    held_cost: int = 0
    sold_cost: int = 0
    proceeds: int = 0
    buys: int = 0
    sells: int = 0
    priced: bool = True

    def add(self, quantity: int, cost: int, at: int) -> None:
        self.quantity += quantity
        self.held_cost += cost
        self.peak = max(self.peak, self.quantity)
        self.touched_at = at

    def remove(self, quantity: int, at: int) -> int:
        """Take a part off at the average cost, and return that cost."""
        share = self.held_cost * quantity // self.quantity
        self.held_cost -= share
        self.quantity -= quantity
        self.touched_at = at
        return share

    @property
    def left_for_good(self) -> bool:
        """Whether at most 20 % of what did not move out is left, after a sell."""
        return self.sells > 0 and self.quantity * EXIT_PARTS <= self.peak - self.away


def book_episodes(
    wallet: str, key: TokenKey, postings: Iterable[Posting], patience: Patience, until: int = 0
) -> TokenBook:
    """Keep the book of one token, one round trip an episode.

    An episode runs from a buy until at most 2 % of its peak quantity, or one dollar at the last seen price, is left;
    or until what is left becomes a remnant (``metrics.books.remnants``). Its cost is that of all it bought, what is
    left included; its proceeds are what its sells brought. Within it cost is an average: a part that leaves takes its
    share by quantity.

    What is left at the close is *leftover*: selling it later, at whatever price, belongs to no episode, opens none and
    wins nothing; it is counted. What arrived by transfer has an unknown cost and lies beneath what was bought, so that
    nobody can change a wallet's record by sending it tokens. A sell takes what the episode bought first, then
    leftovers, then what arrived; of its proceeds the episode gets the share of its own quantity.

    A move out takes what arrived first, then leftovers, and from the episode last: that part leaves with its share of
    the cost, no sell and no loss. Where next to nothing remains the episode ends then, with the result of the part
    that was sold, or without a verdict where nothing was. What moves in takes back what moved out, last out first in,
    at the cost and from the day it had, into the open episode or into one of its own; beyond that it has arrived.
    Not covered: whether what comes back is what went out (anyone's transfer of the token counts as the return), and
    what a liquidity pool turned into other tokens meanwhile, whose cost stays with what moved out.

    Parameters
    ----------
    wallet
        Whose book it is.
    key
        Chain id and token.
    postings
        Of this token, in the order of the chain.
    patience
        How long this wallet's rest may lie.
    until
        Unix seconds up to which nothing else happened; never before the last posting.
    """
    book = _Book(DraftBook(wallet, key), patience)
    for posting in postings:
        book.expire(posting.timestamp)
        book.post(posting)
    book.expire(until)
    return book.finish()


@dataclass(slots=True)
class _Book:
    draft: DraftBook
    patience: Patience
    episode: _Episode | None = None
    away: deque[Lot] = field(default_factory=deque)  #: moved out, the last one first

    def post(self, posting: Posting) -> None:
        self.draft.see_price(posting)
        if posting.is_move:
            (self._move_in if posting.quantity > 0 else self._move_out)(posting)
        else:
            (self._buy if posting.quantity > 0 else self._sell)(posting)

    def expire(self, now: int) -> None:
        """Close an episode whose rest became a remnant before now."""
        if self.episode is not None and self.episode.left_for_good:
            deadline = self.patience.deadline(self.episode.touched_at)
            if deadline is not None and deadline < now:
                self._close(self.episode, deadline)

    def finish(self) -> TokenBook:
        episode = self.episode
        if episode is None:
            return self.draft.finish(None, open_cost=0, away=self.away, by_move=False)
        position = self.draft.open_position(
            self.draft.position_id(episode.opening),
            episode.opened_at,
            quantity=episode.quantity,
            cost=episode.held_cost if episode.priced else None,
            sells=episode.sells,
        )
        cost = episode.held_cost + episode.sold_cost
        return self.draft.finish(position, open_cost=cost, away=self.away, by_move=False)

    def _buy(self, posting: Posting) -> None:
        episode = self._opened(posting, posting.timestamp)
        cost = posting.net
        episode.priced &= cost is not None
        episode.buys += 1
        episode.add(posting.quantity, cost or 0, posting.timestamp)

    def _sell(self, posting: Posting) -> None:
        draft, episode, sold = self.draft, self.episode, -posting.quantity
        own = min(sold, episode.quantity) if episode else 0
        leftover = min(sold - own, draft.leftover)
        arrived = min(sold - own - leftover, draft.unknown)
        unmatched = sold - own - leftover - arrived
        draft.leftover -= leftover
        draft.unknown -= arrived
        draft.unmatched += unmatched
        draft.count_sources(sold, leftover=leftover, arrived=arrived, unmatched=unmatched)
        if episode is not None:
            net = posting.net
            episode.priced &= net is not None
            episode.sells += 1
            episode.sold_cost += episode.remove(own, posting.timestamp)
            episode.proceeds += (net or 0) * own // sold
            self._close_if_empty(episode, posting.timestamp)

    def _move_out(self, posting: Posting) -> None:
        draft, episode, rest = self.draft, self.episode, -posting.quantity
        arrived = min(rest, draft.unknown)
        leftover = min(rest - arrived, draft.leftover)
        rest -= arrived + leftover
        own = min(rest, episode.quantity) if episode else 0
        draft.unknown -= arrived
        draft.leftover -= leftover
        draft.unmatched += rest - own
        if episode is not None and own:
            origin = Origin.BOUGHT if episode.priced else Origin.UNPRICED
            opening = replace(episode.opening, timestamp=episode.opened_at)
            cost = episode.remove(own, posting.timestamp)
            self.away.appendleft(Lot(own, cost, origin, opening, posting, episode.quantity))
            episode.away += own
            self._close_if_empty(episode, posting.timestamp)

    def _move_in(self, posting: Posting) -> None:
        back = take(self.away, posting.quantity)
        for lot in back:
            episode = self._opened(posting, lot.opening.timestamp)
            episode.priced &= lot.origin is Origin.BOUGHT
            episode.away = max(0, episode.away - lot.quantity)
            episode.add(lot.quantity, lot.cost, posting.timestamp)
        self.draft.unknown += posting.quantity - sum(lot.quantity for lot in back)

    def _opened(self, posting: Posting, opened_at: int) -> _Episode:
        if self.episode is None:
            self.episode = _Episode(posting, opened_at)
        self.episode.opened_at = min(self.episode.opened_at, opened_at)
        return self.episode

    def _close_if_empty(self, episode: _Episode, at: int) -> None:
        worth = self.draft.worth(episode.quantity)
        if is_dust(episode.quantity, episode.peak) or (worth is not None and worth <= CRUMB):
            self._close(episode, at)

    def _close(self, episode: _Episode, at: int) -> None:
        draft, cost = self.draft, episode.sold_cost + episode.held_cost
        self.episode = None
        draft.leftover += episode.quantity
        if not episode.sells:
            draft.moved_away += 1
            draft.left_out += cost
        elif not episode.priced or cost <= 0:
            draft.unpriced += 1
            draft.left_out += cost
        else:
            draft.close(
                draft.position_id(episode.opening),
                episode.opened_at,
                at,
                cost=cost,
                proceeds=episode.proceeds,
                buys=episode.buys,
                sells=episode.sells,
                left=episode.quantity,
            )
