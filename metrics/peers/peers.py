"""Who a wallet is compared with, and how far these peers have moved together.

Peers are chosen by how they trade, never by how well: a group chosen by its win rate falls back to the mean
together, and that would look like a market.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from metrics.baseline.overdispersion import LASTING
from metrics.peers import market_level

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

FEW_PEERS = 3
"""Below it, a common move and one peer's own move cannot be told apart."""
LEAST_WORTH = 2.0
"""What peers must be worth at least (:meth:`Witnesses.worth`), however many they are."""
NEAR_PEERS = 5
"""In the same market, from which nobody else is asked."""

COMMON_TOKENS = 0.2
"""Share of the smaller of two wallets' tokens that both must trade to stand in the same market."""


class Factor(IntEnum):
    """What peers share, and its unit."""

    MARKET = 0  #: win rate, logit units
    WIN_SIZE = 1  #: sizes of wins, log of the multiple of the usual
    LOSS_SIZE = 2  #: sizes of losses, likewise
    ACTIVITY = 3  #: trades, likewise
    OVERDUE = 4  #: share of positions overdue, logit units


DAYS_MEMORY = 0.55  # of a day's evidence the next day, in a history, which is read from both sides

LEAST_ACTIVITY = 0.05  # of the usual: a market that stands still, as far as a linear estimate may tell
PEER_MOOD = 0.15  # variance, logit units squared, of one peer's own wandering around the market
WEAK_PRECISION = 2.0  # holds the robust weights' centre near 0 where the peers know little
CALM_SPREAD, STORM_SPREAD, STORM_SHARE = 0.2, 1.0, 0.2
"""Prior of a past day's common shift, logit units: mostly calm (sd 5 points at 50 %), else a move (sd 23 points)."""
HUBER, HUBER_ROUNDS = 1.3, 3  # sd beyond which a peer loses weight; times that the weights are found anew
MOOD_DAYS = LASTING - 1.0  # a mood adds to the mean of L days its daily variance times LASTING / (L + this), about
OWN_LEVEL = 0.02  # variance, logit units squared, of what each peer's baseline and response leave open for good
NOTHING = 1e-9  # information of a peer that did not trade


def choose_peers(
    style: Mapping[str, tuple[float, float, float]],
    tokens: Mapping[str, Collection[str]] | None = None,
    *,
    copies: Mapping[str, Collection[str]] | None = None,
    most: int = 40,
) -> dict[str, list[str]]:
    """The ``most`` nearest wallets of each wallet by the logs of its trading style, in the same market if there is one.

    Parameters
    ----------
    style
        wallet → (trades per day, median holding time in s, median size in US dollars); 0 = unknown. Measured
        before anyone is followed, and free of returns.
    tokens
        wallet → tokens that it traded then. Where at least ``NEAR_PEERS`` others share ``COMMON_TOKENS`` of them, only
        these are peers: a fall of one market says nothing about a wallet in another.
    copies
        wallet → those of the same hand, which fall when it falls: never its peers.
    most
        Peers to keep. Many loose peers tell the market better than a few close ones.

    Returns
    -------
    dict
        wallet → its peers, nearest first, never itself. Ties go by address.
    """
    wallets = sorted(style)
    raw = np.array([style[wallet] for wallet in wallets], dtype=np.float64).reshape(-1, 3)
    x = np.log(np.where(raw > 0, raw, np.nan))
    known = ~np.isnan(x)
    centre = np.array([np.median(c[k]) if k.any() else 0.0 for c, k in zip(x.T, known.T, strict=True)])
    spread = np.array([c[k].std() if k.sum() > 1 else 1.0 for c, k in zip(x.T, known.T, strict=True)])
    x = np.where(known, (x - centre) / np.maximum(spread, 0.1), 0.0)
    traded = {wallet: frozenset((tokens or {}).get(wallet, ())) for wallet in wallets}
    chosen = {}
    for i, wallet in enumerate(wallets):
        distance = ((x - x[i]) ** 2).sum(axis=1)
        own = {wallet, *(copies or {}).get(wallet, ())}
        order = [wallets[j] for j in np.argsort(distance, kind="stable").tolist() if wallets[j] not in own]
        near = [other for other in order if _in_common(traded[wallet], traded[other]) >= COMMON_TOKENS]
        chosen[wallet] = (near if len(near) >= NEAR_PEERS else order)[:most]
    return chosen


def _in_common(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def common_shift(residual: FloatArray, information: FloatArray, use: BoolArray) -> tuple[FloatArray, FloatArray]:
    r"""Robust mean of the peers' shifts on the win-logit scale, shrunk to 0 where it is thin.

    Each peer offers :math:`\theta_j = R_j / I_j` with variance :math:`1 / I_j + 0.15` (its own mood). Huber
    weights keep one collapsing peer from looking like a market. Their mean is shrunk by a prior of two parts: on
    calm days the peers' noise is as large as the market's moves and nearly all of it goes; a drawdown stays whole.

    Parameters
    ----------
    residual, information
        Recent wins minus expected wins, and their variance, of each wallet; shape (..., peers).
    use
        Which of them count; broadcasts against the above.

    Returns
    -------
    tuple of arrays of shape (...)
        The common shift in logit units (0 without peers), and its standard error.

    Notes
    -----
    Source: Huber (1964), iteratively reweighted.
    """
    enough = use & (information > 0.2)
    theta = np.where(enough, residual / np.maximum(information, 0.2), 0.0)
    variance = 1.0 / np.maximum(information, 0.2) + PEER_MOOD
    weight = np.where(enough, 1.0 / variance, 0.0)
    sd = np.sqrt(variance)
    shift: FloatArray = (weight * theta).sum(-1) / (weight.sum(-1) + WEAK_PRECISION)
    robust = weight
    for _ in range(4):
        distance = np.abs(theta - shift[..., None]) / sd
        robust = weight * np.minimum(1.0, HUBER / np.maximum(distance, 1e-6))
        shift = (robust * theta).sum(-1) / (robust.sum(-1) + WEAK_PRECISION)
    precision = np.maximum(robust.sum(-1), 1e-3)
    return shrunk((robust * theta).sum(-1) / precision, 1.0 / precision)


def robust_mean(
    residual: FloatArray, information: FloatArray, own: FloatArray, use: BoolArray
) -> tuple[FloatArray, FloatArray]:
    r"""Huber mean of the peers' shifts, and its variance; shape (...).

    Each peer offers :math:`R_j / I_j` with the variance :math:`1 / I_j + o_j`. One that collapses differs from the
    others by more and more of its standard deviations, so that its weight goes as the block gets longer.

    Parameters
    ----------
    residual, information, own
        R, I and o of each peer, (..., peers). One with I = 0 tells nothing.
    use
        Which of them count; broadcasts against the above.

    Returns
    -------
    tuple of arrays of shape (...)
        Where nobody tells, 0 and a variance so large that it tells nothing.

    Notes
    -----
    Source: Huber (1964), iteratively reweighted.
    """
    known = np.maximum(information, NOTHING)
    theta = residual / known
    variance = 1.0 / known + own
    weight = np.where(use & (information > NOTHING), 1.0 / variance, 0.0)
    limit = HUBER * np.sqrt(variance)
    robust = weight
    for _ in range(HUBER_ROUNDS):
        centre = np.einsum("...k,...k->...", robust, theta) / np.maximum(robust.sum(-1), NOTHING)
        robust = weight * np.minimum(1.0, limit / np.maximum(np.abs(theta - centre[..., None]), NOTHING))
    precision = np.maximum(robust.sum(-1), NOTHING)
    return np.einsum("...k,...k->...", robust, theta) / precision, 1.0 / precision


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Each wallet's peers in a row: on a long list few are peers of anybody, and work grows with these only."""

    index: IntArray  #: row of each peer, ascending, (W, K); 0 where a wallet has fewer than K
    use: BoolArray  #: whether the place holds a peer that counts, (W, K)

    @classmethod
    def of(cls, rows: Sequence[Collection[int]]) -> "Witnesses":
        """From the rows of each wallet's peers."""
        index = np.zeros((len(rows), max(map(len, rows), default=0)), dtype=np.int64)
        for i, each in enumerate(rows):
            index[i, : len(each)] = sorted(each)
        count = np.array([len(each) for each in rows], dtype=np.int64)
        return cls(index, np.arange(index.shape[1]) < count[:, None])

    def those(self, which: BoolArray) -> "Witnesses":
        """Only the wallets marked, (W,), still count."""
        return Witnesses(self.index, self.use & which[self.index])

    def where(self, which: BoolArray) -> "Witnesses":
        """Only the wallets marked, (W,), still have any."""
        return Witnesses(self.index, self.use & which[:, None])

    @property
    def count(self) -> IntArray:
        """How many each wallet has, (W,)."""
        out: IntArray = self.use.sum(axis=1)
        return out

    @property
    def enough(self) -> BoolArray:
        """Whether each wallet has as many as it takes to tell the market from itself, (W,)."""
        out: BoolArray = self.count >= FEW_PEERS
        return out

    def worth(self, information: FloatArray) -> FloatArray:
        r"""How many peers that tell equally much each wallet's peers are worth, (W,).

        Kish's effective size :math:`(\sum w)^2 / \sum w^2` with each peer's precision on the logit scale as its weight,
        ``PEER_MOOD`` included: nine that hardly trade and one that trades all day are worth little more than one.

        Parameters
        ----------
        information
            Of each peer, (W, K): closed trades times the variance of one.
        """
        weight = np.where(self.use, information / (1.0 + PEER_MOOD * information), 0.0)
        out: FloatArray = weight.sum(axis=1) ** 2 / np.maximum((weight**2).sum(axis=1), 1e-12)
        return np.round(out, 9)  # five alike are five, not a hair less

    def rows_of(self, i: int) -> IntArray:
        """Rows of wallet ``i``'s peers."""
        out: IntArray = self.index[i, self.use[i]]
        return out

    def shift(
        self, residual: FloatArray, information: FloatArray, wandering: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Common shift of each wallet's peers on the newest day and its standard error, (factors, W).

        Parameters
        ----------
        residual, information
            Of all wallets: sums over the blocks of ``metrics.peers.market_level`` of what was seen less what was
            expected, and of its variance under independence, (blocks, factors, W).
        wandering
            Long-run variance of each wallet's daily mood, (factors, W): what it adds to a mean fades with its days.
        """
        own = wandering / (market_level.LENGTH[:, None, None] + MOOD_DAYS) + OWN_LEVEL
        of = self.index
        return market_level.newest(*robust_mean(residual[..., of], information[..., of], own[..., of], self.use))


def shrunk(mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Posterior mean and standard deviation of a shift of which the peers' mean is known with this variance.

    The prior is the mixture of N(0, ``CALM_SPREAD``²) and N(0, ``STORM_SPREAD``²), the latter with ``STORM_SHARE``:
    each part shrinks as a normal prior does, and they are weighed by how well they foretold the mean.
    """
    spread = np.array([CALM_SPREAD, STORM_SPREAD]) ** 2
    total = variance[..., None] + spread
    fit = np.log([1 - STORM_SHARE, STORM_SHARE]) - 0.5 * np.log(total) - 0.5 * mean[..., None] ** 2 / total
    part = np.exp(fit - np.logaddexp.reduce(fit, axis=-1, keepdims=True))
    centre = mean[..., None] * spread / total
    shift: FloatArray = (part * centre).sum(-1)
    within = part * (variance[..., None] * spread / total + (centre - shift[..., None]) ** 2)
    sd: FloatArray = np.sqrt(within.sum(-1))
    return shift, sd


def fading_sums(daily: FloatArray) -> FloatArray:
    """Exponentially fading sums over days, shape (days, wallets): what :func:`common_shift` reads."""
    out = np.zeros_like(daily)
    total = np.zeros(daily.shape[1:])
    for day, value in enumerate(daily):
        total = DAYS_MEMORY * total + value
        out[day] = total
    return out
