"""Laws of the books that hold for any history, in either unit."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from metrics.books.bookkeeping import Books, Entry, book_token, keep_books
from metrics.books.departures import marked_departures, moved_away
from metrics.books.postings import dollars, postings
from metrics.books.remnants import Patience
from metrics.types import Mark, Unit
from tests.builders import ASSET, OTHER, START, USD, WALLET, buy, entry, move, sell, trade

COIN, SECOND = "0x" + "dd" * 20, "0x" + "22" * 20
LATER = datetime.fromtimestamp(START + 3600 * 30, UTC)

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


@given(steps, units, st.lists(st.tuples(st.integers(-1, 14), st.integers(-(10**30), 10**30)), max_size=4))
def test_wrapping_and_sending_what_is_paid_with_changes_nothing(made, unit, places):
    """Quote tokens that are wrapped, unwrapped, or come and go are no part of any position."""
    quotes = {1: frozenset({USD, COIN})}
    entries, moves = history(made)
    plain = keep_books(WALLET, entries, quotes, moves, unit=unit, until=LATER)
    for n, (at, amount) in enumerate(places):
        legs = [(USD, abs(amount) + 1)], [(COIN, abs(amount) + 1)]
        wrapped = trade(at, *(legs if amount < 0 else legs[::-1]), tx_hash=f"0xwrap{n}", transaction_index=2)
        entries.append(entry(wrapped, "5", gas="1"))
        moves.append(move(at, amount or 1, token=COIN, tx_hash=f"0xcoin{n}"))
    assert keep_books(WALLET, entries, quotes, moves, unit=unit, until=LATER) == plain


@given(steps, steps, units, st.lists(st.tuples(st.integers(-1, 14), amounts), max_size=4))
def test_sending_from_one_own_wallet_to_another_makes_no_record(made, others, unit, sent):
    """The taker's record is that of one who got nothing; what both paid stays as it was, and counts once."""
    giving, moves = history(made)
    taking, _ = history([step for step in others if step[0] in ("buy", "sell")])
    taking = [Entry(trade=replace(each.trade, wallet=SECOND), valuation=each.valuation) for each in taking]
    out = [move(at, -amount, tx_hash=f"0xsent{n}") for n, (at, amount) in enumerate(sent)]
    into = [replace(each, wallet=SECOND, amount_raw=-each.amount_raw) for each in out]
    taker = keep_books(SECOND, taking, QUOTES, into, unit=unit, until=LATER)
    assert taker.round_trips == keep_books(SECOND, taking, QUOTES, unit=unit, until=LATER).round_trips
    assert taker.bought_usd == keep_books(SECOND, taking, QUOTES, unit=unit, until=LATER).bought_usd
    assert taker.departures == ()
    giver = keep_books(WALLET, giving, QUOTES, [*moves, *out], unit=unit, until=LATER)
    assert giver.bought_usd == keep_books(WALLET, giving, QUOTES, unit=unit, until=LATER).bought_usd


@given(steps, units)
def test_what_left_is_told_once(made, unit):
    """Departures are at most what moved out, each of a quantity that was there, none later than it was bought."""
    for items, book in token_books(made, unit):
        out = sum(-posting.quantity for posting in items if posting.is_move and posting.quantity < 0)
        assert sum(each.quantity_raw for each in book.departures) <= out
        for each in book.departures:
            assert each.quantity_raw > 0
            assert each.stayed_raw >= 0
            assert each.opened_at <= each.left_at


@given(steps, units, st.randoms())
def test_the_order_of_marks_does_not_show(made, unit, random):
    """What left is worth the same in whatever order its marks were read."""
    entries, moves = history(made)
    books = keep_books(WALLET, entries, QUOTES, moves, unit=unit)
    marks = [
        Mark(
            wallet=WALLET,
            chain_id=1,
            token=token,
            marked_at=datetime.fromtimestamp(START + 3600 * (n - 90) + 7, UTC),
            quantity_raw=1 + n,
            proceeds_usd=Decimal(n),
        )
        for n in range(0, 190, 9)
        for token in (ASSET, OTHER)
    ]
    told = moved_away(books, marks), marked_departures(books.departures, marks)
    random.shuffle(marks)
    assert (moved_away(books, marks), marked_departures(books.departures, marks)) == told


@given(steps, units, st.integers(0, 13), st.integers(1, 10**30))
def test_what_goes_out_and_comes_straight_back_leaves_the_record(made, unit, after, amount):
    """A deposit and its withdrawal, of any part that does not end the position: the same round trips and departures."""
    entries, _ = history([step for step in made if step[0] in ("buy", "sell")])
    known = [each for each in entries if each.trade.timestamp <= START + 3600 * after]
    held = keep_books(WALLET, known, QUOTES, unit=unit).open_positions
    assume(held)
    part = min(amount, held[0].quantity_raw)
    out = move(after, -part, token=held[0].token, tx_hash="0xout")
    left = keep_books(WALLET, known, QUOTES, [out], unit=unit).open_positions
    assume(unit is Unit.FIFO or held[0].position_id in {each.position_id for each in left})
    back = move(after, part, token=held[0].token, tx_hash="0xback", transaction_index=2)
    plain = keep_books(WALLET, entries, QUOTES, unit=unit, until=LATER)
    made_twice = keep_books(WALLET, entries, QUOTES, [out, back], unit=unit, until=LATER)
    assert (made_twice.round_trips, made_twice.departures) == (plain.round_trips, ())
    assert made_twice.open_positions == plain.open_positions
