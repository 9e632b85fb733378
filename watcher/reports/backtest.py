"""What the monitor would have said, day by day, over a record that is known today. Pure.

*As lived*: each day sees the wallets that were on the list and the rows that were known by then. *With hindsight*: each
row is known when it closes and every wallet was there from the first. The second can differ from what a person would
have got, and says so.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from ingest.types import FiledTrip
from metrics.detector.market_event import MarketEvent, Span, market_event, spans
from metrics.evaluation.exits import Life
from metrics.evaluation.false_flag_rate import divided
from metrics.monitor import Monitor
from metrics.types import Assessment, State
from watcher.record.accounts import Interval, trade_key
from watcher.record.record import Record, midnight_of
from watcher.store.wash_trades import TradeKey
from watcher.types import Role, Wallet

DAY = timedelta(days=1)
GRACE = timedelta(hours=1)  #: after midnight, until what happened before it is read as a rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A record with the time at which each part of it became known."""

    record: Record
    trips_at: pd.Series  #: by row of ``record.trips``, UTC
    trades_at: pd.Series  #: by row of ``record.trades``
    on_list: Mapping[str, datetime]  #: wallet to when it came onto the list
    hindsight: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagging:
    """A flag that would have been opened."""

    wallet: str
    day: date  #: when it was flagged
    score: float  #: recurrence interval, years
    label: str
    since: date | None  #: estimated start of the change
    unfollowed_at: datetime | None  #: when its human dropped the wallet

    @property
    def delay_days(self) -> int | None:
        """Days from the estimated start to the flag."""
        return None if self.since is None else (self.day - self.since).days

    @property
    def lead_days(self) -> int | None:
        """Days by which the flag came before its human dropped the wallet."""
        return None if self.unfollowed_at is None else (self.unfollowed_at.date() - self.day).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """All that a replay gave."""

    first: datetime  #: UTC; the first day that was judged
    last: datetime
    hindsight: bool
    false_flags_per_wallet_year: float
    flags: tuple[Flagging, ...]  #: by day and wallet
    events: tuple[Span, ...]  #: market events, by time
    lives: tuple[Life, ...]

    def in_event(self, flag: Flagging) -> bool:
        """Whether the market moved many wallets on the day of a flag; this one fell further than it."""
        return any(event.holds(flag.day) for event in self.events)

    @property
    def flags_per_wallet_year(self) -> float | None:
        """What came of the dial; None where no wallet was followed for a day."""
        years = sum(life.last - life.first for life in self.lives) / 365.25
        return len(self.flags) / years if years > 0 else None


def as_lived(
    record: Record,
    trades_known: Mapping[TradeKey, datetime],
    trips_known: Mapping[tuple[str, str], datetime],
) -> Known:
    """A record as it became known: a round trip when the last of its trades did."""
    trips_at: list[datetime] = []
    trades_at: list[datetime] = []
    for account in record.accounts:
        filed = {each.position_id: trips_known[each.wallet, each.position_id] for each in account.filed}
        by_token: dict[tuple[int, str], list[tuple[int, datetime]]] = {}
        for trade in account.verified:
            for leg in trade.sold + trade.bought:
                told = (trade.timestamp or 0, trades_known[trade_key(trade)])
                by_token.setdefault((trade.chain_id, leg.token), []).append(told)
        for trip in account.round_trips:
            if isinstance(trip, FiledTrip):
                trips_at.append(filed[trip.position_id])
                continue
            first, last = trip.opened_at.timestamp(), trip.closed_at.timestamp()
            told_at = (at for second, at in by_token.get((trip.chain_id, trip.token), ()) if first <= second <= last)
            trips_at.append(max(told_at, default=trip.closed_at))
        trades_at += [
            filed[each.position_id] if isinstance(each, FiledTrip) else trades_known[trade_key(each)]
            for each in account.activity
            if each.timestamp is not None
        ]
    return Known(
        record=record,
        trips_at=_moments(trips_at),
        trades_at=_moments(trades_at),
        on_list={account.wallet.address: account.wallet.added_at for account in record.accounts},
        hindsight=False,
    )


def with_hindsight(record: Record) -> Known:
    """A record as if each row had been known when it closed, and every wallet from the first."""
    begin = datetime.fromtimestamp(0, UTC)
    return Known(
        record=record,
        trips_at=record.trips["closed_at"],
        trades_at=record.trades["traded_at"],
        on_list={account.wallet.address: begin for account in record.accounts},
        hindsight=True,
    )


def span(known: Known) -> list[datetime]:
    """The midnights at which somebody is judged, the first of them a day after the first wallet was followed."""
    starts = [_start(known, wallet) for wallet in _followed(known)]
    if not starts:
        return []
    first, last = midnight_of(min(starts)) + DAY, midnight_of(known.record.as_of)
    return [first + DAY * n for n in range((last - first) // DAY + 1)]


def judged(known: Known, false_flags_per_wallet_year: float) -> Iterator[tuple[datetime, list[Assessment]]]:
    """Each midnight of :func:`span` with the verdicts of that day.

    A new start, where the list changed or where something of a wallet's past became known, learns all baselines anew,
    as the daily job does; from then on days are added.
    """
    monitor: Monitor | None = None
    before = datetime.min.replace(tzinfo=UTC)
    setting: _Setting | None = None
    for midnight in span(known):
        moment = midnight if known.hindsight else midnight + GRACE
        now = _setting(known, midnight, moment)
        rows = _rows(known, before, moment, now)
        if setting is None or not now.like(setting) or _of_the_past(rows[0], setting):
            monitor, setting = None, now
        covered = _covered(known, midnight, moment, setting)
        positions = known.record.positions
        today = positions[positions["marked_at"] == midnight].drop(columns="marked_at") if len(positions) else None
        if monitor is None:
            monitor = Monitor(false_flags_per_wallet_year / known.record.factor)
            trips, trades = _rows(known, None, moment, setting)
            monitor.start(
                trips,
                followed=sorted(setting.followed),
                followed_since=setting.members,
                trades=trades,
                covered=covered,
                tokens={name: known.record.tokens[name] for name in setting.members},
                copies=known.record.copies,
                open_positions=positions[positions["marked_at"] <= midnight] if len(positions) else None,
                departures=_away(known.record.departures, midnight),
            )
            rows = trips.iloc[:0], trades.iloc[:0]
        away = _away(known.record.departures, midnight)
        told = monitor.tick(midnight, rows[0], today, trades=rows[1], covered=covered, departures=away)
        yield midnight, [divided(each, known.record.factor) for each in told]
        before = moment


def _away(departures: pd.DataFrame, midnight: datetime) -> pd.DataFrame:
    """What had left by then and never came back, with the marks known then."""
    left = departures[departures["left_at"] <= midnight]
    return left.assign(mark_return=left["mark_return"].where(left["marked_at"] <= midnight))


def replay(
    known: Known, false_flags_per_wallet_year: float, on_day: Callable[[], None] = lambda: None
) -> Replayed | None:
    """Replay a record; None where nobody was judged for a day.

    Parameters
    ----------
    known
        :func:`as_lived` or :func:`with_hindsight`.
    false_flags_per_wallet_year
        The dial to try.
    on_day
        Called after each day, for a progress bar.
    """
    wallets = {wallet.address: wallet for wallet in _followed(known)}
    flags: list[Flagging] = []
    moved: list[tuple[date, MarketEvent]] = []
    out: set[str] = set()
    midnights = span(known)
    if not midnights:
        return None
    for midnight, assessments in judged(known, false_flags_per_wallet_year):
        for each in assessments:
            wallet = wallets[each.wallet]
            dropped = wallet.unfollowed_at is not None and wallet.unfollowed_at <= midnight
            if each.flagged and each.wallet not in out and not dropped:
                flags.append(
                    Flagging(
                        wallet=each.wallet,
                        day=midnight.date(),
                        score=each.score,
                        label=wallet.label,
                        since=each.evidence.since,
                        unfollowed_at=wallet.unfollowed_at,
                    )
                )
        # As in alerts.policy: a departure ends when the wallet is in form again.
        out = {
            each.wallet for each in assessments if each.flagged or (each.wallet in out and each.state is not State.OK)
        }
        event = market_event(assessments)
        if event is not None:
            moved.append((midnight.date(), event))
        on_day()
    flags.sort(key=lambda flag: (flag.day, flag.wallet))
    return Replayed(
        first=midnights[0],
        last=midnights[-1],
        hindsight=known.hindsight,
        false_flags_per_wallet_year=false_flags_per_wallet_year,
        flags=tuple(flags),
        events=tuple(spans(moved)),
        lives=tuple(
            _life(known, wallet, flags) for wallet in wallets.values() if _start(known, wallet) < midnights[-1]
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    members: Mapping[str, datetime]  #: who is on the list, and where each one's baseline ends
    followed: frozenset[str]

    def like(self, other: "_Setting") -> bool:
        """Whether the same wallets are there, in the same roles."""
        return self.members.keys() == other.members.keys() and self.followed == other.followed


def _followed(known: Known) -> list[Wallet]:
    return [each.wallet for each in known.record.accounts if each.wallet.role is Role.FOLLOWED]


def _start(known: Known, wallet: Wallet) -> datetime:
    return max(wallet.followed_since, known.on_list[wallet.address])


def _setting(known: Known, midnight: datetime, moment: datetime) -> _Setting:
    there = [each.wallet for each in known.record.accounts if known.on_list[each.wallet.address] <= moment]
    return _Setting(
        members={wallet.address: min(wallet.followed_since, midnight) for wallet in there},
        followed=frozenset(
            wallet.address for wallet in there if wallet.role is Role.FOLLOWED and wallet.followed_since <= midnight
        ),
    )


def _rows(
    known: Known, after: datetime | None, until: datetime, setting: _Setting
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Round trips and trades of the members that became known in a time; ``after`` None: all until then."""

    def part(frame: pd.DataFrame, at: pd.Series) -> pd.DataFrame:
        chosen = frame["wallet"].isin(list(setting.members)) & (at <= until)
        return frame[chosen if after is None else chosen & (at > after)]

    return part(known.record.trips, known.trips_at), part(known.record.trades, known.trades_at)


def _of_the_past(trips: pd.DataFrame, setting: _Setting) -> bool:
    """Whether a row belongs to what a baseline was learned from."""
    return bool((trips["closed_at"] < trips["wallet"].map(dict(setting.members))).any()) if len(trips) else False


def _covered(known: Known, midnight: datetime, moment: datetime, setting: _Setting) -> dict[str, list[Interval]]:
    """What had been read by then, as far as the rows tell: not the time from the first to the last unknown trade."""
    trades = known.record.trades[known.record.trades["traded_at"] < midnight]
    late = known.trades_at[trades.index] > moment
    holes: dict[str, Interval] = {}
    newest = trades[~late].groupby("wallet")["traded_at"].max()
    for name, times in trades[late].groupby("wallet")["traded_at"]:
        first, last = times.min().to_pydatetime(), times.max().to_pydatetime()
        holes[str(name)] = (first, last if name in newest.index and newest[name] > last else midnight)
    # Where reading had stalled, the wallets that traded show it; one that came onto the list later tells nothing of it.
    stalled = [first for name, (first, last) in holes.items() if last == midnight and first >= known.on_list[name]]
    out: dict[str, list[Interval]] = {}
    for name in setting.members:
        end = min(midnight, *stalled) if stalled else midnight
        whole = [(a, min(b, end)) for a, b in known.record.covered.get(name, ()) if a < end]
        hole = holes.get(name)
        out[name] = whole if hole is None else [part for each in whole for part in _without(each, hole)]
    return out


def _without(interval: Interval, hole: Interval) -> list[Interval]:
    parts = ((interval[0], min(interval[1], hole[0])), (max(interval[0], hole[1]), interval[1]))
    return [(a, b) for a, b in parts if a < b]


def _life(known: Known, wallet: Wallet, flags: Iterable[Flagging]) -> Life:
    trips = known.record.trips
    mine = trips[(trips["wallet"] == wallet.address) & trips["return"].notna()]
    opened = mine["closed_at"] - pd.to_timedelta(mine["holding_s"].fillna(0.0), unit="s")
    mine = mine.assign(opened_at=opened).sort_values("opened_at", kind="stable")
    first, last = _start(known, wallet), min(wallet.unfollowed_at or known.record.as_of, known.record.as_of)
    flagged = [flag.day for flag in flags if flag.wallet == wallet.address]
    return Life(
        wallet=wallet.address,
        first=_days(first),
        last=_days(last),
        opened=np.array([_days(each) for each in mine["opened_at"]]),
        closed=np.array([_days(each) for each in mine["closed_at"]]),
        returns=mine["return"].to_numpy(dtype=np.float64),
        sizes=mine["size_usd"].to_numpy(dtype=np.float64),
        flagged=None if not flagged else float((flagged[0] - date(1970, 1, 1)).days),
    )


def _days(moment: datetime) -> float:
    return moment.timestamp() / 86_400


def _moments(items: Sequence[datetime]) -> pd.Series:
    return pd.Series(list(items), dtype="datetime64[us, UTC]")
