"""Runs the course of all wallets up to a day, and runs it again from where a late row changes it."""

from collections.abc import Mapping

import numpy as np

from metrics.baseline.bank import Bank
from metrics.baseline.baseline import Population
from metrics.baseline.day_panel import DayPanel
from metrics.baseline.size_scale import Scale
from metrics.baseline.unrealised_losses import standing
from metrics.baseline.wallet_state import Watched
from metrics.detector import fit_baselines
from metrics.detector.daily_step import Checkpoint, advance
from metrics.detector.evidence import LONGEST_DAYS, checked
from metrics.detector.time_to_detect import sight
from metrics.peers.market_level import EDGES
from metrics.peers.peers import Witnesses
from metrics.types import Sight

WARM_UP_DAYS = EDGES[-1]  # before the first judged day: what the peers share is a function of so many days
KEPT_DAYS = 2 * LONGEST_DAYS  # of checkpoints; a row later than that replays from the beginning


class Checkpoints:
    """Day sums, checkpoints and frozen baselines of the wallets in ``wallets`` (shared with the caller)."""

    def __init__(self, wallets: Mapping[str, Watched], *, first_day: int, flag_years: float) -> None:
        self.wallets = wallets
        self.flag_years = flag_years
        self.population = Population()
        self.panel = DayPanel(len(wallets), first_day)
        self.checkpoints: dict[int, Checkpoint] = {}
        self._origin = 0
        self._next = 0  # first day that must be computed (again)
        self._constants: tuple[Bank, Witnesses, list[Sight | None]] | None = None

    def begin(self) -> None:
        """Compute everything anew at the next :meth:`advance`."""
        judged = [each.judged_from for each in self.wallets.values()]
        self._origin = min(judged, default=0) - WARM_UP_DAYS
        self._next = self._origin
        self.checkpoints = {}
        self._constants = None

    def rewind(self, day: int) -> None:
        """Go back to the checkpoint before ``day``, or to the beginning where it is not kept any more."""
        day = max(day, self._origin)
        if day < self._next:
            self._next = day if day - 1 in self.checkpoints else self._origin
            self.checkpoints = {d: each for d, each in self.checkpoints.items() if d < self._next}

    def advance(self, end: int) -> None:
        """Compute all days before ``end`` that are not computed yet, with the bags as they stand then."""
        changed = self._show_bags(end)
        if changed is not None:
            self.rewind(changed)
        marked_from = np.array([each.marked_from() for each in self.wallets.values()], dtype=np.int64)
        for day in range(self._next, end):
            self._learn(day, end)
            bank, peers, _ = self.constants()
            before = self.checkpoints.get(day - 1) or Checkpoint.empty(len(self.wallets))
            self.checkpoints[day] = advance(
                before,
                self.panel,
                day,
                bank=bank,
                peers=peers,
                marked_from=marked_from,
                flag_years=self.flag_years,
            )
            self.checkpoints.pop(day - KEPT_DAYS, None)
        self._next = max(self._next, end)

    def recent(self, end: int) -> list[Checkpoint]:
        """Checkpoints of the last days before ``end``, oldest first; at least one."""
        days = range(end - LONGEST_DAYS, end)
        return [self.checkpoints[day] for day in days if day in self.checkpoints] or [
            Checkpoint.empty(len(self.wallets))
        ]

    def constants(self) -> tuple[Bank, Witnesses, list[Sight | None]]:
        """Baselines, peers and sights by row: the same from day to day until one of them changes."""
        if self._constants is None:
            wallets = list(self.wallets.values())
            peers = self._peers()
            bank = Bank.of([each.baseline for each in wallets], [each.informs_from for each in wallets])
            compared = checked(bank, peers.those(bank.known))
            sights = [
                sight(each.baseline, flag_years=self.flag_years, peers=float(compared[each.row]))
                if each.baseline
                else None
                for each in wallets
            ]
            self._constants = bank, peers, sights
        return self._constants

    def sum_days(self, wallet: Watched, size: tuple[Scale, Scale] | None = None) -> None:
        """Sum all of one wallet's days anew."""
        for day in {*wallet.ledger.rows, *wallet.ledger.trades, *wallet.bags, *wallet.overdue}:
            self.sum_day(wallet, day, size)

    def sum_day(self, wallet: Watched, day: int, size: tuple[Scale, Scale] | None = None) -> None:
        """Sum one day of one wallet anew.

        With a feed of trades, frequency counts them (a close is one as well). Without, closes count; a day
        on which trades were seen but nothing closed is then neither silence nor activity (nan). A bag is a loss
        and no trade.
        """
        rows = wallet.ledger.rows.get(day, {})
        returns = [*(row[1] for row in rows.values()), *wallet.bags.get(day, {}).values()]
        self.panel.set_rows(wallet.row, day, returns, size or wallet.size)
        trades, closes = float(wallet.ledger.trades.get(day, 0)), float(len(rows))
        count = max(trades, closes)
        if not wallet.trade_feed:
            count = closes if closes or not trades else float("nan")
        self.panel.set_count("trades", wallet.row, day, count)
        self.panel.set_count("sold", wallet.row, day, closes)
        self.panel.set_count("overdue", wallet.row, day, wallet.overdue.get(day, 0))

    def show_covered(self, wallet: Watched) -> None:
        """Copy one wallet's coverage into the panel, and go back to the first day that it changes."""
        changed = self.panel.set_covered(wallet.row, wallet.ledger.covered)
        if changed is not None:
            self.rewind(self.relearn_from(wallet, changed))

    def relearn_from(self, wallet: Watched, day: int) -> int:
        """First day that news of ``day`` may change.

        A wallet that was still learning then learns again: what it learned is a function of what is known of it.
        """
        if not (wallet.learned_late() and wallet.baseline and day < wallet.baseline.end_day):
            return day
        wallet.baseline, self._constants = None, None
        return wallet.judged_from

    def learn_together(self) -> None:
        """Fit the population and the baselines of all wallets whose history suffices, for a first start.

        Bags of the history count as they stood when it ended, those that the first marks told later among them.
        """
        spans, sizes, overdue = {}, {}, {}
        for wallet in self.wallets.values():
            first = wallet.history_start(wallet.judged_from)
            if first is not None:
                spans[wallet.row] = (first, wallet.judged_from)
                sizes[wallet.row] = wallet.scales(first, wallet.judged_from)
                usual = wallet.holding_p95(first, wallet.judged_from)
                losses = wallet.losses(first, wallet.judged_from, usual)
                wallet.bags = standing(losses, wallet.judged_from, told_late=True)
                overdue[wallet.row] = wallet.overdue_in(first, wallet.judged_from, usual, told_late=True)
                self.sum_days(wallet, sizes[wallet.row])
        ledgers = {each.row: each.ledger for each in self.wallets.values()}
        bags = {each.row: each.bags for each in self.wallets.values()}
        fitted = fit_baselines.learn_together(self.panel, ledgers, bags, spans, sizes, overdue, self._peers())
        self.population, baselines = fitted
        for wallet in self.wallets.values():
            if wallet.row in baselines:
                wallet.baseline = baselines[wallet.row]
                wallet.informs_from = spans[wallet.row][0]

    def _show_bags(self, end: int) -> int | None:
        """Count bags and overdue positions as known before the day ``end``; return the first day that changes."""
        changed: set[int] = set()
        for wallet in self.wallets.values():
            bags: dict[int, dict[str, float]] = {}
            overdue: dict[int, int] = {}
            known = wallet.baseline
            if known is not None and (wallet.ledger.frames or wallet.ledger.away):
                bags = standing(wallet.losses(known.first_day, known.end_day, known.holding_p95_s), end)
                for spell in wallet.overdue_spells(known.holding_p95_s):
                    if spell.known < end:
                        overdue[spell.day] = overdue.get(spell.day, 0) + 1
            days = {day for day in {*bags, *wallet.bags} if bags.get(day) != wallet.bags.get(day)}
            days |= {day for day in {*overdue, *wallet.overdue} if overdue.get(day) != wallet.overdue.get(day)}
            wallet.bags, wallet.overdue = bags, overdue
            for day in days:
                self.sum_day(wallet, day)
            changed |= days
        return min(changed, default=None)

    def _learn(self, day: int, end: int) -> None:
        """Freeze the baselines of wallets whose history became long enough before ``day``."""
        due = [each for each in self.wallets.values() if each.baseline is None and day >= each.judged_from]
        starts = [(each, first) for each in due if (first := each.history_start(day)) is not None]
        if not starts:
            return
        self._show_bags(day)  # as known then: what is learned must not depend on what came later
        for wallet, first in starts:
            size = wallet.scales(first, day)
            usual = wallet.holding_p95(first, day)
            wallet.bags = standing(wallet.losses(first, day, usual), day)
            self.sum_days(wallet, size)
            bank, peers, _ = self.constants()
            wallet.baseline = fit_baselines.learn(
                self.panel,
                wallet.row,
                wallet.ledger,
                wallet.bags,
                first,
                day,
                peers=peers.rows_of(wallet.row),
                win_logit=bank.win_logit,
                informs_from=bank.informs_from,
                population=self.population,
                size=size,
                overdue=wallet.overdue_in(first, day, usual),
            )
            # Only from now on: what it tells about the past was not known then.
            wallet.informs_from = day
            self._constants = None
        self._show_bags(end)

    def _peers(self) -> Witnesses:
        """Of each wallet; those of whom nothing is known are left out."""
        rows = {name: wallet.row for name, wallet in self.wallets.items()}
        return Witnesses.of(
            [{rows[peer] for peer in each.peers if peer in rows} - {each.row} for each in self.wallets.values()]
        )
