"""What allowed people can write to the bot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from alerts import wording
from alerts.messages.message import plain
from alerts.messages.silence import newest, reasons
from alerts.review import describe
from alerts.telegram.updates import GENERAL
from alerts.types import Button, Flag, FlagStatus, Message, Said
from ingest.errors import ConfigError
from metrics.types import Assessment
from watcher.jobs.review.deliver import card_buttons
from watcher.jobs.review.digest import WEEK, compose
from watcher.reports import overview, tables
from watcher.store import flag_log, outbox, wallets
from watcher.telegram import actions
from watcher.telegram.actions import Person
from watcher.types import Role, Wallet
from watcher.wallet_list import near, parse_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One command with all that an answer may need."""

    connection: Connection = field(repr=False)
    said: Said
    person: Person
    words: tuple[str, ...]  #: behind the command
    key: bytes = field(repr=False)  #: signs buttons
    units_a_day: int


def answer(asked: Asked, command: str) -> Message | None:
    """Answer a command; None: with silence. What it changes is part of the caller's transaction."""
    if not command.startswith("/"):
        return _reason(asked)
    known = COMMANDS.get(command.removeprefix("/").partition("@")[0].lower())
    return known[1](asked) if known else _help(asked)


def _status(asked: Asked) -> Message:
    view = overview.read(asked.connection, asked.person.now)
    return replace(overview.status_message(view), buttons=_card_buttons(asked, view.open_flags))


def _health(asked: Asked) -> Message:
    return overview.health_message(overview.read(asked.connection, asked.person.now))


def _wallets(asked: Asked) -> Message:
    latest = flag_log.latest_assessments(asked.connection)
    followed = [wallet for wallet in wallets.all_wallets(asked.connection) if wallet.role is Role.FOLLOWED]
    lines = [_wallet_line(wallet, latest.get(wallet.address)) for wallet in followed]
    return Message(html="\n".join([f"<b>{wording.count(len(followed), 'wallet')}</b>", *lines]))


def _wallet_line(wallet: Wallet, assessment: Assessment | None) -> str:
    name = wording.escape(wallet.label, 30) or wording.escape(wording.short(wallet.address), 24)
    return f"{name}: {_standing(wallet, assessment)}"


def _standing(wallet: Wallet, assessment: Assessment | None) -> str:
    state = "unfollowed" if wallet.unfollowed_at else "paused" if wallet.paused else tables.verdict(assessment)
    return wording.escape(state, 80)


def _wallet(asked: Asked) -> Message:
    found = _one_wallet(asked)
    if isinstance(found, Message):
        return found
    wallet, _ = found
    assessment = flag_log.latest_assessments(asked.connection).get(wallet.address)
    lines = [
        f"<b>{wording.escape(wallet.label, 40)}</b>".replace("<b></b>", "<b>Wallet</b>"),
        f"<code>{wording.escape(wallet.address, 64)}</code>",
        f"Followed since {wallet.followed_since:%Y-%m-%d}; {_standing(wallet, assessment)}.",
    ]
    if assessment is not None and assessment.evidence.sight is not None:
        lines.append(f"Sight: {wording.sight(assessment.evidence.sight)}")
    flags = flag_log.flags(asked.connection, address=wallet.address)
    decisions = {item.flag_id: item for item in flag_log.decisions(asked.connection, address=wallet.address)}
    for flag in flags[-5:]:
        made = decisions.get(flag.flag_id)
        lines.append(f"Flag #{flag.flag_id}: {wording.escape(describe(made), 200) if made else 'waits for you'}.")
    waiting = [flag for flag in flags if flag.status is FlagStatus.OPEN]
    return Message(html="\n".join(lines), buttons=_card_buttons(asked, waiting))


def _why(asked: Asked) -> Message:
    found = _one_wallet(asked)
    if isinstance(found, Message):
        return found
    wallet, _ = found
    assessment = flag_log.latest_assessments(asked.connection).get(wallet.address)
    if assessment is None:
        return Message(html="It was not judged yet.")
    name = wording.escape(wallet.label, 40) or wording.escape(wording.short(wallet.address), 24)
    lines = [
        f"<b>{name}</b>: {wording.escape(tables.verdict(assessment), 100)}, as of {wording.moment(assessment.as_of)}."
    ]
    lines += [
        f"{wording.name(item.metric)}: form {wording.value(item.metric, item.baseline)}, now "
        f"{wording.value(item.metric, item.recent)} ({wording.sample(item)}); "
        f"by luck {wording.recurrence(item.recurrence_years)}"
        for item in assessment.evidence.metrics
    ]
    evidence = assessment.evidence
    lines += [f"It does {wording.gain(evidence.gain)}."] if evidence.gain else []
    lines += [f"{wording.moved_too(evidence.lead, evidence.peers_down, evidence.peers)}."]
    if (silence := newest(flag_log.flags(asked.connection, address=wallet.address))) is not None:
        lines += reasons(silence)
    lines += [f"• {wording.escape(note, 300)}" for note in assessment.evidence.notes]
    lines.append(f"The trades behind it: <code>edgewatch why {wording.escape(wallet.address, 64)}</code>")
    return Message(html="\n".join(lines))


def _flags(asked: Asked) -> Message:
    waiting = [flag for flag in flag_log.flags(asked.connection) if flag.status is FlagStatus.OPEN]
    if not waiting:
        return Message(html="No flag waits for you. That is not proof of health: /digest says what could be seen.")
    lines = [
        f"#{flag.flag_id} {wording.escape(flag.label, 30)} {wording.escape(wording.address(flag.wallet), 24)}, "
        f"opened {wording.moment(flag.opened_at)}"
        for flag in waiting
    ]
    html = "\n".join([f"<b>{wording.count(len(waiting), 'flag')} for you</b>", *lines])
    return Message(html=html, buttons=_card_buttons(asked, waiting))


def _snooze(asked: Asked) -> Message:
    found = _one_wallet(asked)
    if isinstance(found, Message):
        return found
    wallet, rest = found
    span = actions.duration(rest[0]) if rest else None
    if span is None:
        return Message(html="How long? For example <code>/snooze Heron 7d on holiday</code>; 90d at most.")
    return _plain(actions.snooze(asked.connection, wallet, span, " ".join(rest[1:]), asked.person))


def _unsnooze(asked: Asked) -> Message:
    found = _one_wallet(asked)
    return found if isinstance(found, Message) else _plain(actions.unsnooze(asked.connection, found[0], asked.person))


def _follow(asked: Asked) -> Message:
    found = _one_wallet(asked)
    if not isinstance(found, Message):
        return _plain(actions.follow(asked.connection, found[0], asked.person))
    try:
        address = parse_address(" ".join(asked.words))
    except ConfigError:  # its words are not repeated here: they quote what was written, which might be a key
        return found
    return _plain(actions.follow_address(asked.connection, address, asked.person))


def _unfollow(asked: Asked) -> Message:
    found = _one_wallet(asked)
    if isinstance(found, Message):
        return found
    return _plain(actions.unfollow(asked.connection, found[0], " ".join(found[1]), asked.person))


def _digest(asked: Asked) -> Message:
    now = asked.person.now
    pages = compose(asked.connection, since=now - WEEK, now=now, units_a_day=asked.units_a_day)
    waiting = [flag for flag in flag_log.flags(asked.connection) if flag.status is FlagStatus.OPEN]
    return Message(html="\n".join(page.html for page in pages), buttons=_card_buttons(asked, waiting))


def _card_buttons(asked: Asked, waiting: Sequence[Flag]) -> tuple[tuple[Button, ...], ...]:
    """Buttons that ask for the cards of open flags, bound to the chat that asked."""
    return card_buttons(waiting, key=asked.key, chat_id=asked.said.chat_id)


def _budget(asked: Asked) -> Message:
    return _plain(overview.budget(overview.read(asked.connection, asked.person.now), asked.units_a_day))


def _whoami(asked: Asked) -> Message:
    said = asked.said
    topic = f", topic (message_thread_id) <code>{said.topic}</code>" if said.topic not in {None, GENERAL} else ""
    return Message(html=f"User <code>{said.user_id}</code>, chat <code>{said.chat_id}</code>{topic}.")


def _help(_: Asked) -> Message:
    lines = [f"/{name}: {words}" for name, (words, _) in COMMANDS.items()]
    return Message(
        html="\n".join(["<b>What I understand</b>", *lines, "Reply to a card with a reason, and I keep it."])
    )


def _reason(asked: Asked) -> Message | None:
    """Take a reply to a flag's message as the reason for its decision; other talk is none of the bot's business."""
    if asked.said.reply_to is None:
        return None
    flag_id = outbox.flag_of(asked.connection, asked.said.chat_id, asked.said.reply_to)
    flag = flag_log.find_flag(asked.connection, flag_id) if flag_id is not None else None
    return None if flag is None else _plain(actions.give_reason(asked.connection, flag, asked.said.text, asked.person))


def _one_wallet(asked: Asked) -> tuple[Wallet, Sequence[str]] | Message:
    """The wallet that the first words name, and the words behind; or what to say instead."""
    everyone = wallets.all_wallets(asked.connection)
    for count in range(len(asked.words), 0, -1):
        found = near(everyone, " ".join(asked.words[:count]))
        if len(found) == 1:
            return found[0], asked.words[count:]
        if found:
            return Message(html="Several wallets have that name: write the address.")
    # What was written is not repeated: it might be a key.
    return Message(html="Which wallet? Write its label or address as /wallets shows it.")


def _plain(words: str) -> Message:
    return Message(html=wording.escape(words, 1000))


COMMANDS: Final[Mapping[str, tuple[str, Callable[[Asked], Message]]]] = MappingProxyType(
    {
        "status": ("how far reading has come, what waits for you", _status),
        "wallets": ("everyone on the list", _wallets),
        "wallet": ("WALLET: one of them, with its flags", _wallet),
        "flags": ("what waits for your decision, with buttons", _flags),
        "why": ("WALLET: the figures behind its verdict", _why),
        "snooze": ("WALLET 7d REASON: silence, still measured", _snooze),
        "unsnooze": ("WALLET: end the silence", _unsnooze),
        "follow": ("WALLET: follow again, a new start; or an address that is new", _follow),
        "unfollow": ("WALLET REASON: no more alerts", _unfollow),
        "digest": ("the last seven days", _digest),
        "budget": ("what was spent today", _budget),
        "health": ("is everything alive", _health),
        "help": ("this list", _help),
        "whoami": ("your ids", _whoami),
    }
)


def menu() -> list[tuple[str, str]]:
    """The commands as Telegram's menu shows them."""
    return [(name, plain(Message(html=words))) for name, (words, _) in COMMANDS.items()]
