"""What requests cost in provider units, and the hard limit on them."""

import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ingest.errors import BudgetExhausted

NEARLY = 0.8  #: of the day's budget: a person should know


@lru_cache(maxsize=1)
def _providers() -> Sequence[Mapping[str, Any]]:
    text = files("ingest.evm.rpc").joinpath("units.toml").read_text(encoding="utf-8")
    providers: Sequence[Mapping[str, Any]] = tomllib.loads(text)["provider"]
    return providers


@lru_cache(maxsize=256)
def _provider(host: str) -> Mapping[str, Any]:
    return next(each for each in _providers() if any(fnmatchcase(host.lower(), pattern) for pattern in each["hosts"]))


def units(method: str, host: str) -> int:
    """Units of one request, on the scale of the provider that a host belongs to (``ingest/evm/rpc/units.toml``).

    Parameters
    ----------
    method
        A JSON-RPC method; one that the provider's table does not name costs what its other methods cost.
    host
        Of the endpoint's URL; one that no table knows is counted in requests.
    """
    table = _provider(host)
    return int(table.get(method, table["other"]))


class Meter:
    """Counts every request before it is sent, and refuses those that would exceed the day's budget.

    Parameters
    ----------
    spent
        Units used today before this meter began.
    limit
        Units of one UTC day.
    today
        The current UTC day: at midnight a new budget begins. None: the meter is for one day only.
    """

    def __init__(self, *, spent: int, limit: int, today: Callable[[], date] | None = None) -> None:
        self.spent = spent
        self.limit = limit
        self.requests = 0  #: in all
        self._today = today
        self.day = today() if today else None  #: that ``spent`` is of
        self._pending: dict[str, tuple[int, int]] = {}

    def charge(self, methods: Sequence[str], host: str) -> None:
        """Count the requests of one HTTP request: all of them, or none.

        Parameters
        ----------
        methods
            The method of each.
        host
            Where they go.

        Raises
        ------
        BudgetExhausted
            They would exceed the limit; they must not be sent.
        """
        # A clock that is set back brings no old day's budget.
        if self._today and self.day and (day := self._today()) > self.day:
            # What is not persisted yet will be counted on the new day: a little too much there, never too little.
            self.day, self.spent = day, self.unrecorded
        counted = Counter(methods)
        cost = sum(units(method, host) * times for method, times in counted.items())
        if self.spent + cost > self.limit:
            raise BudgetExhausted(
                f"today's budget of {self.limit:,} units is used up ({self.spent:,} spent, the next request costs "
                f"{cost:,}). What was read is kept; reading goes on from there after midnight UTC, or at once with a "
                "larger [budget] rpc_units_per_day"
            )
        self.spent += cost
        self.requests += len(methods)
        self.restore({method: (times, units(method, host) * times) for method, times in counted.items()})

    @property
    def pending(self) -> bool:
        """Whether something was spent that is not persisted yet."""
        return bool(self._pending)

    @property
    def unrecorded(self) -> int:
        """Units that were spent and are not persisted yet."""
        return sum(total for _, total in self._pending.values())

    def drain(self) -> dict[str, tuple[int, int]]:
        """(requests, units) by method since the last call, to be persisted."""
        pending, self._pending = self._pending, {}
        return pending

    def restore(self, drained: Mapping[str, tuple[int, int]]) -> None:
        """Take back what ``drain`` gave and could not be persisted."""
        for method, (requests, total) in drained.items():
            more_requests, more = self._pending.get(method, (0, 0))
            self._pending[method] = (requests + more_requests, total + more)
