"""The bot as a worker thread sees it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from alerts.errors import DeliveryError
from alerts.telegram.bot import TelegramBot
from alerts.types import Message

_PATIENCE_S: Final = 120.0
_T = TypeVar("_T")


class LoopChannel:
    """Hands calls to the bot's event loop and waits for Telegram's answer (``watcher.jobs.review.deliver.Channel``).

    Parameters
    ----------
    bot
        An open bot.
    loop
        The loop that it was opened in; not the caller's own thread.
    """

    def __init__(self, bot: TelegramBot, loop: asyncio.AbstractEventLoop) -> None:
        self._bot = bot
        self._loop = loop

    def send(self, chat_id: int, message: Message) -> int:
        """Send a message and return its id."""
        return self._wait(self._bot.send(message, chat_id))

    def edit(self, chat_id: int, message_id: int, message: Message) -> bool:
        """Replace a message; False if it is gone."""
        return self._wait(self._bot.edit(message_id, message, is_photo=True, chat_id=chat_id))

    def _wait(self, call: Coroutine[Any, Any, _T]) -> _T:
        future = asyncio.run_coroutine_threadsafe(call, self._loop)
        try:
            return future.result(timeout=_PATIENCE_S)
        except TimeoutError:
            future.cancel()
            raise DeliveryError("no answer from Telegram in two minutes", uncertain=True) from None
