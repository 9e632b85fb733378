"""What a person reads: the whole card, its limits, and harmless words whatever others wrote."""

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts import wording
from alerts.messages.lines import CAPTION_LIMIT, TEXT_LIMIT
from alerts.messages.message import CLOSING, PROMISE, card, decided, details, plain
from alerts.review import make_decision
from alerts.types import Button, Choice, Flag, Message
from metrics.types import Context, Metric, MetricEvidence, Shift
from tests.alerts.examples import CHAT, EVIDENCE, FLAG, KEY, NOW, WALLET

MINUS = "\N{MINUS SIGN}"
HOSTILE = "<b>& </b>\u202eevil\u200b\x00\ud800\n<a href='http://x'>$\U000e0041"


def make(flag: Flag) -> Message:
    return card(flag, key=KEY, chat_id=CHAT)


def keep(note: str = "", name: str = "@x"):
    return make_decision(17, Choice.KEEP, decided_by=name, user_id=7, channel="telegram", now=NOW, note=note)


def test_the_buttons_decide_and_one_opens_the_users_own_tool():
    """Keep, unfollow, snooze, details; a link only where a template is set and the wallet is an address."""
    plain_card = make(FLAG)
    rows = [["Keep", "Unfollow"], ["Snooze 7 d", "Details"]]
    assert [[button.label for button in row] for row in plain_card.buttons] == rows
    assert not plain_card.silent
    assert plain_card.chart_png is None
    assert card(FLAG, key=KEY, chat_id=CHAT, chart_png=b"png").chart_png == b"png"
    linked = card(FLAG, key=KEY, chat_id=CHAT, wallet_url="https://t.example/{address}")
    assert linked.buttons[:2] == plain_card.buttons
    assert linked.buttons[2] == (Button(label="Open wallet", url=f"https://t.example/{WALLET}"),)
    named = replace(FLAG, wallet="Forex account 7")
    assert card(named, key=KEY, chat_id=CHAT, wallet_url="https://t.example/{address}").buttons[2:] == ()


def test_a_repeat_says_so():
    """An attempt after an uncertain one is marked, above everything, and is otherwise the same."""
    first, rest = card(FLAG, key=KEY, chat_id=CHAT, repeat=True).html.split("\n", 1)
    assert first == "<i>Perhaps a repeat: the first attempt was not confirmed.</i>"
    assert rest == make(FLAG).html


def test_a_decided_card_says_what_who_and_when_and_has_no_buttons():
    """The same text without the question, and one line more."""
    message = decided(FLAG, keep("on holiday"))
    assert (
        message.html == make(FLAG).html.replace(CLOSING, PROMISE) + "\n✅ kept by @x, 2025-07-01 08:00 UTC: on holiday"
    )
    assert message.buttons == ()
    for choice in Choice:
        made = make_decision(17, choice, decided_by="@x", user_id=None, channel="cli", now=NOW)
        nobody = choice is Choice.NO_DECISION
        who = "left without a decision for 14 days, " if nobody else "by @x, "
        assert f"{who}2025-07-01 08:00 UTC" in decided(FLAG, made).html


def test_details_say_everything():
    """Whole address, each metric with its chance, baseline, and the command that explains more."""
    words = plain(details(FLAG))
    for expected in (
        WALLET,
        "by chance alone once in 3.1 years",
        "by chance alone once in 5 months",
        "by chance alone once in 7 days",
        "Baseline 212 round trips over 181 days",
        EVIDENCE.notes[0],
        f"edgewatch why {WALLET}",
    ):
        assert expected in words
    assert details(FLAG).buttons == ()


def test_hostile_words_are_escaped_and_cleaned():
    """Labels, notes, names and reasons can neither write HTML nor turn, hide or break a line."""
    flag = replace(FLAG, label=HOSTILE, evidence=replace(EVIDENCE, notes=(HOSTILE,)))
    shown = "<b>& </b>evil <a href='http://x'>$"
    for message in (make(flag), decided(flag, keep(HOSTILE, HOSTILE)), details(flag)):
        assert set(re.findall(r"<[^>]*>", message.html)) <= {"<b>", "</b>", "<i>", "</i>", "<code>", "</code>"}
        assert not re.search(r"&(?!amp;|lt;|gt;)", message.html)
        assert shown in plain(message)
        assert all(c == "\n" or not unicodedata.category(c).startswith("C") for c in plain(message))
    assert f"✅ kept by {shown}, 2025" in plain(decided(flag, keep("", HOSTILE)))


ANY_TEXT = st.text(st.characters() | st.sampled_from("<>&\u202e\U0001f4a9\ud800\n"), max_size=600)
NUMBERS = st.none() | st.floats()
METRICS = st.tuples(
    *(
        st.builds(
            MetricEvidence,
            metric=st.just(metric),
            recent=NUMBERS,
            baseline=NUMBERS,
            low=NUMBERS,
            high=NUMBERS,
            peers_change=NUMBERS,
            peers_low=NUMBERS,
            peers_high=NUMBERS,
            n=st.integers(0, 10**9),
            window_days=st.integers(1, 10**6),
            recurrence_years=st.floats(1e-300, 1e300),
        )
        for metric in Metric
    )
)
SHIFTS = st.none() | st.builds(Shift, before=st.floats(), now=st.floats())
CONTEXTS = st.none() | st.builds(
    Context,
    chains=st.lists(ANY_TEXT, max_size=3).map(tuple),
    watched=st.none() | st.integers(0, 10**9),
    coverage=st.none() | ANY_TEXT,
    trades=st.none() | st.integers(0, 10**9),
    unpriced=st.none() | st.integers(0, 10**9),
    followed_n=st.none() | st.integers(0, 10**9),
    followed_return=NUMBERS,
    win_size=SHIFTS,
    stake_usd=SHIFTS,
    holding_s=SHIFTS,
)
FLAGS = st.builds(
    lambda label, notes, metrics, lead, score, number, context: replace(
        FLAG,
        flag_id=number,
        label=label,
        score=score,
        evidence=replace(EVIDENCE, notes=tuple(notes), metrics=metrics, lead=lead, context=context),
    ),
    ANY_TEXT,
    st.lists(ANY_TEXT, max_size=25),
    METRICS | st.just(()),
    st.sampled_from([None, *Metric]),
    st.floats(1e-300, 1e300),
    st.integers(0, 2**63 - 1),
    CONTEXTS,
)


def followed(value: float) -> Flag:
    """A flag whose following brought so much of each stake."""
    return replace(FLAG, evidence=replace(EVIDENCE, context=Context(followed_n=1, followed_return=value)))


@given(FLAGS, ANY_TEXT)
@example(followed(1.797693134862316e306), "")  # finite, but not as dollars: a random seed found it
@example(followed(float("nan")), "")
def test_limits_hold_and_the_verdict_stays(flag: Flag, words: str):
    """Whatever the labels, notes and numbers: within Telegram's limits, verdict first, id and promise there."""
    for message, limit in (
        (make(flag), CAPTION_LIMIT),
        (decided(flag, keep(words, words)), CAPTION_LIMIT),
        (details(flag), TEXT_LIMIT),
    ):
        shown = plain(message)
        assert len(shown.encode("utf-16-le")) // 2 == wording.visible_length(message.html) <= limit
        first = shown.split("\n")[0]
        assert first.startswith(f"#{flag.flag_id} · ")
        assert first.endswith("0x12ab34…12cd34")
    assert CLOSING in plain(make(flag))
    assert "kept by" in plain(decided(flag, keep(words, words)))


@pytest.mark.parametrize(
    ("years", "words"),
    [
        (1e-9, "once in 1 day"),
        (0.05, "once in 18 days"),
        (0.3, "once in 4 months"),
        (1.0, "once in a year"),
        (3.14, "once in 3.1 years"),
        (12.0, "once in 12 years"),
        (1e300, "less than once in 100 years"),
    ],
)
def test_how_often_chance_would_do_this(years: float, words: str):
    """In the unit that a person would choose."""
    assert wording.recurrence(years) == words


def test_numbers_have_units_and_no_false_zero():
    """Percent, points and trades a day; a real minus; no "-0"; no hundred digits."""
    assert wording.value(Metric.WIN_RATE, 0.614) == "61 %"
    assert wording.value(Metric.AVERAGE_RETURN, -0.0001) == "0.0 % per trade"
    assert wording.value(Metric.TRADE_FREQUENCY, 0.05) == "0.05 a day"
    assert wording.value(Metric.TRADE_FREQUENCY, float("nan")) == "unknown"
    assert len(wording.value(Metric.AVERAGE_RETURN, 1e300)) < 25
    assert wording.change(Metric.WIN_RATE, -0.234) == f"{MINUS}23 pp"
    assert wording.change(Metric.TRADE_FREQUENCY, 0.25) == "+0.25 a day"
    assert [wording.count(days, "day") for days in (0.4, 1, 9.2)] == ["0.4 days", "1 day", "9 days"]
