"""What became of a decision: the wallet's own days since, against its form and its peers. Pure.

A flag says that a wallet left its form. Some weeks later its trades say more. They are asked one question: are they
nearer to the form that it had, or to the level to which it had fallen?

.. math:: m = \\frac{(b + c) + (f + c - c_0)}{2}

with the form :math:`b`, the level at the flag :math:`f`, and the peers' change then :math:`c_0` and now :math:`c`, both
0 unless both are known: what moved everybody moves both ends. Where the 95 % interval of the days since lies wholly on
one side of :math:`m`, there is an answer; else it cannot be told. Keep and false alarm are right where the wallet came
back, unfollow where it did not; a snooze and no decision are neither.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from scipy.special import stdtrit

from alerts import wording
from alerts.types import Choice, Decision, Flag
from metrics.intervals import wilson
from metrics.types import Metric

DAYS: Final = (30, 90)  #: after the decision
FEWEST: Final = 5  #: values below which nothing is said
FEWEST_PEERS: Final = 3
_CAME_BACK: Final = frozenset({Choice.KEEP, Choice.FALSE_ALARM})
_WORD: Final = {
    Choice.KEEP: "kept",
    Choice.UNFOLLOW: "unfollowed",
    Choice.SNOOZE: "snoozed",
    Choice.FALSE_ALARM: "called a false alarm",
    Choice.NO_DECISION: "left without a decision",
}


class Turn(StrEnum):
    """What the wallet did since."""

    BACK = "back"
    """Nearer to its form."""
    STAYED_OUT = "stayed_out"
    """Nearer to the level to which it had fallen."""
    UNCLEAR = "unclear"


class Verdict(StrEnum):
    """How the decision looks now."""

    RIGHT = "right"
    WRONG = "wrong"
    CANT_TELL = "cant_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """One decision, so many days later."""

    decision_id: int
    flag_id: int
    wallet: str
    label: str
    choice: Choice
    days: int  #: after the decision
    metric: Metric | None  #: the one that led the flag
    form: float | None  #: the wallet's own, when flagged
    fell_to: float | None  #: when flagged
    value: float | None  #: over the days since
    low: float | None  #: 95 % interval of ``value``
    high: float | None
    n: int  #: round trips since; days since for trade frequency
    peers_change: float | None  #: the peers' change over the same days; None: too few peers
    pnl_usd: float | None  #: what the wallet's round trips since made; None: none closed with a known price
    turn: Turn
    verdict: Verdict | None  #: None: a snooze or no decision is neither right nor wrong


def look_back(
    flag: Flag,
    decision: Decision,
    *,
    days: int,
    since: Sequence[float],
    peers: Iterable[tuple[Sequence[float], Sequence[float]]] = (),
    pnl_usd: float | None = None,
) -> LookBack:
    """Judge a stored decision by what happened in the days after it.

    Parameters
    ----------
    flag, decision
        The flag with its frozen evidence, and what was decided.
    days
        How many days after the decision ``since`` covers.
    since
        Values of the metric that led the flag: 1.0 or 0.0 for each round trip (win rate), returns as fractions of cost
        (average return), trades on each day that was read (trade frequency).
    peers
        The same values of each peer, before the change and over the same days since.
    pnl_usd
        What the wallet made, US dollars.
    """
    assert decision.decision_id is not None, "a decision is looked back on after it was stored"
    lead = next((item for item in flag.evidence.metrics if item.metric is flag.evidence.lead), None)
    found = estimate(lead.metric, since) if lead else None
    change = peers_change(lead.metric, peers) if lead else None
    turn = Turn.UNCLEAR
    if lead is not None and found is not None and lead.baseline is not None:
        fell_to = lead.recent if lead.recent is not None or lead.metric is not Metric.TRADE_FREQUENCY else 0.0
        if fell_to is not None and fell_to != lead.baseline:
            now, then = change or 0.0, lead.peers_change or 0.0
            if change is None or lead.peers_change is None:
                now = then = 0.0
            middle = (lead.baseline + fell_to - then) / 2 + now
            _, low, high = found
            above, below = low > middle, high < middle
            if lead.baseline < fell_to:
                above, below = below, above
            turn = Turn.BACK if above else Turn.STAYED_OUT if below else Turn.UNCLEAR
    return LookBack(
        decision_id=decision.decision_id,
        flag_id=flag.flag_id,
        wallet=flag.wallet,
        label=flag.label,
        choice=decision.choice,
        days=days,
        metric=lead.metric if lead else None,
        form=lead.baseline if lead else None,
        fell_to=lead.recent if lead else None,
        value=found[0] if found else None,
        low=found[1] if found else None,
        high=found[2] if found else None,
        n=len(since),
        peers_change=change,
        pnl_usd=pnl_usd,
        turn=turn,
        verdict=_verdict(decision.choice, turn),
    )


def estimate(metric: Metric, values: Sequence[float]) -> tuple[float, float, float] | None:
    """Value with its 95 % interval: Wilson's for a win rate, else Student's t of the mean; None below `FEWEST`."""
    n = len(values)
    if n < FEWEST:
        return None
    mean = statistics.fmean(values)
    if metric is Metric.WIN_RATE:
        return (mean, *wilson(sum(values), n))
    half = float(stdtrit(n - 1, 0.975)) * statistics.stdev(values) / math.sqrt(n)
    return mean, mean - half, mean + half


def peers_change(metric: Metric, peers: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float | None:
    """Median change of the peers that have values enough on both sides; None for fewer than `FEWEST_PEERS`."""
    both = [(estimate(metric, before), estimate(metric, since)) for before, since in peers]
    changes = [since[0] - before[0] for before, since in both if before is not None and since is not None]
    return statistics.median(changes) if len(changes) >= FEWEST_PEERS else None


def _verdict(choice: Choice, turn: Turn) -> Verdict | None:
    if choice in {Choice.SNOOZE, Choice.NO_DECISION}:
        return None
    if turn is Turn.UNCLEAR:
        return Verdict.CANT_TELL
    return Verdict.RIGHT if (turn is Turn.BACK) == (choice in _CAME_BACK) else Verdict.WRONG


def told(item: LookBack, *, decided_at: datetime) -> str:
    """Say one look back in Telegram's HTML, a few lines."""
    name = wording.escape(item.label, 24) or wording.escape(wording.short(item.wallet), 24)
    lines = [
        f"<b>{name}</b> was {_WORD[item.choice]} {item.days} days ago ({decided_at:%Y-%m-%d}, flag #{item.flag_id})."
    ]
    if item.metric is None or item.value is None or item.low is None or item.high is None:
        lines.append(f"Since then too little to judge by: {wording.count(item.n, 'value')}.")
    else:
        span = " to ".join(wording.value(item.metric, edge, unit=False) for edge in (item.low, item.high))
        noun = "day" if item.metric is Metric.TRADE_FREQUENCY else "round trip"
        against = [f"form {wording.value(item.metric, item.form, unit=False)}"]
        if item.fell_to is not None:
            against.append(f"when flagged {wording.value(item.metric, item.fell_to, unit=False)}")
        if item.peers_change is not None:
            against.append(f"peers {wording.change(item.metric, item.peers_change)}")
        value = wording.value(item.metric, item.value)
        lines.append(
            f"Since then {wording.name(item.metric)} {value} ({span}, {wording.count(item.n, noun)}); "
            f"{', '.join(against)}."
        )
    if item.pnl_usd is not None:
        lines.append(f"Its round trips since {wording.brought(item.pnl_usd)}.")
    lines.append(_judged(item))
    return "\n".join(lines)


def _judged(item: LookBack) -> str:
    wallet = {
        Turn.BACK: "It came back to its form",
        Turn.STAYED_OUT: "It stayed out of form",
        Turn.UNCLEAR: "Whether it came back cannot be told",
    }[item.turn]
    decision = {
        Verdict.RIGHT: ": the decision looks <b>right</b>.",
        Verdict.WRONG: ": the decision looks <b>wrong</b>.",
        Verdict.CANT_TELL: " yet.",
        None: ".",
    }[item.verdict]
    return wallet + decision


def tally(items: Iterable[LookBack]) -> str | None:
    """Say how decisions and flags turned out, the latest look at each counted once; None while there is none."""
    newest = {item.decision_id: item for item in sorted(items, key=lambda item: item.days)}
    if not newest:
        return None
    verdicts, turns = Counter(item.verdict for item in newest.values()), Counter(item.turn for item in newest.values())
    judged = sum(verdicts[verdict] for verdict in Verdict)
    parts = []
    if judged:
        parts.append(
            f"Of {wording.count(judged, 'decision')} looked back on: {verdicts[Verdict.RIGHT]} right, "
            f"{verdicts[Verdict.WRONG]} wrong, {verdicts[Verdict.CANT_TELL]} cannot be told."
        )
    parts.append(
        f"Of {wording.count(len(newest), 'flag')}: {turns[Turn.STAYED_OUT]} stayed out of form, "
        f"{turns[Turn.BACK]} came back, {turns[Turn.UNCLEAR]} cannot be told."
    )
    return " ".join(parts)
