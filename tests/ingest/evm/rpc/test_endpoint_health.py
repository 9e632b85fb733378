"""How fast an endpoint is asked: several requests at once, never more than it stands, never before it allows it."""

import threading
import time as real_time

import pytest

from ingest.errors import BudgetExhausted, RpcUnavailable
from ingest.evm.rpc.adaptive_size import AdaptiveSize
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.endpoint_health import IN_FLIGHT, LEAST_RATE, EndpointHealth
from ingest.evm.rpc.node import Node
from tests.fakes.node import FakeNode
from tests.ingest.evm.rpc.test_failover import Time, node

MANY = [("eth_getCode", [f"0x{place:04}"]) for place in range(1_000)]
TRUE = [f"0x{place:04}" for place in range(1_000)]


class Counting(FakeNode):
    """Counts how many HTTP requests it is answering at once; the first of a group waits for the others to come."""

    def __init__(self):
        super().__init__({"eth_getCode": lambda place: place}, raw=self._raw)
        self._lock = threading.Lock()
        self.now = self.most = 0

    def _raw(self, body):
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        real_time.sleep(0.02)
        with self._lock:
            self.now -= 1


def test_several_requests_are_in_flight_and_never_more_than_allowed():
    """Where there is much to ask, up to the limit at once; the results are those of asking one after the other."""
    with Counting() as fake, node(fake) as client:
        assert client.batch(MANY) == TRUE
        assert 1 < fake.most <= IN_FLIGHT


def test_one_after_the_other_on_request():
    """With a width of one nothing overlaps, and the results are the same."""
    with Counting() as fake:
        alone = {fake.url: EndpointHealth(width=AdaptiveSize(1, 1))}
        with node(fake, standings=alone) as client:
            assert client.batch(MANY) == TRUE
        assert fake.most == 1


def test_failures_are_counted_in_a_row_and_not_in_all():
    """An endpoint that answers one request at a time, and fails every other one, is asked until all is there."""
    count = iter(range(10**6))

    def raw(body):
        return (503, {}, b"") if next(count) % 2 else None

    with FakeNode({"eth_getCode": lambda place: place}, raw=raw) as fake:
        alone = {fake.url: EndpointHealth(batch=AdaptiveSize(1, 1), width=AdaptiveSize(1, 1))}
        with node(fake, standings=alone) as client:
            assert client.batch(MANY[:50]) == TRUE[:50]


def test_a_failure_in_flight_costs_no_answer_and_no_order():
    """Every third HTTP request fails; what came beside it is kept, and only the rest is asked for again."""
    count = iter(range(10**6))

    def raw(body):
        return (503, {}, b"") if isinstance(body, list) and next(count) % 3 == 2 else None

    time = Time()
    with FakeNode({"eth_getCode": lambda place: place}, raw=raw) as fake, node(fake, time=time) as client:
        assert client.batch(MANY) == TRUE
    failed = sum(time.waits)
    assert failed > 0
    assert fake.asked.count("eth_getCode") < 2_000


@pytest.mark.parametrize("in_flight", [1, 4])
def test_the_budget_is_exact_with_several_in_flight(in_flight):
    """What is sent is what is metered, and not one request beyond the limit leaves."""
    meter = Meter(spent=0, limit=555)
    fake = FakeNode({"eth_getCode": lambda place: place})
    with fake:
        standings = {fake.url: EndpointHealth(width=AdaptiveSize(in_flight, in_flight))}
        with node(fake, standings=standings, charge=meter.charge) as client, pytest.raises(BudgetExhausted):
            client.batch(MANY)
    assert len(fake.asked) == meter.spent == 501
    assert meter.drain() == {"eth_chainId": (1, 1), "eth_getCode": (500, 500)}


def test_a_set_pace_is_kept():
    """With so many requests a second as the user allows: 1,000 of them take at least their time."""
    time = Time()
    fake = FakeNode({"eth_getCode": lambda place: place})
    with fake, node(fake, time=time, standings={fake.url: EndpointHealth(most_per_s=50)}) as client:
        start = time.now
        client.batch(MANY)
        assert time.now - start >= (1_000 - 4 * 100) / 50


def test_a_pace_is_learned_from_refusals_and_grows_back():
    """A provider that allows 200 requests a second, and says so by 429 alone, is asked near that pace."""
    time, window, refused = Time(), [0.0, 0], [0]

    def raw(body):
        if not isinstance(body, list):
            return None
        if time.now - window[0] >= 1:
            window[:] = [time.now, 0]
        window[1] += len(body)
        if window[1] > 200:
            refused[0] += 1
            return 429, {}, b""
        return None

    with FakeNode({"eth_getCode": lambda place: place}, raw=raw) as fake, node(fake, time=time) as client:
        start = time.now
        for _ in range(5):
            assert client.batch(MANY) == TRUE
    took = time.now - start
    assert 5_000 / 200 * 0.8 < took < 5_000 / 200 * 2
    assert refused[0] < 25


def test_the_pace_is_never_learned_down_to_nothing():
    """However many refusals, and however much was sent between them, the pace stays at a floor."""
    standing = EndpointHealth()
    for turn in range(50):
        standing.sent(1, float(turn))
        too_fast = RpcUnavailable("HTTP 429", too_fast=True)
        standing.failed(too_fast, size=1, stalled=turn, now=float(turn), dice=0.5)
    assert standing.rate == LEAST_RATE
    assert 0 < standing.wait(49.0) <= 12


@pytest.mark.parametrize("status", [429, 503, 200], ids=["429", "503", "nothing"])
def test_a_batch_that_is_too_much_at_once_shrinks(status):
    """A provider that refuses every batch of more than 10 requests, and does not say why, is asked for less in the
    end."""

    def raw(body):
        return (status, {}, b"") if isinstance(body, list) and len(body) > 10 else None

    with FakeNode({"eth_getCode": lambda place: place}, raw=raw) as fake, node(fake, time=Time()) as client:
        assert client.batch(MANY[:60]) == TRUE[:60]


def test_no_request_leaves_before_the_time_that_was_asked_for():
    """Whatever is in flight when it comes: after a ``Retry-After`` nothing leaves until it is over."""
    time, until, early = Time(), [0.0], []
    count = iter(range(10**6))

    def raw(body):
        if time.now < until[0]:
            early.append(body)
        if not isinstance(body, list) or next(count) % 7 != 3:
            return None
        blocked.append(time.now + 3)
        return 429, {"Retry-After": "3"}, b""

    blocked = []

    def sleep(seconds):
        until[0] = max(blocked, default=0.0)
        time.sleep(seconds)

    with FakeNode({"eth_getCode": lambda place: place}, raw=raw) as fake:
        client = Node([fake.url], chain_id=1, sleep=sleep, clock=lambda: time.now)
        with client:
            assert client.batch(MANY) == TRUE
    assert blocked
    assert early == []


def test_one_http_request_has_one_deadline():
    """Bytes that drip in, in the head of the answer as in its body, do not hold a request beyond its deadline."""
    import socket

    def drip(listener, stop):
        while not stop.is_set():
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            peer.recv(65_536)
            try:
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1_000:
                    peer.send(bytes([byte]))
                    if stop.wait(0.02):
                        break
            except OSError:
                pass
            peer.close()

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=drip, args=(listener, stop), daemon=True)
        server.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        others = FakeNode({"eth_blockNumber": lambda: "0x1"})
        with others, Node([url, others.url], chain_id=1, timeout_s=0.3, sleep=lambda _s: None) as client:
            began = real_time.monotonic()
            assert client.call("eth_blockNumber") == "0x1"
            # Three tries of 0.3 s; the answer itself would take 20 s each. The bound is generous, not a benchmark.
            assert real_time.monotonic() - began < 15
        stop.set()
    server.join(timeout=5)
