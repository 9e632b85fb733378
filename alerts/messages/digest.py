"""Many flags, or a quiet week, in as few messages as hold them. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from alerts import wording
from alerts.messages.card import from_to, lead_of
from alerts.messages.lines import TEXT_LIMIT
from alerts.messages.market_event import named
from alerts.messages.message import PROMISE
from alerts.types import Flag, FlagStatus, ListedWallet, Message
from metrics.types import Assessment, Sight, State

NEAREST: Final = 3  #: wallets nearest to a flag
STATES: Final = {
    State.FLAGGED: "out of form",
    State.WATCH: "on watch",
    State.MARKET: "down with the market",
    State.OK: "in form, as far as can be seen",
    State.LEARNING: "with too little history",
}
_STATUS: Final = {
    FlagStatus.OPEN: "waiting for you",
    FlagStatus.KEPT: "kept",
    FlagStatus.UNFOLLOWED: "unfollowed",
    FlagStatus.SNOOZED: "snoozed",
    FlagStatus.FALSE_ALARM: "false alarm",
    FlagStatus.NO_DECISION: "never answered",
}


def digest(
    title: str,
    flags: Sequence[Flag],
    *,
    wallets: Sequence[tuple[ListedWallet, Assessment]] = (),
    facts: Sequence[str] = (),
) -> tuple[Message, ...]:
    """Write all flags, one line each and none dropped, and how the list stands.

    Parameters
    ----------
    title
        Plain text, for example ``Digest, 24 Jun to 1 Jul``.
    flags
        In the order in which they shall stand.
    wallets
        Everyone on the list with the newest assessment: counted by state; the three nearest to a flag are named, and
        what could be seen at all is said.
    facts
        Plain sentences to end with: coverage, budget, how earlier flags turned out.

    Returns
    -------
    tuple of Message
        As many as Telegram's limit asks for, at least one. Only the first makes a sound, and only where a flag waits
        for a decision.
    """
    waiting = sum(flag.status is FlagStatus.OPEN for flag in flags)
    lines = [_counts(flags), *map(_flag, flags)]
    if wallets:
        lines += [
            "",
            _states(wallets),
            *_nearest(wallets),
            *_gains(wallets),
            _sight([item.evidence.sight for _, item in wallets]),
        ]
    lines += [wording.escape(fact, 300) for fact in facts]
    ask = " Decide by the buttons of a card, or with <code>edgewatch flags decide</code>." if waiting else ""
    pages = list(_pages([*lines, "", f"{PROMISE}{ask}"]))
    name = wording.escape(title, 100)
    return tuple(
        Message(
            html=f"<b>{name}</b>{f' ({i} of {len(pages)})' if len(pages) > 1 else ''}\n{page}",
            silent=not waiting or i > 1,
        )
        for i, page in enumerate(pages, 1)
    )


def _counts(flags: Sequence[Flag]) -> str:
    if not flags:
        return "No flags. No flag is not health."
    by_status = Counter(flag.status for flag in flags)
    parts = [f"{by_status[status]:,} {words}" for status, words in _STATUS.items() if by_status[status]]
    return f"{wording.count(len(flags), 'flag')}: {', '.join(parts)}."


def _flag(flag: Flag) -> str:
    lead = lead_of(flag.evidence)
    what = f"{wording.name(lead.metric)} {from_to(lead)}" if lead else "left its form"
    label = wording.escape(flag.label, 24)
    who = [f"#{flag.flag_id}", label, wording.escape(wording.address(flag.wallet), 24), what, _STATUS[flag.status]]
    return " · ".join(part for part in who if part)


def _states(wallets: Sequence[tuple[ListedWallet, Assessment]]) -> str:
    counted = Counter(item.state for _, item in wallets)
    parts = [f"{counted[state]:,} {words}" for state, words in STATES.items() if counted[state]]
    return f"<b>{wording.count(len(wallets), 'wallet')}</b>: {', '.join(parts)}."


def _nearest(wallets: Sequence[tuple[ListedWallet, Assessment]]) -> Iterator[str]:
    judged = [(who, item) for who, item in wallets if item.state in {State.OK, State.WATCH} and lead_of(item.evidence)]
    near = sorted(judged, key=lambda pair: (-pair[1].score, pair[0].wallet))[:NEAREST]
    if near:
        yield "<b>Nearest to a flag</b>"
    for who, item in near:
        lead = lead_of(item.evidence)
        assert lead is not None
        yield f"{named(who)} · {wording.name(lead.metric)} {from_to(lead)} · by luck {wording.recurrence(item.score)}"


def _gains(wallets: Sequence[tuple[ListedWallet, Assessment]]) -> Iterator[str]:
    better = [f"{named(who)}, {wording.gain(item.evidence.gain)}" for who, item in wallets if item.evidence.gain]
    if better:
        yield "<b>Up</b>"
        yield from better


def _sight(seen: Sequence[Sight | None]) -> str:
    days = [each.win_rate_drop_20pp_days for each in seen if each is not None]
    told = sorted(day for day in days if day is not None and wording.is_known(day))
    blind = len(seen) - len(told)
    if not told:
        return "<b>Sight</b> no wallet trades enough for a 20-point drop to show within a year."
    first, last = (wording.figure(day, most=wording.MANY) for day in (told[0], told[-1]))
    span = f"{last} day{'' if last == '1' else 's'}" if first == last else f"{first} to {last} days"
    rest = f"; for {blind:,} not within a year" if blind else ""
    return f"<b>Sight</b> a 20-point drop would show in {span}{rest}."


def _pages(lines: Sequence[str]) -> Iterator[str]:
    """Pack whole lines into pages; each line is far shorter than a page."""
    page: list[str] = []
    for line in lines:
        # Room for the title and the page's number, 100 + 20 characters.
        if page and wording.visible_length("\n".join([*page, line])) > TEXT_LIMIT - 140:
            yield "\n".join(page)
            page = []
        page.append(line)
    yield "\n".join(page)
