"""When many wallets leave their form at once, the market is the likelier reason: one event, not many flags.

Peers take out what they share, but a shock that begins in some wallets and reaches others days later passes that test
one wallet at a time. Counting over two weeks catches it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

WINDOW = timedelta(days=14)
TIMES_BUDGET = 3.0
"""More than so many times the flags that the dial allows in a window are an event."""
FEWEST = 3
"""Departures; one or two prove nothing, however small the budget is."""
BEYOND = 10.0
"""A score so many times the event's median is the wallet's own affair as well; a convention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One wallet leaving its form."""

    wallet: str
    day: date  #: when it was flagged
    score: float  #: recurrence interval, years


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketEvent:
    """Many departures in one group of wallets within two weeks of each other."""

    departures: tuple[Departure, ...]  #: by day and wallet
    followed: int  #: wallets in the group
    budgeted: float  #: departures that the dial allows this group in one window

    @property
    def first(self) -> date:
        """Day of the first departure."""
        return self.departures[0].day

    @property
    def last(self) -> date:
        """Day of the last departure."""
        return self.departures[-1].day

    @property
    def beyond(self) -> tuple[Departure, ...]:
        """Departures that the event alone does not explain: their evidence is far stronger than is usual in it."""
        usual = median(each.score for each in self.departures)
        return tuple(each for each in self.departures if each.score > BEYOND * usual)

    @property
    def folded(self) -> tuple[Departure, ...]:
        """The other departures."""
        beyond = self.beyond
        return tuple(each for each in self.departures if each not in beyond)


def market_events(
    departures: Iterable[Departure], groups: Iterable[Sequence[str]], *, false_flags_per_wallet_year: float
) -> list[MarketEvent]:
    """Find the market events among departures.

    Parameters
    ----------
    departures
        Those of followed wallets, in any order.
    groups
        Followed wallets that share a market (:func:`groups_of`).
    false_flags_per_wallet_year
        The dial: it says how many departures a group may have by chance.

    Returns
    -------
    list of MarketEvent
        By first day. Windows that overlap are one event; a departure is in one event or in none.
    """
    everything = sorted(departures, key=lambda each: (each.day, each.wallet))
    events = []
    for group in groups:
        members = set(group)
        mine = [each for each in everything if each.wallet in members]
        budgeted = len(members) * false_flags_per_wallet_year * WINDOW.days / 365.25
        inside: list[Departure] = []
        for i, first in enumerate(mine):
            window = [each for each in mine[i:] if each.day < first.day + WINDOW]
            # A wallet that leaves, returns and leaves again is one wallet.
            if len({each.wallet for each in window}) < max(FEWEST, TIMES_BUDGET * budgeted + 1e-9):
                continue
            if inside and window[0] not in inside:
                events.append(MarketEvent(departures=tuple(inside), followed=len(members), budgeted=budgeted))
                inside = []
            inside += [each for each in window if each not in inside]
        if inside:
            events.append(MarketEvent(departures=tuple(inside), followed=len(members), budgeted=budgeted))
    return sorted(events, key=lambda event: (event.first, event.departures[0].wallet))


def groups_of(peers: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Wallets that are each other's peers, at one or more removes, are one group.

    Parameters
    ----------
    peers
        Followed wallet to its peers; peers that are not followed join two wallets, and count in no group.
    """
    root: dict[str, str] = {}

    def find(name: str) -> str:
        while root.setdefault(name, name) != name:
            name = root[name]
        return name

    for wallet, others in peers.items():
        for other in others:
            root[find(other)] = find(wallet)
    found: dict[str, list[str]] = {}
    for wallet in sorted(peers):
        found.setdefault(find(wallet), []).append(wallet)
    return list(found.values())
