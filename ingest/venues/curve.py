"""Curve and StableSwap forks (Saddle, Synapse, Hop): amounts and coin numbers, never token addresses."""

from collections.abc import Callable

from ingest import abi
from ingest.flows import Log
from ingest.venues.event import SwapEvent, unnamed

FAMILY = "curve"


def reader(family: str, words: int, sold: int, bought: int) -> Callable[[Log], SwapEvent | None]:
    """Return a reader of an exchange event whose amounts stand at two data words.

    Parameters
    ----------
    family
        The family's name.
    words
        Number of data words.
    sold, bought
        Positions of what went in and what came out.
    """

    def read(log: Log) -> SwapEvent | None:
        return unnamed(family, log, log.word(sold), log.word(bought)) if log.fits(1, words) else None

    return read


READERS = {
    abi.CURVE_EXCHANGE: reader(FAMILY, 4, 1, 3),
    abi.CURVE_EXCHANGE_UNDERLYING: reader(FAMILY, 4, 1, 3),
    abi.CURVE_CRYPTO_EXCHANGE: reader(FAMILY, 4, 1, 3),
    abi.CURVE_NG_EXCHANGE: reader(FAMILY, 6, 1, 3),
    abi.SADDLE_SWAP: reader("saddle", 4, 0, 1),
}
