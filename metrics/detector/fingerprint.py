"""Which detector the shipped curve was fitted with: a short hash of every constant that shapes the scores.

The curve of ``metrics.detector.recurrence`` holds for one detector only. All module-level constants (names in capitals)
of ``MODULES`` belong to it, so that a new one is never forgotten, but those of ``SHOWN``, which change only what is
shown.
"""

import hashlib
from importlib import import_module
from typing import Final

import numpy as np

MODULES: Final = tuple(
    import_module(f"metrics.{name}")
    for name in (
        "baseline.bank",
        "baseline.baseline",
        "baseline.clustering",
        "baseline.day_panel",
        "baseline.overdispersion",
        "baseline.pace",
        "baseline.pauses",
        "baseline.size_scale",
        "baseline.slow_stretches",
        "baseline.unrealised_losses",
        "baseline.wallet_history",
        "baseline.wallet_state",
        "detector.checkpoints",
        "detector.cusum",
        "detector.daily_step",
        "detector.evidence",
        "detector.fit_baselines",
        "detector.recurrence",
        "detector.style",
        "peers.market_level",
        "peers.market_shift",
        "peers.peers",
    )
)
"""From the rows of a wallet to its score."""

SHOWN: Final = frozenset(
    {"SHORTEST_DAYS", "LONGEST_DAYS", "HOT", "SURE", "AGREES", "Z95", "KEPT_DAYS", "FIELDS", "NESTED"}
)
"""Constants of these modules that no score depends on: what is shown, and how arrays are laid out."""

FITTED: Final = frozenset({"WITH_PEERS", "ALONE", "LOOKS_WITH_PEERS", "LOOKS_ALONE", "FITTED_WITH"})
"""Of ``metrics.detector.recurrence``: what the fit gives."""


def constants() -> frozenset[str]:
    """``NAME = value`` of each; in which module one stands does not matter, so that it can be moved."""
    return frozenset(
        f"{name} = {value.tolist() if isinstance(value, np.ndarray) else value!r}"
        for module in MODULES
        for name, value in vars(module).items()
        if name.isupper() and name not in SHOWN | FITTED
    )


def fingerprint(of: frozenset[str]) -> str:
    """Twelve hexadecimal digits; another value of any constant, or another constant, gives others."""
    return hashlib.sha256("\n".join(sorted(of)).encode()).hexdigest()[:12]


def detector() -> str:
    """That of this program: what ``calibration.FITTED_WITH`` must be, else the curve belongs to another detector."""
    return fingerprint(constants())
