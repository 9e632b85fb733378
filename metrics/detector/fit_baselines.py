"""From ledgers to frozen baselines: one wallet's, or those of a whole watchlist at once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.baseline.bank import NEVER
from metrics.baseline.baseline import (
    Baseline,
    History,
    Population,
    fit,
    fit_population,
)
from metrics.baseline.clustering import day_weight, linked, parts_of
from metrics.baseline.day_panel import DayPanel
from metrics.baseline.size_scale import Scale
from metrics.baseline.wallet_history import WalletHistory
from metrics.peers.market_shift import past_market
from metrics.peers.peers import Witnesses

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Bags = Mapping[int, Mapping[str, float]]
"""Day → position → mark, of one wallet."""

JOINT_ROUNDS = 3  # wallets' win rates and their common market explain each other: alternate


def history(
    panel: DayPanel,
    i: int,
    ledger: WalletHistory,
    bags: Bags,
    first: int,
    end: int,
    *,
    market: FloatArray,
    size: tuple[Scale, Scale],
    overdue: int,
) -> History:
    """One wallet's covered days ``first .. end - 1``; ``market`` (days,) as the peers showed it."""
    read = panel.view("covered", first, end)[i] > 0
    names = ("closes", "wins", "win_size", "loss_size", "trades")
    columns = {name: panel.view(name, first, end)[i][read] for name in names}
    link = linked(*(columns[name] for name in names[:4]))
    weight = day_weight(columns["closes"], link)
    parts = parts_of(columns["closes"], weight)
    columns |= {name: columns[name] * weight for name in names[:4]}
    active = columns["trades"] != 0  # nan: it traded, and how often is not known
    columns["trades"] = np.nan_to_num(columns["trades"]) / parts
    day, table = ledger.table_read(first, end)
    held = table[:, 3]
    timed = held > 0
    long = timed & (held > np.quantile(held[timed], 0.95)) if timed.any() else timed

    def by_day(weights: npt.NDArray[Any]) -> FloatArray:
        out: FloatArray = np.bincount(day - first, weights=weights, minlength=end - first)[read]
        return out

    lost = [mark for at, held in bags.items() if first <= at < end and read[at - first] for mark in held.values()]
    returns = np.concatenate((table[:, 1], lost))
    return History(
        day=np.arange(first, end)[read],
        **columns,
        link=link,
        parts=parts,
        active=active,
        market=market[read],
        returns=np.clip(returns, -size[1].largest, size[0].largest),
        holding_s=held[timed],
        timed=by_day(timed),
        long_held=by_day(long),
        overdue=overdue,
        scale_win=size[0],
        scale_loss=size[1],
    )


def learn(
    panel: DayPanel,
    i: int,
    ledger: WalletHistory,
    bags: Bags,
    first: int,
    end: int,
    *,
    peers: IntArray,
    win_logit: FloatArray,
    informs_from: IntArray,
    population: Population,
    size: tuple[Scale, Scale],
    overdue: int,
) -> Baseline:
    """Baseline of wallet ``i`` from its days ``first .. end - 1``; the panel must hold its size sums."""
    market = past_market(peers, panel, first, end, win_logit=win_logit, informs_from=informs_from)
    known = history(panel, i, ledger, bags, first, end, market=market, size=size, overdue=overdue)
    return fit(known, population, first_day=first, end_day=end)


def learn_together(
    panel: DayPanel,
    ledgers: Mapping[int, WalletHistory],
    bags: Mapping[int, Bags],
    spans: Mapping[int, tuple[int, int]],
    sizes: Mapping[int, tuple[Scale, Scale]],
    overdue: Mapping[int, int],
    peers: Witnesses,
) -> tuple[Population, dict[int, Baseline]]:
    """Population and baselines of all wallets with enough history, fitted together.

    Parameters
    ----------
    ledgers, bags
        By row of the panel, which holds the bags already.
    spans
        Row → (first day, end day) of its history; wallets without one are still learning.
    overdue
        Row → positions that became overdue in its history and are open still.
    peers
        Of each wallet.
    """
    wallets = len(peers.index)
    win_logit = np.zeros(wallets)
    informs_from = np.full(wallets, NEVER, dtype=np.int64)
    histories = {}
    for i, (first, end) in spans.items():
        none = np.zeros(end - first)
        histories[i] = history(
            panel, i, ledgers[i], bags[i], first, end, market=none, size=sizes[i], overdue=overdue[i]
        )
        informs_from[i] = first
    population = fit_population(list(histories.values()))
    baselines: dict[int, Baseline] = {}
    for _ in range(JOINT_ROUNDS):
        for i, (first, end) in spans.items():
            baselines[i] = fit(histories[i], population, first_day=first, end_day=end)
            win_logit[i] = baselines[i].win_logit
        for i, (first, end) in spans.items():
            market = past_market(peers.rows_of(i), panel, first, end, win_logit=win_logit, informs_from=informs_from)
            read = np.isin(np.arange(first, end), histories[i].day)
            histories[i] = replace(histories[i], market=market[read])
        population = fit_population(list(histories.values()))
    return population, {
        i: fit(each, population, first_day=spans[i][0], end_day=spans[i][1]) for i, each in histories.items()
    }
