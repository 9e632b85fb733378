"""The picture of how the evidence grew: how seldom chance alone shows as much, day by day."""

import io
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from alerts.charts.metric_chart import DPI, LIGHT, SIZE, Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WORDS: Final = 13  # points, as in the other charts
_DAY: Final = 1 / 365.25  # years
_LEAST, _MOST = _DAY, 1000.0  # years: what is seldomer or less seldom is drawn at the edge
_DASHES: Final = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (2.5, 1)), (0, (8, 2)))
_TICKS: Final = {
    _DAY: "1 d",
    7 * _DAY: "1 wk",
    1 / 12: "1 mo",
    1.0: "1 y",
    10.0: "10 y",
    100.0: "100 y",
    _MOST: ">1,000 y",
}


def draw(
    days: Sequence[date], lines: Mapping[str, Sequence[float]], *, needed: float, palette: Palette = LIGHT
) -> bytes:
    """Draw one line for each stream and the level that flags; a PNG of 1440 x 1200 pixels.

    Parameters
    ----------
    days
        UTC days, rising.
    lines
        Name to years by day; the last of them is drawn thick.
    needed
        Years from which a wallet is flagged.
    """
    buffer = io.BytesIO()
    figure(days, lines, needed=needed, palette=palette).savefig(buffer, format="png")
    return buffer.getvalue()


def figure(
    days: Sequence[date], lines: Mapping[str, Sequence[float]], *, needed: float, palette: Palette = LIGHT
) -> "Figure":
    """Return the picture before it becomes one, see `draw`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    out = Figure(figsize=SIZE, dpi=DPI, facecolor=palette.paper, layout="constrained")
    FigureCanvasAgg(out)
    axes = out.add_subplot(facecolor=palette.paper)
    _lines(axes, days, lines, palette)
    axes.axhline(_within(needed), color=palette.grey, linewidth=2, dashes=(2, 2), label="flags above")
    _dress(axes, palette)
    out.suptitle("By luck alone, once in", x=0.02, fontsize=15, ha="left", fontweight="bold", color=palette.ink)
    legend: dict[str, Any] = {"frameon": False, "fontsize": _WORDS, "labelcolor": palette.ink}
    out.legend(loc="outside lower center", ncols=2, columnspacing=1.2, handlelength=2.2, labelspacing=0.3, **legend)
    return out


def _lines(axes: "Axes", days: Sequence[date], lines: Mapping[str, Sequence[float]], palette: Palette) -> None:
    from matplotlib.dates import date2num

    at = [float(date2num(each)) for each in days]  # type: ignore[no-untyped-call]
    colors = (palette.form, palette.peers)
    for place, (name, years) in enumerate(lines.items()):
        thick = place == len(lines) - 1
        style: dict[str, Any] = {"color": palette.wallet if thick else colors[place % 2]}
        style |= {"linewidth": 3.2 if thick else 1.8, "linestyle": "-" if thick else _DASHES[place % len(_DASHES)]}
        values = [_within(each) for each in years]
        axes.plot(at, values, label=name, zorder=3 if thick else 2, clip_on=False, **style)


def _within(years: float) -> float:
    """Return what can be drawn: nan, where the line breaks, stays what it is."""
    return years if math.isnan(years) else min(_MOST, max(_LEAST, years))


def _dress(axes: "Axes", palette: Palette) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis_date("UTC")
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    axes.set_yscale("log")
    axes.set_ylim(_LEAST, _MOST)
    axes.set_yticks(list(_TICKS), list(_TICKS.values()))
    axes.minorticks_off()
    axes.tick_params(labelsize=_WORDS, colors=palette.ink, length=0, pad=6)
    axes.grid(axis="y", color=palette.grey, alpha=0.3, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(palette.grey)
    axes.margins(x=0.01)
