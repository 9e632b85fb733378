"""Balancer: one vault per generation (v2, v3), pools of their own in v1; all name their tokens."""

from msgspec.structs import replace

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log, as_address
from ingest.evm.venues.swap_event import Holding, SwapEvent, named

FAMILY = "balancer"
GMX = "gmx"


def read_v1(log: Log) -> SwapEvent | None:
    """Read ``LOG_SWAP(caller, tokenIn, tokenOut, tokenAmountIn, tokenAmountOut)``."""
    if not log.fits(3, 2):
        return None
    return named("balancer_v1", Holding.POOL, log, log.indexed[1:3], (log.word(0), log.word(1)))


def read_v2(log: Log) -> SwapEvent | None:
    """Read ``Swap(poolId, tokenIn, tokenOut, amountIn, amountOut)``."""
    if not log.fits(3, 2):
        return None
    event = named("balancer_v2", Holding.VAULT, log, log.indexed[1:3], (log.word(0), log.word(1)))
    # A pool's id begins with its address, which is that of its share.
    return event and replace(event, pool=as_address(log.indexed[0] >> 96))


def read_v3(log: Log) -> SwapEvent | None:
    """Read v3's ``Swap(pool, tokenIn, tokenOut, amountIn, amountOut, …)`` or GMX v1's of the same signature.

    GMX v1's vault indexes nothing: ``Swap(account, tokenIn, tokenOut, amountIn, amountOut, afterFees, fee)``.
    """
    if log.fits(3, 4):
        event = named("balancer_v3", Holding.VAULT, log, log.indexed[1:3], (log.word(0), log.word(1)))
        return event and replace(event, pool=as_address(log.indexed[0]))
    if log.fits(0, 7):
        # What leaves the vault is the amount after fees.
        return named(GMX, Holding.POOL, log, (log.word(1), log.word(2)), (log.word(3), log.word(5)))
    return None


READERS = {topics.BALANCER_V1_SWAP: read_v1, topics.BALANCER_V2_SWAP: read_v2, topics.BALANCER_V3_SWAP: read_v3}
