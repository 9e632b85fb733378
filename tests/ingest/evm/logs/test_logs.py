"""Logs as exact words, beside a slow reader that spells the rules out."""

import re
from string import hexdigits

from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.logs.logs import Log, read_logs
from ingest.evm.logs.topics import SIGNATURES

TOPICS = sorted(SIGNATURES)
UNKNOWN = "0x" + "12" * 32
words = st.integers(0, 2**256 - 1).map(lambda value: f"0x{value:064x}")
odd = st.text(hexdigits + "xX_ +-\n\xe9", max_size=70)
bent = st.tuples(words, st.integers(0, 65), st.sampled_from("gx_ +-\xe9\ud800")).map(
    lambda made: made[0][: made[1]] + made[2] + made[0][made[1] + 1 :]
)
hexes = st.binary(max_size=200).map(lambda data: "0x" + data.hex())
logs = st.fixed_dictionaries(
    {
        "address": st.binary(min_size=20, max_size=20).map(lambda data: "0x" + data.hex()) | odd,
        "topics": st.tuples(st.sampled_from(TOPICS) | words | odd, st.lists(words | bent | odd, max_size=4)).map(
            lambda made: [made[0], *made[1]]
        ),
        "data": hexes | hexes.map(str.upper) | bent | odd,
    },
    optional={
        "logIndex": st.integers(0, 300).map(hex) | odd | st.none() | st.integers(-3, 300),
        "removed": st.booleans() | st.none(),
    },
)


def is_hex(text, digits):
    return re.fullmatch(f"0x[0-9a-fA-F]{{{digits}}}", text) is not None


def slow(entry, position):
    """The same by rule and regular expression; None where the log is left out."""
    topics = entry["topics"]
    if entry.get("removed") is True or not 1 <= len(topics) <= 4 or topics[0].lower() not in SIGNATURES:
        return None
    if not is_hex(entry["address"], "40") or not all(is_hex(topic, "64") for topic in topics[1:]):
        return None
    if not is_hex(entry["data"], "0,") or len(entry["data"]) % 2:
        return None
    index = entry.get("logIndex")
    if isinstance(index, str):
        index = int(index, 0) if re.fullmatch(r"0[xX][0-9a-fA-F]+", index) and len(index) <= 80 else decimal(index)
    if index is None or index < 0:
        index = position
    data = entry["data"][2:]
    return Log(
        entry["address"].lower(),
        topics[0].lower(),
        tuple(int(topic, 16) for topic in topics[1:]),
        bytes(int(data[i : i + 2], 16) for i in range(0, len(data), 2)),
        index,
    )


def decimal(text):
    return int(text) if re.fullmatch(r"[0-9]+", text) and len(text) <= 80 else None


@given(st.lists(logs, max_size=6))
def test_every_log_is_read_exactly_or_left_out(entries):
    """Pairs of hex digits behind ``0x`` and nothing else: no blank, sign or underscore becomes a value."""
    expected = [log for i, entry in enumerate(entries) if (log := slow(entry, i)) is not None]
    assert read_logs(entries) == tuple(sorted(expected, key=lambda log: log.index))


@given(st.lists(st.integers(0, 2**256 - 1), min_size=1, max_size=8))
def test_words_are_exact_and_what_is_missing_reads_as_zero(values):
    """Up to 2^256 - 1, in both readings; a word cut short keeps its leading bytes, as in the EVM's memory."""
    data = b"".join(value.to_bytes(32) for value in values)
    log = Log("", "", (), data, 0)
    assert [log.word(i) for i in range(len(values) + 1)] == [*values, 0]
    assert all((log.signed(i) - value) % 2**256 == 0 for i, value in enumerate(values))
    assert all(-(2**255) <= log.signed(i) < 2**255 for i in range(len(values)))
    assert Log("", "", (), data[:-1], 0).word(len(values) - 1) == values[-1] & ~0xFF


def test_unknown_events_are_read_only_where_all_are_asked_for():
    """Most logs of a chain are of no use here."""
    entry = {"address": "0x" + "34" * 20, "topics": [UNKNOWN], "data": "0x"}
    assert read_logs([entry]) == ()
    assert read_logs([entry], every=True) == (Log(entry["address"], UNKNOWN, (), b"", 0),)
    assert read_logs([{**entry, "topics": []}], every=True) == ()
