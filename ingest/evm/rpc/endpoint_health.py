"""What is known of one endpoint: how fast, how much at once, and whether to trust it now. Pure: time is an argument.

Times are seconds of any clock that never goes back.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from ingest.errors import RpcUnavailable, TryElsewhere
from ingest.evm.rpc.adaptive_size import AdaptiveSize

BATCH = 100  #: requests of one HTTP request, at most
IN_FLIGHT = 4  #: HTTP requests at once, at most
LONGEST_BACKOFF_S = 8.0
CALM = 32  #: rounds answered in a row before several are in flight again
STALLED = 3  #: failures in a row
LEAST_RATE = 10.0  #: requests a second, however often an endpoint says that it is too much
GROWTH = 0.25  #: of a learned rate, for each second at that rate
FIRST_REST_S, LONGEST_REST_S = 15.0, 900.0
FORGET_S = 3_600.0  #: how long a missing archive, and a checked chain id, are remembered


@dataclass(slots=True)
class EndpointHealth:
    """One endpoint's record; it outlives connections, so that a service does not learn the same twice."""

    most_per_s: float | None = None  #: requests a second that the user set
    batch: AdaptiveSize = field(default_factory=lambda: AdaptiveSize(BATCH, BATCH))
    width: AdaptiveSize = field(default_factory=lambda: AdaptiveSize(1, IN_FLIGHT))  #: HTTP requests at once
    checked_at: float | None = None  #: when it last named its chain
    resting_until: float = 0.0  #: not asked before, if another endpoint can be
    _rate: float | None = None  #: requests a second, learned; None: as fast as it answers
    _next_at: float = 0.0
    _not_before: float = 0.0
    _rest_s: float = 0.0
    _second: float = 0.0  #: the second that ``_sent`` counts
    _sent: int = 0
    _lacks: dict[str, float] = field(default_factory=dict)

    def wait(self, now: float) -> float:
        """Seconds until the next request may leave: what was asked for, the backoff, and the pace."""
        return max(0.0, self._next_at - now, self._not_before - now)

    def sent(self, requests: int, now: float) -> None:
        """Take note of requests that leave now."""
        if now - self._second >= 1:
            self._second, self._sent = now, 0
        self._sent += requests
        if rate := self.rate:
            self._next_at = now + requests / rate

    @property
    def rate(self) -> float | None:
        """Requests a second; None: no limit is known."""
        return min((rate for rate in (self._rate, self.most_per_s) if rate is not None), default=None)

    def answered(self, width: int, requests: int) -> None:
        """Take note of a round of HTTP requests that were all answered, and of how many requests it held."""
        self.width.agree(width)
        if self._rate is not None:
            self._rate *= 1 + GROWTH * min(1.0, requests / self._rate)

    def failed(self, failure: RpcUnavailable, *, size: int, stalled: int, now: float, dice: float) -> None:
        """Wait after a failure: as long as the endpoint asked for, else twice as long each time.

        Parameters
        ----------
        failure
            What went wrong.
        size
            Requests of one HTTP request.
        stalled
            How often in a row nothing came.
        now
            Seconds.
        dice
            In [0, 1): jitter, so that many clients do not come back at once.
        """
        if failure.retry_after is not None:
            wait = failure.retry_after + 0.05
        else:
            wait = min(LONGEST_BACKOFF_S, 0.25 * 2.0**stalled) * (0.5 + dice)
        self._not_before = max(self._not_before, now + wait)
        self.width.restart(CALM)  # what is in flight when it asks for time comes too early
        if failure.too_fast:
            # What the last second held was too much.
            self._rate = max(LEAST_RATE, min(self._sent, self.rate or self._sent) / 2)
        if stalled >= STALLED and size > 1 and not failure.unreachable and not isinstance(failure, TryElsewhere):
            # After more than a second's wait: one batch alone may be more than it allows, or can answer in time; some
            # nodes close the connection then without a word.
            self.batch.refuse(size)

    def rest(self, now: float, *, long: bool) -> float:
        """Set it aside after it failed for good; returns for how many seconds, twice as many each time."""
        self._rest_s = LONGEST_REST_S if long else min(LONGEST_REST_S, max(FIRST_REST_S, self._rest_s * 2))
        self.resting_until = max(now + self._rest_s, self._not_before)
        return self.resting_until - now

    def served(self) -> None:
        """Take note that it did what it was asked for."""
        self._rest_s = self.resting_until = 0.0

    def lacks(self, methods: Collection[str], now: float) -> bool:
        """Whether it lately said that it keeps no old state for one of these methods, or has it not at all."""
        return any(self._lacks.get(method, 0.0) > now for method in methods)

    def lacked(self, methods: Collection[str], now: float) -> None:
        """Take note that it said so."""
        self._lacks |= dict.fromkeys(methods, now + FORGET_S)
