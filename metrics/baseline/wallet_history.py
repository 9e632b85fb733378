"""What is known of one wallet: its round trips, its trades, and the time that was really read.

Rows are kept by UTC day, because the statistics advance by day and a late row must find its day again.
Sums are exact (``math.fsum``), so the order in which rows arrive never shows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

DAY_S = 86_400
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Row = tuple[float, float, float, float]
"""``closed_s`` (unix seconds), ``return`` (fraction of cost), ``size_usd``, ``holding_s`` (0: unknown)."""
Interval = tuple[float, float]
"""Unix seconds, the end not included."""
Held = tuple[float, float | None]
"""An open position: idle since (unix seconds), marked at (fraction of cost; None: unknown)."""
Told = tuple[float, dict[str, Held]]
"""A moment (unix seconds), and of the positions open then those that may be under water."""


class Away(NamedTuple):
    """What left a position unsold; times in unix seconds."""

    position: str
    opened_s: float
    left_s: float
    mark: float | None  #: fraction of cost; None: unknown
    marked_s: float | None


@dataclass(slots=True)
class WalletHistory:
    """One wallet's rows by UTC day (days since 1970-01-01)."""

    rows: dict[int, dict[str, Row]] = field(default_factory=dict)
    trades: dict[int, int] = field(default_factory=dict)
    covered: list[Interval] = field(default_factory=list)
    last_s: float | None = None  #: last trade or close, unix seconds
    frames: dict[int, Told] = field(default_factory=dict)  #: the last of each day
    marked: dict[str, int] = field(default_factory=dict)  #: position to the day of its first known mark
    closed: dict[str, int] = field(default_factory=dict)  #: position to the day of its close
    away: list[Away] = field(default_factory=list)  #: moved out of positions and not back

    def add(self, key: str | None, row: Row) -> int:
        """Book a round trip and return its day. A key that is known already is replaced, not counted twice."""
        day = int(row[0] // DAY_S)
        rows = self.rows.setdefault(day, {})
        rows[f"#{len(rows)}" if key is None else f"{key}@{row[0]}"] = row
        if key is not None:
            self.closed[key] = min(day, self.closed.get(key, day))
        self._saw(row[0])
        return day

    def tell(self, moment: float, positions: dict[str, Held], *, keep_below: float) -> int | None:
        """Note what is open at a moment, and return the day; None where a later moment of it is known.

        A moment belongs to the day that it ends or lies in: midnight to the day before. Of the positions those marked
        above ``keep_below`` are forgotten.
        """
        day = -int(-moment // DAY_S) - 1
        for position, (_, mark) in positions.items():
            if mark is not None:
                self.marked[position] = min(day, self.marked.get(position, day))
        if day in self.frames and self.frames[day][0] > moment:
            return None
        low = {name: held for name, held in positions.items() if held[1] is None or held[1] <= keep_below}
        self.frames[day] = (moment, low)
        return day

    def leave(self, away: list[Away]) -> int | None:
        """Note all that is away now, and return the first day that this changes; None where it changes nothing."""
        changed = set(away) ^ set(self.away)
        self.away = sorted(away, key=lambda each: (each.left_s, each.position))
        return min((int(each.left_s // DAY_S) for each in changed), default=None)

    def add_trade(self, second: float) -> int:
        """Count a trade and return its day."""
        day = int(second // DAY_S)
        self.trades[day] = self.trades.get(day, 0) + 1
        self._saw(second)
        return day

    def _saw(self, second: float) -> None:
        self.last_s = second if self.last_s is None else max(self.last_s, second)

    def cover(self, intervals: Iterable[Interval]) -> None:
        """Note time that was really read; intervals may overlap and repeat."""
        merged: list[Interval] = []
        for start, end in sorted([*self.covered, *(each for each in intervals if each[1] > each[0])]):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        self.covered = merged

    def days_covered(self, first: int, end: int) -> npt.NDArray[np.bool_]:
        """Which of the days ``first .. end - 1`` were read whole, shape (end - first,)."""
        out = np.zeros(max(0, end - first), dtype=bool)
        for start_s, end_s in self.covered:
            whole = -int(-start_s // DAY_S), int(end_s // DAY_S)
            out[max(0, whole[0] - first) : max(0, whole[1] - first)] = True
        return out

    def table(self, first: int, end: int) -> tuple[IntArray, FloatArray]:
        """Rows of the days ``first .. end - 1`` in one canonical order: days (n,) and rows (n, 4)."""
        rows = sorted(row for day, kept in self.rows.items() if first <= day < end for row in kept.values())
        table = np.array(rows, dtype=np.float64).reshape(-1, 4)
        return (table[:, 0] // DAY_S).astype(np.int64), table

    def table_read(self, first: int, end: int) -> tuple[IntArray, FloatArray]:
        """The same of those days alone that were read whole: what a baseline is learned from."""
        day, table = self.table(first, end)
        read = self.days_covered(first, end)[day - first]
        return day[read], table[read]

    def first_day(self) -> int | None:
        """The earliest day with a row; None without any."""
        return min(self.rows, default=None)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able copy."""
        return {
            "rows": [[key, *row] for kept in self.rows.values() for key, row in kept.items()],
            "trades": [[day, count] for day, count in self.trades.items()],
            "covered": [list(each) for each in self.covered],
            "last_s": self.last_s,
            "frames": [[day, *told] for day, told in self.frames.items()],
            "marked": dict(self.marked),
            "away": [list(each) for each in self.away],
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "WalletHistory":
        """Rebuild what :meth:`as_dict` gave."""
        ledger = cls(
            trades={int(day): int(count) for day, count in saved["trades"]},
            covered=[(float(start), float(end)) for start, end in saved["covered"]],
            last_s=saved["last_s"],
            frames={
                int(day): (moment, {name: (held[0], held[1]) for name, held in low.items()})
                for day, moment, low in saved["frames"]
            },
            marked=dict(saved["marked"]),
            away=[Away(*each) for each in saved["away"]],
        )
        for key, closed_s, *rest in saved["rows"]:
            row: Row = (closed_s, rest[0], rest[1], rest[2])
            day = int(closed_s // DAY_S)
            ledger.rows.setdefault(day, {})[key] = row
            position, known, _ = key.rpartition("@")
            if known:
                ledger.closed[position] = min(day, ledger.closed.get(position, day))
        return ledger


def round_trip_rows(frame: pd.DataFrame) -> Iterator[tuple[str, str | None, Row]]:
    """(wallet, key, row) of each round trip whose return is known; extra columns are ignored."""
    if frame.empty:
        return
    closed = seconds(frame["closed_at"])
    keys = frame["position_id"].tolist() if "position_id" in frame else [None] * len(frame)
    columns = [
        frame[name].to_numpy(dtype=np.float64).tolist() if name in frame else [0.0] * len(frame)
        for name in ("return", "size_usd", "holding_s")
    ]
    for wallet, key, closed_s, value, size, holding in zip(
        frame["wallet"].tolist(), keys, closed, *columns, strict=True
    ):
        if value == value:  # not nan: what a round trip returned must be known to be judged
            row = (closed_s, value, size if size > 0 else 0.0, holding if holding > 0 else 0.0)
            yield str(wallet), None if key is None else str(key), row


def trade_rows(frame: pd.DataFrame) -> Iterator[tuple[str, float]]:
    """(wallet, unix second) of each trade."""
    if not frame.empty:
        wallets = (str(wallet) for wallet in frame["wallet"].tolist())
        yield from zip(wallets, seconds(frame["traded_at"]), strict=True)


def seconds(column: "pd.Series[Any]") -> list[float]:
    """Unix seconds of a column of UTC times."""
    times = pd.DatetimeIndex(column)
    if times.tz is None:
        raise ValueError(f"{column.name} must carry a time zone: days are UTC days")
    milliseconds: list[float] = (times.as_unit("ms").asi8 / 1000.0).tolist()
    return milliseconds
