"""One wallet under watch: what is known of it, since when it is judged, and its frozen baseline."""

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from metrics.baseline.bank import NEVER
from metrics.baseline.baseline import MINIMUM_DAYS, MINIMUM_ROUND_TRIPS, Baseline, usual_longest
from metrics.baseline.pauses import Pauses
from metrics.baseline.size_scale import Scale
from metrics.baseline.slow_stretches import Stretches
from metrics.baseline.unrealised_losses import (
    UNDER_WATER,
    Spell,
    away_spells,
    first_spells,
    spells,
    standing,
    unknown_away,
    with_away,
)
from metrics.baseline.wallet_history import DAY_S, WalletHistory

EVER = -(2**31)  # a day before all others


class UnsoldLosses(NamedTuple):
    """How many of a wallet's positions are losses that no close told."""

    bags: int  #: of the judged days
    older_bags: int
    moved: int  #: of the judged days, moved away under water


@dataclass(slots=True, kw_only=True)
class Watched:
    """A followed wallet, or a peer that only informs about the market; days are days since 1970-01-01."""

    row: int  #: of the panel
    judged_from: int  #: first day to judge, if the history before it suffices
    learn_from: int = EVER  #: first day that the baseline may use
    followed: bool = True
    trade_feed: bool = False  #: whether trades, not closes, are counted for its frequency
    ledger: WalletHistory = field(default_factory=WalletHistory)
    baseline: Baseline | None = None
    informs_from: int = 0  #: first day on which it tells others about the market
    peers: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)  #: what it traded before it was judged
    copies: list[str] = field(default_factory=list)  #: wallets of the same hand
    bags: dict[int, dict[str, float]] = field(default_factory=dict)  #: day → position → mark, as the panel holds them
    overdue: dict[int, int] = field(default_factory=dict)  #: day → positions that became so, as the panel holds them

    @property
    def size(self) -> tuple[Scale, Scale] | None:
        """Size scales of its wins and losses; None while it learns."""
        return None if self.baseline is None else (self.baseline.scale_win, self.baseline.scale_loss)

    def learned_late(self) -> bool:
        """Whether its baseline needed days after ``judged_from``: those days' rows may still be corrected."""
        return self.baseline is not None and self.judged_from < self.baseline.end_day

    def history_start(self, end: int) -> int | None:
        """First day of a history before ``end`` that is long enough to learn from; None: still too short.

        What is counted is what the fit takes: the round trips of days that were read whole, and these days.
        """
        counts = {day: len(rows) for day, rows in self.ledger.rows.items() if self.learn_from <= day < end}
        first = min(counts, default=end)
        read = self.ledger.days_covered(first, end)
        used = sum(count for day, count in counts.items() if read[day - first])
        return first if used >= MINIMUM_ROUND_TRIPS and int(read.sum()) >= MINIMUM_DAYS else None

    def scales(self, first: int, end: int) -> tuple[Scale, Scale]:
        """Size scales of the wins and losses that closed on the days ``first .. end - 1`` that were read whole."""
        _, table = self.ledger.table_read(first, end)
        value = table[:, 1]
        return Scale.of(value[value > 0]), Scale.of(value[value <= 0])

    def holding_p95(self, first: int, end: int) -> float:
        """95th percentile of the holding times of the same days, seconds; 0 = unknown."""
        _, table = self.ledger.table_read(first, end)
        return usual_longest(table[:, 3])

    def losses(self, first: int, end: int, holding_p95_s: float) -> list[Spell]:
        """When which of its positions were losses that no close told: its bags, and what it moved away under water.

        The latter only where all that it moved away in its history, the days ``first .. end - 1``, has a known worth:
        losses that nobody could see then would be a change now. None while its usual holding time is unknown.
        """
        unseen = unknown_away(self.ledger.away, first, end, holding_p95_s=holding_p95_s)
        moved = [] if unseen else away_spells(self.ledger.away, holding_p95_s=holding_p95_s)
        return with_away(self._spells(holding_p95_s), moved)

    def overdue_spells(self, holding_p95_s: float) -> list[Spell]:
        """When which of its positions became overdue, or were moved away under water, each once."""
        held = self._spells(holding_p95_s, mark_at=UNDER_WATER, free_above=UNDER_WATER)
        return first_spells([*held, *away_spells(self.ledger.away, holding_p95_s=holding_p95_s)])

    def overdue_in(self, first: int, end: int, holding_p95_s: float, *, told_late: bool = False) -> int:
        """Positions that became overdue on the days ``first .. end - 1`` and never closed; of what left, all may be."""
        still = standing(self.overdue_spells(holding_p95_s), end, told_late=told_late)
        names = {name for day, held in still.items() if day >= first for name in held}
        return len(names | unknown_away(self.ledger.away, first, end, holding_p95_s=holding_p95_s))

    def _spells(self, holding_p95_s: float, **limits: float) -> list[Spell]:
        ledger = self.ledger
        return spells(ledger.frames, ledger.marked, ledger.closed, holding_p95_s=holding_p95_s, **limits)

    def marked_from(self) -> int:
        """First day at whose end its open positions are known; ``NEVER`` without any."""
        away = (int(each.marked_s // DAY_S) for each in self.ledger.away if each.marked_s is not None)
        return min([*self.ledger.frames, *away], default=NEVER)

    def unsold(self) -> UnsoldLosses:
        """Count what no close told and is a loss."""
        judged = self.baseline.end_day if self.baseline else 0
        moved = {each.position for each in self.ledger.away}
        counted = [(day >= judged, name in moved) for day, held in self.bags.items() for name in held]
        return UnsoldLosses(
            bags=counted.count((True, False)),
            older_bags=counted.count((False, False)),
            moved=counted.count((True, True)),
        )

    def style(self) -> tuple[float, float, float]:
        """Trades per day, median holding time (s) and median size (US dollars) before it is judged; 0 = unknown."""
        _, table = self.ledger.table(self.learn_from, self.judged_from)
        if not len(table):
            return (0.0, 0.0, 0.0)
        days = max(1.0, self.judged_from - float(table[0, 0] // DAY_S))
        return (len(table) / days, float(np.median(table[:, 3])), float(np.median(table[:, 2])))

    def as_dict(self) -> dict[str, Any]:
        """JSON-able copy."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in ("bags", "overdue")}
        baseline = None if self.baseline is None else asdict(self.baseline)
        return {**plain, "ledger": self.ledger.as_dict(), "baseline": baseline, "peers": list(self.peers)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Watched":
        """Rebuild what :meth:`as_dict` gave."""
        baseline = None
        if saved["baseline"] is not None:
            parts: dict[str, Any] = {name: Scale(**saved["baseline"][name]) for name in ("scale_win", "scale_loss")}
            parts["pauses"] = Pauses(**saved["baseline"]["pauses"])
            parts["stretches"] = Stretches(**saved["baseline"]["stretches"])
            baseline = Baseline(**{**saved["baseline"], **parts})
        ledger = WalletHistory.from_dict(saved["ledger"])
        return cls(**{**saved, "ledger": ledger, "baseline": baseline, "peers": list(saved["peers"])})
