"""Lines of a text that others wrote: one at a time, none without an end, and not without number."""

import io
from collections.abc import Iterator
from typing import TextIO

from ingest.errors import ConfigError

LONGEST = 2**18  #: characters of a line


def text_of(content: bytes, *, encoding: str = "utf-8-sig", errors: str = "replace") -> TextIO:
    """A file's text, decoded as it is read; line ends stay as they are."""
    return io.TextIOWrapper(io.BytesIO(content), encoding, errors, newline="")


def lines_of(text: TextIO, *, most: int) -> Iterator[str | None]:
    r"""Lines with their ends (``\n``, ``\r`` or ``\r\n``), one by one.

    Parameters
    ----------
    text
        Opened with ``newline=""``.
    most
        Lines, blank ones among them.

    Yields
    ------
    str or None
        None in the place of a line of more than ``LONGEST`` characters.

    Raises
    ------
    ConfigError
        There are more lines.
    """
    for _ in range(most):
        if not (line := text.readline(LONGEST + 1)):
            return
        too_long = len(line) > LONGEST
        while len(line) > LONGEST and not line.endswith(("\n", "\r")):
            line = text.readline(LONGEST + 1)
        yield None if too_long else line
    if text.read(1):
        raise ConfigError(f"it has more than {most:,} lines: split it into several files")
