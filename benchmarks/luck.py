"""Edge or luck on invented lists that were chosen hot: what is said of them, held against the truth.

    python -m benchmarks.luck [worlds a row, default 12] [seed]

In each world some of the wallets have an edge. The list is the best of them by their records, of 40 to 500 round trips
in spells, with fat tails; three in ten wallets live from jackpots, three in ten fill each order in three parts. About a
minute; writes ``benchmarks/results.md``.
"""

import sys
from itertools import chain, pairwise

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, ndtri

from benchmarks import results
from metrics.evaluation.edge import weigh
from metrics.evaluation.luck import Candidate, judge

WALLETS, LISTED, PEERS = 400, 40, 40
SHARES = (0.1, 0.3, 0.6)
"""Of all wallets, how many have an edge; of one row more, none."""
TOGETHER = 4
"""Worlds that are one for the list that is chosen from the most."""
SIZES = {
    "0.15 on average": lambda rng: 0.03 + rng.exponential(0.12),
    "small: half-normal, 0.1": lambda rng: abs(rng.normal(0, 0.1)),
    "large: 0.15 to 0.4": lambda rng: rng.uniform(0.15, 0.4),
}
"""Edges in standard deviations of one round trip; of those without, half have 0 and half lose: half-normal, 0.12."""
RULES = {
    "mean return": lambda value: value.mean(),
    "t of the mean": lambda value: value.mean() / value.std() * np.sqrt(len(value)),
    "sum of returns": lambda value: value.sum(),
    "win rate": lambda value: (value > 0).mean(),
    "nothing": None,
}
"""What the list was chosen by."""
BANDS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
DRAWS = 2_000
"""Of the bootstrap over worlds."""
FEW = 2.5  # without an edge: the ratio of fewer says little
NORMAL = ndtri((np.arange(400) + 0.5) / 400)
LOST_DEPTH = 0.12
JACKPOT = 12


def wallet(rng, edge):
    """Days and returns of a wallet's round trips, their mean ``edge`` standard deviations of one; jackpots or not."""
    rate, n = (float(np.exp(rng.uniform(*np.log(span)))) for span in ((0.3, 5), (40, 500)))
    days = max(20, int(n / rate))
    level, mood = rng.uniform(-0.8, 0.8), rng.uniform(0.05, 0.4)
    win_spread, loss_spread = rng.uniform(0.5, 1.0), rng.uniform(0.4, 0.8)
    jackpots = 0.02 if rng.random() < 0.3 else 0.0  # of the wins
    parts = 3 if rng.random() < 0.3 else 1
    loss = float(np.exp(rng.uniform(*np.log((0.03, 0.3)))))
    # The size of wins that gives the edge, by the exact moments.
    p = float(expit(level + mood * NORMAL).mean())
    losses = np.minimum(loss * np.exp(loss_spread * NORMAL), 1.0)
    win, square = (float(np.exp(k * win_spread * NORMAL).mean()) * (1 + jackpots * (JACKPOT**k - 1)) for k in (1, 2))

    def missing(log_size):
        size = np.exp(log_size)
        mean = p * size * win - (1 - p) * losses.mean()
        return mean - edge * np.sqrt(p * size**2 * square + (1 - p) * (losses**2).mean() - mean**2)

    if not missing(-12) < 0 < missing(6):
        return wallet(rng, edge)  # no wins of this shape make such an edge
    size = np.exp(brentq(missing, -12, 6))
    path = np.empty(days)
    path[0] = mood * rng.normal()
    for i, shock in enumerate(mood * 0.6 * rng.normal(size=days - 1), start=1):
        path[i] = 0.8 * path[i - 1] + shock
    day = np.repeat(np.arange(days), rng.poisson(n / parts / days, days))
    orders = len(day)
    won = size * np.exp(win_spread * rng.normal(size=orders)) * np.where(rng.random(orders) < jackpots, JACKPOT, 1)
    lost = np.minimum(loss * np.exp(loss_spread * rng.normal(size=orders)), 1.0)
    value = np.where(rng.random(orders) < expit(level + path[day]), won, -lost)
    return np.repeat(day, parts), np.repeat(value, parts), jackpots > 0


def world(key, share, size, wallets=WALLETS):
    """Wallets that can be told: record, returns, whether each has an edge, and whether it lives from jackpots."""
    rng = np.random.default_rng(key)
    found = []
    while len(found) < wallets:
        has = rng.random() < share
        edge = size(rng) if has else -abs(rng.normal(0, LOST_DEPTH)) * (rng.random() < 0.5)
        day, value, jackpots = wallet(rng, edge)
        record = weigh(day, value) if len(day) else None
        if record is not None:
            found.append((record, value, has, jackpots))
    return found


def said(population, rule, listed=LISTED, peers=()):
    """What is said of the best ``listed`` by a rule, which of them have an edge, and which live from jackpots."""
    best = population if rule is None else sorted(population, key=lambda each: -rule(each[1]))
    best = best[:listed]
    candidates = [Candidate(record=record, chosen_for=record if rule else None) for record, *_ in best]
    others = [Candidate(record=record, chosen_for=None) for record, *_ in peers]
    return judge(candidates, others), *(np.array([each[k] for each in best]) for k in (2, 3))


def row(name, found, rng):
    """One row of the table: said, true, the ratio with its interval, and how often the 95 % interval held the truth."""
    expected = np.array([luck.without_edge for luck, *_ in found])
    true = np.array([(~has).sum() for _, has, _ in found])
    held = np.mean([luck.low <= n <= luck.high for (luck, *_), n in zip(found, true, strict=True)])
    pick = rng.integers(len(found), size=(DRAWS, len(found)))
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.nanquantile(expected[pick].sum(axis=1) / true[pick].sum(axis=1), [0.025, 0.975])
    ratio = f"{expected.sum() / true.sum():.2f} ({low:.2f} to {high:.2f})" if true.mean() >= FEW else "-"
    return f"| {name} | {expected.mean():.1f} | {true.mean():.1f} | {ratio} | {held:.0%} |"


def bands(found, *, jackpots=False):
    """How many of those said to be so sure have an edge; ``jackpots``: of those alone that live from them."""
    sure = np.concatenate([luck.edge_probability for luck, *_ in found])
    has = np.concatenate([truth for _, truth, _ in found])
    lives = np.concatenate([each for _, _, each in found])
    cells = []
    for low, high in pairwise(BANDS):
        inside = (sure >= low) & ((sure < high) | (high == 1)) & (lives | (not jackpots))
        cells.append(f"{has[inside].mean():.0%} of {inside.sum()}" if inside.any() else "-")
    return " | ".join(cells)


def main():
    """Print the tables and write them down."""
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 61_000
    rng = np.random.default_rng(seed)
    head = "| {} | said | true | said / true (95 %) | true within the interval that is said |"
    by_mean, usual = RULES["mean return"], next(iter(SIZES.values()))
    lucky = [said(world([seed, 9, i], 0.0, usual), by_mean) for i in range(worlds)]
    rows, by_share = [row("mean return | 0% | none", lucky, rng)], {share: [] for share in SHARES}
    for s, (size_name, size) in enumerate(SIZES.items()):
        for share in SHARES:
            populations = [world([seed, s, int(100 * share), i], share, size) for i in range(worlds)]
            for rule_name, rule in RULES.items() if s == 0 else [("mean return", by_mean)]:
                found = [said(each, rule) for each in populations]
                rows.append(row(f"{rule_name} | {share:.0%} | {size_name}", found, rng))
                if rule is not None:
                    by_share[share] += found
            if s == 0:
                beside = [said(each, by_mean, peers=populations[i - 1][:PEERS]) for i, each in enumerate(populations)]
                rows.append(row(f"mean return, {PEERS} peers known | {share:.0%} | {size_name}", beside, rng))
                few = [said(each, by_mean, listed=8) for each in populations]
                rows.append(row(f"mean return, the best 8 | {share:.0%} | {size_name}", few, rng))
                larger = [[*chain(*populations[i : i + TOGETHER])] for i in range(0, worlds, TOGETHER)]
                many = [said(each, by_mean) for each in larger]
                rows.append(row(f"mean return, of {TOGETHER * WALLETS:,} | {share:.0%} | {size_name}", many, rng))
            print(f"{share:.0%} {size_name}", file=sys.stderr, flush=True)
    every = [each for found in by_share.values() for each in found]
    lines = [
        f"{worlds} worlds of {WALLETS} wallets a row; the list is the best {LISTED}. How many of a list have no edge,",
        "as it is said and as it is; 95 % intervals of the ratio by a bootstrap over worlds.",
        "",
        head.format("chosen by | wallets with an edge | their edges"),
        "|---" * 7 + "|",
        *rows,
        row("all of these with the best 40 of 400 | 10 to 60% | all", every, rng),
        "",
        "Of the wallets on lists of the best 40 of 400 that are said to have an edge so probably, how many have one:",
        "",
        "| wallets with an edge | " + " | ".join(f"{a:.0%} to {b:.0%}" for a, b in pairwise(BANDS)) + " |",
        "|---" * len(BANDS) + "|",
        f"| 0% | {bands(lucky)} |",
        *(f"| {share:.0%} | {bands(found)} |" for share, found in by_share.items()),
        f"| all | {bands(every)} |",
        f"| all, those that live from jackpots | {bands(every, jackpots=True)} |",
    ]
    results.write("benchmarks.luck", lines)


if __name__ == "__main__":
    main()
