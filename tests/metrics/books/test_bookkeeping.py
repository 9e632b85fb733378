"""The books: episodes open and close as defined, and nothing is made up."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ingest.types import Move, VenueStatus
from metrics.books.bookkeeping import Entry, keep_books, suggest_unit
from metrics.types import OpenPosition, RoundTrip, Unit
from tests.builders import ASSET, OTHER, START, USD, WALLET, buy, entry, move, sell, trade

QUOTES = {1: frozenset({USD})}
THIRD = "0x" + "dd" * 20


def books(*items, **options):
    """The books of trades and moves, given together."""
    entries = [item for item in items if isinstance(item, Entry)]
    moves = [item for item in items if isinstance(item, Move)]
    return keep_books(WALLET, entries, QUOTES, moves, **options)


def results(made):
    return [(float(trip.cost_usd), float(trip.proceeds_usd)) for trip in made.round_trips]


def hour(n):
    return datetime.fromtimestamp(START + 3600 * n, UTC)


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


def test_an_open_position_is_no_round_trip():
    """What is still held has a cost and no verdict: an own trade of long ago is no mark."""
    [position] = books(buy(0, 100, "50"), sell(1, 50, "100")).open_positions
    assert position == OpenPosition(
        wallet=WALLET,
        chain_id=1,
        token=ASSET,
        position_id=f"1:{ASSET}:0x{0:064x}:0",
        opened_at=datetime.fromtimestamp(START, UTC),
        quantity_raw=50,
        cost_usd=Decimal(25),
        mark_return=None,
        sells=1,
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


def test_several_assets_on_one_side_cannot_be_priced_the_single_one_across_can():
    """A trade's value is one leg's value only where that leg is alone on its side."""
    pair = entry(trade(1, [(ASSET, 100)], [(OTHER, 7), (THIRD, 9)]), "60")
    made = books(buy(0, 100, "50"), pair, sell(2, 7, "90", token=OTHER), sell(3, 9, "90", token=THIRD))
    assert (results(made), made.unpriced) == ([(50, 60)], 2)


def test_a_quote_token_beside_the_asset_hides_its_price():
    """Dollars and an asset for another: only what was bought has a known cost, the whole value with the gas."""
    swap = entry(trade(1, [(USD, 5), (ASSET, 100)], [(OTHER, 7)]), "60", "1")
    made = books(buy(0, 100, "50"), swap, sell(2, 7, "90", token=OTHER))
    assert (results(made), made.unpriced) == ([(61, 90)], 1)


def test_a_rotation_without_a_price_leaves_both_episodes_out():
    """Where neither side is priced, nothing is made up for either."""
    made = books(buy(0, 100, "50"), entry(trade(1, [(ASSET, 100)], [(OTHER, 7)]), None), sell(2, 7, "90", token=OTHER))
    assert (results(made), made.unpriced) == ([], 2)


def test_a_conversion_changes_no_position():
    """Quote for quote is no buy and no sell."""
    made = keep_books(WALLET, [entry(trade(0, [(USD, 5)], [(OTHER, 5)]), "5")], {1: frozenset({USD, OTHER})})
    assert (made.round_trips, made.open_positions, made.unmatched_sells) == ((), (), 0)


def test_gas_without_a_price_leaves_the_episode_out():
    """A cost that is known in part is not known."""
    made = books(buy(0, 100, "50", gas=None), sell(1, 100, "80"))
    assert (results(made), made.unpriced) == ([], 1)


def test_a_negative_value_is_no_price():
    """What cannot be is unknown."""
    assert books(buy(0, 100, "50"), sell(1, 100, "-80")).unpriced == 1


def test_round_trips_stand_in_the_order_of_their_closes():
    """Whatever their tokens are called."""
    made = books(*(step for n, t in ((0, OTHER), (2, ASSET)) for step in (buy(n, 9, "5", t), sell(n + 1, 9, "8", t))))
    assert [trip.token for trip in made.round_trips] == [OTHER, ASSET]


def test_a_return_of_zero_is_no_win():
    """What comes back to the cent is neither a profit nor a loss."""
    [trip] = books(buy(0, 100, "50", gas="1"), sell(1, 100, "52", gas="1")).round_trips
    assert (trip.pnl_usd, trip.return_fraction, trip.return_fraction > 0) == (0, 0.0, False)


def test_dust_keeps_no_episode_open_and_wins_nothing_later():
    """Two percent of the peak may be left; its cost is in the record, and selling it later opens and wins nothing."""
    made = books(buy(0, 1000, "1000"), sell(1, 980, "1100"), sell(2, 20, "900"))
    [trip] = made.round_trips
    assert (trip.cost_usd, trip.proceeds_usd, trip.left_raw, trip.closed_at) == (1000, 1100, 20, hour(1))
    assert (made.remnant_sells, made.unmatched_sells, made.open_positions) == (1, 0, ())


@pytest.mark.parametrize(("left", "closed"), [(190, True), (200, True), (201, False), (210, False)])
def test_an_episode_closes_where_two_percent_are_left(left: int, closed: bool):
    """1.9 and 2 % of the peak are dust; 2.01 % keep the episode open, and so do 2.1 %."""
    made = books(buy(0, 10_000, "100000"), sell(1, 10_000 - left, "100000"))
    assert len(made.round_trips) == closed
    assert [position.quantity_raw for position in made.open_positions] == ([] if closed else [left])


def test_dust_is_measured_against_the_peak():
    """The most that was ever held of it since the first buy, not what the last buy left."""
    made = books(buy(0, 1000, "1000"), sell(1, 900, "900"), buy(2, 50, "50"), sell(3, 145, "145"))
    assert [(trip.left_raw, trip.sells) for trip in made.round_trips] == [(5, 2)]


def test_a_dollar_is_too_little_to_keep_an_episode_open():
    """What is left is worth at most one dollar at the last price, though it is half of the tokens."""
    made = books(buy(0, 1000, "1000"), sell(1, 500, "1"))
    assert results(made) == [(1000, 1)]


def test_what_arrived_by_transfer_is_never_a_win():
    """Its cost is unknown: selling it is counted and no round trip."""
    made = books(move(0, 100), sell(1, 100, "80"))
    assert (made.round_trips, made.open_positions) == ((), ())
    assert (made.unknown_cost, made.unmatched_sells) == (1, 0)


def test_a_strangers_gift_does_not_change_the_record():
    """What was bought is sold first, whatever arrived before, between or after; what arrived lies beneath it."""
    plain = [buy(1, 100, "50"), sell(3, 50, "60"), sell(5, 50, "20")]
    gifts = [move(0, 10**9), move(2, 7), move(4, 10**30)]
    made = books(*plain, *gifts)
    assert (made.round_trips, made.unknown_cost) == (books(*plain).round_trips, 0)


def test_of_a_sell_that_digs_into_what_arrived_only_the_bought_part_counts():
    """Proceeds and gas are shared by quantity."""
    made = books(buy(0, 100, "50"), move(1, 300), sell(2, 400, "80", gas="4"))
    assert (results(made), made.unknown_cost) == ([(50, 19)], 1)


def test_a_transfer_out_is_no_sell():
    """The part that moves takes its share of the cost along: neither proceeds nor loss."""
    made = books(buy(0, 100, "50", gas="2"), move(1, -75), sell(2, 25, "20"))
    assert (results(made), made.moved_out_usd) == ([(13, 20)], 39)


def test_a_transfer_of_all_ends_the_episode_without_a_verdict():
    """Nothing was sold: there is nothing to judge, and nothing is open."""
    made = books(buy(0, 100, "50"), move(1, -100))
    assert (made.round_trips, made.open_positions, made.moved_away, made.moved_out_usd) == ((), (), 1, 50)


def test_a_transfer_of_the_rest_ends_the_episode_with_what_was_sold():
    """The sold part's own cost against its proceeds, dated by the transfer."""
    [trip] = books(buy(0, 100, "50"), sell(1, 40, "60"), move(2, -60)).round_trips
    assert (trip.cost_usd, trip.proceeds_usd, trip.closed_at) == (20, 60, hour(2))


def test_a_transfer_takes_what_arrived_before_what_was_bought():
    """A wallet that passes tokens on does not lose the record of those that it bought."""
    made = books(buy(0, 100, "50"), move(1, 30), move(2, -30), sell(3, 100, "80"))
    assert (results(made), made.unknown_cost) == ([(50, 80)], 0)


def test_a_deposit_and_its_withdrawal_leave_the_record_as_it_was():
    """A part goes into a vault and comes back with interest: the same round trip, the interest of unknown cost."""
    plain = [buy(0, 100, "50"), sell(4, 100, "80")]
    assert books(*plain, move(1, -70), move(2, 70)).round_trips == books(*plain).round_trips
    made = books(buy(0, 100, "50"), sell(4, 110, "88"), move(1, -70), move(2, 80))
    assert (results(made), made.unknown_cost, made.moved_out_usd) == ([(50, 80)], 1, 0)


def test_all_of_a_position_that_comes_back_has_its_cost_and_its_first_day():
    """It is an episode of its own, named by the return, and as old as its buy."""
    made = books(buy(0, 100, "50"), move(1, -100), move(5, 90), sell(7, 90, "99"))
    [trip] = made.round_trips
    assert (trip.opened_at, trip.closed_at, trip.cost_usd, trip.buys) == (hour(0), hour(7), 45, 0)
    assert trip.position_id == f"1:{ASSET}:{move(5, 1).tx_hash}:in"
    assert (made.moved_away, made.moved_out_usd) == (1, 5)


def test_however_often_a_position_goes_and_comes_it_is_as_old_as_its_buy():
    """Emptied and brought back twice, or brought back into an episode that is younger."""
    twice = books(buy(0, 100, "50"), move(1, -100), move(2, 100), move(3, -100), move(4, 100), sell(5, 100, "80"))
    assert [(trip.opened_at, trip.cost_usd) for trip in twice.round_trips] == [(hour(0), 50)]
    younger = books(buy(0, 100, "50"), move(1, -100), buy(6, 10, "5"), move(7, 100), sell(8, 110, "80"))
    assert [(trip.opened_at, trip.cost_usd) for trip in younger.round_trips] == [(hour(0), 55)]


def test_what_has_no_price_has_none_when_it_comes_back():
    """A cost that is known in part is not known, wherever the tokens were meanwhile."""
    made = books(buy(0, 50, None), buy(1, 50, "50"), move(2, -100), move(3, 100), sell(4, 100, "80"))
    assert (results(made), made.unpriced) == ([], 1)


def test_in_one_transaction_the_move_follows_the_trade():
    """What was bought and sent on has been bought."""
    bought_and_sent = [buy(0, 100, "50", ordinal=1), move(0, -100, transaction_index=0)]
    assert books(*bought_and_sent).moved_away == 1


def test_a_move_of_a_quote_token_is_no_position():
    """Dollars that come and go have no books."""
    made = books(move(0, 100, token=USD), move(1, -300, token=USD))
    assert (made.open_positions, made.unknown_cost, made.moved_out_usd) == ((), 0, 0)


def test_what_is_given_twice_counts_once():
    """A trade or a move that was read again changes nothing."""
    items = [buy(0, 100, "50"), move(1, -50), sell(2, 50, "80")]
    assert books(*items, *items) == books(*items)


def test_a_wallet_that_trades_around_a_core_is_judged_by_fifo():
    """Most of its sells belong to a position that never closes; a wallet that closes keeps its episodes."""
    core = [buy(0, 10**6, "1000"), *(step(n) for n in range(1, 30) for step in (sold(100), bought(100)))]
    assert suggest_unit(books(*core)) is Unit.FIFO
    closing = [step(n) for n in range(30) for step in (bought(100), sold(100))]
    assert suggest_unit(books(*closing)) is Unit.EPISODE
    assert suggest_unit(books(*core[:9])) is Unit.EPISODE


def bought(quantity):
    return lambda n: buy(2 * n, quantity, "2")


def sold(quantity):
    return lambda n: sell(2 * n + 1, quantity, "2")
