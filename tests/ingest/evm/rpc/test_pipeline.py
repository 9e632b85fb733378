"""What is sent ahead is asked once, paid for once, and answered in its place; nothing else changes."""

import pytest

from ingest.errors import BudgetExhausted, MethodForbidden
from ingest.evm.rpc.adaptive_size import AdaptiveSize
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.endpoint_health import EndpointHealth
from ingest.evm.rpc.node import Node
from tests.fakes.node import FakeNode
from tests.ingest.evm.rpc.test_endpoint_health import MANY, TRUE, Counting
from tests.ingest.evm.rpc.test_failover import node


def wide(fake: FakeNode, width: int = 4) -> dict[str, EndpointHealth]:
    return {fake.url: EndpointHealth(width=AdaptiveSize(width, width))}


def test_it_is_asked_once_and_answered_in_its_place() -> None:
    """Whatever is asked for in between gets its own answers, and so does what was sent ahead, in any order."""
    with Counting() as fake, node(fake, standings=wide(fake)) as client, client.window():
        client.ahead(MANY[:150], MANY[200:250])
        assert client.batch(MANY[500:510]) == TRUE[500:510]
        assert client.batch(MANY[200:250]) == TRUE[200:250]
        assert client.batch(MANY[:150]) == TRUE[:150]
        assert fake.asked.count("eth_getCode") == 210


@pytest.mark.parametrize("width", [1, 2, 4])
def test_no_more_is_in_flight_than_allowed(width: int) -> None:
    """What is sent ahead counts; what does not fit is asked for when its turn comes."""
    with Counting() as fake, node(fake, standings=wide(fake, width)) as client, client.window():
        client.ahead(MANY[:300], MANY[300:600])
        assert client.batch(MANY[900:910]) == TRUE[900:910]
        assert client.batch(MANY[:300]) == TRUE[:300]
        assert client.batch(MANY[300:600]) == TRUE[300:600]
        assert fake.most <= width
        assert fake.asked.count("eth_getCode") == 610


def test_only_what_is_still_wanted_is_taken() -> None:
    """Of what turns out otherwise, the HTTP requests that would be sent alike serve; the rest is asked for again."""
    with Counting() as fake, node(fake, standings=wide(fake)) as client, client.window():
        client.ahead(MANY[:200])
        assert client.batch(MANY[:100] + MANY[300:400]) == TRUE[:100] + TRUE[300:400]
        assert fake.asked.count("eth_getCode") == 300
        client.ahead(MANY[700:710])
        assert client.batch(MANY[100:200]) == TRUE[100:200]
        assert fake.asked.count("eth_getCode") == 410


def test_it_is_paid_for_before_it_leaves() -> None:
    """What the budget does not allow is not sent and raises nothing yet; who asks for it then is told."""
    with Counting() as fake:
        meter = Meter(spent=0, limit=101)
        with node(fake, standings=wide(fake), charge=meter.charge) as client, client.window():
            client.ahead(MANY[:100], MANY[100:200])
            assert meter.drain() == {"eth_chainId": (1, 1), "eth_getCode": (100, 100)}
            assert client.batch(MANY[:100]) == TRUE[:100]
            with pytest.raises(BudgetExhausted):
                client.batch(MANY[100:200])
            assert meter.drain() == {}
        assert fake.asked.count("eth_getCode") == 100


def test_what_fails_is_asked_for_again() -> None:
    """A node that fails what was sent ahead is asked as if it had not been."""
    answers = iter([(503, {}, b"")])

    def raw(body: object) -> tuple[int, dict[str, str], bytes] | None:
        return next(answers, None) if isinstance(body, list) else None

    with FakeNode({"eth_getCode": lambda place: place}, raw=raw) as fake, node(fake) as client, client.window():
        client.ahead(MANY[:50])
        assert client.batch(MANY[:50]) == TRUE[:50]
        assert fake.asked.count("eth_getCode") == 100


def test_nothing_is_sent_ahead_outside_of_a_window_or_out_of_turn() -> None:
    """There, another endpoint may be asked next; and where one must wait, nobody waits for what is not needed yet."""
    with Counting() as fake:
        standings = wide(fake)
        with node(fake, standings=standings) as client:
            client.ahead(MANY[:50])
            with client.window():
                standings[fake.url].most_per_s = 10.0
                client.batch(MANY[50:60])
                client.ahead(MANY[:50])
        assert fake.asked.count("eth_getCode") == 10


def test_only_reading_methods_leave_ahead_too() -> None:
    """What may not be asked may not be sent ahead."""
    with Counting() as fake, node(fake, standings=wide(fake)) as client, client.window():
        with pytest.raises(MethodForbidden):
            client.ahead([("eth_sendRawTransaction", ["0x00"])])
        assert fake.asked == ["eth_chainId"]


def test_a_node_closes_while_something_is_on_its_way() -> None:
    """Nobody waits for it."""
    with Counting() as fake, Node([fake.url], chain_id=1) as client, client.window():
        client.ahead(MANY[:50])


def test_who_asks_to_be_left_alone_is_left_alone_by_everything() -> None:
    """A ``Retry-After`` that answers what was sent ahead is heeded by the next request, whatever that asks for."""
    answers = iter([(429, {"Retry-After": "7"}, b"")])
    waited: list[float] = []

    def raw(body: object) -> tuple[int, dict[str, str], bytes] | None:
        return next(answers, None) if isinstance(body, list) else None

    fake = FakeNode({"eth_getCode": lambda place: place, "eth_blockNumber": lambda: "0x1"}, raw=raw)
    with fake, Node([fake.url], chain_id=1, sleep=waited.append) as client, client.window():
        client.ahead(MANY[:50])
        assert client.call("eth_blockNumber") == "0x1"
        assert waited == [pytest.approx(7.05, abs=0.5)]
