"""Day zero: how each wallet of a list stands against its own past, before anybody has followed it here.

The newer part of a wallet's record is judged by the older part. Pure: records in, reports out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from alerts import wording
from metrics.baseline.baseline import MINIMUM_DAYS, MINIMUM_ROUND_TRIPS
from metrics.peers.peers import FEW_PEERS
from metrics.types import Assessment, State
from watcher.record.accounts import Account, Interval
from watcher.record.record import Record
from watcher.reports.luck import ListLuck
from watcher.types import FILE, Coverage, Role, Wallet

MACHINE_TRADES_PER_DAY = 100
"""A person cannot follow more; a convention, like the next one."""
MACHINE_HOLDING_S = 120
"""Shorter than it takes to read a message and act on it."""
JUDGED_SHARE = 1 / 3
"""Of a record, at most so much is judged: what a wallet's form is held against is the larger part."""
STALE = timedelta(days=7)  #: a record that ends longer ago says nothing of today


class Finding(StrEnum):
    """What the audit says of a wallet, the worst first."""

    OFF_FORM = "off_form"
    """It has left its own form already, and its peers have not."""
    MACHINE = "machine"
    """Very many trades and no holding: a bot or a router, which nobody can follow."""
    OUTSIDE = "outside"
    """Outside its form, not yet at the promised false-flag rate."""
    MARKET = "market"
    """Down, and its peers with it."""
    IN_FORM = "in_form"
    """In form, as far as its sight goes."""
    CANNOT_JUDGE = "cannot_judge"
    """Too little record, or none of today."""


FOUND = frozenset({Finding.OFF_FORM, Finding.MACHINE})
"""What somebody has to act on."""

_STATES = {State.FLAGGED: Finding.OFF_FORM, State.WATCH: Finding.OUTSIDE, State.MARKET: Finding.MARKET}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One wallet of an audit."""

    wallet: Wallet
    finding: Finding
    words: str  #: one plain sentence
    remarks: tuple[str, ...]  #: what weakens the finding
    judged_from: datetime  #: UTC; what is older is its baseline
    trades: int
    round_trips: int
    trades_per_day: float | None  #: from its first trade to its last; None: no trades
    median_holding_s: float | None  #: None: not known
    covered: Interval | None  #: first and last moment that was read
    assessment: Assessment | None
    edge_probability: float | None  #: that its long-run mean return is above zero, or above your costs; None: not known

    @property
    def edge(self) -> str:
        """Return ``97 %``, ``was 97 %`` of a wallet that has left its form since, or ``-``."""
        if self.edge_probability is None:
            return "-"
        return f"{'was ' if self.finding is Finding.OFF_FORM else ''}{wording.sure(self.edge_probability)}"


def auditees(
    listed: Iterable[Wallet], known: Iterable[Wallet], coverages: Sequence[Coverage], *, as_of: datetime, days: int
) -> list[Wallet]:
    """Everyone as the audit sees them: the listed ones to be judged, other known wallets as their peers.

    Parameters
    ----------
    listed
        Wallets to judge.
    known
        Wallets of the watch list.
    coverages
        What was read.
    as_of
        UTC; the end of the record.
    days
        How many of the last days to judge; at most the newest third of a wallet's record. A wallet that was followed
        before that is judged from then on: people follow wallets that look hot, so what came after is its true test.
    """
    wanted = {wallet.address: wallet for wallet in listed}
    everyone = {wallet.address: wallet for wallet in known} | wanted
    first: dict[str, datetime] = {}
    by_node = {item.wallet for item in coverages if item.level != FILE}
    for item in coverages:
        first[item.wallet] = min(item.first_at, first.get(item.wallet, item.first_at))
    seen = []
    for address, wallet in everyone.items():
        newest = as_of - (as_of - first.get(address, as_of)) * JUDGED_SHARE
        since = min(wallet.followed_since, max(as_of - timedelta(days=days), newest))
        role = Role.FOLLOWED if address in wanted else Role.PEER
        chains = wallet.chains if address in by_node or address not in first else (FILE,)
        seen.append(replace(wallet, role=role, followed_since=since, chains=chains))
    return seen


def reports(
    record: Record, assessments: Iterable[Assessment], wanted: Collection[str], edges: Mapping[str, float]
) -> list[Report]:
    """One report a wallet, the worst first; ``edges``: how sure each has one, as far as that can be told."""
    found = {assessment.wallet: assessment for assessment in assessments}
    made = [
        _report(account, found.get(account.wallet.address), record, edges.get(account.wallet.address))
        for account in record.accounts
        if account.wallet.address in wanted
    ]
    rank = list(Finding)
    return sorted(made, key=lambda each: (rank.index(each.finding), each.wallet.label, each.wallet.address))


def _report(account: Account, assessment: Assessment | None, record: Record, edge: float | None) -> Report:
    wallet, trips = account.wallet, account.round_trips
    seconds = [each.timestamp for each in account.activity if each.timestamp is not None]
    pace = len(seconds) / max(1.0, (max(seconds) - min(seconds)) / 86_400) if seconds else None
    held = [trip.holding_s for trip in trips if trip.holding_s is not None]
    holding = median(held) if held else None
    intervals = record.covered.get(wallet.address, [])
    covered = (intervals[0][0], max(last for _, last in intervals)) if intervals else None
    finding, words = _finding(account, assessment, pace, holding, covered, record.as_of)
    judged = assessment is not None and finding not in {Finding.CANNOT_JUDGE, Finding.MACHINE}
    return Report(
        wallet=wallet,
        finding=finding,
        words=words,
        remarks=tuple(assessment.evidence.notes) if assessment is not None and judged else (),
        judged_from=wallet.followed_since,
        trades=len(seconds),
        round_trips=len(trips),
        trades_per_day=pace,
        median_holding_s=holding,
        covered=covered,
        assessment=assessment if judged else None,
        edge_probability=edge,
    )


def lucky(found: ListLuck, made: Iterable[Report] = ()) -> str:
    """Return ``Of these 40, about 9 probably have no edge (95 %: 4 to 16); 3 left their form.``, or "": not known.

    Parameters
    ----------
    found
        How sure the wallets of the list have an edge.
    made
        Their reports: an edge over the whole record may be gone by now.
    """
    told, luck = len(found.probability), found.luck
    if luck is None:
        return ""
    number = round(luck.without_edge)
    whom = f"Of these {told}" if told == found.wallets else f"Of the {told} that can be told"
    has = "probably all have an edge"
    if number:
        has = f"about {number} probably {'has' if number == 1 else 'have'} no edge"
    above = f" above your {wording.setting(100 * found.cost)} % a round trip" if found.cost else ""
    between = f" (95 %: {luck.low} to {luck.high}{'' if number else ' have none'})" if luck.low < luck.high else ""
    left = sum(each.finding is Finding.OFF_FORM and each.edge_probability is not None for each in made)
    gone = f"; {left} left {'its' if left == 1 else 'their'} form" if left else ""
    return f"{whom}, {has}{above}{between}{gone}."


def _finding(
    account: Account,
    assessment: Assessment | None,
    pace: float | None,
    holding: float | None,
    covered: Interval | None,
    as_of: datetime,
) -> tuple[Finding, str]:
    trips = len(account.round_trips)
    if covered is None:
        return Finding.CANNOT_JUDGE, "nothing was read of it: `edgewatch backfill`, or `edgewatch import FILE`"
    if pace is not None and pace >= MACHINE_TRADES_PER_DAY and (not trips or (holding or 0) < MACHINE_HOLDING_S):
        held = "nothing that it bought was ever sold" if not trips else f"held for {wording.figure(holding or 0)} s"
        if trips and holding is None:
            held = "holding times not known"
        return Finding.MACHINE, f"a bot or a router: {wording.figure(pace)} trades a day, {held}"
    if assessment is None or assessment.state is State.LEARNING:
        return Finding.CANNOT_JUDGE, _too_little(account)
    if assessment.state in _STATES:
        finding = _STATES[assessment.state]
        return finding, _moved(finding, assessment)
    if as_of - covered[1] > STALE:
        return Finding.CANNOT_JUDGE, f"its record ends on {covered[1]:%Y-%m-%d}; it was in form so far"
    seen = assessment.evidence.sight
    if seen is None or (seen.win_rate_drop_20pp_days is None and seen.silence_days is None):
        return Finding.CANNOT_JUDGE, "too slow: no change would show within a year"
    return Finding.IN_FORM, f"in form: {wording.sight(seen)}".rstrip(".")


def _too_little(account: Account) -> str:
    needs = f"a baseline needs {MINIMUM_ROUND_TRIPS} over {MINIMUM_DAYS} days that were read"
    trades, trips = len(account.activity), len(account.round_trips)
    unpriced = account.books.unpriced
    left_out = f", {unpriced} more unpriced" if unpriced else ""
    return (
        f"too little history: {wording.count(trades, 'trade')}, {wording.count(trips, 'round trip')}{left_out}; {needs}"
    )


def _moved(finding: Finding, assessment: Assessment) -> str:
    evidence = assessment.evidence
    about = f" about {evidence.since.day} {evidence.since:%B %Y}" if evidence.since else ""
    item = next((each for each in evidence.metrics if each.metric is evidence.lead), None)
    change = ""
    if item is not None and item.baseline is not None and item.recent is not None:
        was, now = (wording.value(item.metric, number) for number in (item.baseline, item.recent))
        change = f": {wording.name(item.metric).lower()} {was}, now {now}"
    if finding is Finding.MARKET:
        return f"down with its peers{about}: {evidence.peers_down} of {evidence.peers} fell too"
    if finding is Finding.OUTSIDE:
        return f"outside, not yet sure{about}{change}"
    alone = "; peers too few to rule the market out" if evidence.peers < FEW_PEERS else ""
    return f"already left its form{about}{change}{alone}"
