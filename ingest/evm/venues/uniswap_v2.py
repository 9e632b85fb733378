"""Uniswap v2 and its forks (Sushi, Pancake v2, QuickSwap v2, SmarDex, …): pairs re-derived from factory and tokens."""

from collections.abc import Callable

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues import create2
from ingest.evm.venues.swap_event import SwapEvent, signed_pair
from ingest.types import Dex

FAMILY = "uniswap_v2"


def read(log: Log) -> SwapEvent | None:
    """Read ``Swap(sender, amount0In, amount1In, amount0Out, amount1Out, to)``.

    The side that left the pair is the one with the larger net outflow: a token that taxes or reflects
    shows an inflow on both sides.
    """
    return read_amounts(FAMILY, log, kinds=(FAMILY, "solidly"))


def read_amounts(family: str, log: Log, *, kinds: tuple[str, ...]) -> SwapEvent | None:
    """Read the four amounts that v2 pairs and Solidly pools share."""
    if not log.fits(2, 4):
        return None
    in0, in1, out0, out1 = log.word(0), log.word(1), log.word(2), log.word(3)
    if out1 > in1:
        return signed_pair(family, log, in0, -out1, kinds=kinds)
    return signed_pair(family, log, -out0, in1, kinds=kinds)


def derive(dex: Dex, token0: str, token1: str) -> frozenset[str]:
    """Return the pair's address."""
    if dex.init_code_hash is None:
        return frozenset()
    salt = create2.packed(token0) + create2.packed(token1)
    return frozenset({create2.derive(dex.deployer or dex.factory, salt, dex.init_code_hash)})


def read_dmm(log: Log) -> SwapEvent | None:
    """Read Kyber DMM's ``Swap``: Uniswap v2's amounts, and the fee at the end."""
    return read_amounts("kyber_dmm", log, kinds=("kyber_dmm",)) if log.fits(2, 5) else None


def brownfi(words: int) -> Callable[[Log], SwapEvent | None]:
    """Return a reader of BrownFi's ``Swap``: Uniswap v2's amounts, then the oracle's prices.

    Parameters
    ----------
    words
        Number of data words of its event.
    """

    def read_brownfi(log: Log) -> SwapEvent | None:
        return read_amounts("brownfi", log, kinds=("brownfi",)) if log.fits(2, words) else None

    return read_brownfi


def read_smardex(log: Log) -> SwapEvent | None:
    """Read SmarDex's ``Swap(sender, to, amount0, amount1)``: amounts are signed from the pair's side."""
    return signed_pair("smardex", log, log.signed(0), log.signed(1)) if log.fits(2, 2) else None


READERS: dict[str, Callable[[Log], SwapEvent | None]] = {
    topics.UNISWAP_V2_SWAP: read,
    topics.KYBER_DMM_SWAP: read_dmm,
    topics.BROWNFI_V2_SWAP: brownfi(6),
    topics.BROWNFI_V3_SWAP: brownfi(12),
    topics.SMARDEX_SWAP: read_smardex,
}
