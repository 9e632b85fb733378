"""Send what the outbox holds. At least once, in order; a doubtful attempt is repeated and says so."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine

from alerts import chart, message, text
from alerts.errors import DeliveryError
from alerts.types import Flag, Message
from watcher.store import review
from watcher.store.database import reading, writing

FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=30)


def flag_message(
    flag: Flag, *, key: bytes, chat_id: int, repeat: bool = False, wallet_url: str | None = None
) -> Message:
    """The card of a flag with its chart and buttons."""
    picture = chart.draw(flag.chart, title=chart_title(flag))
    return message.card(flag, key=key, chat_id=chat_id, chart_png=picture, repeat=repeat, wallet_url=wallet_url)


def chart_title(flag: Flag) -> str:
    """A name for the picture: the label with the address, and what is drawn."""
    return f"{text.clean(flag.label, 16)} {text.short(flag.wallet)}: {text.name(flag.chart.metric)}".strip()


def deliver_once(
    engine: Engine,
    send: Callable[[Message], int],
    *,
    key: bytes,
    chat_id: int,
    now: datetime,
    wallet_url: str | None = None,
) -> int:
    """Send every message that is due; returns how many arrived.

    Parameters
    ----------
    send
        Sends one message and returns its Telegram id, or raises ``DeliveryError``.
    key, chat_id
        Bind the buttons to this installation and chat.
    now
        UTC.
    wallet_url
        Template of a link to the user's own tool, see ``alerts.link``.

    Raises
    ------
    DeliveryError
        The channel as such is closed (blocked, revoked): the message stays in the outbox as failed.
    """
    arrived = 0
    while True:
        with writing(engine) as connection:
            delivery = review.claim(connection, now)
        if delivery is None:
            return arrived
        with reading(engine) as connection:
            flag = review.find_flag(connection, delivery.flag_id)
        assert flag is not None, "the outbox refers to flags by a foreign key"
        try:
            again = delivery.tries > 1
            message_id = send(flag_message(flag, key=key, chat_id=chat_id, repeat=again, wallet_url=wallet_url))
        except DeliveryError as error:
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(delivery.tries, 10))
            if error.retry_after is not None:
                wait = timedelta(seconds=error.retry_after)
            with writing(engine) as connection:
                again_at = None if error.permanent else now + wait
                review.unsent(connection, delivery.outbox_id, str(error), again_at=again_at)
            if error.permanent:
                raise
            return arrived  # order is kept: what comes after waits too
        with writing(engine) as connection:
            review.sent(connection, delivery.outbox_id, message_id, now)
        arrived += 1
