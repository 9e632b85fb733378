"""All venue families, and which of them can re-derive a pool's address."""

from collections.abc import Mapping, Sequence

from ingest.evm.logs.logs import Log
from ingest.evm.venues import (
    balancer,
    curve,
    launchpads,
    orders,
    other_amms,
    solidly,
    uniswap_v1,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
    zeroex,
)
from ingest.evm.venues.swap_event import Deriver, Family, SwapEvent

FAMILIES: tuple[Family, ...] = (
    uniswap_v1,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
    solidly,
    balancer,
    curve,
    other_amms,
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
        *("airswap", "ambient", "angle", "balancer_v2", "balancer_v3", "bancor", "bebop", "carbon", "clipper", "cow"),
        *("curve", "dexalot", "dfx", "elfomofi", "fermi", "flap", "fluid", "fourmeme", "gho_gsm", "gmx", "hashflow"),
        *("integral", "kyber_dmm", "kyber_network", "lfj", "maker_psm", "metric", "nabla", "nadfun", "native_rfq"),
        *(
            "oasis",
            "pancake_infinity",
            "pancake_mm",
            "paraswap_rfq",
            "platypus",
            "relay",
            "saddle",
            "spark_psm",
            "stabull",
        ),
        *("synthetix", "tessera", "tokenlon", "uniswap_v4", "valantis", "virtuals", "wombat", "woofi", "zeroex"),
    }
)
"""Kinds whose ``Dex.factory`` may be the emitter of swaps itself: a settlement, a vault, a single pool."""

BY_PAIR = frozenset({"brownfi", "trader_joe_lb"})
"""Kinds without a derivation whose factories are asked for the pool of two tokens."""

ORDERS = frozenset({"cow_eth_flow", "entry_point", "oneinch", "uniswapx"})
"""Kinds of contracts that say whose order was filled, and of pools nothing."""

NAMES: Mapping[str, str] = {
    "airswap": "AirSwap",
    "algebra": "Algebra",
    "ambient": "Ambient",
    "angle": "Angle Transmuter",
    "balancer_v1": "Balancer v1",
    "balancer_v2": "Balancer v2 and forks",
    "balancer_v3": "Balancer v3 and forks",
    "bancor": "Bancor",
    "bebop": "Bebop",
    "brownfi": "BrownFi",
    "carbon": "Carbon",
    "clipper": "Clipper",
    "cow": "CoW Protocol",
    "cow_eth_flow": "CoW ETH-flow",
    "curve": "Curve",
    "dexalot": "Dexalot",
    "dfx": "Shell v1 and DFX",
    "dodo": "DODO",
    "elfomofi": "ElfomoFi",
    "entry_point": "ERC-4337 EntryPoint",
    "eulerswap": "EulerSwap",
    "fermi": "FermiSwap",
    "flap": "Flap",
    "fluid": "Fluid",
    "fourmeme": "four.meme",
    "gho_gsm": "GHO stability modules",
    "gmx": "GMX v1",
    "hashflow": "Hashflow",
    "integral": "Integral SIZE",
    "izumi": "iZUMi",
    "kyber_dmm": "Kyber Classic (DMM)",
    "kyber_network": "Kyber Network",
    "lfj": "LFJ Token Mill and POE",
    "maker_psm": "Maker peg stability modules",
    "maverick": "Maverick",
    "metric": "Metric",
    "mooniswap": "Mooniswap",
    "nabla": "Nabla",
    "nadfun": "nad.fun",
    "native_rfq": "Native",
    "oasis": "OasisDEX, Rubicon",
    "oneinch": "1inch orders",
    "pancake_infinity": "PancakeSwap Infinity",
    "pancake_mm": "PancakeSwap market makers",
    "pancake_stable": "PancakeSwap StableSwap",
    "pancake_v3": "PancakeSwap v3 and forks",
    "paraswap_rfq": "AugustusRFQ",
    "pendle": "Pendle",
    "platypus": "Platypus",
    "pool_vault": "vault of pools with events of their own",
    "relay": "other pools that name their tokens",
    "saddle": "Saddle, Nerve, Synapse, Hop",
    "slipstream": "Slipstream",
    "smardex": "SmarDex",
    "solidly": "Solidly, Velodrome, Aerodrome",
    "solidly_v3": "Solidly v3",
    "spark_psm": "Spark PSM",
    "stabull": "Stabull",
    "synthetix": "Synthetix",
    "tessera": "Tessera V",
    "tokenlon": "Tokenlon",
    "trader_joe_lb": "Trader Joe Liquidity Book",
    "uniswap_v1": "Uniswap v1",
    "uniswap_v2": "Uniswap v2 and forks",
    "uniswap_v3": "Uniswap v3 and forks",
    "uniswap_v4": "Uniswap v4",
    "uniswapx": "UniswapX",
    "valantis": "Valantis",
    "virtuals": "Virtuals",
    "wombat": "Wombat",
    "woofi": "WOOFi",
    "zeroex": "0x",
}
"""Every family that ``Dex.kind`` or ``Trade.venue`` may name, in the words of its users."""


def read_events(logs: Sequence[Log]) -> tuple[SwapEvent, ...]:
    """Read every swap event of a known family, believed or not, in log order."""
    found = [READERS[log.topic](log) for log in logs if log.topic in READERS]
    found += curve.through_liquidity(logs)
    return tuple(sorted((event for event in found if event is not None), key=lambda event: event.log_index))
