"""Answers find their requests by id alone, whatever a provider does to a batch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import RpcRejected, RpcUnavailable
from ingest.evm.rpc.adaptive_size import AdaptiveSize
from ingest.evm.rpc.batch import Exchange


def exchange(count, **options):
    requests = [("eth_getCode", [f"0x{place:02}"]) for place in range(count)]
    return Exchange(requests=requests, name="host", redact=str, size=AdaptiveSize(100, 100), **options)


def truth(body):
    """What an honest node answers: the parameter, so that a wrong match shows."""
    return [{"jsonrpc": "2.0", "id": item["id"], "result": item["params"][0]} for item in body]


spoiled = st.fixed_dictionaries(
    {
        "keep": st.lists(st.booleans(), min_size=12, max_size=12),
        "foreign": st.lists(
            st.sampled_from([None, True, False, -1, 0, 999, 1.0, "1", "x", [1], {}]) | st.integers(0, 400), max_size=8
        ),
        "doubles": st.lists(st.integers(0, 11), max_size=5),
        "junk": st.lists(st.none() | st.integers() | st.text(max_size=3) | st.lists(st.none(), max_size=2), max_size=3),
        "shuffle": st.randoms(use_true_random=False),
    }
)


@given(st.integers(2, 12), st.lists(spoiled, min_size=1, max_size=6), st.integers(1, 300))
def test_every_result_is_its_own_requests(count, rounds, first_id):
    """Shuffled, short, doubled with other contents, with foreign ids and junk: what is kept is right, or not kept."""
    asked = exchange(count)
    for way in rounds:
        if not (parts := asked.parts(1)):
            break
        [part] = parts
        body = asked.body(part, first_id)
        own = {item["id"] for item in body}
        items = [item for item, kept in zip(truth(body), way["keep"], strict=False) if kept]
        said = {item["id"] for item in items}
        # A second answer to a request that was answered already, and answers to requests of nobody's or of others'.
        doubles = [items[at % len(items)] | {"result": "forged"} for at in way["doubles"]] if items else []
        foreign = [{"id": i, "result": "forged"} for i in way["foreign"] if not (type(i) is int and i in own)]
        rest = foreign + way["junk"]
        way["shuffle"].shuffle(items)
        way["shuffle"].shuffle(rest)
        failure = asked.keep(part, first_id, items + doubles + rest)
        assert (failure is None) == bool(said)
        first_id += len(part)
    assert all(result == f"0x{place:02}" for place, result in asked.results.items())
    while parts := asked.parts(1):
        asked.keep(parts[0], first_id, truth(asked.body(parts[0], first_id))[::-1])
        first_id += len(parts[0])
    assert asked.results == {place: f"0x{place:02}" for place in range(count)}


def test_a_late_answer_to_an_earlier_batch_fits_nothing():
    """Ids are never used twice, so that the answer of one request cannot pass for that of the next."""
    asked = exchange(3)
    [part] = asked.parts(1)
    late = truth(asked.body(part, 10))
    assert isinstance(asked.keep(part, 13, late), RpcUnavailable)
    assert asked.results == {}


def test_what_came_beside_a_refusal_is_kept():
    """One request that is too fast costs its own answer, not those that came with it."""
    asked = exchange(3)
    [part] = asked.parts(1)
    answer = truth(asked.body(part, 1))
    answer[1] = {"id": 2, "error": {"code": 429, "message": "compute units per second"}}
    failure = asked.keep(part, 1, answer)
    assert failure is not None
    assert failure.too_fast
    assert asked.parts(1) == [[1]]


def test_one_error_for_a_whole_batch_halves_it():
    """A provider that takes no such batch is asked in smaller ones at once; one that is busy is waited for."""
    asked = exchange(100)
    [part] = asked.parts(1)
    assert asked.keep(part, 1, {"id": None, "error": {"code": -32600, "message": "batch limit 10 exceeded"}}) is None
    assert [len(part) for part in asked.parts(4)] == [50, 50]
    busy = {"id": None, "error": {"code": -32005, "message": "rate limited"}}
    assert isinstance(asked.keep(asked.parts(1)[0], 1, busy), RpcUnavailable)
    assert [len(part) for part in asked.parts(4)] == [50, 50]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (-32600, "batch too large"),  # geth
        (-32600, "Number of requests in batch exceeds --rpc-max-batch-size."),  # besu
        (31, "Batch of more than 3 requests are not allowed on free tier"),  # dRPC
        (-32003, "response too large"),  # geth: no room left
        (-32600, "batch request limit exceeded"),
    ],
)
@pytest.mark.parametrize("number", [1, None])
def test_a_batch_refused_in_the_words_of_one_request_halves_it(code, text, number):
    """Some say it as the error of the first request, or of none: what came before is kept, the rest asked for apart."""
    asked = exchange(100)
    [part] = asked.parts(1)
    assert asked.keep(part, 1, [{"id": number, "error": {"code": code, "message": text}}]) is None
    assert [len(part) for part in asked.parts(4)] == [50, 50]
    [_, second, *others] = truth(asked.body(part[:50], 201))
    answer = [{"id": 201, "error": {"code": code, "message": text}}, second, *others]
    assert asked.keep(part[:50], 201, answer) is None
    assert len(asked.results) == 49


def test_a_contract_that_speaks_of_batches_is_a_refusal():
    """A stranger's words as it reverts make nothing smaller."""
    asked = exchange(2, tolerant=True)
    [part] = asked.parts(1)
    answer = truth(asked.body(part, 1))
    answer[0] = {"id": 1, "error": {"code": 3, "message": "execution reverted: batch too large"}}
    assert asked.keep(part, 1, answer) is None
    assert isinstance(asked.results[0], RpcRejected)
    assert asked.size.step == 100


def test_null_is_no_result_where_the_method_has_none():
    """Code, a call or logs that are null were not read: asked for again; at last a refusal, where one is tolerated."""
    asked = exchange(1, tolerant=True)
    null = [{"id": 1, "result": None}]
    assert isinstance(asked.keep([0], 1, null), RpcUnavailable)
    asked.stalled = 7
    assert isinstance(asked.keep([0], 1, null), RpcUnavailable), "answers that never came say nothing"
    asked.nulls[0] = 6
    assert asked.keep([0], 1, null) is None
    assert isinstance(asked.results[0], RpcRejected)
    receipt = Exchange(requests=[("eth_getTransactionReceipt", [])], name="host", redact=str, size=AdaptiveSize(1, 1))
    assert receipt.keep([0], 1, null) is None
    assert receipt.results == {0: None}


@pytest.mark.parametrize(("last", "ends"), [(True, True), (False, False)])
def test_old_state_that_nobody_keeps_ends_as_a_refusal(last, ends):
    """While another endpoint may keep it, it is asked for there; by the last one it is refused, after a second try."""
    asked = exchange(1, tolerant=True, last=last)
    gone = [{"id": 1, "error": {"code": -32000, "message": "missing trie node"}}]
    assert isinstance(asked.keep([0], 1, gone), RpcUnavailable)
    asked.stalled = 2
    asked.keep([0], 1, gone)
    assert isinstance(asked.results.get(0), RpcRejected) == ends


def test_a_result_of_nobody_s_is_no_refusal_of_the_batch():
    """One answer with a result and without an id says nothing: it is waited for, and nothing is kept."""
    asked = exchange(2)
    [part] = asked.parts(1)
    assert isinstance(asked.keep(part, 1, [{"id": None, "result": "forged"}]), RpcUnavailable)
    assert not asked.results
