"""Wallets that move positions away unsold: how often a habit is flagged, and how soon its beginning is.

    python -m benchmarks.departures [worlds per family, default 5] [seed]

Populations of 32 invented wallets with open positions (``metrics.evaluation.synthetic_positions``) under one market,
150 judged days, one false flag per wallet-year. In the families of habits wallets always moved a part of their
positions away where they would have sold, and nothing changes; each world is also run with nothing moved. In the others
eight wallets begin on day 45 to move four in five of their losers away, at a fixed pace. Some ten seconds a world;
all cores work for some ten minutes. Writes ``benchmarks/results.md``.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from benchmarks import results
from benchmarks.daily import first_flags, in_order
from benchmarks.detection import CHANGED, DAY, DAYS, rate, told
from metrics.evaluation.synthetic import START, population
from metrics.evaluation.synthetic_departures import Moving, with_departures
from metrics.evaluation.synthetic_positions import with_positions
from metrics.monitor import Monitor

HABITS = {
    "nothing": (None, 1),
    "both, up to 40 %": (lambda share: Moving(winners=share, losers=share), 1),
    "losers, up to 40 %": (lambda share: Moving(winners=0.0, losers=share), 1),
    "losers, up to 40 %, every second wallet": (lambda share: Moving(winners=0.0, losers=share), 2),
    "both, up to 40 %, once a week": (lambda share: Moving(winners=share, losers=share, every=7), 1),
}
"""What is moved away, and by each how many-th wallet."""
MARKED = {"without": 0, "with": -10_000}
"""Whether the history has marks → the first day that has."""
PACES = (1.0, 3.0, 10.0)
DRAWS = 2_000
"""Of the bootstrap over worlds: wallets of one world share a market."""


def build(key, *, pace=None, drawdowns=0, marked_from=0, habit="nothing", changed=None):
    """One world: its wallets, all closes and moves as trades, round trips, open positions, and departures."""
    moves, nth = HABITS[habit]
    rng = np.random.default_rng(key)
    frame, market = population(rng, days=DAYS, drawdowns=drawdowns, rate=pace)
    names = sorted(frame["wallet"].unique())
    closed, positions = with_positions(rng, frame, market)
    moving = {name: moves(float(rng.uniform(0.05, 0.4))) for name in names[::nth]} if moves else dict(changed or {})
    trades = closed[["wallet", "closed_at"]].rename(columns={"closed_at": "traded_at"})
    return names, trades, *with_departures(rng, closed, positions, moving, marked_from=marked_from)


def flag_days(key, *, seen=True, **options):
    """First day on which each wallet of a world is flagged, inf if never; ``seen``: whether the departures are told."""
    names, trades, closed, positions, departures = build(key, **options)
    monitor = Monitor(false_flags_per_wallet_year=1.0)
    monitor.start(
        closed[closed["closed_at"] < START],
        None,
        followed_since=START,
        trades=trades[trades["traded_at"] < START],
        open_positions=positions[positions["marked_at"] == START],
        departures=departures[departures["left_at"] < START] if seen else None,
    )
    away = departures if seen else None
    first = first_flags(monitor, closed, DAYS, positions=positions, trades=trades, departures=away)
    return in_order(first, names)


def interval(worlds, rng):
    """95 % interval of the rate, by a bootstrap over worlds."""
    drawn = [
        rate(np.concatenate([worlds[i] for i in pick])) for pick in rng.integers(len(worlds), size=(DRAWS, len(worlds)))
    ]
    return np.quantile(drawn, [0.025, 0.975])


def shown(worlds, rng):
    """Rate of first flags with its interval."""
    low, high = interval(worlds, rng)
    return f"{rate(np.concatenate(worlds)):.2f} ({low:.2f} to {high:.2f})"


def main():
    """Print the tables and write them down."""
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 41_000
    rng, keys = np.random.default_rng(seed), [[seed, number] for number in range(worlds)]
    lines = [
        f"{worlds} worlds of 32 wallets a family, the same in each; {DAYS} judged days; one false flag per",
        "wallet-year; 95 % intervals by a bootstrap over worlds. First flags per wallet-year of those who always moved "
        "it:",
        "",
        "| always moved away | history has marks | calm | two drawdowns |",
        "|---|---|---|---|",
    ]
    pool = ProcessPoolExecutor()
    for name, (moves, nth) in HABITS.items():
        for marks, marked_from in MARKED.items() if moves else [("", 0)]:
            cells = []
            for drawdowns in (0, 2):
                work = partial(flag_days, drawdowns=drawdowns, marked_from=marked_from, habit=name)
                cells.append(shown([first[::nth] for first in pool.map(work, keys)], rng))
                print(f"{name}, {marks} marks, {drawdowns} drawdowns: {cells[-1]}", file=sys.stderr, flush=True)
            lines.append(f"| {name} | {marks} | {' | '.join(cells)} |")
    lines += [
        "",
        f"Of {CHANGED * worlds} wallets that begin to move four in five of their losers away: median days to the flag,",
        "flagged within 30 days, flagged before.",
        "",
        "| trades a day | departures told | not told |",
        "|---|---|---|",
    ]
    for pace in PACES:
        cells = []
        for seen in (True, False):
            changed = {f"w{i:02d}": Moving(winners=0.0, losers=0.8, day=DAY) for i in range(CHANGED)}
            found = pool.map(partial(flag_days, pace=pace, changed=changed, seen=seen), keys)
            cells.append(told(np.concatenate([first[:CHANGED] for first in found])))
            print(f"{pace:g} a day, told {seen}: {cells[-1]}", file=sys.stderr, flush=True)
        lines.append(f"| {pace:g} | {' | '.join(cells)} |")
    pool.shutdown()
    results.write("benchmarks.departures", lines)


if __name__ == "__main__":
    main()
