"""Records that ``alerts`` produces."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from metrics.types import Evidence, Metric, Silence


class Choice(StrEnum):
    """What a human can decide about a flag."""

    KEEP = "keep"
    UNFOLLOW = "unfollow"
    SNOOZE = "snooze"
    FALSE_ALARM = "false_alarm"
    NO_DECISION = "no_decision"
    """Nobody decided in time; the one choice that no human makes. A late decision may follow it."""


class FlagStatus(StrEnum):
    """Where a flag stands."""

    OPEN = "open"
    KEPT = "kept"
    UNFOLLOWED = "unfollowed"
    SNOOZED = "snoozed"
    FALSE_ALARM = "false_alarm"
    NO_DECISION = "no_decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSeries:
    """What the chart of a flag shows, frozen with it: one metric by day."""

    metric: Metric
    days: tuple[date, ...]
    value: tuple[float | None, ...]  #: rolling value of the wallet
    low: float | None  #: baseline band
    high: float | None
    baseline: float | None
    peers: tuple[float | None, ...]  #: the peers' median of the same rolling value
    followed_since: date | None
    since: date | None  #: estimated start of the change
    since_from: date | None = None  #: 95 % interval of ``since``
    since_to: date | None = None
    peers_low: tuple[float | None, ...] = ()  #: 95 % interval of the peers' median; () or None: too few peers
    peers_high: tuple[float | None, ...] = ()
    window_days: int | None = None  #: length of the rolling window


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A wallet that left its baseline for a reason the peers do not share. Opened once, evidence frozen."""

    flag_id: int
    wallet: str
    label: str  #: a person's name for the wallet, "" if none
    opened_at: datetime  #: UTC
    status: FlagStatus
    score: float  #: recurrence interval when it was opened, years
    evidence: Evidence
    chart: ChartSeries
    asked_score: float | None = None  #: the score at which it was last asked again; None: never
    recovered_at: datetime | None = None  #: UTC; seen back in form
    config_hash: str = ""  #: of the detection settings that judged it
    silence: Silence | None = None  #: why it may have gone quiet; None: it has not, or nobody has looked yet


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedWallet:
    """A wallet as a list names it."""

    wallet: str
    label: str = ""
    flag_id: int | None = None  #: the flag that was opened about it


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a named human decided. Append-only; nothing happens after it but the record."""

    flag_id: int
    choice: Choice
    until: datetime | None  #: UTC; the end of a snooze
    decided_at: datetime  #: UTC
    decided_by: str  #: a name to show
    user_id: int | None  #: Telegram user id; None on the command line
    channel: str  #: ``telegram``, ``cli``, or ``clock`` where nobody decided
    note: str = ""
    decision_id: int | None = None  #: set once it is stored
    message_id: int | None = None  #: of the Telegram message whose button was pressed
    config_hash: str = ""  #: of the detection settings in force


class Verb(StrEnum):
    """What a person says about a wallet, rather than about a flag."""

    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    SNOOZE = "snooze"
    UNSNOOZE = "unsnooze"
    REASON = "reason"
    """Why a flag was decided as it was, said after the decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a named human said about a wallet. Append-only, like a decision."""

    wallet: str
    verb: Verb
    at: datetime  #: UTC
    by: str  #: a name to show
    user_id: int | None  #: Telegram user id; None on the command line
    channel: str  #: ``telegram`` or ``cli``
    until: datetime | None = None  #: UTC; the end of a snooze
    flag_id: int | None = None  #: of a reason
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button under a message."""

    label: str
    data: str = ""  #: callback data, 1 to 64 bytes; "" where there is a ``url``
    url: str | None = None  #: opens this instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a person sees on Telegram."""

    html: str
    chart_png: bytes | None = None  #: sent as the photo whose caption is ``html``
    buttons: tuple[tuple[Button, ...], ...] = ()  #: rows
    silent: bool = False  #: without a sound: it asks for no decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button pressed by an allowed person in an allowed chat."""

    update_id: int
    flag_id: int
    verb: str  #: one of ``alerts.review.VERBS``
    user_id: int
    user_name: str
    chat_id: int
    message_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an allowed person wrote in an allowed chat."""

    update_id: int
    user_id: int
    user_name: str
    chat_id: int
    text: str
    reply_to: int | None = None  #: id of the message that it answers
    topic: int | None = None  #: where in the chat, see ``alerts.telegram.updates.GENERAL``


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the press led to, to be shown."""

    answer: str  #: the short notice on the button, <= 200 characters
    edited: Message | None = None  #: replaces the caption and buttons of the pressed message
    reply: Message | None = None  #: a new message
