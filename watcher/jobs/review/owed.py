"""Every open flag reaches every chat that is configured, however late the chat or the bot's token came.

A flag is told in a chat by one card (or by one message of many flags) whose buttons work there. What that asks for is
found out from the outbox before each delivery, so it does not matter in which order flags are opened and chats set up.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from watcher.store import outbox, usage

_KEY: Final = "button_key"  # memo: a fingerprint of the secret that signs buttons
_NEW_KEY: Final = "⚠️ <b>The bot's token is new</b>: buttons of older messages do nothing. Open flags come again."


def fingerprint(key: bytes) -> str:
    """What may be stored of the secret that signs buttons, to tell it from another."""
    return hashlib.sha256(b"edgewatch key:" + key).hexdigest()[:16]


def put_owed(connection: Connection, key: bytes, chats: Sequence[int], now: datetime) -> None:
    """Put into the outbox what each chat was not told yet.

    Parameters
    ----------
    key
        Signs buttons. With another one than before, cards that were sent count no longer: their buttons are dead.
    chats
        Those that are configured, at least one.
    now
        UTC.
    """
    outbox.readdress(connection, chats)
    mark = fingerprint(key)
    before = usage.recall(connection, _KEY)
    if before is not None and before != mark:
        shown = outbox.void_cards(connection)
        outbox.tell(connection, _NEW_KEY, now, [chat_id for chat_id in chats if chat_id in shown], silent=False)
    if before != mark:
        usage.remember(connection, _KEY, mark)
    outbox.owe(connection, now, chats)
