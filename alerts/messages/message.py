"""From a flag to what a person reads on Telegram. Pure.

The card comes first as the caption of a chart (at most 1024 visible characters) and is later edited to say what
was decided. Where it would be too long, whole lines go: notes first, then what says least; the wallet, the verdict
and the closing line stay. Only ``<b>``, ``<i>`` and ``<code>`` are used, no links, and all that others wrote is
cleaned and escaped.
"""

from typing import Final

from alerts import wording
from alerts.messages.card import by_weight, card_lines, from_to, market, verdict, who
from alerts.messages.lines import BLANK, CAPTION_LIMIT, TEXT_LIMIT, Line, fit
from alerts.messages.silence import reasons, to_follow
from alerts.messages.wallet_link import wallet_link
from alerts.review import DETAILS, FOLLOW, button_data, describe
from alerts.types import Button, Choice, Decision, Flag, Message
from metrics.types import MetricEvidence

PROMISE: Final = "Nothing was traded."
CLOSING: Final = f"{PROMISE} Your call:"

_BUTTONS: Final = (
    (("Keep", Choice.KEEP), ("Unfollow", Choice.UNFOLLOW)),
    (("Snooze 7 d", Choice.SNOOZE), ("Details", DETAILS)),
)
_SIGN: Final = {
    Choice.KEEP: "✅",
    Choice.UNFOLLOW: "👋",
    Choice.SNOOZE: "💤",
    Choice.FALSE_ALARM: "🙅",
    Choice.NO_DECISION: "⌛",
}


def card(
    flag: Flag,
    *,
    key: bytes,
    chat_id: int,
    chart_png: bytes | None = None,
    repeat: bool = False,
    wallet_url: str | None = None,
) -> Message:
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
    wallet_url
        Template of a link to the user's own tool, see `alerts.messages.wallet_link`.
    """
    lines = [*card_lines(flag), Line("", BLANK), Line(CLOSING)]
    if repeat:
        lines.insert(0, Line("<i>Perhaps a repeat: the first attempt was not confirmed.</i>"))
    buttons = _buttons(flag, key, chat_id)
    if (other := to_follow(flag)) is not None:
        label = f"Follow {wording.address(other)} too"
        data = button_data(flag.flag_id, FOLLOW, key=key, chat_id=chat_id)
        buttons = (*buttons, (Button(label=label, data=data),))
    if (link := wallet_link(wallet_url, flag.wallet)) is not None:
        buttons = (*buttons, (Button(label="Open wallet", url=link),))
    return Message(html=fit(lines, CAPTION_LIMIT), chart_png=chart_png, buttons=buttons)


def decided(flag: Flag, decision: Decision) -> Message:
    """Write the card again with what was decided, by whom and when; without buttons."""
    words = wording.escape(describe(decision), 200)
    note = f": {wording.escape(decision.note, 120)}" if wording.clean(decision.note, 120) else ""
    lines = [*card_lines(flag), Line("", BLANK), Line(PROMISE), Line(f"{_SIGN[decision.choice]} {words}{note}")]
    return Message(html=fit(lines, CAPTION_LIMIT))


def details(flag: Flag) -> Message:
    """Write all that the flag knows, for a message of its own."""
    evidence, wallet = flag.evidence, wording.escape(flag.wallet, 64)
    lines = [Line(who(flag)), Line(f"<code>{wallet}</code>"), Line(verdict(flag)), Line("")]
    for item in by_weight(evidence):
        lines += [Line(f"{_metric(item)} · by chance alone {wording.recurrence(item.recurrence_years)}", 2)]
    if flag.silence is not None:
        lines += [Line(line, 1) for line in reasons(flag.silence)]
        if flag.silence.moved is not None:
            lines += [Line(f"To <code>{wording.escape(flag.silence.moved.to, 64)}</code>", 1)]
    history = f"{wording.count(evidence.baseline_n, 'round trip')} over {wording.count(evidence.baseline_days, 'day')}"
    lines += [Line("", 2), Line(market(evidence), 1), Line(f"<b>Baseline</b> {history}", 1)]
    if evidence.since:
        lines += [Line(f"<b>Since</b> about {evidence.since:%Y-%m-%d}", 3)]
    if (silent := wording.silent(evidence)) is not None:
        lines += [Line(f"<b>{silent.capitalize().replace(' ', '</b> ', 1)}", 3)]
    if evidence.sight:
        lines += [Line(f"<b>Sight</b> {wording.sight(evidence.sight)}", 3)]
    lines += [Line(f"• {wording.escape(note, 400)}", 4) for note in evidence.notes]
    opened = f"Flag #{flag.flag_id}, opened {wording.moment(flag.opened_at)}."
    lines += [Line(""), Line(opened), Line(f"More: <code>edgewatch why {wallet}</code>")]
    return Message(html=fit(lines, TEXT_LIMIT))


def plain(message: Message) -> str:
    """Return the message as a terminal shows it."""
    return wording.strip(message.html)


def _metric(item: MetricEvidence) -> str:
    """Say one metric in two lines, for a narrow screen: the change; then the range, the peers and the sample."""
    if item.recent is None:
        usual, days = wording.value(item.metric, item.baseline), wording.count(item.window_days, "day")
        return f"<b>{wording.name(item.metric).capitalize()}</b> {usual} before; nothing to judge in {days}"
    parts = []
    if span := wording.span(item.metric, item.low, item.high):
        parts.append(f"expected {span}")
    if item.peers_change is not None:
        parts.append(f"peers {wording.change(item.metric, item.peers_change)}")
    notes = " · ".join([*parts, wording.sample(item)])
    return f"<b>{wording.name(item.metric).capitalize()}</b> {from_to(item)}\n{notes}"


def _buttons(flag: Flag, key: bytes, chat_id: int) -> tuple[tuple[Button, ...], ...]:
    return tuple(
        tuple(
            Button(label=label, data=button_data(flag.flag_id, verb, key=key, chat_id=chat_id)) for label, verb in row
        )
        for row in _BUTTONS
    )
