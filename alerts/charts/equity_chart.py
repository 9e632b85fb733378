"""The picture of what following a wallet with equal stakes has brought."""

import io
import math
from typing import TYPE_CHECKING, Any

from alerts import wording
from alerts.charts.metric_chart import DPI, EDGE, LIGHT, SIZE, Palette, gaps
from metrics.evaluation.equity import Equity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WORDS = 13  # points, as in the other chart


def draw(equity: Equity, *, stake_usd: float, palette: Palette = LIGHT) -> bytes:
    """Draw the profit by day for a stake of so many dollars; a PNG of 1440 x 1200 pixels.

    The bar behind the last point is the 95 % interval of where such round trips end.
    """
    buffer = io.BytesIO()
    figure(equity, stake_usd=stake_usd, palette=palette).savefig(buffer, format="png")
    return buffer.getvalue()


def figure(equity: Equity, *, stake_usd: float, palette: Palette = LIGHT) -> "Figure":
    """Return the picture before it becomes one, see `draw`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    out = Figure(figsize=SIZE, dpi=DPI, facecolor=palette.paper, layout="constrained")
    FigureCanvasAgg(out)
    axes = out.add_subplot(facecolor=palette.paper)
    _curve(axes, equity, stake_usd, palette)
    _dress(axes, stake_usd, palette)
    out.suptitle("Following it", x=0.02, fontsize=15, ha="left", fontweight="bold", color=palette.ink)
    return out


def _curve(axes: "Axes", equity: Equity, stake_usd: float, palette: Palette) -> None:
    from matplotlib.dates import date2num

    axes.axhline(0, color=palette.grey, linewidth=1.5)
    if not equity.days:
        middle: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "color": palette.ink}
        axes.text(0.5, 0.5, "nothing to show yet", fontsize=15, **middle)
        return
    days = [float(date2num(each)) for each in equity.days]  # type: ignore[no-untyped-call]
    values = gaps([stake_usd * each for each in equity.profit])
    ends = gaps([None if each is None else stake_usd * each for each in (equity.low, equity.high)])
    if all(map(math.isfinite, ends)):
        axes.plot([days[-1]] * 2, ends, color=palette.form, alpha=0.45, linewidth=9, solid_capstyle="butt")
    style: dict[str, Any] = {"color": palette.wallet, "zorder": 3, "clip_on": False}
    axes.plot(days, values, linewidth=3.2, solid_capstyle="round", drawstyle="steps-post", **style)
    axes.plot(days[-1], values[-1], "o", markersize=9, **style)
    words: dict[str, Any] = {"fontsize": 17, "fontweight": "bold", "color": palette.wallet, "annotation_clip": False}
    latest = wording.dollars(stake_usd * equity.profit[-1], sign=True, most=EDGE).replace("$", r"\$")
    place = (days[-1], values[-1] if math.isfinite(values[-1]) else 0.0)
    axes.annotate(latest, place, xytext=(11, 0), textcoords="offset points", va="center", **words)


def _dress(axes: "Axes", stake_usd: float, palette: Palette) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis_date("UTC")
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: wording.dollars(number).replace("$", r"\$")))
    stake = wording.dollars(stake_usd).replace("$", r"\$")
    axes.set_ylabel(f"profit, {stake} on each round trip", fontsize=_WORDS, color=palette.ink)
    axes.tick_params(labelsize=_WORDS, colors=palette.ink, length=0, pad=6)
    axes.grid(axis="y", color=palette.grey, alpha=0.3, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(palette.grey)
    axes.margins(x=0.01, y=0.08)
