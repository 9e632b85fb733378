"""What a person asks first: is it alive, how far has it read, how does each wallet stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from alerts.messages.digest import STATES
from alerts.messages.promise import against_promise
from alerts.outcome import tally as tally_decisions
from alerts.types import Flag, FlagStatus, Message
from alerts.wording import address, clean, count, escape, figure, moment
from ingest.evm.rpc.budget import NEARLY
from metrics.types import Assessment, State
from watcher.jobs.review import connection_state
from watcher.jobs.review.connection_state import Refused
from watcher.jobs.review.flag_lifecycle import DIAL
from watcher.jobs.sync import dust, spending
from watcher.record import calibration_factor
from watcher.record.calibration_factor import Kept
from watcher.store import files, flag_log, look_backs, outbox, trade_log, usage, wallets
from watcher.types import Wallet

_LEVELS = {
    "proven": "proven by their own headers",
    "indexed": "named by an index and sampled",
    "ends": "by the ends of each window and sampled",
}

LATE_H = 2  #: hours behind from which reading is not well
SILENT_MIN = 15  #: minutes without a word of Telegram's from which the loop that takes presses is not well


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One reading of the whole database."""

    at: datetime
    read_until: datetime | None  #: time of the newest block read
    wallets: tuple[tuple[Wallet, Assessment | None], ...]
    open_flags: tuple[Flag, ...]
    counts: dict[str, int]
    units_today: int
    units_limit: int | None  #: of a day, when something was last spent
    undelivered: int
    problems: tuple[str, ...]  #: why messages did not arrive, each reason once
    turned_out: str | None  #: how decisions turned out
    heard_at: datetime | None  #: when Telegram last answered the loop that takes presses
    refused: Refused | None  #: why it does not
    promise: str | None  #: flags so far beside those that the dial promises
    calibrated: Kept | None  #: the factor found on these wallets, be it out of date


def read(connection: Connection, now: datetime) -> Overview:
    """Read it."""
    waiting = outbox.deliveries(connection)
    latest = flag_log.latest_assessments(connection)
    return Overview(
        at=now,
        read_until=trade_log.last_block_time(connection),
        wallets=tuple((wallet, latest.get(wallet.address)) for wallet in wallets.all_wallets(connection)),
        open_flags=tuple(flag for flag in flag_log.flags(connection) if flag.status is FlagStatus.OPEN),
        counts=trade_log.counts(connection)
        | files.counts(connection)
        | {"strangers_left_out": dust.left_out(connection)},
        units_today=usage.units_on(connection, now.date()),
        units_limit=int(limit) if (limit := usage.recall(connection, spending.LIMIT)) else None,
        undelivered=sum(item.state in outbox.UNSENT for item in waiting),
        problems=tuple(dict.fromkeys(each.problem for each in waiting if each.problem and each.state in outbox.UNSENT)),
        turned_out=tally_decisions(look_backs.all_look_backs(connection)),
        heard_at=connection_state.heard_at(connection),
        refused=connection_state.refused(connection),
        promise=promise(connection),
        calibrated=calibration_factor.read(connection),
    )


def promise(connection: Connection) -> str | None:
    """Flags so far beside those that the dial promises if nothing changes; None before anybody was judged."""
    dial = usage.recall(connection, DIAL)
    if dial is None:
        return None
    years = flag_log.days_at_risk(connection) / 365.25
    return against_promise(flag_log.departures_since_followed(connection), years, float(dial))


def calibration_note(kept: Kept | None) -> str | None:
    """By what scores are divided, in words; None where ``edgewatch calibrate`` found nothing to correct."""
    if kept is None:
        return None
    found = (
        f"calibrated on {kept.factor.wallets} of your wallets on {kept.found_at:%Y-%m-%d}: recurrence intervals are "
        f"{figure(kept.factor.value, 1)} times shorter than the shipped curve says"
    )
    return (
        found
        if kept.curve == calibration_factor.curve()
        else f"{found}; the detector or its curve has changed since, so this is not used"
    )


def budget_note(view: Overview) -> str | None:
    """A line on the day's budget once most of it is used; None before."""
    if not view.units_limit or view.units_today < NEARLY * view.units_limit:
        return None
    share = 100 * view.units_today // view.units_limit
    return (
        f"{share}% of today's budget of {view.units_limit:,} units is used. When it is used up, reading stops and goes "
        "on after midnight UTC; nothing is lost"
    )


def tally(pairs: Sequence[tuple[Wallet, Assessment | None]]) -> dict[State, int]:
    """How many alerted wallets stand in each state."""
    counted = dict.fromkeys(State, 0)
    for wallet, assessment in pairs:
        if wallet.alerted and assessment is not None:
            counted[assessment.state] += 1
    return counted


def proven(counts: Mapping[str, int]) -> str:
    """How well it is proven that nothing was left out, in words; empty where nothing was read."""
    blocks = {words: counts[f"{level}_blocks"] for level, words in _LEVELS.items()}
    total = sum(blocks.values())
    shares = (f"{count / total:.0%} {words}" for words, count in blocks.items() if count)
    return f"of the blocks read {', '.join(shares)}" if total else ""


def left_out(count: int) -> str:
    """What strangers did that nobody looked at, in words; empty where there is nothing."""
    if not count:
        return ""
    what = f"{count:,} transaction" + ("s" if count != 1 else "")
    return f"{what} by strangers not looked at: they would have cost more than their share of the day's budget"


def on_behalf(count: int) -> str:
    """Swaps that are no trades because others made them, in words; empty where there are none."""
    if not count:
        return ""
    return (
        f"{count:,} swap{'s' if count != 1 else ''} by others on its behalf {'are' if count != 1 else 'is'} not counted"
    )


def status_message(view: Overview) -> Message:
    """The answer to ``/status``."""
    standing = tally(view.wallets)
    states = ", ".join(f"{standing[state]:,} {words}" for state, words in STATES.items() if standing[state])
    read_until = f"{view.read_until:%Y-%m-%d %H:%M} UTC" if view.read_until else "nothing yet"
    lines = [
        f"<b>Edgewatch</b> at {view.at:%Y-%m-%d %H:%M} UTC",
        f"Read until {read_until}; {view.counts['trades']:,} trades.",
        f"Wallets: {states or 'none judged yet'}.",
    ]
    lines += [
        f"Waiting for you: #{flag.flag_id} {escape(flag.label, 40)} {escape(address(flag.wallet), 24)}"
        for flag in view.open_flags
    ]
    lines += [f"{note}." for note in (budget_note(view), left_out(view.counts["strangers_left_out"])) if note]
    if view.undelivered:
        lines.append(escape(f"{undelivered(view)}.", 900))
    lines += [f"{view.promise}."] if view.promise else []
    if view.turned_out:
        lines.append(view.turned_out)
    return Message(html="\n".join(lines))


def undelivered(view: Overview) -> str:
    """How many messages wait, and why."""
    why = "; ".join(clean(problem, 400).removesuffix(".") for problem in view.problems[:2])
    return f"{count(view.undelivered, 'message')} not delivered: {why or 'in line'}"


def health(view: Overview) -> list[tuple[bool, str]]:
    """Is each part alive: whether it is well, and a sentence of plain text."""
    late = (view.at - view.read_until).total_seconds() / 3600 if view.read_until else None
    judged = max((item.as_of for _, item in view.wallets if item is not None), default=None)
    filed = view.counts["filed_round_trips"] or view.counts["filed_trades"]
    lines = [(bool(filed), "Records come from files alone." if filed else "Nothing was read yet.")]
    if view.read_until is not None and late is not None:
        lines = [(late < LATE_H, f"Read until {moment(view.read_until)}, {_behind(late)} behind.")]
    lines += [(judged is not None, f"Judged as of {moment(judged)}." if judged else "Nothing was judged yet.")]
    lines += [(not view.undelivered, undelivered(view) if view.undelivered else "Every message was delivered.")]
    if view.refused is not None:
        lines += [(False, f"Presses do not arrive since {moment(view.refused.since)}: {view.refused.problem}")]
    elif view.heard_at is not None:
        silent = (view.at - view.heard_at).total_seconds() / 60
        lines += [(silent < SILENT_MIN, f"Telegram was last heard at {moment(view.heard_at)}.")]
    return lines


def _behind(hours: float) -> str:
    return count(round(hours, 1), "hour") if hours < 48 else count(round(hours / 24), "day")


def health_message(view: Overview) -> Message:
    """The answer to ``/health``."""
    signs = {True: "🟢", False: "🔴"}
    lines = [f"{signs[is_well]} {escape(words, 900)}" for is_well, words in health(view)]
    return Message(html="\n".join([f"<b>Edgewatch</b> answers, {moment(view.at)}", *lines]))


def budget(view: Overview, units_a_day: int) -> str:
    """What was spent today, plain text."""
    share = view.units_today / units_a_day
    return f"Spent today (UTC): {view.units_today:,} of {units_a_day:,} units ({share:.0%})."
