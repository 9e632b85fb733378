"""The books: episodes open and close as defined, and nothing is made up."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ingest.types import VenueStatus
from metrics.positions import keep_books
from metrics.types import OpenPosition, RoundTrip
from tests.builders import ASSET, OTHER, START, USD, WALLET, buy, entry, sell, trade

QUOTES = {1: frozenset({USD})}


def books(*entries):
    return keep_books(WALLET, entries, QUOTES)


def test_a_buy_and_its_sell_are_one_round_trip():
    """The whole record: cost with the gas of the buy, proceeds less the gas of the sell, return on cost."""
    [trip] = books(buy(0, 100, "50", gas="1"), sell(5, 100, "80", gas="2")).round_trips
    assert trip == RoundTrip(
        wallet=WALLET,
        chain_id=1,
        token=ASSET,
        position_id=f"1:{ASSET}:0x{0:064x}:0",
        opened_at=datetime.fromtimestamp(START, UTC),
        closed_at=datetime.fromtimestamp(START + 5 * 3600, UTC),
        cost_usd=Decimal(51),
        proceeds_usd=Decimal(78),
        buys=1,
        sells=1,
    )
    assert trip.pnl_usd == 27
    assert trip.return_fraction == 27 / 51
    assert trip.holding_s == 5 * 3600


def test_ten_partial_exits_of_one_winner_are_one_win():
    """An episode ends when at most 2 % of its peak is left, however many sells that took."""
    made = books(buy(0, 1000, "100"), *(sell(n, 98, "20") for n in range(1, 11)))
    assert [(trip.sells, trip.proceeds_usd) for trip in made.round_trips] == [(10, 200)]
    assert made.open_positions == ()


def test_an_open_position_is_marked_at_the_last_seen_price():
    """What is still held is not a round trip; it is marked by the wallet's own last price, or not at all."""
    [position] = books(buy(0, 100, "50"), sell(1, 50, "100")).open_positions
    assert position == OpenPosition(
        wallet=WALLET,
        chain_id=1,
        token=ASSET,
        position_id=f"1:{ASSET}:0x{0:064x}:0",
        opened_at=datetime.fromtimestamp(START, UTC),
        quantity_raw=50,
        cost_usd=Decimal(25),
        mark_return=3.0,
    )


def test_a_sell_without_a_known_buy_is_counted_and_never_a_win():
    """Tokens that arrived by transfer have no known cost."""
    made = books(sell(0, 100, "80"))
    assert made.round_trips == ()
    assert made.unmatched_sells == 1


def test_of_a_sell_larger_than_the_position_only_the_known_part_counts():
    """Half of what is sold was bought for 50; half of the proceeds belong to it."""
    [trip] = books(buy(0, 100, "50"), sell(1, 200, "80")).round_trips
    assert trip.proceeds_usd == 40


def test_a_rotation_is_a_sell_and_a_buy_at_one_value():
    """Asset for asset closes one episode and opens the next at the same value; its gas is charged once."""
    rotation = entry(trade(1, [(ASSET, 100)], [(OTHER, 7)]), "60", "1")
    first, second = books(buy(0, 100, "50"), rotation, sell(2, 7, "90", token=OTHER)).round_trips
    assert (first.proceeds_usd, second.cost_usd) == (59, 60)


def test_an_unpriced_part_leaves_the_episode_out_and_says_so():
    """Unknown is not zero: an episode with an unpriced buy is no loss and no win."""
    made = books(buy(0, 100, None), buy(1, 100, "50"), sell(2, 200, "80"))
    assert (made.round_trips, made.unpriced) == ((), 1)


def test_an_unverified_trade_moves_nothing():
    """What nobody vouches for is counted, not believed."""
    fake = entry(trade(1, [(ASSET, 100)], [(USD, 1)], venue_status=VenueStatus.UNVERIFIED), "9999")
    made = books(buy(0, 100, "50"), fake)
    assert (made.round_trips, made.unverified, len(made.open_positions)) == ((), 1, 1)


steps = st.lists(
    st.tuples(st.booleans(), st.sampled_from([ASSET, OTHER]), st.integers(1, 10**30), st.integers(0, 10**6)),
    max_size=12,
)


def entries_of(steps):
    return [(buy if b else sell)(n, q, str(v), token=t) for n, (b, t, q, v) in enumerate(steps)]


@given(steps, st.randoms())
def test_the_order_of_arrival_does_not_show(made, random):
    """The books are a function of the trades, not of when they were read."""
    entries = entries_of(made)
    shuffled = entries[:]
    random.shuffle(shuffled)
    assert keep_books(WALLET, shuffled, QUOTES) == keep_books(WALLET, entries, QUOTES)


@given(steps)
def test_quantity_and_cost_are_conserved(made):
    """Nothing is sold that was not bought, and every priced dollar of cost is in a round trip, open, or counted out."""
    entries = entries_of(made)
    result = keep_books(WALLET, entries, QUOTES)
    bought = sum(q for b, _, q, _ in made if b)
    assert sum(position.quantity_raw for position in result.open_positions) <= bought
    assert all(trip.cost_usd > 0 and trip.closed_at >= trip.opened_at for trip in result.round_trips)
    spent = sum((Decimal(v) for b, _, _, v in made if b), Decimal(0))
    assert sum((trip.cost_usd for trip in result.round_trips), Decimal(0)) <= spent
