r"""Edge or luck: how sure it is that a wallet has an edge, and how many of a list have none.

Wallets are followed because their records look hot, so a record is read against all wallets that might have been
followed. Two groups (Efron 2008; Barras, Scaillet and Wermers 2010): a share :math:`\pi` of them has an edge
:math:`\delta` (``metrics.evaluation.edge``), the rest has none, and half of these lose:

.. math:: \delta \sim \pi\, |N(0, \tau^2)| + (1 - \pi)\, \tfrac12 ([\delta = 0] - |N(0, \lambda^2)|)

A posterior under the prior of all wallets is not hurt by how a list was chosen from them (Dawid 1994). What would hurt
is to take the list for all wallets. So :math:`\pi, \tau, \lambda` are learned from the list by the likelihood of
records that were chosen (Copas and Li 1997): one whose deviate from no edge is z came on the list with the chance
:math:`\Phi((z s - c) / h)`. The cut c is unknown, and so is what was looked at: the mean's t (s = 1; sharp, or with
much else), the mean itself, or the sum of all returns (s: its standard error, relative to the list's median). All are
integrated out on a grid. Wallets that nobody chose by their records help to learn the same.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtr, softmax

from metrics.baseline.overdispersion import pooled
from metrics.evaluation.edge import LARGEST, Weighed
from metrics.intervals import Z95

FloatArray = npt.NDArray[np.float64]

SHARE, SHARE_WALLETS = 0.25, 3.0
"""Of all wallets, how many have an edge, and how many wallets this guess is worth beside those of a list. After
costs, of mutual funds 0.6 to 14 % have one (Barras, Scaillet and Wermers 2010), of day traders fewer than 1 % for sure
(Barber, Lee, Liu and Odean 2014); wallets that somebody might follow are likelier to. A convention, soon overruled."""
SHARES = np.linspace(0.01, 0.99, 25)
EDGES = np.array([0.05, 0.1, 0.2, 0.4])  # scales that edges may have: standard deviations of one round trip
LACKS = np.array([0.03, 0.1, 0.3])  # the same of what those lose who have none
CUTS = np.linspace(-4.0, 3.0, 15)  # where a list may be cut, in standard errors: 3 is the best in a thousand by luck
STEEP = np.array([0.3, 1.0, 0.3, 0.3])  # how sharply: by t, by t and much else, by the mean, by the sum
GRID = np.sinh(np.linspace(-6.0, 6.0, 201)) / math.sinh(6.0) * LARGEST  # of edges, finest around 0
TINY = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A wallet that has an edge, or has not."""

    record: Weighed  #: all that is known of it
    chosen_for: Weighed | None  #: the part of it that whoever chose it could see; None: nobody chose it by its record


@dataclass(frozen=True, slots=True, kw_only=True)
class Luck:
    """What of a list is luck."""

    edge_probability: tuple[float, ...]  #: of each wallet of the list, 0 to 1
    without_edge: float  #: expected number of the list that have none: the sum of what is missing to 1
    low: int  #: 95 % interval of that number
    high: int


def _half_normal(scale: FloatArray) -> FloatArray:
    """Shares of the grid's cells above 0, (scales, grid)."""
    density = np.exp(-0.5 * (GRID / scale[:, None]) ** 2) * np.gradient(GRID) * (GRID > 0)
    out: FloatArray = density / density.sum(axis=1, keepdims=True)
    return out


WITH = _half_normal(EDGES)
WITHOUT = 0.5 * (_half_normal(LACKS)[:, ::-1] + (GRID == 0))


def judge(listed: Sequence[Candidate], others: Sequence[Candidate] = (), *, cost: float = 0.0) -> Luck:
    """How sure each wallet of a list has an edge, and how many of them have none.

    Parameters
    ----------
    listed
        The list.
    others
        More wallets of the same kind, which only help to learn how common edges are: peers, say.
    cost
        What a round trip costs whoever copies it beyond what the record holds, fraction of cost, >= 0: an edge is what
        lies above it.

    Notes
    -----
    Sources: see the module. Undefined for wallets that ``edge.weigh`` cannot weigh: these are not in it.
    """
    everyone = [*listed, *others]
    moods = pooled([each.record.mood for each in everyone])
    likelihood = [_likelihood(each.record, each.record.mood.inflation(moods)) for each in everyone]
    a, b = SHARE * SHARE_WALLETS, (1 - SHARE) * SHARE_WALLETS
    share = SHARES[:, None, None]
    posterior = np.zeros((len(SHARES), len(EDGES), len(LACKS), len(CUTS), len(STEEP)))
    posterior += ((a - 1) * np.log(share) + (b - 1) * np.log1p(-share))[..., None, None]
    for each in likelihood:
        posterior += np.log(_mixed(WITH @ each, WITHOUT @ each) + TINY)[..., None, None]
    chosen = [(each.chosen_for, each.chosen_for.mood.inflation(moods)) for each in everyone if each.chosen_for]
    for chance, log_chance in _selection(chosen):
        passed = _mixed(np.tensordot(WITH, chance, 1), np.tensordot(WITHOUT, chance, 1))
        posterior += log_chance - np.log(passed + TINY)
    weight = softmax(posterior).sum(axis=(3, 4))
    above = [_above(cost / each.record.sd) for each in listed]
    # Of each wallet under each prior, (wallets, shares, edges, lacks).
    sure = np.array(
        [
            _mixed(WITH @ (each * over), np.zeros(len(LACKS))) / (_mixed(WITH @ each, WITHOUT @ each) + TINY)
            for each, over in zip(likelihood, above, strict=False)
        ]
    ).reshape(len(listed), *weight.shape)
    probability = (sure * weight).sum(axis=(1, 2, 3))
    low, high = _interval((1 - sure).sum(axis=0), (sure * (1 - sure)).sum(axis=0), weight, len(listed))
    return Luck(
        edge_probability=tuple(probability.tolist()),
        without_edge=float((1 - probability).sum()),
        low=low,
        high=high,
    )


def _likelihood(record: Weighed, inflation: float) -> FloatArray:
    """Of each edge of the grid, relative to the likeliest."""
    square = record.deviate(GRID, inflation) ** 2
    out: FloatArray = np.exp(-0.5 * (square - square.min()))
    return out


def _mixed(edge: FloatArray, none: FloatArray) -> FloatArray:
    """Both groups by their shares: (edges, ...) and (lacks, ...) to (shares, edges, lacks, ...)."""
    share = SHARES.reshape(-1, *(1,) * (edge.ndim + 1))
    out: FloatArray = share * edge[:, None] + (1 - share) * none
    return out


def _selection(chosen: Sequence[tuple[Weighed, float]]) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Of each record that was chosen: its chance to be, by edge, (grid, cuts, ways), and the log of what it had."""
    if not chosen:
        return
    root = np.array([math.sqrt(record.independent(inflation)) for record, inflation in chosen])
    error = np.array([record.sd for record, _ in chosen]) / root
    of_sum = error * np.array([record.n for record, _ in chosen])
    one = np.ones(len(chosen))
    scales = np.column_stack((one, one, error / np.median(error), of_sum / np.median(of_sum)))
    for (record, inflation), scale, t in zip(chosen, scales, root, strict=True):
        z = float(record.deviate(np.zeros(1), inflation)[0])
        chance = ndtr((GRID[:, None, None] * t * scale - CUTS[:, None]) / np.sqrt(scale**2 + STEEP**2))
        yield chance, log_ndtr((z * scale - CUTS[:, None]) / STEEP)


def _above(bound: float) -> FloatArray:
    """Part of each of the grid's cells above 0 that lies above a bound >= 0."""
    width = np.diff(GRID, prepend=2 * GRID[0] - GRID[1])
    out: FloatArray = np.clip((GRID - bound) / width, 0.0, 1.0) * (GRID > 0)
    return out


def _interval(mean: FloatArray, variance: FloatArray, weight: FloatArray, most: int) -> tuple[int, int]:
    """95 % interval of a count that is about normal under each prior, these weighed."""
    count = np.arange(most + 1).reshape(-1, 1, 1, 1)
    below = (weight * ndtr((count + 0.5 - mean) / np.sqrt(variance + 1e-12))).sum(axis=(1, 2, 3))
    tail = 1 - ndtr(Z95)
    low, high = np.searchsorted(below, [tail, 1 - tail])
    return int(low), int(min(high, most))
