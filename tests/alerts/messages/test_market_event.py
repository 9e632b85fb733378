"""One message for a market that moved many wallets: nobody is left out, nobody is called fine, nothing is asked."""

import unicodedata
from datetime import date

from alerts import wording
from alerts.messages.lines import CAPTION_LIMIT
from alerts.messages.market_event import event_message
from alerts.messages.message import plain
from alerts.types import ListedWallet, Message
from metrics.detector.market_event import MarketEvent
from metrics.types import Metric
from tests.alerts.examples import WALLET

MINUS = "\N{MINUS SIGN}"
HOSTILE = "<b>&\u202eevil\u200b\x00\ud800" + "x" * 10_000


def names(*labels: str, first: int | None = None) -> list[ListedWallet]:
    return [
        ListedWallet(
            wallet=f"{label[:9]}{i}" if label else WALLET, label=label, flag_id=None if first is None else first + i
        )
        for i, label in enumerate(labels)
    ]


def told(moved=(), beyond=(), unknown=()) -> Message:
    event = MarketEvent(
        metric=Metric.WIN_RATE,
        since=date(2025, 6, 5),
        moved=tuple(each.wallet for each in moved),
        beyond=tuple(each.wallet for each in beyond),
        unknown=tuple(each.wallet for each in unknown),
        peers=21,
        change=-0.14,
        low=-0.18,
        high=-0.1,
    )
    return event_message(event, {each.wallet: each for each in (*moved, *beyond, *unknown)}, watched=12)


GOLDEN = f"""\
🌊 MARKET EVENT: 3 of your 12 wallets fell, and their peers with them
Peers: win rate {MINUS}14 pp ({MINUS}18 to {MINUS}10 pp, 21 peers) since about 5 Jun

Beyond the market #18 Gus, #19 Hal. They have left their form beyond that; each has a flag of its own.
Cannot be told Ida: too few peers, too little history, or days not read.
With the market Alice, Ben, 0x12ab34…12cd34. The market explains this fall; it may hide another.

Each is judged again every day.
Nothing was traded. No decision is asked."""


def test_a_market_event():
    """Who is beyond the market and who cannot be told is named; no button, no sound."""
    message = told(names("Alice", "Ben", ""), names("Gus", "Hal", first=18), names("Ida"))
    assert plain(message) == GOLDEN
    assert (message.buttons, message.silent) == ((), True)
    assert "fine" not in GOLDEN


def test_only_flags_that_are_open_are_spoken_of():
    """A wallet beyond the market may have no flag: decided before, or snoozed. No message promises one then."""

    def beyond(*wallets: ListedWallet) -> str:
        words = plain(told(names("Alice"), wallets))
        assert "card" not in words
        return next(line for line in words.split("\n") if line.startswith("Beyond"))

    [gus, hal, ida], [jon] = names("Gus", "Hal", "Ida", first=18), names("Jon")
    assert beyond(gus).endswith("#18 Gus. It has left its form beyond that, and has a flag of its own.")
    assert beyond(jon).endswith("Jon. It has left its form beyond that; no flag is open about it.")
    assert beyond(jon, jon).endswith("They have left their form beyond that; no flag is open about them.")
    assert beyond(gus, jon).endswith("beyond that; 1 flag of their own is open, for those with a number.")
    assert beyond(gus, hal, ida, jon).endswith("beyond that; 3 flags of their own are open, for those with a number.")


def test_nobody_beyond_is_said():
    """With nobody beyond the market that is said; the line of those that cannot be told is then absent."""
    words = plain(told(names("Alice")))
    assert "Beyond the market nobody so far.\nWith the market Alice." in words
    assert "Cannot be told" not in words


def test_long_lists_and_hostile_labels_fit():
    """Hundreds of wallets with labels of 10 kB: within the caption, each list with its true count, words harmless."""
    many = names(*([HOSTILE] * 300), first=2**62)
    message = told(many, many, many)
    assert wording.visible_length(message.html) <= CAPTION_LIMIT
    words = plain(message)
    assert "300 of your 12 wallets" in words
    assert words.count(" more") == 3
    assert all(c == "\n" or not unicodedata.category(c).startswith("C") for c in words)
    assert "<b>&amp;" not in message.html.replace("&lt;b&gt;&amp;", "")
