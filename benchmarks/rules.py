"""Ways to notice a change that people use or publish, each a daily statistic of all wallets: larger is more evidence.

All read the same days: closes, wins, returns and counts of each wallet, its own history before the first judged day,
and nothing of the future. Each but the fixed rules takes the largest of a falling win rate, a falling return and
falling counts, so that none is blind to a family for want of a stream.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from scipy.special import betaln, expit, gammaln, logit, logsumexp

from metrics.evaluation.synthetic import START

HISTORY = 365  #: days kept before the first judged one; slow wallets have so many
SHORT = 21  #: days of a window, as people choose them
LAMBDA = 0.1  #: EWMA weight of a day
HAZARD = 1 / 250  #: BOCPD: changes per day
LONGEST_RUN = 120  #: days
YOUNG = 90  #: days of a run that is a recent change
LEAD = 60  #: days of the history that BOCPD passes first: what it knew before is in its priors


@dataclass(frozen=True)
class Days:
    """Day sums of all wallets, (wallets, HISTORY + days)."""

    closes: np.ndarray
    wins: np.ndarray
    returns: np.ndarray  #: sums, each return cut at the wallet's own 2nd and 98th percentile
    known: np.ndarray  #: days since a wallet's first row
    win_rate: np.ndarray  #: of the history, (wallets, 1)
    mean: np.ndarray  #: of the cut returns
    sd: np.ndarray
    pace: np.ndarray  #: closes a day

    @classmethod
    def of(cls, frame, wallets, days):
        """Sum a frame of round trips."""
        closes, wins, returns, known = (np.zeros((len(wallets), HISTORY + days)) for _ in range(4))
        mean, sd = (np.zeros((len(wallets), 1)) for _ in range(2))
        groups = dict(list(frame.groupby("wallet")))
        for i, wallet in enumerate(wallets):
            mine = groups[wallet]
            day = np.floor(((mine["closed_at"] - START) / timedelta(days=1)).to_numpy()).astype(int) + HISTORY
            value = mine["return"].to_numpy()
            past = value[day < HISTORY]
            cut = np.clip(value, *np.quantile(past, [0.02, 0.98]))
            closes[i], wins[i], returns[i] = (
                np.bincount(day, weights=weight, minlength=HISTORY + days)[: HISTORY + days]
                for weight in (np.ones(len(day)), (value > 0).astype(float), cut)
            )
            known[i, day.min() :] = 1
            mean[i], sd[i] = cut[day < HISTORY].mean(), cut[day < HISTORY].std() + 1e-9
        span = known[:, :HISTORY].sum(axis=1, keepdims=True)
        n, k = (x[:, :HISTORY].sum(axis=1, keepdims=True) for x in (closes, wins))
        return cls(closes, wins, returns, known, (k + 1) / (n + 2), mean, sd, n / span)

    def residuals(self):
        """Per day (lost wins, lost return in its sd, missing closes), and the variance of each if nothing changed."""
        p = self.win_rate
        lost = (
            self.closes * p - self.wins,
            (self.closes * self.mean - self.returns) / self.sd,
            self.pace - self.closes,
        )
        past = (self.known[:, :HISTORY] > 0).astype(float)
        spread = (past * (self.closes[:, :HISTORY] - self.pace) ** 2).sum(1, keepdims=True) / past.sum(1, keepdims=True)
        varied = (self.closes * p * (1 - p), self.closes, np.broadcast_to(spread, self.closes.shape))
        return np.stack(lost), np.stack(varied)


def judged(x):
    """The judged days."""
    return x[..., HISTORY:]


def windowed(x, days):
    """Sums over the last so many days."""
    total = np.cumsum(np.concatenate([np.zeros((*x.shape[:-1], 1)), x], axis=-1), axis=-1)
    first = np.maximum(0, np.arange(1, x.shape[-1] + 1) - days)
    return total[..., 1:] - total[..., first]


def fixed_win_rate(days):
    """21-day win rate 10 points below the wallet's history, ten round trips at least; fires at 0.1."""
    n, k = windowed(days.closes, SHORT), windowed(days.wins, SHORT)
    return judged(np.where(n >= 10, days.win_rate - k / np.maximum(n, 1), 0.0))


def fixed_silence(days):
    """Days without a closed trade; fires at 7."""
    out = np.zeros(days.closes.shape)
    for day in range(1, out.shape[1]):
        out[:, day] = np.where(days.closes[:, day] > 0, 0, out[:, day - 1] + 1)
    return judged(out)


def rolling_z(days):
    """Largest z of the last 21 days against the wallet's own history."""
    return judged(_z(days).max(axis=0))


def rolling_z_peers(days):
    """The same, less the mean of the others: a difference in differences."""
    z = _z(days)
    others = (z.sum(axis=1, keepdims=True) - z) / (z.shape[1] - 1)
    return judged((z - others).max(axis=0))


def _z(days):
    lost, varied = (windowed(x, SHORT) for x in days.residuals())
    return lost / np.sqrt(np.maximum(varied, 1.0))


def ewma(days):
    """Exponentially weighted chart (Roberts 1959), each in sd of its own weights."""
    lost, varied = days.residuals()
    level, variance = np.zeros(lost.shape[:2]), np.zeros(lost.shape[:2])
    out = np.zeros(lost.shape)
    for day in range(lost.shape[2]):
        level = (1 - LAMBDA) * level + LAMBDA * lost[:, :, day]
        variance = (1 - LAMBDA) ** 2 * variance + LAMBDA**2 * varied[:, :, day]
        out[:, :, day] = level / np.sqrt(np.maximum(variance, 1e-3))
    return judged(out.max(axis=0))


def cusum(days):
    """Page's CUSUM (1954): win rate down by 0.7 logit, returns by 0.5 sd, closes to a fifth; log-likelihood ratios."""
    return _page(days, np.zeros(days.closes.shape))


def cusum_peers(days):
    """The same, with the others' win rate of the last days taken off: pooled logit shift, fading by a half a day."""
    p = days.win_rate
    lost = days.wins - days.closes * p
    room = days.closes * p * (1 - p)
    shift = np.zeros(lost.shape)
    a, b = np.zeros(len(lost)), np.zeros(len(lost))
    for day in range(lost.shape[1]):
        a, b = 0.5 * a + lost[:, day], 0.5 * b + room[:, day]
        shift[:, day] = (a.sum() - a) / (b.sum() - b + 5.0)
    return _page(days, shift)


def _page(days, shift):
    a = logit(days.win_rate) + shift
    p, q = expit(a), expit(a - 0.7)
    wins = days.wins * np.log(q / p) + (days.closes - days.wins) * np.log((1 - q) / (1 - p))
    z = (days.closes * days.mean - days.returns) / days.sd
    sizes = 0.5 * z - 0.125 * days.closes
    counts = days.closes * np.log(0.2) + 0.8 * days.pace
    out = np.zeros((3, *days.closes.shape))
    total = np.zeros(out.shape[:2])
    for day in range(HISTORY, out.shape[2]):
        total = np.maximum(0.0, total + np.stack([x[:, day] for x in (wins, sizes, counts)]))
        out[:, :, day] = total
    return judged(out.max(axis=0))


def bocpd(days):
    """Bayesian online changepoints (Adams and MacKay 2007): log odds that the present run is young and worse.

    Beta-binomial wins and gamma-Poisson closes, priors worth four round trips and two days at the history's values.
    """
    p, pace = days.win_rate, days.pace
    wins = _bocpd(
        np.stack([days.wins, days.closes - days.wins]),
        np.stack([4 * p, 4 * (1 - p)]),
        lambda a, x: betaln(a[0] + x[0], a[1] + x[1]) - betaln(a[0], a[1]),
        lambda a: a[0] / (a[0] + a[1]) < p,
    )
    # Counts are burstier than Poisson: each says as much less as its variance is larger than its mean.
    fano = np.maximum(1.0, days.residuals()[1][2][:, :1] / pace)
    closes = _bocpd(
        np.stack([days.closes, np.ones(days.closes.shape)]) / fano,
        np.stack([2 * pace, np.full(pace.shape, 2.0)]),
        lambda a, x: gammaln(a[0] + x[0]) - gammaln(a[0]) + a[0] * np.log(a[1]) - (a[0] + x[0]) * np.log(a[1] + x[1]),
        lambda a: a[0] / a[1] < pace,
    )
    return judged(np.maximum(wins, closes))


def _bocpd(seen, prior, predictive, worse):
    out = np.zeros(seen.shape[1:])
    a = np.repeat(prior, LONGEST_RUN, axis=2)
    log_run = np.full((seen.shape[1], LONGEST_RUN), -np.inf)
    log_run[:, -1] = 0.0  # the history is one long run
    for day in range(HISTORY - LEAD, seen.shape[2]):
        x = seen[:, :, day, None]
        grown = log_run + predictive(a, x)
        start = logsumexp(log_run, axis=1, keepdims=True) + np.log(HAZARD)
        last = np.logaddexp(grown[:, -1:], grown[:, -2:-1]) + np.log1p(-HAZARD)
        # The oldest run takes in the one before it; its statistics are those of the older.
        a = np.concatenate([prior, (a + x)[:, :, :-2], (a + x)[:, :, -1:]], axis=2)
        log_run = np.concatenate([start, grown[:, :-2] + np.log1p(-HAZARD), last], axis=1)
        log_run -= logsumexp(log_run, axis=1, keepdims=True)
        young = worse(a) & (np.arange(LONGEST_RUN) < YOUNG)
        bad, rest = (logsumexp(np.where(which, log_run, -np.inf), axis=1) for which in (young, ~young))
        out[:, day] = np.maximum(bad, -700.0) - np.maximum(rest, -700.0)
    return out


FIXED = {
    "21-day win rate 10 points below history": (fixed_win_rate, 0.1),
    "no closed trade for 7 days": (fixed_silence, 7.0),
}
TUNED = {
    "rolling z, 21 days": rolling_z,
    "rolling z, 21 days, less the peers'": rolling_z_peers,
    "EWMA chart": ewma,
    "CUSUM": cusum,
    "CUSUM less the peers' shift": cusum_peers,
    "BOCPD": bocpd,
}
