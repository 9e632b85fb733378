"""Exact FIFO books beside pyfolio-reloaded's round trips.

    python -m benchmarks.books, in the environment that ``make bench-peers`` makes

Ours is ``keep_books`` in the unit ``fifo``, from trades to records; theirs ``extract_round_trips``, which keeps a list
entry for every single share, so that its time grows with the amounts: they are given. Whole tokens, and nine hours
between trades, because pyfolio cuts amounts to integers and merges trades that are less than eight hours apart; so both
must find the same round trips. CPU time of one core, the least of several rounds in turn; prints Markdown.
"""

import math
import random
import sys
import warnings
from decimal import Decimal

import pandas as pd

from benchmarks.timing import seconds
from ingest.types import Leg, Trade, Valuation, VenueStatus
from metrics.books.bookkeeping import Entry, keep_books
from metrics.types import Unit

WALLET, DOLLAR = "0x" + "11" * 20, "0x" + "aa" * 20
QUOTES = {1: frozenset({DOLLAR})}
START, GAP_S, TOKENS, ROUNDS = 1_500_000_000, 9 * 3600, 5, 4
CASES = ((1_000, 19), (1_000, 20_000), (300, 200_000))  # trades, and the most tokens of one


def trades(count, most, seed=1):
    """One wallet's buys and sells of a few tokens, never selling what it does not hold."""
    rng = random.Random(seed)
    tokens = ["0x" + rng.randbytes(20).hex() for _ in range(TOKENS)]
    held, made = dict.fromkeys(tokens, 0), []
    for n in range(count):
        token, quantity = rng.choice(tokens), rng.randint(1, most)
        sells = held[token] >= quantity
        held[token] += -quantity if sells else quantity
        legs = (Leg(token, quantity),), (Leg(DOLLAR, 1),)
        sold, bought = legs if sells else legs[::-1]
        facts = {"chain_id": 1, "tx_hash": f"0x{n:064x}", "ordinal": 0, "wallet": WALLET}
        at = START + n * GAP_S
        trade = Trade(
            **facts,
            block_number=n,
            transaction_index=0,
            timestamp=at,
            sold=sold,
            bought=bought,
            venue="uniswap_v2",
            venue_status=VenueStatus.VERIFIED,
            native_source=None,
            fee_native_raw=0,
        )
        usd = quantity * Decimal(rng.randint(50, 200)) / 100
        worth = Valuation(**facts, value_usd=usd, gas_usd=Decimal(0), source="peg", as_of=at)
        made.append(Entry(trade=trade, valuation=worth))
    return made


def table(entries):
    """The same trades as pyfolio takes them."""
    rows = []
    for entry in entries:
        trade, sells = entry.trade, entry.trade.bought[0].token == DOLLAR
        leg = (trade.sold if sells else trade.bought)[0]
        price = float(entry.valuation.value_usd / leg.amount_raw)
        rows.append((pd.Timestamp(trade.timestamp, unit="s", tz="UTC"), leg.amount_raw, price, leg.token, sells))
    frame = pd.DataFrame(rows, columns=["dt", "amount", "price", "symbol", "sells"]).set_index("dt")
    frame["amount"] = frame["amount"].where(~frame.pop("sells"), -frame["amount"])
    return frame


def check(books, theirs):
    """Refuse to measure what is not the same."""
    ours = sorted((trip.closed_at, trip.opened_at, float(trip.pnl_usd)) for trip in books.round_trips)
    other = sorted(zip(theirs["close_dt"], theirs["open_dt"], theirs["pnl"], strict=True))
    same = len(ours) == len(other) and all(
        a[:2] == b[:2] and math.isclose(a[2], b[2], rel_tol=1e-6, abs_tol=1e-6)
        for a, b in zip(ours, other, strict=True)
    )
    if not same:
        raise SystemExit("the round trips differ from pyfolio's")


def main():
    """Print the table."""
    warnings.simplefilter("ignore")  # pyfolio's, about other packages
    try:
        from pyfolio.round_trips import extract_round_trips
    except ImportError as error:
        sys.exit(f"The books were not measured, run `make bench-peers`: pyfolio-reloaded cannot be imported ({error}).")
    print("| FIFO round trips | pyfolio-reloaded, trades a second | Edgewatch | times |")
    print("|---|---|---|---|")
    for count, most in CASES:
        entries = trades(count, most)
        frame = table(entries)

        def ours(entries=entries):
            return keep_books(WALLET, entries, QUOTES, unit=Unit.FIFO)

        def theirs(frame=frame):
            return extract_round_trips(frame)

        check(ours(), theirs())
        took = seconds({"ours": ours, "theirs": theirs}, ROUNDS)
        rates = count / took["theirs"], count / took["ours"]
        print(
            f"| 1 to {most:,} tokens a trade | {rates[0]:,.0f} | {rates[1]:,.0f} | {rates[1] / rates[0]:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
