"""The weekly digest: how the list stands, even when nothing was flagged."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy import Connection, Engine

from alerts import wording
from alerts.messages.digest import digest
from alerts.outcome import tally
from alerts.types import Choice, FlagStatus, ListedWallet, Message
from metrics.types import State
from watcher.jobs.sync import dust
from watcher.reports.overview import left_out, promise, proven
from watcher.store import files, flag_log, look_backs, outbox, trade_log, usage, wallets
from watcher.store.sql.database import reading, writing

WEEK: Final = timedelta(days=7)
HOUR: Final = 8  #: of Monday, in the user's time zone
TOLD: Final = "digest_until"  #: memo: the end of the last week that was told


def last_monday(now: datetime, zone: tzinfo) -> datetime:
    """The newest Monday at `HOUR` o'clock in a time zone that is not after ``now``."""
    local = now.astimezone(zone)
    monday = (local - timedelta(days=local.weekday())).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return monday if monday <= local else monday - WEEK


def digest_once(engine: Engine, *, zone: tzinfo, now: datetime, units_a_day: int, chats: Sequence[int]) -> bool:
    """Put the week's digest into the outbox if a Monday has come since the last one; returns whether it did.

    Weeks that passed while nobody watched are told in one. A new installation begins with the next Monday.
    """
    until = last_monday(now, zone)
    with writing(engine) as connection:
        told = usage.recall(connection, TOLD)
        if told is not None and datetime.fromisoformat(told) >= until:
            return False
        usage.remember(connection, TOLD, until.isoformat())
        if told is None:
            return False
        pages = compose(connection, since=datetime.fromisoformat(told), now=now, units_a_day=units_a_day)
        waiting = [flag.flag_id for flag in flag_log.flags(connection) if flag.status is FlagStatus.OPEN]
        for page in pages:
            about = waiting if page is pages[-1] else []
            outbox.tell(connection, page.html, now, chats, about=about, silent=page.silent)
    return True


def read_digest(engine: Engine, *, now: datetime, units_a_day: int) -> tuple[Message, ...]:
    """The digest of the seven days before ``now``."""
    with reading(engine) as connection:
        return compose(connection, since=now - WEEK, now=now, units_a_day=units_a_day)


def compose(connection: Connection, *, since: datetime, now: datetime, units_a_day: int) -> tuple[Message, ...]:
    """Write the digest of ``(since, now]``: flags opened or still open, the list, what changed, and what was read."""
    flags = [flag for flag in flag_log.flags(connection) if flag.opened_at > since or flag.status is FlagStatus.OPEN]
    alerted = [wallet for wallet in wallets.all_wallets(connection) if wallet.alerted]
    latest = flag_log.latest_assessments(connection)
    judged = [
        (ListedWallet(wallet=wallet.address, label=wallet.label), latest[wallet.address])
        for wallet in alerted
        if wallet.address in latest
    ]
    facts = [
        *_changes(connection, [named for named, _ in judged], since),
        *_decided(connection, since),
        *_read(connection, now),
        *_budget(connection, now, units_a_day),
    ]
    if (counted := tally(look_backs.all_look_backs(connection))) is not None:
        facts.append(counted)
    if (kept := promise(connection)) is not None:
        facts.append(f"So far {kept}.")
    waiting = sum(item.state in outbox.UNSENT for item in outbox.deliveries(connection))
    if waiting:
        facts.append(f"{wording.count(waiting, 'message')} could not be delivered yet.")
    title = f"Digest, {since:%-d %b} to {now:%-d %b}"
    return digest(title, flags, wallets=judged, facts=facts)


def _changes(connection: Connection, everyone: Sequence[ListedWallet], since: datetime) -> list[str]:
    """Which wallets changed their state: first those that got worse."""
    before, now = flag_log.assessed_before(connection, since), flag_log.latest_assessments(connection)
    order = (State.FLAGGED, State.MARKET, State.WATCH, State.OK, State.LEARNING)
    moved = [
        (
            order.index(now[item.wallet].state),
            item.label or wording.short(item.wallet),
            before[item.wallet].state,
            now[item.wallet].state,
        )
        for item in everyone
        if item.wallet in before and before[item.wallet].state is not now[item.wallet].state
    ]
    if not moved:
        return ["Changed: no wallet changed its state."]
    shown = "; ".join(f"{wording.clean(name, 24)} {was} → {is_}" for _, name, was, is_ in sorted(moved)[:5])
    more = f"; and {len(moved) - 5} more" if len(moved) > 5 else ""
    return [f"Changed: {shown}{more}."]


def _decided(connection: Connection, since: datetime) -> list[str]:
    made = Counter(item.choice for item in flag_log.decisions(connection) if item.decided_at > since)
    back = sum(flag.recovered_at is not None and flag.recovered_at > since for flag in flag_log.flags(connection))
    parts = [f"{made[choice]} {choice.replace('_', ' ')}" for choice in Choice if made[choice]]
    facts = [f"Decided: {', '.join(parts)}."] if parts else []
    return [*facts, f"Back in form: {wording.count(back, 'wallet')}."] if back else facts


def _read(connection: Connection, now: datetime) -> list[str]:
    until = trade_log.last_block_time(connection)
    counts = trade_log.counts(connection) | files.counts(connection)
    if until is None:
        filed = counts["filed_round_trips"] or counts["filed_trades"]
        return ["Coverage: records come from files alone." if filed else "Nothing was read yet."]
    behind = (now - until) / timedelta(hours=1)
    ago = wording.count(round(behind), "hour") if behind < 48 else wording.count(round(behind / 24), "day")
    late = f", {ago} ago" if behind >= 2 else ""
    known = proven(counts)
    unseen = left_out(dust.left_out(connection))
    return [
        f"Read until {wording.moment(until)}{late}.",
        *([f"Coverage: {known}."] if known else []),
        *([f"{unseen}."] if unseen else []),
    ]


def _budget(connection: Connection, now: datetime, units_a_day: int) -> list[str]:
    spent = [usage.units_on(connection, now.date() - timedelta(days=back)) for back in range(7)]
    full = sum(units >= units_a_day for units in spent)
    used = f"Budget: {sum(spent):,} of {7 * units_a_day:,} units in seven days"
    return [f"{used}; used up on {wording.count(full, 'day')}." if full else f"{used}."]
