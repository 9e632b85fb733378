"""What a card says about why a wallet has gone quiet, and when it offers to follow another address."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.messages.lines import CAPTION_LIMIT
from alerts.messages.message import card, details, plain
from alerts.messages.silence import CROWD, newest, reasons, to_follow
from alerts.review import FOLLOW, parse_press
from alerts.wording import strip, visible_length
from metrics.types import ChainUse, MovedOut, Silence
from tests.alerts.examples import CHAT, FLAG, KEY, NOW, quiet

TO = "0xabc1234567890abcdef1234567890abcdef56789"
MOVED = MovedOut(
    to=TO,
    share=0.921,
    first_at=datetime(2025, 11, 14, 9, tzinfo=UTC),
    last_at=datetime(2025, 11, 14, 10, tzinfo=UTC),
    transfers=3,
    starts=((1, 17),),
)
BASE = ChainUse(chain="base", trades=None, sent=31, coin="ETH", coin_before=None, coin_now=None)
HOME = ChainUse(
    chain="ethereum", trades=0, sent=0, coin="ETH", coin_before=Decimal("12.345"), coin_now=Decimal("12.345")
)
NOTHING = Silence(at=NOW, since=datetime(2025, 11, 12, tzinfo=UTC), came=0, went=0, moved=None, chains=(HOME,))
FOUND = replace(NOTHING, moved=MOVED, went=3, contract=False, trades_there=14, sent_there=20)


def said(found):
    return [strip(line) for line in reasons(found)]


def flagged(found):
    return replace(quiet(), silence=found)


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (
            FOUND,
            [
                "Where to 92 % of its known holdings moved to 0xabc123…f56789 on 14 Nov; "
                "14 trades there since. Follow it?"
            ],
        ),
        (
            replace(FOUND, trades_there=None, moved=replace(MOVED, last_at=datetime(2025, 11, 16, tzinfo=UTC))),
            [
                "Where to 92 % of its known holdings moved to 0xabc123…f56789 on 14 Nov to 16 Nov; "
                "20 transactions there since, not read. Follow it?"
            ],
        ),
        (
            replace(FOUND, contract=True, trades_there=None, sent_there=None),
            [
                "Where to 92 % of its known holdings moved to the contract 0xabc123…f56789 on 14 Nov: "
                "a vault, a bridge, an exchange or a Safe."
            ],
        ),
        (
            replace(FOUND, contract=None, trades_there=None, sent_there=None),
            ["Where to 92 % of its known holdings moved to 0xabc123…f56789 on 14 Nov; what it did since is not known."],
        ),
        (
            replace(FOUND, listed=True, sent_there=None),
            [
                "Where to 92 % of its known holdings moved to 0xabc123…f56789 on 14 Nov; "
                "14 trades there since. It is on your list already."
            ],
        ),
        (
            replace(FOUND, trades_there=None, sent_there=CROWD + 1),
            [
                "Where to 92 % of its known holdings moved to 0xabc123…f56789 on 14 Nov; "
                "1,001 transactions there since, not read: perhaps an exchange."
            ],
        ),
        (
            NOTHING,
            [
                "Why quiet? Since 12 Nov no large transfer out is known, nor any other transaction of its own on "
                "ethereum."
            ],
        ),
        (
            replace(NOTHING, came=12),
            [
                "Why quiet? Since 12 Nov no large transfer out is known, nor any other transaction of its own on "
                "ethereum. 12 transfers came in: only arrivals."
            ],
        ),
        (
            replace(NOTHING, came=12, chains=(HOME, replace(BASE, sent=None))),
            [
                "Why quiet? Since 12 Nov no large transfer out is known, nor any other transaction of its own on "
                "ethereum. 12 transfers came in.",
                "Not known whether it is busy on base.",
            ],
        ),
        (
            replace(NOTHING, chains=(replace(HOME, sent=5, trades=2, coin_now=Decimal("0.0021")), BASE)),
            [
                "Not silent Since 12 Nov it sent 5 transactions on ethereum (2 trades among them), 31 transactions on "
                "base (not read for it).",
                "Native coin 12.3 → 0.0021 ETH on ethereum; where to is not known.",
            ],
        ),
        (
            replace(NOTHING, chains=(replace(HOME, sent=1),)),
            ["Not silent Since 12 Nov it sent 1 transaction on ethereum (no trade among them)."],
        ),
        (replace(NOTHING, chains=()), ["Why quiet? Since 12 Nov no large transfer out is known."]),
    ],
)
def test_the_words(found, lines):
    """What is known is said; what is not known is called so; nothing is guessed."""
    assert said(found) == lines


def test_the_card_asks_and_its_button_says_which_flag():
    """The finding stands below the verdict; the button is signed, short, bound to the chat, and holds no address."""
    message = card(flagged(FOUND), key=KEY, chat_id=CHAT)
    assert "14 trades there since. Follow it?" in plain(message).replace("\N{NO-BREAK SPACE}", " ")
    [[button]] = message.buttons[2:]
    assert button.label == "Follow 0xabc123…f56789 too"
    assert parse_press(button.data, key=KEY, chat_id=CHAT) == (17, FOLLOW)
    assert parse_press(button.data, key=KEY, chat_id=CHAT + 1) is None
    assert len(button.data.encode()) <= 64
    assert TO in details(flagged(FOUND)).html


@pytest.mark.parametrize(
    "found",
    [
        None,
        NOTHING,
        replace(FOUND, contract=True),
        replace(FOUND, contract=None),
        replace(FOUND, listed=True),
        replace(FOUND, sent_there=CROWD + 1),
    ],
)
def test_nobody_is_asked_to_follow_what_is_no_persons_wallet(found):
    """No address, a contract, perhaps a contract, one on the list, an exchange: no button."""
    flag = flagged(found)
    assert to_follow(flag) is None
    assert len(card(flag, key=KEY, chat_id=CHAT).buttons) == 2


WORDS = st.text(st.characters(codec="utf-8"), max_size=200)


@given(WORDS, WORDS, st.integers(0, 12))
def test_hostile_names_stay_words_and_the_card_stays_short(chain, coin, count):
    """Markup, line breaks and length of others' words change nothing about the form of a caption."""
    use = replace(BASE, chain=chain, coin=coin, coin_before=Decimal(10), coin_now=Decimal(0))
    found = replace(FOUND, chains=(use,) * count, moved=replace(MOVED, to=chain))
    message = card(flagged(found), key=KEY, chat_id=CHAT)
    assert visible_length(message.html) <= CAPTION_LIMIT
    for line in reasons(found):
        assert "\n" not in line
        assert strip(line).count("<b>") <= chain.count("<b>") * (count + 1) + coin.count("<b>") * count
        bare = line.replace("<b>", "").replace("</b>", "").replace("<code>", "").replace("</code>", "")
        assert "<" not in bare


def test_only_the_newest_departure_counts():
    """A wallet that is seen back in form since has no reason to be quiet; an earlier flag's finding is past."""
    old, new = flagged(FOUND), replace(flagged(NOTHING), flag_id=18)
    assert newest([new, old]) is NOTHING
    assert newest([old, replace(new, recovered_at=NOW)]) is None
    assert newest([old, replace(FLAG, flag_id=18)]) is None
    assert newest([]) is None
