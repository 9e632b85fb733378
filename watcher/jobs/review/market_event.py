"""Tell of a market event once, and again where it has doubled."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection

from alerts.messages.market_event import event_message
from alerts.types import FlagStatus, ListedWallet
from metrics.detector.market_event import OVER, market_event
from metrics.types import Assessment
from watcher.store import flag_log, outbox, usage
from watcher.types import Wallet

_TOLD = "market_event"
GREW = 2.0  #: factor of the wallets in it from which an event is told again


class _Told(msgspec.Struct, frozen=True):
    """The event that was last told."""

    seen: date  #: last day on which it was there
    wallets: int  #: how many it had moved when it was told


def tell_market_event(
    connection: Connection,
    assessments: Sequence[Assessment],
    wallets: Mapping[str, Wallet],
    *,
    now: datetime,
    chats: Sequence[int],
) -> None:
    """Put a message into the outbox where many followed wallets fell with their peers; without a sound.

    Nothing is held back for it: those that fell further have flags of their own, and all are judged again daily.
    """
    judged = [each for each in assessments if wallets[each.wallet].alerted]
    event = market_event(judged)
    if event is None:
        return
    fell = len(event.moved) + len(event.beyond)
    stored = usage.recall(connection, _TOLD)
    known = msgspec.json.decode(stored, type=_Told) if stored is not None else None
    is_new = known is None or now.date() - known.seen > OVER or fell >= GREW * known.wallets
    told = fell if is_new or known is None else known.wallets
    usage.remember(connection, _TOLD, msgspec.json.encode(_Told(seen=now.date(), wallets=told)).decode())
    if is_new:
        waiting = {flag.wallet: flag.flag_id for flag in flag_log.flags(connection) if flag.status is FlagStatus.OPEN}
        names = {
            each.wallet: ListedWallet(
                wallet=each.wallet, label=wallets[each.wallet].label, flag_id=waiting.get(each.wallet)
            )
            for each in judged
        }
        message = event_message(event, names, watched=len(judged))
        outbox.tell(connection, message.html, now, chats, silent=message.silent)
