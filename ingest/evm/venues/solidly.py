"""Solidly and its heirs (Velodrome, Aerodrome): stable and volatile pools of the same two tokens."""

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues import create2, uniswap_v2
from ingest.evm.venues.swap_event import SwapEvent
from ingest.types import Dex

FAMILY = "solidly"


def read(log: Log) -> SwapEvent | None:
    """Read the second generation's ``Swap``, which indexes the receiver; the first shares Uniswap v2's."""
    return uniswap_v2.read_amounts(FAMILY, log, kinds=(FAMILY,))


def derive(dex: Dex, token0: str, token1: str) -> frozenset[str]:
    """Return the addresses of the stable and the volatile pool."""
    if dex.init_code_hash is None:
        return frozenset()
    pair = create2.packed(token0) + create2.packed(token1)
    deployer = dex.deployer or dex.factory
    return frozenset(create2.derive(deployer, pair + stable, dex.init_code_hash) for stable in (b"\x00", b"\x01"))


READERS = {topics.SOLIDLY_SWAP: read}
