"""When a person who follows a wallet stops: at its flag, a day later, by a rule of thumb, by chance, or with hindsight.

Days are days since 1970-01-01. A round trip is copied where it was opened before one stopped, and then held until the
wallet closes it.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

ANSWERED = 1.0  # days from a flag to a person's answer
RULE_DAYS, RULE_TRIPS, RULE_FALL = 21, 10, 0.10
"""Rule of thumb: the win rate of so many days, of so many round trips at least, so far below that of the history."""
RULE_PAUSE = 1.5
"""Rule of thumb: a pause so many times the longest of the history."""


class Exit(StrEnum):
    """Ways to stop following."""

    NEVER = "never"
    FLAG = "at_the_flag"
    ANSWER = "a_day_after_the_flag"
    RANDOM = "on_a_random_day"
    WIN_RATE_RULE = "win_rate_rule"
    PAUSE_RULE = "pause_rule"
    HINDSIGHT = "best_day_in_hindsight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One wallet: all its round trips, by opening, and when it was followed; what came before is its history."""

    wallet: str
    first: float  #: followed from here
    last: float  #: to here
    opened: FloatArray  #: days, (round trips,)
    closed: FloatArray  #: days
    returns: FloatArray  #: fraction of cost
    sizes: FloatArray  #: cost, US dollars; nan: unknown
    flagged: float | None  #: day of its first flag; None: none

    @property
    def copied(self) -> npt.NDArray[np.bool_]:
        """Which round trips were opened while the wallet was followed."""
        return (self.opened >= self.first) & (self.opened < self.last)

    @property
    def years(self) -> float:
        """How long it was followed."""
        return max(0.0, self.last - self.first) / 365.25


def at_flag(life: Life, after: float = 0.0) -> float | None:
    """So many days after the flag; None: never, as nothing of the life is left by then."""
    if life.flagged is None or life.flagged + after >= life.last:
        return None
    return life.flagged + after


def by_win_rate(life: Life) -> float | None:
    """First day on which the win rate of the last weeks is far below that of the history; None: never.

    The history is what closed before the wallet was followed; without any there is no such day.
    """
    day, won = _closes(life)
    past = won[day < life.first]
    if not len(past):
        return None
    for now in np.arange(np.ceil(life.first), np.floor(life.last)):
        recent = won[(day >= now - RULE_DAYS) & (day < now)]
        if len(recent) >= RULE_TRIPS and recent.mean() < past.mean() - RULE_FALL:
            return float(now)
    return None


def by_pause(life: Life) -> float | None:
    """When the present pause between closes has become much longer than any of the history; None: never.

    The history needs two closes at least. What lies between the last of them and the first day followed is a pause too.
    """
    day, _ = _closes(life)
    past = day[day < life.first]
    if len(past) < 2:
        return None
    longest = RULE_PAUSE * float(np.diff([*past, life.first]).max())
    before = float(past[-1])
    for now in [*day[(day >= life.first) & (day < life.last)].tolist(), life.last]:
        if now - before > longest:
            return max(before + longest, life.first)
        before = now
    return None


def best(life: Life, worth: FloatArray) -> float | None:
    """The day on which to stop that leaves the largest sum; None: never. The earliest of equal ones.

    Parameters
    ----------
    life
        The wallet.
    worth
        What each of its copied round trips brought, in the order of opening.
    """
    sums, opened = np.concatenate([[0.0], np.cumsum(worth)]), life.opened[life.copied]
    ends = np.unique([*np.searchsorted(opened, opened), len(worth)])  # what was opened together is copied together
    most = int(ends[sums[ends].argmax()])
    return None if most == len(worth) else float(opened[most])


def _closes(life: Life) -> tuple[FloatArray, FloatArray]:
    order = np.argsort(life.closed, kind="stable")
    return life.closed[order], (life.returns[order] > 0).astype(np.float64)
