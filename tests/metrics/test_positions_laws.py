"""Laws of the books that hold for any history, in either unit."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from metrics.positions import Books, book_token, keep_books
from metrics.postings import dollars, postings
from metrics.remnants import Patience
from metrics.types import Unit
from tests.builders import ASSET, OTHER, USD, WALLET, buy, move, sell

QUOTES = {1: frozenset({USD})}
SOON = Patience(times=(0,), holding_p95_s=(1800,))  #: a rest is a remnant after an hour

usd = st.one_of(st.none(), st.decimals(0, 10**6, places=9).map(str))
amounts = st.one_of(st.integers(1, 100), st.integers(1, 10**30))
steps = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "sell", "in", "out"]), st.sampled_from([ASSET, OTHER]), amounts, usd, usd
    ),
    max_size=14,
)
units = st.sampled_from(Unit)


def history(made, without=None):
    """Entries and moves of the steps, an hour apart, but for the one that is not known yet."""
    entries, moves = [], []
    for n, (kind, token, quantity, value, gas) in enumerate(made):
        if n == without:
            continue
        if kind in ("buy", "sell"):
            entries.append({"buy": buy, "sell": sell}[kind](n, quantity, value, token=token, gas=gas))
        else:
            moves.append(move(n, quantity if kind == "in" else -quantity, token=token))
    return entries, moves


def token_books(made, unit):
    entries, moves = history(made)
    for key, items in postings(entries, moves, QUOTES).items():
        yield items, book_token(WALLET, key, items, unit=unit, patience=SOON)


@given(steps, units)
def test_quantity_is_conserved(made, unit):
    """All that came, from nowhere known included, is sold, moved out, open, of unknown cost, or left over."""
    for items, book in token_books(made, unit):
        held = book.open_position.quantity_raw if book.open_position else 0
        kept = held + book.unknown_raw + book.leftover_raw
        assert sum(posting.quantity for posting in items) + book.unmatched_raw == kept
        assert min(held, book.unknown_raw, book.leftover_raw, book.unmatched_raw) >= 0


@given(steps, units)
def test_cost_is_conserved(made, unit):
    """Every priced dollar is in a round trip, open, moved out, or counted out, to the last digit."""
    for items, book in token_books(made, unit):
        spent = sum(posting.net or 0 for posting in items if posting.quantity > 0 and not posting.is_move)
        in_trips = sum((trip.cost_usd for trip in book.round_trips), Decimal(0))
        assert dollars(spent) == in_trips + book.open_usd + book.moved_out_usd + book.left_out_usd
        assert min(book.open_usd, book.moved_out_usd, book.left_out_usd) >= 0
        left = [each.cost_usd for each in book.departures]
        told = sum((cost for cost in left if cost is not None), Decimal(0))
        assert told <= book.moved_out_usd
        assert None in left or told == book.moved_out_usd


@given(steps, units)
def test_a_round_trip_has_a_cost_an_order_and_a_name_of_its_own(made, unit):
    """A return is defined, time runs forward, and a position is named once."""
    entries, moves = history(made)
    trips = keep_books(WALLET, entries, QUOTES, moves, unit=unit).round_trips
    assert all(trip.cost_usd > 0 and trip.closed_at >= trip.opened_at for trip in trips)
    assert len({trip.position_id for trip in trips}) == len(trips)


@given(steps, units, st.randoms())
def test_the_order_of_arrival_does_not_show(made, unit, random):
    """The books are a function of the set of trades and moves, not of when they were read."""
    entries, moves = history(made)
    in_order = keep_books(WALLET, entries, QUOTES, moves, unit=unit)
    random.shuffle(entries)
    random.shuffle(moves)
    assert keep_books(WALLET, entries, QUOTES, moves, unit=unit) == in_order


@given(steps.filter(bool), units, st.data())
def test_a_late_item_touches_its_own_token_only(made, unit, data):
    """Of every other token the postings stay, of which a book is a function; and the whole is those books together."""
    late = data.draw(st.integers(0, len(made) - 1))
    before, after = (postings(*history(made, without), QUOTES) for without in (late, None))
    assert {key for key in after if after[key] != before.get(key)} == {(1, made[late][1])}
    books = [book_token(WALLET, key, items, unit=unit) for key, items in after.items()]
    together = sorted((trip for book in books for trip in book.round_trips), key=lambda t: (t.closed_at, t.position_id))
    assert trips(*history(made), unit) == tuple(together)


@given(steps, units, st.integers(2, 10**20))
def test_scaling_the_amounts_leaves_the_returns(made, unit, factor):
    """A token with more decimals is the same token."""
    scaled = [(kind, token, quantity * factor, value, gas) for kind, token, quantity, value, gas in made]
    returns = []
    for each in (made, scaled):
        entries, moves = history(each)
        returns.append([(t.position_id, t.cost_usd, t.proceeds_usd) for t in trips(entries, moves, unit)])
    assert returns[0] == returns[1]


def trips(entries, moves, unit):
    return keep_books(WALLET, entries, QUOTES, moves, unit=unit).round_trips


rounds = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(10**4, 10**30), st.integers(1, 10**9)), min_size=1, max_size=4),
        st.lists(st.integers(1, 10**9), max_size=8),
        st.integers(0, 10**9),
    ),
    max_size=4,
)


@given(rounds)
def test_what_is_all_closed_and_priced_earned_the_same_in_either_unit(made):
    """The unit decides what counts as one result, never what was earned."""
    entries, n = [], 0
    for buys, parts, last in made:
        held = 0
        for quantity, value in buys:
            entries.append(buy(n, quantity, str(value), gas="0.5"))
            held, n = held + quantity, n + 1
        for value in parts:
            # A tenth each time, and never for next to nothing: far from dust and from the last dollar.
            entries.append(sell(n, held // 10, str(value + 100), gas="0.5"))
            held, n = held - held // 10, n + 1
        entries.append(sell(n, held, str(last), gas="0.5"))
        n += 1
    episodes, fifo = (keep_books(WALLET, entries, QUOTES, unit=unit) for unit in (Unit.EPISODE, Unit.FIFO))
    assert len(episodes.round_trips) == len(made)
    assert total(episodes) == total(fifo)
    assert (episodes.open_positions, fifo.open_positions) == ((), ())


def total(books: Books):
    return sum((trip.pnl_usd for trip in books.round_trips), Decimal(0))


@given(steps, units, st.integers(-1, 14), st.integers(1, 10**30))
def test_a_strangers_transfer_changes_no_record(made, unit, after, amount):
    """Where nothing moved out that could come back, tokens sent to a wallet change none of its round trips."""
    entries, moves = history([step for step in made if step[0] in ("buy", "sell")])
    gift = replace(move(after, amount), tx_hash="0xgift")
    assert trips(entries, [gift], unit) == trips(entries, moves, unit)
