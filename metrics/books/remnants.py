"""Remnants: what a wallet keeps of a position that it has left in all but name.

After an exit of 80 % the rest, untouched for twice the wallet's 95th-percentile holding time, no longer keeps the
episode open.
"""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from metrics.books.lots import Lot, lot_of, take
from metrics.books.postings import Posting

EXIT_PARTS = 5  #: one part in five: an exit of 80 % leaves at most so much
FEWEST_SELLS = 20  #: fewer have no 95th percentile


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a wallet's rest may lie, as it was known at each moment: what came later never moves a deadline.

    The holding time of a sell is the time since the oldest lot that it takes, first in, first out; unlike the life of
    an episode it does not depend on when episodes close. The percentile is the nearest rank, over the sells so far.
    """

    times: tuple[int, ...] = ()  #: unix seconds of the sells, from the ``FEWEST_SELLS``-th on
    holding_p95_s: tuple[int, ...] = ()  #: as known after each of them

    @classmethod
    def learn(cls, tokens: Iterable[Sequence[Posting]]) -> "Patience":
        """Learn it from all of a wallet's postings, token by token."""
        sells = sorted(pair for postings in tokens for pair in _holding_times(postings))
        ranked: list[int] = []
        learnt = []
        for n, (time, holding) in enumerate(sells, 1):
            insort(ranked, holding)
            if n >= FEWEST_SELLS:
                learnt.append((time, ranked[-(-19 * n // 20) - 1]))
        return cls(tuple(time for time, _ in learnt), tuple(p95 for _, p95 in learnt))

    def deadline(self, touched: int) -> int | None:
        """When a rest that was last touched then (unix seconds) becomes a remnant; None: not known yet.

        ``touched + 2 * (95th percentile known at that time)``, or known for the first time: not before that.
        """
        if not self.times:
            return None
        known = max(0, bisect_right(self.times, touched) - 1)
        return max(touched + 2 * self.holding_p95_s[known], self.times[known])


def _holding_times(postings: Iterable[Posting]) -> Iterable[tuple[int, int]]:
    """Yield the time of each sell and how long the oldest lot that it takes was held; moves are not looked at."""
    held: deque[Lot] = deque()
    for posting in postings:
        if posting.is_move:
            continue
        if posting.quantity > 0:
            held.append(lot_of(posting))
        elif lots := take(held, -posting.quantity):
            yield posting.timestamp, posting.timestamp - lots[0].opening.timestamp
