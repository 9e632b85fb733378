"""Remnants: a rest that nobody touches does not keep an episode open, and wins nothing when it goes."""

from datetime import UTC, datetime

from metrics.books.bookkeeping import keep_books
from metrics.books.postings import postings
from metrics.books.remnants import Patience
from tests.builders import OTHER, START, USD, WALLET, buy, move, sell

QUOTES = {1: frozenset({USD})}
DAY = 24


def at(n):
    return datetime.fromtimestamp(START + 3600 * n, UTC)


#: Twenty positions in another token, held for one hour to twenty: the 95th percentile is 19 hours.
RECORD = [
    step
    for k in range(20)
    for step in (buy(30 * k, 100, "50", token=OTHER), sell(30 * k + k + 1, 100, "60", token=OTHER))
]
EXIT = 30 * 20  #: the hour of the last exit, after all of the record
MOON_BAG = [buy(EXIT - 10, 1000, "1000"), sell(EXIT, 900, "1500")]


def asset_trips(*entries, until=None):
    made = keep_books(WALLET, [*RECORD, *MOON_BAG, *entries], QUOTES, until=until)
    return [trip for trip in made.round_trips if trip.token != OTHER], made


def test_the_percentile_is_the_nearest_rank_of_the_sells_so_far():
    """Nineteen of twenty are at most that long; fewer than twenty sells have none."""
    patience = Patience.learn(postings(RECORD, (), QUOTES).values())
    assert patience.holding_p95_s == (19 * 3600,)
    assert Patience.learn(postings(RECORD[:-1], (), QUOTES).values()).deadline(0) is None


def test_a_deadline_is_not_before_it_could_be_known():
    """A rest from before the twentieth sell becomes a remnant with that sell at the earliest."""
    patience = Patience(times=(1000,), holding_p95_s=(10,))
    assert (patience.deadline(100), patience.deadline(995), patience.deadline(2000)) == (1000, 1015, 2020)


def test_the_rest_of_an_exit_becomes_a_remnant_after_twice_the_usual_time():
    """The episode closes then, with the cost of all and the proceeds of what was sold; before, it is open."""
    assert asset_trips(until=at(EXIT + 38))[0] == []
    [trip], made = asset_trips(until=at(EXIT + 40))
    assert (trip.closed_at, trip.cost_usd, trip.proceeds_usd) == (at(EXIT + 38), 1000, 1500)
    assert (trip.left_raw, made.open_positions) == (100, ())


def test_a_remnant_that_is_sold_later_wins_nothing():
    """However dear: it is counted, reopens nothing and changes nothing of the episode."""
    [trip], made = asset_trips(sell(EXIT + 99, 100, "999999"))
    assert ([trip], made.remnant_sells) == (asset_trips(until=at(EXIT + 40))[0], 1)
    assert made.unmatched_sells == 0


def test_a_new_buy_after_the_close_is_a_new_episode():
    """It is sold before the remnant is."""
    [_, second], made = asset_trips(buy(EXIT + 50, 100, "200"), sell(EXIT + 60, 100, "100"))
    assert (second.cost_usd, second.proceeds_usd, made.remnant_sells) == (200, 100, 0)


def test_a_rest_that_is_sold_in_time_belongs_to_the_episode():
    """Up to the deadline an episode is one."""
    [trip], made = asset_trips(sell(EXIT + 38, 100, "50"))
    assert (trip.proceeds_usd, trip.sells, made.remnant_sells) == (1550, 2, 0)


def test_less_than_an_exit_leaves_the_episode_open():
    """A fifth may be left at most."""
    entries = [*RECORD, buy(EXIT - 10, 1000, "1000"), sell(EXIT, 799, "1500")]
    made = keep_books(WALLET, entries, QUOTES, until=at(EXIT + 999))
    assert [position.quantity_raw for position in made.open_positions] == [201]


def test_what_comes_later_never_moves_a_deadline():
    """Holding times are those known when the rest was last touched."""
    slow = [buy(EXIT + 1, 100, "50", token=OTHER), sell(EXIT + 900, 100, "60", token=OTHER)]
    assert asset_trips(*slow)[0] == asset_trips(until=at(EXIT + 40))[0]


def test_a_buy_starts_the_clock_anew():
    """Whoever adds to a rest has not left it."""
    [trip], _ = asset_trips(buy(EXIT + 20, 10, "10"), until=at(EXIT + 999))
    assert (trip.closed_at, trip.cost_usd, trip.left_raw) == (at(EXIT + 58), 1010, 110)


def left(*moves, sold):
    """What is open of a thousand after moves and a sell, long after."""
    entries = [*RECORD, buy(EXIT - 10, 1000, "1000"), sell(EXIT, sold, "1500")]
    made = keep_books(WALLET, entries, QUOTES, moves, until=at(EXIT + 999))
    return [position.quantity_raw for position in made.open_positions]


def test_a_transfer_is_no_exit():
    """A fifth of what did not move out may be left; what came back did not move out."""
    assert left(move(EXIT - 9, -500), sold=350) == [150]
    assert left(move(EXIT - 9, -500), sold=400) == []
    assert left(move(EXIT - 9, -500), move(EXIT - 8, 500), sold=800) == []
