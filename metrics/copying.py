"""What following wallets would have returned, if one had stopped at their flags: against never, and against chance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

DRAWS = 2_000
FEWEST = 5
"""Wallets; an interval from fewer would only look like one."""
COVERAGE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One wallet while it was followed; times are days since 1970-01-01."""

    wallet: str
    first: float  #: followed from here
    last: float  #: to here
    opened: tuple[float, ...]  #: when each round trip was opened
    returns: tuple[float, ...]  #: of each, fraction of cost
    flagged: float | None  #: its first flag; None: none


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much better one way was than another, stakes a wallet."""

    mean: float
    low: float | None  #: 95 % interval; None: too few wallets for one
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Three ways to follow, in stakes a wallet: every round trip with the same stake, returns added up."""

    wallets: int
    round_trips: int
    until_flag: float
    never_unfollowing: float
    at_random: float  #: as many wallets as were flagged, drawn anew, each unfollowed on a day of chance
    over_never: Difference
    over_random: Difference


def compare(lives: Sequence[Life], rng: np.random.Generator, *, draws: int = DRAWS) -> Comparison | None:
    """Compare following until the flag with never unfollowing and with unfollowing at random.

    A round trip counts where it was opened before one stopped: what is open then is held until the wallet closes it.
    Gas and slippage of one's own are not in it.

    Parameters
    ----------
    lives
        The followed wallets, flagged or not.
    rng
        For the days of chance and the bootstrap over wallets.
    draws
        Of each.

    Returns
    -------
    Comparison or None
        None without wallets.
    """
    if not lives:
        return None
    order = [np.argsort(life.opened, kind="stable") for life in lives]
    opened = [np.asarray(life.opened, dtype=np.float64)[i] for life, i in zip(lives, order, strict=True)]
    sums = [
        np.concatenate([[0.0], np.cumsum(np.asarray(life.returns, dtype=np.float64)[i])])
        for life, i in zip(lives, order, strict=True)
    ]

    def until(i: int, day: float) -> float:
        return float(sums[i][np.searchsorted(opened[i], day, side="left")])

    whole = np.array([total[-1] for total in sums])
    flagged = np.array([life.flagged is not None for life in lives])
    stopped = np.array(
        [until(i, life.flagged) if life.flagged is not None else whole[i] for i, life in enumerate(lives)]
    )
    count = len(lives)
    over_never, over_random, chance = (np.empty(draws) for _ in range(3))
    for draw in range(draws):
        chance[draw] = _by_chance(lives, np.arange(count), int(flagged.sum()), whole, until, rng)
        again = rng.integers(0, count, count)
        mean = stopped[again].mean()
        over_never[draw] = mean - whole[again].mean()
        over_random[draw] = mean - _by_chance(lives, again, int(flagged[again].sum()), whole, until, rng)
    at_random = float(chance.mean())
    return Comparison(
        wallets=count,
        round_trips=sum(len(life.returns) for life in lives),
        until_flag=float(stopped.mean()),
        never_unfollowing=float(whole.mean()),
        at_random=at_random,
        over_never=_difference(float(stopped.mean() - whole.mean()), over_never, count),
        over_random=_difference(float(stopped.mean()) - at_random, over_random, count),
    )


def _by_chance(
    lives: Sequence[Life],
    rows: npt.NDArray[np.int64],
    stops: int,
    whole: FloatArray,
    until: Callable[[int, float], float],
    rng: np.random.Generator,
) -> float:
    """Mean over the wallets ``rows`` where ``stops`` of them, drawn, end on a day of chance."""
    value = whole[rows].copy()
    for k in rng.permutation(len(rows))[:stops]:
        life = lives[rows[k]]
        value[k] = until(rows[k], rng.uniform(life.first, life.last))
    return float(value.mean())


def _difference(mean: float, drawn: FloatArray, wallets: int) -> Difference:
    if wallets < FEWEST:
        return Difference(mean=mean, low=None, high=None)
    low, high = np.quantile(drawn, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return Difference(mean=mean, low=float(low), high=float(high))
