"""From a flag to what a person reads on Telegram. Pure.

The card comes first as the caption of a chart (at most 1024 visible characters) and is later edited to say what
was decided. Where it would be too long, whole lines go: notes first, then what says least; verdict, flag id
and the closing line stay. Only ``<b>``, ``<i>`` and ``<code>`` are used, no links, and all that others wrote is
cleaned and escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from alerts import text
from alerts.review import DETAILS, button_data, describe
from alerts.types import Button, Choice, Decision, Flag, Message
from metrics.types import Evidence, Metric, MetricEvidence

CAPTION_LIMIT: Final = 1024  #: UTF-16 units after entities, Telegram's limit under a photo
TEXT_LIMIT: Final = 4096  #: the same without a photo
CLOSING: Final = "Nothing is done automatically."

_BUTTONS: Final = (
    (("Keep", Choice.KEEP), ("Unfollow", Choice.UNFOLLOW)),
    (("Snooze 7 d", Choice.SNOOZE), ("Details", DETAILS)),
)
_SIGN: Final = {Choice.KEEP: "✅", Choice.UNFOLLOW: "👋", Choice.SNOOZE: "💤", Choice.FALSE_ALARM: "🙅"}
_STAYS: Final = 0


@dataclass(frozen=True, slots=True)
class _Line:
    html: str
    rank: int = _STAYS  #: lines with the highest rank are dropped first


def card(flag: Flag, *, key: bytes, chat_id: int, chart_png: bytes | None = None, repeat: bool = False) -> Message:
    """Write the message that puts a flag before a person.

    Parameters
    ----------
    flag
        The flag with its frozen evidence.
    key, chat_id
        Bind the buttons to this installation and chat, see `alerts.review`.
    chart_png
        The chart, if there is one.
    repeat
        An earlier attempt may have arrived already; the message says so.
    """
    lines = _lines(flag)
    if repeat:
        lines.insert(0, _Line("<i>Perhaps a repeat: the first attempt was not confirmed.</i>"))
    return Message(html=_fit(lines, CAPTION_LIMIT), chart_png=chart_png, buttons=_buttons(flag, key, chat_id))


def decided(flag: Flag, decision: Decision) -> Message:
    """Write the card again with what was decided, by whom and when; without buttons."""
    words = text.escape(describe(decision), 200)
    note = f": {text.escape(decision.note, 120)}" if text.clean(decision.note, 120) else ""
    verdict = _Line(f"{_SIGN[decision.choice]} {words}{note}")
    return Message(html=_fit([*_lines(flag), _Line(""), verdict], CAPTION_LIMIT))


def details(flag: Flag) -> Message:
    """Write all that the flag knows, for a message of its own."""
    evidence, wallet = flag.evidence, text.escape(flag.wallet, 64)
    lines = [_Line(_verdict(flag)), _Line(f"<code>{wallet}</code>"), _Line("")]
    for item in _by_weight(evidence):
        lines += [_Line(f"{_metric(item)} · by chance alone {text.recurrence(item.recurrence_years)}", 2)]
    history = f"{text.count(evidence.baseline_n, 'round trip')} over {text.count(evidence.baseline_days, 'day')}"
    lines += [_Line("", 2), _Line(_market(evidence), 1), _Line(f"<b>Baseline</b> {history}", 1)]
    lines += [_Line(line, 3) for line in (_when(flag), _sight(evidence)) if line]
    lines += [_Line(f"• {text.escape(note, 400)}", 4) for note in evidence.notes]
    lines += [_Line(""), _Line(_signature(flag)), _Line(f"More: <code>edgewatch why {wallet}</code>")]
    return Message(html=_fit(lines, TEXT_LIMIT))


def plain(message: Message) -> str:
    """Return the message as a terminal shows it."""
    return text.strip(message.html)


def _lines(flag: Flag) -> list[_Line]:
    """Return the card, top to bottom; the weaker a metric speaks, the sooner its line may go."""
    evidence = flag.evidence
    lines = [_Line(_verdict(flag)), _Line("")]
    lines += [_Line(_metric(item), 1 + place) for place, item in enumerate(_by_weight(evidence))]
    lines += [_Line("", 1), _Line(_market(evidence), 1)]
    lines += [_Line(f"<b>Chance alone</b> would do this {text.recurrence(flag.score)}.", 1)]
    lines += [_Line(_when(flag), 5)] if _when(flag) else []
    lines += [_Line(_sight(evidence), 6)] if evidence.sight else []
    lines += [_Line(f"• {text.escape(note, 200)}", 7) for note in evidence.notes]
    return [*lines, _Line(""), _Line(_signature(flag)), _Line(CLOSING)]


def _fit(lines: Sequence[_Line], limit: int) -> str:
    """Join the lines; while that is too long, drop the last line of the highest rank."""
    kept = list(lines)
    while text.visible_length(whole := "\n".join(line.html for line in kept)) > limit:
        worst = max(range(len(kept)), key=lambda i: (kept[i].rank, i))
        if kept[worst].rank == _STAYS:  # cannot be: what stays is cut to length where it is made
            raise ValueError("the lines that must stay are too long")
        del kept[worst]
    return whole


def _verdict(flag: Flag) -> str:
    label = text.escape(flag.label, 40)
    who = f"{text.escape(text.short(flag.wallet), 16)} “{label}”" if label else text.escape(text.short(flag.wallet), 16)
    lead = _lead(flag.evidence)
    if lead is None:
        return f"🔻 <b>{who} has left its form</b>"
    if lead.metric is Metric.TRADE_FREQUENCY and _fell(lead):
        return f"🔇 <b>{who} has gone quiet</b>: {_from_to(lead)}"
    return f"🔻 <b>{who} has left its form: {text.name(lead.metric)}</b> {_from_to(lead)}"


def _metric(item: MetricEvidence) -> str:
    """Say one metric in two lines, for a narrow screen: the change; then the range, the peers and the sample."""
    if item.recent is None:
        usual, days = text.value(item.metric, item.baseline), text.count(item.window_days, "day")
        return f"<b>{text.name(item.metric).capitalize()}</b> {usual} before; nothing to judge in {days}"
    parts = []
    if item.low is not None and item.high is not None:
        low, high = (text.value(item.metric, edge, unit=False) for edge in (item.low, item.high))
        parts.append(f"expected {low.removesuffix(' %') if high.endswith(' %') else low} to {high}")
    if item.peers_change is not None:
        parts.append(f"peers {text.change(item.metric, item.peers_change)}")
    notes = " · ".join([*parts, text.sample(item)])
    return f"<b>{text.name(item.metric).capitalize()}</b> {_from_to(item)}\n{notes}"


def _from_to(item: MetricEvidence) -> str:
    if item.baseline is None:
        return text.value(item.metric, item.recent)
    return f"{text.value(item.metric, item.baseline, unit=False)} → {text.value(item.metric, item.recent)}"


def _market(evidence: Evidence) -> str:
    lead = _lead(evidence)
    if not evidence.peers:
        return "<b>Market or wallet?</b> No peer group: judged by its own past alone."
    peers = f"{evidence.peers_down} of {text.count(evidence.peers, 'peer')} fell too"
    if lead is None or lead.peers_change is None:
        return f"<b>Market or wallet?</b> {peers}."
    return f"<b>Market or wallet?</b> {peers}; peers {text.change(lead.metric, lead.peers_change)}."


def _when(flag: Flag) -> str:
    evidence = flag.evidence
    parts = [f"<b>Since</b> about {evidence.since:%Y-%m-%d}"] if evidence.since else []
    if evidence.silent_days is not None and evidence.silent_days >= 1:
        parts.append(f"silent for {text.count(evidence.silent_days, 'day')}")
    return "; ".join(parts)


def _sight(evidence: Evidence) -> str:
    return f"<b>Sight</b> {text.sight(evidence.sight)}" if evidence.sight else ""


def _signature(flag: Flag) -> str:
    return f"Flag #{flag.flag_id}, opened {text.moment(flag.opened_at)}."


def _lead(evidence: Evidence) -> MetricEvidence | None:
    return next((item for item in evidence.metrics if item.metric is evidence.lead), None)


def _by_weight(evidence: Evidence) -> list[MetricEvidence]:
    """Return the metrics, the leading one first, then by how loudly they speak."""
    return sorted(evidence.metrics, key=lambda item: (item.metric is not evidence.lead, -item.recurrence_years))


def _fell(item: MetricEvidence) -> bool:
    return item.recent is None or item.baseline is None or item.recent < item.baseline


def _buttons(flag: Flag, key: bytes, chat_id: int) -> tuple[tuple[Button, ...], ...]:
    return tuple(
        tuple(
            Button(label=label, data=button_data(flag.flag_id, verb, key=key, chat_id=chat_id)) for label, verb in row
        )
        for row in _BUTTONS
    )
