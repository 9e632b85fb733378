"""How much a wallet wanders beyond what independent trades would: its own variance.

What makes 55 % to 45 % normal for one wallet and 75 % to 65 % a change for another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CUT = 1.4
"""A block cuts what is correlated over its ends: with a memory of 0.7 a day, sums of ten days show 4.1 of the 5.7 times
by which a mood raises the variance of long sums."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """Excess variance of a wallet's blocks of days over what independent trades would show."""

    excess: float  #: moment estimate, may be negative
    blocks: int
    block_information: float  #: mean information (variance under independence) of a block

    @classmethod
    def of(cls, day: IntArray, residual: FloatArray, information: FloatArray, length: int) -> "Mood":
        r"""Moment estimate: :math:`E[R_B^2] = I_B + s I_B^2` for block sums R of residuals."""
        if not len(day):
            return cls(excess=0.0, blocks=0, block_information=0.0)
        block = (day.max() - day) // length
        r = np.bincount(block, weights=residual)
        v = np.bincount(block, weights=information)
        r, v = r[v > 0.3], v[v > 0.3]
        if not len(v):
            return cls(excess=0.0, blocks=0, block_information=0.0)
        ratio = np.minimum(r**2 / v, 12.0)  # one wild block is not a wild wallet
        excess = float(((ratio - 1) * v).sum() / (v**2).sum())
        return cls(excess=excess, blocks=len(v), block_information=float(v.mean()))

    def inflation(self, population: float, prior_blocks: float = 8.0) -> float:
        """Variance relative to independence, shrunk to the population's excess."""
        excess = (self.blocks * self.excess + prior_blocks * population) / (self.blocks + prior_blocks)
        return min(40.0, 1.0 + CUT * max(0.0, excess) * self.block_information)


def pooled(moods: Sequence[Mood]) -> float:
    """Excess variance of the population; weights grow with the blocks and what each can tell."""
    told = [(m.excess, m.blocks * m.block_information / (1 + m.block_information)) for m in moods if m.blocks]
    weight = sum(w for _, w in told)
    return max(0.0, sum(min(3.0, max(-0.5, x)) * w for x, w in told) / weight) if weight else 0.0
