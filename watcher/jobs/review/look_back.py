"""Look back on decisions, 30 and 90 days later."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine

from alerts.outcome import DAYS, LookBack, look_back, tally, told
from alerts.types import Decision, Flag
from ingest.types import Chain
from metrics.types import Metric, Unit
from watcher.record.accounts import Account, Interval, covered_times, read_accounts
from watcher.store import flag_log, look_backs, outbox, trade_log, wallets
from watcher.store.sql.database import reading, writing

_BEFORE = timedelta(days=180)  #: how much of the peers' past is compared with


def look_back_once(
    engine: Engine, *, chains: Mapping[int, Chain], unit: Unit | None, now: datetime, chats: Sequence[int] = ()
) -> list[LookBack]:
    """Write and tell every look back that is due.

    A decision is judged once its days are over *and read*, by exactly these days: when the job runs changes nothing.

    Parameters
    ----------
    chains, unit
        As in ``assess_once``.
    now
        UTC.
    chats
        Whom to tell.
    """
    with reading(engine) as connection:
        everyone = {wallet.address: wallet for wallet in wallets.all_wallets(connection)}
        flags = {flag.flag_id: flag for flag in flag_log.flags(connection)}
        decisions = {item.decision_id: item for item in flag_log.decisions(connection)}
        due = [
            (flags[decisions[decision_id].flag_id], decisions[decision_id], days)
            for decision_id, days in look_backs.due(connection, DAYS, now)
        ]
        if not due:
            return []
        coverages = trade_log.coverages(connection)
        covered = {
            address: covered_times(
                coverages,
                address,
                [i for i, chain in chains.items() if wallet.chains is None or chain.name in wallet.chains],
            )
            for address, wallet in everyone.items()
        }
        waiting = [
            (flag, decision, days)
            for flag, decision, days in due
            if flag.wallet not in everyone or _read(covered[flag.wallet], decision.decided_at + timedelta(days=days))
        ]
        if not waiting:
            return []
        wanted = {address for flag, _, _ in waiting for address in (flag.wallet, *flag.evidence.peer_wallets)}
        chosen = [wallet for address, wallet in everyone.items() if address in wanted]
        accounts = {item.wallet.address: item for item in read_accounts(connection, chosen, chains, unit=unit)}
    done = [(_judge(flag, decision, days, accounts, covered), decision.decided_at) for flag, decision, days in waiting]
    with writing(engine) as connection:
        for item, _ in done:
            look_backs.add(connection, item, now)
        counted = tally(look_backs.all_look_backs(connection))
        # A few at a time, so that each message has room.
        for first in range(0, len(done), 8):
            words = [told(item, decided_at=at) for item, at in done[first : first + 8]]
            outbox.tell(connection, "\n\n".join(["<b>Looking back</b>", *words, counted or ""]), now, chats)
    return [item for item, _ in done]


def _read(covered: Sequence[Interval], end: datetime) -> bool:
    return any(last >= end for _, last in covered)


def _judge(
    flag: Flag, decision: Decision, days: int, accounts: Mapping[str, Account], covered: Mapping[str, list[Interval]]
) -> LookBack:
    begin, end = decision.decided_at, decision.decided_at + timedelta(days=days)
    lead, account = flag.evidence.lead, accounts.get(flag.wallet)
    if lead is None or account is None:
        return look_back(flag, decision, days=days, since=())
    changed = flag.opened_at
    if flag.evidence.since is not None:
        changed = datetime(*flag.evidence.since.timetuple()[:3], tzinfo=UTC)
    peers = [
        (
            values(lead, accounts[address], covered[address], changed - _BEFORE, changed),
            values(lead, accounts[address], covered[address], begin, end),
        )
        for address in flag.evidence.peer_wallets
        if address in accounts
    ]
    made = [trip.pnl_usd for trip in account.round_trips if begin < trip.closed_at <= end and trip.pnl_usd is not None]
    return look_back(
        flag,
        decision,
        days=days,
        since=values(lead, account, covered[flag.wallet], begin, end),
        peers=peers,
        pnl_usd=float(sum(made)) if made else None,
    )


def values(
    metric: Metric, account: Account, covered: Sequence[Interval], begin: datetime, end: datetime
) -> list[float]:
    """A wallet's values of one metric within ``(begin, end]``, as ``alerts.outcome`` takes them: no open losses."""
    if metric is Metric.OPEN_LOSSES:
        return []
    if metric is Metric.TRADE_FREQUENCY:
        return list(_daily(account, covered, begin, end))
    returns = [
        trip.return_fraction
        for trip in account.round_trips
        if begin < trip.closed_at <= end and trip.return_fraction is not None
    ]
    return [float(value > 0) for value in returns] if metric is Metric.WIN_RATE else returns


def _daily(account: Account, covered: Sequence[Interval], begin: datetime, end: datetime) -> Iterator[float]:
    """Trades of each whole UTC day that was read: an unread day is not a silent one."""
    counts: dict[date, int] = {}
    for item in account.verified:
        if item.timestamp is not None:
            day = datetime.fromtimestamp(item.timestamp, UTC).date()
            counts[day] = counts.get(day, 0) + 1
    for trip in account.filed:
        counts[trip.closed_at.date()] = counts.get(trip.closed_at.date(), 0) + 1
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while day + timedelta(days=1) <= end:
        night = day + timedelta(days=1)
        read = sum(
            ((min(last, night) - max(first, day)) for first, last in covered if first < night and day < last),
            timedelta(),
        )
        if read >= timedelta(hours=23):  # windows of blocks leave seconds between them
            yield float(counts.get(day.date(), 0))
        day += timedelta(days=1)
