"""The picture of a flag: one metric by day, against the wallet's own range and its peers.

It is read on a phone, some 360 points wide, so the drawing is small and its words are large. Matplotlib's Agg canvas is
used without pyplot, which keeps global state and is not safe in threads. It is imported when the first chart is drawn,
because it costs 30 MB and most of a second.
"""

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from alerts import wording
from alerts.types import ChartSeries
from metrics.types import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE: Final = (6.0, 5.0)  #: inches
DPI: Final = 240
_Named = dict[str, Any]  # words of the legend to what was drawn for them
EDGE: Final = 1_000_000  #: what is larger is drawn here: an axis of larger numbers cannot be laid out
_WORDS: Final = 13  #: points of the smallest words: 11 pixels where the picture is 360 wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours; each line is told apart by its width and dashes too, for those who see no red."""

    paper: str
    ink: str
    grey: str
    wallet: str
    form: str
    peers: str


LIGHT: Final = Palette(
    paper="#ffffff", ink="#22303c", grey="#8a97a3", wallet="#c2410c", form="#2f6f9f", peers="#5f6b76"
)
DARK: Final = Palette(paper="#17212b", ink="#e6edf3", grey="#7d8a97", wallet="#ff8a4c", form="#6cb2e6", peers="#aab6c2")


def draw(series: ChartSeries, *, title: str, palette: Palette = LIGHT) -> bytes:
    """Draw the chart of a flag.

    Parameters
    ----------
    series
        What to show; a day whose value is None breaks the line.
    title
        Plain text of anybody; cleaned and cut here.
    palette
        Telegram cannot say whether a phone is light or dark, so a card is always light; a page may know.

    Returns
    -------
    bytes
        A PNG of ``SIZE`` times ``DPI``, 1440 x 1200 pixels.
    """
    buffer = io.BytesIO()
    figure(series, title=title, palette=palette).savefig(buffer, format="png")
    return buffer.getvalue()


def figure(series: ChartSeries, *, title: str, palette: Palette = LIGHT) -> "Figure":
    """Return the chart before it becomes a picture, see `draw`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    out = Figure(figsize=SIZE, dpi=DPI, facecolor=palette.paper, layout="constrained")
    FigureCanvasAgg(out)
    axes = out.add_subplot(facecolor=palette.paper)
    named = {
        **_wallet(axes, series, palette),
        **_backdrop(axes, series, palette),
        **_marks(axes, series, palette),
    }
    _dress(axes, series, palette)
    style: dict[str, Any] = {"ha": "left", "fontweight": "bold", "color": palette.ink, "parse_math": False}
    out.suptitle(_printable(title), x=0.02, fontsize=15, **style)
    # Under the plot, so that it can cover no line.
    out.legend(
        list(named.values()),
        list(named),
        loc="outside lower center",
        ncols=2,
        frameon=False,
        fontsize=_WORDS,
        labelcolor=palette.ink,
        columnspacing=1.2,
        handlelength=1.6,
        labelspacing=0.3,
    )
    return out


def _wallet(axes: "Axes", series: ChartSeries, palette: Palette) -> _Named:
    """The wallet itself, and its latest value at the end of the line: it is what the reader looks for."""
    days, values = _days(series.days), gaps(series.value)
    style: dict[str, Any] = {"color": palette.wallet, "zorder": 3, "clip_on": False}
    [line] = axes.plot(days, values, linewidth=3.2, solid_capstyle="round", label="wallet", **style)
    axes.plot(days, _lonely(values), "o", markersize=3.5, **style)
    points = [point for point in zip(days, values, strict=True) if math.isfinite(point[1])]
    if points:
        axes.plot(*points[-1], "o", markersize=9, **style)
        words: dict[str, Any] = {"textcoords": "offset points", "va": "center", "annotation_clip": False}
        latest = wording.value(series.metric, points[-1][1], unit=False)
        words |= {"fontsize": 17, "fontweight": "bold", "color": palette.wallet}
        axes.annotate(latest, points[-1], xytext=(9, 0), **words)
    else:
        place: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "color": palette.ink}
        axes.text(0.5, 0.5, "nothing to show yet", fontsize=15, **place)
    return {"this wallet": (line,)}


def _backdrop(axes: "Axes", series: ChartSeries, palette: Palette) -> _Named:
    """Form and peers: what the wallet is held against."""
    days, named = _days(series.days), dict[str, Any]()
    low, high, baseline = gaps([series.low, series.high, series.baseline])
    if math.isfinite(low) and math.isfinite(high):
        span = axes.axhspan(low, high, color=palette.form, alpha=0.16, linewidth=0, label="range")
        named["its usual range"] = (span,)
    if math.isfinite(baseline):
        line = axes.axhline(baseline, color=palette.form, linewidth=2, label="form")
        named[f"its form, {wording.value(series.metric, series.baseline, unit=False)}"] = (line,)
    peers, lows, highs = gaps(series.peers), gaps(series.peers_low), gaps(series.peers_high)
    if any(map(math.isfinite, peers)):
        [median] = axes.plot(days, peers, color=palette.peers, linewidth=2, dashes=(3, 2), label="peers")
        named["peers' median"] = (median,)
        if any(map(math.isfinite, lows)) and len(lows) == len(highs) == len(days):
            style: dict[str, Any] = {"color": palette.peers, "alpha": 0.22, "linewidth": 0}
            band = axes.fill_between(days, lows, highs, label="peers' interval", **style)
            named = {**named, "peers' median": (band, median)}
    return named


def _marks(axes: "Axes", series: ChartSeries, palette: Palette) -> _Named:
    """Days that matter; one outside the picture must not stretch it."""
    named: dict[str, Any] = {}
    if not series.days:
        return named
    first, last = series.days[0], series.days[-1]
    marks = (("followed", series.followed_since, palette.grey, ":"), ("change", series.since, palette.wallet, "--"))
    for what, day, color, style in marks:
        if day is not None and first <= day <= last:
            line = axes.axvline(_days([day])[0], color=color, linewidth=2, linestyle=style, label=what)
            named[f"{what} {wording.day(day)}"] = (line,)
    begin, end = series.since_from, series.since_to
    if begin and end and begin <= last and end >= first:
        edges = _days([max(first, begin), min(last, end)])
        span = axes.axvspan(*edges, color=palette.wallet, alpha=0.13, linewidth=0, label="change interval")
        for words in [words for words in named if words.startswith("change ")]:
            named[words] = (span, *named[words])
    return named


def _dress(axes: "Axes", series: ChartSeries, palette: Palette) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def tick(number: float, _: Any) -> str:
        return re.sub(r"\.0\b", "", wording.value(series.metric, number, unit=False))

    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis_date("UTC")
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(tick))
    what = "trades a day" if series.metric is Metric.TRADE_FREQUENCY else wording.name(series.metric)
    over = f"{wording.count(series.window_days, 'day')} to each date" if series.window_days else "rolling"
    axes.set_ylabel(f"{what}, {over}", fontsize=_WORDS, color=palette.ink)
    axes.tick_params(labelsize=_WORDS, colors=palette.ink, length=0, pad=6)
    axes.grid(axis="y", color=palette.grey, alpha=0.3, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(palette.grey)
    axes.margins(x=0.01, y=0.08)


def _days(days: Sequence[date]) -> list[float]:
    """Return days as matplotlib counts them, since 1970-01-01."""
    return [float((day - date(1970, 1, 1)).days) for day in days]


def gaps(values: Sequence[float | None]) -> list[float]:
    """Return the values as they can be drawn: what is none as nan, where the pen is lifted; nothing beyond `EDGE`."""
    known = (math.nan if value is None or not math.isfinite(value) else value for value in values)
    return [value if math.isnan(value) else max(-EDGE, min(EDGE, value)) for value in known]


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
    return "".join(c if font.get_char_index(ord(c)) else "?" for c in wording.clean(title, 44))
