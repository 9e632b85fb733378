"""The body of an answer: what it may be packed as, and how far it is unpacked."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import AnswerTooLarge, RpcUnavailable
from ingest.evm.rpc.decompression import BODY_LIMIT, PIECE, Unpacker

EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"  # deflate's stored block of no bytes (RFC 1951, 3.2.4)
PACKED = gzip.compress(b"{}" * 99, mtime=0)


def unpack(coding: str, *chunks: bytes) -> bytes:
    unpacker = Unpacker(coding, "a")
    found = b"".join(piece for chunk in chunks for piece in unpacker.pieces(chunk))
    unpacker.end()
    return found


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=4), st.sampled_from(["gzip", "X-Gzip", ""]))
def test_what_was_packed_comes_out_however_it_is_cut(body: bytes, cuts: list[int], coding: str) -> None:
    """Chunks of a network end anywhere."""
    packed = gzip.compress(body) if coding else body
    ends = sorted({min(cut, len(packed)) for cut in cuts} | {0, len(packed)})
    assert unpack(coding, *(packed[a:b] for a, b in zip(ends, ends[1:], strict=False))) == body


@pytest.mark.parametrize(
    "coding", ["gzip, gzip", "gzip,deflate", "br", "deflate", "identity, gzip", "zstd", "x" * 9_999]
)
def test_what_was_not_asked_for_is_refused_before_anything_is_unpacked(coding: str) -> None:
    """Codings on top of each other multiply: 988 bytes hold 512 MiB."""
    with pytest.raises(RpcUnavailable, match="only gzip was asked for") as caught:
        Unpacker(coding, "a")
    assert len(str(caught.value)) < 200


def test_a_body_of_the_limit_passes_and_one_byte_more_does_not() -> None:
    """Packed or plain."""
    for coding, pack in (("gzip", gzip.compress), ("", bytes)):
        assert len(unpack(coding, pack(bytes(BODY_LIMIT)))) == BODY_LIMIT
        with pytest.raises(AnswerTooLarge, match="more than 32 MiB"):
            unpack(coding, pack(bytes(BODY_LIMIT + 1)))


def test_a_bomb_is_unpacked_piece_by_piece_and_not_to_its_end() -> None:
    """Two hundred megabytes in one chunk: what comes out is counted before more is made."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(200)) + packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(AnswerTooLarge):
            for piece in Unpacker("gzip", "a").pieces(bomb):
                assert len(piece) <= PIECE
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_stream_that_holds_nothing_ends_too() -> None:
    """Packed bytes count as well: empty blocks without end unpack to nothing."""
    packed = gzip.compress(b"")[:10] + EMPTY_BLOCK * (BODY_LIMIT // 5)
    with pytest.raises(AnswerTooLarge):
        unpack("gzip", packed)


@pytest.mark.parametrize("body", [PACKED[:-9], b"{}", PACKED[:1]], ids=["half", "plain", "one byte"])
def test_half_of_it_or_another_format_is_no_answer(body: bytes) -> None:
    """It is asked for again."""
    with pytest.raises(RpcUnavailable, match="cut off|not packed as it says"):
        unpack("gzip", body)


def test_no_body_at_all_says_nothing_of_its_packing() -> None:
    """A refusal may come with the header and without a body; its status counts."""
    assert unpack("gzip") == b""


@pytest.mark.parametrize(
    ("body", "plain"),
    [(b"abc" * 40_000, True), (b"a" * 70_000 + b"\\u0041", False), (("\u00e9" + "a" * 9).encode(), False)],
)
def test_whether_a_text_is_plain_is_told(body: bytes, plain: bool) -> None:
    """One letter or one escape anywhere makes the memory that a text takes several times its length."""
    for coding, packed in (("", body), ("gzip", gzip.compress(body))):
        unpacker = Unpacker(coding, "a")
        assert b"".join(unpacker.pieces(packed)) == body
        assert unpacker.plain is plain
