"""What a person reads when the market moved many of their wallets at once. Pure."""

from collections.abc import Sequence
from typing import Final

from alerts import text
from alerts.lines import CAPTION_LIMIT
from alerts.message import PROMISE
from alerts.types import MarketEvent, Message, Named

_MOST: Final = 40  #: names in a list


def market_event(event: MarketEvent, *, chart_png: bytes | None = None) -> Message:
    """Write the one message that stands for many flags; it asks for no decision and makes no sound.

    Wallets that fell further than their peers are named, and so are those of which nothing can be said. The others are
    not called fine: that the market explains a fall does not say that nothing else happened.
    """
    for most in range(_MOST, 0, -1):
        html = "\n".join(_lines(event, most))
        if text.visible_length(html) <= CAPTION_LIMIT:
            break
    return Message(html=html, chart_png=chart_png, silent=True)


def _lines(event: MarketEvent, most: int) -> list[str]:
    fell = len(event.moved) + len(event.beyond)
    span = text.change_span(event.metric, event.low, event.high)
    measured = f"{span}, " if span else ""
    change = f"{text.change(event.metric, event.change)} " if event.change is not None else ""
    since = f" since about {text.day(event.since)}" if event.since else ""
    many = f"{fell:,} of your {text.count(event.watched, 'wallet')}"
    lines = [
        f"🌊 <b>MARKET EVENT: {many} fell, and their peers with them</b>",
        f"Peers: {text.name(event.metric)} {change}({measured}{text.count(event.peers, 'peer')}){since}",
        "",
    ]
    if event.beyond:
        told = (
            "It fell further than its peers and has"
            if len(event.beyond) == 1
            else "They fell further than their peers; each has"
        )
        lines.append(f"<b>Beyond the market</b> {_names(event.beyond, most)}. {told} a card of its own.")
    else:
        lines.append("<b>Beyond the market</b> nobody so far.")
    if event.unknown:
        why = "too few peers, too little history, or days not read"
        lines.append(f"<b>Cannot be told</b> {_names(event.unknown, most)}: {why}.")
    if event.moved:
        lines.append(
            f"<b>With the market</b> {_names(event.moved, most)}. The market explains this fall; it may hide another."
        )
    return [*lines, "", "Each is judged again every day.", f"{PROMISE} No decision is asked."]


def _names(items: Sequence[Named], most: int) -> str:
    shown = ", ".join(named(item) for item in items[:most])
    return f"{shown} and {len(items) - most:,} more" if len(items) > most else shown


def named(item: Named) -> str:
    """Say a wallet in a list: its flag, and its label or else its address."""
    number = f"#{item.flag_id} " if item.flag_id is not None else ""
    return f"{number}{text.escape(item.label, 16) or text.escape(text.address(item.wallet), 24)}"
