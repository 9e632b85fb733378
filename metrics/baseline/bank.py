"""The baselines of all wallets as arrays, a row a wallet: what the daily statistics read."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from metrics.baseline.baseline import Baseline
from metrics.baseline.pauses import Pauses

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NESTED: Final = {"win_median": "scale_win.median", "loss_median": "scale_loss.median"}  # fields of ``Bank``
NEVER = 2**31  # a day that does not come


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """The baselines of all wallets as arrays, shape (wallets,); ``known`` is false while a wallet learns."""

    known: npt.NDArray[np.bool_]
    informs_from: IntArray  #: first day on which the wallet tells others about the market; never while it learns
    end_day: IntArray
    win_logit: FloatArray
    level: FloatArray
    market_beta: FloatArray
    beta_se: FloatArray
    win_inflation: FloatArray
    win_se: FloatArray
    win_spread: FloatArray
    loss_spread: FloatArray
    win_median: FloatArray
    loss_median: FloatArray
    win_size: FloatArray
    loss_size: FloatArray
    win_size_slope: FloatArray
    loss_size_slope: FloatArray
    win_size_inflation: FloatArray
    loss_size_inflation: FloatArray
    win_size_se: FloatArray
    loss_size_se: FloatArray
    rate: FloatArray
    parts: FloatArray
    rate_known: FloatArray  #: 1 where the pace was learned, else 0: no evidence of it; likewise below
    weekend: FloatArray
    overdispersion: FloatArray
    rate_slope: FloatArray
    rate_inflation: FloatArray
    rate_se: FloatArray
    overdue_share: FloatArray
    overdue_se: FloatArray
    overdue_inflation: FloatArray
    win_size_known: FloatArray
    loss_size_known: FloatArray
    overdue_known: FloatArray
    mean_return: FloatArray
    return_sd: FloatArray
    return_skew: FloatArray
    win_rate: FloatArray
    n: FloatArray
    worth: FloatArray
    link: FloatArray
    days: FloatArray
    pause_years: FloatArray
    pause_longest: FloatArray
    pause_usual: FloatArray
    pause_per_year: FloatArray
    pause_shape: FloatArray
    pause_scale: FloatArray
    stretch_years: FloatArray
    stretch_per_day: FloatArray
    stretch_slowest: FloatArray
    stretch_last: FloatArray

    @classmethod
    def of(cls, baselines: Sequence[Baseline | None], informs_from: Sequence[int]) -> "Bank":
        """Stack baselines; None (a wallet that is learning) becomes a row of ones that nothing reads."""
        columns: dict[str, Any] = {}
        for each in fields(cls):
            if each.name in ("known", "informs_from"):
                continue
            kind = np.int64 if each.name == "end_day" else np.float64
            of = attrgetter(
                NESTED.get(each.name) or each.name.replace("pause_", "pauses.").replace("stretch_", "stretches.")
            )
            columns[each.name] = np.array([1 if b is None else of(b) for b in baselines], dtype=kind)
        return cls(
            known=np.array([b is not None for b in baselines], dtype=bool),
            informs_from=np.array(
                [NEVER if b is None else day for b, day in zip(baselines, informs_from, strict=True)],
                dtype=np.int64,
            ),
            **columns,
        )

    def pauses(self) -> dict[str, FloatArray]:
        """The pauses of all wallets, as ``metrics.baseline.pauses.pause_years`` takes them."""
        return {each.name: getattr(self, f"pause_{each.name}") for each in fields(Pauses)}

    def repeat(self, row: int, times: int) -> "Bank":
        """One wallet's baseline as a bank of so many rows."""
        return Bank(**{each.name: np.repeat(getattr(self, each.name)[row], times) for each in fields(self)})
