"""How soon a change could be seen at all: what stands beside every "ok".

Closed forms: the evidence that a flag needs, divided by the mean evidence per day under the change (Wald's
approximation of the delay of a CUSUM), and the pause that is long enough by itself. Real delays scatter widely
around them.
"""

import math

from scipy.special import expit

from metrics.baseline.baseline import Baseline
from metrics.baseline.pauses import days_until
from metrics.detector.cusum import GUARD, MEMBERS, RATE_GUARD, SILENCE_RATES, WIN_SHIFTS, Stream
from metrics.detector.recurrence import PAUSE_SHARE, needed_statistic
from metrics.types import Sight

LONGEST_DAYS = 365.0  # beyond it, the honest answer is "not"


def sight(baseline: Baseline, *, flag_years: float, peers: float) -> Sight:
    """Days until a win rate 20 points lower, and until silence, would be flagged."""

    def days(stream: Stream, per_day: float) -> float | None:
        need = needed_statistic(stream, flag_years, baseline.rate, peers=peers) + math.log(MEMBERS[stream])
        out = need / per_day if per_day > 0 else math.inf
        return out if out <= LONGEST_DAYS else None

    weekly = (5 + 2 * baseline.weekend) / 7
    silence = [
        days(Stream.SILENCE, _silence_drift(baseline, baseline.rate * weekly)),
        days_until(flag_years / PAUSE_SHARE, baseline.pauses, within=int(LONGEST_DAYS)),
    ]
    return Sight(
        win_rate_drop_20pp_days=days(Stream.WIN_RATE, _win_drift(baseline)),
        silence_days=min((each for each in silence if each is not None and each <= LONGEST_DAYS), default=None),
    )


def _win_drift(baseline: Baseline) -> float:
    """Mean evidence per day of the best alternative after a drop of 20 points."""
    now = max(0.02, float(expit(baseline.win_logit)) - 0.2)
    best = 0.0
    for shift in WIN_SHIFTS:
        p = float(expit(baseline.win_logit - GUARD * baseline.win_se))
        q = float(expit(baseline.win_logit - GUARD * baseline.win_se - shift))
        best = max(best, now * math.log(q / p) + (1 - now) * math.log((1 - q) / (1 - p)))
    closes_per_day = baseline.worth / max(baseline.days, 1.0)
    return closes_per_day * best / baseline.win_inflation


def _silence_drift(baseline: Baseline, rate: float) -> float:
    """Evidence of one day without a trade."""
    if not baseline.rate_known:
        return 0.0
    kappa = 1.0 / baseline.overdispersion
    mu = rate * math.exp(-RATE_GUARD * baseline.rate_se)
    return max(kappa * math.log((kappa + mu) / (kappa + mu * by)) for by in SILENCE_RATES) / baseline.rate_inflation
