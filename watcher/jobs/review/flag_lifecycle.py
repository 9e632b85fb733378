"""What follows a flag without a person: asked again, expired, the end of a snooze, the return to form.

Part of the transaction that commits assessments: each thing is told once, whatever is killed or repeated.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from alerts import wording
from alerts.policy import asks_again, recovered, silent_until
from alerts.review import describe, expire, review
from alerts.types import Act, Decision, Flag, FlagStatus
from metrics.types import Assessment, State
from watcher.store import flag_log, outbox, usage
from watcher.types import Wallet

ASSESSED = "assessed_at"  #: memo: when the last assessment was committed
DIAL = "dial"  #: memo: the promise at which it was made, false flags per wallet-year


def expire_flags(connection: Connection, *, now: datetime, config_hash: str) -> None:
    """Record "no decision" for every flag that waited too long, and say so on its card."""
    for flag in flag_log.flags(connection):
        if (decision := expire(flag, now=now, config_hash=config_hash)) is not None:
            flag_log.add_decision(connection, decision, review(flag, decision).status)
            outbox.show_decided(connection, flag.flag_id, now)


def follow_up(
    connection: Connection,
    wallet: Wallet,
    assessment: Assessment,
    decisions: Sequence[Decision],
    acts: Sequence[Act],
    *,
    now: datetime,
    chats: Sequence[int],
) -> None:
    """Look at what was told of a wallet before, and tell what has come of it.

    Parameters
    ----------
    decisions
        The latest one since it was followed, or none.
    acts
        What people said about it.
    chats
        Whom to tell.
    """
    flags = [
        flag for flag in flag_log.flags(connection, address=wallet.address) if flag.opened_at >= wallet.followed_since
    ]
    newest = flags[-1] if flags else None
    last = decisions[-1] if decisions else None
    if newest is not None and newest.status is FlagStatus.OPEN and wallet.alerted and asks_again(newest, assessment):
        flag_log.asked_again(connection, newest.flag_id, assessment.score)
        outbox.ask_again(connection, newest.flag_id, _grown(newest, assessment), now, chats)
    if newest is not None and recovered(newest, assessment):
        flag_log.set_recovered(connection, newest.flag_id, assessment.as_of)
        if wallet.alerted:
            outbox.tell(connection, _back(newest, assessment, last), now, chats, about=_if_open(newest))
    until, before = silent_until(last, acts), usage.recall(connection, ASSESSED)
    ended = until is not None and before is not None and datetime.fromisoformat(before) < until <= now
    # A wallet that is still out of form gets a flag of its own, which says the same.
    if ended and wallet.alerted and assessment.state is not State.FLAGGED:
        state = "in form, as far as can be seen" if assessment.state is State.OK else f"in state “{assessment.state}”"
        outbox.tell(
            connection, f"💤 The snooze of {_named(wallet.address, wallet.label)} has ended; it is {state}.", now, chats
        )


def _if_open(flag: Flag) -> tuple[int, ...]:
    return (flag.flag_id,) if flag.status is FlagStatus.OPEN else ()


def _named(address: str, label: str) -> str:
    return f"<b>{wording.escape(label, 40) or wording.escape(wording.short(address), 24)}</b>"


def _grown(flag: Flag, assessment: Assessment) -> str:
    then = wording.recurrence(flag.score if flag.asked_score is None else flag.asked_score)
    return (
        f"<b>Asked again:</b> nobody has decided since {wording.moment(flag.opened_at)}, and the evidence has grown. "
        f"By luck alone {wording.recurrence(assessment.score)}; when last told, {then}."
    )


def _back(flag: Flag, assessment: Assessment, last: Decision | None) -> str:
    """Say that a wallet is back, and how long it was away: the first thing that people ask."""
    began = flag.evidence.since or flag.opened_at.date()
    days = max(1, (assessment.as_of.date() - began).days)
    about = " about" if flag.evidence.since else ""
    away = f"after{about} {wording.count(days, 'day')} (flag #{flag.flag_id})"
    head = f"🔺 {_named(flag.wallet, flag.label)} is back in form {away}."
    if flag.status is FlagStatus.OPEN:
        return f"{head}\nThe flag still waits for your decision."
    if last is not None and last.flag_id == flag.flag_id:
        return f"{head}\nThe flag was {wording.escape(describe(last), 200)}."
    return head
