"""A verdict in plain words, and the round trips behind it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from alerts import wording
from metrics.types import Assessment, Context, Metric, MovedAway, RoundTrip, State
from tests.alerts.examples import EVIDENCE, FLAG, NOW, WALLET
from watcher.reports.explain import drivers, explain


def verdict(state=State.FLAGGED, **changes):
    evidence = replace(EVIDENCE, **changes)
    return Assessment(
        wallet=WALLET, as_of=NOW, score=3.1, flagged=state is State.FLAGGED, state=state, evidence=evidence
    )


def trip(day, gain, n=0):
    closed = datetime(2025, 6, day, 12, n, tzinfo=UTC)
    return RoundTrip(
        wallet=WALLET,
        chain_id=1,
        token="0xa",
        position_id=f"{day}-{n}",
        opened_at=closed - timedelta(hours=3),
        closed_at=closed,
        cost_usd=Decimal(100),
        proceeds_usd=Decimal(100 + gain),
        buys=1,
        sells=1,
    )


TRIPS = [trip(4, -90), trip(5, -10), trip(6, 20), trip(7, -30), trip(30, 5)]


def names(found):
    return [each.position_id for each in found]


def test_what_closed_since_the_change_the_worst_first():
    """The day of the change counts, the day before does not, and neither does the day of the verdict."""
    late = trip(30, -99)
    late = RoundTrip(**{name: getattr(late, name) for name in late.__struct_fields__} | {"closed_at": NOW})
    assert names(drivers(verdict(since=date(2025, 6, 5)), [*TRIPS, late])) == ["7-0", "5-0", "30-0", "6-0"]


def test_where_the_frequency_leads_the_newest_come_first():
    """How a round trip ended says nothing of how often there was one."""
    found = drivers(verdict(since=date(2025, 6, 5), lead=Metric.TRADE_FREQUENCY), TRIPS)
    assert names(found) == ["30-0", "7-0", "6-0", "5-0"]


def test_without_a_change_the_window_is_what_is_judged():
    """The leading metric's 30 days before 1 July begin on 1 June; nothing is judged without a verdict."""
    assert names(drivers(verdict(State.OK, since=None), TRIPS))[0] == "4-0"
    assert drivers(None, TRIPS) == []
    assert drivers(verdict(State.LEARNING, metrics=(), lead=None), TRIPS) == []


@pytest.mark.parametrize("state", list(State))
def test_only_what_stands_out_is_asked_whether_it_was_the_market(state):
    """A wallet in form, or down with its peers, is not called the culprit; its peers are told all the same."""
    said = "\n".join(wording.strip(line) for line in explain(verdict(state)))
    assert ("Market or wallet?" in said) == (state in {State.WATCH, State.FLAGGED})
    assert "2 of 9 peers" in said
    assert "a 20-point drop shows in about 45 days" in said
    assert "• 3 of 24 round trips have an unverified price." in said


def test_a_flag_is_told_in_the_words_of_its_message():
    """The wallet, the verdict and the evidence are those of the card."""
    said = "\n".join(explain(verdict(), FLAG))
    assert f"#{FLAG.flag_id}" in said
    assert "Expected" in said
    assert explain(None)[0].startswith("It has not been judged yet")


def test_what_was_moved_away_is_told_without_a_verdict_and_on_the_card_where_it_is_much():
    """Whatever its share where somebody asks; on the card of a flag from a tenth of the cost on."""
    for share, shown in ((0.099, False), (0.1, True)):
        left = MovedAway(share=share, cost_usd=Decimal(4200), positions=5, under_water=3, unknown=0)
        assert any("was moved away unsold, $4,200 in 5 positions" in line for line in explain(None, left=left))
        assert any("moved away unsold" in line for line in explain(verdict(), left=left))
        evidence = replace(FLAG.evidence, context=Context(moved_away=left))
        flag = replace(FLAG, evidence=evidence)
        assert any("moved away unsold" in line for line in explain(verdict(), flag)) is shown
