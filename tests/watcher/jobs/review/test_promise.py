"""Flags so far beside those expected: who counts, and which days."""

from dataclasses import replace
from datetime import timedelta

from alerts.review import make_decision
from alerts.types import Choice, FlagStatus
from metrics.types import State
from tests.alerts.examples import FLAG, NOW, assessment
from watcher.jobs.review.digest import compose
from watcher.jobs.review.flag_lifecycle import DIAL
from watcher.reports.overview import promise, read, status_message
from watcher.store import flag_log, usage, wallets
from watcher.store.sql.database import writing
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
        flag_log.replace_assessments(connection, made)
        flag_log.open_flag(
            connection,
            address=FLAG.wallet,
            at=NOW + timedelta(days=180),
            score=3.0,
            evidence=FLAG.evidence,
            chart=FLAG.chart,
        )
        usage.remember(connection, DIAL, "4.0")
        assert flag_log.days_at_risk(connection) == 180
        words = f"1 flag in 0.5 wallet-years; 2.0 (0{DASH}5) expected if nothing had changed"
        assert promise(connection) == words
        now = NOW + timedelta(days=200)
        assert f"{words}." in status_message(read(connection, now)).html
        [page] = compose(connection, since=now - timedelta(days=7), now=now, units_a_day=1)
        assert f"So far {words}." in page.html


def test_one_departure_is_counted_once(store):
    """From a flag until the wallet is in form again nothing new can come; a snooze that ends tells nothing new."""
    day = [NOW + timedelta(days=n) for n in range(8)]
    states = [State.OK, State.FLAGGED, State.WATCH, State.FLAGGED, State.MARKET, State.OK, State.WATCH, State.FLAGGED]
    with writing(store) as connection:
        wallets.add(connection, Wallet(address=FLAG.wallet, label="", followed_since=NOW, added_at=NOW))

        def see(n):
            flag_log.replace_assessments(connection, [replace(assessment(states[n]), as_of=day[n])])

        def tell(n):
            flag_id = flag_log.open_flag(
                connection, address=FLAG.wallet, at=day[n], score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
            )
            made = make_decision(flag_id, Choice.SNOOZE, decided_by="@x", user_id=7, channel="telegram", now=day[n])
            flag_log.add_decision(connection, made, FlagStatus.SNOOZED)
            return flag_id

        assert flag_log.last_told(connection) == {}
        for n, before in enumerate([State.OK, *[State.FLAGGED] * 4, State.OK, State.OK, State.FLAGGED]):
            see(n)
            assert flag_log.last_told(connection) == {FLAG.wallet: before}
        assert flag_log.days_at_risk(connection) == 3, "the first day, and the two after it came back"
        tell(1)
        again = tell(3)  # its snooze had ended
        assert flag_log.departures_since_followed(connection) == 1
        flag_log.set_recovered(connection, again, day[5])
        tell(7)
        assert flag_log.departures_since_followed(connection) == 2
