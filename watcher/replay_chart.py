"""The picture of a replay: what following returned, until the flags and without them. Pure."""

import io

import numpy as np

from watcher.replay import Replayed

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
        opened, returns = np.array(life.opened), np.array(life.returns)
        for line, until in ((whole, np.inf), (stopped, np.inf if life.flagged is None else life.flagged)):
            kept = opened < until
            at = np.searchsorted(days, opened[kept], side="left")
            np.add.at(line, np.minimum(at, len(days) - 1), returns[kept])
    figure = Figure(figsize=(9, 5), dpi=150, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    wallets = max(1, len(found.lives))
    axes.plot(days, np.cumsum(whole) / wallets, color=WHOLE, linewidth=2, dashes=(4, 2), label="never unfollowing")
    axes.plot(days, np.cumsum(stopped) / wallets, color=STOPPED, linewidth=3, label="until the flag")
    folded = {(each.wallet, each.day) for event in found.events for each in event.folded}
    for color, words, inside in ((INK, "flag", False), (GREY, "flag in a market event", True)):
        chosen = [flag.departure for flag in found.flags]
        flagged = [each.day.toordinal() - 719_163 for each in chosen if ((each.wallet, each.day) in folded) is inside]
        if flagged:
            axes.plot(flagged, np.zeros(len(flagged)), "|", color=color, markersize=14, markeredgewidth=2, label=words)
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
