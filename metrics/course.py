"""The course of all wallets, day by day: from one day's checkpoint and sums to the next checkpoint.

A checkpoint holds everything that the next day needs, so a late row is worked in by going back to the
checkpoint before its day.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from metrics.calibration import recurrence_years, score_years
from metrics.panel import FIELDS, Panel
from metrics.peers import FEW_PEERS, MEMORY, PATIENCE_MEMORY, Witnesses, common_shift, fading_sums
from metrics.streams import (
    COLUMNS,
    MARKET_COLUMNS,
    Bank,
    Day,
    Stream,
    increments,
    page,
    statistic,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


LEAST_YEARS = 1e-6  # of a stream of which nothing is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where every wallet stands at the end of a UTC day; W wallets, S streams."""

    residual: FloatArray  #: fading sum of wins minus expected wins, (W,)
    information: FloatArray  #: its variance, (W,)
    market: FloatArray  #: common shift of each wallet's peers that day, logit units, (W,)
    market_se: FloatArray  #: its standard error, (W,)
    overdue_residual: FloatArray  #: fading sum of overdue positions minus the usual share of them, (W,)
    overdue_information: FloatArray  #: its variance, (W,)
    patience: FloatArray  #: by how much each wallet's peers stay in their losers longer than usual, logit units, (W,)
    total: FloatArray  #: CUSUMs, (W, COLUMNS)
    since: IntArray  #: day each last left zero, (W, COLUMNS)
    unadjusted: FloatArray  #: the same CUSUMs with the market left in, (W, MARKET_COLUMNS)
    unadjusted_since: IntArray
    recurrence: FloatArray  #: years, (W, S)
    score: FloatArray  #: years, (W,)
    flagged: BoolArray  #: (W,)

    @classmethod
    def empty(cls, wallets: int) -> "Checkpoint":
        """Before the first day: no evidence of anything."""
        total = np.zeros((wallets, COLUMNS))
        zero = np.zeros(wallets)
        recurrence = recurrence_years(statistic(total), np.ones(wallets), np.ones(wallets, dtype=bool))
        return cls(
            residual=zero,
            information=zero,
            market=zero,
            market_se=zero,
            overdue_residual=zero,
            overdue_information=zero,
            patience=zero,
            total=total,
            since=np.zeros((wallets, COLUMNS), dtype=np.int64),
            unadjusted=np.zeros((wallets, MARKET_COLUMNS)),
            unadjusted_since=np.zeros((wallets, MARKET_COLUMNS), dtype=np.int64),
            recurrence=recurrence,
            score=score_years(recurrence, np.ones(wallets, dtype=bool)),
            flagged=np.zeros(wallets, dtype=bool),
        )


def peer_terms(
    panel: Panel,
    first: int,
    end: int,
    *,
    win_logit: FloatArray,
    informs_from: IntArray,
    of: IntArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Daily (wins minus the wins of a calm market, their variance) of wallets that inform, (days, W)."""
    names = ("closes", "wins", "covered")
    closes, wins, covered = (panel.view(name, first, end)[slice(None) if of is None else of].T for name in names)
    use = (covered > 0) & (np.arange(first, end)[:, None] >= informs_from)
    p = expit(win_logit)
    return np.where(use, wins - closes * p, 0.0), np.where(use, closes * p * (1 - p), 0.0)


def patience_terms(panel: Panel, day: int, *, bank: Bank, marked_from: IntArray) -> tuple[FloatArray, FloatArray]:
    """The day's (overdue positions minus the usual share of them, their variance) of wallets that tell, (W,)."""
    sold, overdue, covered = (panel.view(name, day, day + 1)[:, 0] for name in ("sold", "overdue", "covered"))
    use = (covered > 0) & (day >= bank.informs_from) & (day >= marked_from)
    n, p = sold + overdue, bank.overdue_share
    return np.where(use, overdue - n * p, 0.0), np.where(use, n * p * (1 - p), 0.0)


def past_market(
    peers: IntArray, panel: Panel, first: int, end: int, *, win_logit: FloatArray, informs_from: IntArray
) -> FloatArray:
    """Common shift of the ``peers``, by row, on the days ``first .. end - 1`` of a history, (days,).

    Each day is read from both sides: in a history what came next is known, and a drawdown is seen at its first day.
    """
    if int((informs_from[peers] <= end).sum()) < FEW_PEERS:
        return np.zeros(end - first)
    terms = peer_terms(panel, first, end, win_logit=win_logit[peers], informs_from=informs_from[peers], of=peers)
    residual, information = (fading_sums(term) + fading_sums(term[::-1])[::-1] - term for term in terms)
    return common_shift(residual, information, np.ones(residual.shape, dtype=bool))[0]


def advance(
    before: Checkpoint,
    panel: Panel,
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
    terms = peer_terms(panel, day, day + 1, win_logit=bank.win_logit, informs_from=bank.informs_from)
    residual = MEMORY * before.residual + terms[0][0]
    information = MEMORY * before.information + terms[1][0]
    witnesses = peers.those(~before.flagged)
    market, market_se = witnesses.shift(residual, information)
    held = patience_terms(panel, day, bank=bank, marked_from=marked_from)
    overdue_residual = PATIENCE_MEMORY * before.overdue_residual + held[0]
    overdue_information = PATIENCE_MEMORY * before.overdue_information + held[1]
    patience, _ = witnesses.shift(overdue_residual, overdue_information)
    informs = bank.informs_from <= day
    patience = np.where(peers.those(informs & (marked_from <= day)).enough, patience, 0.0)
    # With too few peers there is no market to be unsure about: the wallet's own inflation holds its swings.
    # One that learns later is none yet: a day that is computed again must not know it.
    peered = peers.those(informs).enough
    market, market_se = np.where(peered, market, 0.0), np.where(peered, market_se, 0.0)
    judged = bank.known & (day >= bank.end_day) & (sums["covered"] > 0)
    today = Day(
        **{name: sums[name] for name in FIELDS if name not in ("returns", "covered")},
        weekend=(day + 3) % 7 >= 5,
    )
    add = np.where(judged[:, None], increments(bank, today, market, market_se, patience), 0.0)
    alone = np.where(judged[:, None], increments(bank, today, np.zeros_like(market), market_se, patience), 0.0)[
        :, :MARKET_COLUMNS
    ]
    total, since = page(before.total, before.since, add, day)
    unadjusted, unadjusted_since = page(before.unadjusted, before.unadjusted_since, alone, day)
    recurrence = recurrence_years(statistic(total), bank.rate, peered)
    recurrence[marked_from > day, Stream.OPEN_LOSSES] = LEAST_YEARS
    score = score_years(recurrence, peered)
    return Checkpoint(
        residual=residual,
        information=information,
        market=market,
        market_se=market_se,
        overdue_residual=overdue_residual,
        overdue_information=overdue_information,
        patience=patience,
        total=total,
        since=since,
        unadjusted=unadjusted,
        unadjusted_since=unadjusted_since,
        recurrence=recurrence,
        score=score,
        flagged=bank.known & (score >= flag_years),
    )
