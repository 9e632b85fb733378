"""Internal transactions from traces: what moved, and nothing that failed."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.lookup.traces import PATIENCE, Tracer, from_call_tracer, from_parity
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.evm.rpc.test_node import node

A, B, C = ("0x" + digit * 40 for digit in "abc")


def call(sender, receiver, value, *calls, kind="CALL", **more):
    return {"type": kind, "from": sender, "to": receiver, "value": hex(value), "calls": list(calls), **more}


def moved(internals):
    return [(item["from"], item["to"], int(item["value"])) for item in internals]


def test_nested_calls_are_read_in_order_and_the_outer_one_is_not():
    """The transaction's own value is no internal transaction; delegate calls move nothing of their own."""
    trace = call(A, B, 5, call(B, C, 3, call(C, A, 2)), call(B, A, 9, kind="DELEGATECALL"), call(B, A, 1))
    assert moved(from_call_tracer(trace)) == [(B, C, 3), (C, A, 2), (B, A, 1)]


def test_what_failed_moved_nothing():
    """A failed call and everything below it are left out; a failed transaction has no internal movements."""
    trace = call(A, B, 5, call(B, C, 3, call(C, A, 2), error="execution reverted"), call(B, A, 1))
    assert moved(from_call_tracer(trace)) == [(B, A, 1)]
    assert from_call_tracer({**trace, "error": "out of gas"}) == []


def test_both_dialects_say_the_same():
    """geth's nested and OpenEthereum's flat form of one trace give the same movements."""

    def flat(place, sender, receiver, value, kind="call", **more):
        action = {"callType": kind, "from": sender, "to": receiver, "value": hex(value)}
        return {"type": "call", "traceAddress": place, "action": action, **more}

    trace = [
        flat([], A, B, 5),
        flat([0], B, C, 3),
        flat([0, 0], C, A, 2),
        flat([1], B, C, 7, error="Reverted"),
        flat([1, 0], C, A, 7),
        flat([2], B, A, 9, kind="delegatecall"),
        flat([3], B, A, 1),
    ]
    assert moved(from_parity(trace)) == [(B, C, 3), (C, A, 2), (B, A, 1)]


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_no_answer_breaks_the_reader(answer):
    """Whatever a node answers, the reader returns a list."""
    assert isinstance(from_call_tracer(answer), list)
    assert isinstance(from_parity(answer), list)


def test_the_second_method_serves_what_the_first_refuses():
    """A node with trace_transaction alone is read through it."""

    def flat(_tx):
        return [
            {"type": "call", "traceAddress": [0], "action": {"callType": "call", "from": A, "to": B, "value": "0x1"}}
        ]

    with FakeNode({"trace_transaction": flat}) as fake, node(fake) as client:
        assert moved(Tracer().read(client, ["0x1"])["0x1"]) == [(A, B, 1)]


def test_a_node_without_traces_is_learned_and_left_in_peace():
    """After PATIENCE transactions without a trace the node is not asked again; one trace is enough to go on."""
    with FakeNode() as fake, node(fake) as client:
        tracer = Tracer()
        assert tracer.read(client, [f"0x{n}" for n in range(PATIENCE)]) == {}
        assert not tracer.offers
        asked = len(fake.asked)
        assert tracer.read(client, ["0xnew"]) == {}
        assert len(fake.asked) == asked

    def sometimes(tx, _options):
        if tx != "0x0":
            raise RpcFault(-32601, "not recorded")
        return call(A, B, 0, call(B, A, 1))

    with FakeNode({"debug_traceTransaction": sometimes}) as fake, node(fake) as client:
        tracer = Tracer()
        assert list(tracer.read(client, [f"0x{n}" for n in range(2 * PATIENCE)])) == ["0x0"]
        assert tracer.offers
