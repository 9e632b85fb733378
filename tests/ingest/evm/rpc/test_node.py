"""The transport: what leaves, what comes back, and what each fault becomes."""

import json

import pytest

from ingest.errors import (
    BudgetExhausted,
    ConfigError,
    MethodForbidden,
    RangeRefused,
    RpcRejected,
    RpcUnavailable,
    WrongChain,
)
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.endpoint import check_url
from ingest.evm.rpc.node import READ_METHODS, TRIES, Node
from tests.fakes.node import FakeNode, RpcFault


def node(*fakes, **options):
    return Node([fake.url for fake in fakes], chain_id=1, sleep=options.pop("sleep", lambda _s: None), **options)


@pytest.mark.parametrize(
    "method", ["eth_sendRawTransaction", "eth_sendTransaction", "eth_sign", "personal_unlockAccount", "anvil_mine"]
)
def test_a_method_that_writes_never_reaches_the_wire(method):
    """Whatever the caller asks, only methods of the read-only list leave this machine."""
    with FakeNode() as fake, node(fake) as client:
        with pytest.raises(MethodForbidden, match=method):
            client.batch([("eth_blockNumber", []), (method, [])])
        assert fake.bodies == []
    assert method not in READ_METHODS


def test_another_chain_is_refused_before_anything_is_read():
    """An endpoint that serves another chain gets no request but the question which chain it serves."""
    with FakeNode({"eth_chainId": lambda: "0x89"}) as fake, node(fake) as client:
        with pytest.raises(WrongChain, match="serves chain 137"):
            client.call("eth_blockNumber")
        assert set(fake.asked) == {"eth_chainId"}


def test_answers_are_matched_by_id_and_missing_ones_are_asked_again():
    """A batch that comes back reversed, short and with a foreign id still gives every result in its place."""
    calls = []

    def raw(body):
        if not isinstance(body, list):
            return None
        calls.append(len(body))
        answers = [{"jsonrpc": "2.0", "id": item["id"], "result": item["params"][0]} for item in body]
        kept = answers[1:] if len(calls) == 1 else answers
        return 200, {}, json.dumps([*reversed(kept), {"id": 999, "result": "foreign"}]).encode()

    with FakeNode({"eth_getCode": lambda value: value}, raw=raw) as fake, node(fake) as client:
        assert client.batch([("eth_getCode", [f"0x0{i}"]) for i in range(7)]) == [f"0x0{i}" for i in range(7)]


def test_an_answer_to_an_earlier_request_is_not_taken_for_this_ones():
    """A cache between that gives the last answer again, to another question, is found out by the id."""
    first = []

    def raw(body):
        if body["method"] == "eth_chainId":
            return None
        first.append({"jsonrpc": "2.0", "id": body["id"], "result": body["params"][0]})
        return 200, {}, json.dumps(first[0]).encode()

    with FakeNode(raw=raw) as fake, node(fake) as client:
        assert client.call("eth_getCode", ["0xaa"]) == "0xaa"
        with pytest.raises(RpcUnavailable, match="no usable answer"):
            client.call("eth_getCode", ["0xbb"])


def test_an_incomplete_answer_is_asked_for_again():
    """What is null or lacks a field now may be whole in a moment; the rest of the batch is not asked for twice."""
    seen = []

    def receipt(tx):
        seen.append(tx)
        if tx == "0x2" and (times := seen.count("0x2")) < 4:
            return (None, {}, {"of": None})[times - 1]
        return {"of": tx}

    with FakeNode({"eth_getTransactionReceipt": receipt}) as fake, node(fake) as client:
        requests = [("eth_getTransactionReceipt", [f"0x{n}"]) for n in range(5)]
        assert [found["of"] for found in client.batch(requests, required=("of",))] == [f"0x{n}" for n in range(5)]
        assert client.batch([("eth_getTransactionReceipt", ["0x9"])], tolerant=True) == [{"of": "0x9"}]
    assert sorted(seen) == ["0x0", "0x1", *4 * ["0x2"], "0x3", "0x4", "0x9"]


def test_retry_after_is_waited_out():
    """A node that asks for time gets at least that much, in seconds or as a date."""
    waits, replies = (
        [],
        [
            (429, {"Retry-After": "7"}, b"slow down"),
            (503, {"Date": "Sun, 06 Nov 1994 08:49:00 GMT", "Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, b""),
        ],
    )

    def raw(body):
        return replies.pop(0) if body["method"] == "eth_blockNumber" and replies else None

    with FakeNode({"eth_blockNumber": lambda: "0x10"}, raw=raw) as fake, node(fake, sleep=waits.append) as client:
        assert client.call("eth_blockNumber") == "0x10"
    assert waits[0] >= 7
    assert waits[1] >= 37


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>busy</html>"), (200, b'{"jsonrpc": "2.0", "id"'), (200, b""), (502, b"bad gateway"), (200, b"[]")],
)
def test_an_unusable_answer_is_tried_again_then_told(status, body):
    """HTML, half a JSON, nothing, or an empty list is no answer: retried, then one typed error."""
    with FakeNode(raw=lambda b: None if b["method"] == "eth_chainId" else (status, {}, body)) as fake:
        with node(fake) as client, pytest.raises(RpcUnavailable):
            client.call("eth_blockNumber")
        assert fake.asked.count("eth_blockNumber") == TRIES


def test_the_second_endpoint_serves_when_the_first_does_not():
    """An endpoint that is down costs time, not data."""
    good = FakeNode({"eth_blockNumber": lambda: "0x2"})
    with FakeNode(raw=lambda _b: (500, {}, b"")) as bad, good, node(bad, good) as client:
        assert client.call("eth_blockNumber") == "0x2"


def test_a_redirect_is_not_followed():
    """A redirect can lead anywhere, with the key in hand: it is an error."""
    with FakeNode({"eth_blockNumber": lambda: "0x2"}) as target:
        fake = FakeNode(raw=lambda _b: (307, {"Location": target.url}, b""))
        with fake, node(fake) as client, pytest.raises(RpcRejected, match="307"):
            client.call("eth_blockNumber")
        assert target.bodies == []


@pytest.mark.parametrize(
    "content", [b"Forbidden", b'{"error": {"code": -32600, "message": "not available on the Free tier"}}']
)
@pytest.mark.parametrize("status", [403, 404, 405])
def test_a_plan_without_a_method_is_no_bad_key(status, content):
    """Where traces are forbidden, the rest of the endpoint is not: each is refused, and nothing is set aside."""

    def raw(body):
        first = body[0] if isinstance(body, list) else body
        return (status, {}, content) if first["method"] == "debug_traceTransaction" else None

    with FakeNode({"eth_blockNumber": lambda: "0x2"}, raw=raw) as fake, node(fake) as client:
        with client.window():
            answers = client.batch([("debug_traceTransaction", ["0x1"])] * 5, tolerant=True)
            assert all(isinstance(answer, RpcRejected) for answer in answers)
            assert client.call("eth_blockNumber") == "0x2"
        assert fake.asked.count("eth_chainId") == 1


def test_a_key_in_the_url_is_never_told():
    """No error text holds the path of a URL, where providers put the key."""
    secret = "v2-SECRETSECRET"
    client = Node([f"http://127.0.0.1:9/{secret}"], chain_id=1, sleep=lambda _s: None)
    with client, pytest.raises(RpcUnavailable) as caught:
        client.call("eth_blockNumber")
    shown = f"{caught.value!r} {caught.value} {caught.value.__cause__} {client._endpoints}"
    assert secret not in shown


def test_every_request_is_metered_before_it_is_sent():
    """The request that would exceed the budget is not sent."""
    meter = Meter(spent=0, limit=3)
    with FakeNode({"eth_blockNumber": lambda: "0x2"}) as fake, node(fake, charge=meter.charge) as client:
        client.call("eth_blockNumber")
        client.call("eth_blockNumber")
        with pytest.raises(BudgetExhausted, match="3 units"):
            client.call("eth_blockNumber")
        assert fake.asked.count("eth_blockNumber") == 2
    assert meter.drain() == {"eth_chainId": (1, 1), "eth_blockNumber": (2, 2)}
    assert meter.drain() == {}


def test_a_tolerant_batch_keeps_what_was_answered():
    """A call that reverts does not cost the answers beside it."""

    def call(request, _block):
        if request["to"] == "0xbad":
            raise RpcFault(3, "execution reverted")
        return "0x01"

    with FakeNode({"eth_call": call}) as fake, node(fake) as client:
        good, bad = client.batch(
            [("eth_call", [{"to": "0xok"}, "latest"]), ("eth_call", [{"to": "0xbad"}, "latest"])], tolerant=True
        )
    assert good == "0x01"
    assert isinstance(bad, RpcRejected)


@pytest.mark.parametrize(
    "url", ["http://example.org/rpc", "ftp://example.org", "file:///etc/passwd", "https://user:pw@example.org"]
)
def test_only_https_or_this_machine(url):
    """A URL that would send the key in the clear, or reach for a file, is refused; the URL is not repeated."""
    with pytest.raises(ConfigError) as caught:
        check_url(url)
    assert "pw" not in str(caught.value)
    check_url("http://127.0.0.1:8545")
    check_url("https://example.org/v2/key")


def test_an_answer_that_is_too_large_is_asked_for_in_parts(monkeypatch):
    """A batch is halved until it fits, and goes on from what came; logs of too many blocks are a range refused."""
    monkeypatch.setattr("ingest.evm.rpc.decompression.BODY_LIMIT", 3_000)
    methods = {"eth_getCode": lambda _: "0x" + "00" * 500, "eth_getLogs": lambda _: ["x" * 4_000]}
    with FakeNode(methods) as fake, node(fake) as client:
        assert len(client.batch([("eth_getCode", [i]) for i in range(9)])) == 9
        with pytest.raises(RangeRefused, match="MiB"):
            client.call("eth_getLogs", [{}])
