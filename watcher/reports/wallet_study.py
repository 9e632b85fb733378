"""All that a drill-down of one wallet shows, read once by the same functions as the service.

The notebook, the page that ``edgewatch report`` writes, and ``edgewatch why`` show it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from alerts import wording
from alerts.charts import evidence_chart
from alerts.charts.metric_chart import LIGHT, Palette
from alerts.charts.series import chart_series
from alerts.types import ChartSeries, Decision, Flag
from ingest.errors import ConfigError
from ingest.types import Chain, FiledTrip
from metrics.detector.verdict import WATCH_SHARE
from metrics.evaluation.equity import Equity, equity
from metrics.frames import round_trip_frame, trade_frame
from metrics.rolling import rolling, windows
from metrics.types import Assessment, Mark, Metric, OpenPosition, RoundTrip, State
from watcher import app
from watcher.config.settings import DetectionConfig, environment, find_file, load
from watcher.record.accounts import MARK_LIFE, Account, read_accounts
from watcher.record.record import read_record
from watcher.reports.explain import drivers
from watcher.reports.tables import Tokens, legs
from watcher.store import flag_log, marks, trade_log, wallets
from watcher.store.sql import database
from watcher.types import FILE, Role, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything a drill-down needs."""

    account: Account
    everyone: list[Account]
    standing: tuple[tuple[Wallet, Assessment | None], ...]  #: the whole watch list, with its newest verdicts
    assessment: Assessment | None  #: the newest, or that of the flag from which the study was opened
    lived: list[Assessment]  #: every verdict as it was given, oldest first
    flag: Flag | None  #: the flag from which it was opened
    flags: list[Flag]  #: all of this wallet
    decided: Mapping[int, Decision]  #: flag id to what was decided last
    opened: list[tuple[OpenPosition, Mark | None]]  #: newest first
    names: Tokens
    chains: Mapping[int, Chain]
    round_trips: pd.DataFrame  #: of all wallets, as ``metrics`` takes them
    traded: pd.DataFrame  #: of all wallets, likewise
    by_day: pd.DataFrame  #: how seldom chance alone shows as much, up to the verdict: ``Monitor.evidence_by_day``
    bags: frozenset[str]  #: ids of the open positions that count as losses
    dial: float  #: false flags a wallet and year that are accepted

    @property
    def until(self) -> date:
        """The UTC day that the verdict does not reach any more."""
        if self.assessment is not None:
            return self.assessment.as_of.date()
        closed = self.own["closed_at"]
        return closed.max().date() + timedelta(days=1) if len(closed) else self.account.wallet.followed_since.date()

    @property
    def own(self) -> pd.DataFrame:
        """The wallet's own round trips."""
        return self.round_trips[self.round_trips["wallet"] == self.account.wallet.address]

    @property
    def trades(self) -> pd.DataFrame:
        """The wallet's trade log, for people."""
        return _trade_log(self.account, self.chains, self.names)

    def series(self, metric: Metric) -> ChartSeries | None:
        """What the chart of a metric shows: the flag's own where it shows that; None without a verdict or a course."""
        if self.flag is not None and self.flag.chart.metric is metric:
            return self.flag.chart
        if self.assessment is None or metric is Metric.OPEN_LOSSES:
            return None
        return chart_series(
            replace(self.assessment.evidence, lead=metric),
            self.round_trips,
            self.traded,
            wallet=self.account.wallet.address,
            followed_since=self.account.wallet.followed_since.date(),
            until=self.until,
        )

    def windows(self) -> pd.DataFrame:
        """The wallet over 7, 21, 30 and 90 days, see ``metrics.rolling.windows``."""
        traded = self.traded[self.traded["wallet"] == self.account.wallet.address]
        return windows(self.own, traded, until=datetime.combine(self.until, time.min, UTC))

    def equity(self) -> Equity:
        """What following it has brought, see ``metrics.evaluation.equity``; the same at every call."""
        since = self.account.wallet.followed_since.date()
        return equity(self.own, since=since, until=self.until, rng=np.random.default_rng(0))

    def draw_evidence(self, palette: Palette = LIGHT) -> bytes:
        """The picture of :attr:`by_day`, a PNG."""
        lines = {str(name): self.by_day[name].tolist() for name in self.by_day}
        days = [each.date() for each in self.by_day.index]
        return evidence_chart.draw(days, lines, needed=1 / self.dial, palette=palette)

    def drivers(self) -> list[RoundTrip | FiledTrip]:
        """The round trips behind the verdict, see `watcher.reports.explain.drivers`."""
        return drivers(self.assessment, self.account.round_trips)

    def course(self) -> pd.DataFrame:
        """Every verdict as it was given: its state, its score and each metric's recurrence interval, years."""
        rows = [
            {"as_of": each.as_of, "state": str(each.state), "score": each.score}
            | {wording.name(item.metric): item.recurrence_years for item in each.evidence.metrics}
            for each in self.lived
        ]
        return pd.DataFrame(rows, columns=["as_of", "state", "score", *map(wording.name, Metric)]).set_index("as_of")

    def what_if(self, dials: Iterable[float]) -> pd.DataFrame:
        """How the verdict would read at other settings of ``false_flags_per_wallet_year``, all above zero.

        A score of s years flags where it is at least 1 / dial years, and is watched from a quarter of that on. Below,
        it is inside its form, or down with its peers. That a flagged peer informs others no longer is left out:
        it moves scores a little. Empty without a verdict.
        """
        if self.assessment is None or not self.assessment.evidence.metrics:
            return pd.DataFrame()
        score, rows = self.assessment.score, []
        for dial in dials:
            needed = 1 / dial
            reads = "flagged" if score >= needed else "watched" if score >= needed / WATCH_SHARE else "no flag"
            rows.append({"dial": dial, "years needed": needed, "years found": score, "reads": reads})
        return pd.DataFrame(rows).set_index("dial")

    def side_by_side(self) -> pd.DataFrame:
        """The wallet and its peers: each metric before it was followed, and in the window of the verdict."""
        evidence = self.assessment.evidence if self.assessment else None
        if evidence is None or not evidence.metrics:
            return pd.DataFrame()
        wallet, window = self.account.wallet, evidence.metrics[0].window_days
        shown = {wallet.address, *evidence.peer_wallets}
        rows = []
        for each in self.everyone:
            if each.wallet.address not in shown:
                continue
            mine = self.round_trips[self.round_trips["wallet"] == each.wallet.address]
            before = mine[mine["closed_at"] < wallet.followed_since]
            now = rolling(mine, [self.until - timedelta(days=1)], window_days=window).iloc[0]
            rows.append(
                {
                    "wallet": each.wallet.label or each.wallet.address,
                    "role": "this wallet" if each.wallet.address == wallet.address else str(each.wallet.role),
                    "win rate before": (before["return"] > 0).mean() if len(before) else np.nan,
                    "win rate now": now["win_rate"],
                    "return before": before["return"].mean(),
                    "return now": now["average_return"],
                    "n now": int(now["n"]),
                }
            )
        return pd.DataFrame(rows).set_index("wallet").sort_values("win rate now")


def read_study(
    connection: Connection,
    chosen: Wallet,
    chains: Mapping[int, Chain],
    *,
    detection: DetectionConfig,
    flag_id: int | None = None,
) -> Study:
    """Read one wallet.

    Parameters
    ----------
    chosen
        The wallet.
    chains
        Chain id to what is known of it.
    detection
        The dial, and what a round trip is.
    flag_id
        Show the verdict of this flag, with its frozen evidence, in place of the newest.

    Raises
    ------
    ConfigError
        The wallet has no such flag.
    """
    everyone, unit = wallets.all_wallets(connection), detection.one_unit
    record = read_record(connection, everyone, chains, unit=unit, now=datetime.max.replace(tzinfo=UTC))
    accounts = list(record.accounts) if record else read_accounts(connection, everyone, chains, unit=unit)
    [account] = [each for each in accounts if each.wallet.address == chosen.address]
    latest = flag_log.latest_assessments(connection)
    flags = flag_log.flags(connection, address=chosen.address)
    flag = next((each for each in flags if each.flag_id == flag_id), None)
    if flag_id is not None and flag is None:
        raise ConfigError(f"{chosen.label or chosen.address} has no flag #{flag_id}; see `edgewatch flags list`")
    last = trade_log.last_block_time(connection)
    marked = marks.newest(connection, last - MARK_LIFE) if last else {}
    by_day, bags = pd.DataFrame(), frozenset[str]()
    dial = detection.per_wallet_year(sum(each.role is Role.FOLLOWED for each in everyone))
    if record is not None and chosen.role is Role.FOLLOWED:
        monitor, _ = record.watch(dial)
        by_day = monitor.evidence_by_day(chosen.address) / record.factor
        bags = monitor.bags(chosen.address)
    if flag is not None:
        by_day = by_day[by_day.index < _told(flag).as_of]
    return Study(
        account=account,
        everyone=accounts,
        standing=tuple((each, latest.get(each.address)) for each in everyone),
        assessment=_told(flag) if flag else latest.get(chosen.address),
        lived=flag_log.assessments(connection, chosen.address),
        flag=flag,
        flags=flags,
        decided={each.flag_id: each for each in flag_log.decisions(connection, address=chosen.address)},
        opened=[
            (position, marked.get((position.wallet, position.chain_id, position.token)))
            for position in reversed(account.books.open_positions)
        ],
        names=trade_log.tokens(connection),
        chains=chains,
        round_trips=round_trip_frame([trip for each in accounts for trip in each.round_trips]),
        traded=trade_frame(item for each in accounts for item in each.activity),
        by_day=by_day,
        bags=bags,
        dial=dial,
    )


def open_study(label: str = "", config: Path | None = None, *, flag_id: int | None = None) -> Study:
    """Read one wallet from the configured database, for a notebook; nothing is written.

    Parameters
    ----------
    label
        The wallet's label or its address; not needed with a flag.
    config
        The configuration file; default as on the command line.
    flag_id
        Open the verdict of this flag.

    Raises
    ------
    ConfigError
        There is no such wallet or flag.
    """
    settings = load(find_file(config, environment()), environment())
    engine = app.open_store(settings)
    with database.reading(engine) as connection:
        if flag_id is not None and not label:
            flag = flag_log.find_flag(connection, flag_id)
            label = flag.wallet if flag else ""
        everyone = wallets.all_wallets(connection)
        found = [each for each in everyone if label and label.lower() in {each.label.lower(), each.address.lower()}]
        if len(found) != 1:
            raise ConfigError(f"{len(found)} wallets match {label or f'flag {flag_id}'}; see `edgewatch wallets list`")
        chains = app.chains(settings)
        study = read_study(connection, found[0], chains, detection=settings.detection, flag_id=flag_id)
    engine.dispose()
    return study


def _told(flag: Flag) -> Assessment:
    """The verdict that a flag told, as of the day after the last of its chart."""
    as_of = flag.opened_at
    if flag.chart.days:
        as_of = datetime.combine(flag.chart.days[-1] + timedelta(days=1), time(), tzinfo=UTC)
    return Assessment(
        wallet=flag.wallet, as_of=as_of, score=flag.score, flagged=True, state=State.FLAGGED, evidence=flag.evidence
    )


def _trade_log(account: Account, chains: Mapping[int, Chain], names: Tokens) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "time": pd.Timestamp(trade.timestamp or 0, unit="s", tz="UTC"),
                "chain": chains[trade.chain_id].name if trade.chain_id in chains else FILE,
                "sold": legs(trade.chain_id, trade.sold, names),
                "bought": legs(trade.chain_id, trade.bought, names),
                "value_usd": float(worth.value_usd) if worth and worth.value_usd is not None else None,
                "venue": trade.venue,
                "status": trade.venue_status.value,
                "transaction": trade.tx_hash,
            }
            for trade, worth in account.trades
        ]
    )
