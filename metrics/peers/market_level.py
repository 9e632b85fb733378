r"""How far peers have moved together by now: a level that lasts until it changes, with some swing around it.

The last days are cut into blocks, longer ones towards the past. The peers' mean :math:`y_b` in each tells of the shift
:math:`\ell` of the newest one, as far as the level is still the same:

.. math:: y_b \sim N(\ell, v_b + \text{faded}_b)

with the peers' noise v and what the swing, an AR(1) path, and a slow drift have changed since. When the level last
changed is unknown: all ways to cut the blocks into stretches of one level are weighed by how well they fit (a product
partition model, Barry and Hartigan 1993). So a lasting move is learned as lasting, one that comes overnight is seen
within days, and nothing has to be chosen between a fast and a slow memory.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

EDGES = (0, 1, 3, 7, 15, 31, 63)
"""Ages in days at which the blocks begin and end: an old change need not be dated to the day."""
BLOCKS = len(EDGES) - 1
LENGTH = np.diff(EDGES).astype(np.float64)  # days of each block
LEVELS, SHARES = (0.4, 1.0), (0.7, 0.3)
"""Prior of a level: a mixture of normal distributions around 0 with these standard deviations (10 and 23 points of a
win rate of 50 %). It is wide: what shrinks a level shrinks a lasting one for ever."""
CHANGE = 1 / 40  # chance of a day that the level changes
SWING, SWING_MEMORY = 0.15, 0.9  # standard deviation of the swing, and its correlation from one day to the next
DRIFT = 0.002  # variance by which a level drifts in a day


def block_sums(newest_first: Sequence[FloatArray]) -> FloatArray:
    """Sums of the days' arrays over the blocks, (BLOCKS, ...); days before the first are zero."""
    days = np.stack(newest_first[: EDGES[-1]])
    begun = [edge for edge in EDGES[:-1] if edge < len(days)]
    out = np.zeros((BLOCKS, *days.shape[1:]))
    out[: len(begun)] = np.add.reduceat(days, begun, axis=0)
    return out


def _faded() -> FloatArray:
    """Variance of the difference of two blocks' means by swing and drift, (BLOCKS, BLOCKS)."""
    age = np.arange(EDGES[-1])
    apart = np.abs(age[:, None] - age)
    path = SWING**2 * SWING_MEMORY**apart - DRIFT * apart / 2  # a covariance, as far as differences are concerned
    mean = np.zeros((BLOCKS, len(age)))
    for block, (begin, end) in enumerate(pairwise(EDGES)):
        mean[block, begin:end] = 1 / (end - begin)
    of = mean @ path @ mean.T
    out: FloatArray = np.diag(of)[:, None] + np.diag(of) - 2 * of
    return out


FADED = _faded()
STAYED = LENGTH * np.log1p(-CHANGE)  # log of the chance that the level did not change in a block's days
CHANGED = np.append(np.log(-np.expm1(STAYED)), 0.0)


def newest(mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Posterior mean and standard deviation of the newest block's shift.

    Parameters
    ----------
    mean, variance
        The peers' mean in each block and its variance, newest first, (BLOCKS, ...).
    """
    prior = np.reshape(LEVELS, (-1, *(1,) * mean.ndim)) ** 2 + SWING**2
    share = np.log(np.reshape(SHARES, prior.shape))
    # Log likelihood of the blocks from each on, all their cuts weighed.
    older = np.zeros((BLOCKS + 1, *mean.shape[1:]))
    column = (-1, *(1,) * (mean.ndim - 1))
    for k in reversed(range(BLOCKS)):
        total = variance[k:] + FADED[k, k:].reshape(column)
        # Of the stretches that begin with block k, by prior and last block: precision, mean, log likelihood.
        precision = np.cumsum(1.0 / total, axis=0)
        weighted = np.cumsum(mean[k:] / total, axis=0)
        known = precision + 1.0 / prior
        fit = weighted**2 / known - np.log(known * prior) - np.cumsum(mean[k:] ** 2 / total + np.log(total), axis=0)
        stayed = np.append(0.0, np.cumsum(STAYED[k + 1 :])) + CHANGED[k + 1 :]
        fit = share + fit / 2 + stayed.reshape(column) + older[k + 1 :]
        top = fit.max(axis=(0, 1))
        part = np.exp(fit - top)
        likelihood = part.sum(axis=(0, 1))
        older[k] = top + np.log(likelihood)
    part /= likelihood
    centre = weighted / known
    shift: FloatArray = (part * centre).sum(axis=(0, 1))
    spread: FloatArray = (part * (1.0 / known + (centre - shift) ** 2)).sum(axis=(0, 1))
    return shift, np.sqrt(spread)
