"""Postings: what trades and moves do to one token, in the order of the chain, in exact integers.

Inside the books money is a whole number of trillionths of a dollar, so that however often a cost is split, its parts
add up to it; in the records it is ``Decimal``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter

import msgspec

from ingest.types import Move, Trade, Valuation

MONEY_DIGITS = 12
_UP, _DOWN = Decimal(MONEY_DIGITS), Decimal(-MONEY_DIGITS)
CRUMB = 10**MONEY_DIGITS  #: one dollar: what is worth no more does not count as held
DUST_PARTS = 50  #: one part in fifty, 2 %: what is left at most of a whole that counts as gone

#: Chain id to the addresses of its quote tokens, the native coin among them.
QuoteAddresses = Mapping[int, frozenset[str]]
#: Chain id and token.
TokenKey = tuple[int, str]
Place = tuple[int, int, int, bool, int, str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A trade with its valuation."""

    trade: Trade
    valuation: Valuation | None


# Structs, here and in ``metrics.books.lots``: made in C, at a tenth of a dataclass's cost.
class Posting(msgspec.Struct, frozen=True, gc=False):
    """One change of one token's inventory. In one transaction, moves come after trades and buys after sells."""

    timestamp: int  #: unix seconds
    block_number: int
    transaction_index: int
    is_move: bool
    ordinal: int
    tx_hash: str
    quantity: int  #: base units, signed: positive is a buy or a move in
    value: int | None = None  #: what was paid or got, trillionths of a dollar; None: unpriced
    gas: int | None = None  #: trillionths of a dollar; None: unpriced

    @property
    def place(self) -> Place:
        """Where on the chain: the key by which postings of one token sort, and by which one given twice is known."""
        return (
            self.timestamp,
            self.block_number,
            self.transaction_index,
            self.is_move,
            self.ordinal,
            self.tx_hash,
            self.quantity > 0,
        )

    @property
    def net(self) -> int | None:
        """Cost of a buy with its gas, proceeds of a sell less its gas; None where either is unknown."""
        if self.value is None or self.gas is None:
            return None
        return self.value + self.gas if self.quantity > 0 else self.value - self.gas


def money(usd: Decimal | None) -> int | None:
    """Trillionths of a dollar; None where the amount is unknown, negative or no number."""
    return None if usd is None or not usd.is_finite() or usd < 0 else round(usd.scaleb(_UP))


def dollars(amount: int) -> Decimal:
    """Dollars of so many trillionths, exact up to ten thousand trillion dollars."""
    return Decimal(amount).scaleb(_DOWN)


def is_dust(part: int, whole: int) -> bool:
    """Whether a part is at most 2 % of the whole."""
    return part * DUST_PARTS <= whole


def postings(entries: Iterable[Entry], moves: Iterable[Move], quotes: QuoteAddresses) -> dict[TokenKey, list[Posting]]:
    """Split trades and moves by token, each list in the order of the chain; quote tokens have no books.

    What is given twice counts once. Unverified trades, and what has no time, are left out.
    """
    found: defaultdict[TokenKey, dict[Place, Posting]] = defaultdict(dict)
    for entry in entries:
        trade = entry.trade
        if trade.counts and trade.timestamp is not None:
            _post(found, trade, trade.timestamp, entry.valuation, quotes.get(trade.chain_id, frozenset()))
    for move in moves:
        if move.timestamp is not None and move.token not in quotes.get(move.chain_id, frozenset()):
            posting = Posting(
                timestamp=move.timestamp,
                block_number=move.block_number,
                transaction_index=move.transaction_index,
                is_move=True,
                ordinal=0,
                tx_hash=move.tx_hash,
                quantity=move.amount_raw,
            )
            found[move.chain_id, move.token][posting.place] = posting
    return {key: [posting for _, posting in sorted(found[key].items(), key=itemgetter(0))] for key in sorted(found)}


def _post(
    found: defaultdict[TokenKey, dict[Place, Posting]],
    trade: Trade,
    timestamp: int,
    valuation: Valuation | None,
    quotes: frozenset[str],
) -> None:
    value = money(valuation.value_usd) if valuation else None
    gas = money(valuation.gas_usd) if valuation else None
    sold, bought = trade.sold, trade.bought
    # Gas is charged once: a rotation's to its sell, unless that sell cannot be priced.
    charged = len(sold) == 1 and sold[0].token not in quotes
    for legs, sign, side_gas in ((sold, -1, gas), (bought, 1, 0 if charged else gas)):
        # A trade's value is one leg's value only where that leg is alone on its side.
        side_value = value if len(legs) == 1 else None
        for leg in legs:
            if leg.token not in quotes:
                posting = Posting(
                    timestamp,
                    trade.block_number,
                    trade.transaction_index,
                    False,  # noqa: FBT003 - by position: at half the cost of keywords
                    trade.ordinal,
                    trade.tx_hash,
                    sign * leg.amount_raw,
                    side_value,
                    side_gas,
                )
                found[trade.chain_id, leg.token][posting.place] = posting
