"""How much memory answers may take together: what they hold counts, not only how long they are.

``[[],[],…]`` takes 25 times its length once it is parsed, logs take 2.3 times theirs.
"""

import asyncio
from collections.abc import Collection
from random import Random

from ingest.errors import AnswerTooLarge

MOST = 192 * 2**20  #: bytes of parsed answers; logs or receipts of 32 MiB fit
LARGE = 2**20  #: bytes of a body above which no other is received at the same time
# What parsing makes of a character, measured with msgspec on CPython 3.11, rounded up: a key and its value, or an item
# of a list, ends with a comma.
BYTES = {b",": 170, b"[": 96, b"{": 200}
WIDEST = 5  #: times its length may a text take that is not ASCII, or holds an escape
STRETCH, PAGE = 2**17, 2**10  #: one page of each stretch is looked at: all of it would take a tenth of the parsing


def weight(body: bytes | bytearray, dice: Random, *, plain: bool) -> int:
    """Bytes of memory that a JSON text takes at most once it is parsed, as far as a sample tells.

    Parameters
    ----------
    body
        As received, unpacked.
    dice
        Where to look. Whoever wrote the text must not know.
    plain
        It is ASCII without escapes.
    """
    view = memoryview(body)
    pages = []
    for start in range(0, len(body), STRETCH):
        spare = min(STRETCH, len(body) - start) - PAGE
        at = start + int(dice.random() * spare) if spare > 0 else start
        pages.append(view[at : min(at + PAGE, start + STRETCH)])
    seen = b"".join(pages)
    made = sum(seen.count(character) * size for character, size in BYTES.items())
    return len(body) * (1 if plain else WIDEST) + made * len(body) // max(1, len(seen))


class MemoryLimit:
    """Memory for the answers of one node: those of one exchange, and those of requests that were sent ahead.

    Attributes
    ----------
    large
        Held by the one answer that is longer than ``LARGE`` while it is received and parsed; the others wait in their
        sockets.
    """

    def __init__(self) -> None:
        self.large = asyncio.Lock()
        self._held: dict[str, int] = {}
        self._dice = Random()  # noqa: S311 - where to look

    def take(self, owner: str, body: bytes | bytearray, name: str, *, plain: bool) -> None:
        """Take what an answer will need, before it is parsed.

        Parameters
        ----------
        owner
            The name of the task that the answer belongs to; the task itself would keep the answer alive.
        body
            As received, unpacked.
        name
            The endpoint's, for messages.
        plain
            It is ASCII without escapes.

        Raises
        ------
        AnswerTooLarge
            It does not fit, alone or beside the others.
        """
        needed = weight(body, self._dice, plain=plain)
        others = sum(self._held.values())
        if needed + others > MOST:
            beside = f" beside {others >> 20:,} MiB of others" if others else ""
            what = f"an answer of {len(body) >> 10:,} KiB that would take {needed >> 20:,} MiB of memory{beside}"
            raise AnswerTooLarge(f"{name}: {what}; at most {MOST >> 20} MiB are taken", together=needed <= MOST)
        self._held[owner] = needed

    def keep(self, owners: Collection[str]) -> None:
        """Give back the room of all answers but those of these owners."""
        self._held = {owner: size for owner, size in self._held.items() if owner in owners}
