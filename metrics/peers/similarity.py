"""How alike two wallets traded when their records began, and whether one copies the other.

Peers are chosen by the beginning of a record alone. How it went, and whether it went on, must not decide: peers
chosen as winners or survivors fall back together and look like a market.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

COPY_S = 10
"""Two trades in one token within so many seconds are one hand, or one follows the other."""
COPIES = 3
COPIED_SHARE = 0.3
"""At least so many such pairs, and so much of the smaller record: chance meets now and then, copies meet repeatedly."""
NOTHING_IN_COMMON = 1.0
"""Added to the distance where no token is shared, a part of it where some are; in log units. A convention."""
FEWEST_TRADES = 10  #: at the beginning; fewer say nothing of a style

Touches = Sequence[tuple[str, int]]
"""(token, unix seconds) of a wallet's trades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a wallet traded when its record began."""

    wallet: str
    chains: frozenset[int]
    trades: int
    trades_per_day: float
    holding_s: float | None  #: median; None: not known
    size_usd: float | None  #: median; None: not known
    tokens: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How far apart two styles are."""

    distance: float  #: log units, 0 = the same
    factor: float  #: by which pace, holding time and size differ, on average
    tokens_in_common: float | None  #: share of the smaller list; None: not known of one of them


def likeness(one: Style, other: Style) -> Likeness | None:
    """Compare two styles; None where they trade on no common chain or too little is known of one."""
    if not one.chains & other.chains or min(one.trades, other.trades) < FEWEST_TRADES:
        return None
    pairs = (
        (one.trades_per_day, other.trades_per_day),
        (one.holding_s, other.holding_s),
        (one.size_usd, other.size_usd),
    )
    apart = [log(a / b) for a, b in pairs if a is not None and b is not None and a > 0 and b > 0]
    mean = sqrt(sum(each**2 for each in apart) / len(apart))
    smaller = min(len(one.tokens), len(other.tokens))
    common = len(one.tokens & other.tokens) / smaller if smaller else None
    return Likeness(
        distance=mean + NOTHING_IN_COMMON * (1 - (common or 0.0)), factor=exp(mean), tokens_in_common=common
    )


def is_copy(one: Touches, other: Touches) -> bool:
    """Whether two wallets repeatedly trade the same token within seconds: one owner, or one copies the other."""
    times: dict[str, list[int]] = {}
    for token, second in other:
        times.setdefault(token, []).append(second)
    met = sum(any(abs(second - near) <= COPY_S for near in times.get(token, ())) for token, second in one)
    return met >= COPIES and met >= COPIED_SHARE * min(len(one), len(other))


def copies(touches: Mapping[str, Touches]) -> dict[str, frozenset[str]]:
    """Every wallet's copies, by the rule of ``is_copy`` from either side.

    Only pairs that meet at all are looked at, so that a long list costs what its trades do.
    """
    by_token: dict[str, list[tuple[int, str]]] = {}
    for wallet, touched in touches.items():
        for token, second in touched:
            by_token.setdefault(token, []).append((second, wallet))
    met: set[tuple[str, str]] = set()
    for moments in by_token.values():
        moments.sort()
        first = 0
        for at, (second, wallet) in enumerate(moments):
            while moments[first][0] < second - COPY_S:
                first += 1
            met |= {(wallet, other) for _, other in moments[first:at] if other != wallet}
    found: dict[str, set[str]] = {}
    for one, other in met:
        if is_copy(touches[one], touches[other]) or is_copy(touches[other], touches[one]):
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return {wallet: frozenset(found.get(wallet, ())) for wallet in touches}


def suggest(
    followed: Sequence[Style],
    candidates: Sequence[Style],
    touches: Mapping[str, Touches],
    *,
    most: int = 40,
    furthest: float = 2.0,
) -> list[tuple[Style, Style, Likeness]]:
    """The candidates that are most like a followed wallet, without copies.

    Parameters
    ----------
    followed, candidates
        Styles, each measured at the beginning of its own record.
    touches
        What these wallets, and others on the list, traded and when: for finding copies.
    most
        How many to return.
    furthest
        Largest distance that is still alike, log units.

    Returns
    -------
    list of (candidate, followed wallet that it is most like, likeness)
        Nearest first. Of several hands of one owner the nearest stays, and none that copies a wallet on the list.
    """
    near = []
    listed = touches.keys() - {each.wallet for each in candidates}
    for candidate in candidates:
        if any(is_copy(touches[candidate.wallet], touches[name]) for name in listed):
            continue
        compared = [(each, found) for each in followed if (found := likeness(candidate, each)) is not None]
        if compared:
            like, found = min(compared, key=lambda pair: (pair[1].distance, pair[0].wallet))
            if found.distance <= furthest:
                near.append((candidate, like, found))
    near.sort(key=lambda row: (row[2].distance, row[0].wallet))
    kept: list[tuple[Style, Style, Likeness]] = []
    for row in near:
        if len(kept) == most:
            break
        if not any(is_copy(touches[row[0].wallet], touches[other.wallet]) for other, _, _ in kept):
            kept.append(row)
    return kept
