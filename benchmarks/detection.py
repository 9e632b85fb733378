"""How soon a change is flagged, and how often nothing is: the shipped monitor beside the rule that people run.

    python -m benchmarks.detection [worlds per family, default 10] [seed]

Populations of 32 invented wallets (``metrics.synthetic``) under one market, 150 judged days, ticked once a day with
what is open; eight of them change on day 45 in the families with a change. The rule beside it: the win rate of the
last 21 days stands ten points below the wallet's history, ten round trips at least. Seeds differ from those of the
calibration. Some five seconds a world; prints a Markdown table.
"""

import sys
from datetime import timedelta

import numpy as np

from metrics.monitor import Monitor
from metrics.synthetic import START, Change, population
from metrics.synthetic_positions import Unsold, with_positions

DAYS, CHANGED, DAY = 150, 8, 45
FAMILIES = {
    "nothing changes, calm market": (0, None),
    "nothing changes, two drawdowns": (2, None),
    "win rate falls by about 20 points": (0, Change(day=DAY, win_shift=-0.85)),
    "the same, two drawdowns": (2, Change(day=DAY, win_shift=-0.85)),
    "wins shrink to 45 %": (0, Change(day=DAY, win_size=0.45)),
    "trades nearly stop": (0, Change(day=DAY, rate=0.03)),
    "four in five losers are no longer sold": (0, Unsold(day=DAY, share=0.8)),
}


def monitor_days(frame, positions, wallets):
    """First day on which the monitor flags each wallet, inf if never."""
    monitor = Monitor(false_flags_per_wallet_year=1.0)
    by_day = dict(list(positions.groupby("marked_at")))
    nothing = positions.iloc[:0]
    first_marks = by_day.get(START, nothing)
    monitor.start(frame[frame["closed_at"] < START], None, followed_since=START, open_positions=first_marks)
    first = dict.fromkeys(wallets, np.inf)
    for day in range(DAYS):
        since, until = START + timedelta(days=day), START + timedelta(days=day + 1)
        rows = frame[(frame["closed_at"] >= since) & (frame["closed_at"] < until)]
        for each in monitor.tick(until, rows, by_day.get(until, nothing).drop(columns="marked_at")):
            if each.flagged and each.wallet in first:
                first[each.wallet] = min(first[each.wallet], day)
    return np.array([first[wallet] for wallet in wallets])


def rule_days(frame, _, wallets):
    """The same for the fixed rule."""
    first = []
    for wallet in wallets:
        mine = frame[frame["wallet"] == wallet]
        day = ((mine["closed_at"] - START) / timedelta(days=1)).to_numpy()
        won = (mine["return"] > 0).to_numpy()
        usual = won[day < 0].mean()
        found = np.inf
        for at in range(DAYS):
            window = (day >= at + 1 - 21) & (day < at + 1)
            if window.sum() >= 10 and won[window].mean() <= usual - 0.10:
                found = at
                break
        first.append(found)
    return np.array(first)


def told(first, changed):
    """One cell: flags per wallet-year where nothing changes, else median delay and the shares found."""
    if not changed:
        exposed = np.where(np.isfinite(first), first + 1, DAYS).sum() / 365
        return f"{np.isfinite(first).sum() / exposed:.2f} flags per wallet-year"
    fresh = first[first >= DAY] - DAY + 1
    early = (first < DAY).mean()
    median = np.median(fresh)
    days = f"{median:.0f} days" if median <= DAYS - DAY else "never (median)"
    return f"{days}; {np.mean(fresh <= 30):.0%} in 30 days; {early:.0%} flagged before"


def main():
    """Print the table."""
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 77_000
    print("| family | Edgewatch at 1 false flag per wallet-year | 21-day win rate 10 points below history |")
    print("|---|---|---|")
    for number, (name, (drawdowns, change)) in enumerate(FAMILIES.items()):
        found = {monitor_days: [], rule_days: []}
        for i in range(worlds):
            changes = dict.fromkeys(range(CHANGED), change) if isinstance(change, Change) else None
            rng = np.random.default_rng([seed, number, i])
            frame, market = population(rng, days=DAYS, drawdowns=drawdowns, changes=changes)
            wallets = sorted(frame["wallet"].unique())[: CHANGED if change else None]
            unsold = dict.fromkeys(wallets, change) if isinstance(change, Unsold) else None
            frame, positions = with_positions(rng, frame, market, unsold=unsold)
            for method, firsts in found.items():
                firsts.append(method(frame, positions, wallets))
        cells = [told(np.concatenate(firsts), change) for firsts in found.values()]
        print(f"| {name} | {cells[0]} | {cells[1]} |", flush=True)


if __name__ == "__main__":
    main()
