"""Whether an assessment opens a flag. Pure.

One departure is told once. It ends when the wallet is seen back in form; until then a person who answered
"keep" or "false alarm" has answered for all of it. A snooze ends by the calendar alone: a wallet still out of
form then is told again, and the flag says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from alerts.review import describe
from alerts.types import Act, Choice, Decision, Flag, Verb
from alerts.wording import MOST_YEARS
from metrics.types import Assessment, Evidence, State

GREW: Final = 4.0  #: factor of the recurrence interval from which an unanswered flag is asked again


class Reason(StrEnum):
    """Why no flag was opened."""

    PEER = "peer"
    """The wallet is measured for comparison only."""
    UNFOLLOWED = "unfollowed"
    """Nobody follows the wallet any more, or the last decision was to unfollow it."""
    PAUSED = "paused"
    """A person wants no alerts of it for now."""
    NOT_FLAGGED = "not_flagged"
    """The wallet keeps its form, or is not yet far enough from it."""
    ALREADY_OPEN = "already_open"
    """A flag about this wallet waits for a decision."""
    SNOOZED = "snoozed"
    """A person asked for silence until a day that has not come."""
    ALREADY_DECIDED = "already_decided"
    """A person decided about this same departure: the wallet has not been in form since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A flag to be opened."""

    wallet: str
    opened_at: datetime  #: UTC
    score: float  #: recurrence interval, years
    evidence: Evidence  #: to be frozen with the flag; a former snooze is the first of its notes


def decide(
    assessment: Assessment,
    *,
    previous: State | None,
    open_flag: int | None,
    last_decision: Decision | None,
    is_peer: bool,
    is_paused: bool = False,
    unfollowed_at: datetime | None,
    now: datetime,
    acts: Iterable[Act] = (),
) -> Opening | Reason:
    """Say whether a wallet's assessment opens a flag.

    The first reason that holds is returned, in the order of `Reason`.

    Parameters
    ----------
    assessment
        The wallet at this tick.
    previous
        The newest of its earlier states that is `OK` or `FLAGGED`; None if there is none. `OK` alone ends a departure:
        between two days of it a wallet may stand at `WATCH` and be flagged once more, and that is no news.
    open_flag
        Id of the wallet's flag that waits for a decision, or None.
    last_decision
        The latest decision on any flag of this wallet *since it was last followed*, or None: following a
        wallet again is a new start.
    is_peer
        The wallet's role is ``peer``.
    is_paused
        A person paused its alerts.
    unfollowed_at
        UTC; when the wallet was unfollowed, or None. From that moment on it is silent.
    now
        UTC.
    acts
        What people said about the wallet; a snooze among them silences it, the end of a snooze lets it speak.

    Returns
    -------
    Opening or Reason
        What to open, or why nothing is opened.
    """
    last = last_decision.choice if last_decision else None
    if is_peer:
        return Reason.PEER
    if last is Choice.UNFOLLOW or (unfollowed_at is not None and unfollowed_at <= now):
        return Reason.UNFOLLOWED
    if is_paused:
        return Reason.PAUSED
    if not assessment.flagged:
        return Reason.NOT_FLAGGED
    if open_flag is not None:
        return Reason.ALREADY_OPEN
    evidence = assessment.evidence
    until = silent_until(last_decision, acts)
    if until is not None and now < until:
        return Reason.SNOOZED
    same_departure = previous not in (None, State.OK)
    if last_decision is not None and last is Choice.SNOOZE:
        if same_departure:
            note = f"Still out of form: flag #{last_decision.flag_id} was {describe(last_decision)}."
            evidence = replace(evidence, notes=(note, *evidence.notes))
    elif last_decision is not None and same_departure:
        return Reason.ALREADY_DECIDED
    return Opening(wallet=assessment.wallet, opened_at=now, score=assessment.score, evidence=evidence)


def silent_until(last_decision: Decision | None, acts: Iterable[Act]) -> datetime | None:
    """When the newest snooze of a wallet ends, or ended; None: there is none, or a person took it back."""
    told = [(act.at, act.until) for act in acts if act.verb in {Verb.SNOOZE, Verb.UNSNOOZE}]
    if last_decision is not None and last_decision.choice is Choice.SNOOZE:
        told.append((last_decision.decided_at, last_decision.until))
    return max(told, key=lambda pair: pair[0])[1] if told else None


def asks_again(flag: Flag, assessment: Assessment) -> bool:
    """Whether an unanswered flag is worth a second word: only when the evidence has grown since it was last told.

    Beyond what is told in years it grows without being news: each day of a silence multiplies it.
    """
    told = flag.score if flag.asked_score is None else flag.asked_score
    return assessment.flagged and told <= MOST_YEARS and assessment.score >= GREW * told


def recovered(flag: Flag, assessment: Assessment) -> bool:
    """Whether a flag's wallet is seen back in form for the first time; `State.WATCH` in between keeps it from flapping.

    Judged with less than its history a wallet is not back in form: it is not judged.
    """
    return flag.recovered_at is None and assessment.state is State.OK and assessment.as_of > flag.opened_at
