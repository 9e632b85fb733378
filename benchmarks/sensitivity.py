"""How soon a change is flagged, by its kind and size, beside an oracle that knows it.

    python -m benchmarks.sensitivity [worlds per setting, default 24] [seed]

Each world has one followed wallet for each change, which comes on day 30, and 30 peers that do not change, all with
traits as ``metrics.evaluation.synthetic`` draws them; the followed ones trade 0.25 to 15 times a day, evenly spread on
the log scale. Only the first few peers are told to the monitor where it has fewer. It is ticked once a day, for 120
days, at one false flag per wallet-year; so is the oracle (``benchmarks.oracle``), of each change alone. What is flagged
before day 30 is left out. In a fall or a rally the market moves on day 20, for good, by 1.2: some ten points of win
rate. Writes ``benchmarks/results.md`` and ``docs/sensitivity.png``; all cores work for some fifteen minutes.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from scipy.special import expit, logit

from benchmarks import oracle, results
from benchmarks.daily import first_flags, in_order
from benchmarks.detection import crossing
from metrics.evaluation.synthetic import START, Change, market, round_trips, traits
from metrics.monitor import Monitor

HISTORY, DAYS, DAY, LOOKED = 365, 120, 30, 90  # days
MOVED, MOVE = 20, 1.2  # day and size of a fall or a rally
WITNESSES = 30
SLOWEST, FASTEST = 0.25, 15.0  # trades a day
WEEKS = 21  # days that a slow change takes
NULL_WALLETS = 1_000  # that set the oracle's threshold: 329 wallet-years
PICTURE = Path(__file__).parents[1] / "docs/sensitivity.png"

LOWER = "win rate lower, points"
STREAMS = {
    LOWER: (8, 12, 20, 35),
    "wins, times as large": (0.9, 0.7, 0.5, 0.3),
    "losses, times as large": (1.2, 1.5, 2, 3),
    "fewer trades, times as often": (0.8, 0.65, 0.5, 0.3, 0),
    "more trades, times as often": (1.3, 2, 4, 6),
}
TOGETHER = "win rate 7 points lower, wins 0.75, pace 0.7 times"
CASES = [*((stream, size) for stream, sizes in STREAMS.items() for size in sizes), (TOGETHER, None)]


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds the changes."""

    peers: int = 10
    move: float = 0.0  #: of the market
    over: int = 1  #: days until a change is complete


SETTINGS = {
    "no peers": Setting(peers=0),
    "3 peers": Setting(peers=3),
    "5 peers": Setting(peers=5),
    "10 peers": Setting(),
    "30 peers": Setting(peers=30),
    "10, the market falls": Setting(move=-MOVE),
    "10, it rallies": Setting(move=MOVE),
    "10, over three weeks": Setting(over=WEEKS),
}


def planted(case, one, over):
    """The change of a case, for a wallet of these traits."""
    stream, size = case
    change = Change(day=DAY, over=over)
    usual = expit(one.win_logit)

    def lower(points):
        return float(logit(np.clip(usual - points / 100, 0.03, 0.97)) - one.win_logit)

    if stream == TOGETHER:
        return replace(change, win_shift=lower(7), win_size=0.75, rate=0.7)
    if stream == LOWER:
        return replace(change, win_shift=lower(size))
    if stream.startswith("wins"):
        return replace(change, win_size=size)
    if stream.startswith("losses"):
        return replace(change, loss_size=size)
    return replace(change, rate=size)


def pace(number, worlds, rng):
    """Trades a day of one of ``worlds`` wallets that are evenly spread on the log scale."""
    return float(SLOWEST * (FASTEST / SLOWEST) ** ((number + rng.uniform()) / worlds))


def delay(day):
    """Days from the change to a flag; nan: flagged before; inf: not within the days that are looked at."""
    if day < DAY:
        return np.nan
    return day - DAY + 1 if day - DAY < LOOKED else np.inf


def measured(number, *, worlds, seed, setting, limits):
    """Delays in one world, by case: Edgewatch's and the oracle's, shape (cases, 2)."""
    rng = np.random.default_rng([seed, number])
    falls = {int(day): (int(rng.integers(12, 35)), rng.uniform(0.8, 2.0)) for day in rng.integers(0, 300, 3)}
    path = market(rng, HISTORY + DAYS, falls)
    path[HISTORY + MOVED :] += setting.move
    frames, known = [], []
    for place, case in enumerate(CASES):
        spread = np.random.default_rng([seed, place]).permutation(worlds)
        one = traits(rng, rate=pace(spread[number], worlds, rng))
        change = planted(case, one, setting.over)
        frames.append(round_trips(rng, one, path, -HISTORY, change).assign(wallet=f"w{place:02d}"))
        known.append((one, change))
    for place in range(WITNESSES):
        one = traits(rng)
        frames.append(round_trips(rng, one, path, -HISTORY, None).assign(wallet=f"p{place:02d}"))
    frame = pd.concat(frames, ignore_index=True).sort_values("closed_at", kind="stable")
    flagged = flag_days(frame, [f"w{place:02d}" for place in range(len(CASES))], setting.peers)
    judged = frame[frame["closed_at"] >= START]
    found = []
    for place, (one, change) in enumerate(known):
        own = judged[judged["wallet"] == f"w{place:02d}"]
        seen = oracle.scores(one, change, own, path[HISTORY:])
        found.append((delay(flagged[place]), delay(float(crossing(seen[None], limits[place])[0]))))
    return np.array(found)


def flag_days(frame, followed, peers):
    """First judged day on which each followed wallet is flagged; inf if it is not."""
    witnesses = [f"p{place:02d}" for place in range(WITNESSES)][:peers]
    told = dict.fromkeys(followed, witnesses)
    told |= {wallet: [other for other in witnesses if other != wallet] for wallet in witnesses}
    monitor = Monitor(false_flags_per_wallet_year=1.0)
    past = frame["closed_at"] < START
    monitor.start(frame[past], told if peers else {}, followed=followed, followed_since=START)
    return in_order(first_flags(monitor, frame, DAYS), followed)


def limit(case, *, seed, over):
    """The oracle's threshold for one change: one first flag per wallet-year where nothing changes."""
    rng = np.random.default_rng([seed, 1])
    peaks = []
    for number in range(NULL_WALLETS):
        path = market(rng, DAYS, {})
        one = traits(rng, rate=pace(number, NULL_WALLETS, rng))
        frame = round_trips(rng, one, path, 0, None)
        peaks.append(np.maximum.accumulate(oracle.scores(one, planted(case, one, over), frame, path)))
    peaks = np.array(peaks)
    candidates = np.unique(peaks[:, -1])
    low, high = 0, len(candidates) - 1
    while low < high:
        middle = (low + high) // 2
        hit = peaks >= candidates[middle]
        days = np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, DAYS).sum()
        low, high = (middle + 1, high) if hit[:, -1].sum() > days / 365.25 else (low, middle)
    return candidates[low]


def median(delays):
    """Median days of those that were not flagged before."""
    return float(np.median(delays[~np.isnan(delays)]))


def cell(found):
    """``11 / 7``: Edgewatch's median days and the oracle's; in bold where it is late."""
    ours, ideal = (median(found[:, column]) for column in (0, 1))
    words = " / ".join(f"{each:.0f}" if np.isfinite(each) else f">{LOOKED}" for each in (ours, ideal))
    return f"**{words}**" if late(ours, ideal) else words


def name(case):
    """``win rate lower, points: 20``."""
    return case[0] if case[1] is None else f"{case[0]}: {case[1]:g}"


def late(ours, ideal):
    """Whether it takes more than twice the oracle's time, where that needs less than sixty days."""
    return ideal < 60 and ours > 2 * ideal


def draw(delays):
    """One panel a kind of change: median days by its size, by number of peers, and the oracle."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(2, 3, figsize=(11, 6.4), sharey=True, layout="constrained")
    shown = {label: setting for label, setting in SETTINGS.items() if setting == Setting(peers=setting.peers)}
    for panel, (stream, sizes) in zip(panels.flat, STREAMS.items(), strict=False):
        rows = [CASES.index((stream, size)) for size in sizes]
        for shade, label in zip(np.linspace(0.75, 0, len(shown)), shown, strict=True):
            days = [min(median(delays[label][:, row, 0]), LOOKED) for row in rows]
            panel.plot(range(len(sizes)), days, "o-", color=str(shade), label=label, linewidth=1.6, markersize=4)
        days = [min(median(delays["10 peers"][:, row, 1]), LOOKED) for row in rows]
        panel.plot(range(len(sizes)), days, "s--", color="tab:orange", label="oracle", linewidth=1.6, markersize=4)
        panel.set(xticks=range(len(sizes)), xticklabels=[f"{size:g}" for size in sizes], xlabel=stream, yscale="log")
        panel.set(ylim=(0.9, LOOKED * 1.15), yticks=[1, 3, 10, 30, LOOKED])
        panel.set_yticklabels(["1", "3", "10", "30", f">{LOOKED}"])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    for panel in panels[:, 0]:
        panel.set_ylabel("median days to the flag")
    panels.flat[-1].axis("off")
    panels.flat[-1].legend(*panels.flat[0].get_legend_handles_labels(), loc="center", frameon=False)
    figure.savefig(PICTURE, dpi=110, metadata={"Software": None})


def main():
    """Print the table, write it down, and draw it."""
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 5_100
    delays = {}
    with ProcessPoolExecutor() as pool:
        limits = {over: list(pool.map(partial(limit, seed=seed, over=over), CASES)) for over in (1, WEEKS)}
        print("the oracle's thresholds are set", file=sys.stderr, flush=True)
        for label, setting in SETTINGS.items():
            work = partial(measured, worlds=worlds, seed=seed, setting=setting, limits=limits[setting.over])
            delays[label] = np.array(list(pool.map(work, range(worlds))))
            print(f"measured: {label}", file=sys.stderr, flush=True)
    cells = {label: [cell(found[:, row]) for row in range(len(CASES))] for label, found in delays.items()}
    every = [each for column in cells.values() for each in column]
    lines = [
        f"{worlds} worlds a setting, seed {seed}. Median days to the flag / to that of an oracle that knows",
        "the change, the wallet and the market, each at one false flag per wallet-year.",
        "",
        f"| | {' | '.join(SETTINGS)} |",
        f"|---|{'---|' * len(SETTINGS)}",
        *(
            f"| {name(case)} | {' | '.join(cells[label][row] for label in SETTINGS)} |"
            for row, case in enumerate(CASES)
        ),
        "",
        f"Bold: later than twice the oracle, where it needs less than 60 days: {sum('*' in each for each in every)} of "
        f"{len(every)}.",
    ]
    results.write("benchmarks.sensitivity", lines)
    draw(delays)


if __name__ == "__main__":
    main()
