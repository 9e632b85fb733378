"""A chain as its nodes tell it: JSON-RPC 2.0 over HTTP, read-only by construction, over several endpoints.

Own transport instead of web3's, because web3 8 retries quota errors five times within two seconds, ignores
``Retry-After``, accepts an answer with a foreign id, loses rows of a short batch without an error, drops the body that
names a working block range, and prints the URL (with its key) in error texts.
"""

import random
import time
from collections.abc import Callable, Collection, Iterator, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from ingest.errors import (
    BudgetExhausted,
    EndpointRefused,
    IngestError,
    NotOffered,
    RangeRefused,
    RpcRejected,
    RpcUnavailable,
    TryElsewhere,
    WrongChain,
)
from ingest.evm.rpc.allowlist import READ_METHODS, only_reading
from ingest.evm.rpc.answer_checks import count
from ingest.evm.rpc.batch import Exchange, Request
from ingest.evm.rpc.endpoint import Endpoint, names
from ingest.evm.rpc.endpoint_health import FORGET_S, EndpointHealth
from ingest.evm.rpc.pipeline import Flights, Sent

__all__ = ["READ_METHODS", "Node", "Request"]

DEADLINE_S = 60.0  #: of one HTTP request, from looking up the host to the last byte
TRIES, TRIES_UNREACHABLE = 8, 3
TRIES_WITH_OTHERS = 3  #: where another endpoint can be asked instead
WAIT_LIMIT_S = 600.0  #: the longest ``Retry-After`` that is waited out; a longer one is told
WAIT_WITH_OTHERS_S = 5.0


def _backoff(state: RetryCallState) -> float:
    return min(8.0, 0.25 * 2.0**state.attempt_number) * (0.5 + random.random())  # noqa: S311 - jitter, not a secret


def _enough(tries: int) -> Callable[[RetryCallState], bool]:
    def enough(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        unreachable = isinstance(error, RpcUnavailable) and error.unreachable
        return state.attempt_number >= (min(tries, TRIES_UNREACHABLE) if unreachable else tries)

    return enough


class Node:
    """One chain, read through its endpoints: the first that is fit is used, the rest are for failover.

    Parameters
    ----------
    urls
        Endpoints in order of preference.
    chain_id
        The chain that every endpoint must serve (EIP-695): asked before first use, at each change of endpoint, hourly.
    charge
        Called with the methods and the host of each HTTP request before it leaves; may raise ``BudgetExhausted``.
    sleep, clock
        How to wait, and seconds that never go back.
    timeout_s
        Seconds of one HTTP request.
    standings
        What is known of each URL; one that outlives the node lets the next one know it.
    tell
        Called with a text for a person when an endpoint is set aside.
    tries
        Of one request, at most, where the endpoint gives no usable answer.
    speak
        Makes an endpoint from its URL: another class for one that does not speak JSON-RPC.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        chain_id: int,
        charge: Callable[[Sequence[str], str], None] = lambda _methods, _host: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        timeout_s: float = DEADLINE_S,
        standings: MutableMapping[str, EndpointHealth] | None = None,
        tell: Callable[[str], None] = lambda _text: None,
        tries: int = TRIES,
        speak: Callable[..., Endpoint] = Endpoint,
    ) -> None:
        self.chain_id = chain_id
        self._tries = tries
        known = {} if standings is None else standings
        self._endpoints: list[Endpoint] = []
        for url, name in zip(urls, names(urls), strict=True):
            standing = known.setdefault(url, EndpointHealth())
            standing.checked_at = None
            self._endpoints.append(speak(url, name=name, standing=standing, timeout_s=timeout_s))
        self._charge = charge
        self._sleep = sleep
        self._clock = clock
        self._tell = tell
        self._held: Endpoint | None = None
        self._next_id = 1
        self._flights = Flights(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._flights.close()

    @property
    def host(self) -> str:
        """The host of the endpoint that would be asked next."""
        return (self._held or self._in_order(())[0]).host

    @property
    def most_at_once(self) -> int:
        """How many requests the endpoint that would be asked next takes in one HTTP request, as far as is known."""
        return (self._held or self._in_order(())[0]).standing.batch.step

    def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        """One request; the result, or the typed error of its refusal.

        Raises
        ------
        MethodForbidden
            The method is not in ``READ_METHODS``; nothing was sent.
        RangeRefused, RpcRejected, RpcUnavailable, WrongChain
            See ``ingest.errors``.
        """
        [result] = self.batch([(method, params)])
        return result

    def batch(
        self, requests: Sequence[Request], *, tolerant: bool = False, required: Collection[str] | None = None
    ) -> list[Any]:
        """Several requests in JSON-RPC batches; results in the order of the requests, from one endpoint.

        Parameters
        ----------
        requests
            (method, params) pairs.
        tolerant
            Return an ``RpcRejected`` in the place of a refused request instead of raising it.
        required
            Fields that every result must have. One that is null or lacks a field counts as no answer, and is asked for
            again; the others are not.
        """
        methods = only_reading(requests)
        if not requests:
            return []

        def ask(endpoint: Endpoint, *, last: bool) -> list[Any]:
            exchange = self._exchange(endpoint, requests, last=last)
            exchange.tolerant, exchange.required = tolerant, required
            return self._ask(endpoint, exchange)

        if self._held is not None:
            return ask(self._held, last=len(self._endpoints) == 1)
        failure: IngestError | None = None
        order = self._in_order(methods)
        for endpoint in order:
            try:
                with self._use(endpoint, methods):
                    return ask(endpoint, last=endpoint is order[-1])
            except (RpcUnavailable, EndpointRefused, WrongChain) as error:
                failure = error if failure is None or isinstance(failure, RpcUnavailable | NotOffered) else failure
            except RpcRejected as error:
                if isinstance(error, NotOffered):
                    endpoint.standing.lacked({error.method}, self._clock())
                failure = failure or error
        assert failure is not None
        raise failure

    def ahead(self, *batches: Sequence[Request]) -> None:
        """Send what the next calls of ``batch`` will ask for, and do not wait: the node works while the caller does.

        Only inside a window, to its endpoint, and no more than may be in flight at once; what may not leave now is left
        to ``batch``. What was sent ahead before and never asked for is given up.
        """
        self._land()
        self._flights.forget()
        for requests in batches:
            only_reading(requests)
            endpoint = self._held
            if endpoint is None or endpoint.standing.wait(self._clock()):
                return
            exchange = self._exchange(endpoint, requests, last=True)
            if parts := exchange.parts(max(0, endpoint.standing.width.step - self._flights.flying)):
                with suppress(BudgetExhausted):
                    self._flights.keep(endpoint, requests, self._send(endpoint, exchange, parts))

    def elsewhere(self, requests: Sequence[Request]) -> list[Any] | None:
        """The same, asked of another endpoint than the one in use.

        Returns
        -------
        list or None
            None where there is no other that is fit, or it does not answer, or not this.
        """
        held = self._held
        other = next((each for each in self._in_order(()) if each is not held and self._fit(each)), None)
        if held is None or other is None:
            return None
        try:
            with self._use(other, ()):
                return self._ask(other, self._exchange(other, requests, last=False))
        except (RpcUnavailable, RpcRejected, RangeRefused, WrongChain):
            return None
        finally:
            self._held = held

    @contextmanager
    def window(self, *methods: str) -> Iterator[str]:
        """Ask one endpoint only, whatever is asked inside: two nodes may be on two forks, or one behind the other.

        Gives the endpoint's name. An ``RpcUnavailable`` that leaves the window sets the endpoint aside, so that the
        next window is read from another one; so does a refusal, where there is another one.

        Parameters
        ----------
        methods
            That not every endpoint has: one without them is passed over, and goes on serving everything else.
        """
        if self._held is not None:
            yield self._held.name
            return
        endpoint, *others = self._in_order(methods)
        try:
            with self._use(endpoint, ()):
                yield endpoint.name
        except (RpcRejected, WrongChain) as error:
            if not any(map(self._fit, others)):
                raise
            if isinstance(error, NotOffered) and error.method in methods:
                endpoint.standing.lacked({error.method}, self._clock())
            elif self._fit(endpoint):
                self._rest(endpoint, error)
            raise RpcUnavailable(str(error)) from None

    def patience(self, tries: int) -> Retrying:
        """How to repeat what ended with ``RpcUnavailable``: at once where it may go to another endpoint that is fit."""
        return Retrying(
            retry=retry_if_exception_type(RpcUnavailable),
            wait=lambda state: 0.0 if self._held is None and any(map(self._fit, self._endpoints)) else _backoff(state),
            stop=_enough(tries),
            sleep=self._sleep,
            reraise=True,
        )

    def _fit(self, endpoint: Endpoint) -> bool:
        return endpoint.standing.resting_until <= self._clock()

    def _in_order(self, methods: Collection[str]) -> list[Endpoint]:
        """The endpoints in the order in which to ask them: as configured, those set aside last."""
        now = self._clock()
        return sorted(
            self._endpoints,
            key=lambda each: (each.standing.lacks(methods, now), max(0.0, each.standing.resting_until - now)),
        )

    @contextmanager
    def _use(self, endpoint: Endpoint, methods: Collection[str]) -> Iterator[None]:
        """Ask this endpoint alone, and take note of how it went."""
        self._held = endpoint
        try:
            self._check_chain(endpoint)
            yield
        except TryElsewhere as error:
            if error.gone and methods:
                endpoint.standing.lacked(methods, self._clock())
            else:
                self._rest(endpoint, error)
            raise
        except (RpcUnavailable, EndpointRefused, WrongChain) as error:
            self._rest(endpoint, error)
            raise
        else:
            endpoint.standing.served()
        finally:
            self._held = None

    def _rest(self, endpoint: Endpoint, error: IngestError) -> None:
        self._flights.forget()
        seconds = endpoint.standing.rest(self._clock(), long=not isinstance(error, RpcUnavailable))
        for each in self._endpoints:
            each.standing.checked_at = None  # whoever is asked now names its chain first
        if len(self._endpoints) > 1:
            self._tell(f"{endpoint.name} is set aside for {seconds:.0f} s: {error}")

    def _check_chain(self, endpoint: Endpoint) -> None:
        checked, now = endpoint.standing.checked_at, self._clock()
        if checked is not None and now - checked < FORGET_S:
            return
        [answer] = self._ask(endpoint, self._exchange(endpoint, [("eth_chainId", [])], last=len(self._endpoints) == 1))
        if (served := count(answer)) != self.chain_id:
            raise WrongChain(
                f"{endpoint.name} serves chain {served}, but the configuration says {self.chain_id}: "
                "correct rpc_urls or chain_id; nothing from it was stored"
            )
        endpoint.standing.checked_at = now

    def _exchange(self, endpoint: Endpoint, requests: Sequence[Request], *, last: bool) -> Exchange:
        size = endpoint.standing.batch
        return Exchange(requests=requests, name=endpoint.name, redact=endpoint.redact, size=size, last=last)

    def _ask(self, endpoint: Endpoint, exchange: Exchange) -> list[Any]:
        """Go on asking until every result is there."""
        standing, longest = endpoint.standing, WAIT_LIMIT_S if exchange.last else WAIT_WITH_OTHERS_S
        self._flights.clear()
        sent = self._flights.take(endpoint, exchange.requests)
        while sent or (parts := exchange.parts(standing.width.step)):
            if not sent:
                self._land()
                if (wait := standing.wait(self._clock())) > longest:
                    raise RpcUnavailable(f"{endpoint.name} asked not to be asked for another {wait:.0f} s")
                sent = self._send(endpoint, exchange, parts, wait)
            had, (answered, sent) = len(exchange.results), (sent, [])
            failures = self._receive(exchange, answered)
            exchange.stalled = 0 if len(exchange.results) > had else exchange.stalled + bool(failures)
            if not failures:
                standing.answered(answered[0].width, sum(len(each.part) for each in answered))
                continue
            failure = max(failures, key=lambda each: (each.retry_after or 0.0, each.too_fast))
            self._heed(endpoint, failure, size=len(answered[0].part), stalled=exchange.stalled)
            if exchange.stalled >= min(self._tries, _tries(failure, last=exchange.last)):
                raise failure
        return [exchange.results[place] for place in range(len(exchange.requests))]

    def _land(self) -> None:
        """Let what was sent ahead arrive: who asks to be left alone there is left alone by whatever is sent next."""
        for endpoint, sent, failure in self._flights.land():
            self._heed(endpoint, failure, size=len(sent.part), stalled=0)

    def _heed(self, endpoint: Endpoint, failure: RpcUnavailable, *, size: int, stalled: int) -> None:
        dice = random.random()  # noqa: S311 - jitter, not a secret
        endpoint.standing.failed(failure, size=size, stalled=stalled, now=self._clock(), dice=dice)

    def _send(
        self, endpoint: Endpoint, exchange: Exchange, parts: Sequence[list[int]], wait: float = 0.0
    ) -> list[Sent]:
        """Send some HTTP requests at once, metered and paced."""
        paid: list[tuple[list[int], int]] = []
        for part in parts:
            try:
                self._charge(exchange.methods(part), endpoint.host)
            except BudgetExhausted:
                if not paid:
                    raise
                break  # what is paid for is sent; the rest is refused in the next round
            # No id is ever used twice, so that a stray answer of an earlier request fits none.
            paid.append((part, self._next_id))
            self._next_id += len(part)
        if wait:
            self._sleep(wait)
        endpoint.standing.sent(sum(len(part) for part, _ in paid), self._clock())
        width = self._flights.flying + len(paid)
        return [
            Sent(part, first_id, self._flights.begin(endpoint, exchange.body(part, first_id)), width)
            for part, first_id in paid
        ]

    def _receive(self, exchange: Exchange, sent: Sequence[Sent]) -> list[RpcUnavailable]:
        """Wait for what was sent; gives back what went wrong."""
        answers = self._flights.answers(sent)
        kept = [exchange.keep(each.part, each.first_id, answer) for each, answer in zip(sent, answers, strict=True)]
        return [failure for failure in kept if failure is not None]


def _tries(failure: RpcUnavailable, *, last: bool) -> int:
    if not last:
        return 1 if isinstance(failure, TryElsewhere) or failure.unreachable else TRIES_WITH_OTHERS
    return TRIES_UNREACHABLE if failure.unreachable else TRIES
