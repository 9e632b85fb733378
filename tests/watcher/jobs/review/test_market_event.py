"""A market event is told once, and again where it doubled; every verdict stays what it is."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from alerts.messages.message import plain
from alerts.types import Message
from metrics.types import State
from tests.alerts.examples import EVIDENCE, assessment
from watcher.jobs.review.market_event import tell_market_event
from watcher.store import outbox
from watcher.store.sql.database import writing
from watcher.types import Role, Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
LIST = {
    f"0x{n:040x}": Wallet(address=f"0x{n:040x}", label=f"w{n}", followed_since=NOW, added_at=NOW) for n in range(20)
}


def day(store, n, *states, wallets=LIST):
    """Verdicts of a day, in the order of the list, in form where none is given; the words that are due then."""
    now = NOW + timedelta(days=n)
    filled = [*states, *[State.OK] * (len(wallets) - len(states))]
    judged = [
        replace(assessment(state), wallet=address, evidence=replace(EVIDENCE, since=date(2025, 6, 28)))
        for address, state in zip(wallets, filled, strict=True)
    ]
    with writing(store) as connection:
        tell_market_event(connection, judged, wallets, now=now, chats=[42])
    told = []
    while True:
        with writing(store) as connection:
            item = outbox.claim(connection, now, 42)
            if item is None:
                return told
            outbox.sent(connection, item.outbox_id, 1, now)
        assert item.silent
        told.append(plain(Message(html=item.html)))


def test_an_event_is_told_once_and_again_where_it_doubles(store):
    """Three wallets, four the next day, six the day after: two messages; a week without it, and it is a new one."""
    fell = State.MARKET
    assert day(store, 0, *[fell] * 2) == []
    [first] = day(store, 1, *[fell] * 3, State.FLAGGED, State.LEARNING)
    assert "3 of your 20 wallets fell, and their peers with them" in first
    assert "Beyond the market w3. " in first
    assert "Cannot be told w4" in first
    assert "With the market w0, w1, w2." in first
    assert day(store, 2, *[fell] * 4) == []
    assert len(day(store, 3, *[fell] * 8)) == 1
    assert day(store, 5, *[fell] * 3) == [], "it fades"
    assert day(store, 9, *[fell] * 3) == [], "not gone for a week"
    assert len(day(store, 17, *[fell] * 3)) == 1


def test_who_is_not_alerted_is_not_in_it(store):
    """Peers, and wallets that were unfollowed or paused, neither make an event nor are named in one."""
    silent = {
        address: replace(wallet, role=Role.PEER) if n < 2 else replace(wallet, paused=True) if n < 4 else wallet
        for n, (address, wallet) in enumerate(LIST.items())
    }
    assert day(store, 0, *[State.MARKET] * 6, wallets=silent) == []
    [told] = day(store, 1, *[State.MARKET] * 7, wallets=silent)
    assert "3 of your 16 wallets" in told
