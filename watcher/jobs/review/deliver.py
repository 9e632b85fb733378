"""Send what the outbox holds. At least once, in order for each chat; a doubtful attempt is repeated and says so."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

import structlog
from sqlalchemy import Connection, Engine

from alerts import wording
from alerts.charts import metric_chart
from alerts.errors import DeliveryError
from alerts.messages import message
from alerts.messages.digest import digest
from alerts.review import CARD, button_data
from alerts.types import Button, ChartSeries, Flag, FlagStatus, Message
from watcher.jobs.review.owed import put_owed
from watcher.store import flag_log, outbox
from watcher.store.sql.database import reading, writing
from watcher.types import Delivery

FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(minutes=5)
DOUBTFUL_WAIT: Final = timedelta(minutes=30)  #: at most, after an attempt that may have arrived: each one may be a copy
CLOSED_WAIT: Final = timedelta(hours=1)  #: at most, before a chat that refused is tried again
STORM: Final = 5  #: flags in a day that get a card each
DAY: Final = timedelta(days=1)
JUST_NOW: Final = timedelta(minutes=5)  #: in which cards go out before it is noticed that presses arrive again
_MOST_BUTTONS: Final = 90  # Telegram takes 100

log = structlog.get_logger()


class Channel(Protocol):
    """What delivering needs of the bot."""

    def send(self, chat_id: int, message: Message) -> int:
        """Send a message and return its id, or raise ``DeliveryError``."""

    def edit(self, chat_id: int, message_id: int, message: Message) -> bool:
        """Replace a message; False if it is gone. Raises ``DeliveryError`` where nobody knows."""


def flag_message(
    flag: Flag, *, key: bytes, chat_id: int, repeat: bool = False, wallet_url: str | None = None
) -> Message:
    """The card of a flag with its chart and buttons; where the chart cannot be drawn, without it."""
    try:
        picture = _drawn(flag.chart, chart_title(flag))
    except Exception:  # whatever a library finds wrong: the words shall arrive, and what waits behind them
        log.exception("chart_not_drawn", flag=flag.flag_id)
        picture = None
    return message.card(flag, key=key, chat_id=chat_id, chart_png=picture, repeat=repeat, wallet_url=wallet_url)


@lru_cache(maxsize=STORM)
def _drawn(series: ChartSeries, title: str) -> bytes:
    """Draw a chart, once for all chats."""
    return metric_chart.draw(series, title=title)


def chart_title(flag: Flag) -> str:
    """A name for the picture: the label with the address, and what is drawn."""
    return f"{wording.clean(flag.label, 16)} {wording.short(flag.wallet)}: {wording.name(flag.chart.metric)}".strip()


def card_buttons(flags: Sequence[Flag], *, key: bytes, chat_id: int) -> tuple[tuple[Button, ...], ...]:
    """Buttons that ask for the cards of flags, two in a row."""
    buttons = [
        Button(
            label=f"#{flag.flag_id} {wording.clean(flag.label, 20) or wording.short(flag.wallet)}",
            data=button_data(flag.flag_id, CARD, key=key, chat_id=chat_id),
        )
        for flag in flags[:_MOST_BUTTONS]
    ]
    return tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2))


def deliver_once(
    engine: Engine,
    channel: Channel,
    *,
    key: bytes,
    chats: Sequence[int],
    clock: Callable[[], datetime],
    wallet_url: str | None = None,
    quiet: Callable[[datetime], bool] = lambda _: False,
) -> int:
    """Send every message that is due; returns how many arrived.

    Parameters
    ----------
    channel
        The bot.
    key
        Binds the buttons to this installation; the chat binds them too.
    chats
        Whom to tell, at least one: each of every open flag, see ``watcher.jobs.review.owed``. Other words that wait for
        a chat that is none of these go to the first.
    clock
        UTC; a waiting time that Telegram asks for begins when it asks.
    wallet_url
        Template of a link to the user's own tool, see ``alerts.messages.wallet_link``.
    quiet
        Whether messages make no sound at a time.

    Raises
    ------
    DeliveryError
        A chat as such is closed (blocked, gone), or the token is revoked: everything stays in the outbox and is tried
        again, soon at first, then once an hour. The other chats were served first.
    """
    with writing(engine) as connection:
        put_owed(connection, key, chats, clock())
        for chat_id in chats:
            _fold_storm(connection, chat_id, clock())
    arrived, closed = 0, None
    for chat_id in chats:
        try:
            arrived += _serve(engine, channel, chat_id, key, clock, wallet_url, quiet)
        except DeliveryError as error:
            if error.moved_to is not None and error.moved_to in chats:  # whom to follow there was decided by a person
                with writing(engine) as connection:
                    outbox.hand_over(connection, chat_id, error.moved_to, clock())
            else:
                closed = error
    if closed is not None:
        raise closed
    return arrived


def _serve(
    engine: Engine,
    channel: Channel,
    chat_id: int,
    key: bytes,
    clock: Callable[[], datetime],
    wallet_url: str | None,
    quiet: Callable[[datetime], bool],
) -> int:
    arrived = 0
    while True:
        with writing(engine) as connection:
            delivery = outbox.claim(connection, clock(), chat_id)
        if delivery is None:
            return arrived
        with reading(engine) as connection:
            words = _render(connection, delivery, chat_id, key, wallet_url)
        message_id = delivery.message_id
        try:
            if delivery.kind == "decided":
                assert message_id is not None, "an edit is queued with the message that it changes"
                channel.edit(chat_id, message_id, words)
            else:
                message_id = channel.send(chat_id, replace(words, silent=words.silent or quiet(clock())))
        except DeliveryError as error:
            longest = CLOSED_WAIT if error.permanent else DOUBTFUL_WAIT if error.uncertain else LONGEST_WAIT
            wait = min(longest, FIRST_WAIT * 2 ** min(delivery.tries, 10))
            if error.retry_after is not None:
                wait = timedelta(seconds=error.retry_after)
            doubtful = delivery.doubtful or error.uncertain
            with writing(engine) as connection:
                outbox.unsent(connection, delivery.outbox_id, str(error), again_at=clock() + wait, doubtful=doubtful)
            if error.permanent:
                raise
            return arrived  # order is kept: what comes after waits too
        with writing(engine) as connection:
            outbox.sent(connection, delivery.outbox_id, message_id, clock())
        arrived += 1


def _render(connection: Connection, item: Delivery, chat_id: int, key: bytes, wallet_url: str | None) -> Message:
    """Write a message as things stand now: a flag that was decided meanwhile says so."""
    repeat = "<i>Perhaps a repeat: the first attempt was not confirmed.</i>\n" if item.doubtful else ""
    if item.kind in {"words", "storm"}:
        asked = [flag for flag_id in item.about if (flag := flag_log.find_flag(connection, flag_id)) is not None]
        waiting = [flag for flag in asked if flag.status is FlagStatus.OPEN]
        buttons = card_buttons(waiting, key=key, chat_id=chat_id)
        return Message(html=repeat + (item.html or ""), buttons=buttons, silent=item.silent)
    assert item.flag_id is not None, "all but words are about a flag"
    flag = flag_log.find_flag(connection, item.flag_id)
    assert flag is not None, "the outbox refers to flags by a foreign key"
    made = flag_log.decisions(connection, flag_id=item.flag_id)
    if made and flag.status is not FlagStatus.OPEN:
        shown = message.decided(flag, made[-1])
        return shown if item.kind == "decided" else replace(shown, silent=True)
    if item.kind == "again":
        asked_again = message.card(flag, key=key, chat_id=chat_id, wallet_url=wallet_url)
        return replace(asked_again, html=f"{repeat}{item.html}\n\n{asked_again.html}")
    return flag_message(flag, key=key, chat_id=chat_id, repeat=item.doubtful, wallet_url=wallet_url)


def _fold_storm(connection: Connection, chat_id: int, now: datetime) -> None:
    """Let one message tell of many flags: more than `STORM` within a day would bury the person. None is dropped."""
    due, told = outbox.untold(connection, chat_id, now), outbox.told_since(connection, chat_id, now - DAY)
    if due and len(due) + told > STORM:
        title = f"{wording.count(len(due), 'wallet')} left {'its' if len(due) == 1 else 'their'} form"
        tell_of(connection, title, due, now, [chat_id], silent=told > STORM)


def tell_of(
    connection: Connection, title: str, flag_ids: Sequence[int], now: datetime, chats: Sequence[int], *, silent: bool
) -> None:
    """Put one line for each flag into the outbox, in as few messages as hold them, instead of their cards."""
    for first in range(0, len(flag_ids), _MOST_BUTTONS):  # below each message, a button for each of its flags
        these = flag_ids[first : first + _MOST_BUTTONS]
        found = [flag for flag_id in these if (flag := flag_log.find_flag(connection, flag_id)) is not None]
        pages = digest(title, found)
        for page in pages:
            about, quietly = these if page is pages[-1] else (), silent or page.silent or first > 0
            outbox.tell(connection, page.html, now, chats, about=about, silent=quietly, instead=True)
    for chat_id in chats:
        outbox.fold(connection, chat_id, flag_ids, now)


def ask_all_again(connection: Connection, title: str, now: datetime, chats: Sequence[int]) -> None:
    """Ask every open flag again in one message, but those whose cards came just now: these were not pressed before."""
    outbox.owe(connection, now, chats)
    new = outbox.told_to_all(connection, chats, now - JUST_NOW)
    waiting = [flag.flag_id for flag in flag_log.flags(connection) if flag.status is FlagStatus.OPEN]
    if asked := [flag_id for flag_id in waiting if flag_id not in new]:
        tell_of(connection, title, asked, now, chats, silent=False)
