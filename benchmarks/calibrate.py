"""Simulate the calibration tables of ``metrics.detector.recurrence`` anew and print them as Python.

    python -m benchmarks.calibrate [worlds per family, default 60] [seed]

How many looks the streams are worth is measured on other worlds: the curves fit those best that made them.

Families: calm markets, and two drawdowns in 150 days; each with peers and without, all with open positions. Some
three seconds a world; all cores work.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from itertools import pairwise, repeat

import numpy as np
import pandas as pd

from metrics.detector import curve_population, recurrence
from metrics.detector.cusum import MEMBERS, Stream
from metrics.detector.fingerprint import detector
from metrics.detector.recurrence import KNOTS, RATES, SHARES, recurrence_years
from metrics.evaluation.synthetic import START, population
from metrics.evaluation.synthetic_positions import with_positions
from metrics.monitor import Monitor

DAYS = 150
EDGES = (0.0, 1.05, 4.4, np.inf)  # trades per day: geometric means of the neighbours in RATES
EVERY_DAY = -5.5  # log years
SAFELY = 0.8  # of the dial, where no peers tell how deep a drawdown is: the next one may be deeper than those invented
FLAT = 0.15  # least growth of log years per unit of the statistic: a curve must not stand still


def statistics(key, drawdowns, peers):
    """Statistics (wallets, days, streams) and trades per day (wallets,) of one unchanged world; ``key`` seeds it."""
    rng = np.random.default_rng([*key, drawdowns])
    frame, market = population(rng, history_days=90, days=DAYS, drawdowns=drawdowns)
    frame, positions = with_positions(rng, frame, market)
    wallets = sorted(frame["wallet"].unique())
    past = frame["closed_at"] < START
    # So strict that no peer is ever flagged and left out: else the tables would depend on those in use.
    monitor = Monitor(false_flags_per_wallet_year=1e-9)
    mapping = {wallet: [other for other in wallets if other != wallet] for wallet in wallets} if peers else {}
    # The first marks tell what the history left open, as they do on the day when the marking begins.
    monitor.start(frame[past], mapping, followed_since=START, open_positions=positions[positions["marked_at"] == START])
    monitor.tick(START + timedelta(days=DAYS), frame[~past], positions)
    return monitor.course(DAYS)


def traits(key):
    """``Monitor.baselines`` of one unchanged world."""
    frame, _ = population(np.random.default_rng([*key, 0]), history_days=90, days=DAYS)
    monitor = Monitor()
    monitor.start(frame[frame["closed_at"] < START], None, followed_since=START)
    return monitor.baselines()


def first_rate(scores, level):
    """First passages of ``level`` per wallet-year; scores (wallets, days)."""
    hit = scores >= level
    exposed = np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, scores.shape[1])
    return hit.any(axis=1).sum() / (exposed.sum() / 365.0)


def curve(families):
    """Log years at each knot, in the worse family."""
    out = []
    for knot in KNOTS[1:]:
        rates = [max(first_rate(scores, knot), 1 / (2 * scores.size / 365.0)) for scores in families]
        out.append(-np.log(max(rates)))
    # No evidence is what every day brings.
    out = [min(out[0] - 2.0, EVERY_DAY), *out]
    for i in range(1, len(out)):
        out[i] = max(out[i], out[i - 1] + FLAT * (KNOTS[i] - KNOTS[i - 1]))
    return [round(float(x), 2) for x in out]


def simulated(worlds, seed, *, peers):
    """Statistics of all wallets, and their trades per day, in calm markets and in drawdowns."""
    families = []
    for drawdowns in (0, 2):
        keys = [(seed, i) for i in range(worlds)]
        with ProcessPoolExecutor() as pool:
            runs = list(pool.map(statistics, keys, repeat(drawdowns), repeat(peers)))
        families.append(tuple(np.concatenate(each) for each in zip(*runs, strict=True)))
    return families


def main():
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 2026
    with ProcessPoolExecutor() as pool:
        every = list(pool.map(traits, [(seed, i) for i in range(worlds)]))
    invented = pd.concat(every, ignore_index=True)
    found = curve_population.ranges(invented)
    outside = [~invented[trait].between(low, high) for trait, (low, high) in found.items()]
    print(f"# metrics.detector.curve_population\nRANGES = {found}\nOUTSIDE = {np.any(outside, axis=0).mean():.2f}")
    print(f'FITTED_WITH = "{detector()}"')
    for name, peers in (("WITH_PEERS", True), ("ALONE", False)):
        families, others = (simulated(worlds, each, peers=peers) for each in (seed, seed + 1))
        table = []
        for stream in Stream:
            rows = []
            for low, high in pairwise(EDGES):
                chosen = [x[(rate >= low) & (rate < high)][:, :, stream] for x, rate in families]
                rows.append(tuple(curve(chosen)))
            table.append(tuple(rows))
        setattr(recurrence, name, tuple(table))
        scores = []
        for x, rate in others:
            flat = x.reshape(-1, len(MEMBERS))
            years = recurrence_years(flat, np.repeat(rate, x.shape[1]), np.full(len(flat), np.inf if peers else 0.0))
            scores.append((years[:, : len(SHARES)] * SHARES).max(axis=1).reshape(x.shape[:2]))
        grid = np.exp(np.linspace(0, 3, 301))
        fits = [g for g in grid if max(first_rate(each, g) for each in scores) <= (1.0 if peers else SAFELY)]
        looks = fits[0] if fits else grid[-1]
        print(f"{name} = (")
        for stream, rows in zip(Stream, table, strict=True):
            print(f"    (  # {stream.name}; rows: {RATES} trades per day")
            for row in rows:
                print(f"        {row},")
            print("    ),")
        print(")")
        print(f"LOOKS_{name} = {looks:.2f}")
        for level in (0.25, 1.0, 4.0):
            told = ", ".join(f"{first_rate(each / looks, level):.2f}" for each in scores)
            print(f"# first flags per wallet-year at a score of {level:g}: calm, drawdowns = {told}")


if __name__ == "__main__":
    main()
