"""A storm, or a quiet week: every flag has its line, and silence is kept where nothing is asked."""

import re
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from alerts import wording
from alerts.messages.digest import digest
from alerts.messages.lines import TEXT_LIMIT
from alerts.messages.message import plain
from alerts.types import Flag, FlagStatus, ListedWallet
from metrics.types import Gain, Sight, State
from tests.alerts.examples import EVIDENCE, FLAG, WALLET, assessment, quiet

MINUS = "\N{MINUS SIGN}"
KEPT = replace(FLAG, status=FlagStatus.KEPT, flag_id=19)


def storm(number: int, label: str = "Alice") -> list[Flag]:
    return [replace(FLAG, flag_id=1000 + i, label=label) for i in range(number)]


def test_a_digest():
    """Counts, one line a flag, states, the three nearest to a flag, who does better, sight, facts, where to decide."""
    blind = replace(EVIDENCE, sight=Sight(win_rate_drop_20pp_days=None, silence_days=None))
    better = replace(EVIDENCE, gain=Gain(since=date(2025, 6, 3), recurrence_years=1.5))
    wallets = [
        (ListedWallet(wallet=WALLET, label="Alice"), assessment()),
        (ListedWallet(wallet=WALLET, label="Bob"), replace(assessment(State.OK), score=0.1)),
        (ListedWallet(wallet=WALLET, label="Cy"), assessment(State.WATCH)),
        (ListedWallet(wallet=WALLET, label="Eve"), replace(assessment(State.OK), score=0.01, evidence=better)),
        (ListedWallet(wallet=WALLET, label="Dee"), replace(assessment(State.LEARNING), evidence=blind)),
    ]
    flags = [FLAG, replace(quiet(), flag_id=18, label=""), KEPT]
    [message] = digest("Digest, 24 Jun to 1 Jul", flags, wallets=wallets, facts=["31 % of <today's> budget used."])
    assert not message.silent
    assert (
        plain(message)
        == """\
Digest, 24 Jun to 1 Jul
3 flags: 2 waiting for you, 1 kept.
#17 · Alice · 0x12ab34…12cd34 · win rate 61 % → 38 % · waiting for you
#18 · 0x12ab34…12cd34 · trade frequency 3.2 → 0.1 a day · waiting for you
#19 · Alice · 0x12ab34…12cd34 · win rate 61 % → 38 % · kept

5 wallets: 1 out of form, 1 on watch, 2 in form, as far as can be seen, 1 with too little history.
Nearest to a flag
Cy · win rate 61 % → 38 % · by luck once in 3.1 years
Bob · win rate 61 % → 38 % · by luck once in 37 days
Eve · win rate 61 % → 38 % · by luck once in 4 days
Up
Eve, better than its form since 3 Jun (by luck once in 1.5 years)
Sight a 20-point drop would show in 45 days; for 1 not within a year.
31 % of <today's> budget used.

Nothing was traded. Decide by the buttons of a card, or with edgewatch flags decide."""
    )


def test_a_quiet_week_is_no_health_and_makes_no_sound():
    """No flags: said, silent, and no decision asked; decided flags alone are silent too."""
    [message] = digest("Digest", [])
    assert plain(message) == "Digest\nNo flags. No flag is not health.\n\nNothing was traded."
    assert message.silent
    assert digest("Digest", [KEPT])[0].silent


@given(st.integers(1, 300), st.text(st.characters() | st.sampled_from("<>&\u202e\ud800\n"), max_size=200))
def test_nothing_is_dropped(number: int, label: str):
    """However many flags and whatever their labels: each has one line, in order, and every page fits."""
    pages = digest("Storm", storm(number, label))
    shown = [line for page in pages for line in plain(page).split("\n")]
    flags = [line for line in shown if line.startswith("#1")]
    assert [int(re.match(r"#(\d+) · ", line)[1]) for line in flags] == list(range(1000, 1000 + number))
    assert all(wording.visible_length(page.html) <= TEXT_LIMIT for page in pages)
    assert [page.silent for page in pages] == [False] + [True] * (len(pages) - 1)
    assert shown.count("Nothing was traded. Decide by the buttons of a card, or with edgewatch flags decide.") == 1


def test_ten_thousand_characters_of_a_label():
    """A label of 10 kB takes one short line."""
    [page] = digest("Storm", storm(3, "<i>" + "\u200b" * 10 + "x" * 10_000))
    assert max(map(len, plain(page).split("\n"))) < 130
