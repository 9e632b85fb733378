"""The bloom of a header never denies a log that is there."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.logs.bloom import bloom_of, mask, shows
from ingest.evm.logs.topics import TRANSFER

ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
TOPICS = st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex())
LOGS = st.lists(st.fixed_dictionaries({"address": ADDRESSES, "topics": st.lists(TOPICS, max_size=4)}), max_size=20)


@given(LOGS)
def test_every_item_of_every_log_shows(logs: list[dict]) -> None:
    """A bloom has no false negatives."""
    bloom = bloom_of(logs)
    assert all(shows(bloom, item) for log in logs for item in (log["address"], *log["topics"]))


@given(LOGS, LOGS)
def test_a_block_s_bloom_is_that_of_its_logs_together(some: list[dict], others: list[dict]) -> None:
    """The bloom of a whole is the union of its parts' blooms, in any order."""
    assert bloom_of([*some, *others]) == bloom_of(some) | bloom_of(others) == bloom_of([*others, *some])


def test_an_empty_block_shows_nothing() -> None:
    """No logs, no bits."""
    assert bloom_of([]) == 0
    assert not shows(0, TRANSFER)


def test_a_known_header() -> None:
    """The three bits of an item: keccak's first three pairs of bytes, modulo 2048 (Yellow Paper, M3:2048)."""
    # Its keccak begins with bd2b 01af cd27: the example in the tests of go-ethereum's and ethereum.js's blooms.
    assert mask("0x0f572e5295c57f15886f9b263e2f6d2d6c7b5ec6") == 1 << 1323 | 1 << 431 | 1 << 1319
