"""One flag, as the watcher would store it, for all tests of alerts."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from alerts.types import ChartSeries, Flag, FlagStatus
from metrics.types import Assessment, Evidence, Metric, MetricEvidence, Sight, State

KEY = b"k" * 32
CHAT = 42
NOW = datetime(2025, 7, 1, 8, 0, tzinfo=UTC)
WALLET = "0x12ab34567890abcdef1234567890abcdef12cd34"

WIN_RATE = MetricEvidence(
    metric=Metric.WIN_RATE,
    recent=0.38,
    baseline=0.61,
    low=0.45,
    high=0.77,
    peers_change=-0.01,
    n=24,
    window_days=30,
    recurrence_years=3.1,
)
RETURN = MetricEvidence(
    metric=Metric.AVERAGE_RETURN,
    recent=-0.021,
    baseline=0.124,
    low=-0.03,
    high=0.28,
    peers_change=-0.004,
    n=24,
    window_days=30,
    recurrence_years=0.4,
)
FREQUENCY = MetricEvidence(
    metric=Metric.TRADE_FREQUENCY,
    recent=2.9,
    baseline=3.2,
    low=2.1,
    high=4.6,
    peers_change=0.1,
    n=87,
    window_days=30,
    recurrence_years=0.02,
)
EVIDENCE = Evidence(
    metrics=(WIN_RATE, RETURN, FREQUENCY),
    lead=Metric.WIN_RATE,
    since=date(2025, 6, 5),
    silent_days=0.3,
    baseline_n=212,
    baseline_days=181.0,
    peers=9,
    peers_down=2,
    sight=Sight(win_rate_drop_20pp_days=45.0, silence_days=6.0),
    notes=("3 of 24 round trips have an unverified price.",),
)


def chart_series(days: int = 180) -> ChartSeries:
    """Half a year with two weeks of silence and a fall of 23 points, the peers steady."""
    start = date(2025, 1, 2)
    wave = [0.61 + 0.05 * math.sin(i / 6) + 0.02 * math.sin(i / 2.3) for i in range(days)]
    fall = [max(0.0, min(1.0, (i - 154) / 22)) * -0.24 for i in range(days)]
    return ChartSeries(
        metric=Metric.WIN_RATE,
        days=tuple(start + timedelta(days=i) for i in range(days)),
        value=tuple(None if 70 <= i < 84 else w + f for i, (w, f) in enumerate(zip(wave, fall, strict=True))),
        low=0.45,
        high=0.77,
        baseline=0.61,
        peers=tuple(0.55 + 0.02 * math.sin(i / 17) for i in range(days)),
        followed_since=date(2025, 3, 1),
        since=date(2025, 6, 5),
    )


FLAG = Flag(
    flag_id=17,
    wallet=WALLET,
    label="Alice",
    opened_at=NOW,
    status=FlagStatus.OPEN,
    score=3.1,
    evidence=EVIDENCE,
    chart=chart_series(),
)


def quiet(flag: Flag = FLAG) -> Flag:
    """Return the flag of a wallet that stopped trading."""
    silent = replace(FREQUENCY, recent=0.1, n=3, recurrence_years=12.0)
    evidence = replace(EVIDENCE, metrics=(WIN_RATE, RETURN, silent), lead=Metric.TRADE_FREQUENCY, silent_days=9.2)
    return replace(flag, evidence=evidence, score=12.0)


def assessment(state: State = State.FLAGGED) -> Assessment:
    """Return the wallet at one tick."""
    return Assessment(
        wallet=WALLET, as_of=NOW, score=3.1, flagged=state is State.FLAGGED, state=state, evidence=EVIDENCE
    )
