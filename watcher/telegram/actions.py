"""What a person can do about a flag or a wallet, on Telegram and on the command line alike: only the record changes."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts import wording
from alerts.errors import ReviewError
from alerts.policy import silent_until
from alerts.review import LONGEST_SNOOZE, describe, make_decision, review
from alerts.types import Act, Choice, Decision, Flag, FlagStatus, Verb
from watcher.store import flag_log, outbox, wallets
from watcher.types import Role, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who does it, where and when."""

    name: str
    user_id: int | None  #: Telegram user id; None on the command line
    channel: str  #: ``telegram`` or ``cli``
    now: datetime  #: UTC
    config_hash: str = ""  #: of the detection settings in force


def decide(
    connection: Connection, decision: Decision, *, update_id: int | None = None, chat_id: int | None = None
) -> Flag:
    """Apply a decision to its flag and store both; every card of the flag will show it.

    Parameters
    ----------
    update_id, chat_id
        Of the press, where it was one: the pressed message is changed by the bot itself.

    Raises
    ------
    ReviewError
        There is no such flag, or it is decided already.
    """
    flag = flag_log.find_flag(connection, decision.flag_id)
    if flag is None:
        raise ReviewError(f"There is no flag #{decision.flag_id}.")
    made = flag_log.decisions(connection, flag_id=decision.flag_id)
    changed = review(flag, decision, earlier=made[-1] if made else None)
    flag_log.add_decision(connection, decision, changed.status, update_id=update_id)
    if decision.choice is Choice.UNFOLLOW:
        wallets.unfollow(connection, flag.wallet, decision.decided_at)
    pressed = (chat_id, decision.message_id)
    outbox.show_decided(connection, flag.flag_id, decision.decided_at, pressed=pressed)
    return changed


def duration(word: str) -> timedelta | None:
    """Read ``12h``, ``7d`` or ``2w``; None if it is none of these, or longer than a snooze may be."""
    match = re.fullmatch(r"([1-9]\d{0,3})([hdw])", word.lower())
    if match is None:
        return None
    span = int(match[1]) * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[match[2]]
    return span if span <= LONGEST_SNOOZE else None


def snooze(connection: Connection, wallet: Wallet, span: timedelta, note: str, person: Person) -> str:
    """Silence a wallet for a while; its open flag, if there is one, is decided with it. It is still measured."""
    until = person.now + span
    if (flag := _open_flag(connection, wallet)) is not None:
        return _decide(connection, flag, Choice.SNOOZE, note, person, span)
    _say(connection, wallet, Verb.SNOOZE, person, until=until, note=note)
    return f"{_name(wallet)} is silent until {wording.moment(until)}; it is still measured."


def unsnooze(connection: Connection, wallet: Wallet, person: Person) -> str:
    """End the silence of a wallet."""
    made = flag_log.decisions(connection, address=wallet.address)
    until = silent_until(made[-1] if made else None, flag_log.acts(connection, address=wallet.address))
    if until is None or until <= person.now:
        return f"{_name(wallet)} is not snoozed."
    _say(connection, wallet, Verb.UNSNOOZE, person, until=None, note="")
    return f"{_name(wallet)} may speak again. If it is still out of form, its next assessment says so."


def unfollow(connection: Connection, wallet: Wallet, note: str, person: Person) -> str:
    """Stop following a wallet; its open flag, if there is one, is decided with it. Measured on for the look back."""
    if wallet.role is Role.PEER:
        return f"{_name(wallet)} is a peer: measured, never alerted."
    if (flag := _open_flag(connection, wallet)) is not None:
        return _decide(connection, flag, Choice.UNFOLLOW, note, person)
    if wallet.unfollowed_at is not None:
        return f"{_name(wallet)} is unfollowed since {wording.moment(wallet.unfollowed_at)}; nothing changed."
    _say(connection, wallet, Verb.UNFOLLOW, person, until=None, note=note)
    wallets.unfollow(connection, wallet.address, person.now)
    return (
        f"{_name(wallet)} is unfollowed: no more alerts; measured for 90 days more, to look back. Nothing was traded."
    )


def follow(connection: Connection, wallet: Wallet, person: Person, *, flag: Flag | None = None) -> str:
    """Follow an unfollowed wallet again: a new start, whose baseline is all that is known up to now.

    ``flag`` is the one whose message led to it.
    """
    if wallet.role is Role.PEER:
        return f"{_name(wallet)} is a peer: measured, never alerted."
    if wallet.unfollowed_at is None:
        return f"{_name(wallet)} is followed since {wallet.followed_since:%Y-%m-%d}; nothing changed."
    _say(connection, wallet, Verb.FOLLOW, person, until=None, note="", flag=flag)
    wallets.follow(connection, wallet.address, person.now)
    return f"{_name(wallet)} is followed again; its form is what it did until now."


def follow_address(connection: Connection, address: str, person: Person, *, flag: Flag | None = None) -> str:
    """Follow an address that may not be on the list yet; its form is what it did until now, once that is read.

    Parameters
    ----------
    address
        Lower-case.
    flag
        The one whose message led to it: the address is then called after that flag's wallet.
    """
    if (known := wallets.find(connection, address)) is not None:
        return follow(connection, known, person, flag=flag)
    label = f"{wording.clean(flag.label, 34)} moved" if flag is not None and flag.label else ""
    wallet = Wallet(address=address, label=label, followed_since=person.now, added_at=person.now)
    wallets.add(connection, wallet)
    _say(connection, wallet, Verb.FOLLOW, person, until=None, note="", flag=flag)
    return f"{_name(wallet)} is followed from now on, by {person.name}; its past is read next. Nothing was traded."


def give_reason(connection: Connection, flag: Flag, words: str, person: Person) -> str:
    """Keep why a flag was decided as it was."""
    made = flag_log.decisions(connection, flag_id=flag.flag_id)
    if not made:
        return f"Flag #{flag.flag_id} has no decision yet: press a button first, then reply with the reason."
    item = Act(
        wallet=flag.wallet,
        verb=Verb.REASON,
        at=person.now,
        by=person.name,
        user_id=person.user_id,
        channel=person.channel,
        flag_id=flag.flag_id,
        note=wording.clean(words, 1000),
    )
    flag_log.add_act(connection, item)
    return f"Noted: why flag #{flag.flag_id} was {describe(made[-1])}."


def _open_flag(connection: Connection, wallet: Wallet) -> Flag | None:
    found = flag_log.flags(connection, address=wallet.address)
    return next((flag for flag in found if flag.status is FlagStatus.OPEN), None)


def _decide(
    connection: Connection,
    flag: Flag,
    choice: Choice,
    note: str,
    person: Person,
    span: timedelta = timedelta(),
) -> str:
    decision = make_decision(
        flag.flag_id,
        choice,
        decided_by=person.name,
        user_id=person.user_id,
        channel=person.channel,
        now=person.now,
        note=note,
        snooze=span,
        config_hash=person.config_hash,
    )
    decide(connection, decision)
    return f"Flag #{flag.flag_id} was {describe(decision)}. The wallet is still measured."


def _say(
    connection: Connection,
    wallet: Wallet,
    verb: Verb,
    person: Person,
    *,
    until: datetime | None,
    note: str,
    flag: Flag | None = None,
) -> None:
    item = Act(
        wallet=wallet.address,
        verb=verb,
        at=person.now,
        until=until,
        by=person.name,
        user_id=person.user_id,
        channel=person.channel,
        flag_id=flag.flag_id if flag else None,
        note=wording.clean(note, 1000),
    )
    flag_log.add_act(connection, item)


def _name(wallet: Wallet) -> str:
    return wording.clean(wallet.label, 40) or wording.short(wallet.address)
