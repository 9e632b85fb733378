"""How much memory answers take: never less than they do, and what fits."""

import json
import tracemalloc
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import AnswerTooLarge
from ingest.evm.rpc.decompression import BODY_LIMIT
from ingest.evm.rpc.memory_limit import MOST, MemoryLimit, weight
from tests.ingest import receipts as r

MIB = 2**20
ITEMS = ["[]", "{}", "1", "12345", "1.5", '""', '"a"', '"ab"', "[1000]", '{"":0}', '{"a":"bc"}', '"\u00e9"', "null"]
ITEMS += ["[" * 90 + "]" * 90, '{"":' * 90 + "0" + "}" * 90, '{"a":1000,"b":1000,"c":1000,"d":1000,"e":1000,"f":1000}']
ITEMS += [f'"{"x" * 9_999}\U0001f600"', f'"{"x" * 9_999}\\ud83d\\ude00"', '"0x' + "ab" * 32 + '"', "[ 1 , 2 ]"]
LOG = {**r.transfer(r.COIN, r.OTHER, r.WALLET, 7), "blockHash": "0x" + "ab" * 32, "transactionHash": "0x" + "cd" * 32}
LOG |= {"logIndex": "0x1", "blockNumber": "0x1234567", "transactionIndex": "0x12", "removed": False}


def filled(item: str, size: int) -> bytes:
    return f"[{','.join([item] * (size // (len(item) + 1)))}]".encode()


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item[:12])
def test_no_shape_takes_more_than_it_weighs(item: str) -> None:
    """Whatever a list is full of: what parsing allocates is less than what was said before."""
    body = filled(item, MIB // 2)
    said = weight(body, Random(1), plain=body.isascii() and b"\\" not in body)
    tracemalloc.start()
    try:
        parsed = msgspec.json.decode(body)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert parsed
    assert taken <= said


def test_keys_that_all_differ_weigh_enough_too() -> None:
    """One object of many keys: each of them is a string of its own."""
    body = json.dumps({f"{i:x}": f"{i:x}" for i in range(50_000)}, separators=(",", ":"))
    tracemalloc.start()
    try:
        msgspec.json.decode(body)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken <= weight(body.encode(), Random(1), plain=True)


def test_logs_up_to_the_limit_of_a_body_fit() -> None:
    """What honest nodes send, a whole answer full of it."""
    body = filled(json.dumps(LOG, separators=(",", ":")), BODY_LIMIT)
    assert BODY_LIMIT * 0.99 < len(body) <= BODY_LIMIT
    assert weight(body, Random(1), plain=True) < MOST
    MemoryLimit().take("me", body, "a", plain=True)


@given(st.integers(0, 100), st.integers(0, 2**32))
def test_what_is_hidden_among_long_texts_is_seen(place: int, seed: int) -> None:
    """Four in ten bytes of a large answer are empty lists, wherever they stand: its weight is right within a third."""
    texts, lists = b"x" * 3_000_000, b"[]," * 666_667
    at = place * 30_000
    body = texts[:at] + lists + texts[at:]
    assert weight(body, Random(seed), plain=True) > 0.66 * (5_000_000 + 666_667 * (170 + 96))


def test_answers_fit_beside_each_other_or_not_at_all() -> None:
    """The sum counts; what was handed over and is not needed any more does not."""
    room, body = MemoryLimit(), filled("[]", MOST // 200)
    room.take("a", body, "node", plain=True)
    with pytest.raises(AnswerTooLarge, match="beside 172 MiB of others; at most 192 MiB") as caught:
        for owner in "bcd":
            room.take(owner, body, "node", plain=True)
    assert caught.value.together
    room.keep({"b"})
    room.take("c", body, "node", plain=True)
    with pytest.raises(AnswerTooLarge) as caught:
        MemoryLimit().take("alone", filled("[]", MOST // 20), "node", plain=True)
    assert not caught.value.together
