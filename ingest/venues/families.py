"""All venue families, and which of them can re-derive a pool's address."""

from collections.abc import Mapping, Sequence

from ingest.logs import Log
from ingest.venues import (
    balancer,
    curve,
    launchpads,
    orders,
    pools,
    solidly,
    uniswap_v1,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
    zeroex,
)
from ingest.venues.event import Deriver, Family, SwapEvent

FAMILIES: tuple[Family, ...] = (
    uniswap_v1,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
    solidly,
    balancer,
    curve,
    pools,
    launchpads,
    orders,
    zeroex,
)

READERS = {topic: reader for family in FAMILIES for topic, reader in family.READERS.items()}

DERIVERS: Mapping[str, Deriver] = {
    "uniswap_v2": uniswap_v2.derive,
    "smardex": uniswap_v2.derive,
    "solidly": solidly.derive,
    "uniswap_v3": uniswap_v3.derive,
    "pancake_v3": uniswap_v3.derive,
    "slipstream": uniswap_v3.derive_slipstream,
    "solidly_v3": uniswap_v3.derive_slipstream,
    "algebra": uniswap_v3.derive_algebra,
    "izumi": uniswap_v3.derive,
}

SINGLETONS = frozenset(
    {
        *("uniswap_v4", "pancake_infinity", "balancer_v2", "balancer_v3"),
        *("cow", "zeroex", "paraswap_rfq", "airswap", "gmx", "woofi", "carbon", "bancor", "hashflow", "clipper"),
        *("spark_psm", "maker_psm", "curve", "fluid", "kyber_network", "wombat", "tokenlon", "ambient", "fermi"),
        *(
            "bebop",
            "native_rfq",
            "synthetix",
            "oasis",
            "fourmeme",
            "gho_gsm",
            "angle",
            "elfomofi",
            "tessera",
            "integral",
        ),
    }
)
"""Kinds whose ``Dex.factory`` is the emitter of swaps itself."""


def read_events(logs: Sequence[Log]) -> tuple[SwapEvent, ...]:
    """Read every swap event of a known family, believed or not, in log order."""
    found = [READERS[log.topic](log) for log in logs if log.topic in READERS]
    found += curve.through_liquidity(logs)
    return tuple(sorted((event for event in found if event is not None), key=lambda event: event.log_index))
