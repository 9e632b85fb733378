"""How soon the examples that people ask about are flagged, and a better business that must not be.

    python -m benchmarks.examples [lists per cell, default 24] [seed]

One followed wallet with 120 days of history changes on its first judged day; its peers, of the same pace and with win
rates of 55 to 69 %, do not. Trades at Poisson times, sizes of wins and losses log-normal. Ticked once a day for 60
days at one false flag per wallet-year. Writes ``benchmarks/results.md``, whose table ``docs/metrics.md`` repeats; all
cores work for some five minutes.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from benchmarks import results
from benchmarks.daily import first_flags
from metrics.evaluation.synthetic import START
from metrics.monitor import Monitor

HISTORY, JUDGED, SOON = 120, 60, 30  # days
PACES = (1, 3, 10)  # trades a day
PEERS = (0, 10)
MORE = 4  # times as many lists where nothing changes: few are flagged there, and how few is the point


@dataclass(frozen=True, slots=True)
class Form:
    """How a wallet trades."""

    win_rate: float
    win: float = 0.08  #: median return of a win
    loss: float = 0.06
    pace: float = 1.0  #: trades, relative to its usual number


USUAL = Form(0.65)
NOTHING = "nothing changes"
EXAMPLES = {
    "65 % wins fall to 40 %": Form(0.40),
    "wins half as large": replace(USUAL, win=0.04),
    "trades a third as often": replace(USUAL, pace=0.3),
    "goes quiet": replace(USUAL, pace=0.0),
    NOTHING: USUAL,
    "40 % wins, four times as large": Form(0.40, win=0.30),
}


def trips(rng, name, per_day, before, after):
    """One wallet's round trips around ``START``."""
    day = np.arange(-HISTORY, JUDGED)
    form = [after if each >= 0 else before for each in day]
    day = np.repeat(day, rng.poisson([per_day * each.pace for each in form]))
    form = [after if each >= 0 else before for each in day]
    size = rng.lognormal(0, 0.6, len(day))
    won = rng.random(len(day)) < [each.win_rate for each in form]
    returns = size * np.where(won, [each.win for each in form], [-each.loss for each in form])
    second = day * 86_400 + rng.integers(0, 86_400, len(day))
    return pd.DataFrame(
        {
            "wallet": name,
            "closed_at": pd.DatetimeIndex([START] * len(day)) + pd.to_timedelta(second, unit="s"),
            "return": np.maximum(returns, -0.99),
            "pnl_usd": returns,
            "size_usd": 1.0,
            "holding_s": 3600.0,
        }
    )


def days_to_flag(key, example, per_day, peers):
    """Judged days until the wallet is flagged; inf if it is not."""
    rng = np.random.default_rng([*key, per_day])
    frames = [trips(rng, "w", per_day, USUAL, EXAMPLES[example])]
    for number in range(peers):
        steady = Form(0.55 + 0.02 * (number % 8))
        frames.append(trips(rng, f"p{number}", per_day, steady, steady))
    frame = pd.concat(frames).sort_values("closed_at", kind="stable")
    monitor = Monitor(false_flags_per_wallet_year=1.0)
    past = frame["closed_at"] < START
    monitor.start(frame[past], None if peers else {}, followed=["w"], followed_since=START)
    return first_flags(monitor, frame, JUDGED).get("w", np.inf) + 1


def cell(days):
    """``8 d, 96 %``: the median, and the share flagged within a month."""
    median = float(np.median(days))
    return f"{f'{median:g} d' if np.isfinite(median) else 'never'}, {np.mean(days <= SOON):.0%}"


def main():
    """Print the table and write it down."""
    lists = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 2_600
    columns = list(product(PACES, PEERS))
    heads = [f"{pace} a day, {peers or 'no'} peers" for pace, peers in columns]
    lines = [
        f"{lists} lists a cell, {MORE * lists} where nothing changes, seed {seed}: median days to the flag,",
        f"and the share flagged within {SOON} days.",
        "",
        f"| | {' | '.join(heads)} |",
        f"|---|{'---|' * len(columns)}",
    ]
    with ProcessPoolExecutor() as pool:
        for example in EXAMPLES:
            row, many = [], lists * (MORE if example == NOTHING else 1)
            keys = [(seed, number) for number in range(many)]
            for pace, peers in columns:
                found = pool.map(days_to_flag, keys, *([value] * many for value in (example, pace, peers)))
                row.append(cell(np.array(list(found), dtype=float)))
            lines.append(f"| {example} | {' | '.join(row)} |")
            print(lines[-1], file=sys.stderr, flush=True)
    results.write("benchmarks.examples", lines)


if __name__ == "__main__":
    main()
