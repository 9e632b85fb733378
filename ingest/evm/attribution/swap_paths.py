"""Which of a wallet's outflows became which of its inflows: paths through the transaction's swaps."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ingest.evm.attribution.pool_verification import Edge, books
from ingest.evm.logs.token_flows import ZERO, Transfer
from ingest.types import NATIVE, VenueSwap


class Explained(msgspec.Struct, frozen=True, gc=False):
    """The part of a wallet's net flows that swaps explain."""

    sold: tuple[str, ...]
    bought: tuple[str, ...]
    swaps: tuple[VenueSwap, ...]


class Conversions(msgspec.Struct, frozen=True, gc=False):
    """Tokens that turned into each other without a swap: (from, to) pairs."""

    deposits: frozenset[tuple[str, str]]  #: an asset went in and a share was minted, or it changed at par
    redeems: frozenset[tuple[str, str]]  #: a share was burned and an asset came out, or it changed at par
    at_par: frozenset[tuple[str, str]]  #: those of both that changed at par


NONE = Conversions(frozenset(), frozenset(), frozenset())


def conversions(transfers: Sequence[Transfer], pools: Iterable[tuple[str, str]] = ()) -> Conversions:
    """Return the conversions of wrapped staking and vault shares that lie between the hops of many routes.

    Parameters
    ----------
    transfers
        All ERC-20 movements of the transaction.
    pools
        Pools whose shares are tokens of their own, and accounts that added to them or took out.
    """
    if not any(t.source == ZERO or t.target == ZERO for t in transfers):
        return NONE
    minted: set[str] = set()
    burned: set[str] = set()
    accounts: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    got: dict[str, set[str]] = defaultdict(set)
    gave: dict[str, set[str]] = defaultdict(set)
    for t in transfers:
        if t.source == ZERO:
            minted.add(t.token)
            accounts[t.target][0].add(t.token)
        elif t.target == ZERO:
            burned.add(t.token)
            accounts[t.source][1].add(t.token)
        got[t.target].add(t.token)
        gave[t.source].add(t.token)
    deposits = {(a, share) for share in minted for a in got.get(share, ()) if a != share}
    redeems = {(share, a) for share in burned for a in gave.get(share, ()) if a != share}
    for pool, account in pools:
        shares, spent = accounts[account]
        deposits |= {(a, share) for share in shares for a in got.get(pool, ()) if a != share}
        redeems |= {(share, a) for share in spent for a in gave.get(pool, ()) if a != share}
    at_par = _at_par(transfers)
    return Conversions(deposits=at_par | deposits, redeems=at_par | redeems, at_par=at_par)


def _at_par(transfers: Sequence[Transfer]) -> frozenset[tuple[str, str]]:
    """Return tokens that an account took, burned, and replaced by as much of another: its own, or newly minted.

    A bridge's transmuter or a migrator. Leaving a position is none: a share's own contract burns it, and a
    router that does so on someone's behalf has nothing of its own to give.
    """
    burned: dict[tuple[str, str], int] = defaultdict(int)
    minted: dict[int, set[str]] = defaultdict(set)
    for t in transfers:
        if t.target == ZERO:
            burned[t.source, t.token] += t.amount
        elif t.source == ZERO:
            minted[t.amount].add(t.token)
    accounts = books(transfers) if burned else {}
    found: set[tuple[str, str]] = set()
    for (account, old), amount in burned.items():
        book = accounts[account]
        if account in (old, ZERO) or not amount or sum(book.got.get(old, ())) != amount:
            continue
        same = _same(amount)
        own = {new for new, amounts in book.gave.items() if new not in book.got and not same.isdisjoint(amounts)}
        found.update((old, new) for new in own.union(*(minted.get(a, ()) for a in same)) if new != old)
    return frozenset(found)


def _same(amount: int) -> set[int]:
    """Return an amount as it may be written with other decimals."""
    more = {amount * 10**n for n in range(19)}
    return more | {amount // 10**n for n in range(19) if amount % 10**n == 0}


def explain(
    net: Mapping[str, int],
    edges: Iterable[Edge],
    links: Conversions,
    wrapped_native: str | None,
) -> Explained | None:
    """Find the sold and bought tokens that paths of swaps connect.

    Parameters
    ----------
    net
        The wallet's net flow by token.
    edges
        Swaps that count.
    links
        Conversions between swaps. Before its first swap a path may only deposit, and after its last one only redeem:
        what the wallet held is not redeemed on the way to a swap, nor is what a swap paid turned into shares for it.
        Those are exits from and entries into positions, not trades.
    wrapped_native
        The native coin and its wrapped form are one node: wrapping is no swap.

    Returns
    -------
    Explained
        None if no path leads from an outflow to an inflow.
    """

    def node(token: str) -> str:
        return NATIVE if token == wrapped_native else token

    swaps = [(node(e.token_in), node(e.token_out), e.swap) for e in edges]
    swaps = [s for s in swaps if s[0] != s[1]]
    deposits = {(node(a), node(b)) for a, b in links.deposits}
    redeems = {(node(a), node(b)) for a, b in links.redeems}
    either = deposits | redeems
    out = {node(t) for t, v in net.items() if v < 0}
    into = {node(t) for t, v in net.items() if v > 0}
    hops = {(a, b) for a, b, _ in swaps}
    if either:
        forward = _reach(out, deposits, hops, either)
        backward = _reach(into, _turned(redeems), _turned(hops), _turned(either))
    else:
        forward, backward = _closure(out, hops), _closure(into, _turned(hops))
    # A swap lies on a path if it can be reached from an outflow and an inflow can be reached from it.
    used = [(a, b, s) for a, b, s in swaps if a in forward and b in backward]
    starts, ends = {a for a, _, _ in used}, {b for _, b, _ in used}
    if either:
        # Where those swaps begin and end, a deposit before or a redemption after counts as theirs.
        starts = _closure(starts, {(b, a) for a, b in deposits if b not in out})
        ends = _closure(ends, {(a, b) for a, b in redeems if a not in into})
    sold = tuple(t for t, v in net.items() if v < 0 and node(t) in starts)
    bought = tuple(t for t, v in net.items() if v > 0 and node(t) in ends)
    if not sold or not bought or {node(t) for t in sold} == {node(t) for t in bought}:
        return None
    in_order = sorted({s.log_index: s for _, _, s in used}.values(), key=lambda s: s.log_index)
    return Explained(sold, bought, tuple(in_order))


def _turned(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(b, a) for a, b in pairs}


def _reach(
    start: set[str], before: set[tuple[str, str]], hops: set[tuple[str, str]], links: set[tuple[str, str]]
) -> set[str]:
    """Return the tokens reached: by links of one kind before the first swap, and by links of any kind after it."""
    first = _closure(start, before)
    return first | _closure({b for a, b in hops if a in first}, hops | links)


def _closure(start: set[str], pairs: set[tuple[str, str]]) -> set[str]:
    """Return all tokens that pairs lead to, with those that they start from."""
    if not pairs:
        return start
    after: dict[str, set[str]] = defaultdict(set)
    for a, b in pairs:
        after[a].add(b)
    entered, todo = set(start), list(start)
    while todo:
        new = after[todo.pop()] - entered
        entered |= new
        todo += new
    return entered
