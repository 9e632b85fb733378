"""What a person reads: the whole card, its limits, and harmless words whatever others wrote."""

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import text
from alerts.message import CAPTION_LIMIT, CLOSING, TEXT_LIMIT, card, decided, details, plain
from alerts.review import make_decision
from alerts.types import Choice, Flag, Message
from metrics.types import Evidence, Metric, MetricEvidence
from tests.alerts.examples import CHAT, EVIDENCE, FLAG, KEY, NOW, RETURN, WALLET, WIN_RATE, quiet

MINUS = "\N{MINUS SIGN}"
CARD = f"""\
🔻 <b>0x12ab…cd34 “Alice” has left its form: win rate</b> 61 % → 38 %

<b>Win rate</b> 61 % → 38 %
expected 45 to 77 % · peers {MINUS}1 pp · 24 round trips in 30 days
<b>Average return</b> +12.4 % → {MINUS}2.1 % per trade
expected {MINUS}3.0 to +28.0 % · peers {MINUS}0.4 pp · 24 round trips in 30 days
<b>Trade frequency</b> 3.2 → 2.9 a day
expected 2.1 to 4.6 · peers +0.1 a day · 87 trades in 30 days

<b>Market or wallet?</b> 2 of 9 peers fell too; peers {MINUS}1 pp.
<b>Chance alone</b> would do this once in 3.1 years.
<b>Since</b> about 2025-06-05
<b>Sight</b> a 20-point drop shows in about 45 days, silence in 6 days.
• 3 of 24 round trips have an unverified price.

Flag #17, opened 2025-07-01 08:00 UTC.
Nothing is done automatically."""
HOSTILE = "<b>& </b>\u202eevil\u200b\x00\ud800\n<a href='http://x'>$\U000e0041"


def make(flag: Flag) -> Message:
    return card(flag, key=KEY, chat_id=CHAT)


def keep(note: str = "", name: str = "@x"):
    return make_decision(17, Choice.KEEP, decided_by=name, user_id=7, channel="telegram", now=NOW, note=note)


def test_the_whole_card():
    """Verdict first, then the evidence by weight, peers, chance, time, sight, notes, id, and the promise."""
    message = make(FLAG)
    assert message.html == CARD
    assert [[button.label for button in row] for row in message.buttons] == [
        ["Keep", "Unfollow"],
        ["Snooze 7 d", "Details"],
    ]
    assert message.chart_png is None
    assert card(FLAG, key=KEY, chat_id=CHAT, chart_png=b"png").chart_png == b"png"


def test_a_silent_wallet_has_gone_quiet():
    """A fall in trade frequency is told as silence, with its length."""
    words = plain(make(quiet()))
    assert words.startswith("🔇 0x12ab…cd34 “Alice” has gone quiet: 3.2 → 0.1 a day\n")
    assert "Since about 2025-06-05; silent for 9 days\n" in words
    busy = replace(quiet().evidence.metrics[2], recent=9.0)
    louder = replace(quiet(), evidence=replace(quiet().evidence, metrics=(WIN_RATE, RETURN, busy)))
    assert "has left its form: trade frequency 3.2 → 9.0 a day" in plain(make(louder))


def test_a_repeat_says_so():
    """An attempt after an uncertain one is marked, above the verdict, and is otherwise the same."""
    first, rest = card(FLAG, key=KEY, chat_id=CHAT, repeat=True).html.split("\n", 1)
    assert first == "<i>Perhaps a repeat: the first attempt was not confirmed.</i>"
    assert rest == CARD


def test_a_decided_card_says_what_who_and_when_and_has_no_buttons():
    """The same text and one line more."""
    message = decided(FLAG, keep("on holiday"))
    assert message.html == f"{CARD}\n\n✅ kept by @x, 2025-07-01 08:00 UTC: on holiday"
    assert message.buttons == ()
    for choice in Choice:
        made = make_decision(17, choice, decided_by="@x", user_id=None, channel="cli", now=NOW)
        assert "by @x, 2025-07-01 08:00 UTC" in decided(FLAG, made).html


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
            n=st.integers(0, 10**9),
            window_days=st.integers(1, 10**6),
            recurrence_years=st.floats(1e-300, 1e300),
        )
        for metric in Metric
    )
)
FLAGS = st.builds(
    lambda label, notes, metrics, lead, score, number: replace(
        FLAG,
        flag_id=number,
        label=label,
        score=score,
        evidence=replace(EVIDENCE, notes=tuple(notes), metrics=metrics, lead=lead),
    ),
    ANY_TEXT,
    st.lists(ANY_TEXT, max_size=25),
    METRICS | st.just(()),
    st.sampled_from([None, *Metric]),
    st.floats(1e-300, 1e300),
    st.integers(0, 2**63 - 1),
)


@given(FLAGS, ANY_TEXT)
def test_limits_hold_and_the_verdict_stays(flag: Flag, words: str):
    """Whatever the labels, notes and numbers: within Telegram's limits, verdict first, id and promise there."""
    for message, limit in (
        (make(flag), CAPTION_LIMIT),
        (decided(flag, keep(words, words)), CAPTION_LIMIT),
        (details(flag), TEXT_LIMIT),
    ):
        shown = plain(message)
        assert len(shown.encode("utf-16-le")) // 2 == text.visible_length(message.html) <= limit
        assert shown.split("\n")[0][2:].startswith("0x12ab…cd34")
        assert f"Flag #{flag.flag_id}," in shown
    assert CLOSING in plain(make(flag))
    assert "kept by" in plain(decided(flag, keep(words, words)))


def test_the_notes_go_first_and_whole():
    """When the card is too long, notes go from the last one on; no line is cut, the evidence stays."""
    notes = tuple(f"Note {i}: " + "x" * 150 for i in range(9))
    lines = make(replace(FLAG, evidence=replace(EVIDENCE, notes=notes))).html.split("\n")
    kept = [line for line in lines if line.startswith("• ")]
    assert 0 < len(kept) < 9
    assert kept == [f"• {note}" for note in notes[: len(kept)]]
    assert [line for line in lines if not line.startswith("• ")] == [
        line for line in CARD.split("\n") if not line.startswith("• ")
    ]


def test_missing_facts_are_told_as_unknown():
    """No peers, no sight, nothing in the window: said, never shown as zero."""
    blind = replace(WIN_RATE, recent=None, low=None, peers_change=None)
    evidence: Evidence = replace(EVIDENCE, metrics=(blind,), peers=0, peers_down=0, sight=None, since=None, notes=())
    words = plain(make(replace(FLAG, label="", evidence=evidence)))
    assert words.startswith("🔻 0x12ab…cd34 has left its form: win rate 61 % → unknown\n")
    assert "No peer group: judged by its own past alone." in words
    assert "expected" not in words
    assert "Sight" not in words
    assert "Since" not in words


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
    assert text.recurrence(years) == words


def test_numbers_have_units_and_no_false_zero():
    """Percent, points and trades a day; a real minus; no "-0"; no hundred digits."""
    assert text.value(Metric.WIN_RATE, 0.614) == "61 %"
    assert text.value(Metric.AVERAGE_RETURN, -0.0001) == "0.0 % per trade"
    assert text.value(Metric.TRADE_FREQUENCY, 0.05) == "0.05 a day"
    assert text.value(Metric.TRADE_FREQUENCY, float("nan")) == "unknown"
    assert len(text.value(Metric.AVERAGE_RETURN, 1e300)) < 25
    assert text.change(Metric.WIN_RATE, -0.234) == f"{MINUS}23 pp"
    assert text.change(Metric.TRADE_FREQUENCY, 0.25) == "+0.25 a day"
    assert [text.count(days, "day") for days in (0.4, 1, 9.2)] == ["0.4 days", "1 day", "9 days"]
