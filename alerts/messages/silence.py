"""What a person reads about why a wallet may have gone quiet. Pure."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from alerts import wording
from alerts.types import Flag
from metrics.outflows import LARGE
from metrics.types import ChainUse, MovedOut, Silence

CROWD: Final = 1_000  #: transactions since the transfer from which an address is no person's
_MOST: Final = 6  #: chains in a list


def reasons(found: Silence) -> Iterator[str]:
    """Say where its tokens went, what else it did, or that nothing is known: lines of Telegram's HTML."""
    told = []
    if found.moved is not None:
        told.append(_moved(found, found.moved))
    if busy := [use for use in found.chains if (use.sent or 0) > (use.trades or 0)]:
        told.append(f"<b>Not silent</b> Since {wording.day(found.since)} it sent {_list(map(_sent, busy))}.")
    for use in found.chains:
        if _drained(use):
            coin, chain = _name(use.coin), _name(use.chain)
            change = f"{wording.coins(use.coin_before)} → {wording.coins(use.coin_now)} {coin} on {chain}"
            told.append(f"<b>Native coin</b> {change}; where to is not known.")
    idle = [_name(use.chain) for use in found.chains if use.sent is not None and use not in busy]
    if not told:
        none = f", nor any other transaction of its own on {_list(idle)}" if idle else ""
        came = f" {wording.count(found.came, 'transfer')} came in{': only arrivals' if _only_arrivals(found) else ''}."
        line = f"<b>Why quiet?</b> Since {wording.day(found.since)} no large transfer out is known{none}."
        told.append(line + (came if found.came else ""))
    yield from told
    if unknown := [_name(use.chain) for use in found.chains if use.sent is None]:
        yield f"<b>Not known</b> whether it is busy on {_list(unknown)}."


def to_follow(flag: Flag) -> str | None:
    """The address that a person may want to follow; None where there is none, or it is no person's wallet."""
    found = flag.silence
    if found is None or found.moved is None or found.listed or found.contract is not False or _crowded(found):
        return None
    return found.moved.to


def newest(flags: Iterable[Flag]) -> Silence | None:
    """What was found about the newest of a wallet's flags, unless it is seen back in form since."""
    last = max(flags, key=lambda flag: flag.flag_id, default=None)
    return None if last is None or last.recovered_at is not None else last.silence


def _moved(found: Silence, moved: MovedOut) -> str:
    days = wording.day(moved.first_at)
    if moved.last_at.date() != moved.first_at.date():
        days = f"{days} to {wording.day(moved.last_at)}"
    to = f"<code>{wording.escape(wording.address(moved.to), 24)}</code> on {days}"
    head = f"<b>Where to</b> {wording.percent(moved.share)} of its known holdings moved to"
    if found.contract:
        return f"{head} the contract {to}: a vault, a bridge, an exchange or a Safe."
    if found.listed:
        return f"{head} {to}; {_there(found)}. It is on your list already."
    if _crowded(found):
        return f"{head} {to}; {_there(found)}: perhaps an exchange."
    return f"{head} {to}; {_there(found)}.{' Follow it?' if found.contract is False else ''}"


def _there(found: Silence) -> str:
    if found.trades_there is not None:
        return f"{wording.count(found.trades_there, 'trade')} there since"
    if found.sent_there is not None:
        return f"{wording.count(found.sent_there, 'transaction')} there since, not read"
    return "what it did since is not known"


def _crowded(found: Silence) -> bool:
    return found.sent_there is not None and found.sent_there > CROWD


def _sent(use: ChainUse) -> str:
    trades = f"{wording.count(use.trades, 'trade')} among them" if use.trades else "no trade among them"
    if use.trades is None:
        trades = "not read for it"
    return f"{wording.count(use.sent or 0, 'transaction')} on {_name(use.chain)} ({trades})"


def _drained(use: ChainUse) -> bool:
    before, now = use.coin_before, use.coin_now
    if before is None or now is None or not wording.is_known(before) or not wording.is_known(now) or before <= 0:
        return False
    return now <= before * (1 - Decimal(LARGE))


def _only_arrivals(found: Silence) -> bool:
    """Whether it is known to have done nothing while tokens came in."""
    return not found.went and bool(found.chains) and all(use.sent == 0 for use in found.chains)


def _name(word: str) -> str:
    return wording.escape(word, 20)


def _list(words: Iterable[str]) -> str:
    shown = list(words)
    more = f" and {len(shown) - _MOST} more" if len(shown) > _MOST else ""
    return f"{', '.join(shown[:_MOST])}{more}"
