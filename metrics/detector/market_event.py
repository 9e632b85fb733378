"""Whether the market moved many wallets at once: a fall that their peers share is one event, not many departures.

The detector takes the peers' move out of each wallet before it judges it: what only follows the market is not flagged
but stands at ``State.MARKET``. Wallets in that state at the same time are the event. Changes of single wallets bring
none of them there; a drawdown brings many.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median, median_low

from metrics.peers.peers import FEW_PEERS
from metrics.types import Assessment, Metric, State

FEWEST = 3
"""Wallets that fell with their peers; invented lists of 32 without a drawdown had 1 at most, with one 6 or more."""
SHARE = 0.1
"""Of the wallets that can be compared with peers: a long list has some such wallets on any day."""
OVER = timedelta(days=7)
"""Without an event for so long, the next is a new one."""
EARLIER = timedelta(days=14)
"""A departure that began no more than so long before the event may belong to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketEvent:
    """Many wallets down at once, and their peers with them. Wallets are addresses, in the order of the list."""

    metric: Metric  #: on which most of them fell
    since: date  #: when it began for the middle one of them
    moved: tuple[str, ...]  #: fell no further than the market explains
    beyond: tuple[str, ...]  #: flagged about the same time: fell further than that
    unknown: tuple[str, ...]  #: cannot be told: too little history, or too few peers
    peers: int  #: wallets that the market's move was measured on
    change: float | None  #: their common change, median over ``moved``, in the metric's own unit
    low: float | None  #: its 95 % interval, likewise
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A market event from its first to its last day."""

    first: date
    last: date
    moved: tuple[str, ...]  #: every wallet that it moved, by address

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.first <= day <= self.last


def market_event(assessments: Sequence[Assessment]) -> MarketEvent | None:
    """The market event in one day's verdicts on the followed wallets; None where there is none."""
    moved = [each for each in assessments if each.state is State.MARKET]
    compared = sum(each.state is not State.LEARNING and each.evidence.peers >= FEW_PEERS for each in assessments)
    if len(moved) < max(FEWEST, SHARE * compared):
        return None
    since = median_low([each.evidence.since for each in moved if each.evidence.since is not None])
    [(metric, _)] = Counter(each.evidence.lead for each in moved if each.evidence.lead is not None).most_common(1)
    measured = [item for each in moved for item in each.evidence.metrics if item.metric is metric]
    return MarketEvent(
        metric=metric,
        since=since,
        moved=tuple(each.wallet for each in moved),
        beyond=tuple(
            each.wallet
            for each in assessments
            if each.flagged and each.evidence.since is not None and each.evidence.since >= since - EARLIER
        ),
        unknown=tuple(
            each.wallet
            for each in assessments
            if each.state is State.LEARNING or (not each.flagged and each.evidence.peers < FEW_PEERS)
        ),
        peers=len({peer for each in moved for peer in each.evidence.peer_wallets}),
        change=_median(item.peers_change for item in measured),
        low=_median(item.peers_low for item in measured),
        high=_median(item.peers_high for item in measured),
    )


def spans(days: Iterable[tuple[date, MarketEvent]]) -> list[Span]:
    """Join the days of market events, in order of time, to events."""
    out: list[Span] = []
    for day, event in days:
        if out and day - out[-1].last <= OVER:
            joined = out.pop()
            out.append(Span(first=joined.first, last=day, moved=tuple(sorted({*joined.moved, *event.moved}))))
        else:
            out.append(Span(first=day, last=day, moved=tuple(sorted(event.moved))))
    return out


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
