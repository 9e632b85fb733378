"""A message as lines that know what may go when it is too long. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from alerts import wording

CAPTION_LIMIT: Final = 1024  #: UTF-16 units after entities, Telegram's limit under a photo
TEXT_LIMIT: Final = 4096  #: the same without a photo
_PERCENT: Final = re.compile(r"(?<=[0-9]) (?=%)")
STAYS: Final = 0  #: rank of what is never dropped
BLANK: Final = 100  #: rank of an empty line between two parts


@dataclass(frozen=True, slots=True)
class Line:
    """One line of Telegram's HTML."""

    html: str
    rank: int = STAYS  #: lines with the highest rank are dropped first; those that stay never are


def fit(lines: Sequence[Line], limit: int) -> str:
    """Join the lines; while that is too long, drop the last line of the highest rank.

    A percent sign keeps to its number where a phone breaks the line.
    """
    kept = [replace(line, html=_PERCENT.sub("\N{NO-BREAK SPACE}", line.html)) for line in lines]
    while wording.visible_length(whole := "\n".join(line.html for line in kept)) > limit:
        worst = max(range(len(kept)), key=lambda i: (kept[i].rank, i))
        if kept[worst].rank == STAYS:  # cannot be: what stays is cut to length where it is made
            raise ValueError("the lines that must stay are too long")
        del kept[worst]
    return whole
