"""What a trade was worth in US dollars, by its own quote leg.

A stable quote token counts at its peg, the native coin at its Chainlink feed. Where neither side is made of quote
tokens, the one quote token that the trade went through prices it; else it stays unpriced: unknown, not zero.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError

from ingest.errors import RpcRejected
from ingest.rpc import Node, Request
from ingest.types import NATIVE, BlockRef, Chain, Leg, QuoteToken, Trade, Valuation

LATEST_ROUND_DATA = "0xfeaf968c"  #: Chainlink AggregatorV3Interface.latestRoundData()
FEED_DECIMALS = 8  #: of every <native> / USD feed
STALE_S = 26 * 3600  #: the slowest heartbeat of these feeds is 24 h
WEI = Decimal(10) ** 18

#: (block number) -> (US dollars of one native coin, unix seconds of that price)
NativePrices = Mapping[int, tuple[Decimal, int]]


def native_prices(node: Node, chain: Chain, blocks: Mapping[int, BlockRef]) -> NativePrices:
    """The feed's answer at each block; blocks without a usable answer are left out.

    An answer is refused when it is zero, negative, from the future, or older than ``STALE_S``.
    """
    if chain.native_usd_feed is None or not blocks:
        return {}
    ordered = sorted(blocks)
    requests: list[Request] = [
        ("eth_call", [{"to": chain.native_usd_feed, "data": LATEST_ROUND_DATA}, hex(number)]) for number in ordered
    ]
    prices = {}
    for number, answer in zip(ordered, node.batch(requests, tolerant=True), strict=True):
        if (price := _round(answer, at=blocks[number].timestamp)) is not None:
            prices[number] = price
    return prices


def _round(answer: Any, *, at: int) -> tuple[Decimal, int] | None:
    if isinstance(answer, RpcRejected) or not isinstance(answer, str):
        return None
    try:
        types = ["uint80", "int256", "uint256", "uint256", "uint80"]
        _, price, _, updated_at, _ = abi_decode(types, bytes.fromhex(answer[2:]))
    except (ValueError, DecodingError):
        return None
    if price <= 0 or not 0 <= at - updated_at <= STALE_S:
        return None
    return Decimal(price).scaleb(-FEED_DECIMALS), updated_at


def quote_tokens(chain: Chain) -> dict[str, QuoteToken]:
    """Address to quote token, the native coin and its wrapped form among them."""
    native = {
        address: QuoteToken(address=address, symbol=chain.native_symbol, decimals=18)
        for address in (NATIVE, chain.wrapped_native)
    }
    return {token.address: token for token in chain.quote_tokens} | native


def value(trade: Trade, chain: Chain, native: tuple[Decimal, int] | None, hop: Leg | None = None) -> Valuation:
    """Value a trade by the side that is made of quote tokens, the sold side first, else by the quote token between.

    Parameters
    ----------
    trade
        The fact to be valued.
    chain
        Its chain: quote tokens by address.
    native
        US dollars of one native coin at the trade's block and that price's time; None: unknown.
    hop
        The quote token that the trade went through, see ``ingest.hops``.

    Returns
    -------
    Valuation
        ``value_usd`` is None where neither side is priced.
    """
    quotes = quote_tokens(chain)
    usd, source, as_of = None, "none", None
    for side in (trade.sold, trade.bought, (hop,) if hop else ()):
        if side and all(leg.token in quotes for leg in side):
            parts = [_leg_usd(leg, quotes[leg.token], native) for leg in side]
            if all(part is not None for part in parts):
                usd = sum((part for part in parts if part is not None), Decimal(0))
                fed = native if any(quotes[leg.token].usd is None for leg in side) else None
                source = "hop" if side == (hop,) else ("native_feed" if fed else "peg")
                as_of = fed[1] if fed else trade.timestamp
                break
    gas = Decimal(trade.fee_native_raw) / WEI * native[0] if native else (None if trade.fee_native_raw else Decimal(0))
    return Valuation(
        chain_id=trade.chain_id,
        tx_hash=trade.tx_hash,
        wallet=trade.wallet,
        ordinal=trade.ordinal,
        value_usd=usd,
        gas_usd=gas,
        source=source,
        as_of=as_of,
    )


def _leg_usd(leg: Leg, token: QuoteToken, native: tuple[Decimal, int] | None) -> Decimal | None:
    price = token.usd if token.usd is not None else (native[0] if native else None)
    return None if price is None else Decimal(leg.amount_raw).scaleb(-token.decimals) * price
