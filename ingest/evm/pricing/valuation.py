"""What a trade was worth in US dollars, by its own quote leg.

A stable quote token counts at its peg while its feed agrees, else at its feed; the native coin counts at its feed.
Where neither side is made of quote tokens, the one quote token that the trade went through prices it, else the user's
price file; else it stays unpriced: unknown, not zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from typing import NamedTuple

from ingest.files.price_file import PriceFile
from ingest.types import NATIVE, Chain, Leg, QuoteToken, Trade, Valuation

PEG_BAND = Decimal("0.01")  #: a stable within 1 % of its peg counts at its peg
WEI_DIGITS = 18
EXACT = Context(prec=300)  #: digits enough for any sum of any amounts times any prices
SOURCES = ("none", "file", "peg_unchecked", "stable_feed", "native_feed", "peg")
"""Where a price can come from; a side with several names the first of these that it has."""

#: (US dollars of one token, unix seconds of that price)
Answer = tuple[Decimal, int]
#: Token -> block -> what its feed said there, None: it was refused; the native coin's is under ``NATIVE``.
FeedPrices = Mapping[str, Mapping[int, Answer | None]]


class Price(NamedTuple):
    """What one token was worth."""

    usd: Decimal
    source: str  #: one of ``SOURCES``
    as_of: int | None  #: unix seconds


def quote_tokens(chain: Chain) -> dict[str, QuoteToken]:
    """Address to quote token, the native coin and its wrapped form among them."""
    native = {
        address: QuoteToken(address=address, symbol=chain.native_symbol, decimals=WEI_DIGITS)
        for address in (NATIVE, chain.wrapped_native)
    }
    return {token.address: token for token in chain.quote_tokens} | native


@dataclass(slots=True, kw_only=True)
class Prices:
    """Everything that is known of prices on one chain, without asking anyone."""

    chain: Chain
    fed: FeedPrices = field(default_factory=dict)
    file: PriceFile | None = None  #: the user's own
    decimals: Mapping[str, int | None] = field(default_factory=dict)  #: of tokens that are no quote tokens
    quotes: Mapping[str, QuoteToken] = field(init=False)  #: see ``quote_tokens``

    def __post_init__(self) -> None:
        self.quotes = quote_tokens(self.chain)

    def of(self, token: str, trade: Trade) -> Price | None:
        """The price of one whole token at a trade: its feed's, else the file's; a stable's peg where these agree.

        A stable of which no feed or file says anything counts at its peg, and its source says that nobody checked it;
        where its feed gave an answer that was refused, it has no price.
        """
        key = NATIVE if token == self.chain.wrapped_native else token
        quote = self.quotes.get(key)
        peg = quote.usd if quote else None
        said = self.fed.get(key, {})
        answer = said.get(trade.block_number)
        source = "native_feed" if key == NATIVE else "stable_feed"
        if answer is None and self.file is not None and trade.timestamp is not None:
            answer, source = self.file.at(self.chain.chain_id, key, trade.timestamp), "file"
        if answer is None:
            refused = trade.block_number in said
            return None if peg is None or refused else Price(peg, "peg_unchecked", trade.timestamp)
        usd, as_of = answer
        if peg is not None and abs(usd - peg) <= peg * PEG_BAND:
            return Price(peg, "peg", trade.timestamp)
        return Price(usd, source, as_of)

    def digits(self, token: str) -> int | None:
        """A token's decimals; None where they are unknown."""
        quote = self.quotes.get(token)
        return quote.decimals if quote else self.decimals.get(token)


def value(trade: Trade, prices: Prices, hop: Leg | None = None) -> Valuation:
    """Value a trade by the side that is made of quote tokens, the sold side first, else by the quote token between.

    Without either, by the side whose every token the price file knows. A side's value is the sum of amount times price
    over its legs, exact; its time is that of its oldest price.

    Parameters
    ----------
    trade
        The fact to be valued.
    prices
        What is known of prices on its chain.
    hop
        The quote token that the trade went through, see ``ingest.evm.pricing.intermediate_quote``.

    Returns
    -------
    Valuation
        ``value_usd`` is None where neither side is priced.
    """
    own = (trade.sold, trade.bought)
    quoted = [side for side in own if all(leg.token in prices.quotes for leg in side)]
    usd, source, as_of = None, "none", None
    with localcontext(EXACT):
        for name, sides in (("", quoted), ("hop", [(hop,)] if hop else []), ("", own)):
            worth = next((found for side in sides if (found := _side(side, trade, prices))), None)
            if worth is not None:
                usd, source, as_of = worth.usd, name or worth.source, worth.as_of
                break
        gas = _side((Leg(NATIVE, trade.fee_native_raw),), trade, prices) if trade.fee_native_raw else None
    return Valuation(
        chain_id=trade.chain_id,
        tx_hash=trade.tx_hash,
        wallet=trade.wallet,
        ordinal=trade.ordinal,
        value_usd=usd,
        gas_usd=gas.usd if gas else (None if trade.fee_native_raw else Decimal(0)),
        source=source,
        as_of=as_of,
    )


def _side(legs: tuple[Leg, ...], trade: Trade, prices: Prices) -> Price | None:
    """What all legs of a side were worth together; None where one of them has no price, or there is none."""
    usd, found = Decimal(0), []
    for leg in legs:
        price, digits = prices.of(leg.token, trade), prices.digits(leg.token)
        if price is None or digits is None:
            return None
        found.append(price)
        usd += Decimal(leg.amount_raw).scaleb(-digits) * price.usd
    times = [price.as_of for price in found if price.as_of is not None]
    source = min((price.source for price in found), key=SOURCES.index, default="none")
    return Price(usd, source, min(times, default=None)) if found else None
