"""Launchpads: a token sold and bought back along a curve, by one contract for all tokens or one for each."""

from msgspec.structs import replace

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues.swap_event import SwapEvent, named_token, unnamed

FAMILY = "launchpads"
FOURMEME = "fourmeme"


def read_fourmeme_buy(log: Log) -> SwapEvent | None:
    """Read ``TokenPurchase(token, account, price, amount, cost, fee, offers, funds)``: the fee comes on top."""
    event = unnamed(FOURMEME, log, log.word(4) + log.word(5), log.word(3)) if log.fits(0, 8) else None
    return event and replace(event, token_out=named_token(log.word(0)))


def read_fourmeme_sell(log: Log) -> SwapEvent | None:
    """Read ``TokenSale(token, account, price, amount, cost, fee, offers, funds)``: the fee is taken off."""
    event = unnamed(FOURMEME, log, log.word(3), log.word(4) - log.word(5)) if log.fits(0, 8) else None
    return event and replace(event, token_in=named_token(log.word(0)))


def read_nadfun_buy(log: Log) -> SwapEvent | None:
    """Read ``CurveBuy(sender, token, amountIn, amountOut)``: two are indexed."""
    event = unnamed("nadfun", log, log.word(0), log.word(1)) if log.fits(2, 2) else None
    return event and replace(event, token_out=named_token(log.indexed[1]))


def read_nadfun_sell(log: Log) -> SwapEvent | None:
    """Read ``CurveSell(sender, token, amountIn, amountOut)``: two are indexed."""
    event = unnamed("nadfun", log, log.word(0), log.word(1)) if log.fits(2, 2) else None
    return event and replace(event, token_in=named_token(log.indexed[1]))


def read_virtuals(log: Log) -> SwapEvent | None:
    """Read ``Swap(amount0In, amount0Out, amount1In, amount1Out)``: one side goes in, the other out."""
    if not log.fits(0, 4):
        return None
    in0, out0, in1, out1 = (log.word(i) for i in range(4))
    if (in0 and in1) or (out0 and out1):
        return None
    return unnamed("virtuals", log, in0 or in1, out0 or out1)


def read_flap_buy(log: Log) -> SwapEvent | None:
    """Read ``TokenBought(ts, token, buyer, amount, eth, fee, postPrice)``: what was paid may be another coin."""
    event = unnamed("flap", log, log.word(4), log.word(3)) if log.fits(0, 7) else None
    return event and replace(event, token_out=named_token(log.word(1)))


def read_flap_sell(log: Log) -> SwapEvent | None:
    """Read ``TokenSold(ts, token, seller, amount, eth, fee, postPrice)``: whether the fee is off is not published."""
    event = unnamed("flap", log, log.word(3), log.word(4)) if log.fits(0, 7) else None
    return event and replace(event, token_in=named_token(log.word(1)))


READERS = {
    topics.FLAP_BOUGHT: read_flap_buy,
    topics.FLAP_SOLD: read_flap_sell,
    topics.FOURMEME_BUY: read_fourmeme_buy,
    topics.FOURMEME_SELL: read_fourmeme_sell,
    topics.NADFUN_BUY: read_nadfun_buy,
    topics.NADFUN_SELL: read_nadfun_sell,
    topics.VIRTUALS_SWAP: read_virtuals,
}
