"""Market events: many departures at once are one event, and no departure is lost in it."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from metrics.event import TIMES_BUDGET, WINDOW, Departure, groups_of, market_events

DAY = date(2025, 6, 1)
LIST = [f"w{n:02d}" for n in range(40)]


def left(*days, score=2.0):
    """Wallet n left on the n-th of the given days."""
    return [Departure(wallet=LIST[n], day=DAY + timedelta(days=day), score=score) for n, day in enumerate(days)]


def found(departures, groups=(LIST,), dial=1.0):
    return market_events(departures, groups, false_flags_per_wallet_year=dial)


def test_more_than_three_times_the_budget_within_two_weeks_is_an_event():
    """Of 40 wallets at one flag a year the dial allows 1.5 in two weeks: five are an event, four are not."""
    assert found(left(0, 3, 6, 13)) == []
    [event] = found(left(0, 3, 6, 9, 13))
    assert (event.first, event.last, len(event.departures)) == (DAY, DAY + timedelta(days=13), 5)
    assert TIMES_BUDGET * event.budgeted < 5
    assert found(left(0, 4, 8, 12, 16)) == [], "too slow for one window"
    assert found(left(0, 3, 6, 9, 13), dial=4.0) == [], "a looser dial allows more"


def test_two_wallets_are_never_a_market():
    """However strict the dial is; and one wallet that comes and goes is one wallet."""
    assert found(left(0, 1), [LIST[:2]], dial=0.01) == []
    again = [Departure(wallet="w00", day=DAY + timedelta(days=day), score=1.0) for day in (0, 4, 8)]
    assert found(again, [LIST[:4]], dial=0.01) == []
    assert len(found(left(0, 1, 2), [LIST[:4]])) == 1


def test_what_goes_far_beyond_the_event_is_told_apart():
    """Its evidence is ten times what is usual in the event; everything else is folded."""
    departures = [*left(0, 0, 1, 1, 2), Departure(wallet="w30", day=DAY, score=50.0)]
    [event] = found(departures)
    assert [each.wallet for each in event.beyond] == ["w30"]
    assert len(event.folded) == 5


def test_only_wallets_of_one_market_make_an_event():
    """Three departures in each of two markets of twenty are chance; six in one are not."""
    halves = [LIST[:20], LIST[20:]]
    assert groups_of({name: halves[n // 20] for n, name in enumerate(LIST)}) == halves
    apart = [Departure(wallet=name, day=DAY, score=1.0) for name in (*LIST[:2], *LIST[20:22])]
    assert found(apart, halves) == []
    assert found([Departure(wallet=name, day=DAY, score=1.0) for name in LIST[:6]], halves)[0].followed == 20


@given(
    st.lists(
        st.tuples(st.sampled_from(LIST), st.integers(0, 60), st.floats(0.1, 100)),
        max_size=40,
        unique_by=lambda x: x[:2],
    )
)
def test_each_departure_is_told_or_folded_once(rows):
    """Whatever happens, in whatever order: no departure in two events, each event is over budget, none is empty."""
    departures = [Departure(wallet=name, day=DAY + timedelta(days=day), score=score) for name, day, score in rows]
    events = found(departures)
    assert events == found(departures[::-1])
    inside = [each for event in events for each in event.departures]
    assert len(inside) == len(set(inside))
    assert set(inside) <= set(departures)
    for event in events:
        assert len(event.folded) + len(event.beyond) == len(event.departures) > TIMES_BUDGET * event.budgeted
        assert len(event.folded) > len(event.beyond)
    rest = [each for each in departures if each not in inside]
    for each in rest:
        near = {one.wallet for one in rest if timedelta(0) <= one.day - each.day < WINDOW}
        assert len(near) <= TIMES_BUDGET * len(LIST) * WINDOW.days / 365.25
