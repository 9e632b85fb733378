"""When a flag is opened, and the named reason when it is not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.policy import Opening, Reason, decide
from alerts.review import SNOOZE, make_decision
from alerts.types import Choice, Decision
from metrics.types import State
from tests.alerts.examples import EVIDENCE, NOW, WALLET, assessment


def decided(choice: Choice) -> Decision:
    return make_decision(16, choice, decided_by="@x", user_id=7, channel="telegram", now=NOW)


def ask(state: State = State.FLAGGED, **facts: Any) -> Opening | Reason:
    quiet: dict[str, Any] = {
        "previous": State.WATCH,
        "open_flag": None,
        "last_decision": None,
        "is_peer": False,
        "unfollowed_at": None,
        "now": NOW + timedelta(days=1),
    }
    return decide(assessment(state), **{**quiet, **facts})


def test_a_departure_opens_a_flag_with_the_evidence_of_its_tick():
    """A wallet that is FLAGGED with nothing in the way opens a flag, whatever its state was before."""
    for previous in (None, *State):
        opening = ask(previous=previous)
        assert opening == Opening(wallet=WALLET, opened_at=NOW + timedelta(days=1), score=3.1, evidence=EVIDENCE)


@pytest.mark.parametrize("state", [state for state in State if state is not State.FLAGGED])
def test_no_other_state_opens_a_flag(state: State):
    """WATCH, MARKET, LEARNING and OK say nothing."""
    assert ask(state) is Reason.NOT_FLAGGED


def test_an_open_flag_is_told_once():
    """While a flag waits for its decision, the same wallet opens no second one, even after a visit to its form."""
    for previous in (None, *State):
        assert ask(open_flag=16, previous=previous) is Reason.ALREADY_OPEN


@pytest.mark.parametrize("choice", [Choice.KEEP, Choice.FALSE_ALARM])
def test_an_answered_departure_stays_silent_until_the_wallet_is_back_in_form(choice: Choice):
    """Keep and false alarm answer for the whole departure; only a tick in form makes the next departure a new one."""
    for previous in (State.FLAGGED, State.WATCH, State.MARKET):
        assert ask(last_decision=decided(choice), previous=previous) is Reason.ALREADY_DECIDED
    for previous in (None, State.OK):
        assert isinstance(ask(last_decision=decided(choice), previous=previous), Opening)


def test_a_snooze_ends_by_the_calendar_and_the_next_flag_says_so():
    """Silent until the very end of the snooze; then told again, with the snooze as the first note."""
    snoozed = decided(Choice.SNOOZE)
    assert snoozed.until == NOW + SNOOZE
    for previous in (State.OK, State.FLAGGED):
        early = NOW + SNOOZE - timedelta(microseconds=1)
        assert ask(last_decision=snoozed, now=early, previous=previous) is Reason.SNOOZED
    again = ask(last_decision=snoozed, now=NOW + SNOOZE, previous=State.FLAGGED)
    assert isinstance(again, Opening)
    assert again.evidence == replace(EVIDENCE, notes=(again.evidence.notes[0], *EVIDENCE.notes))
    assert again.evidence.notes[0] == (
        "Still out of form: flag #16 was snoozed until 2025-07-08 08:00 UTC by @x, 2025-07-01 08:00 UTC."
    )
    fresh = ask(last_decision=snoozed, now=NOW + SNOOZE, previous=State.OK)
    assert isinstance(fresh, Opening)
    assert fresh.evidence == EVIDENCE


def test_peers_and_unfollowed_wallets_are_silent():
    """A peer is measured, never alerted; an unfollowed wallet is silent from that moment on."""
    assert ask(is_peer=True) is Reason.PEER
    assert ask(unfollowed_at=NOW) is Reason.UNFOLLOWED
    assert isinstance(ask(unfollowed_at=NOW + timedelta(days=2)), Opening)
    for previous in (State.OK, State.FLAGGED):
        assert ask(last_decision=decided(Choice.UNFOLLOW), previous=previous) is Reason.UNFOLLOWED
