"""From claims to evidence: which tokens an event swapped, and who vouches for its emitter.

Anyone can emit a ``Swap``. An event counts only if transfers of its own emitter in the same transaction bear
it out, and it is *verified* only if its emitter is a pool of a known factory, or a known contract.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ingest.flows import Transfer
from ingest.types import NATIVE, Chain, Dex, PoolFact, VenueStatus, VenueSwap
from ingest.venues.event import Holding, SwapEvent
from ingest.venues.families import DERIVERS, SINGLETONS

POOL_VAULT = "pool_vault"
"""Registry kind of a vault that holds the tokens of pools which emit events of their own (SyncSwap)."""

CANDIDATES = 64
"""Token pairs tried per event: a pool moves two tokens, seldom more than four."""


class Edge(msgspec.Struct, frozen=True):
    """A token turned into another by one swap."""

    token_in: str
    token_out: str
    swap: VenueSwap


class Evidence(msgspec.Struct, frozen=True):
    """What all swap events of a transaction prove."""

    swaps: tuple[VenueSwap, ...]
    edges: tuple[Edge, ...]
    native_in: int  #: native coin that venues without wrapped coin took
    native_out: int  #: and gave


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

    def __init__(self, chain: Chain | None, known: Mapping[str, PoolFact], transfers: Sequence[Transfer]) -> None:
        self._dexes = chain.dexes if chain else ()
        self._singletons = {(d.kind, d.factory): d for d in self._dexes if d.kind in SINGLETONS}
        self._vaults = [d.factory for d in self._dexes if d.kind == POOL_VAULT]
        self._known = known
        self._books = books(transfers)
        self._ends: tuple[Mapping[int, set[str]], Mapping[int, set[str]]] | None = None

    def weigh(self, events: Sequence[SwapEvent]) -> Evidence:
        """Weigh all events of the transaction together: pools may be used more than once."""
        totals: dict[tuple[str, bool | None, bool], int] = defaultdict(int)
        for event in events:
            totals[event.emitter, event.zero_for_one, True] += event.amount_in
            totals[event.emitter, event.zero_for_one, False] += event.amount_out
        swaps: list[VenueSwap] = []
        edges: list[Edge] = []
        native_in = native_out = 0
        managed: dict[str, list[SwapEvent]] = defaultdict(list)
        for event in events:
            pairs, swap = self._one(
                event,
                totals[event.emitter, event.zero_for_one, True],
                totals[event.emitter, event.zero_for_one, False],
            )
            swaps.append(swap)
            edges += [Edge(a, b, swap) for a, b in pairs]
            if event.holding is Holding.MANAGER and swap.status is VenueStatus.VERIFIED:
                managed[event.emitter].append(event)
            elif event.holding is not Holding.ORDER:
                native_in += event.amount_in * any(a == NATIVE for a, _ in pairs)
                native_out += event.amount_out * any(b == NATIVE for _, b in pairs)
        for manager, own in managed.items():
            took, paid = self._manager_native(own, self._holder(own[0], manager))
            native_in, native_out = native_in + took, native_out + paid
        return Evidence(tuple(swaps), tuple(edges), native_in, native_out)

    def _one(self, event: SwapEvent, total_in: int, total_out: int) -> tuple[list[tuple[str, str]], VenueSwap]:
        singleton = self._singleton(event)
        if singleton is not None:
            if event.holding is Holding.MANAGER and not event.amount_in:
                reason = f"known {singleton.kind} contract, but the pool's hook keeps the amounts to itself"
                return self._passed_pairs(event), _swap(event, VenueStatus.UNVERIFIED, reason, singleton.kind)
            pairs = self._singleton_pairs(event)
            if pairs:
                return pairs, _swap(event, VenueStatus.VERIFIED, f"known {singleton.kind} contract", singleton.kind)
            return [], _swap(event, None, "no transfer of its holder fits the amounts")
        pairs = self._pairs(event, total_in, total_out)
        taxed = [] if pairs else self._taxed_pairs(event)
        for pair in taxed:
            dex = self._vouching(event, pair)
            if dex is not None:
                reason = f"pool of the {dex.kind} factory {dex.factory}; the token takes a tax"
                return [pair], _swap(event, VenueStatus.VERIFIED, reason, dex.kind)
        if not pairs:
            return [], _swap(event, None, "no transfer of the emitter fits the amounts")
        for pair in pairs:
            dex = self._vouching(event, pair)
            if dex is not None:
                reason = f"pool of the {dex.kind} factory {dex.factory}"
                return [pair], _swap(event, VenueStatus.VERIFIED, reason, dex.kind)
        fact = self._known.get(event.emitter)
        if fact is not None and fact.factory is not None:
            vouched = [p for p in pairs if set(p) <= set(fact.tokens)] or ([] if fact.tokens else pairs[:1])
            if vouched:
                return vouched[:1], _swap(event, VenueStatus.VERIFIED, f"looked up: factory {fact.factory}")
        return _bidirectional(event, pairs[:1]), _swap(
            event, VenueStatus.UNVERIFIED, "transfers fit, but no known factory vouches for the emitter"
        )

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

    def _taxed_pairs(self, event: SwapEvent) -> list[tuple[str, str]]:
        # A token may log less than what left the pool, and more than what reached it: its tax. Believed
        # only of a pool that its factory vouches for, and only up to half.
        book = self._books.get(event.emitter)
        if book is None or event.zero_for_one is None:
            return []
        taken = [t for t, v in book.got.items() if event.amount_in <= sum(v) <= 2 * event.amount_in]
        given = [t for t, v in book.gave.items() if sum(v) <= event.amount_out <= 2 * sum(v)]
        pairs = [(a, b) for a in taken for b in given if a != b and (a < b) == event.zero_for_one]
        return pairs[:CANDIDATES]

    def _vouching(self, event: SwapEvent, pair: tuple[str, str]) -> Dex | None:
        token0, token1 = sorted(pair)
        for dex in self._dexes:
            derive = DERIVERS.get(dex.kind) if dex.kind in (event.kinds or (event.family,)) else None
            if derive is not None and event.emitter in derive(dex, token0, token1):
                return dex
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


def _swap(event: SwapEvent, status: VenueStatus | None, reason: str, family: str | None = None) -> VenueSwap:
    return VenueSwap(
        family=family or event.family,
        emitter=event.emitter,
        log_index=event.log_index,
        status=status,
        reason=reason,
    )
