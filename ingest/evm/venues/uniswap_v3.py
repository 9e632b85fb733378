"""Uniswap v3 and its forks (Pancake v3, Sushi v3, Slipstream, Algebra): concentrated liquidity pools."""

from functools import lru_cache

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues import create2
from ingest.evm.venues.swap_event import SwapEvent, signed_pair
from ingest.types import Dex

FAMILY = "uniswap_v3"
KINDS = (FAMILY, "pancake_v3", "slipstream", "solidly_v3", "algebra")

# The third word of the salt: a fee for most forks (and iZUMi), a tick spacing for Slipstream and Solidly v3.
# Governance adds new ones rarely; a pool with an unlisted one stays unverified until the shell looks it up.
FEES = (100, 200, 300, 400, 450, 500, 750, 1000, 2000, 2500, 3000, 5000, 10000, 20000)
TICK_SPACINGS = (1, 10, 50, 100, 200, 500, 1000, 2000)


def read(log: Log) -> SwapEvent | None:
    """Read ``Swap(sender, recipient, amount0, amount1, …)``: amounts are signed from the pool's side."""
    if not log.fits(2, 5):
        return None
    return signed_pair(FAMILY, log, log.signed(0), log.signed(1), kinds=KINDS)


def derive(dex: Dex, token0: str, token1: str) -> frozenset[str]:
    """Return the pool's address for every fee tier."""
    return _derive(dex.deployer or dex.factory, dex.init_code_hash, token0, token1, FEES)


def derive_slipstream(dex: Dex, token0: str, token1: str) -> frozenset[str]:
    """Return the pool's address for every tick spacing."""
    return _derive(dex.deployer or dex.factory, dex.init_code_hash, token0, token1, TICK_SPACINGS)


def derive_algebra(dex: Dex, token0: str, token1: str) -> frozenset[str]:
    """Return the pool's address: Algebra has one pool per pair."""
    return _derive(dex.deployer or dex.factory, dex.init_code_hash, token0, token1, (None,))


@lru_cache(maxsize=8_192)
def _derive(
    deployer: str, init_code_hash: str | None, token0: str, token1: str, thirds: tuple[int | None, ...]
) -> frozenset[str]:
    if init_code_hash is None:
        return frozenset()
    pair = create2.word(token0) + create2.word(token1)
    salts = (pair if third is None else pair + create2.word(third) for third in thirds)
    return frozenset(create2.derive(deployer, salt, init_code_hash) for salt in salts)


READERS = {topics.UNISWAP_V3_SWAP: read, topics.PANCAKE_V3_SWAP: read, topics.ALGEBRA_SWAP: read}
