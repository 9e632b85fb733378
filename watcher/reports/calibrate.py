"""What the dial really brings on somebody's own wallets: their record, its weeks shuffled, judged anew. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from metrics.baseline.baseline import MINIMUM_ROUND_TRIPS
from metrics.detector.cusum import Stream
from metrics.detector.recurrence import recurrence_years, score_years
from metrics.evaluation.block_shuffle import DAY, Shuffled, Stretch, shuffle
from metrics.evaluation.false_flag_rate import STEPS, CalibrationFactor, Realised, factor, first_passages, realised
from metrics.monitor import Monitor
from metrics.types import State
from watcher.record.record import Record

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

AT_ONCE = 150  #: days; the monitor keeps those of half a year
CLOSED = Stream.OPEN_LOSSES  #: streams before it need no open positions


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What the shuffles gave."""

    times: int
    rates: tuple[Realised, ...]  #: the dial in use first, then the others
    factor: CalibrationFactor | None
    used: tuple[str, ...]  #: wallets that could be judged in some shuffle
    left_out: tuple[str, ...]  #: too short a record, or one with too many holes
    stretches: tuple[Stretch, ...]


def calibrate(
    record: Record,
    found: Sequence[Stretch],
    dials: Sequence[float],
    rng: np.random.Generator,
    *,
    times: int,
    on_shuffle: Callable[[], None] = lambda: None,
) -> Calibrated:
    """Judge the shuffled record and count first flags.

    Peers that are flagged at the dial in use are left out as witnesses, whichever dial is counted.

    Parameters
    ----------
    record
        Whose wallets; peers among them are judged like the others.
    found
        ``metrics.evaluation.block_shuffle.stretches`` of what was read of them.
    dials
        False flags per wallet-year: the one in use, then others to compare.
    times
        Shuffles of each stretch.
    on_shuffle
        Called after each, for a progress bar.
    """
    levels = [1 / dial for dial in dials] + [float(step) / dials[0] for step in STEPS]
    names = sorted(account.wallet.address for account in record.accounts)
    row = {name: i for i, name in enumerate(names)}
    flags, days = (np.zeros((len(names), len(levels))) for _ in range(2))
    since = {account.wallet.address: account.wallet.followed_since for account in record.accounts}
    for stretch in found:
        for _ in range(times):
            mixed = shuffle(stretch, record.trips, record.trades, record.covered, rng)
            start = {name: _since(stretch, since[name]) for name in stretch.wallets}
            wallets, scores, first = _scores(mixed, stretch, start, record, dials[0])
            if wallets:
                hit, at_risk = first_passages(scores, first, levels)
                rows = [row[wallet] for wallet in wallets]
                flags[rows] += hit
                days[rows] += at_risk
            on_shuffle()
    seen = days[:, 0] > 0
    count = len(dials)
    return Calibrated(
        times=times,
        rates=tuple(realised(flags[seen, :count], days[seen, :count], dials, rng)),
        factor=factor(flags[seen, count:], days[seen, count:], dials[0], rng),
        used=tuple(name for name, there in zip(names, seen, strict=True) if there),
        left_out=tuple(name for name, there in zip(names, seen, strict=True) if not there),
        stretches=tuple(found),
    )


def _since(stretch: Stretch, followed: datetime) -> datetime:
    """Where a wallet's history ends: where it did, if a quarter of the stretch is left on each side; else midway."""
    day = (followed - stretch.begin) // DAY
    if not stretch.days <= 4 * day <= 3 * stretch.days:
        day = stretch.days // 2
    return stretch.begin + day * DAY


def _scores(
    mixed: Shuffled, stretch: Stretch, since: dict[str, datetime], record: Record, dial: float
) -> tuple[list[str], FloatArray, IntArray]:
    """Wallets that can be judged; scores (wallets, days) from the first day that is judged; the first day of each."""
    trips, trades = mixed.trips, mixed.trades
    told = trips[trips["return"].notna()]
    before = told[told["closed_at"] < told["wallet"].map(since)].groupby("wallet").size()
    known = {str(name) for name in before.index[before >= MINIMUM_ROUND_TRIPS]}
    if not known:
        return [], np.empty((0, 0)), np.empty(0, dtype=np.int64)
    begin, end = min(since.values()), stretch.begin + stretch.days * DAY
    monitor = Monitor(dial)
    parts, silences = [], []
    at = begin
    while at < end:
        until = min(end, at + timedelta(days=AT_ONCE))
        now = trips[(trips["closed_at"] >= at) & (trips["closed_at"] < until)]
        traded = trades[(trades["traded_at"] >= at) & (trades["traded_at"] < until)]
        if at == begin:
            monitor.start(
                trips[trips["closed_at"] < until],
                followed=stretch.wallets,
                followed_since=since,
                trades=trades[trades["traded_at"] < until],
                covered=mixed.covered,
                tokens={name: record.tokens.get(name, set()) for name in stretch.wallets},
                copies=record.copies,
            )
            now, traded = now.iloc[:0], traded.iloc[:0]
        assessments = monitor.tick(until, now, trades=traded, covered=mixed.covered)
        course, rate = monitor.course((until - at) // DAY)
        parts.append(course[:, :, :CLOSED])
        silences.append(monitor.own_silence((until - at) // DAY))
        at = until
    statistic = np.concatenate(parts, axis=1)
    flat = statistic.reshape(-1, CLOSED)
    compared = np.repeat(monitor.compared(), statistic.shape[1])
    years = recurrence_years(flat, np.repeat(rate, statistic.shape[1]), compared)
    silence = np.concatenate(silences, axis=1).reshape(-1)
    scores = score_years(years, compared, silence).reshape(statistic.shape[:2])
    wallets = [each.wallet for each in assessments]
    judged = [i for i, each in enumerate(assessments) if each.wallet in known and each.state is not State.LEARNING]
    first = np.array([(since[wallet] - begin) // DAY for wallet in wallets], dtype=np.int64)
    return [wallets[i] for i in judged], scores[judged], first[judged]
