"""How soon a change is flagged, and how often nothing is: the shipped monitor beside the rules that people use.

    python -m benchmarks.detection [worlds per family, default 10] [seed]

Populations of 32 invented wallets (``metrics.evaluation.synthetic``) under one market, 150 judged days; eight of them
change on day 45 in the families with a change. The monitor is ticked once a day at one false flag per wallet-year.
Beside it two fixed rules, and charts (``benchmarks.rules``) whose thresholds were set on worlds of their own so that
they bring one false flag per wallet-year in the worse of calm and drawdown. Seeds differ from those of the calibration.
Some three seconds a world; writes ``benchmarks/results.md``.
"""

import sys

import numpy as np

from benchmarks import results
from benchmarks.daily import first_flags, in_order
from benchmarks.rules import FIXED, TUNED, Days
from metrics.evaluation.synthetic import START, Change, population
from metrics.evaluation.synthetic_positions import Unsold, with_positions
from metrics.monitor import Monitor

DAYS, CHANGED, DAY = 150, 8, 45
TUNING_WORLDS, TUNING_SEED = 12, 31_000
OURS = "**Edgewatch**"
CALM, DRAWDOWNS = "calm", "two drawdowns"
NOTHING = {CALM: 0, DRAWDOWNS: 2}
FAMILIES = {
    "win rate falls by about 20 points": (0, Change(day=DAY, win_shift=-0.85)),
    "the same, two drawdowns": (2, Change(day=DAY, win_shift=-0.85)),
    "wins shrink to 45 %": (0, Change(day=DAY, win_size=0.45)),
    "a little of both": (0, Change(day=DAY, win_shift=-0.4, win_size=0.7)),
    "trades nearly stop": (0, Change(day=DAY, rate=0.03)),
    "80 % of losers are not sold any more": (0, Unsold(day=DAY, share=0.8)),
}


def build(rng, drawdowns, change):
    """One world: round trips, open positions where they matter, and the wallets that are looked at."""
    wallets = [f"w{i:02d}" for i in range(32)]
    hidden = isinstance(change, Unsold)
    changes = dict.fromkeys(range(CHANGED), change) if change and not hidden else None
    frame, market = population(rng, days=DAYS, drawdowns=drawdowns, changes=changes)
    positions = None
    if hidden:
        frame, positions = with_positions(rng, frame, market, unsold=dict.fromkeys(wallets[:CHANGED], change))
    return frame, positions, wallets


def monitor_days(frame, positions, wallets):
    """First day on which the monitor flags each wallet, inf if never."""
    monitor = Monitor(false_flags_per_wallet_year=1.0)
    told = None if positions is None else positions[positions["marked_at"] == START]
    monitor.start(frame[frame["closed_at"] < START], None, followed_since=START, open_positions=told)
    return in_order(first_flags(monitor, frame, DAYS, positions=positions), wallets)


def crossing(statistic, threshold):
    """First day on which a statistic reaches its threshold, inf if never."""
    hit = statistic >= threshold
    return np.where(hit.any(axis=1), hit.argmax(axis=1), np.inf)


def rate(first):
    """First flags per wallet-year."""
    return np.isfinite(first).sum() / (np.minimum(first + 1, DAYS).sum() / 365.25)


def thresholds():
    """Of each chart: one first flag per wallet-year in the worse of calm and drawdown, on worlds of its own."""
    peaks = {name: {market: [] for market in NOTHING} for name in TUNED}
    for number, (market, drawdowns) in enumerate(NOTHING.items()):
        for i in range(TUNING_WORLDS):
            frame, _, wallets = build(np.random.default_rng([TUNING_SEED, number, i]), drawdowns, None)
            days = Days.of(frame, wallets, DAYS)
            for name, chart in TUNED.items():
                peaks[name][market].append(chart(days))
    found = {}
    for name, by_market in peaks.items():
        each = [np.concatenate(x) for x in by_market.values()]
        low, high = (f([x.max(axis=1) for x in each]) for f in (np.min, np.max))
        for _ in range(30):
            middle = (low + high) / 2
            if max(rate(crossing(x, middle)) for x in each) > 1.0:
                low = middle
            else:
                high = middle
        found[name] = high
    return found


def firsts(worlds, seed, drawdowns, change, limits):
    """First flag of each wallet by method, (wallets of all worlds,); only of those that change, if some do."""
    out = {}
    for i in range(worlds):
        frame, positions, wallets = build(np.random.default_rng([seed, i]), drawdowns, change)
        days = Days.of(frame, wallets, DAYS)
        charts = FIXED | {name: (chart, limits[name]) for name, chart in TUNED.items()}
        found = {OURS: monitor_days(frame, positions, wallets)}
        found |= {name: crossing(chart(days), threshold) for name, (chart, threshold) in charts.items()}
        for name, first in found.items():
            out.setdefault(name, []).append(first[: CHANGED if change else None])
    return {name: np.concatenate(each) for name, each in out.items()}


def told(first):
    """Median days to the flag, share within 30 days, both of those not flagged before; and the share flagged before."""
    fresh = first[first >= DAY] - DAY + 1
    median = np.median(fresh)
    days = f"{median:.0f}" if median <= DAYS - DAY else f">{DAYS - DAY}"
    return f"{days} d, {np.mean(fresh <= 30):.0%}, {np.mean(first < DAY):.0%}"


def main():
    """Print the tables and write them down."""
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 77_000
    limits = thresholds()
    cells = {}
    columns = [(f"nothing changes, {market}", drawdowns, None) for market, drawdowns in NOTHING.items()]
    columns += [(name, *family) for name, family in FAMILIES.items()]
    delays = {}
    for number, (column, drawdowns, change) in enumerate(columns):
        for name, first in firsts(worlds, seed + number, drawdowns, change, limits).items():
            cells[name, column] = told(first) if change else f"{rate(first):.2f}"
            if change:
                fresh = first[first >= DAY] - DAY + 1
                delays.setdefault(name, []).append(min(float(np.median(fresh)), 2.0 * (DAYS - DAY)))
        print(f"measured: {column}", file=sys.stderr, flush=True)
    methods = [OURS, *TUNED, *FIXED]
    calm, falling = (f"nothing changes, {market}" for market in NOTHING)
    lines = [
        f"{worlds} worlds of 32 wallets a family, {DAYS} judged days, seed {seed}. Edgewatch at one false flag per",
        "wallet-year; charts at thresholds set to one in the worse market, on worlds of their own; fixed rules as they",
        "are.",
        "",
        "| first flags per wallet-year, nothing changes | calm | two drawdowns | geometric mean of median delays |",
        "|---|---|---|---|",
        *(
            f"| {name} | {cells[name, calm]} | {cells[name, falling]} | "
            f"{np.exp(np.mean(np.log(delays[name]))):.0f} days |"
            for name in methods
        ),
        "",
        f"A median that is never reached counts {2 * (DAYS - DAY)} days. What was flagged before the change is in no",
        "delay: a rule that fires at everything looks quick.",
        "",
        f"Of {CHANGED * worlds} wallets that change: median days to the flag, flagged within 30 days, flagged before.",
        "",
        f"| | {' | '.join(FAMILIES)} |",
        f"|---|{'---|' * len(FAMILIES)}",
        *(f"| {name} | {' | '.join(cells[name, family] for family in FAMILIES)} |" for name in methods),
    ]
    results.write("benchmarks.detection", lines)


if __name__ == "__main__":
    main()
