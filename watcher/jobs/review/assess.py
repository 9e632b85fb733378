"""Judge every wallet, and open a flag where one is due."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from alerts.charts.series import chart_series
from alerts.outcome import tally
from alerts.policy import Opening, Reason, decide
from alerts.types import FlagStatus
from ingest.types import Chain
from metrics.types import Assessment
from watcher.config.settings import DetectionConfig
from watcher.jobs.review.flag_lifecycle import ASSESSED, DIAL, expire_flags, follow_up
from watcher.jobs.review.market_event import tell_market_event
from watcher.record import calibration_factor
from watcher.record.card_context import card_context, track
from watcher.record.record import Record, read_record
from watcher.store import flag_log, look_backs, outbox, trade_log, usage, wallets
from watcher.store.sql.database import reading, writing
from watcher.types import Coverage, Role


def assess_once(
    engine: Engine,
    *,
    chains: Mapping[int, Chain],
    detection: DetectionConfig,
    now: datetime,
    chats: Sequence[int] = (),
) -> dict[str, Opening | Reason]:
    """Assess all wallets and commit evidence, flags and outbox rows in one transaction.

    A verdict is as of the newest block that was read, never of a time that was not. The statistics are rebuilt from
    the trade log each time: they are a function of it, and nothing that is derived can go stale. Running twice
    changes nothing.

    Parameters
    ----------
    chains
        Chain id to chain; quote tokens decide what a buy is.
    detection
        The dial.
    now
        UTC; when flags are opened.
    chats
        Whom to tell, by the outbox; none where there is no channel: flags then wait on the command line.

    Returns
    -------
    dict
        Followed wallet to the flag that was opened, or to the reason why none was.
    """
    with reading(engine) as connection:
        everyone = wallets.all_wallets(connection)
        record = read_record(connection, everyone, chains, unit=detection.one_unit, now=now)
        coverages = trade_log.coverages(connection)
    if record is None:
        return {}
    dial = detection.per_wallet_year(len(record.followed))
    assessments = record.judge(dial)
    with writing(engine) as connection:
        usage.remember(connection, DIAL, repr(dial))
        return _commit(
            connection,
            assessments,
            record,
            coverages,
            chains=chains,
            now=now,
            chats=chats,
            config_hash=calibration_factor.fingerprint(detection, record.factor),
        )


def _commit(
    connection: Connection,
    assessments: list[Assessment],
    record: Record,
    coverages: list[Coverage],
    *,
    chains: Mapping[int, Chain],
    now: datetime,
    chats: Sequence[int],
    config_hash: str,
) -> dict[str, Opening | Reason]:
    before = flag_log.last_told(connection)
    expire_flags(connection, now=now, config_hash=config_hash)
    looks = look_backs.all_look_backs(connection)
    turned_out = tally(looks)
    known = {account.wallet.address: account for account in record.accounts}
    outcome: dict[str, Opening | Reason] = {}
    for assessment in assessments:
        wallet = known[assessment.wallet].wallet
        acts = flag_log.acts(connection, address=wallet.address)
        # Following a wallet again is a new start.
        decisions = [
            item
            for item in flag_log.decisions(connection, address=wallet.address)
            if item.decided_at >= wallet.followed_since
        ]
        follow_up(connection, wallet, assessment, decisions[-1:], acts, now=now, chats=chats)
        open_flags = [
            flag for flag in flag_log.flags(connection, address=wallet.address) if flag.status is FlagStatus.OPEN
        ]
        verdict = decide(
            assessment,
            previous=before.get(wallet.address),
            open_flag=open_flags[0].flag_id if open_flags else None,
            last_decision=decisions[-1] if decisions else None,
            is_peer=wallet.role is Role.PEER,
            is_paused=wallet.paused,
            unfollowed_at=wallet.unfollowed_at,
            now=now,
            acts=acts,
        )
        if isinstance(verdict, Opening):
            evidence = verdict.evidence
            context = card_context(
                known[wallet.address],
                record.trips[record.trips["wallet"] == wallet.address],
                coverages,
                evidence,
                chains=wallet.chains or [each.name for each in chains.values()],
                watched=sum(account.wallet.alerted for account in record.accounts),
                earlier=track(
                    evidence.lead, flag_log.flags(connection), flag_log.decisions(connection), looks, before=now
                ),
                until=assessment.as_of.date(),
            )
            notes = (*evidence.notes, turned_out) if turned_out else evidence.notes
            verdict = replace(verdict, evidence=replace(evidence, context=context, notes=notes))
            chart = chart_series(
                verdict.evidence,
                record.trips,
                record.trades,
                wallet=wallet.address,
                followed_since=wallet.followed_since.date(),
                until=assessment.as_of.date(),
            )
            flag_id = flag_log.open_flag(
                connection,
                address=wallet.address,
                at=now,
                score=verdict.score,
                evidence=verdict.evidence,
                chart=chart,
                config_hash=config_hash,
            )
            outbox.enqueue(connection, flag_id, now, chats)
        outcome[wallet.address] = verdict
    listed = {address: account.wallet for address, account in known.items()}
    tell_market_event(connection, assessments, listed, now=now, chats=chats)
    flag_log.replace_assessments(connection, assessments)
    usage.remember(connection, ASSESSED, now.isoformat())
    return outcome
