"""What follows a flag without a person: each thing is told once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.policy import GREW, Opening, Reason, decide
from alerts.review import EXPIRES, make_decision
from alerts.types import Choice, FlagStatus
from metrics.types import State
from tests.alerts.examples import FLAG, assessment
from watcher.jobs.review.flag_lifecycle import ASSESSED, expire_flags, follow_up
from watcher.store import flag_log, outbox, usage, wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram import actions
from watcher.telegram.actions import Person
from watcher.types import MEASURED_AFTER, Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
CHATS = [42, -100]
ADDRESS = FLAG.wallet


@pytest.fixture
def engine(store):
    """A database with one open flag, told to both chats."""
    with writing(store) as connection:
        wallets.add(connection, Wallet(address=ADDRESS, label="Alice", followed_since=NOW, added_at=NOW))
        flag_id = flag_log.open_flag(
            connection, address=ADDRESS, at=NOW, score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
        )
        outbox.enqueue(connection, flag_id, NOW, CHATS)
        for number, chat_id in enumerate(CHATS, 7):
            outbox.sent(connection, outbox.claim(connection, NOW, chat_id).outbox_id, number, NOW)
        usage.remember(connection, ASSESSED, NOW.isoformat())
    return store


def tick(engine, days, state=State.FLAGGED, score=3.0):
    """One assessment ``days`` after the flag, with all that follows from it; the wallet's verdict."""
    at = NOW + timedelta(days=days)
    seen = replace(assessment(state), as_of=at, score=score)
    with writing(engine) as connection:
        expire_flags(connection, now=at, config_hash="c")
        wallet, acts = wallets.find(connection, ADDRESS), flag_log.acts(connection, address=ADDRESS)
        made = flag_log.decisions(connection, address=ADDRESS)
        follow_up(connection, wallet, seen, made[-1:], acts, now=at, chats=CHATS)
        flags = [flag for flag in flag_log.flags(connection) if flag.status is FlagStatus.OPEN]
        usage.remember(connection, ASSESSED, at.isoformat())
        return decide(
            seen,
            previous=State.FLAGGED,
            open_flag=flags[0].flag_id if flags else None,
            last_decision=made[-1] if made else None,
            is_peer=False,
            unfollowed_at=wallet.unfollowed_at,
            now=at,
            acts=acts,
        )


def told(engine):
    """What was put into the outbox since the card, for the first chat."""
    with reading(engine) as connection:
        return [(item.kind, item.html) for item in outbox.deliveries(connection)[2:] if item.chat_id == CHATS[0]]


def person(days=0):
    return Person(name="@ann", user_id=7, channel="telegram", now=NOW + timedelta(days=days))


def test_an_unanswered_flag_is_asked_again_only_when_its_evidence_grew(engine):
    """At four times the score that was told last, once; the same score again says nothing."""
    for days, score in ((1, 3.0), (2, GREW * 3.0 - 0.1), (3, GREW * 3.0), (4, GREW * 3.0), (5, GREW**2 * 3.0)):
        assert tick(engine, days, score=score) is Reason.ALREADY_OPEN
    assert [kind for kind, _ in told(engine)] == ["again", "again"]
    assert "By luck alone once in 12 years; when last told, once in 3.0 years." in told(engine)[0][1]
    assert "By luck alone once in 48 years; when last told, once in 12 years." in told(engine)[1][1]


def test_a_silence_that_goes_on_is_no_news_every_day(engine):
    """Its evidence multiplies daily; beyond a century the words stay the same, and nobody is asked any more."""
    for days in range(1, 13):
        tick(engine, days, score=3.0 * 20.0**days)
    assert [kind for kind, _ in told(engine)] == ["again", "again"]
    assert "less than once in 100 years; when last told, once in 60 years" in told(engine)[1][1]


def test_grown_evidence_of_a_wallet_that_is_not_flagged_is_no_reason_to_ask(engine):
    """The score of another state is not the score of this departure."""
    for state in State:
        if state not in {State.FLAGGED, State.OK}:
            tick(engine, 1, state, score=1e6)
    assert told(engine) == []


def test_after_fourteen_days_nobody_decided_is_recorded_once(engine):
    """The flag closes, every card shows it, and the same departure is not told again."""
    tick(engine, EXPIRES.days - 0.01)
    assert told(engine) == []
    for days in (14, 15, 30):
        assert tick(engine, days) is Reason.ALREADY_DECIDED
    with reading(engine) as connection:
        [flag], [decision] = flag_log.flags(connection), flag_log.decisions(connection)
        edits = [(item.chat_id, item.message_id) for item in outbox.deliveries(connection) if item.kind == "decided"]
    assert (flag.status, decision.choice, decision.decided_by) == (
        FlagStatus.NO_DECISION,
        Choice.NO_DECISION,
        "nobody",
    )
    assert edits == [(42, 7), (-100, 8)]


def test_a_return_to_form_is_told_once_with_how_long_it_was_away(engine):
    """From the estimated start of the change; the flag that still waits says so; being watched is not being back."""
    tick(engine, 1, State.WATCH)
    assert told(engine) == []
    for days in (9, 10, 11):
        tick(engine, days, State.OK)
    [(kind, words)] = told(engine)
    assert kind == "words"
    assert words == (
        "🔺 <b>Alice</b> is back in form after about 35 days (flag #1).\nThe flag still waits for your decision."
    )
    with reading(engine) as connection:
        assert flag_log.find_flag(connection, 1).recovered_at == NOW + timedelta(days=9)


def test_the_end_of_a_snooze_is_told_once_unless_a_new_flag_tells_it(engine):
    """Back in form: one message. Still out of form: the flag that opens says that it was snoozed."""
    with writing(engine) as connection:
        wallet = wallets.find(connection, ADDRESS)
        words = actions.snooze(connection, wallet, timedelta(days=3), "holiday", person())
    assert words.startswith("Flag #1 was snoozed until 2025-07-04 08:00 UTC by @ann")
    assert tick(engine, 2.9) is Reason.SNOOZED
    assert isinstance(tick(engine, 3), Opening)
    before = len(told(engine))
    with writing(engine) as connection:
        actions.snooze(connection, wallet, timedelta(days=2), "", person(3))
    tick(engine, 4, State.WATCH)
    for days in (5, 6):
        tick(engine, days, State.WATCH)
    assert [words for _, words in told(engine)[before:]] == [
        "💤 The snooze of <b>Alice</b> has ended; it is in state “watch”."
    ]


def test_a_snooze_that_was_taken_back_silences_nothing(engine):
    """With and without a flag; unsnoozing twice changes nothing."""
    with writing(engine) as connection:
        wallet = wallets.find(connection, ADDRESS)
        actions.snooze(connection, wallet, timedelta(days=30), "", person())
        assert "may speak again" in actions.unsnooze(connection, wallet, person(1))
        assert "is not snoozed" in actions.unsnooze(connection, wallet, person(1.1))
    assert isinstance(tick(engine, 2), Opening)
    with writing(engine) as connection:
        actions.snooze(connection, wallet, timedelta(days=30), "", person(3))
    assert tick(engine, 4) is Reason.SNOOZED
    with writing(engine) as connection:
        actions.unsnooze(connection, wallet, person(5))
    assert isinstance(tick(engine, 6), Opening)


def test_following_again_is_a_new_start_and_an_unfollowed_wallet_is_measured_for_the_look_back(engine):
    """Unfollowing decides the open flag; 91 days of measuring cover the look back at 90."""
    with writing(engine) as connection:
        actions.unfollow(connection, wallets.find(connection, ADDRESS), "edge gone", person())
        wallet = wallets.find(connection, ADDRESS)
        [decision] = flag_log.decisions(connection)
        assert (decision.choice, decision.note, wallet.alerted) == (Choice.UNFOLLOW, "edge gone", False)
        assert wallet.measured(NOW + timedelta(days=90))
        assert not wallet.measured(NOW + MEASURED_AFTER)
        assert "nothing changed" in actions.unfollow(connection, wallet, "", person())
    assert tick(engine, 1) is Reason.UNFOLLOWED
    with writing(engine) as connection:
        actions.follow(connection, wallet, person(2))
        wallet = wallets.find(connection, ADDRESS)
        assert (wallet.followed_since, wallet.alerted) == (NOW + timedelta(days=2), True)
        assert "nothing changed" in actions.follow(connection, wallet, person(3))


def test_a_late_decision_stands_beside_nobody_s(engine):
    """Both are kept, in order; the second human comes too late."""
    tick(engine, 14)
    with writing(engine) as connection:
        for name, expected in (("@ann", FlagStatus.KEPT), ("@ben", None)):
            choice = Choice.KEEP if expected else Choice.UNFOLLOW
            decision = make_decision(
                1, choice, decided_by=name, user_id=7, channel="telegram", now=NOW + timedelta(days=15)
            )
            if expected:
                assert actions.decide(connection, decision).status is expected
            else:
                with pytest.raises(Exception, match="already kept by @ann"):
                    actions.decide(connection, decision)
        assert [item.choice for item in flag_log.decisions(connection)] == [Choice.NO_DECISION, Choice.KEEP]


def test_what_was_said_cannot_be_changed(engine):
    """The database itself refuses to change or delete what a person said."""
    with writing(engine) as connection:
        actions.snooze(connection, wallets.find(connection, ADDRESS), timedelta(days=1), "", person())
        actions.snooze(connection, wallets.find(connection, ADDRESS), timedelta(days=1), "", person())
    for statement in ("UPDATE act SET note = 'x'", "DELETE FROM act"):
        with pytest.raises(Exception, match="append-only"), writing(engine) as connection:
            connection.exec_driver_sql(statement)
