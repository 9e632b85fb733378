"""The course of all wallets, day by day: from one day's checkpoint and sums to the next checkpoint.

A checkpoint holds everything that the next day needs, so a late row is worked in by going back to the
checkpoint before its day.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metrics.baseline.bank import Bank
from metrics.baseline.clustering import day_weight
from metrics.baseline.day_panel import FIELDS, DayPanel
from metrics.baseline.pauses import pause_years
from metrics.baseline.slow_stretches import next_pace, stretch_years
from metrics.detector.cusum import (
    COLUMNS,
    MARKET_COLUMNS,
    Day,
    Stream,
    increments,
    page,
    statistic,
)
from metrics.detector.evidence import checked
from metrics.detector.recurrence import SHARES, own_silence, recurrence_years, score_years
from metrics.peers.market_shift import Common
from metrics.peers.peers import Factor, Witnesses

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


MARKET_FACTORS = [Factor.MARKET, Factor.WIN_SIZE, Factor.LOSS_SIZE]  # of the streams that are also kept without them
LEAST_YEARS = 1e-6  # of a stream of which nothing is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where every wallet stands at the end of a UTC day; W wallets, S streams."""

    common: Common  #: what the peers share
    total: FloatArray  #: CUSUMs, (W, COLUMNS)
    since: IntArray  #: day each last left zero, (W, COLUMNS)
    unadjusted: FloatArray  #: the same CUSUMs with the market left in, (W, MARKET_COLUMNS)
    unadjusted_since: IntArray
    quiet: FloatArray  #: days without a trade so far, less where peers trade less too, (W,)
    quiet_since: IntArray  #: day after its last trade, (W,)
    pause: FloatArray  #: recurrence interval of such a pause, years, (W,)
    pace: FloatArray  #: of the last weeks, in usual trading days per day, (W,); nan before it is judged
    exposure: FloatArray  #: share of its usual trades that the market let a wallet have meanwhile, (W,)
    stretch: FloatArray  #: recurrence interval of such a pace, years, (W,)
    recurrence: FloatArray  #: years, (W, S)
    score: FloatArray  #: years, (W,)
    flagged: BoolArray  #: (W,)
    compared: FloatArray  #: with how many peers it was compared, by what they are worth; 0: alone, (W,)

    def shown(self, row: int) -> list[float]:
        """Recurrence interval of each stream that can flag, years; silence by what says most of it."""
        out: list[float] = self.recurrence[row, : len(SHARES)].tolist()
        out[Stream.SILENCE] = max(out[Stream.SILENCE], float(self.pause[row]), float(self.stretch[row]))
        return out

    @classmethod
    def empty(cls, wallets: int) -> "Checkpoint":
        """Before the first day: no evidence of anything."""
        total = np.zeros((wallets, COLUMNS))
        recurrence = recurrence_years(statistic(total), np.ones(wallets), np.full(wallets, np.inf))
        return cls(
            common=Common.empty(wallets),
            total=total,
            since=np.zeros((wallets, COLUMNS), dtype=np.int64),
            unadjusted=np.zeros((wallets, MARKET_COLUMNS)),
            unadjusted_since=np.zeros((wallets, MARKET_COLUMNS), dtype=np.int64),
            quiet=np.zeros(wallets),
            quiet_since=np.zeros(wallets, dtype=np.int64),
            pause=np.full(wallets, LEAST_YEARS),
            pace=np.full(wallets, np.nan),
            exposure=np.ones(wallets),
            stretch=np.full(wallets, LEAST_YEARS),
            recurrence=recurrence,
            score=score_years(recurrence, np.full(wallets, np.inf)),
            flagged=np.zeros(wallets, dtype=bool),
            compared=np.full(wallets, np.inf),
        )


def advance(
    before: Checkpoint,
    panel: DayPanel,
    day: int,
    *,
    bank: Bank,
    peers: Witnesses,
    marked_from: IntArray,
    flag_years: float,
) -> Checkpoint:
    """One UTC day further.

    Parameters
    ----------
    before
        Checkpoint of the day before.
    panel
        Day sums; only ``day`` is read.
    peers
        Of each wallet. Those flagged the day before are left out: a wallet that left its form is no witness of the
        market.
    marked_from
        First day at whose end each wallet's open positions are known, (W,).
    flag_years
        Recurrence interval from which a wallet is flagged.
    """
    sums = dict(zip(FIELDS, panel.day(day), strict=True))
    weight = day_weight(sums["closes"], bank.link)
    sums |= {name: sums[name] * weight for name in ("closes", "wins", "win_size", "loss_size")}
    sums["trades"] = sums["trades"] / bank.parts
    # One that learns later tells nothing yet: a day that is computed again must not know it.
    informs = bank.informs_from <= day
    marked = (marked_from <= day) & (bank.overdue_known > 0)
    told = dict.fromkeys(Factor, informs) | {
        Factor.WIN_SIZE: informs & (bank.win_size_known > 0),
        Factor.LOSS_SIZE: informs & (bank.loss_size_known > 0),
        Factor.ACTIVITY: informs & (bank.rate_known > 0),
        Factor.OVERDUE: informs & marked,
    }
    weekend = (day + 3) % 7 >= 5
    common = before.common.after(sums, weekend=weekend, bank=bank, told=told, peers=peers, flagged=before.flagged)
    compared = checked(bank, peers.those(informs))
    judged = bank.known & (day >= bank.end_day) & (sums["covered"] > 0)
    today = Day(
        **{name: sums[name] for name in FIELDS if name not in ("returns", "covered")},
        weekend=weekend,
    )
    unmoved = common.shift.copy()
    unmoved[MARKET_FACTORS] = 0.0
    add = increments(bank, today, common.shift, common.market_se)
    alone = increments(bank, today, unmoved, common.market_se)[:, :MARKET_COLUMNS]
    add, alone = (np.where(judged[:, None], each, 0.0) for each in (add, alone))
    total, since = page(before.total, before.since, add, day)
    unadjusted, unadjusted_since = page(before.unadjusted, before.unadjusted_since, alone, day)
    recurrence = recurrence_years(statistic(total), bank.rate, compared)
    recurrence[~marked, Stream.OPEN_LOSSES] = LEAST_YEARS
    active = sums["trades"] != 0  # nan: it traded, and how often is not known
    usual = np.minimum(1.0, np.exp(common.shift[Factor.ACTIVITY]))  # where peers trade less too
    quiet = np.where(active, 0.0, before.quiet + sums["covered"] * usual)
    pause = np.where(judged, pause_years(quiet, **bank.pauses()), LEAST_YEARS)
    began = np.isnan(before.pace)
    pace, exposure = np.where(began, bank.stretch_last, before.pace), np.where(began, 1.0, before.exposure)
    paces = next_pace(pace, exposure, sums["trades"], usual, bank.stretch_per_day)
    pace, exposure = (np.where(judged, new, old) for new, old in zip(paces, (pace, exposure), strict=True))
    slow = stretch_years(pace, exposure, years=bank.stretch_years, slowest=bank.stretch_slowest)
    stretch = np.where(judged, slow, LEAST_YEARS)
    score = score_years(recurrence, compared, own_silence(pause, stretch))
    return Checkpoint(
        common=common,
        total=total,
        since=since,
        unadjusted=unadjusted,
        unadjusted_since=unadjusted_since,
        quiet=quiet,
        quiet_since=np.where(active, day + 1, before.quiet_since),
        pause=pause,
        pace=np.where(bank.known & (day >= bank.end_day), pace, np.nan),
        exposure=exposure,
        stretch=stretch,
        recurrence=recurrence,
        score=score,
        flagged=bank.known & (score >= flag_years),
        compared=compared,
    )
