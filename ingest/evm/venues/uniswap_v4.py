"""Uniswap v4 and PancakeSwap Infinity: one manager contract, pools known by id, native coin allowed."""

from collections.abc import Callable

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues.swap_event import Holding, SwapEvent

FAMILY = "uniswap_v4"
INFINITY = "pancake_infinity"


def reader(family: str, words: int) -> Callable[[Log], SwapEvent | None]:
    """Return a reader of ``Swap(id, sender, amount0, amount1, …)``, amounts signed from the swapper's side.

    Parameters
    ----------
    family
        The family's name.
    words
        Number of data words of its event.
    """

    def read(log: Log) -> SwapEvent | None:
        if not log.fits(2, words):
            return None
        amount0, amount1 = log.signed(0), log.signed(1)
        zero_for_one: bool | None
        if amount0 < 0 < amount1:
            zero_for_one, amount_in, amount_out = True, -amount0, amount1
        elif amount1 < 0 < amount0:
            zero_for_one, amount_in, amount_out = False, -amount1, amount0
        elif amount0 == amount1 == 0:
            # The pool's hook did the swap by its own accounts; the manager tells no more than that it was asked.
            zero_for_one, amount_in, amount_out = None, 0, 0
        else:
            return None
        return SwapEvent(
            family=family,
            holding=Holding.MANAGER,
            emitter=log.address,
            log_index=log.index,
            amount_in=amount_in,
            amount_out=amount_out,
            zero_for_one=zero_for_one,
            pool=f"0x{log.indexed[0]:064x}",
        )

    return read


READERS = {
    topics.UNISWAP_V4_SWAP: reader(FAMILY, 6),
    topics.PANCAKE_INFINITY_CL_SWAP: reader(INFINITY, 7),
    topics.PANCAKE_INFINITY_BIN_SWAP: reader(INFINITY, 5),
}
