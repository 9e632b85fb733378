"""Day sums of all wallets as arrays: the one thing that the sequential statistics read."""

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from metrics.baseline.size_scale import Scale
from metrics.baseline.wallet_history import DAY_S, Interval

FloatArray = npt.NDArray[np.float64]

FIELDS = ("closes", "wins", "returns", "win_size", "loss_size", "trades", "covered", "sold", "overdue")
"""Of a day: round trips and new bags; those with a return above zero; sum of returns (fraction of cost), each cut at
``Scale.largest`` once there is a baseline; sums of the robust z of wins' and losses' sizes (0 while there is none);
trades; 1 where the whole day was read; round trips alone; positions that became overdue
(``metrics.baseline.unrealised_losses``)."""


class DayPanel:
    """Arrays of shape (wallets, days) that grow with the days; ``panel.view(name, first, end)`` reads them."""

    def __init__(self, wallets: int, first_day: int) -> None:
        self.first_day = first_day
        self._data = np.zeros((len(FIELDS), wallets, 64))

    def add_wallet(self) -> None:
        """Append an empty row."""
        fields, _, days = self._data.shape
        self._data = np.concatenate((self._data, np.zeros((fields, 1, days))), axis=1)

    def reach(self, first: int, end: int) -> None:
        """Make room for the days ``first .. end - 1``."""
        fields, wallets, days = self._data.shape
        left = max(0, self.first_day - first)
        right = max(0, end - self.first_day - days)
        if left or right:
            room = [np.zeros((fields, wallets, extra)) for extra in (left, right + 64 * (right > 0))]
            self._data = np.concatenate((room[0], self._data, room[1]), axis=2)
            self.first_day -= left

    def view(self, name: str, first: int, end: int) -> FloatArray:
        """Days ``first .. end - 1`` of one field, shape (wallets, days); a view."""
        self.reach(first, end)
        out: FloatArray = self._data[FIELDS.index(name), :, first - self.first_day : end - self.first_day]
        return out

    def day(self, day: int) -> FloatArray:
        """All fields of one day, shape (fields, wallets)."""
        self.reach(day, day + 1)
        out: FloatArray = self._data[:, :, day - self.first_day]
        return out

    def set_rows(self, wallet: int, day: int, returns: Iterable[float], size: tuple[Scale, Scale] | None) -> None:
        """Sum the returns of one wallet's day anew; exact, so that their order does not show."""
        self.reach(day, day + 1)
        values = list(returns)
        wins = [value for value in values if value > 0]
        losses = [value for value in values if value <= 0]
        cut = values
        if size:
            most, least = size[0].largest, -size[1].largest
            cut = [min(most, max(least, value)) for value in values]
        self._data[:5, wallet, day - self.first_day] = (
            len(values),
            len(wins),
            math.fsum(cut),
            math.fsum(size[0].z(value) for value in wins) if size else 0.0,
            math.fsum(size[1].z(value) for value in losses) if size else 0.0,
        )

    def set_count(self, name: str, wallet: int, day: int, count: float) -> None:
        """One field of one wallet on one day."""
        self.reach(day, day + 1)
        self._data[FIELDS.index(name), wallet, day - self.first_day] = count

    def set_covered(self, wallet: int, intervals: Iterable[Interval]) -> int | None:
        """Mark the days that were read whole; return the first day that changes, None if none does."""
        whole = [(-int(-start // DAY_S), int(end // DAY_S)) for start, end in intervals]
        whole = [(start, end) for start, end in whole if end > start]
        if whole:
            self.reach(whole[0][0], max(end for _, end in whole))
        row = np.zeros(self._data.shape[2])
        for start, end in whole:
            row[start - self.first_day : end - self.first_day] = 1.0
        changed = np.flatnonzero(row != self._data[FIELDS.index("covered"), wallet])
        self._data[FIELDS.index("covered"), wallet] = row
        return int(changed[0]) + self.first_day if len(changed) else None

    def clear(self, wallet: int) -> None:
        """Forget all of one wallet's days."""
        self._data[:, wallet] = 0.0
