"""How often wallets that do not change are really flagged, and what that says of the dial. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from metrics.types import Assessment

FloatArray = npt.NDArray[np.float64]

DRAWS = 2_000
COVERAGE = 0.95
FEWEST = 5
"""Wallets; an interval from fewer would only look like one."""
ENOUGH = 10
"""Wallets from which a factor may be learned: a bootstrap over fewer is too narrow to act on."""
STEPS = np.geomspace(1.0, 4.0, 15)
"""Factors that are tried. The last is the bound: a list that is off by more needs a look, not a number."""
SPREAD = np.log(2.0)
"""Prior standard deviation of a factor's logarithm: lists differ from invented populations by up to two as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """First flags of wallets in which nothing changed, at one setting of the dial."""

    dial: float  #: promised first flags per wallet-year
    flags: int  #: over all shuffles
    wallet_years: float  #: at risk: until the first flag
    rate: float  #: first flags per wallet-year
    low: float | None  #: 95 % interval over wallets; None: too few wallets for one
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFactor:
    """By how much scores are too large on somebody's own wallets."""

    value: float  #: at least 1; scores are divided by it
    low: float  #: realised over promised at the dial, 95 % interval
    high: float
    dial: float  #: at which it was found
    wallets: int


def first_passages(scores: FloatArray, since: npt.NDArray[np.int64], levels: Sequence[float]) -> tuple[FloatArray, ...]:
    """First passages of each level and the days until then.

    Parameters
    ----------
    scores
        Recurrence intervals, years, (wallets, days).
    since
        First judged day of each wallet, (wallets,).
    levels
        Scores that flag, years.

    Returns
    -------
    tuple of two arrays of shape (wallets, levels)
        1 where the level was reached; days at risk, the day of the passage included.
    """
    days = np.arange(scores.shape[1])
    peak = np.maximum.accumulate(np.where(days >= since[:, None], scores, 0.0), axis=1)
    under = np.stack([(peak < level).sum(axis=1) for level in levels], axis=1)
    hit = under < scores.shape[1]
    at_risk = np.maximum(0, under - since[:, None]) + (hit & (since < scores.shape[1])[:, None])
    return hit.astype(np.float64), at_risk.astype(np.float64)


def realised(flags: FloatArray, days: FloatArray, dials: Sequence[float], rng: np.random.Generator) -> list[Realised]:
    """Rates with a bootstrap interval over wallets, which also holds that they differ from each other.

    Parameters
    ----------
    flags, days
        First passages and days at risk of each wallet, summed over shuffles, (wallets, dials).
    """
    drawn = _drawn(flags, days, rng)
    out = []
    for i, dial in enumerate(dials):
        years = float(days[:, i].sum()) / 365.25
        low = high = None
        if len(flags) >= FEWEST:
            low, high = (float(x) for x in np.quantile(drawn[:, i], [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2]))
        count = int(flags[:, i].sum())
        out.append(
            Realised(
                dial=dial, flags=count, wallet_years=years, rate=count / years if years else 0.0, low=low, high=high
            )
        )
    return out


def factor(flags: FloatArray, days: FloatArray, dial: float, rng: np.random.Generator) -> CalibrationFactor | None:
    """The factor by which scores must be divided so that the promise holds; None where nothing says that it does not.

    It is where the rate falls to the dial, as found at ``STEPS`` / dial; its logarithm is shrunk to 0 by
    SPREAD² / (SPREAD² + se²). It only ever makes flags rarer: days in blocks are calmer than life
    (``metrics.evaluation.block_shuffle``), so that too few flags among them are no licence for more.

    Parameters
    ----------
    flags, days
        (wallets, ``STEPS``), the first column at the dial itself.

    Returns
    -------
    Factor or None
        None below ``ENOUGH`` wallets, and where the interval of the rate at the dial does not lie above it.
    """
    if len(flags) < ENOUGH:
        return None
    drawn = _drawn(flags, days, rng)
    low, high = (float(x) / dial for x in np.quantile(drawn[:, 0], [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2]))
    if low <= 1:
        return None
    found = _crossing((flags.sum(axis=0) / days.sum(axis=0))[None] * 365.25, dial)[0]
    se = float(_crossing(drawn, dial).std())
    value = float(np.exp(found * SPREAD**2 / (SPREAD**2 + se**2)))
    return CalibrationFactor(value=value, low=low, high=high, dial=dial, wallets=len(flags))


def divided(assessment: Assessment, by: float) -> Assessment:
    """An assessment whose recurrence intervals are shorter by a factor, its state left as it is."""
    if by == 1:
        return assessment
    metrics = tuple(replace(each, recurrence_years=each.recurrence_years / by) for each in assessment.evidence.metrics)
    gain = assessment.evidence.gain
    better = None if gain is None else replace(gain, recurrence_years=gain.recurrence_years / by)
    evidence = replace(assessment.evidence, metrics=metrics, gain=better)
    return replace(assessment, score=assessment.score / by, evidence=evidence)


def _drawn(flags: FloatArray, days: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Rates per wallet-year of wallets drawn with replacement, (draws, columns)."""
    again = rng.multinomial(len(flags), np.full(len(flags), 1 / max(1, len(flags))), size=DRAWS)
    out: FloatArray = 365.25 * (again @ flags) / np.maximum(again @ days, 1.0)
    return out


def _crossing(rates: FloatArray, dial: float) -> FloatArray:
    """Log factor at which rates (rows, ``STEPS``) fall to the dial: 0 if at once, the last if never."""
    above = (rates > dial).all(axis=1)
    at = (rates <= dial).argmax(axis=1)
    before = np.maximum(at - 1, 0)
    rows = np.arange(len(rates))
    high, low = rates[rows, before], rates[rows, at]
    share = np.where(at > before, (high - dial) / np.maximum(high - low, 1e-12), 0.0)
    grid = np.log(STEPS)
    out: FloatArray = np.where(above, grid[-1], grid[before] + share * (grid[at] - grid[before]))
    return out
