"""What the card says beside the evidence, from the store's books. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from alerts.outcome import LookBack, Turn
from alerts.types import Choice, Decision, Flag
from metrics.style_change import following, manner
from metrics.types import Context, Evidence, Metric, Track
from watcher.record.accounts import Account
from watcher.types import Coverage

_WEAKEST_FIRST = ("file", "indexed", "ends", "proven")


def card_context(
    account: Account,
    trips: pd.DataFrame,
    coverages: Iterable[Coverage],
    evidence: Evidence,
    *,
    chains: Sequence[str],
    watched: int,
    earlier: Track,
    until: date,
) -> Context:
    """Gather what is known around a verdict.

    Parameters
    ----------
    account
        The wallet's trades.
    trips
        Its round trips, as in ``metrics.frames``.
    coverages
        All of the ledger.
    evidence
        The verdict; its leading window is what trades and coverage are counted over.
    chains
        Names of the chains that the wallet is read on.
    watched
        Wallets on the list that can be flagged.
    earlier
        What became of earlier flags of this kind, see :func:`track`.
    until
        UTC day that the window does not reach any more.
    """
    lead = next((item for item in evidence.metrics if item.metric is evidence.lead), None)
    first = until - timedelta(days=lead.window_days if lead else 30)
    begin, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, until))
    recent = [
        worth
        for trade, worth in account.trades
        if trade.timestamp is not None and begin.timestamp() <= trade.timestamp < end.timestamp()
    ]
    levels = {
        item.level
        for item in coverages
        if item.wallet == account.wallet.address and item.last_at > begin and item.first_at < end
    }
    found = manner(trips, followed_since=account.wallet.followed_since.date(), since=first, until=until)
    brought = following(trips, since=evidence.since, until=until) if evidence.since else None
    return Context(
        chains=tuple(chains),
        watched=watched,
        coverage=next((level for level in _WEAKEST_FIRST if level in levels), next(iter(sorted(levels)), None)),
        trades=len(recent),
        unpriced=sum(worth is None or worth.value_usd is None for worth in recent),
        followed_n=brought[0] if brought else None,
        followed_return=brought[1] if brought else None,
        win_size=found.win_size,
        loss_size=found.loss_size,
        stake_usd=found.stake_usd,
        holding_s=found.holding_s,
        earlier=earlier,
        moved_away=account.moved_away,
    )


def track(
    lead: Metric | None,
    flags: Iterable[Flag],
    decisions: Iterable[Decision],
    looks: Iterable[LookBack],
    *,
    before: datetime,
) -> Track:
    """Say how earlier flags turned out that the same metric led, of any wallet: the latest look at each counts.

    A flag was right where its wallet stayed out of form, and wrong where it came back, whatever was decided.
    """
    same = {flag.flag_id for flag in flags if flag.evidence.lead is lead and flag.opened_at < before}
    alarms = {item.flag_id for item in decisions if item.choice is Choice.FALSE_ALARM}
    in_order = sorted((item for item in looks if item.flag_id in same), key=lambda item: (item.days, item.decision_id))
    turns = Counter({item.flag_id: item.turn for item in in_order}.values())
    return Track(
        flags=len(same),
        false_alarms=len(same & alarms),
        right=turns[Turn.STAYED_OUT] if turns else None,
        wrong=turns[Turn.BACK] if turns else None,
    )
