"""Words by strangers, made safe to show: cleaned where they enter, and escaped where they leave as JSON. Pure."""

import json
import unicodedata
from typing import Any


def clean(text: str, limit: int) -> str:
    """Make one harmless line of at most ``limit`` characters out of text that others wrote. Not yet HTML.

    Control, bidi, zero-width, private and unassigned characters go: they command a terminal, turn a line around, hide
    a part of it, or make two different names look the same.
    """
    spaced = "".join(" " if c.isspace() else c for c in text[: 8 * limit])
    shown = "".join(c for c in spaced if not unicodedata.category(c).startswith("C"))
    line = " ".join(unicodedata.normalize("NFC", shown).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def to_json(value: Any) -> str:
    """One line of JSON in printable ASCII: whatever else a text holds stands there as ``\\uXXXX``."""
    return json.dumps(value, default=str).replace("\x7f", "\\u007f")
