"""Pieces of the page: every word of others passes through :func:`words`. Pure."""

import base64
import html
from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from alerts import wording

#: The styles of the terminal's tables, as classes of the page.
CLASSES = {
    "green": "good",
    "red": "bad",
    "bold red": "bad",
    "yellow": "warn",
    "cyan": "cool",
    "dim": "soft",
}


def words(value: object) -> str:
    """Text of anybody, cleaned and escaped."""
    return _whole(html.escape(wording.clean(str(value), 300)))


def _whole(line: str) -> str:
    """Keep a number to its percent sign, and a dollar to its minus, where the line breaks."""
    return line.replace(" %", "\N{NO-BREAK SPACE}%").replace("\N{MINUS SIGN}$", "\N{MINUS SIGN}\N{WORD JOINER}$")


def table(made: Table, *, strong: int | None = None) -> str:
    """One of the terminal's tables as HTML; ``strong`` is the row that is set off."""
    right = [column.justify == "right" for column in made.columns]
    heads = "".join(
        f'<th scope="col"{_class("right" if aligned else "")}>{words(column.header)}</th>'
        for column, aligned in zip(made.columns, right, strict=True)
    )
    rows = zip(*(column.cells for column in made.columns), strict=True)
    body = "".join(
        f"<tr{_class('own' if place == strong else '')}>"
        + "".join(_cell(cell, aligned) for cell, aligned in zip(row, right, strict=True))
        + "</tr>"
        for place, row in enumerate(rows)
    )
    # Focusable, so that a keyboard can scroll it too.
    return f'<div class="wide" tabindex="0"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(cell: object, aligned: bool) -> str:  # noqa: FBT001
    plain, style = (cell.plain, str(cell.style)) if isinstance(cell, Text) else (str(cell), "")
    return f"<td{_class('right' if aligned else '', CLASSES.get(style, ''))}>{words(plain)}</td>"


def _class(*names: str) -> str:
    found = " ".join(name for name in names if name)
    return f' class="{found}"' if found else ""


def picture(light: bytes, dark: bytes, *, says: str, below: str) -> str:
    """A PNG that is inside the page, in two palettes, with what it says for those who do not see it."""
    bright, dim = (f"data:image/png;base64,{base64.b64encode(png).decode()}" for png in (light, dark))
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{dim}">'
        f'<img src="{bright}" width="1440" height="1200" alt="{words(says)}"></picture>'
        f"<figcaption>{words(below)}</figcaption></figure>"
    )


def section(title: str, *parts: str) -> str:
    """A heading with what belongs under it; nothing where there is nothing."""
    inside = "".join(parts)
    return f"<section><h2>{words(title)}</h2>{inside}</section>" if inside else ""


def paragraphs(lines: Iterable[str]) -> str:
    """Lines that are HTML already."""
    return "".join(f"<p>{_whole(line)}</p>" for line in lines if line)
