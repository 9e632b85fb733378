"""What left a wallet, to whom, and how much of what it held that was."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ingest.evm.logs.token_flows import ZERO
from ingest.types import NATIVE, Sending
from metrics.outflows import LARGE, holdings, moved_out
from tests.builders import ASSET, OTHER, START, USD, buy, entry, move, sell, trade

TO, ELSE = "0x" + "77" * 20, "0x" + "88" * 20
WRAPPED = "0x" + "99" * 20


def sent(n, amount, token=USD, to=TO, chain_id=1):
    return Sending(
        chain_id=chain_id,
        block_number=100 + n,
        tx_hash=f"0x{n:062x}ee",
        timestamp=START + 3600 * n,
        token=token,
        amount_raw=amount,
        to=to,
    )


def look(entries, sendings, coins=None):
    """A transfer is a move as well, as the store has it."""
    moves = [move(int(item.tx_hash[:-2], 16), -item.amount_raw, item.token) for item in sendings]
    return moved_out(entries, moves, sendings, coins=coins or {}, wrapped={1: WRAPPED})


def dollars(n, amount):
    """Sell something for so many dollars: what a wallet holds afterwards."""
    return entry(trade(n, [(ASSET, amount)], [(USD, amount)]), str(amount))


def test_the_share_is_what_went_of_what_was_held():
    """92 of 100 dollars, in two transfers; what was sold before they went is not counted twice."""
    found = look([buy(0, 50, "50"), dollars(1, 100)], [sent(3, 60), sent(30, 32)])
    assert found is not None
    assert (found.to, found.transfers, found.starts) == (TO, 2, ((1, 103),))
    assert found.share == pytest.approx(0.92)
    assert (found.first_at, found.last_at) == tuple(datetime.fromtimestamp(START + 3600 * n, UTC) for n in (3, 30))


def test_the_address_that_got_most_is_told_and_the_rest_counts_as_gone():
    """Of 100 held, 60 went there and 30 elsewhere: 60 %."""
    found = look([dollars(0, 100)], [sent(3, 30, to=ELSE), sent(4, 60)])
    assert (found.to, round(found.share, 6)) == (TO, 0.6)


@pytest.mark.parametrize(
    "sendings",
    [
        [sent(3, 10**40, token=OTHER)],  # a token that it never traded, as forgers make them
        [sent(3, 90, to=ZERO)],  # burnt, or over a bridge
        [sent(3, 24)],  # little of what it held
        [],
    ],
)
def test_what_is_small_forged_or_burnt_points_nowhere(sendings):
    """No address is shown."""
    assert look([dollars(0, 100)], sendings) is None


def test_dust_is_not_large_even_where_it_is_all_that_is_known():
    """Worth less than a usual trade: nothing is said."""
    gone = sell(2, 100, "100")  # for dollars of which the record knows one unit
    entries = [buy(0, 100, "100"), gone, entry(trade(3, [(ASSET, 1)], [(USD, 1)]), "1")]
    assert look(entries, [sent(5, 2)]) is None


def test_the_native_coin_counts_as_held_at_the_price_of_its_wrapped_form():
    """Half of what it had was coin that stayed: the share is half, not all."""
    bought = entry(trade(1, [(USD, 100)], [(WRAPPED, 10**18)]), "100")
    found = look([dollars(0, 200), bought], [sent(4, 100)], coins={1: 0})
    assert found.share == pytest.approx(0.5)
    found = look([dollars(0, 200), bought], [sent(4, 100)], coins={1: 2 * 10**18})
    assert found.share == pytest.approx(0.25)
    assert NATIVE not in {token for _, token in holdings([bought], [])}


def test_several_chains_are_one_address():
    """Transfers on two chains add up; the first block on each is kept."""
    there = replace(dollars(1, 100).trade, chain_id=10)
    entries = [dollars(0, 100), entry(there, "100")]
    found = look(entries, [sent(3, 100), sent(5, 50, chain_id=10), sent(4, 50, chain_id=10)])
    assert found.starts == ((1, 103), (10, 104))


@given(
    held=st.integers(1, 10**30),
    parts=st.lists(st.tuples(st.integers(1, 10**30), st.sampled_from([TO, ELSE, ZERO])), max_size=6),
    factor=st.integers(1, 10**9),
)
def test_a_share_is_a_share_and_has_no_unit(held, parts, factor):
    """Between a quarter and one, whatever was sent; the same in smaller units of the token."""
    made = [
        look([dollars(0, held * k)], [sent(i, n * k, to=to) for i, (n, to) in enumerate(parts, 2)]) for k in (1, factor)
    ]
    first, second = made
    assert (first is None) == (second is None)
    if first is not None:
        assert LARGE <= first.share <= 1
        assert first.to in {TO, ELSE}
        assert (second.to, second.share) == (first.to, pytest.approx(first.share))


@given(st.lists(st.tuples(st.integers(1, 10**30), st.booleans()), max_size=20))
def test_nobody_holds_less_than_nothing(steps):
    """Never negative; and exactly what came in less what went out where that never fell below zero."""
    moves = [move(n, amount if into else -amount) for n, (amount, into) in enumerate(steps)]
    total, least = 0, 0
    for item in moves:
        total += item.amount_raw
        least = min(least, total)
    assert holdings([], moves).get((1, ASSET), 0) == total - least
