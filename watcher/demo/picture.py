"""A message as a phone shows it: chart, caption and buttons as one picture, for people who have no bot yet."""

import io
import re
from html import unescape
from typing import TYPE_CHECKING, Any

from alerts.types import Message

if TYPE_CHECKING:
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.figure import Figure

WIDTH, MARGIN, LINE, GAP, BUTTON = 640, 28, 32, 12, 58  #: pixels
INK, PAPER, BACK, ACCENT = "#17212b", "#ffffff", "#d5e4ef", "#2f6ea5"
# The font of the picture has no emoji; a phone has.
_SIGNS = str.maketrans({"🔻": "▼", "🔇": "▼", "🌊": "≈", "\ufe0f": None, "✅": "✔", "👋": "»", "💤": "»", "🙅": "»"})

Word = tuple[str, bool]  #: text, bold


def draw(message: Message) -> bytes:
    """Draw a message.

    Returns
    -------
    bytes
        A PNG of ``WIDTH`` pixels.
    """
    # Late: matplotlib costs 30 MB and the service may never need this picture.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.image import imread
    from matplotlib.patches import FancyBboxPatch

    figure = Figure(figsize=(WIDTH / 100, 1), dpi=100)
    renderer: RendererAgg = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    lines = _wrapped(message.html, figure, renderer)
    chart = imread(io.BytesIO(message.chart_png)) if message.chart_png else None
    chart_height = int((WIDTH - 2 * GAP) * chart.shape[0] / chart.shape[1]) if chart is not None else 0
    text_height = sum(LINE if line else LINE // 2 for line in lines)
    bubble = chart_height + text_height + 3 * GAP
    height = bubble + GAP * 2 + len(message.buttons) * (BUTTON + GAP // 2) + GAP
    figure.set_size_inches(WIDTH / 100, height / 100)
    figure.set_facecolor(BACK)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")

    def box(x: float, y: float, width: float, tall: float, colour: str, alpha: float = 1.0) -> None:
        style = "round,pad=0,rounding_size=14"
        axes.add_patch(FancyBboxPatch((x, y), width, tall, boxstyle=style, color=colour, lw=0, alpha=alpha))

    box(GAP, GAP, WIDTH - 2 * GAP, bubble, PAPER)
    y = float(GAP * 2)
    if chart is not None:
        axes.imshow(chart, extent=(GAP * 2, WIDTH - GAP * 2, y + chart_height - GAP, y), aspect="auto", zorder=2)
        y += chart_height + GAP / 2
    for line in lines:
        x = float(MARGIN)
        for word, bold in line:
            colour = "#c0392b" if word.strip() == "▼" else INK
            weight = "bold" if bold else "normal"
            axes.text(x, y + LINE * 0.72, word, fontsize=15, weight=weight, color=colour)
            x += _width(word, bold, figure, renderer)
        y += LINE if line else LINE // 2
    y = GAP * 2 + bubble
    for row in message.buttons:
        each = (WIDTH - 2 * GAP - (len(row) - 1) * GAP / 2) / len(row)
        for i, button in enumerate(row):
            x = GAP + i * (each + GAP / 2)
            box(x, y, each, BUTTON, ACCENT, alpha=0.85)
            style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 16, "color": PAPER, "weight": "bold"}
            axes.text(x + each / 2, y + BUTTON / 2, button.label, **style)
        y += BUTTON + GAP // 2
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def _width(word: str, bold: bool, figure: "Figure", renderer: "RendererAgg") -> float:  # noqa: FBT001 - a word's own
    text = figure.text(0, 0, word.replace(" ", "n"), fontsize=15, weight="bold" if bold else "normal")
    wide: float = text.get_window_extent(renderer).width
    text.remove()
    return wide * (0.5 if word == " " else 1.0)


def _wrapped(html: str, figure: "Figure", renderer: "RendererAgg") -> list[list[Word]]:
    """Lines of words that fit the bubble."""
    lines: list[list[Word]] = []
    for line in html.translate(_SIGNS).split("\n"):
        lines.append([])
        used = 0.0
        for word, bold in _words(line):
            wide = _width(word, bold, figure, renderer)
            if used + wide > WIDTH - 2 * MARGIN and word != " ":
                lines.append([])
                used = 0.0
            lines[-1].append((word, bold))
            used += wide
    return lines


def _words(line: str) -> list[Word]:
    words: list[Word] = []
    bold = False
    for part in re.split(r"(</?(?:b|i|code)>)", line):
        if re.fullmatch(r"</?(?:b|i|code)>", part):
            bold = part == "<b>" or (bold and part not in {"</b>"})
        else:
            words += [(unescape(word), bold) for word in re.split(r"( )", part) if word]
    return words
