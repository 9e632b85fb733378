"""Which of a wallet's outflows became which of its inflows: paths through the transaction's swaps."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ingest.flows import ZERO, Transfer
from ingest.types import NATIVE, VenueSwap
from ingest.venues.evidence import Edge


@dataclass(frozen=True, slots=True)
class Explained:
    """The part of a wallet's net flows that swaps explain."""

    sold: tuple[str, ...]
    bought: tuple[str, ...]
    swaps: tuple[VenueSwap, ...]


@dataclass(frozen=True, slots=True)
class Conversions:
    """Tokens that turned into each other in a share's own contract: (from, to) pairs."""

    deposits: frozenset[tuple[str, str]]  #: an asset went in and a share was minted
    redeems: frozenset[tuple[str, str]]  #: a share was burned and an asset came out


def conversions(transfers: Iterable[Transfer]) -> Conversions:
    """Return the conversions of wrapped staking and vault shares that lie between the hops of many routes.

    Parameters
    ----------
    transfers
        All ERC-20 movements of the transaction.
    """
    minted: set[str] = set()
    burned: set[str] = set()
    got: dict[str, set[str]] = defaultdict(set)
    gave: dict[str, set[str]] = defaultdict(set)
    for t in transfers:
        if t.source == ZERO:
            minted.add(t.token)
        elif t.target == ZERO:
            burned.add(t.token)
        got[t.target].add(t.token)
        gave[t.source].add(t.token)
    return Conversions(
        deposits=frozenset((a, share) for share in minted for a in got.get(share, ()) if a != share),
        redeems=frozenset((share, a) for share in burned for a in gave.get(share, ()) if a != share),
    )


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
        Conversions between swaps. A path may begin with a deposit and end with a redemption, but neither
        begins with redeeming what the wallet held nor ends with shares minted for it: those are exits from
        and entries into positions, not trades.
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
    forward = _reach(out, hops | deposits, hops | either)
    backward = _reach(into, _turned(hops | redeems), _turned(hops | either))
    # A swap lies on a path if it can be reached from an outflow and an inflow can be reached from it.
    used = [(a, b, s) for a, b, s in swaps if a in forward and b in backward]
    # Where those swaps begin and end, a deposit before or a redemption after counts as theirs.
    starts, ends = {a for a, _, _ in used}, {b for _, b, _ in used}
    starts |= {a for a, b in deposits if b in starts and b not in out}
    ends |= {b for a, b in redeems if a in ends and a not in into}
    sold = tuple(t for t, v in net.items() if v < 0 and node(t) in starts)
    bought = tuple(t for t, v in net.items() if v > 0 and node(t) in ends)
    if not sold or not bought or {node(t) for t in sold} == {node(t) for t in bought}:
        return None
    in_order = sorted({s.log_index: s for _, _, s in used}.values(), key=lambda s: s.log_index)
    return Explained(sold, bought, tuple(in_order))


def _turned(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(b, a) for a, b in pairs}


def _reach(start: set[str], first: set[tuple[str, str]], then: set[tuple[str, str]]) -> set[str]:
    """Return the tokens reached by one step of ``first`` and any of ``then``, with the start itself."""
    after: dict[str, set[str]] = defaultdict(set)
    for a, b in then:
        after[a].add(b)
    entered: set[str] = set()
    todo = [b for a, b in first if a in start]
    while todo:
        token = todo.pop()
        if token not in entered:
            entered.add(token)
            todo += after[token] - entered
    return start | entered
