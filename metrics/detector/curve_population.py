"""What the calibration tables were made from, and how far a list of wallets is from it.

The tables of ``metrics.detector.recurrence`` hold for wallets like the invented ones that made them
(``metrics.evaluation.synthetic``). So the traits of these stand here, as their baselines say them, and those of a list
are held against them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

WALLETS = 32
"""Of each invented list: what all of them say is the prior of each."""
EDGE = 0.01
"""Share of the invented wallets that lies below a range, and above it."""

OUTSIDE = 0.10
"""Share of the invented wallets that lies outside in some trait; made with ``python -m benchmarks.calibrate``."""

TRAITS: Mapping[str, tuple[str, int]] = {
    "rate": ("trades a weekday", 2),
    "n": ("round trips in the baseline", 0),
    "days": ("days of the baseline", 0),
    "win_rate": ("win rate", 2),
    "win_inflation": ("swing of wins over chance", 1),
    "overdispersion": ("swing of trades over chance", 2),
    "win_spread": ("spread of wins, log", 2),
    "loss_spread": ("spread of losses, log", 2),
    "link": ("link of trades of one day", 2),
}
"""Field of a baseline (``metrics.detector.cusum.Bank``) → what it is, and the digits that it is told with."""

RANGES: Mapping[str, tuple[float, float]] = {
    "rate": (0.238, 15.6),
    "n": (77.3, 1320.0),
    "days": (88.0, 365.0),
    "win_rate": (0.242, 0.799),
    "win_inflation": (1.0, 3.61),
    "overdispersion": (0.05, 1.51),
    "win_spread": (0.377, 1.08),
    "loss_spread": (0.391, 0.942),
    "link": (0.0, 0.422),
}
"""Between which values all but ``EDGE`` of the invented wallets lie on each side. Made with
``python -m benchmarks.calibrate``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """One trait of a list beside the invented wallets."""

    trait: str  #: a key of ``TRAITS``
    low: float  #: of the invented wallets
    high: float
    least: float  #: of the list's
    median: float
    most: float
    outside: tuple[str, ...]  #: wallets of the list beyond the invented ones


def ranges(baselines: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """The ranges of invented wallets, from ``Monitor.baselines`` of many lists: rounded to three digits."""
    found = {}
    for trait in TRAITS:
        low, high = np.quantile(baselines[trait], [EDGE, 1 - EDGE])
        found[trait] = (float(f"{low:.3g}"), float(f"{high:.3g}"))
    return found


def compare(baselines: pd.DataFrame) -> list[Distance]:
    """How far a list is from the invented wallets, trait by trait; nothing where no baseline is known.

    Parameters
    ----------
    baselines
        ``Monitor.baselines``: a row a wallet.
    """
    if baselines.empty:
        return []
    found = []
    for trait, (low, high) in RANGES.items():
        own = baselines[trait]
        out = own[(own < low) | (own > high)]
        found.append(
            Distance(
                trait=trait,
                low=low,
                high=high,
                least=float(own.min()),
                median=float(own.median()),
                most=float(own.max()),
                outside=tuple(map(str, out.index)),
            )
        )
    return found
