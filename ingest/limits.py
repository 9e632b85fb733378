"""What a number or a span of time in a configuration may be: finite and within limits. Pure.

What is refused raises `ValueError`, whose words say what to write instead; the caller names the key.
"""

import math
import re

_HOURS = {"h": 1, "d": 24}


def whole(value: object, *, least: int, most: int, example: int) -> int:
    """A whole number from ``least`` to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"write a whole number from {least} to {most}, for example {example}; got {shown(value)}")
    return value


def real(value: object, *, least: float, most: float, example: float) -> float:
    """A number from ``least`` to ``most``; neither nan nor inf is."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"write a number from {least:g} to {most:g}, for example {example:g}; got {shown(value)}")
    return float(value)


def span(value: object, *, units: str, most_days: int, example: str) -> str:
    """A number of days (``d``), or hours (``h``) where ``units`` has it, of at most ``most_days`` days: ``180d``."""
    text = value if isinstance(value, str) else ""
    if not re.fullmatch(rf"[1-9][0-9]{{0,6}}[{units}]", text) or hours(text) > 24 * most_days:
        raise ValueError(
            f'write a time from "1{units[0]}" to "{most_days}d" in quotes, for example "{example}"; got {shown(value)}'
        )
    return text


def hours(text: str) -> int:
    """A checked span in hours."""
    return int(text[:-1]) * _HOURS[text[-1]]


def shown(value: object) -> str:
    """A value in a message: short, whatever it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 128:  # Python refuses to write very long ones in decimal
        return f"a number of {math.ceil(value.bit_length() * math.log10(2)):,} digits"
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
