"""What a person reads when the market moved many of their wallets at once. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from alerts import wording
from alerts.messages.lines import CAPTION_LIMIT
from alerts.messages.message import PROMISE
from alerts.types import ListedWallet, Message
from metrics.detector.market_event import MarketEvent

_MOST: Final = 40  #: names in a list


def event_message(event: MarketEvent, names: Mapping[str, ListedWallet], *, watched: int) -> Message:
    """Write the one message that stands for many flags; it asks for no decision and makes no sound.

    Wallets that fell further than their peers are named, and so are those of which nothing can be said. The others are
    not called fine: that the market explains a fall does not say that nothing else happened.

    Parameters
    ----------
    names
        Address to what a list calls the wallet, for all in the event.
    watched
        Wallets on the list.
    """
    for most in range(_MOST, 0, -1):
        html = "\n".join(_lines(event, names, watched, most))
        if wording.visible_length(html) <= CAPTION_LIMIT:
            break
    return Message(html=html, silent=True)


def _lines(event: MarketEvent, names: Mapping[str, ListedWallet], watched: int, most: int) -> list[str]:
    def listed(wallets: Sequence[str]) -> str:
        shown = ", ".join(named(names[each]) for each in wallets[:most])
        return f"{shown} and {len(wallets) - most:,} more" if len(wallets) > most else shown

    span = wording.change_span(event.metric, event.low, event.high)
    measured = f"{span}, " if span else ""
    change = f"{wording.change(event.metric, event.change)} " if event.change is not None else ""
    many = f"{len(event.moved):,} of your {wording.count(watched, 'wallet')}"
    since = f"since about {wording.day(event.since)}"
    lines = [
        f"🌊 <b>MARKET EVENT: {many} fell, and their peers with them</b>",
        f"Peers: {wording.name(event.metric)} {change}({measured}{wording.count(event.peers, 'peer')}) {since}",
        "",
    ]
    if event.beyond:
        told = "It has left its" if len(event.beyond) == 1 else "They have left their"
        flagged = sum(names[each].flag_id is not None for each in event.beyond)
        lines.append(
            f"<b>Beyond the market</b> {listed(event.beyond)}. {told} form beyond that{_flags(event, flagged)}."
        )
    else:
        lines.append("<b>Beyond the market</b> nobody so far.")
    if event.unknown:
        why = "too few peers, too little history, or days not read"
        lines.append(f"<b>Cannot be told</b> {listed(event.unknown)}: {why}.")
    if event.moved:
        lines.append(
            f"<b>With the market</b> {listed(event.moved)}. The market explains this fall; it may hide another."
        )
    return [*lines, "", "Each is judged again every day.", f"{PROMISE} No decision is asked."]


def _flags(event: MarketEvent, flagged: int) -> str:
    """Say for how many of those beyond the market a flag waits: nothing is promised that does not come."""
    if flagged == len(event.beyond):
        return ", and has a flag of its own" if flagged == 1 else "; each has a flag of its own"
    if not flagged:
        return "; no flag is open about it" if len(event.beyond) == 1 else "; no flag is open about them"
    flags = wording.count(flagged, "flag")
    return f"; {flags} of their own {'is' if flagged == 1 else 'are'} open, for those with a number"


def named(item: ListedWallet) -> str:
    """Say a wallet in a list: its flag, and its label or else its address."""
    number = f"#{item.flag_id} " if item.flag_id is not None else ""
    return f"{number}{wording.escape(item.label, 16) or wording.escape(wording.address(item.wallet), 24)}"
