"""Follows wallets: feeds new round trips into the daily statistics and tells where each wallet stands.

Everything is a function of the rows known so far, the frozen baselines and the last complete UTC day: how
ticks divide time, and in which order rows arrive, does not show. No clock, no I/O.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.baseline.baseline import Population
from metrics.baseline.unrealised_losses import UNDER_WATER, away_positions, told_positions
from metrics.baseline.wallet_history import DAY_S, Row, WalletHistory, round_trip_rows, trade_rows
from metrics.baseline.wallet_state import EVER, Watched
from metrics.detector.checkpoints import Checkpoints
from metrics.detector.curve_population import TRAITS
from metrics.detector.cusum import Stream, statistic
from metrics.detector.recurrence import SHARES, own_silence
from metrics.detector.verdict import assess, utc
from metrics.peers.peers import choose_peers
from metrics.types import Assessment

FloatArray = npt.NDArray[np.float64]
Covered = Mapping[str, Iterable[tuple[datetime, datetime]]]


class Monitor:
    """Streaming monitor of a watchlist.

    Parameters
    ----------
    false_flags_per_wallet_year
        The one dial: how many first flags per wallet and year are accepted while nothing changes. A wallet
        is flagged when evidence like its own would come up less often than that.

    Examples
    --------
    >>> monitor = Monitor(false_flags_per_wallet_year=1.0)
    >>> monitor.start(history)  # doctest: +SKIP
    >>> [a.wallet for a in monitor.tick(now, new_round_trips) if a.flagged]  # doctest: +SKIP
    """

    def __init__(self, false_flags_per_wallet_year: float = 1.0) -> None:
        if not false_flags_per_wallet_year > 0:
            raise ValueError("false_flags_per_wallet_year must be above 0")
        self.false_flags_per_wallet_year = false_flags_per_wallet_year
        self._wallets: dict[str, Watched] = {}  # their order is that of the panel's rows
        self._finds_peers = True
        self._read_until = 0.0  # unix seconds: with covered=None, all before it was read
        self._end = 0  # days before it are over
        self._replay = self._new_replay(0)

    # ------------------------------------------------------------------ who is followed

    def start(
        self,
        history: pd.DataFrame,
        peers: Mapping[str, Sequence[str]] | None = None,
        *,
        followed: Iterable[str] | None = None,
        followed_since: datetime | Mapping[str, datetime] | None = None,
        trades: pd.DataFrame | None = None,
        covered: Covered | None = None,
        tokens: Mapping[str, Collection[str]] | None = None,
        copies: Mapping[str, Collection[str]] | None = None,
        open_positions: pd.DataFrame | None = None,
        departures: pd.DataFrame | None = None,
    ) -> None:
        """Learn the baselines of a watchlist.

        Parameters
        ----------
        history
            Round trips; rows on or after a wallet's ``followed_since`` are days to judge already.
        peers
            Wallet → its peers; {} = there are none; None = find wallets that trade alike.
        followed
            Wallets to assess; the others only inform about the market. None = all.
        followed_since
            First day to judge, for all or by wallet. None = the day after the last row.
        trades
            Trades of the same time, where frequency shall count them rather than closes.
        covered
            Wallet → intervals that were read; None = all from each wallet's first row on.
        tokens
            Wallet → tokens that it traded before it was followed, for finding peers in the same market.
        copies
            Wallet → wallets of the same hand (:func:`metrics.peers.similarity.copies`), which are never found as its
            peers.
        open_positions
            What was open at past moments, as :meth:`tick` takes it, with a column ``marked_at``: bags of the history
            belong to the baseline, else a wallet that always had some would seem to have left its form.
        departures
            What was moved out of positions and is not back, as :meth:`tick` takes it: the history's too.
        """
        rows = list(round_trip_rows(history))
        chosen = None if followed is None else list(followed)
        seconds_seen = [row[0] for _, _, row in rows]
        last = int(max(seconds_seen, default=0.0) // DAY_S)
        self._end, self._read_until = last, float((last + 1) * DAY_S)
        self._wallets = {}
        self._replay = self._new_replay(int(min(seconds_seen, default=0.0) // DAY_S))
        for name in dict.fromkeys([*(wallet for wallet, _, _ in rows), *(chosen or ())]):
            moment = followed_since.get(name) if isinstance(followed_since, Mapping) else followed_since
            since = last + 1 if moment is None else _day(moment)
            self._add(name, since).followed = chosen is None or name in chosen
        self._book(rows, trades, feed=trades is not None)
        if covered is None:
            for wallet in self._wallets.values():
                self._cover_since_first_row(wallet)
        else:
            self._cover(covered)
        self._finds_peers = peers is None
        for name, wallet in self._wallets.items():
            wallet.tokens = sorted((tokens or {}).get(name, ()))
            wallet.copies = sorted((copies or {}).get(name, ()))
        found = self._choose_peers() if peers is None else peers
        for name, wallet in self._wallets.items():
            wallet.peers = list(found.get(name, ()))
        if open_positions is not None:
            self._tell(open_positions, None)
        if departures is not None:
            self._move_away(departures)
        self._replay.learn_together()
        self._replay.begin()

    def follow(
        self,
        wallet: str,
        history: pd.DataFrame,
        *,
        followed_since: datetime,
        peers: Sequence[str] | None = None,
        trades: pd.DataFrame | None = None,
    ) -> None:
        """Follow one more wallet, or a known one anew; the others keep their baselines and peers.

        ``history`` holds its round trips so far (other wallets' rows are ignored); rows on or after
        ``followed_since`` are days to judge already. ``peers`` None = as :meth:`start` was told: found, or
        none beyond its mapping.
        """
        since = _day(followed_since)
        rows = [each for each in round_trip_rows(history) if each[0] == wallet]
        if not self._wallets:
            self._replay = self._new_replay(since)
            self._end = max([since, *(int(row[0] // DAY_S) for _, _, row in rows)])
            self._read_until = float(max([since, *(int(row[0] // DAY_S) + 1 for _, _, row in rows)]) * DAY_S)
        if wallet in self._wallets:
            one = self._wallets[wallet]
            one.judged_from, one.learn_from, one.followed = since, EVER, True
            known = one.ledger
            one.ledger = WalletHistory(frames=known.frames, marked=known.marked, away=known.away)
            one.baseline, one.bags, one.trade_feed = None, {}, False
            self._replay.panel.clear(one.row)
        else:
            one = self._add(wallet, since)
        self._book(rows, None if trades is None else trades[trades["wallet"] == wallet], feed=trades is not None)
        self._cover_since_first_row(one)
        if peers is not None:
            one.peers = list(peers)
        elif self._finds_peers:
            one.peers = self._choose_peers()[wallet]
        self._replay.begin()

    def forget(self, wallet: str) -> None:
        """Assess a wallet no longer. It still informs others about the market while its rows are given."""
        self._wallets[wallet].followed = False

    def relearn(self, wallet: str, since: datetime) -> None:
        """Take what the wallet does since ``since`` as its form; it learns until that is history enough."""
        one = self._wallets[wallet]
        one.learn_from, one.judged_from, one.baseline = _day(since), self._end, None
        self._replay.begin()

    # ------------------------------------------------------------------ time

    def tick(
        self,
        now: datetime,
        round_trips: pd.DataFrame,
        open_positions: pd.DataFrame | None = None,
        *,
        trades: pd.DataFrame | None = None,
        covered: Covered | None = None,
        departures: pd.DataFrame | None = None,
    ) -> list[Assessment]:
        """Where every followed wallet stands at ``now``; a UTC day counts once it is over and was read.

        Parameters
        ----------
        now
            Not before the last tick.
        round_trips
            Rows that became known since the last tick; late ones are worked in where they belong. Rows of
            wallets that are neither followed nor peers are ignored.
        open_positions
            All open positions at ``now``: ``wallet, opened_at (UTC), mark_return`` (fraction of cost; nan: unknown),
            optional ``position_id`` (by which the close replaces the bag), ``touched_at`` (last trade in it) and
            ``marked_at`` (rows of several moments, each of which tells of every wallet). The last moment of a UTC day
            counts for that day, midnight for the day before. None = nothing is known: what was known stays.
        trades
            Trades that became known since the last tick.
        covered
            Wallet → intervals really read (more may be added later); a day that was not read whole is no
            evidence of anything. None = everything since the last tick was read.
        departures
            All that was ever moved out of positions, by ``now``, and is not back, as
            ``metrics.frames.departure_frame`` makes it. None = nothing is known: what was known stays.
        """
        as_of = utc(pd.Timestamp(now).to_pydatetime(warn=False))
        if not self._wallets:
            return []
        if not self._end:
            self._begin_now(_day(as_of))
        self._book([each for each in round_trip_rows(round_trips) if each[0] in self._wallets], trades)
        if open_positions is not None:
            self._tell(open_positions, as_of)
        if departures is not None:
            self._move_away(departures)
        if covered is None:
            span = (self._read_until, as_of.timestamp())
            for wallet in self._wallets.values():
                wallet.ledger.cover([span])
                self._replay.show_covered(wallet)
        else:
            self._cover(covered)
        self._read_until = max(self._read_until, as_of.timestamp())
        self._end = max(self._end, int(as_of.timestamp() // DAY_S))
        self._replay.advance(self._end)
        bank, peers, sights = self._replay.constants()
        return assess(
            [(wallet.row, name) for name, wallet in self._wallets.items() if wallet.followed],
            as_of=as_of,
            end=self._end,
            panel=self._replay.panel,
            bank=bank,
            checkpoints=self._replay.recent(self._end),
            peers=peers,
            names=list(self._wallets),
            flag_years=self._replay.flag_years,
            sights=sights,
            last_s=[wallet.ledger.last_s for wallet in self._wallets.values()],
            unsold=[wallet.unsold() for wallet in self._wallets.values()],
            marked=np.array([wallet.marked_from() < self._end for wallet in self._wallets.values()], dtype=bool),
        )

    def course(self, days: int) -> tuple[FloatArray, FloatArray]:
        """Statistics of the last ``days`` days, (wallets, days, streams), and trades per weekday, (wallets,).

        For calibration and charts; rows go in the order in which the wallets became known.
        """
        kept = [self._replay.checkpoints[day] for day in range(self._end - days, self._end)]
        return np.stack([statistic(each.total) for each in kept], axis=1), self._replay.constants()[0].rate

    def own_silence(self, days: int) -> FloatArray:
        """What every wallet's pause and slow weeks brought to its score on the last days, years, (wallets, days)."""
        kept = [self._replay.checkpoints[day] for day in range(self._end - days, self._end)]
        return np.stack([own_silence(each.pause, each.stretch) for each in kept], axis=1)

    def baselines(self) -> pd.DataFrame:
        """``curve_population.TRAITS`` of the wallets whose baselines are known; a row a wallet, by its name."""
        bank = self._replay.constants()[0]
        whole = pd.DataFrame({trait: getattr(bank, trait) for trait in TRAITS}, index=list(self._wallets))
        return whole[bank.known]

    def compared(self) -> FloatArray:
        """With how many peers each wallet was compared on the last complete day, (wallets,), in the same order."""
        return self._replay.checkpoints[self._end - 1].compared

    def evidence_by_day(self, wallet: str) -> pd.DataFrame:
        """How seldom chance alone shows as much of each stream, years, by the UTC day at whose end it stood so.

        For charts: one column for each ``Stream`` that can flag and ``score``, since the wallet is judged, as far as
        days are kept.
        """
        one = self._wallets[wallet]
        begin = max(one.judged_from, one.baseline.end_day) if one.baseline else self._end
        days = sorted(day for day in self._replay.checkpoints if begin <= day < self._end)
        kept = [self._replay.checkpoints[day] for day in days]
        rows = [[*each.shown(one.row), each.score[one.row]] for each in kept]
        names = [*(stream.name.lower().replace("_", " ") for stream in tuple(Stream)[: len(SHARES)]), "score"]
        return pd.DataFrame(rows, columns=names, index=pd.to_datetime(days, unit="D", utc=True), dtype="float64")

    def bags(self, wallet: str) -> frozenset[str]:
        """Which of its open positions count as losses of the judged days, by ``position_id``."""
        one = self._wallets[wallet]
        judged = one.baseline.end_day if one.baseline else 0
        return frozenset(name for day, held in one.bags.items() if day >= judged for name in held)

    # ------------------------------------------------------------------ saving

    def state(self) -> dict[str, Any]:
        """All that :meth:`resume` needs, JSON-able: the rows, the frozen baselines, who is followed."""
        return {
            "false_flags_per_wallet_year": self.false_flags_per_wallet_year,
            "finds_peers": self._finds_peers,
            "read_until": self._read_until,
            "end": self._end,
            "population": asdict(self._replay.population),
            "wallets": {name: wallet.as_dict() for name, wallet in self._wallets.items()},
        }

    @classmethod
    def resume(cls, state: Mapping[str, Any]) -> Self:
        """A monitor that continues exactly as the one that gave ``state`` would have."""
        monitor = cls(state["false_flags_per_wallet_year"])
        monitor._finds_peers = state["finds_peers"]
        monitor._read_until, monitor._end = state["read_until"], state["end"]
        monitor._wallets = {name: Watched.from_dict(saved) for name, saved in state["wallets"].items()}
        monitor._replay = monitor._new_replay(monitor._end)
        monitor._replay.population = Population.from_dict(state["population"])
        for wallet in monitor._wallets.values():
            monitor._replay.sum_days(wallet)
            monitor._replay.show_covered(wallet)
        monitor._replay.begin()
        return monitor

    # ------------------------------------------------------------------ inside

    def _new_replay(self, first_day: int) -> Checkpoints:
        return Checkpoints(self._wallets, first_day=first_day, flag_years=1.0 / self.false_flags_per_wallet_year)

    def _begin_now(self, day: int) -> None:
        """Start without any history: the first tick is where time begins."""
        self._read_until = float(day * DAY_S)
        for wallet in self._wallets.values():
            wallet.judged_from = max(wallet.judged_from, day)
        self._replay.begin()

    def _add(self, name: str, judged_from: int) -> Watched:
        self._wallets[name] = Watched(row=len(self._wallets), judged_from=judged_from)
        self._replay.panel.add_wallet()
        return self._wallets[name]

    def _choose_peers(self) -> dict[str, list[str]]:
        style = {name: wallet.style() for name, wallet in self._wallets.items()}
        tokens = {name: wallet.tokens for name, wallet in self._wallets.items()}
        return choose_peers(style, tokens, copies={name: wallet.copies for name, wallet in self._wallets.items()})

    def _book(
        self, rows: Iterable[tuple[str, str | None, Row]], trades: pd.DataFrame | None, *, feed: bool = False
    ) -> None:
        """Enter rows and trades, and go back to the first day that they change."""
        touched: dict[str, set[int]] = {}
        for name, key, row in rows:
            touched.setdefault(name, set()).add(self._wallets[name].ledger.add(key, row))
        for name, second in trade_rows(trades) if trades is not None else ():
            if name in self._wallets:
                touched.setdefault(name, set()).add(self._wallets[name].ledger.add_trade(second))
                self._wallets[name].trade_feed |= feed
        for name, days in touched.items():
            wallet = self._wallets[name]
            first = self._replay.relearn_from(wallet, min(days))
            for day in days:
                self._replay.sum_day(wallet, day)
            self._replay.rewind(first)

    def _tell(self, positions: pd.DataFrame, now: datetime | None) -> None:
        """Enter what was open when; each moment tells of every wallet."""
        for moment, held in sorted(told_positions(positions, now).items()):
            for name, wallet in self._wallets.items():
                day = wallet.ledger.tell(moment, held.get(name, {}), keep_below=UNDER_WATER)
                if day is not None:
                    self._replay.rewind(self._replay.relearn_from(wallet, day))

    def _move_away(self, departures: pd.DataFrame) -> None:
        """Enter all that is away."""
        away = away_positions(departures)
        for name, wallet in self._wallets.items():
            day = wallet.ledger.leave(away.get(name, []))
            if day is not None:
                self._replay.rewind(self._replay.relearn_from(wallet, day))

    def _cover(self, covered: Covered) -> None:
        for name, wallet in self._wallets.items():
            wallet.ledger.cover((utc(a).timestamp(), utc(b).timestamp()) for a, b in covered.get(name, ()))
            self._replay.show_covered(wallet)

    def _cover_since_first_row(self, wallet: Watched) -> None:
        first = wallet.ledger.first_day()
        if first is not None:
            wallet.ledger.cover([(float(min(first, wallet.judged_from) * DAY_S), self._read_until)])
            self._replay.show_covered(wallet)


def _day(moment: datetime) -> int:
    """The UTC day, counted from 1970-01-01, that holds a moment."""
    return int(utc(moment).timestamp() // DAY_S)
