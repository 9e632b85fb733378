"""Flags so far beside those expected: who counts, and which days."""

from dataclasses import replace
from datetime import timedelta

from metrics.types import State
from tests.alerts.examples import FLAG, NOW, assessment
from watcher.jobs.digest import compose
from watcher.jobs.follow_up import DIAL
from watcher.overview import promise, read, status_message
from watcher.store import meters, review, wallets
from watcher.store.database import writing
from watcher.types import Role, Wallet

DASH = "\N{EN DASH}"


def test_days_at_risk_are_counted_and_shown(store):
    """Only days after a wallet was followed, judged and below a flag; each once; peers and learners never."""
    names = [FLAG.wallet, "peer", "young"]
    with writing(store) as connection:
        for name in names:
            role = Role.PEER if name == "peer" else Role.FOLLOWED
            wallets.add(connection, Wallet(address=name, label="", followed_since=NOW, added_at=NOW, role=role))
        assert promise(connection) is None
        made = []
        for day in range(-10, 200):
            state = State.FLAGGED if day >= 180 else State.OK
            for hour in (0, 6):  # twice a day
                seen = replace(assessment(state), as_of=NOW + timedelta(days=day, hours=hour))
                young = replace(seen, state=State.LEARNING)
                made += [seen, replace(seen, wallet="peer"), replace(young, wallet="young")]
        review.replace_assessments(connection, made)
        review.open_flag(
            connection,
            address=FLAG.wallet,
            at=NOW + timedelta(days=180),
            score=3.0,
            evidence=FLAG.evidence,
            chart=FLAG.chart,
        )
        meters.remember(connection, DIAL, "4.0")
        assert review.days_at_risk(connection) == 180
        words = f"1 flag in 0.5 wallet-years; 2.0 (0{DASH}5) expected if nothing had changed"
        assert promise(connection) == words
        now = NOW + timedelta(days=200)
        assert f"{words}." in status_message(read(connection, now)).html
        [page] = compose(connection, since=now - timedelta(days=7), now=now, units_a_day=1)
        assert f"So far {words}." in page.html
