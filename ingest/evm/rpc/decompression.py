"""The body of an HTTP answer, unpacked as it comes and never further than it may grow."""

import zlib
from collections.abc import Iterator

from ingest.errors import AnswerTooLarge, RpcUnavailable

ACCEPTED = "gzip"  #: what is asked for, and all that is taken beside a plain body
BODY_LIMIT = 32 * 2**20  #: bytes of one answer, as they come and unpacked
PIECE = 2**16  #: bytes that are unpacked at once
_GZIP = zlib.MAX_WBITS | 16  #: zlib's way to ask for the format of RFC 1952


class Unpacker:
    """Unpacks one body.

    Parameters
    ----------
    coding
        The answer's ``Content-Encoding`` (RFC 9110, 8.4).
    name
        The endpoint's, for messages.

    Raises
    ------
    RpcUnavailable
        It is packed in a way that was not asked for, or more than once: 1 kB packed twice can hold 512 MB.
    """

    def __init__(self, coding: str, name: str) -> None:
        self._name = name
        self._left = self._came = BODY_LIMIT
        coding = coding.strip().lower()
        if coding not in {"", "identity", "gzip", "x-gzip"}:
            raise RpcUnavailable(f"{name}: an answer packed as {coding[:40]!r}; only gzip was asked for")
        self.plain = True  #: so far it is ASCII without escapes
        self._gzip = zlib.decompressobj(_GZIP) if coding.endswith("gzip") else None

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What some bytes of the body hold, piece by piece.

        Raises
        ------
        AnswerTooLarge
            They are more than ``BODY_LIMIT``, packed or unpacked; no more of them is unpacked.
        RpcUnavailable
            They are not what ``Content-Encoding`` says.
        """
        self._came -= len(chunk)
        while chunk and self._came >= 0:
            piece = chunk if self._gzip is None else self._unpack(chunk)
            self._left -= len(piece)
            if self._left < 0:
                break
            # Here, where it is in the processor's cache: another walk through a large body costs more than this.
            self.plain = self.plain and piece.isascii() and b"\\" not in piece
            yield piece
            chunk = b"" if self._gzip is None else self._gzip.unconsumed_tail
        if min(self._left, self._came) < 0:
            raise AnswerTooLarge(f"{self._name}: an answer of more than {BODY_LIMIT >> 20} MiB")

    def end(self) -> None:
        """The body has ended.

        Raises
        ------
        RpcUnavailable
            In the middle of what was packed; no body at all is none.
        """
        if self._gzip is not None and not self._gzip.eof and self._came < BODY_LIMIT:
            raise RpcUnavailable(f"{self._name}: a packed answer that is cut off")

    def _unpack(self, chunk: bytes) -> bytes:
        assert self._gzip is not None
        try:
            return self._gzip.decompress(chunk, PIECE)
        except zlib.error:
            raise RpcUnavailable(f"{self._name}: an answer that is not packed as it says") from None
