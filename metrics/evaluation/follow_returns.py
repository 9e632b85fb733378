"""What following wallets would have brought, by when one stops: does obeying the flags pay?

Each way to stop (``metrics.evaluation.exits``) is held against obeying, which is a person's answer a day after the
flag. All are told a wallet-year of the time that was followed or could have been, so that who stops early earns nothing
for the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metrics.evaluation.exits import ANSWERED, Exit, Life, at_flag, best, by_pause, by_win_rate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DRAWS = 2_000
FEWEST = 5
"""Wallets; an interval from fewer would only look like one."""
COVERAGE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much better obeying was than another way, stakes a wallet-year."""

    mean: float
    low: float | None  #: 95 % interval over wallets; None: too few of them for one
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitResult:
    """One way to stop."""

    exit: Exit
    stopped: int  #: wallets that were left before the end; on random days: as many as after flags
    a_year: float  #: what it brought, stakes a wallet-year
    obeying_over_it: Difference | None  #: None: this is obeying


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What became of the wallets that were left a day after their flag."""

    left: int
    lost: int  #: whose later round trips added up to a loss
    loss: float | None  #: mean sum of these, stakes; None: nobody lost
    days: float | None  #: median days from leaving to their lowest point


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """All ways, by one kind of stake."""

    wallets: int
    wallet_years: float
    round_trips: int
    cost: float  #: one's own a round trip, fraction of the stake
    ways: tuple[ExitResult, ...]
    aftermath: Aftermath

    def of(self, exit_: Exit) -> ExitResult:
        """One of the ways."""
        return next(way for way in self.ways if way.exit is exit_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """Whether obeying pays: with one stake in each round trip, and with stakes like the wallet's."""

    equal_stakes: Copied
    own_sizes: Copied | None  #: in mean stakes of each wallet; None: the sizes of some wallet are not known


def compare(
    lives: Sequence[Life], rng: np.random.Generator, *, cost: float = 0.0, draws: int = DRAWS
) -> Following | None:
    """Compare the ways to stop following.

    Parameters
    ----------
    lives
        The followed wallets, flagged or not.
    rng
        For the days of chance and the bootstrap over wallets.
    cost
        The follower's own costs of a round trip, fraction of the stake.
    draws
        Of each.

    Returns
    -------
    Following or None
        None where nobody was followed for any time.
    """
    lives = [life for life in lives if life.years > 0]
    if not lives:
        return None
    seed = rng.integers(2**63)  # the same days of chance for both kinds of stake
    net = [life.returns[life.copied] - cost for life in lives]
    sizes = [life.sizes[life.copied] for life in lives]
    known = all(np.isfinite(each).all() and (each.sum() > 0 or not len(each)) for each in sizes)
    own = (
        [worth * size / size.mean() if len(size) else worth for worth, size in zip(net, sizes, strict=True)]
        if known
        else None
    )

    def copied(worth: Sequence[FloatArray]) -> Copied:
        return _copied(lives, worth, np.random.default_rng(seed), cost=cost, draws=draws)

    return Following(equal_stakes=copied(net), own_sizes=None if own is None else copied(own))


def _copied(
    lives: Sequence[Life], worth: Sequence[FloatArray], rng: np.random.Generator, *, cost: float, draws: int
) -> Copied:
    opened = [life.opened[life.copied] for life in lives]
    sums = [np.concatenate([[0.0], np.cumsum(each)]) for each in worth]
    years = np.array([life.years for life in lives])

    def until(i: int, day: float | None) -> float:
        return float(sums[i][-1 if day is None else np.searchsorted(opened[i], day, side="left")])

    days: dict[Exit, list[float | None]] = {
        Exit.NEVER: [None] * len(lives),
        Exit.FLAG: [at_flag(life) for life in lives],
        Exit.ANSWER: [at_flag(life, ANSWERED) for life in lives],
        Exit.WIN_RATE_RULE: [by_win_rate(life) for life in lives],
        Exit.PAUSE_RULE: [by_pause(life) for life in lives],
        Exit.HINDSIGHT: [best(life, each) for life, each in zip(lives, worth, strict=True)],
    }
    brought = {way: np.array([until(i, day) for i, day in enumerate(each)]) for way, each in days.items()}
    left = np.array([day is not None for day in days[Exit.ANSWER]])

    def chance(rows: IntArray) -> float:
        return _a_year(_at_random(lives, rows, int(left[rows].sum()), brought[Exit.NEVER], until, rng), years[rows])

    everyone = np.arange(len(lives))
    gains: dict[Exit, FloatArray] = {way: np.empty(draws) for way in [*brought, Exit.RANDOM]}
    random_days = np.empty(draws)
    for draw in range(draws):
        random_days[draw] = chance(everyone)
        rows = rng.integers(0, len(lives), len(lives))
        obeyed = _a_year(brought[Exit.ANSWER][rows], years[rows])
        for way, each in brought.items():
            gains[way][draw] = obeyed - _a_year(each[rows], years[rows])
        gains[Exit.RANDOM][draw] = obeyed - chance(rows)
    a_year = {way: _a_year(each, years) for way, each in brought.items()} | {Exit.RANDOM: float(random_days.mean())}
    stopped = {way: sum(day is not None for day in each) for way, each in days.items()} | {Exit.RANDOM: int(left.sum())}
    return Copied(
        wallets=len(lives),
        wallet_years=float(years.sum()),
        round_trips=sum(map(len, worth)),
        cost=cost,
        ways=tuple(
            ExitResult(
                exit=way,
                stopped=stopped[way],
                a_year=a_year[way],
                obeying_over_it=None
                if way is Exit.ANSWER
                else _difference(a_year[Exit.ANSWER] - a_year[way], gains[way], len(lives)),
            )
            for way in Exit
        ),
        aftermath=_aftermath(days[Exit.ANSWER], opened, sums),
    )


def _a_year(brought: FloatArray, years: FloatArray) -> float:
    return float(brought.sum() / years.sum())


def _at_random(
    lives: Sequence[Life],
    rows: IntArray,
    stops: int,
    whole: FloatArray,
    until: Callable[[int, float], float],
    rng: np.random.Generator,
) -> FloatArray:
    """What the wallets ``rows`` bring where ``stops`` of them, drawn, are left on a day of chance."""
    value: FloatArray = whole[rows].copy()
    for k in rng.permutation(len(rows))[:stops]:
        life = lives[rows[k]]
        value[k] = until(int(rows[k]), rng.uniform(life.first, life.last))
    return value


def _aftermath(days: Sequence[float | None], opened: Sequence[FloatArray], sums: Sequence[FloatArray]) -> Aftermath:
    losses, lengths, left = [], [], 0
    for day, begun, total in zip(days, opened, sums, strict=True):
        if day is None:
            continue
        left += 1
        at = int(np.searchsorted(begun, day, side="left"))
        later = total[at:] - total[at]
        if later[-1] < 0:
            losses.append(float(later[-1]))
            lengths.append(float(begun[at + int(later.argmin()) - 1] - day))
    return Aftermath(
        left=left,
        lost=len(losses),
        loss=float(np.mean(losses)) if losses else None,
        days=float(np.median(lengths)) if lengths else None,
    )


def _difference(mean: float, drawn: FloatArray, wallets: int) -> Difference:
    if wallets < FEWEST:
        return Difference(mean=mean, low=None, high=None)
    low, high = np.quantile(drawn, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return Difference(mean=mean, low=float(low), high=float(high))
