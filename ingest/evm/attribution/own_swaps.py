"""Whose swap it is: the wallet's own coins, followed from its outflow through routers and pools to its inflow.

A transaction holds swaps of others too: a token that takes a tax sells what it has taken inside the wallet's
sale, a tracker buys a reward for its holders, a maker fills its own order. A swap is the wallet's if what was fed to
it came from the wallet, or if what it paid reached the wallet; or if no feed of it can be seen.
"""

from collections.abc import Mapping, Sequence

import msgspec

from ingest.evm.attribution.pool_verification import Step, close
from ingest.evm.attribution.swap_paths import Conversions
from ingest.evm.logs.token_flows import ZERO, Transfer, Wrap
from ingest.evm.venues.swap_event import Holding
from ingest.types import NATIVE

NEVER = 1 << 62


class OwnPath(msgspec.Struct, frozen=True, gc=False):
    """The wallet's own way through a transaction."""

    steps: tuple[Step, ...]  #: swaps that are the wallet's
    reached: tuple[Step, ...]  #: those of them that the wallet's own coins fed
    since: Mapping[tuple[str, str], int]  #: (account, token): first log at which the wallet's coins lay there
    fed: tuple[Transfer, ...]  #: what was fed to the swaps that they reached
    paid: tuple[Transfer, ...]  #: what was paid for it
    theirs: frozenset[int]  #: logs of what was fed to swaps of others, and paid for it
    held: frozenset[str]  #: accounts that took and gave what was swapped: pools, vaults


NOWHERE = OwnPath((), (), {}, (), (), frozenset(), frozenset())
"""The way through a transaction without swaps."""


class _Walk:
    """The state of one walk: which movements carry the wallet's coins, and where they lie."""

    def __init__(
        self,
        steps: Sequence[Step],
        transfers: Sequence[Transfer],
        links: Conversions,
        wallet: str,
    ) -> None:
        self.wallet = wallet
        self.steps = steps
        self.transfers = [t for t in transfers if t.amount and t.source != t.target]
        self.fed, self.paid = _moved(steps, self.transfers)
        self.held = frozenset([step.holder for step in steps if step.holder is not None])
        self.since: dict[tuple[str, str], int] = {}
        self.own: set[int] = set()
        self.reached: set[int] = set()
        self.sources: dict[str, list[str]] = {}
        for pairs in (links.deposits, links.redeems):
            for a, b in pairs:
                self.sources.setdefault(b, []).append(a)

    def forward(self, wraps: Sequence[Wrap], wrapped: str | None, *, sent_native: bool) -> None:
        """Carry the wallet's coins along, until nothing moves any more."""
        native = -1 if sent_native else NEVER  # since when some of its native coin may lie anywhere
        own, reached, since, wallet = self.own, self.reached, self.since, self.wallet
        coin = wrapped or ""
        wraps = [wrap for wrap in wraps if wrap.account != wallet]
        before, whole = -1, len(self.transfers) + len(self.steps)
        while before != (size := len(own) + len(reached) + len(since)) and len(own) + len(reached) < whole:
            before = size
            for wrap in wraps:
                if wrap.amount > 0 and native < wrap.index:
                    self._lie(wrap.account, coin, wrap.index)
                elif wrap.amount < 0 and since.get((wrap.account, coin), NEVER) < wrap.index:
                    native = min(native, wrap.index)
            for t in self.transfers:
                # A token's own contract does not pass on what it took: that is its tax.
                carried = t.source == wallet or (
                    t.source != t.token and since.get((t.source, t.token), NEVER) < t.index
                )
                if t.index not in own and (carried or self._turned(t)):
                    self._arrive(t)
            for place, step in enumerate(self.steps):
                fed = self.fed[place]
                if place in reached or (fed and own.isdisjoint([t.index for t in fed])):
                    continue
                if fed or (native < NEVER and any(a == NATIVE for a, _ in step.pairs)):
                    reached.add(place)
                    for t in self.paid[place]:
                        if t.index not in own:
                            self._arrive(t)
                    if any(b == NATIVE for _, b in step.pairs):
                        native = min(native, step.event.log_index)

    def _turned(self, t: Transfer) -> bool:
        """Tell whether a share was minted for the wallet's coins, or they are what a share was redeemed for."""
        if t.token not in self.sources:
            return False
        return any(self.since.get((t.target, a), NEVER) < t.index for a in self.sources[t.token])

    def _arrive(self, t: Transfer) -> None:
        self.own.add(t.index)
        if t.target not in (self.wallet, t.token, ZERO) and t.target not in self.held:
            self._lie(t.target, t.token, t.index)

    def _lie(self, account: str, token: str, index: int) -> None:
        self.since[account, token] = min(index, self.since.get((account, token), NEVER))

    def backward(self) -> set[int]:
        """Return the swaps whose payment reached the wallet."""
        until: dict[tuple[str, str], int] = {}
        towards: set[int] = set()
        found: set[int] = set()
        before = -1

        def leave(t: Transfer) -> None:
            towards.add(t.index)
            if t.source not in self.held and t.source not in (self.wallet, ZERO):
                until[t.source, t.token] = max(t.index, until.get((t.source, t.token), -1))

        while before != (size := len(towards) + len(found)):
            before = size
            for t in reversed(self.transfers):
                if t.index in towards or t.target == t.token:
                    continue
                if t.target == self.wallet or until.get((t.target, t.token), -1) > t.index:
                    leave(t)
            for place, paid in enumerate(self.paid):
                if place not in found and any(t.index in towards for t in paid):
                    found.add(place)
                    for t in self.fed[place]:
                        leave(t)
        return found


def own_way(
    steps: Sequence[Step],
    transfers: Sequence[Transfer],
    wraps: Sequence[Wrap],
    links: Conversions,
    *,
    wallet: str,
    wrapped: str | None,
    sent_native: bool,
) -> OwnPath:
    """Tell the wallet's swaps from those of others.

    Parameters
    ----------
    steps
        Swap events of the transaction, weighed, in log order.
    transfers, wraps, links
        Its ERC-20 movements, its wraps of the native coin, and tokens that turned into each other.
    wallet
        Lower-case address.
    wrapped
        The chain's wrapped native coin.
    sent_native
        Whether the wallet sent native coin along.
    """
    steps = [step for step in steps if step.pairs]
    if not steps:
        return NOWHERE
    walk = _Walk(steps, transfers, links, wallet)
    walk.forward(wraps, wrapped, sent_native=sent_native)
    reached = [place for place, fed in enumerate(walk.fed) if not fed or place in walk.reached]
    if len(reached) == len(steps):
        mine, theirs = steps, frozenset[int]()
    else:
        back = walk.backward()
        others = [place for place in range(len(steps)) if place not in back and place not in reached]
        mine = [step for place, step in enumerate(steps) if place not in others]
        theirs = frozenset(t.index for place in others for t in (*walk.fed[place], *walk.paid[place]))
    return OwnPath(
        steps=tuple(mine),
        reached=tuple([steps[place] for place in reached]),
        since=walk.since,
        fed=tuple([t for place in reached for t in walk.fed[place]]),
        paid=tuple([t for place in reached for t in walk.paid[place]]),
        theirs=theirs,
        held=walk.held,
    )


def _moved(steps: Sequence[Step], transfers: Sequence[Transfer]) -> tuple[list[list[Transfer]], list[list[Transfer]]]:
    """Return what was fed to each swap and what was paid for it."""
    fed: list[list[Transfer]] = []
    paid: list[list[Transfer]] = []
    before: dict[str, int] = {}
    for step in steps:
        event, holder = step.event, step.holder
        taken, given = zip(*step.pairs, strict=True)
        if holder is None:
            # Two parties, or accounts apart: known by the amounts alone. The wallet may be on either side.
            equal = [t for t in transfers if close(t.amount, event.amount_in) or close(t.amount, event.amount_out)]
            fed.append([t for t in equal if t.token in taken])
            paid.append([t for t in equal if t.token in given])
            continue
        first, last = -1, NEVER
        if event.holding is Holding.POOL:
            # A pool's movements come before its event, and after its event before.
            first, last = before.get(holder, -1), event.log_index
            before[holder] = event.log_index
        into = [t for t in transfers if t.target == holder and t.token in taken]
        out = [t for t in transfers if t.source == holder and t.token in given]
        fed.append(_fit(into, first, last, event.amount_in))
        paid.append(_fit(out, first, last, event.amount_out))
    return fed, paid


def _fit(moves: list[Transfer], first: int, last: int, amount: int) -> list[Transfer]:
    if len(moves) < 2:
        return moves
    within = [t for t in moves if first < t.index < last]
    return [t for t in within if close(t.amount, amount)] or within or moves
