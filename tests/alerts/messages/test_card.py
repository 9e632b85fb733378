"""The card, golden: what a person reads when a wallet loses more often, when its wins shrink, and beside a market."""
# ruff: noqa: E501 - the lines of a card are as long as they are

from dataclasses import replace
from datetime import date

import pytest

from alerts import wording
from alerts.messages.card import market_share
from alerts.messages.lines import CAPTION_LIMIT
from alerts.messages.message import card, plain
from alerts.types import Flag
from metrics.types import Context, Evidence, Metric, MetricEvidence, Shift, Track
from tests.alerts.examples import CHAT, EVIDENCE, FLAG, FREQUENCY, KEY, RETURN, WIN_RATE, quiet

MINUS, NBSP = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
CONTEXT = Context(
    chains=("base",),
    watched=12,
    coverage="ends",
    trades=87,
    unpriced=3,
    followed_n=19,
    followed_return=-0.42,
    win_size=Shift(before=0.24, now=0.22),
    loss_size=Shift(before=-0.09, now=-0.1),
    stake_usd=Shift(before=800.0, now=2400.0),
    earlier=Track(flags=5, right=3, wrong=1),
)
FELL = replace(WIN_RATE, recent=9 / 24, peers_low=-0.04, peers_high=0.02)
DROP: Evidence = replace(
    EVIDENCE,
    metrics=(FELL, RETURN, FREQUENCY),
    since_from=date(2025, 5, 29),
    since_to=date(2025, 6, 11),
    context=CONTEXT,
)
SHRUNK = replace(RETURN, recent=0.031, low=0.06, high=0.19, peers_change=0.004, peers_low=-0.02, peers_high=0.03)
SHRINKING = replace(
    DROP,
    metrics=(replace(WIN_RATE, recent=14 / 24), SHRUNK, FREQUENCY),
    lead=Metric.AVERAGE_RETURN,
    open_bags=2,
    context=replace(CONTEXT, win_size=Shift(before=0.24, now=0.11), stake_usd=None, followed_return=0.3, unpriced=0),
    notes=(),
)
A_DROP = f"""\
#17 · Alice · base · 0x12ab34…12cd34
🔻 It has left its form: it wins less often, 61 % → 38 %

Win rate 38 %: 9 of 24 round trips since 1 Jun (95 %: 21 to 57 %)
Form 61 % over 212 round trips; its windows usually show 45 to 77 %
Expected 14 wins, got 9
Within form average return {MINUS}2.1 % per trade (usual {MINUS}3.0 to +28.0 %), trade frequency 2.9 a day (usual 2.1 to 4.6)
Typical win +24 % → +22 %, loss {MINUS}9 % → {MINUS}10 %

Market or wallet? Wallet: 2 of 9 peers fell too; peers {MINUS}1 pp ({MINUS}4 to +2 pp). The market explains none of this move.
Began about 5 Jun (29 May to 11 Jun). $100 on each of 19 round trips since lost $42, before your costs.
Style changed stake $800 → $2,400

By luck alone this wallet once in 3.1 years; some wallet of your 12 once in 3 months. This is not the chance that the edge is gone.
Earlier 5 flags of this kind: 3 stayed out of form, 1 came back
Data ends of reads proven; 3 of 87 trades without a price
• 3 of 24 round trips have an unverified price.

Nothing was traded. Your call:"""
HELD = MetricEvidence(
    metric=Metric.OPEN_LOSSES,
    recent=9 / 22,
    baseline=0.06,
    low=0.0,
    high=0.17,
    peers_change=0.01,
    n=22,
    window_days=30,
    recurrence_years=3.1,
)
HOLDING_ON = """\
#17 · Alice · 0x12ab34…12cd34
🔻 It has left its form: it holds on to its losers, 6 % → 41 %

Open losses 41 %: 9 of 22 positions since 1 Jun (95 %: 23 to 61 %)
Under water, and open for longer than 19 of 20 of its round trips were held
Form at most 6 % over 212 round trips; its windows usually show 0 to 17 %
Expected 2 positions at most, got 9
Within form win rate 58 % (usual 45 to 77 %), average return +7.0 % per trade (usual +6.0 to +19.0 %), trade frequency 2.9 a day (usual 2.1 to 4.6)

Market or wallet? Wallet: 2 of 9 peers held on too; peers +1 pp. The market explains 3 % of this move.
Began about 5 Jun (29 May to 11 Jun).

By luck alone this wallet once in 3.1 years. This is not the chance that the edge is gone.

Nothing was traded. Your call:"""
SHRINKING_WINS = f"""\
#17 · Alice · base · 0x12ab34…12cd34
🔻 It has left its form: its wins shrink while its win rate holds, +12.4 % → +3.1 % per trade

Average return +3.1 % per trade: 24 round trips since 1 Jun
Form +12.4 % over 212 round trips; its windows usually show +6.0 to +19.0 %
Expected +12.8 %, got +3.1 %
Within form win rate 58 % (usual 45 to 77 %), trade frequency 2.9 a day (usual 2.1 to 4.6)
Typical win +24 % → +11 %, loss {MINUS}9 % → {MINUS}10 %

Market or wallet? Wallet: 2 of 9 peers fell too; peers +0.4 pp ({MINUS}2.0 to +3.0 pp). The market explains none of this move.
Began about 5 Jun (29 May to 11 Jun). $100 on each of 19 round trips since made $30, before your costs.
Bags 2 open, never sold: counted as losses

By luck alone this wallet once in 3.1 years; some wallet of your 12 once in 3 months. This is not the chance that the edge is gone.
Earlier 5 flags of this kind: 3 stayed out of form, 1 came back
Data ends of reads proven; 87 trades, all priced

Nothing was traded. Your call:"""


def said(flag: Flag) -> str:
    """The caption as a person sees it, within the limit."""
    message = card(flag, key=KEY, chat_id=CHAT)
    assert wording.visible_length(message.html) <= CAPTION_LIMIT
    return plain(message).replace(NBSP, " ")


def of(evidence: Evidence) -> str:
    return said(replace(FLAG, evidence=evidence))


def test_a_structural_drop_while_the_peers_hold():
    """Wallet, verdict, what moved and what did not, market or wallet, when and what it cost, luck, record, data, ask."""
    assert of(DROP) == A_DROP


def test_shrinking_wins_while_the_win_rate_holds():
    """The verdict names what shrank and what held; bags are told; a wallet that still earns is told to earn."""
    assert of(SHRINKING) == SHRINKING_WINS


def test_losers_that_are_no_longer_sold():
    """The verdict names the losers that it holds on to, counts them, and says what is usual."""
    rows = (replace(WIN_RATE, recent=14 / 24), replace(SHRUNK, recent=0.07), FREQUENCY, HELD)
    assert of(replace(DROP, metrics=rows, lead=Metric.OPEN_LOSSES, context=None, notes=())) == HOLDING_ON


def test_a_line_is_there_only_where_its_facts_are_known():
    """Without context, intervals and notes the card is shorter, and nothing unknown is shown as zero."""
    words = of(replace(EVIDENCE, notes=()))
    for absent in ("Typical", "Style", "Earlier", "Data", "$", "some wallet of", "None", "Bags"):
        assert absent not in words
    assert "peers \N{MINUS SIGN}1 pp. The market" in words
    assert words.startswith("#17 · Alice · 0x12ab34…12cd34\n")
    assert "chance that the edge is gone" in words


@pytest.mark.parametrize(("peers", "worth"), [(0, None), (2, None), (2, 2.0), (9, 1.9)])
def test_too_few_effective_peers_come_first(peers: int, worth: float | None):
    """Below three peers, or worth two, the card starts with it, and does not answer *market or wallet?*"""
    words = of(replace(DROP, peers=peers, peers_down=0, peers_effective=worth))
    count = {0: "0 peers", 2: "2 peers", 9: "1 peer"}[peers]
    assert words.startswith(f"⚠️ NOT MARKET-CHECKED: {count}; 3 are needed.\n#17")
    assert "Market or wallet? Cannot be told: judged by its own past alone." in words
    assert "explains" not in words
    assert "NOT MARKET-CHECKED" not in of(replace(DROP, peers=3, peers_effective=2.0))


def test_luck_that_ran_out_is_no_lost_edge():
    """A fall to the long-run level is told as that, with the level where it is known."""
    words = of(replace(DROP, fell_back=True))
    assert "↩️ It is back to its long-run level: the streak was probably luck. Win rate 61 % → 38 %" in words
    assert "left its form" not in words
    metrics = (replace(FELL, long_run=0.47), RETURN, FREQUENCY)
    assert "long-run level, 47 %: the streak" in of(replace(DROP, fell_back=True, metrics=metrics))


def test_how_much_the_market_explains():
    """The peers' part of the move, never less than none nor more than all; and the answer that follows from it."""
    shares = {0.05: "none", -0.115: "49 %", -0.12: "51 %", -0.5: "100 %"}
    for change, share in shares.items():
        peers = {"peers_change": change, "peers_low": change - 0.03, "peers_high": change + 0.03}
        words = of(replace(DROP, metrics=(replace(FELL, **peers), RETURN, FREQUENCY)))
        assert f"The market explains {share} of this move." in words
        assert f"Market or wallet? {'Both' if change <= -0.12 else 'Wallet'}:" in words


def test_silence_is_told_with_its_length_and_a_surge_is_none():
    """A fall in trade frequency is told as silence, a rise as trading more; both in trades that a person can count."""
    words = said(quiet())
    assert "🔇 It has gone quiet: 3.2 → 0.1 a day, silent for 9 days\n" in words
    assert "Form 3.2 over 181 days; its windows usually show 2.1 to 4.6\nExpected 96 trades, got 3\n" in words
    assert "Moved too win rate 61 % → 38 %\n" in words
    busy = replace(FREQUENCY, recent=9.0, recurrence_years=9.0)
    evidence = replace(quiet().evidence, metrics=(WIN_RATE, RETURN, busy))
    assert "It has left its form: it trades far more often, 3.2 → 9.0 a day" in of(evidence)


def test_luck_is_told_for_the_wallet_and_for_the_list():
    """Of twelve wallets one does it twelve times as often; what is rarer than a century is told once for both."""
    context = Context(watched=12)
    for years, words in (
        (0.5, "this wallet once in 6 months; some wallet of your 12 once in 15 days."),
        (1e9, "this wallet, and some wallet of your 12, less than once in 100 years."),
    ):
        flag = replace(FLAG, score=years, evidence=replace(EVIDENCE, context=context))
        assert f"By luck alone {words} This is not" in said(flag)


def test_nothing_in_the_window_is_said():
    """No round trip in the window is no rate of zero."""
    blind = replace(WIN_RATE, recent=None, low=None, peers_change=None)
    words = of(replace(EVIDENCE, metrics=(blind,), since=None, notes=()))
    assert "it wins less often, 61 % → unknown" in words
    assert "Win rate nothing to judge in 30 days; form 61 %" in words
    assert "Began" not in words


def test_ten_kilobytes_of_a_strangers_words_take_one_short_line_each():
    """Label, chain, coverage and notes of 10 kB, with HTML, bidi, NUL and Markdown: short, harmless, verdict and ask kept."""
    hostile = "<b>*_[x](http://y)`\u202e\u200b\x00\ud800" + "A" * 10_000
    context = replace(CONTEXT, chains=(hostile,), coverage=hostile)
    evidence = replace(DROP, context=context, notes=(hostile, hostile))
    lines = said(replace(FLAG, label=hostile, evidence=evidence)).split("\n")
    assert lines[0].startswith("#17 · <b>*_[x](http://y)`AAA")
    assert len(lines[0]) < 110
    assert "It has left its form" in lines[1]
    assert lines[-1] == "Nothing was traded. Your call:"
    shown = "\n".join(lines)
    assert not {"\u202e", "\u200b", "\x00", "\ud800"} & set(shown)
    assert max(map(len, lines)) < 220


def test_what_says_least_goes_first_and_whole():
    """Too long, it loses the notes, style and record before what moved, the market and luck; no line is cut."""
    notes = tuple(f"Note {i}: " + "x" * 150 for i in range(9))
    lines = of(replace(DROP, notes=notes)).split("\n")
    assert [line for line in lines if line.startswith("•")] == []
    full = A_DROP.split("\n")
    assert [line for line in full if line in lines and line] == [line for line in lines if line]
    long = replace(DROP, context=replace(CONTEXT, chains=("x" * 30,)), open_bags=9, notes=())
    kept = said(replace(FLAG, label="y" * 40, evidence=long))
    for must in ("Expected 14 wins", "Market or wallet?", "By luck alone", "Began", "Your call:"):
        assert must in kept


def test_the_market_explains_only_what_is_beyond_its_own_uncertainty():
    """A change of the peers that may be nothing at all explains nothing; one that is surely something does."""
    lead = replace(DROP.metrics[0], recent=0.5, baseline=0.6, peers_change=-0.06, peers_high=-0.01)
    assert market_share(replace(lead, peers_low=-0.11)) == pytest.approx(0.6)
    assert market_share(replace(lead, peers_low=-0.13, peers_high=0.01)) == 0.0
    assert market_share(replace(lead, peers_low=None, peers_high=None)) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("worth", "line"),
    [
        (None, "9 of 24 round trips since 1 Jun (95 %: 21 to 57 %)"),
        (17.0, "9 of 24 round trips since 1 Jun (95 %: 19 to 61 %)"),
        (16.7, "9 of 24 round trips, worth about 17 independent ones since 1 Jun (95 %: 19 to 61 %)"),
        (5.0, "9 of 24 round trips, worth about 5 independent ones since 1 Jun (95 %: 11 to 75 %)"),
        (0.2, "9 of 24 round trips, worth about 1 independent one since 1 Jun (95 %: 3 to 92 %)"),
    ],
)
def test_trades_that_hang_together_are_told_as_what_they_are_worth(worth, line):
    """Below seven tenths of independent ones it is said; the interval is always that of what they are worth."""
    drop = replace(DROP, metrics=(replace(FELL, worth=worth), RETURN, FREQUENCY))
    assert f"Win rate 38 %: {line}" in of(drop).splitlines()
