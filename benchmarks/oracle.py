"""How soon a change could be noticed at all, by somebody who knows everything but its day.

Page's CUSUM (Page 1954) of the log likelihood ratio of each day, with a wallet's true traits, the true market and the
true change (``metrics.evaluation.synthetic``). Moods are integrated out day by day, and a change that comes over weeks
is looked for at 0.6 of its size, so this is near the best that can be done (Lorden 1971), not exactly it.
"""

from dataclasses import replace

import numpy as np
from scipy.special import expit, logsumexp
from scipy.stats import binom, norm
from scipy.stats import t as student

from metrics.evaluation.synthetic import START

RAMP = 0.6
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
LARGEST_WIN, LARGEST_LOSS = 10.0, 1.0  # where the invented returns are cut
TAIL = np.sqrt(3 / 5)  # scale of a Student t5 of variance 1
ALMOST_NOTHING = 1e-3  # instead of a pace of 0, whose logarithm does not exist


def scores(one, change, frame, path):
    """The oracle's statistic at the end of each day from ``START`` on, shape (days,).

    Parameters
    ----------
    one
        The wallet's ``Traits``.
    change
        The ``Change`` to look for; its day is not used.
    frame
        The wallet's round trips from ``START`` on.
    path
        The market from ``START`` on, shape (days,).
    """
    part = RAMP if change.over > 1 else 1.0
    change = replace(
        change,
        win_shift=part * change.win_shift,
        win_size=change.win_size**part,
        loss_size=change.loss_size**part,
        rate=change.rate**part,
    )
    days = len(path)
    day = (frame["closed_at"] - START).dt.days.to_numpy()
    value = frame["return"].to_numpy()
    won = value > 0
    trades, wins = (np.bincount(each, minlength=days) for each in (day, day[won]))
    ratio = np.zeros(days)
    if change.win_shift:
        usual = one.win_logit + one.beta * path
        ratio += _wins(trades, wins, usual + change.win_shift, one.mood) - _wins(trades, wins, usual, one.mood)
    if change.win_size != 1:
        scale = one.win_spread * TAIL
        z = (np.log(value[won]) - np.log(one.win_size) - one.size_beta * path[day[won]]) / scale
        shift, cut = np.log(change.win_size) / scale, value[won] >= LARGEST_WIN
        told = np.where(
            cut,
            student.logsf(z - shift, 5) - student.logsf(z, 5),
            student.logpdf(z - shift, 5) - student.logpdf(z, 5),
        )
        ratio += np.bincount(day[won], weights=told, minlength=days)
    if change.loss_size != 1:
        z = (np.log(-value[~won]) - np.log(one.loss_size)) / one.loss_spread
        shift, cut = np.log(change.loss_size) / one.loss_spread, value[~won] <= -LARGEST_LOSS
        told = np.where(cut, norm.logsf(z - shift) - norm.logsf(z), norm.logpdf(z - shift) - norm.logpdf(z))
        ratio += np.bincount(day[~won], weights=told, minlength=days)
    if change.rate != 1:
        weekend = np.where((np.arange(days) + START.weekday()) % 7 >= 5, one.weekend, 1.0)
        usual = one.rate * weekend * np.exp(one.rate_beta * path + one.rate_mood**2 / 2)
        shape = 1 / (1 / one.burst + np.expm1(one.rate_mood**2))
        factor = max(change.rate, ALMOST_NOTHING)
        ratio += trades * np.log(factor) - (trades + shape) * np.log((shape + usual * factor) / (shape + usual))
    out, value = np.empty(days), 0.0
    for number, each in enumerate(ratio):
        out[number] = value = max(0.0, value + each)
    return out


def _wins(trades, wins, logit, mood):
    """Log probability of each day's wins, its mood integrated out."""
    chance = expit(logit[:, None] + mood * NODES)
    return logsumexp(binom.logpmf(wins[:, None], trades[:, None], chance), b=WEIGHTS / WEIGHTS.sum(), axis=1)
