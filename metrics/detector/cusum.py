"""Evidence by the day: log-likelihood increments of the changes looked for, summed by Page's CUSUM.

Seven streams, each a small mixture of alternatives (how large a change will be is unknown). A CUSUM starts
anew whenever the evidence is against a change, so the day it last left zero estimates when the change began.
Sources: Page (1954); Lorden (1971) for mixtures; Philips, Yashchin and Stein (2003) for the use on managers.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from metrics.baseline.bank import Bank
from metrics.peers.peers import Factor

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Stream(IntEnum):
    """What each stream of evidence looks for."""

    WIN_RATE = 0  #: a lower win rate
    RETURN_SIZE = 1  #: smaller wins, larger losses, given the sign
    JOINT = 2  #: a little of both: slow decay, where each alone stays quiet
    SILENCE = 3  #: trades less often, down to never
    SURGE = 4  #: trades much more often
    OPEN_LOSSES = 5  #: stays in positions under water for longer than it ever used to
    GAIN = 6  #: wins more often, or more at a time: told, and never a reason for a flag


WIN_SHIFTS = (0.35, 0.7, 1.1)  # logit units: about -9, -17 and -26 points at 50 %
SIZE_SHIFTS = (  # robust sd: wins smaller, losses larger
    (0.35, 0.0),
    (0.8, 0.0),
    (1.2, 0.0),
    (0.5, 0.4),
    (0.0, 0.6),
    (0.0, 1.2),
)
JOINT_SHIFTS = ((0.35, 0.35, 0.0), (0.7, 0.6, 0.0), (0.7, 0.8, 0.4))
SILENCE_RATES = (0.02, 0.15, 0.4, 0.65)
SURGE_RATES = (2.0, 3.5, 7.0)
OVERDUE_SHARES = (0.15, 0.3, 0.5)  # of positions
GAIN_SHIFTS = ((0.35, 0.0), (0.7, 0.0), (1.1, 0.0), (0.0, 0.35), (0.0, 0.8))  # logit units; robust sd of a win's size
OVERDUE_STEP = 0.5  # logit units by which each lies above the baseline at least

MEMBERS = tuple(
    map(len, (WIN_SHIFTS, SIZE_SHIFTS, JOINT_SHIFTS, SILENCE_RATES, SURGE_RATES, OVERDUE_SHARES, GAIN_SHIFTS))
)
"""Alternatives per stream: the columns of the arrays below, in the order of :class:`Stream`."""
COLUMNS = sum(MEMBERS)
MARKET_COLUMNS = sum(MEMBERS[:3])
"""The first columns depend on the market; the rest only a little."""
BOUNDS = np.concatenate(([0], np.cumsum(MEMBERS)))

GUARD = 0.7  # standard errors by which the baseline is moved towards the change: it is an estimate itself
RATE_GUARD = 1.0  # the same for the rate, whose error a short history understates: bursts and pauses come in spells
RESPONSE_GUARD = 3.0  # times the error of the wallet's response to the market: a drawdown lasts, and so does the error
CALM_MARKET = 0.3  # logit units: moves that are small against it come and go, and the response's error with them
MARKET_MEMORY = 6.0  # days for which the error of the market's estimate lasts: sums of so many are off together
OVERDUE_GUARD = 1.0  # the same for the share of overdue positions
DAY_LIMIT = 5.0  # most evidence that one day may add: no single day is a regime


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day's sums of all wallets (or all days of one), shape (wallets,) each; the fields of ``DayPanel``."""

    closes: FloatArray
    wins: FloatArray
    win_size: FloatArray
    loss_size: FloatArray
    trades: FloatArray
    sold: FloatArray
    overdue: FloatArray
    weekend: bool | npt.NDArray[np.bool_]


def increments(bank: Bank, day: Day, common: FloatArray, market_se: FloatArray) -> FloatArray:
    r"""Log-likelihood ratio of each alternative against the baseline for one day, shape (wallets, COLUMNS).

    * wins are binomial: :math:`w \ln\frac{p_1}{p_0} + (n - w) \ln\frac{1 - p_1}{1 - p_0}` with
      :math:`\text{logit } p_0 = a + b m - g\,\text{se}` and :math:`\text{logit } p_1 = \text{logit } p_0 - \delta`;
    * sizes are normal on the robust scale: :math:`-\delta x - n \delta^2 / 2` for a sum x of n of them;
    * trades are negative binomial: :math:`n \ln r - (n + \kappa) \ln\frac{\kappa + \mu r}{\kappa + \mu}`;
    * overdue positions are binomial among them and the round trips;
    * gains are the first two with the signs turned around.

    Each is divided by the wallet's inflation (its own mood): a wallet that swings between 45 % and 65 % needs
    more evidence than one that never did. What is not known of the market (``market_se``, logit units, (wallets,))
    is another mood, of some days. The baselines are moved towards the change by ``GUARD`` standard
    errors, because they are estimates; that of wins holds the wallet's level and, as far as the market is away
    from calm for long, its response to it. What the peers share (``common``, by
    :class:`~metrics.peers.peers.Factor`, (factors, wallets)) moves the baselines: where all win less, win less at a
    time, trade less, as on holidays, or stay in their losers longer, so may the wallet.
    """
    losses = day.closes - day.wins
    market: FloatArray = common[Factor.MARKET]
    lasting = market * np.abs(market) / (np.abs(market) + CALM_MARKET)
    unsure = np.sqrt(bank.win_se**2 + (RESPONSE_GUARD * bank.beta_se * lasting) ** 2)
    expected = bank.win_logit + bank.market_beta * market
    chance: FloatArray = expit(bank.win_logit)
    information = day.closes * chance * (1.0 - chance)
    inflation = bank.win_inflation + MARKET_MEMORY * information * (bank.market_beta * market_se) ** 2
    null = expected - GUARD * unsure
    stay, leave = _log_odds(null)
    win = []
    for shift in WIN_SHIFTS:
        p, q = _log_odds(null - shift)
        win.append((day.wins * (p - stay) + losses * (q - leave)) / inflation)
    wins_moved = bank.win_size_slope * market + common[Factor.WIN_SIZE] / bank.win_spread
    losses_moved = bank.loss_size_slope * market + common[Factor.LOSS_SIZE] / bank.loss_spread
    usual_win = wins_moved + bank.win_size
    x: FloatArray = day.win_size - (usual_win - GUARD * bank.win_size_se) * day.wins
    # Larger losses are worse, so losses count with the opposite sign.
    y: FloatArray = (losses_moved + bank.loss_size + GUARD * bank.loss_size_se) * losses - day.loss_size

    of_win = bank.win_size_known / bank.win_size_inflation
    of_loss = bank.loss_size_known / bank.loss_size_inflation

    def size(wins_by: float, losses_by: float) -> FloatArray:
        out = (-wins_by * x - day.wins * wins_by**2 / 2) * of_win
        return out + (-losses_by * y - losses * losses_by**2 / 2) * of_loss

    sizes = [size(*shifts) for shifts in SIZE_SHIFTS]
    joint = [win[WIN_SHIFTS.index(shift)] + size(*rest) for shift, *rest in JOINT_SHIFTS]
    usual = bank.rate * np.where(day.weekend, bank.weekend, 1.0)
    mean = usual * np.exp(bank.rate_slope * market + common[Factor.ACTIVITY])
    kappa = 1.0 / bank.overdispersion

    def rate(by: float) -> FloatArray:
        mu = mean * np.exp((-RATE_GUARD if by < 1 else RATE_GUARD) * bank.rate_se)
        out: FloatArray = day.trades * np.log(by) - (day.trades + kappa) * np.log((kappa + mu * by) / (kappa + mu))
        return out * bank.rate_known / bank.rate_inflation

    # nan trades: the wallet was active, but how often is not known; no evidence either way.
    rates = [np.nan_to_num(rate(by)) for by in (*SILENCE_RATES, *SURGE_RATES)]
    share = np.minimum(bank.overdue_share + OVERDUE_GUARD * bank.overdue_se, 0.9)
    odds = np.log(share / (1 - share)) + np.maximum(common[Factor.OVERDUE], 0.0)
    held, sold = _log_odds(odds)
    overdue = []
    for alternative in OVERDUE_SHARES:
        p, q = _log_odds(np.maximum(np.log(alternative / (1 - alternative)), odds + OVERDUE_STEP))
        overdue.append((day.overdue * (p - held) + day.sold * (q - sold)) / bank.overdue_inflation)
    high = expected + GUARD * unsure
    stay, leave = _log_odds(high)
    above: FloatArray = day.win_size - (usual_win + GUARD * bank.win_size_se) * day.wins
    gains = []
    for shift, by in GAIN_SHIFTS:
        p, q = _log_odds(high + shift)
        often = (day.wins * (p - stay) + losses * (q - leave)) / inflation
        gains.append(often + (by * above - day.wins * by**2 / 2) * of_win)
    return np.clip(np.stack([*win, *sizes, *joint, *rates, *overdue, *gains], axis=1), -DAY_LIMIT, DAY_LIMIT)


def page(total: FloatArray, since: IntArray, add: FloatArray, day: int) -> tuple[FloatArray, IntArray]:
    """One CUSUM step: (max(0, total + add), day on which it last left zero)."""
    return np.maximum(0.0, total + add), np.where(total <= 0.0, day, since)


def statistic(total: FloatArray) -> FloatArray:
    """Log of the mean likelihood ratio of each stream's alternatives, shape (wallets, streams); 0 = none."""
    streams = [
        np.logaddexp.reduce(total[:, a:b], axis=1) - np.log(b - a) for a, b in pairwise(BOUNDS) if b <= total.shape[1]
    ]
    return np.stack(streams, axis=1)


def began(total: FloatArray, since: IntArray) -> IntArray:
    """Day on which each stream's strongest alternative left zero, shape (wallets, streams)."""
    rows = np.arange(len(total))
    return np.stack(
        [since[rows, a + total[:, a:b].argmax(axis=1)] for a, b in pairwise(BOUNDS) if b <= total.shape[1]],
        axis=1,
    )


def _log_odds(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Logs of p and 1 - p."""
    return -np.logaddexp(0.0, -eta), -np.logaddexp(0.0, eta)
