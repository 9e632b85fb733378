"""Uniswap v1: one exchange per token, against the native coin."""

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues.swap_event import Holding, SwapEvent
from ingest.types import NATIVE

FAMILY = "uniswap_v1"


def read_eth_purchase(log: Log) -> SwapEvent | None:
    """Read ``EthPurchase(buyer, tokens_sold, eth_bought)``: all three indexed."""
    return _read(log, selling=True)


def read_token_purchase(log: Log) -> SwapEvent | None:
    """Read ``TokenPurchase(buyer, eth_sold, tokens_bought)``: all three indexed."""
    return _read(log, selling=False)


def _read(log: Log, *, selling: bool) -> SwapEvent | None:
    if not log.fits(3, 0) or min(log.indexed[1:]) <= 0:
        return None
    return SwapEvent(
        family=FAMILY,
        holding=Holding.POOL,
        emitter=log.address,
        log_index=log.index,
        amount_in=log.indexed[1],
        amount_out=log.indexed[2],
        token_in=None if selling else NATIVE,
        token_out=NATIVE if selling else None,
    )


READERS = {topics.UNISWAP_V1_SELL: read_eth_purchase, topics.UNISWAP_V1_BUY: read_token_purchase}
