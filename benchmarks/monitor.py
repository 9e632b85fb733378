"""What watching costs: a start, a day, ever longer lists, and a year of a thousand wallets. CPU time of one core.

    python -m benchmarks.monitor [year]

Longer lists are the same hundred invented wallets over and over, under other names and with forty peers each, so that
their baselines need not be learned anew. ``year`` replays 1,000 wallets for 365 days, tick by tick with all verdicts,
the start and its 1,000 baselines included: some minutes. Writes ``benchmarks/results.md``.
"""

import copy
import resource
import sys
import time
from datetime import timedelta

import numpy as np
import pandas as pd

from benchmarks import results
from metrics.evaluation.synthetic import START, world
from metrics.monitor import Monitor

BASE, PEERS, DAYS = 100, 40, 6
LISTS = (100, 1_000, 3_000, 10_000)
GROUP = 1_000


def spent(function):
    """CPU seconds of a call."""
    begin = time.process_time()
    function()
    return time.process_time() - begin


def rows_of(frame, day):
    """What closed on a day."""
    since, until = START + timedelta(days=day), START + timedelta(days=day + 1)
    return until, frame[(frame["closed_at"] >= since) & (frame["closed_at"] < until)]


def copies(frame, times):
    """A frame of so many times the wallets."""
    return pd.concat([frame.assign(wallet=frame["wallet"] + f"-{i}") for i in range(times)], ignore_index=True)


def peers_of(names):
    """The next forty of the list."""
    return {name: [names[(i + j) % len(names)] for j in range(1, PEERS + 1)] for i, name in enumerate(names)}


def small():
    """32 wallets: the start, and the ticks of a month."""
    frame = world(np.random.default_rng(5), days=30)
    past = frame[frame["closed_at"] < START]
    starts = []
    for _ in range(3):
        monitor = Monitor()
        starts.append(spent(lambda monitor=monitor: monitor.start(past, None, followed_since=START)))
    first = rows_of(frame, 0)
    monitor.tick(*first)
    ticks = [spent(lambda day=day: monitor.tick(*rows_of(frame, day))) for day in range(1, 30)]
    return min(starts), float(np.median(ticks))


def longer(saved, wallets):
    """A monitor of so many wallets: copies of those of a saved one."""
    state = copy.copy(saved)
    names = [f"{name}-{i}" for i in range(wallets // BASE) for name in saved["wallets"]]
    peers = peers_of(names)
    entries = [(f"{name}-{i}", each) for i in range(wallets // BASE) for name, each in saved["wallets"].items()]
    state["wallets"] = {name: {**each, "row": row, "peers": peers[name]} for row, (name, each) in enumerate(entries)}
    return Monitor.resume(state)


def ticks(monitor, frame):
    """Median of the ticks of some days, after the first, which computes what came before."""
    monitor.tick(*rows_of(frame, 0))
    return float(np.median([spent(lambda day=day: monitor.tick(*rows_of(frame, day))) for day in range(1, DAYS)]))


def year():
    """1,000 wallets for a year."""
    frame = copies(world(np.random.default_rng(7), wallets=BASE, days=365), GROUP // BASE)
    names = sorted(frame["wallet"].unique())
    monitor = Monitor()
    past = frame[frame["closed_at"] < START]
    start = spent(lambda: monitor.start(past, peers_of(names), followed_since=START))
    days = [spent(lambda day=day: monitor.tick(*rows_of(frame, day))) for day in range(365)]
    return start, days, len(frame)


def peak():
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main():
    """Measure, print and write down."""
    if sys.argv[1:] == ["year"]:
        start, days, rows = year()
        lines = [
            f"{GROUP:,} wallets x 365 days, {rows:,} round trips: {start + sum(days):.0f} s CPU,",
            f"{start:.0f} s of them for the start; a tick took {np.mean(days[1:31]):.2f} s in the first month,",
            f"{np.mean(days[-30:]):.2f} s in the last; {peak():,} MB at most.",
        ]
        results.write("benchmarks.monitor year", lines)
        return
    start, tick = small()
    frame = world(np.random.default_rng(6), wallets=BASE, days=DAYS)
    monitor = Monitor()
    monitor.start(frame[frame["closed_at"] < START], None, followed_since=START)
    saved = monitor.state()
    lines = [
        "| CPU seconds | start | daily tick, all verdicts included | a wallet |",
        "|---|---|---|---|",
        f"| 32 wallets | {start:.2f} | {tick:.3f} | {1e3 * tick / 32:.2f} ms |",
    ]
    for wallets in LISTS:
        took = ticks(longer(saved, wallets), copies(frame, wallets // BASE))
        lines.append(f"| {wallets:,} wallets | | {took:.2f} | {1e3 * took / wallets:.2f} ms |")
        print(lines[-1], file=sys.stderr, flush=True)
    results.write("benchmarks.monitor", lines)


if __name__ == "__main__":
    main()
