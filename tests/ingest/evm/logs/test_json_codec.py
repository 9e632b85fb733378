"""Answers from bytes: the same as the standard library's, and logs as structs where they have the shape of logs."""

import gc
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.logs.gc_pause import collector_off
from ingest.evm.logs.json_codec import RawLog, parse, raw_logs
from tests.ingest import receipts as r

CALL, LOGS = {"method": "eth_call"}, {"method": "eth_getLogs"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**300), 2**300) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
)
GOOD = {**r.transfer(r.COIN, r.OTHER, r.WALLET, 7), "logIndex": "0x1", "blockNumber": "0x2", "extra": {"a": [1]}}


def answer(result):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


@given(JSON)
def test_what_is_json_is_read_as_json(value):
    """Integers of any size among it; the answer to any method but ``eth_getLogs`` stays plain."""
    assert parse(answer(value), CALL) == json.loads(answer(value))
    assert parse(answer(value), [CALL, LOGS]) == json.loads(answer(value))


@given(JSON)
def test_an_odd_answer_about_logs_never_raises(value):
    """Whatever stands where logs should: plain objects, of which what is no log is told."""
    found = parse(answer(value), LOGS)["result"]
    assert all(log is None for log in raw_logs(found))
    assert raw_logs([GOOD, value])[0] == raw_logs([GOOD])[0]


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": 1', b"\xff\xfe", b'{"a": NaN}'])
def test_what_is_not_json_is_none(body):
    """Half an answer, HTML, bytes: no answer."""
    assert parse(body, CALL) is parse(body, [LOGS]) is None


def test_a_tower_of_brackets_is_none():
    """Deeper than Python may go: no answer, and no error either."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)  # the default: Hypothesis raises it
    try:
        assert parse(b"[" * 100_000, CALL) is parse(b"[" * 100_000, [LOGS]) is None
    finally:
        sys.setrecursionlimit(limit)


def test_a_tower_of_brackets_is_no_crash_where_a_library_raised_the_limit():
    """The process lives on, and its own limit stands as before."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        assert parse(b"[" * 1_000_000, CALL) is parse(b'{"a":' * 1_000_000, [LOGS]) is None
        assert sys.getrecursionlimit() == 100_000
    finally:
        sys.setrecursionlimit(before)


def test_logs_come_as_structs_alone_and_in_batches():
    """Nothing else of an answer changes: an error, a null result and an id stay what they are."""
    one = parse(answer([GOOD]), LOGS)
    assert one["id"] == 1
    [log] = one["result"]
    assert (log.address, log.topics, log.data) == (r.COIN, tuple(GOOD["topics"]), GOOD["data"])
    assert (log.log_index, log.block_number, log.removed, log.block_hash) == ("0x1", "0x2", None, None)
    error = {"id": 2, "error": {"code": -32005, "message": "too many"}}
    batch = [{"id": 1, "result": [GOOD]}, error, {"id": 3, "result": None}]
    assert parse(json.dumps(batch).encode(), [LOGS] * 3) == [{"id": 1, "result": [log]}, *batch[1:]]


def test_one_odd_log_leaves_its_answer_plain():
    """It is not dropped in silence: whoever reads the answer sees it."""
    found = parse(answer([GOOD, {"address": r.COIN}]), LOGS)["result"]
    assert isinstance(found[0], dict)
    good, odd = raw_logs(found)
    assert isinstance(good, RawLog)
    assert odd is None


def test_the_collector_is_on_again_after_a_batch():
    """Also after an error, and only by whoever turned it off."""
    assert gc.isenabled()
    with pytest.raises(KeyError), collector_off():
        with collector_off():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()
