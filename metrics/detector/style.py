"""Whether a wallet that wins less often only trades another way: rarer wins, larger ones, and no less earned.

A trend follower who was a scalper wins less often and is no worse to follow. That is told, and never as decay.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from metrics.baseline.bank import Bank
from metrics.detector.cusum import Stream
from metrics.detector.evidence import Window

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LARGER = 2.0  #: standard errors by which its wins must have grown
STYLE_STREAMS = (Stream.WIN_RATE, Stream.RETURN_SIZE, Stream.JOINT)
"""What another style moves; how often a wallet trades and what it holds on to are judged as before."""


def changed(bank: Bank, window: Window) -> BoolArray:
    r"""Whether each wallet's wins are larger and its typical profit a trade is not lower, over its own window, (W,).

    The typical profit is :math:`p W - (1 - p) L` for the win rate p and the geometric mean sizes W and L of wins and
    losses, so that no single jackpot makes it. Wins have grown where their mean size on the wallet's robust scale lies
    ``LARGER`` standard errors above the baseline's; the profit is not lower where it lies at most one standard error
    below the baseline's (by the delta method, each variance times the wallet's own inflation). Both are false where
    the sizes of wins or of losses are not known.

    Parameters
    ----------
    bank
        Baselines of all wallets.
    window
        Their recent days. What the peers share is not taken off: in a market that falls, less is called style.
    """
    wins, losses = window.own(window.win_worth), window.own(window.worth) - window.own(window.win_worth)
    n = np.maximum(window.own(window.worth), 1.0)
    z_win = window.own(window.win_size) / np.maximum(wins, 1e-9)
    z_loss = window.own(window.loss_size) / np.maximum(losses, 1e-9)
    win_variance = bank.win_size_inflation / np.maximum(wins, 1e-9) + bank.win_size_se**2
    loss_variance = bank.loss_size_inflation / np.maximum(losses, 1e-9) + bank.loss_size_se**2
    grown = (wins >= 1) & (z_win - bank.win_size >= LARGER * np.sqrt(win_variance))
    p = wins / n
    before = _profit(bank, expit(bank.win_logit), bank.win_size, bank.loss_size)
    # Without a loss in the window, a loss is as large as before.
    z_loss = np.where(losses > 0, z_loss, bank.loss_size)
    now = _profit(bank, p, z_win, z_loss)
    won, lost = _size(bank.win_median, bank.win_spread, z_win), _size(bank.loss_median, bank.loss_spread, z_loss)
    variance = (won + lost) ** 2 * bank.win_inflation * np.maximum(p * (1 - p), 0.01) / n
    variance += (p * won * bank.win_spread) ** 2 * win_variance
    variance += np.where(losses > 0, ((1 - p) * lost * bank.loss_spread) ** 2 * loss_variance, 0.0)
    known = (bank.win_size_known > 0) & (bank.loss_size_known > 0)
    out: BoolArray = known & grown & (now >= before - np.sqrt(variance))
    return out


def _size(median: FloatArray, spread: FloatArray, z: FloatArray) -> FloatArray:
    """Geometric mean return of wins or losses whose mean on the robust scale is z."""
    out: FloatArray = np.exp(median + spread * z)
    return out


def _profit(bank: Bank, p: FloatArray, z_win: FloatArray, z_loss: FloatArray) -> FloatArray:
    won = _size(bank.win_median, bank.win_spread, z_win)
    out: FloatArray = p * won - (1 - p) * _size(bank.loss_median, bank.loss_spread, z_loss)
    return out
