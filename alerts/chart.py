"""The picture of a flag: one metric by day, against the wallet's own range and its peers.

Matplotlib's Agg canvas is used without pyplot, which keeps global state and is not safe in threads. It is imported
when the first chart is drawn, because it costs 30 MB and most of a second.
"""

import io
import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from alerts import text
from alerts.types import ChartSeries
from metrics.types import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK: Final = "#22303c"
_GREY: Final = "#8a97a3"
_WALLET: Final = "#c2410c"  # also told apart by its width, for those who see no red
_RANGE: Final = "#2f6f9f"
_PEERS: Final = "#5f6b76"


def draw(series: ChartSeries, *, title: str) -> bytes:
    """Draw the chart of a flag.

    Parameters
    ----------
    series
        What to show; a day whose value is None breaks the line.
    title
        Plain text of anybody; cleaned and cut here.

    Returns
    -------
    bytes
        A PNG of 900 x 500 points, drawn at twice that for sharp text on a phone.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), dpi=200, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _lines(axes, series)
    _dress(axes, series)
    axes.set_title(_printable(title), loc="left", fontsize=15, fontweight="bold", color=_INK, parse_math=False, pad=12)
    # Under the plot, so that it can cover no line.
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=11.5, labelcolor=_INK, columnspacing=1.6)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _lines(axes: "Axes", series: ChartSeries) -> None:
    metric, days = series.metric, _days(series.days)
    wallet, peers = _gaps(series.value), _gaps(series.peers)
    axes.plot(days, wallet, color=_WALLET, linewidth=3, solid_capstyle="round", zorder=3, label="this wallet")
    axes.plot(days, _lonely(wallet), "o", color=_WALLET, markersize=3, zorder=3)
    if series.low is not None and series.high is not None:
        axes.axhspan(series.low, series.high, color=_RANGE, alpha=0.15, linewidth=0, label="expected range")
    if series.baseline is not None:
        label = f"baseline {text.value(metric, series.baseline, unit=False)}"
        axes.axhline(series.baseline, color=_RANGE, linewidth=1.6, label=label)
    if any(map(math.isfinite, peers)):
        axes.plot(days, peers, color=_PEERS, linewidth=1.8, dashes=(4, 2.5), label="peers' median")
    marks = (("followed since", series.followed_since, _GREY, ":"), ("change about", series.since, _WALLET, "--"))
    for words, day, color, style in marks:
        # A day outside the picture must not stretch it.
        if day is not None and series.days and series.days[0] <= day <= series.days[-1]:
            at = _days([day])[0]
            axes.axvline(at, color=color, linewidth=1.6, linestyle=style, label=f"{words} {day:%Y-%m-%d}")
    _mark_last(axes, metric, [point for point in zip(days, wallet, strict=True) if math.isfinite(point[1])])


def _mark_last(axes: "Axes", metric: Metric, points: Sequence[tuple[float, float]]) -> None:
    """Write the latest value at the end of the line: it is what the reader looks for."""
    if not points:
        axes.text(0.5, 0.5, "nothing to show yet", transform=axes.transAxes, ha="center", fontsize=14, color=_GREY)
        return
    axes.plot(*points[-1], "o", color=_WALLET, markersize=8, zorder=3)
    axes.annotate(
        text.value(metric, points[-1][1], unit=False),
        points[-1],
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        fontsize=14,
        fontweight="bold",
        color=_WALLET,
        annotation_clip=False,
    )


def _dress(axes: "Axes", series: ChartSeries) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def tick(number: float, _: Any) -> str:
        return text.value(series.metric, number, unit=False)

    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis_date("UTC")
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(tick))
    what = "trades a day" if series.metric is Metric.TRADE_FREQUENCY else text.name(series.metric)
    axes.set_ylabel(f"{what}, rolling", fontsize=12, color=_INK)
    axes.tick_params(labelsize=12, colors=_INK, length=0, pad=7)
    axes.grid(axis="y", color=_GREY, alpha=0.25, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GREY)
    axes.margins(x=0.01, y=0.08)


def _days(days: Sequence[date]) -> list[float]:
    """Return days as matplotlib counts them, since 1970-01-01."""
    return [float((day - date(1970, 1, 1)).days) for day in days]


def _gaps(values: Sequence[float | None]) -> list[float]:
    """Return the values with gaps as nan: matplotlib lifts its pen there."""
    return [value if value is not None and math.isfinite(value) else math.nan for value in values]


def _lonely(values: Sequence[float]) -> list[float]:
    """Return the days between two gaps: a line through one point would be invisible."""
    padded = [math.nan, *values, math.nan]
    alone = zip(padded, padded[2:], strict=False)
    return [
        value if math.isnan(before) and math.isnan(after) else math.nan
        for value, (before, after) in zip(values, alone, strict=True)
    ]


def _printable(title: str) -> str:
    """Return the title without what the shipped font cannot show: an empty box says less than a question mark."""
    from matplotlib.font_manager import findfont, get_font

    font = get_font(findfont("DejaVu Sans"))
    return "".join(c if font.get_char_index(ord(c)) else "?" for c in text.clean(title, 60))
