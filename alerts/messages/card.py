"""What the card of a flag says, line by line. Pure.

In the order in which a person decides: which wallet, what happened, how sure that is, whether it was the market, what
it cost, and how good the data are. A line is there only where its facts are known.
"""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from alerts import wording
from alerts.messages.lines import BLANK, Line
from alerts.messages.silence import reasons
from alerts.types import Flag
from metrics.intervals import wilson
from metrics.peers.peers import FEW_PEERS, LEAST_WORTH
from metrics.types import Context, Evidence, Metric, MetricEvidence, MovedAway, Track

NOTABLE: Final = 0.1  #: the share of what was bought that left unsold from which on the card tells it
STAKE_USD: Final = 100  #: of the example of what following cost
COVERAGE: Final = {
    "proven": "every block proven",
    "ends": "ends of reads proven",
    "indexed": "found by an index, samples checked",
    "file": "as a file claims",
}

#: What goes first where the card is too long: the highest.
_MARKET, _LEAD, _REASON, _LUCK, _BEGAN, _BAGS, _OTHERS, _DATA, _SIZES, _EARLIER, _STYLE, _NOTE = range(1, 13)


def lead_of(evidence: Evidence) -> MetricEvidence | None:
    """The metric that speaks loudest."""
    return next((item for item in evidence.metrics if item.metric is evidence.lead), None)


def by_weight(evidence: Evidence) -> list[MetricEvidence]:
    """Return the metrics, the leading one first, then by how loudly they speak."""
    return sorted(evidence.metrics, key=lambda item: (item.metric is not evidence.lead, -item.recurrence_years))


def card_lines(flag: Flag) -> list[Line]:
    """Return the card, top to bottom, without its closing line."""
    evidence, context = flag.evidence, flag.evidence.context or Context()
    lead = lead_of(evidence)
    lines = [*_unchecked(evidence), Line(who(flag)), Line(verdict(flag)), Line("", BLANK)]
    if lead is not None:
        lines += [Line(line, _LEAD) for line in moved(lead, evidence, flag.chart.days)]
    if flag.silence is not None:
        lines += [Line(line, _REASON) for line in reasons(flag.silence)]
    lines += [Line(line, _OTHERS) for line in others(evidence)]
    lines += [Line(line, _SIZES) for line in sizes(context)]
    lines += [Line("", BLANK), Line(market(evidence), _MARKET)]
    lines += [Line(line, _BEGAN) for line in began(evidence, context)]
    lines += [Line(line, _BAGS) for line in bags(evidence)]
    if context.moved_away is not None and context.moved_away.share >= NOTABLE:
        lines += [Line(line, _BAGS) for line in gone(context.moved_away)]
    lines += [Line(line, _STYLE) for line in style(context)]
    lines += [Line("", BLANK)]
    lines += [Line(line, _LUCK) for line in luck(flag.score, context)]
    lines += [Line(line, _EARLIER) for line in earlier(context.earlier)]
    lines += [Line(line, _DATA) for line in data(context)]
    return [*lines, *(Line(f"• {wording.escape(note, 200)}", _NOTE) for note in evidence.notes)]


def _unchecked(evidence: Evidence) -> Iterator[Line]:
    if not _market_checked(evidence):
        peers = wording.count(math.floor(_effective(evidence)), "peer")
        yield Line(f"⚠️ <b>NOT MARKET-CHECKED</b>: {peers}; {FEW_PEERS} are needed.")


def who(flag: Flag) -> str:
    """Say which wallet: ``#17 · Alice · base · 0x12ab34…12cd34``."""
    chains = flag.evidence.context.chains if flag.evidence.context else ()
    shown = [f"#{flag.flag_id}", wording.clean(flag.label, 40), wording.clean(", ".join(chains), 30)]
    words = " · ".join(wording.escape(part, 40) for part in shown if part)
    return f"<b>{words}</b> · <code>{wording.escape(wording.address(flag.wallet), 24)}</code>"


def verdict(flag: Flag) -> str:
    """Say what happened, in words."""
    evidence, lead = flag.evidence, lead_of(flag.evidence)
    if lead is None:
        return "🔻 <b>It has left its form.</b>"
    shown = from_to(lead)
    if evidence.fell_back:
        level = f", {wording.value(lead.metric, lead.long_run, unit=False)}" if lead.long_run is not None else ""
        return f"↩️ <b>It is back to its long-run level{level}: the streak was probably luck.</b> {_name(lead)} {shown}"
    if lead.metric is Metric.TRADE_FREQUENCY:
        silent = f", {words}" if (words := wording.silent(evidence)) else ""
        if fell(lead):
            return f"🔇 <b>It has gone quiet:</b> {shown}{silent}"
        return f"🔻 <b>It has left its form: it trades far more often,</b> {shown}"
    return f"🔻 <b>It has left its form: {_how(lead, evidence)}</b> {shown}"


def gone_quiet(evidence: Evidence) -> bool:
    """Whether the wallet is flagged because it trades less often."""
    lead = lead_of(evidence)
    return lead is not None and lead.metric is Metric.TRADE_FREQUENCY and fell(lead)


def _how(lead: MetricEvidence, evidence: Evidence) -> str:
    if lead.metric is Metric.WIN_RATE:
        return "it wins less often," if fell(lead) else "its win rate changed,"
    if lead.metric is Metric.OPEN_LOSSES:
        return "it holds on to its losers,"
    wins = next((item for item in evidence.metrics if item.metric is Metric.WIN_RATE), None)
    size = evidence.context.win_size if evidence.context else None
    what = "its wins shrink" if size and size.now < size.before else "its trades earn less"
    if not fell(lead):
        return "its returns changed,"
    return f"{what} while its win rate holds," if wins is not None and within(wins) else f"{what},"


def moved(item: MetricEvidence, evidence: Evidence, days: tuple[date, ...] = ()) -> list[str]:
    """Say the stream that moved: what it is now, what its form is, and what was expected instead.

    ``days`` are those of the chart; the window ends with their last.
    """
    if item.recent is None:
        usual = wording.value(item.metric, item.baseline)
        return [f"<b>{_name(item)}</b> nothing to judge in {wording.count(item.window_days, 'day')}; form {usual}"]
    since = ""
    if days and item.window_days < days[-1].toordinal():
        since = f" since {wording.day(days[-1] - timedelta(days=item.window_days - 1))}"
    now = f"<b>{_name(item)}</b> {wording.value(item.metric, item.recent)}: "
    if item.metric in wording.SHARES and item.n and 0 <= item.recent <= 1:
        some = round(item.recent * item.n)
        worth = max(1.0, min(item.n, item.worth)) if item.worth is not None else item.n
        low, high = wilson(item.recent * worth, worth)
        now += f"{some:,} of {wording.counted(item)}{since} (95 %: {wording.span(item.metric, low, high)})"
    else:
        now += f"{wording.counted(item)}{since}"
    lines = [f"{now} in {wording.count(item.window_days, 'day')}" if not since else now]
    if item.baseline is not None:
        wander = wording.span(item.metric, item.low, item.high)
        usual = f"; its windows usually show {wander}" if wander else ""
        form = wording.value(item.metric, item.baseline, unit=False)
        of = wording.count(evidence.baseline_n, "round trip")
        if item.metric is Metric.TRADE_FREQUENCY:
            of = wording.count(evidence.baseline_days, "day")
        if item.metric is Metric.OPEN_LOSSES:
            lines.append("Under water, and open for longer than 19 of 20 of its round trips were held")
            form = f"at most {form}"
        lines.append(f"Form {form} over {of}{usual}")
    return [*lines, *_expected(item)]


def _expected(item: MetricEvidence) -> Iterator[str]:
    """Expected against actual, the peers' change counted in; in numbers that a person can count where there are."""
    if item.baseline is None or item.recent is None:
        return
    expected = item.baseline + (item.peers_change or 0.0)
    if item.metric in wording.SHARES and 0 <= item.recent <= 1 and abs(expected) < 2:
        some = max(0, min(item.n, round(expected * item.n)))
        told = (
            wording.count(some, "win")
            if item.metric is Metric.WIN_RATE
            else f"{wording.count(some, 'position')} at most"
        )
        yield f"Expected {told}, got {round(item.recent * item.n):,}"
    elif item.metric is Metric.TRADE_FREQUENCY and abs(item.baseline) < 1e6:
        # Its usual range hardly follows the peers, so neither does this.
        yield f"Expected {wording.count(max(0, round(item.baseline * item.window_days)), 'trade')}, got {item.n:,}"
    elif math.isfinite(expected):
        now = wording.value(item.metric, item.recent, unit=False)
        yield f"Expected {wording.value(item.metric, expected, unit=False)}, got {now}"


def others(evidence: Evidence) -> Iterator[str]:
    """Say which of the other streams moved too, and which did not."""
    rest = [item for item in by_weight(evidence) if item.metric is not evidence.lead and item.recent is not None]
    away = [f"{wording.name(item.metric)} {from_to(item)}" for item in rest if not within(item)]
    inside = [_inside(item) for item in rest if within(item)]
    if away:
        yield f"<b>Moved too</b> {', '.join(away)}"
    if inside:
        yield f"<b>Within form</b> {', '.join(inside)}"


def _inside(item: MetricEvidence) -> str:
    usual = wording.span(item.metric, item.low, item.high)
    return (
        f"{wording.name(item.metric)} {wording.value(item.metric, item.recent)}{f' (usual {usual})' if usual else ''}"
    )


def market(evidence: Evidence) -> str:
    """Answer *market or wallet?* with the peers, their change, and how much of the move it explains."""
    ask = "<b>Market or wallet?</b>"
    lead = lead_of(evidence)
    if not _market_checked(evidence):
        return f"{ask} Cannot be told: judged by its own past alone."
    fell_too = wording.moved_too(evidence.lead, evidence.peers_down, evidence.peers)
    if lead is None or lead.peers_change is None:
        return f"{ask} {fell_too}."
    span = wording.change_span(lead.metric, lead.peers_low, lead.peers_high)
    said = f"{fell_too}; peers {wording.change(lead.metric, lead.peers_change)}{f' ({span})' if span else ''}"
    if (share := market_share(lead)) is None:
        return f"{ask} {said}."
    explains = f"{wording.percent(share)} of this move" if share else "none of this move"
    answer = "Wallet" if share < 0.5 else "Both"
    return f"{ask} {answer}: {said}. The market explains {explains}."


def market_share(item: MetricEvidence) -> float | None:
    """How much of a move its peers made too, 0 to 1; 0 where their change may be nothing at all.

    None where it cannot be told.
    """
    if item.recent is None or item.baseline is None or item.peers_change is None or item.recent == item.baseline:
        return None
    if item.peers_low is not None and item.peers_high is not None and item.peers_low <= 0 <= item.peers_high:
        return 0.0
    share = item.peers_change / (item.recent - item.baseline)
    return max(0.0, min(1.0, share)) if share == share else None


def began(evidence: Evidence, context: Context) -> Iterator[str]:
    """Say when the change began, and what following has brought since."""
    parts = []
    if evidence.since:
        within_days = ""
        if evidence.since_from and evidence.since_to:
            within_days = f" ({wording.day(evidence.since_from)} to {wording.day(evidence.since_to)})"
        parts.append(f"<b>Began</b> about {wording.day(evidence.since)}{within_days}.")
    if context.followed_n and context.followed_return is not None:
        brought = wording.brought(STAKE_USD * context.followed_return)
        trips = wording.count(context.followed_n, "round trip")
        parts.append(f"${STAKE_USD} on each of {trips} since {brought}, before your costs.")
    if parts:
        yield " ".join(parts)


def sizes(context: Context) -> Iterator[str]:
    """Say how large wins and losses are, typically."""
    pairs = (("win", context.win_size), ("loss", context.loss_size))
    shown = [
        f"{noun} {wording.percent(shift.before, sign=True)} → {wording.percent(shift.now, sign=True)}"
        for noun, shift in pairs
        if shift is not None
    ]
    if shown:
        yield f"<b>Typical</b> {', '.join(shown)}"


def bags(evidence: Evidence) -> Iterator[str]:
    """Say what was never booked."""
    if evidence.open_bags:
        yield f"<b>Bags</b> {evidence.open_bags:,} open, never sold: counted as losses"


def gone(found: MovedAway | None) -> Iterator[str]:
    """Say what left its positions unsold: no win and no loss of the record."""
    if found is not None:
        yield f"<b>Moved away</b> {wording.moved_away(found)}"


def style(context: Context) -> Iterator[str]:
    """Say how it trades otherwise than it did; set only where that changed."""
    parts = []
    if context.stake_usd is not None:
        parts.append(f"stake {wording.dollars(context.stake_usd.before)} → {wording.dollars(context.stake_usd.now)}")
    if context.holding_s is not None:
        parts.append(f"held {wording.hours(context.holding_s.before)} → {wording.hours(context.holding_s.now)}")
    if parts:
        yield f"<b>Style changed</b> {', '.join(parts)}"


def luck(years: float, context: Context) -> Iterator[str]:
    """Say how often chance alone would do this, to this wallet and to some wallet of the list."""
    often = f"this wallet {wording.recurrence(years)}"
    if context.watched and context.watched > 1:
        some = f"some wallet of your {context.watched:,}"
        together = wording.recurrence(years / context.watched)
        seldom = together == wording.recurrence(years)  # both beyond what is told in years
        often = f"this wallet, and {some}, {together}" if seldom else f"{often}; {some} {together}"
    yield f"<b>By luck alone</b> {often}. This is not the chance that the edge is gone."


def earlier(track: Track | None) -> Iterator[str]:
    """Say how earlier flags of this kind turned out."""
    if track is None or not track.flags:
        return
    told = (
        (track.right, "stayed out of form"),
        (track.wrong, "came back"),
        (track.false_alarms, "called a false alarm"),
    )
    parts = [f"{number:,} {words}" for number, words in told if number]
    flags = wording.count(track.flags, "flag")
    yield f"<b>Earlier</b> {flags} of this kind: {', '.join(parts) or 'none can be told yet'}"


def data(context: Context) -> Iterator[str]:
    """Say how good the data are: the weakest coverage, and what has no price."""
    parts = []
    if context.coverage:
        parts.append(COVERAGE.get(context.coverage) or wording.escape(context.coverage, 40))
    if context.trades and context.unpriced is not None:
        trades = wording.count(context.trades, "trade")
        some = f"{context.unpriced:,} of {trades} without a price"
        parts.append(some if context.unpriced else f"{trades}, all priced")
    if parts:
        yield f"<b>Data</b> {'; '.join(parts)}"


def from_to(item: MetricEvidence) -> str:
    """Return ``61 % → 38 %``."""
    if item.baseline is None:
        return wording.value(item.metric, item.recent)
    return f"{wording.value(item.metric, item.baseline, unit=False)} → {wording.value(item.metric, item.recent)}"


def fell(item: MetricEvidence) -> bool:
    """Whether it is below its form."""
    return item.recent is None or item.baseline is None or item.recent < item.baseline


def within(item: MetricEvidence) -> bool:
    """Whether it is inside its usual range; an unknown range is no reason to say that it moved."""
    if item.recent is None:
        return False
    return not (
        (item.low is not None and item.recent < item.low) or (item.high is not None and item.recent > item.high)
    )


def _market_checked(evidence: Evidence) -> bool:
    return evidence.peers >= FEW_PEERS and _effective(evidence) >= LEAST_WORTH


def _effective(evidence: Evidence) -> float:
    worth = evidence.peers_effective
    if worth is None:
        return evidence.peers
    return (
        max(0.0, min(evidence.peers, worth)) if wording.is_known(worth) else 0.0
    )  # else nobody knows what they are worth


def _name(item: MetricEvidence) -> str:
    return wording.name(item.metric).capitalize()
