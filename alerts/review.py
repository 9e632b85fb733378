"""A human's decision about a flag, and the buttons that carry it. Pure.

::

    open ── keep ────────> kept
         ── unfollow ────> unfollowed
         ── snooze ──────> snoozed      (7 days; a wallet still out of form then gets a new flag)
         ── false alarm ─> false_alarm
         ── 14 days ─────> no_decision  (a late decision is still taken, once)

The first decision of a human wins and is final. Whoever comes second is told who decided, what and when.

A button carries ``v1:<flag id, base 36>:<verb>:<mac>``. The code at its end is a truncated HMAC-SHA256 over
the rest *and the chat*, so that data from another chat, another bot or a stranger's hand is not believed.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from alerts.errors import ReviewError
from alerts.types import Choice, Decision, Flag, FlagStatus
from alerts.wording import clean, moment

SNOOZE: Final = timedelta(days=7)
LONGEST_SNOOZE: Final = timedelta(days=90)  #: a longer silence is an unfollow
EXPIRES: Final = timedelta(days=14)  #: after it, an unanswered flag is recorded as "no decision"
DETAILS: Final = "details"  #: decides nothing: all that the flag knows
CARD: Final = "card"  #: decides nothing: the flag with its buttons
FOLLOW: Final = "follow"  #: decides nothing about the flag: follow the address that the wallet's tokens went to
CHOICES: Final = tuple(choice for choice in Choice if choice is not Choice.NO_DECISION)  #: what a human can press
VERBS: Final = frozenset({*CHOICES, DETAILS, CARD, FOLLOW})

_STATUS: Final[Mapping[Choice, FlagStatus]] = MappingProxyType(
    {
        Choice.KEEP: FlagStatus.KEPT,
        Choice.UNFOLLOW: FlagStatus.UNFOLLOWED,
        Choice.SNOOZE: FlagStatus.SNOOZED,
        Choice.FALSE_ALARM: FlagStatus.FALSE_ALARM,
        Choice.NO_DECISION: FlagStatus.NO_DECISION,
    }
)
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAC_BYTES: Final = 12  # 96 bits; 16 characters of the 64 that Telegram allows


def make_decision(
    flag_id: int,
    choice: Choice,
    *,
    decided_by: str,
    user_id: int | None,
    channel: str,
    now: datetime,
    note: str = "",
    snooze: timedelta = SNOOZE,
    message_id: int | None = None,
    config_hash: str = "",
) -> Decision:
    """Write down what a person decided; a snooze ends so long after ``now`` (UTC)."""
    return Decision(
        flag_id=flag_id,
        choice=choice,
        until=now + snooze if choice is Choice.SNOOZE else None,
        decided_at=now,
        decided_by=clean(decided_by, 64),
        user_id=user_id,
        channel=channel,
        note=clean(note, 1000),
        message_id=message_id,
        config_hash=config_hash,
    )


def expire(flag: Flag, *, now: datetime, config_hash: str = "") -> Decision | None:
    """Write down that nobody decided about an open flag in time; None while there is time."""
    if flag.status is not FlagStatus.OPEN or now < flag.opened_at + EXPIRES:
        return None
    return make_decision(
        flag.flag_id,
        Choice.NO_DECISION,
        decided_by="nobody",
        user_id=None,
        channel="clock",
        now=now,
        config_hash=config_hash,
    )


def review(flag: Flag, decision: Decision, *, earlier: Decision | None = None) -> Flag:
    """Apply a decision to an open flag.

    Parameters
    ----------
    flag
        The flag as stored.
    decision
        What a person wants now.
    earlier
        The newest decision that the flag already has, if any.

    Returns
    -------
    Flag
        The same flag with its new status.

    Raises
    ------
    ReviewError
        The flag is decided, or the decision is about another flag.
    """
    if decision.flag_id != flag.flag_id:
        raise ReviewError(f"This decision is about flag #{decision.flag_id}, not #{flag.flag_id}.")
    late = flag.status is FlagStatus.NO_DECISION and decision.choice is not Choice.NO_DECISION
    if earlier is not None and not late:
        raise ReviewError(f"Flag #{flag.flag_id} was already {describe(earlier)}. The first decision stands.")
    if flag.status is not FlagStatus.OPEN and not late:
        raise ReviewError(f"Flag #{flag.flag_id} is already {flag.status}. The first decision stands.")
    return replace(flag, status=_STATUS[decision.choice])


def describe(decision: Decision) -> str:
    """Say a decision in words, after "the flag was": ``kept by @x, 2025-07-01 14:02 UTC``. Plain text."""
    if decision.choice is Choice.NO_DECISION:
        return f"left without a decision for {EXPIRES.days} days, {moment(decision.decided_at)}"
    until = f" until {moment(decision.until)}" if decision.until else ""
    verb = {
        Choice.KEEP: "kept",
        Choice.UNFOLLOW: "unfollowed",
        Choice.SNOOZE: f"snoozed{until}",
        Choice.FALSE_ALARM: "called a false alarm",
    }[decision.choice]
    return f"{verb} by {clean(decision.decided_by, 64) or 'an unnamed person'}, {moment(decision.decided_at)}"


def button_data(flag_id: int, verb: str, *, key: bytes, chat_id: int) -> str:
    """Return the callback data of a button.

    Parameters
    ----------
    flag_id
        Not negative, below 2**63.
    verb
        One of `VERBS`.
    key
        Secret of this installation; must not change while messages with buttons are about.
    chat_id
        The chat that will show the button.

    Returns
    -------
    str
        At most 64 bytes of ASCII.
    """
    if not 0 <= flag_id < 2**63 or verb not in VERBS:
        raise ValueError(f"no button for flag {flag_id}, verb {verb!r}")
    body = f"v1:{_base36(flag_id)}:{verb}"
    mac = hmac.digest(key, f"{body}:{chat_id}".encode(), hashlib.sha256)[:_MAC_BYTES]
    return f"{body}:{base64.urlsafe_b64encode(mac).decode()}"


def parse_press(data: str, *, key: bytes, chat_id: int) -> tuple[int, str] | None:
    """Return the flag id and the verb of genuine callback data, else None."""
    parts = data.split(":")
    if len(parts) != 4 or parts[2] not in VERBS or not 1 <= len(parts[1]) <= 13:
        return None
    if not set(parts[1]) <= set(_DIGITS) or not data.isascii():
        return None
    flag_id = int(parts[1], 36)
    if flag_id >= 2**63:
        return None
    # Comparing the whole text also refuses a second spelling of the same number.
    if not hmac.compare_digest(button_data(flag_id, parts[2], key=key, chat_id=chat_id), data):
        return None
    return flag_id, parts[2]


def _base36(number: int) -> str:
    text = ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text
