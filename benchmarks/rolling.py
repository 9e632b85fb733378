"""Rolling metrics of many wallets beside pandas, duckdb and polars, and a closed trade at a time beside river.

    python -m benchmarks.rolling, in the environment that ``make bench-peers`` makes

At each of 4,000,000 closed trades of 2,000 wallets: how many closed in the 30 days before, their win rate and their
mean return. Ours is ``metrics.rolling.trailing``; pandas does a quarter of the rows. Everyone finds the same, or
nothing is printed. One closed trade at a time: ours is what ``Monitor`` books (``WalletHistory.add``), theirs two
rolling means, updated and not asked. CPU time of one core, the least of several rounds in turn; prints Markdown.
"""

import resource
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from benchmarks.timing import seconds
from metrics.baseline.wallet_history import WalletHistory, round_trip_rows
from metrics.rolling import trailing

WALLETS, EACH, DAYS, WINDOW_S = 2_000, 2_000, 365, 30 * 86_400
START = 1_700_000_000
ROUNDS = 2
ONLINE = 100_000


def closed(wallets, each, seed=5):
    """Wallet, unix seconds and return of closed trades, in order."""
    rng = np.random.default_rng(seed)
    wallet = np.repeat(np.arange(wallets), each)
    second = np.sort(rng.integers(0, DAYS * 86_400, (wallets, each)), axis=1).ravel() + START
    return wallet, second, rng.standard_t(4, wallets * each) * 0.05


def by_pandas(wallet, second, returns):
    frame = pd.DataFrame({"w": wallet, "r": returns, "win": returns > 0.0}, index=pd.to_datetime(second, unit="s"))
    found = frame.astype({"win": float}).groupby("w").rolling("30D")
    return lambda: found[["r", "win"]].agg(["count", "mean"]).to_numpy()[:, [0, 3, 1]]


def by_polars(wallet, second, returns):
    import polars

    frame = polars.DataFrame({"w": wallet, "t": second, "r": returns}).lazy()
    frame = frame.with_columns(
        (polars.col("r") > 0).cast(polars.Float64).alias("win"), polars.from_epoch("t", time_unit="s").alias("at")
    )
    found = frame.rolling(index_column="at", period="30d", group_by="w").agg(
        polars.len(), polars.col("win").mean(), polars.col("r").mean()
    )
    return lambda: found.collect().select("len", "win", "r").to_numpy()


def by_duckdb(wallet, second, returns):
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads=1")
    connection.register("closed", pd.DataFrame({"w": wallet, "t": second, "r": returns}))
    query = f"""SELECT count(*) OVER x, avg(CASE WHEN r > 0 THEN 1.0 ELSE 0.0 END) OVER x, avg(r) OVER x FROM closed
        WINDOW x AS (PARTITION BY w ORDER BY t RANGE BETWEEN {WINDOW_S - 1} PRECEDING AND CURRENT ROW) ORDER BY w, t"""
    return lambda: np.column_stack(list(connection.execute(query).fetchnumpy().values()))


def by_river(wallet, second, returns):
    from river import stats, utils

    rows = [
        (w, datetime.fromtimestamp(t, UTC).replace(tzinfo=None), r)  # river compares with a time without a zone
        for w, t, r in zip(wallet.tolist(), second.tolist(), returns.tolist(), strict=True)
    ]
    month = timedelta(days=30)

    def run():
        known = {}
        for w, at, r in rows:
            if w not in known:
                known[w] = [utils.TimeRolling(stats.Mean, period=month) for _ in range(2)]
            known[w][0].update(r, t=at)
            known[w][1].update(r > 0, t=at)

    return run


def by_ledger(wallet, second, returns):
    frame = pd.DataFrame(
        {
            "wallet": wallet.astype(str),
            "closed_at": pd.to_datetime(second, unit="s", utc=True),
            "return": returns,
            "pnl_usd": returns,
            "size_usd": 1.0,
            "holding_s": 60.0,
        }
    )
    rows = list(round_trip_rows(frame))

    def run():
        known = {}
        for name, key, row in rows:
            if name not in known:
                known[name] = WalletHistory()
            known[name].add(key, row)

    return run


def line(name, count, took, ours):
    print(f"| {name} | {count / took / 1e6:.2f} M | {took / count * ours[1] / ours[0]:.1f} |", flush=True)


def main():
    """Print both tables."""
    wallet, second, returns = closed(WALLETS, EACH)
    n, part = len(wallet), len(wallet) // 4

    def ours():
        return trailing(wallet, second, returns, window_s=WINDOW_S)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = seconds({"ours": ours}, 3)["ours"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{n:,} closed trades of {WALLETS:,} wallets: {spent:.2f} s CPU; {peak // 1024} MB at most, of which")
    print(f"{(peak - before) // 1024} MB on top of the imports and the trades")
    print()
    print("| rolling metrics | closed trades a second | times slower than Edgewatch |")
    print("|---|---|---|")
    line("Edgewatch", n, spent, (spent, n))
    found = np.column_stack(ours())
    try:
        for name, make, count in (
            ("pandas groupby.rolling", by_pandas, part),
            ("duckdb, 1 thread", by_duckdb, n),
            ("polars, 1 thread", by_polars, n),
        ):
            run = make(wallet[:count], second[:count], returns[:count])
            # A loop of theirs sees of several closes in one second only those that stand before.
            same = np.isclose(run(), found[:count], atol=1e-9).all(axis=1)
            if same.mean() < 0.999:
                raise SystemExit(f"{name} finds something else")
            line(name, count, seconds({name: run}, ROUNDS)[name], (spent, n))
        print()
        some = wallet[:ONLINE], second[:ONLINE], returns[:ONLINE]
        took = seconds({"river": by_river(*some), "ours": by_ledger(*some)}, 3)
    except ImportError as error:
        sys.exit(f"Not all was measured, run `make bench-peers`: {error}.")
    print("| one closed trade at a time | closed trades a second | times slower than Edgewatch |")
    print("|---|---|---|")
    line("Edgewatch, as the monitor books it", ONLINE, took["ours"], (took["ours"], ONLINE))
    line("river, two rolling means", ONLINE, took["river"], (took["ours"], ONLINE))


if __name__ == "__main__":
    main()
