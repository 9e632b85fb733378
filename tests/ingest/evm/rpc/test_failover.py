"""Several endpoints for one chain: what one cannot do another does, and no window is read from two of them."""

import json

import pytest

from ingest.errors import EndpointRefused, RpcRejected, RpcUnavailable, WrongChain
from ingest.evm.rpc.endpoint_health import FIRST_REST_S, LONGEST_REST_S, EndpointHealth
from ingest.evm.rpc.node import Node
from tests.fakes.node import FakeNode, RpcFault


class Time:
    """A clock that only waiting moves."""

    def __init__(self):
        self.now = 1_000.0
        self.waits = []

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


def node(*fakes, time=None, **options):
    time = time or Time()
    return Node([fake.url for fake in fakes], chain_id=1, sleep=time.sleep, clock=lambda: time.now, **options)


def refusing(code, text):
    def refuse(*_):
        raise RpcFault(code, text)

    return refuse


def broken(status=500, headers=None, body=b""):
    return FakeNode(raw=lambda asked: None if "eth_chainId" in str(asked) else (status, headers or {}, body))


def working(value="0x2", **methods):
    return FakeNode({"eth_blockNumber": lambda: value, **methods})


def test_an_endpoint_that_fails_is_set_aside_for_longer_each_time_and_then_tried_again():
    """It is left alone for growing times, at most a quarter of an hour, and used again when it works again."""
    time, told = Time(), []
    state = {"up": False}
    first = FakeNode({"eth_blockNumber": lambda: "0x1"}, raw=lambda _b: None if state["up"] else (500, {}, b""))
    with first, working() as second, node(first, second, time=time, tell=told.append) as client:
        rests = []
        for _ in range(9):
            assert client.call("eth_blockNumber") == "0x2"
            asked = len(first.bodies)
            assert client.call("eth_blockNumber") == "0x2"
            assert len(first.bodies) == asked, "set aside: not asked"
            rests.append(round(client._endpoints[0].standing.resting_until - time.now, 3))
            time.now += rests[-1] + 0.001
        assert rests[0] == FIRST_REST_S
        assert rests == sorted(rests)
        assert rests[-1] == LONGEST_REST_S
        state["up"] = True
        assert client.call("eth_blockNumber") == "0x1"
        assert len(told) == 9
        assert "127.0.0.1 is set aside for 15 s: 127.0.0.1: HTTP 500" in told[0]


def test_an_endpoint_that_asks_for_time_gets_it_while_another_serves():
    """A long ``Retry-After`` costs no time where there is another endpoint, and is never broken."""
    time = Time()
    replies = [(429, {"Retry-After": "90"}, b"")]
    first = FakeNode(
        {"eth_blockNumber": lambda: "0x1"},
        raw=lambda asked: replies.pop() if replies and asked["method"] == "eth_blockNumber" else None,
    )
    with first, working() as second, node(first, second, time=time) as client:
        start, asked = time.now, 2
        while time.now < start + 90:
            assert client.call("eth_blockNumber") == "0x2"
            assert len(first.bodies) == asked
            time.now += 10
        assert time.waits == []
        time.now += 1
        assert client.call("eth_blockNumber") == "0x1"


def test_a_wait_that_is_too_long_is_told_and_not_broken():
    """With one endpoint, an hour's ``Retry-After`` ends the call; the next calls send nothing until it is over."""
    time = Time()
    with broken(429, {"Retry-After": "3600"}) as fake, node(fake, time=time) as client:
        with pytest.raises(RpcUnavailable, match="429|not to be asked"):
            client.call("eth_blockNumber")
        asked = len(fake.bodies)
        for _ in range(5):
            with pytest.raises(RpcUnavailable, match="not to be asked for another"):
                client.call("eth_blockNumber")
            time.now += 500
        assert len(fake.bodies) == asked
        assert sum(time.waits) == 0


def test_a_window_is_read_from_one_endpoint():
    """Inside a window every answer is of one endpoint; one that fails ends the window, and the next is another's."""
    down = []

    def raw(asked):
        return (500, {}, b"") if down and "eth_chainId" not in str(asked) else None

    first = FakeNode({"eth_blockNumber": lambda: "0x1"}, raw=raw)
    with first, working() as second, node(first, second) as client:
        with client.window() as name, client.window() as inner:
            assert name == inner
            assert client.call("eth_blockNumber") == "0x1"
        with pytest.raises(RpcUnavailable), client.window():
            assert client.call("eth_blockNumber") == "0x1"
            down.append(True)
            client.call("eth_blockNumber")
        assert second.bodies == []
        with client.window():
            assert client.call("eth_blockNumber") == "0x2"


def test_what_contradicts_itself_is_read_elsewhere_at_once():
    """A window that its reader finds contradictory sets the endpoint aside, and is read anew without waiting."""
    time, seen = Time(), []
    with working("0x1") as first, working("0x2") as second, node(first, second, time=time) as client:

        def read():
            with client.window():
                seen.append(client.call("eth_blockNumber"))
                if seen[-1] == "0x1":
                    raise RpcUnavailable("the receipt is of another block than its header")
                return seen[-1]

        assert client.patience(6)(read) == "0x2"
    assert seen == ["0x1", "0x2"]
    assert sum(time.waits) == 0


@pytest.mark.parametrize(
    "text", ["block range extends beyond current head block: requested 9, head 5", "header not found", "daily quota"]
)
def test_an_endpoint_that_is_behind_or_spent_is_left_at_once(text):
    """Its first such answer is its last: the next endpoint is asked for the same, not for less, without waiting."""
    time, ranges = Time(), []

    def logs(asked):
        ranges.append(asked["toBlock"])
        return []

    lagging = FakeNode({"eth_getLogs": refusing(-32602, text)})
    with lagging, FakeNode({"eth_getLogs": logs}) as good, node(lagging, good, time=time) as client:
        for _ in range(2):
            assert client.call("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "0x9"}]) == []
    assert (lagging.asked.count("eth_getLogs"), ranges, sum(time.waits)) == (1, ["0x9", "0x9"], 0)


def test_old_state_is_asked_of_the_endpoint_that_keeps_it():
    """A node without old state goes on serving everything else; for state the archive is asked, first from then on."""
    pruned = working("0x1", eth_call=refusing(-32000, "missing trie node 12"))
    archive = working("0x2", eth_call=lambda *_: "0xaa")
    with pruned, archive, node(pruned, archive) as client:
        for _ in range(3):
            assert client.batch([("eth_call", [{}, "0x1"])] * 3, tolerant=True) == ["0xaa"] * 3
            assert client.call("eth_blockNumber") == "0x1"
        assert pruned.asked.count("eth_call") == 3


def test_where_nobody_keeps_old_state_the_call_is_refused():
    """Without an archive there is an end: a refusal that says what to add; the reading need not stop for it."""
    with FakeNode({"eth_call": refusing(-32000, "missing trie node 12")}) as fake, node(fake) as client:
        [answer] = client.batch([("eth_call", [{}, "0x1"])], tolerant=True)
        assert isinstance(answer, RpcRejected)
        assert "archive" in str(answer)
        with pytest.raises(RpcRejected, match="archive"):
            client.call("eth_call", [{}, "0x1"])


def test_an_endpoint_of_another_chain_gives_nothing():
    """One that serves another chain is passed over and told; alone, it ends the reading."""
    told = []
    with FakeNode({"eth_chainId": lambda: "0x89", "eth_blockNumber": lambda: "0x1"}) as wrong:
        with working() as good, node(wrong, good, tell=told.append) as client:

            def read():
                with client.window():
                    return client.call("eth_blockNumber")

            assert client.patience(2)(read) == "0x2"
            assert client.call("eth_blockNumber") == "0x2"
            assert set(wrong.asked) == {"eth_chainId"}
            assert "serves chain 137" in told[0]
        with node(wrong) as client, pytest.raises(WrongChain), client.window():
            pass


def test_the_chain_is_asked_at_the_start_at_each_failover_and_hourly():
    """A balancer can put another chain behind the same URL: the question is repeated, but not for every request."""
    time, state = Time(), {"up": True}
    first = FakeNode(
        {"eth_blockNumber": lambda: "0x1"},
        raw=lambda asked: None if state["up"] or "eth_chainId" in str(asked) else (500, {}, b""),
    )
    with first, working() as second, node(first, second, time=time) as client:
        for _ in range(5):
            client.call("eth_blockNumber")
        assert first.asked.count("eth_chainId") == 1
        time.now += 3_601
        client.call("eth_blockNumber")
        assert first.asked.count("eth_chainId") == 2
        state["up"] = False
        client.call("eth_blockNumber")
        assert second.asked == ["eth_chainId", "eth_blockNumber"]
        state["up"] = True
        time.now += 60
        client.call("eth_blockNumber")
        assert first.asked.count("eth_chainId") == 3
        first.methods["eth_chainId"] = lambda: "0x89"
        time.now += 3_601
        assert client.call("eth_blockNumber") == "0x2"


def test_a_refused_key_is_passed_over_or_told():
    """With another endpoint it costs nothing but a line in the log; alone it ends the call without a second try."""
    with broken(401) as refused, working() as good:
        with node(refused, good) as client:
            assert client.call("eth_blockNumber") == "0x2"
        refused.bodies.clear()
        with node(refused) as client, pytest.raises(EndpointRefused, match="check the URL"):
            client.call("eth_blockNumber")
        assert refused.asked.count("eth_blockNumber") == 1


def test_what_was_learned_outlives_the_node():
    """A service that builds its node anew does not ask again at once what was set aside a moment ago."""
    time, standings = Time(), {}
    with broken() as first, working() as second:
        for _ in range(3):
            with node(first, second, time=time, standings=standings) as client:
                assert client.call("eth_blockNumber") == "0x2"
        assert first.asked.count("eth_blockNumber") == 3, "three tries of the first node, none of the others"
    assert {type(each) for each in standings.values()} == {EndpointHealth}


def test_two_endpoints_of_one_host_have_two_names():
    """Two keys at one provider are told apart, and neither name holds a key."""
    with working() as fake:
        client = Node([f"{fake.url}/key-one-secret", f"{fake.url}/key-two-secret"], chain_id=1)
        with client:
            names = [endpoint.name for endpoint in client._endpoints]
    assert names == ["127.0.0.1", "127.0.0.1 #2"]


def test_words_of_a_node_do_not_tell_the_key():
    """A provider that repeats the key in its error text does not make it known."""
    key = "abcdef0123456789"
    fake = FakeNode({"eth_blockNumber": refusing(-32600, f"invalid API key {key}")})
    for url in ("/v2/{key}", "/?apikey={key}"):
        with fake if url.startswith("/v2") else FakeNode(fake.methods) as serving:
            client = Node([serving.url + url.format(key=key)], chain_id=1, sleep=lambda _s: None)
            with client, pytest.raises(RpcRejected, match="invalid API key …") as caught:
                client.call("eth_blockNumber")
        assert key not in repr(caught.value) + json.dumps(str(caught.value))
