"""From claims to evidence: which tokens an event swapped, and who vouches for its emitter.

Anyone can emit a ``Swap``. An event counts only if transfers of its own emitter in the same transaction bear
it out, and it is *verified* only if its emitter is a pool of a known factory, or a known contract.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ingest.evm.logs.token_flows import Transfer
from ingest.evm.venues.families import DERIVERS, SINGLETONS
from ingest.evm.venues.swap_event import Holding, SwapEvent
from ingest.types import NATIVE, Chain, Dex, Fact, PoolFact, VenueStatus, VenueSwap

POOL_VAULT = "pool_vault"
"""Registry kind of a vault that holds the tokens of pools which emit events of their own (SyncSwap)."""

CANDIDATES = 64
"""Token pairs tried per event: a pool moves two tokens, seldom more than four."""


class Edge(msgspec.Struct, frozen=True, gc=False):
    """A token turned into another by one swap."""

    token_in: str
    token_out: str
    swap: VenueSwap


class Step(msgspec.Struct, frozen=True, gc=False):
    """One swap event, weighed: what it turned into what, and where the tokens lie."""

    event: SwapEvent
    swap: VenueSwap
    pairs: tuple[tuple[str, str], ...]  #: token in, token out; several where the event leaves it open
    holder: str | None  #: account that took the one and gave the other; None where no single one did


class PoolEvidence(msgspec.Struct, frozen=True, gc=False):
    """What all swap events of a transaction prove."""

    steps: tuple[Step, ...]

    @property
    def swaps(self) -> tuple[VenueSwap, ...]:
        """Every swap event, forged ones too."""
        return tuple(step.swap for step in self.steps)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Every token turned into another."""
        return edges(self.steps)


def edges(steps: Iterable[Step]) -> tuple[Edge, ...]:
    """Return what some swaps turned into what."""
    return tuple(Edge(a, b, step.swap) for step in steps for a, b in step.pairs)


def close(a: int, b: int) -> bool:
    """Tell whether two amounts agree but for the rounding of share-based tokens."""
    return abs(a - b) <= max(2, max(a, b) // 10**9)


class Book:
    """What one account received and paid in a transaction, by token."""

    def __init__(self) -> None:
        self.got: dict[str, list[int]] = defaultdict(list)
        self.gave: dict[str, list[int]] = defaultdict(list)


def books(transfers: Iterable[Transfer]) -> dict[str, Book]:
    """Return every account's book."""
    out: dict[str, Book] = defaultdict(Book)
    for t in transfers:
        out[t.target].got[t.token].append(t.amount)
        out[t.source].gave[t.token].append(t.amount)
    return out


def matching(moves: Mapping[str, list[int]], amount: int, total: int) -> list[str]:
    """Return the tokens of which exactly ``amount`` moved at once or in sum, or ``total`` over all swaps."""
    return [
        token
        for token, amounts in moves.items()
        if any(close(a, amount) for a in amounts) or close(sum(amounts), amount) or close(sum(amounts), total)
    ]


_Registry = tuple[Mapping[tuple[str, str], Dex], Sequence[str]]
_kept: tuple[Sequence[Dex], _Registry] = ((), ({}, ()))


def _registry(dexes: Sequence[Dex]) -> _Registry:
    """Return the known contracts by kind and address, and the vaults: of the same list, what was returned before."""
    global _kept  # noqa: PLW0603 - to hash the list would take longer than to read it
    kept = _kept
    if kept[0] is not dexes:
        known = {(dex.kind, dex.factory): dex for dex in dexes if dex.kind in SINGLETONS}
        _kept = kept = dexes, (known, [dex.factory for dex in dexes if dex.kind == POOL_VAULT])
    return kept[1]


class Judge:
    """Weighs the swap events of one transaction.

    Parameters
    ----------
    chain
        What is known of the chain, or None.
    known
        Pools that were looked up, by lower-case address.
    transfers
        All ERC-20 movements of the transaction.
    """

    def __init__(self, chain: Chain | None, known: Mapping[str, Fact], transfers: Sequence[Transfer]) -> None:
        self._dexes = chain.dexes if chain else ()
        self._known = known
        self._transfers = transfers
        self._singletons: Mapping[tuple[str, str], Dex] = {}
        self._vaults: Sequence[str] = ()
        self._books: Mapping[str, Book] = {}
        self._ends: tuple[Mapping[int, set[str]], Mapping[int, set[str]]] | None = None

    def weigh(self, events: Sequence[SwapEvent]) -> PoolEvidence:
        """Weigh all events of the transaction together: pools may be used more than once."""
        if not events:
            return PoolEvidence(())  # as of most transactions
        self._singletons, self._vaults = _registry(self._dexes)
        self._books = books(self._transfers)
        totals: dict[tuple[str, bool | None, bool], int] = defaultdict(int)
        for event in events:
            totals[event.emitter, event.zero_for_one, True] += event.amount_in
            totals[event.emitter, event.zero_for_one, False] += event.amount_out
        steps = []
        before: dict[str, int] = {}
        for event in events:
            key = event.emitter, event.zero_for_one
            steps.append(self._one(event, totals[*key, True], totals[*key, False], before.get(event.emitter, -1)))
            before[event.emitter] = event.log_index
        return PoolEvidence(tuple(steps))

    def native(self, steps: Iterable[Step]) -> tuple[int, int]:
        """Return the native coin that the venues of some swaps took and gave without wrapping."""
        native_in = native_out = 0
        managed: dict[str, list[SwapEvent]] = defaultdict(list)
        for step in steps:
            event = step.event
            if event.holding is Holding.MANAGER and step.swap.status is VenueStatus.VERIFIED:
                managed[event.emitter].append(event)
            elif event.holding is not Holding.ORDER:
                native_in += event.amount_in * any(a == NATIVE for a, _ in step.pairs)
                native_out += event.amount_out * any(b == NATIVE for _, b in step.pairs)
        for manager, own in managed.items():
            took, paid = self._manager_native(own, self._holder(own[0], manager))
            native_in, native_out = native_in + took, native_out + paid
        return native_in, native_out

    def _one(self, event: SwapEvent, total_in: int, total_out: int, since: int) -> Step:
        """Weigh one event; what its pool moved for it lies after the log ``since``."""
        singleton = self._singleton(event)
        if singleton is not None:
            return self._known_contract(event, singleton)
        pairs = self._pairs(event, total_in, total_out)
        for pair in pairs or self._taxed_pairs(event, since):
            vouched = self._vouched(event, pair)
            if vouched is not None:
                family, why = vouched
                taxed = "" if pairs else "; the token takes a tax or shares it out"
                return self._step(event, [pair], VenueStatus.VERIFIED, why + taxed, family)
        if not pairs:
            return self._step(event, [], None, "no transfer of the emitter fits the amounts")
        fact = self._known.get(event.emitter)
        if isinstance(fact, PoolFact) and fact.factory is not None and not fact.tokens:
            return self._step(event, pairs[:1], VenueStatus.VERIFIED, f"looked up: factory {fact.factory}")
        reason = "transfers fit, but no known factory vouches for the emitter"
        return self._step(event, _bidirectional(event, pairs[:1]), VenueStatus.UNVERIFIED, reason)

    def _known_contract(self, event: SwapEvent, dex: Dex) -> Step:
        if event.holding is Holding.MANAGER and not event.amount_in:
            reason = f"known {dex.kind} contract, but the pool's hook keeps the amounts to itself"
            return self._step(event, self._passed_pairs(event), VenueStatus.UNVERIFIED, reason, dex.kind, dex.deployer)
        pairs = self._singleton_pairs(event)
        if pairs:
            reason = f"known {dex.kind} contract"
            return self._step(event, pairs, VenueStatus.VERIFIED, reason, dex.kind, dex.deployer)
        return self._step(event, [], None, "no transfer of its holder fits the amounts")

    def _step(
        self,
        event: SwapEvent,
        pairs: Sequence[tuple[str, str]],
        status: VenueStatus | None,
        reason: str,
        family: str | None = None,
        holder: str | None = None,
    ) -> Step:
        """Make the step: of the event's own family, and with the emitter as the holder, if nothing else is known."""
        swap = VenueSwap(
            family=family or event.family,
            emitter=event.emitter,
            log_index=event.log_index,
            status=status,
            reason=reason,
        )
        if event.holding in (Holding.ORDER, Holding.ASSETS):
            return Step(event, swap, tuple(pairs), None)
        holder = holder or event.emitter
        if self._vaults and holder not in self._books:
            holder = next((vault for vault in self._vaults if vault in self._books), holder)
        return Step(event, swap, tuple(pairs), holder)

    def _singleton(self, event: SwapEvent) -> Dex | None:
        for kind in event.kinds or (event.family,):
            dex = self._singletons.get((kind, event.emitter))
            if dex is not None:
                return dex
        return None

    def _holder(self, event: SwapEvent, default: str) -> str:
        dex = self._singleton(event)
        return dex.deployer if dex and dex.deployer else default

    def _singleton_pairs(self, event: SwapEvent) -> list[tuple[str, str]]:
        if event.token_in is not None and event.token_out is not None:
            return _bidirectional(event, [(event.token_in, event.token_out)])
        if event.holding is Holding.ASSETS:
            return self._asset_pairs(event)
        book = self._books.get(self._holder(event, event.emitter), Book())
        net = {t: sum(book.got[t]) - sum(book.gave[t]) for t in {*book.got, *book.gave}}
        taken, given = [t for t, v in net.items() if v > 0], [t for t, v in net.items() if v < 0]
        # A manager settles once per currency, the native coin without a log: what does not net out in
        # tokens was native on that side.
        return (
            [(a, b) for a in taken[:8] or [NATIVE] for b in given[:8] or [NATIVE] if a != b]
            + [p for t in taken[:8] for p in [(t, NATIVE)] if given]
            + [(NATIVE, t) for t in given[:8] if taken]
        )

    def _passed_pairs(self, event: SwapEvent) -> list[tuple[str, str]]:
        # What the hook took from the manager somebody had paid in, and the other way round: nothing nets out.
        book = self._books.get(self._holder(event, event.emitter), Book())
        taken, given = list(book.got)[:8] or [NATIVE], list(book.gave)[:8] or [NATIVE]
        return [(a, b) for a in taken for b in given if a != b]

    def _pairs(self, event: SwapEvent, total_in: int, total_out: int) -> list[tuple[str, str]]:
        if event.holding is Holding.ORDER:
            return self._order_pairs(event)
        if event.holding is Holding.ASSETS:
            # Where the event names no token, its emitter must at least have had what went in, to pass it on.
            named = event.token_in or event.amount_in in self._received(event.emitter)
            return self._asset_pairs(event) if named else []
        holders = [h for h in (event.emitter, *self._vaults) if h in self._books]
        for holder in holders:
            pairs = self._held_pairs(event, self._books[holder], total_in, total_out)
            if pairs:
                return pairs
        return []

    def _order_pairs(self, event: SwapEvent) -> list[tuple[str, str]]:
        # Nobody vouches for the emitter, and it holds nothing: at least one account must really have taken
        # the one amount and given the other.
        token_in, token_out = event.token_in, event.token_out
        if token_in is None or token_out is None:
            return []
        for book in self._books.values():
            if token_in in book.gave or token_out in book.got:
                continue  # it passed on what it was given
            took = token_in == NATIVE or any(close(a, event.amount_in) for a in book.got.get(token_in, ()))
            if took and any(close(a, event.amount_out) for a in book.gave.get(token_out, ())):
                return [(token_in, token_out)]
        # The maker's side may lie in escrow: taken by the one, given by the other.
        return self._asset_pairs(event)

    def _received(self, account: str) -> set[int]:
        book = self._books.get(account, Book())
        return {amount for amounts in book.got.values() for amount in amounts}

    def _asset_pairs(self, event: SwapEvent) -> list[tuple[str, str]]:
        # The amounts must have gone into one account that kept them and come out of another that had them
        # (or minted them): a router's passing on is neither.
        if self._ends is None:
            kept: dict[int, set[str]] = defaultdict(set)
            had: dict[int, set[str]] = defaultdict(set)
            for book in self._books.values():
                for token in book.got.keys() ^ book.gave.keys():
                    for amounts, ends in ((book.got.get(token, ()), kept), (book.gave.get(token, ()), had)):
                        for amount in amounts:
                            ends[amount].add(token)
            self._ends = kept, had
        found = [
            (a, b)
            for a in sorted(self._ends[0].get(event.amount_in, ()))
            for b in sorted(self._ends[1].get(event.amount_out, ()))
            if a != b and event.token_in in (None, a) and event.token_out in (None, b)
        ]
        return found[:CANDIDATES]

    def _held_pairs(self, event: SwapEvent, book: Book, total_in: int, total_out: int) -> list[tuple[str, str]]:
        taken = matching(book.got, event.amount_in, total_in)
        given = matching(book.gave, event.amount_out, total_out)
        # The native coin moves without a log: a pool that shows only one side may have had it on the other.
        if not taken and event.token_in in (None, NATIVE) and event.zero_for_one is None:
            taken = [NATIVE]
        elif not given and event.token_out in (None, NATIVE) and event.zero_for_one is None:
            given = [NATIVE]
        found = [
            (a, b)
            for a in taken
            for b in given
            if a != b
            and (event.zero_for_one is None or (a < b) == event.zero_for_one)
            and event.token_in in (None, a)
            and event.token_out in (None, b)
        ]
        return found[:CANDIDATES]

    def _taxed_pairs(self, event: SwapEvent, since: int) -> list[tuple[str, str]]:
        # A token may log less than what left the pool, and more than what reached it: its tax. One that shares the
        # tax out among its holders, the pool too, logs less than what reached it. Believed only of a pool that its
        # factory vouches for, and only up to half.
        if event.zero_for_one is None or event.emitter not in self._books:
            return []
        got: dict[str, int] = defaultdict(int)
        gave: dict[str, int] = defaultdict(int)
        for t in self._transfers:
            if since < t.index < event.log_index:
                if t.target == event.emitter:
                    got[t.token] += t.amount
                elif t.source == event.emitter:
                    gave[t.token] += t.amount
        taken = [t for t, amount in got.items() if _half(amount, event.amount_in)]
        given = [t for t, amount in gave.items() if _half(amount, event.amount_out)]
        pairs = [(a, b) for a in taken for b in given if a != b and (a < b) == event.zero_for_one]
        return pairs[:CANDIDATES]

    def _vouched(self, event: SwapEvent, pair: tuple[str, str]) -> tuple[str | None, str] | None:
        """Return the kind of the factory that vouches for the emitter as a pool of two tokens, and the words for it."""
        token0, token1 = sorted(pair)
        for dex in self._dexes:
            derive = DERIVERS.get(dex.kind) if dex.kind in (event.kinds or (event.family,)) else None
            if derive is not None and event.emitter in derive(dex, token0, token1):
                return dex.kind, f"pool of the {dex.kind} factory {dex.factory}"
        fact = self._known.get(event.emitter)
        if isinstance(fact, PoolFact) and fact.factory is not None and set(pair) <= set(fact.tokens):
            return None, f"looked up: factory {fact.factory}"
        return None

    def _manager_native(self, events: Sequence[SwapEvent], holder: str) -> tuple[int, int]:
        """Return the native coin a manager took and gave: currency 0 of what no token movement explains."""
        book = self._books.get(holder, Book())
        net = {t: sum(book.got[t]) - sum(book.gave[t]) for t in {*book.got, *book.gave}}
        sides: dict[tuple[str | None, int], int] = defaultdict(int)
        for e in events:
            sides[e.pool, 0] += e.amount_in if e.zero_for_one else -e.amount_out
            sides[e.pool, 1] += -e.amount_out if e.zero_for_one else e.amount_in
        loose = [
            v for (_, slot), v in sides.items() if slot == 0 and not any(close(abs(v), abs(n)) for n in net.values())
        ]
        # What one pool gives and another takes in the same amount stayed inside.
        for value in list(loose):
            others = [v for v in sides.values() if close(v, -value)] if value > 0 else []
            if others and value in loose:
                loose.remove(value)
                if -value in loose:
                    loose.remove(-value)
        total = sum(loose)
        if any(close(abs(total), abs(n)) for n in net.values()):
            return 0, 0
        return max(total, 0), max(-total, 0)


def _bidirectional(event: SwapEvent, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    # An order has two sides, and the wallet may be on either.
    return pairs + [(b, a) for a, b in pairs] if event.parties else pairs


def _half(a: int, b: int) -> bool:
    return a <= 2 * b and b <= 2 * a
