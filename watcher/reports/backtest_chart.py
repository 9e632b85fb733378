"""The picture of a replay: what following returned, until the flags and without them. Pure."""

import io
from datetime import date

import numpy as np

from alerts.charts.metric_chart import gaps
from watcher.reports.backtest import Replayed

_UNIX = date(1970, 1, 1).toordinal()
INK, GREY, STOPPED, WHOLE = "#22303c", "#8a97a3", "#2f6f9f", "#c2410c"


def draw(found: Replayed) -> bytes:
    """A PNG: mean of the returns added up, in stakes a wallet, by the day of opening; a tick for each flag."""
    # Imported late: it costs 30 MB and most of a second.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    first, last = (moment.timestamp() / 86_400 for moment in (found.first, found.last))
    days = np.arange(first - 1, last + 1)
    whole, stopped = np.zeros(len(days)), np.zeros(len(days))
    for life in found.lives:
        opened, returns = life.opened[life.copied], np.array(gaps(life.returns[life.copied].tolist()))
        for line, until in ((whole, np.inf), (stopped, np.inf if life.flagged is None else life.flagged)):
            kept = (opened < until) & np.isfinite(returns)  # what is not known adds nothing
            at = np.searchsorted(days, opened[kept], side="left")
            np.add.at(line, np.minimum(at, len(days) - 1), returns[kept])
    figure = Figure(figsize=(9, 5), dpi=150, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    wallets = max(1, len(found.lives))
    axes.plot(days, np.cumsum(whole) / wallets, color=WHOLE, linewidth=2, dashes=(4, 2), label="never unfollowing")
    axes.plot(days, np.cumsum(stopped) / wallets, color=STOPPED, linewidth=3, label="until the flag")
    for n, event in enumerate(found.events):
        first_day, last_day = (day.toordinal() - _UNIX for day in (event.first, event.last))
        axes.axvspan(first_day, last_day + 1, color=GREY, alpha=0.2, linewidth=0, label=None if n else "market event")
    flagged = [flag.day.toordinal() - _UNIX for flag in found.flags]
    if flagged:
        axes.plot(flagged, np.zeros(len(flagged)), "|", color=INK, markersize=14, markeredgewidth=2, label="flag")
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis_date("UTC")
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_ylabel("returns added up, stakes a wallet", color=INK)
    how = "with hindsight" if found.hindsight else "as lived"
    title = f"{len(found.flags)} flags of {len(found.lives)} wallets, {how}"
    axes.set_title(title, loc="left", fontweight="bold", color=INK)
    axes.grid(axis="y", color=GREY, alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, labelcolor=INK)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
