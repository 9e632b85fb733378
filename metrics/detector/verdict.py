"""From the course of the statistics to what a person reads: state, evidence and notes of each wallet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from metrics.baseline.bank import Bank
from metrics.baseline.day_panel import DayPanel
from metrics.baseline.wallet_state import UnsoldLosses
from metrics.detector.change_date import began_between
from metrics.detector.cusum import Stream, began, statistic
from metrics.detector.daily_step import Checkpoint
from metrics.detector.evidence import (
    LONGEST_DAYS,
    SHORTEST_DAYS,
    USUAL_DAYS,
    Window,
    back_to_level,
    compare,
    effective,
    metric_evidence,
)
from metrics.detector.recurrence import PAUSE_SHARE, own_silence, recurrence_years, score_years, weighted
from metrics.detector.style import STYLE_STREAMS, changed
from metrics.peers.peers import FEW_PEERS, Factor, Witnesses
from metrics.types import Assessment, Evidence, Gain, Metric, Sight, State

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

WATCH_SHARE = 4.0  # watched at a quarter of the recurrence interval that flags
TOLD_APART = 10.0  # years: the tables end below it, so that of two metrics beyond it the first one leads
LEARNING_SCORE = 1e-6  # years; below every score of a judged wallet
EPOCH = date(1970, 1, 1)

STREAMS_OF = {
    Metric.WIN_RATE: (Stream.WIN_RATE,),
    Metric.AVERAGE_RETURN: (Stream.RETURN_SIZE, Stream.JOINT),
    Metric.TRADE_FREQUENCY: (Stream.SILENCE, Stream.SURGE),
    Metric.OPEN_LOSSES: (Stream.OPEN_LOSSES,),
}
METRICS = tuple(Metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All wallets at the end of the last complete day; shape (W,) unless noted."""

    score: FloatArray
    lead: IntArray  #: index into ``METRICS``
    recurrence: FloatArray  #: years, (W, metrics)
    stream: IntArray  #: the one that leads
    since: IntArray  #: day on which the leading evidence began
    paused: BoolArray  #: whether silence speaks by the length of the pause
    gain: FloatArray  #: recurrence interval of the evidence for a change for the better, years
    gain_since: IntArray
    unadjusted_score: FloatArray  #: had nothing been known of the peers
    unadjusted_lead: IntArray
    unadjusted_since: IntArray

    @classmethod
    def of(cls, now: Checkpoint, bank: Bank, *, styled: BoolArray | None = None) -> "Standing":
        """Read the streams' recurrence intervals as metrics.

        Of wallets that only trade another way (``styled``, (W,)), what another style moves is no evidence.
        """
        began_on = began(now.total, now.since)
        shown = now.recurrence.copy()
        shown[:, Stream.SILENCE] = np.maximum(shown[:, Stream.SILENCE], np.maximum(now.pause, now.stretch))
        by_share = weighted(now.recurrence, now.compared, own_silence(now.pause, now.stretch))
        if styled is not None:
            by_share[:, STYLE_STREAMS] = np.where(styled[:, None], 0.0, by_share[:, STYLE_STREAMS])
        counted = weighted(now.recurrence, now.compared)[:, Stream.SILENCE]
        paused = (by_share[:, Stream.SILENCE] > counted) & (PAUSE_SHARE * now.pause >= by_share[:, Stream.SILENCE])
        began_on[:, Stream.SILENCE] = np.where(paused, now.quiet_since, began_on[:, Stream.SILENCE])
        recurrence, since, stream = _by_metric(shown, began_on, METRICS)
        lead = _by_metric(np.minimum(by_share, TOLD_APART), began_on, METRICS)[0].argmax(axis=1)
        compared = np.full(len(lead), np.inf)
        alone = recurrence_years(statistic(now.unadjusted), bank.rate, compared)
        market_metrics = (Metric.WIN_RATE, Metric.AVERAGE_RETURN)
        raw, raw_since, _ = _by_metric(alone, began(now.unadjusted, now.unadjusted_since), market_metrics)
        raw_lead = raw.argmax(axis=1)
        rows = np.arange(len(lead))
        return cls(
            score=by_share.max(axis=1),
            lead=lead,
            recurrence=recurrence,
            stream=stream[rows, lead],
            since=since[rows, lead],
            paused=paused,
            gain=now.recurrence[:, Stream.GAIN],
            gain_since=began_on[:, Stream.GAIN],
            unadjusted_score=score_years(alone, compared),
            unadjusted_lead=raw_lead,
            unadjusted_since=raw_since[rows, raw_lead],
        )


def _by_metric(
    years: FloatArray, began_on: IntArray, metrics: Sequence[Metric]
) -> tuple[FloatArray, IntArray, IntArray]:
    """Strongest stream of each metric: its recurrence interval, the day on which its evidence began, and which."""
    strongest, since, which = [], [], []
    rows = np.arange(len(years))
    for metric in metrics:
        streams = np.array(STREAMS_OF[metric])
        best = streams[years[:, streams].argmax(axis=1)]
        strongest.append(years[rows, best])
        since.append(began_on[rows, best])
        which.append(best)
    return np.stack(strongest, axis=1), np.stack(since, axis=1), np.stack(which, axis=1)


def assess(
    wallets: Sequence[tuple[int, str]],
    *,
    as_of: datetime,
    end: int,
    panel: DayPanel,
    bank: Bank,
    checkpoints: Sequence[Checkpoint],
    peers: Witnesses,
    names: Sequence[str],
    flag_years: float,
    sights: Sequence[Sight | None],
    last_s: Sequence[float | None],
    unsold: Sequence[UnsoldLosses],
    marked: BoolArray,
) -> list[Assessment]:
    """Assessments of the (row, wallet) given, at the end of day ``end - 1``.

    ``checkpoints`` are those of the last days up to ``end - 1``, oldest first; ``names``, ``sights``, ``last_s``
    (last trade, unix seconds), ``unsold`` (losses that no close told) and ``marked`` (whether its open positions are
    known) go by row.
    """
    marked = marked & (bank.overdue_known > 0)
    standing = Standing.of(checkpoints[-1], bank)
    shifts = _recent([each.common.shift for each in checkpoints], (len(Factor), len(names)))
    market_se = _recent([each.common.market_se for each in checkpoints], (len(names),))
    windows = partial(Window.of, panel, shifts, market_se, end=end, marked=marked, link=bank.link)
    watch_years = flag_years / WATCH_SHARE
    # Only of those who would stand out: by chance alone a few others have larger wins as well.
    styled = (standing.score >= watch_years) & np.isin(standing.stream, STYLE_STREAMS)
    if styled.any():
        # A month at least: rarer wins come in runs, and a few days without one say nothing of how large they are.
        lately = np.minimum(np.clip(end - standing.since, USUAL_DAYS, LONGEST_DAYS), end - bank.end_day)
        styled &= changed(bank, windows(first=end - np.clip(lately, 1, LONGEST_DAYS)))
        standing = Standing.of(checkpoints[-1], bank, styled=styled)
    told = peers.those(bank.known)
    peer_count = told.count
    market_only = (standing.score < watch_years) & (standing.unadjusted_score >= watch_years)
    market_only &= told.enough & ~styled
    stands_out = (standing.score >= watch_years) | market_only
    began_on = np.where(market_only, standing.unadjusted_since, standing.since)
    lead = np.where(market_only, standing.unadjusted_lead, standing.lead)
    length = np.where(stands_out, np.clip(end - began_on, SHORTEST_DAYS, LONGEST_DAYS), USUAL_DAYS)
    # A window never reaches back into the baseline that it is compared with.
    length = np.clip(np.minimum(length, end - bank.end_day), 1, LONGEST_DAYS)
    window = windows(first=end - length)
    compared = compare(bank, window, told)
    unread = window.days - window.own(window.covered)
    lucky = back_to_level(bank, compared[Metric.WIN_RATE])
    worth = effective(bank, window, told.those(~checkpoints[-1].flagged))
    out = []
    for i, wallet in wallets:
        silent_days = None
        last = last_s[i]
        if last is not None:
            silent_days = max(0.0, (as_of.timestamp() - last) / 86_400)
        if not bank.known[i] or end <= bank.end_day[i]:
            out.append(_unjudged(wallet, as_of, silent_days, bank, i, int(peer_count[i]), sights[i]))
            continue
        metric = METRICS[lead[i]]
        down = int(compared[metric].peers_down[i])
        moved = bool(market_only[i]) and 2 * down > peer_count[i]
        state = _state(float(standing.score[i]), flag_years, watch_years, market=moved)
        begun: tuple[date | None, date | None] = (None, None)
        if _out(state):
            stream = int(standing.stream[i])
            exact = bool(standing.paused[i]) and stream == Stream.SILENCE
            began_day = int(began_on[i])
            between = (
                (began_day, began_day) if exact else began_between(bank, i, panel, checkpoints, stream=stream, end=end)
            )
            begun = (_date(min(between[0], int(began_on[i]))), _date(max(between[1], int(began_on[i]))))
        gained = state is State.OK and float(standing.gain[i]) >= flag_years
        evidence = Evidence(
            metrics=tuple(
                metric_evidence(
                    each,
                    compared[each],
                    i,
                    days=int(length[i]),
                    recurrence=float(standing.recurrence[i, m]),
                    long_run=float(expit(bank.level[i])) if each is Metric.WIN_RATE else None,
                )
                for m, each in enumerate(METRICS)
                if each is not Metric.OPEN_LOSSES or marked[i]
            ),
            lead=metric,
            since=None if state is State.OK else _date(int(began_on[i])),
            since_from=begun[0],
            since_to=begun[1],
            fell_back=bool(lucky[i]) and metric is Metric.WIN_RATE and _out(state),
            silent_days=silent_days,
            baseline_n=int(bank.n[i]),
            baseline_days=float(bank.days[i]),
            peers=int(peer_count[i]),
            peers_down=down,
            gain=Gain(since=_date(int(standing.gain_since[i])), recurrence_years=float(standing.gain[i]))
            if gained
            else None,
            longest_pause_days=float(bank.pause_longest[i] - 1) if bank.pause_per_year[i] else None,
            peers_effective=float(worth[i]),
            peer_wallets=tuple(names[j] for j in told.rows_of(i).tolist()),
            sight=sights[i],
            open_bags=unsold[i].bags,
            moved_losses=unsold[i].moved,
            notes=tuple(
                _notes(
                    int(peer_count[i]),
                    int(unread[i]),
                    int(length[i]),
                    unsold[i],
                    pace=bank.rate_known[i] > 0,
                    styled=bool(styled[i]) and not _out(state),
                )
            ),
        )
        out.append(
            Assessment(
                wallet=wallet,
                as_of=as_of,
                score=float(standing.score[i]),
                flagged=state is State.FLAGGED,
                state=state,
                evidence=evidence,
            )
        )
    return out


def _state(score: float, flag_years: float, watch_years: float, *, market: bool) -> State:
    if score >= flag_years:
        return State.FLAGGED
    if score >= watch_years:
        return State.WATCH
    return State.MARKET if market else State.OK


def _out(state: State) -> bool:
    return state in (State.WATCH, State.FLAGGED)


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)


def _unjudged(
    wallet: str, as_of: datetime, silent_days: float | None, bank: Bank, i: int, peers: int, seen: Sight | None
) -> Assessment:
    """A wallet that is still learning, or whose first judged day is not over."""
    known = bool(bank.known[i])
    notes = () if known else ("Too little history to know this wallet's own form.",)
    evidence = Evidence(
        metrics=(),
        lead=None,
        since=None,
        silent_days=silent_days,
        baseline_n=int(bank.n[i]) if known else 0,
        baseline_days=float(bank.days[i]) if known else 0.0,
        peers=peers,
        peers_down=0,
        sight=seen,
        notes=notes,
    )
    state = State.OK if known else State.LEARNING
    return Assessment(wallet=wallet, as_of=as_of, score=LEARNING_SCORE, flagged=False, state=state, evidence=evidence)


def _recent(daily: Sequence[FloatArray], shape: tuple[int, ...]) -> FloatArray:
    """One value of the last ``LONGEST_DAYS`` days, (..., days); 0 before the first."""
    out = np.zeros((*shape, LONGEST_DAYS))
    for back, each in enumerate(reversed(daily[-LONGEST_DAYS:]), start=1):
        out[..., -back] = each
    return out


def _notes(peers: int, unread: int, days: int, unsold: UnsoldLosses, *, pace: bool, styled: bool) -> Iterable[str]:
    if styled:
        yield "Its style changed: its wins are larger, and it earns no less a trade than before."
    if not peers:
        yield "No peers: market moves cannot be told from the wallet's own."
    elif peers < FEW_PEERS:
        yield f"Only {peers} peers: too few to tell market moves from the wallet's own."
    if unread:
        yield f"{unread} of the last {days} days were not read whole and count as nothing."
    if not pace:
        yield "It traded on too few days of its history to know its usual pace: how often it trades is not judged."
    if unsold.bags:
        what, loss = ("bag", "a loss") if unsold.bags == 1 else ("bags", "losses")
        yield f"{unsold.bags} open {what}, counted as {loss}: far under water and idle for longer than is usual here."
    if unsold.older_bags:
        yield f"{unsold.older_bags} open {'bag' if unsold.older_bags == 1 else 'bags'} from before it was judged."
    if unsold.moved:
        what, loss = ("position", "a loss") if unsold.moved == 1 else ("positions", "losses")
        yield f"{unsold.moved} {what} moved away under water, counted as {loss}."


def utc(moment: datetime) -> datetime:
    """A time with a zone, in UTC; one without is refused."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} must carry a time zone: days are UTC days")
    return moment.astimezone(UTC)
