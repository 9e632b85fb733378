"""Decisions are final, and only genuine buttons are believed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.errors import ReviewError
from alerts.review import (
    CHOICES,
    DETAILS,
    EXPIRES,
    SNOOZE,
    VERBS,
    button_data,
    describe,
    expire,
    make_decision,
    parse_press,
    review,
)
from alerts.types import Choice, Decision, FlagStatus
from tests.alerts.examples import CHAT, FLAG, KEY, NOW

IDS = st.integers(0, 2**63 - 1)


def by(name: str, choice: Choice, flag_id: int = FLAG.flag_id) -> Decision:
    return make_decision(flag_id, choice, decided_by=name, user_id=7, channel="telegram", now=NOW)


@given(st.lists(st.sampled_from(CHOICES), min_size=1, max_size=6))
def test_the_first_decision_wins_and_every_later_one_is_told_who_won(choices: list[Choice]):
    """Whatever is pressed afterwards, the status is that of the first decision, and the error names it."""
    first = by("@anna", choices[0])
    flag = review(FLAG, first)
    assert flag == replace(FLAG, status=flag.status)
    assert flag.status is not FlagStatus.OPEN
    for choice in choices[1:]:
        with pytest.raises(ReviewError, match="by @anna, 2025-07-01 08:00 UTC") as caught:
            review(flag, by("@ben", choice), earlier=first)
        assert describe(first) in str(caught.value)
        with pytest.raises(ReviewError, match=f"already {flag.status}"):
            review(flag, by("@ben", choice))


def test_each_choice_has_a_status_of_its_own():
    """Choices and decided statuses correspond one to one."""
    statuses = [review(FLAG, by("@x", choice)).status for choice in Choice]
    assert sorted([*statuses, FlagStatus.OPEN]) == sorted(FlagStatus)


def test_an_unanswered_flag_expires_and_one_late_decision_is_still_taken():
    """After 14 days the clock records that nobody decided; no button says so; a human may decide once after that."""
    assert expire(FLAG, now=NOW + EXPIRES - timedelta(seconds=1)) is None
    nobody = expire(FLAG, now=NOW + EXPIRES)
    assert nobody is not None
    assert (nobody.choice, nobody.user_id, nobody.channel) == (Choice.NO_DECISION, None, "clock")
    expired = review(FLAG, nobody)
    assert expired.status is FlagStatus.NO_DECISION
    assert expire(expired, now=NOW + 2 * EXPIRES) is None
    late = review(expired, by("@anna", Choice.KEEP), earlier=nobody)
    assert late.status is FlagStatus.KEPT
    with pytest.raises(ReviewError, match="by @anna"):
        review(late, by("@ben", Choice.UNFOLLOW), earlier=by("@anna", Choice.KEEP))
    assert Choice.NO_DECISION not in VERBS


def test_a_decision_about_another_flag_is_refused():
    """A decision changes only the flag that it names."""
    with pytest.raises(ReviewError, match="about flag #18, not #17"):
        review(FLAG, by("@x", Choice.KEEP, flag_id=18))


def test_only_a_snooze_has_an_end():
    """It is seven days after the decision."""
    assert {choice: by("@x", choice).until for choice in Choice} == {
        Choice.KEEP: None,
        Choice.UNFOLLOW: None,
        Choice.SNOOZE: NOW + timedelta(days=7),
        Choice.FALSE_ALARM: None,
        Choice.NO_DECISION: None,
    }
    assert timedelta(days=7) == SNOOZE


@given(IDS, st.sampled_from(sorted(VERBS)), st.integers(-(2**52), 2**52), st.binary(min_size=16, max_size=64))
def test_a_button_is_read_back_and_fits_telegram(flag_id: int, verb: str, chat_id: int, key: bytes):
    """Every flag, verb and chat gives 1 to 64 ASCII bytes that say the same again."""
    data = button_data(flag_id, verb, key=key, chat_id=chat_id)
    assert 1 <= len(data.encode("ascii")) <= 64
    assert parse_press(data, key=key, chat_id=chat_id) == (flag_id, verb)
    assert parse_press(data, key=key, chat_id=chat_id + 1) is None
    assert parse_press(data, key=key + b"x", chat_id=chat_id) is None


@given(st.text(max_size=70) | st.from_regex(r"v1:[0-9a-zA-Z]{1,14}:(keep|details|x):[\w-]{0,16}", fullmatch=True))
def test_data_from_strangers_is_not_believed(data: str):
    """Random and well-formed data without the right code is no press, and raises nothing."""
    assert parse_press(data, key=KEY, chat_id=CHAT) is None


@given(st.integers(0, 63), st.characters())
def test_no_character_of_a_button_can_be_changed(position: int, other: str):
    """Neither flag, verb, version nor code, and no second spelling of the same number."""
    data = button_data(17, Choice.KEEP, key=KEY, chat_id=CHAT)
    position %= len(data)
    changed = data[:position] + other + data[position + 1 :]
    assert parse_press(changed, key=KEY, chat_id=CHAT) == ((17, "keep") if changed == data else None)
    for respelled in (data.replace(":h:", ":0h:"), data.replace(":h:", ":H:"), data + ":", "\ud800" + data):
        assert parse_press(respelled, key=KEY, chat_id=CHAT) is None


def test_a_button_for_nothing_is_a_bug():
    """Unknown verbs and impossible ids are refused where the button is made."""
    for flag_id, verb in ((-1, "keep"), (2**63, "keep"), (1, "sell")):
        with pytest.raises(ValueError, match="no button"):
            button_data(flag_id, verb, key=KEY, chat_id=CHAT)
    assert DETAILS not in set(Choice)
