"""What requests cost in provider units, and the hard limit on them."""

from ingest.errors import BudgetExhausted

#: Alchemy's compute units, the most common scale (its documentation, 2026).
UNITS = {
    "eth_chainId": 0,
    "eth_blockNumber": 10,
    "eth_getTransactionByHash": 20,
    "eth_getTransactionReceipt": 20,
    "eth_getBlockByNumber": 20,
    "eth_getBlockByHash": 20,
    "eth_getBlockReceipts": 20,
    "eth_getCode": 20,
    "eth_call": 26,
    "eth_getLogs": 60,
    "trace_transaction": 40,
    "debug_traceTransaction": 40,
}
UNKNOWN = 26  #: a method that the table does not name


def units(method: str) -> int:
    """Units of one request."""
    return UNITS.get(method, UNKNOWN)


class Meter:
    """Counts every request before it is sent, and refuses the one that would exceed the day's budget.

    Parameters
    ----------
    spent
        Units used today before this meter began.
    limit
        Units of one UTC day.
    """

    def __init__(self, *, spent: int, limit: int) -> None:
        self.spent = spent
        self.limit = limit
        self.requests = 0  #: in all
        self._pending: dict[str, tuple[int, int]] = {}

    def charge(self, method: str) -> None:
        """Count one request.

        Raises
        ------
        BudgetExhausted
            It would exceed the limit; it must not be sent.
        """
        cost = units(method)
        if self.spent + cost > self.limit:
            raise BudgetExhausted(
                f"today's budget of {self.limit:,} units is used up ({self.spent:,} spent). What was read is kept; "
                "reading goes on from there after midnight UTC, or at once with a larger [budget] rpc_units_per_day"
            )
        self.spent += cost
        self.requests += 1
        requests, total = self._pending.get(method, (0, 0))
        self._pending[method] = (requests + 1, total + cost)

    def drain(self) -> dict[str, tuple[int, int]]:
        """(requests, units) by method since the last call, to be persisted."""
        pending, self._pending = self._pending, {}
        return pending
