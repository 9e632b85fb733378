"""When the next message may leave. Pure: the clock is an argument.

Telegram's limits: about 1 message a second to one chat, 20 a minute to a group, 30 a second in all
(https://core.telegram.org/bots/faq). Messages are spaced, never sent in bursts: a burst that is allowed once is
refused the next time. After a 429 nothing leaves before the time that Telegram named.
"""

from typing import Final

CHAT_S: Final = 1.0
GROUP_S: Final = 3.0  #: 20 a minute
ALL_S: Final = 1 / 30


class Pacer:
    """Books a moment for each message.

    Parameters
    ----------
    scale
        Factor on the distances between messages; 0 for a server without limits.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self._scale = scale
        self._chats: dict[int, float] = {}
        self._all = 0.0
        self._held = 0.0

    def book(self, chat_id: int, now: float) -> float:
        """Seconds until a message to this chat may leave; its moment is taken. Ids below zero are groups."""
        moment = max(now, self._all, self._held, self._chats.get(chat_id, now))
        self._chats[chat_id] = self._next(chat_id, moment)
        self._all = moment + self._scale * ALL_S
        return moment - now

    def done(self, chat_id: int, now: float) -> None:
        """Note that a call is over: Telegram may have counted it just now, so the distance to the next begins here."""
        self._chats[chat_id] = max(self._chats.get(chat_id, now), self._next(chat_id, now))

    def _next(self, chat_id: int, moment: float) -> float:
        return moment + self._scale * (GROUP_S if chat_id < 0 else CHAT_S)

    def hold(self, until: float) -> None:
        """Let nothing leave before this moment."""
        self._held = max(self._held, until)

    def held(self, now: float) -> float:
        """Seconds for which nothing may leave."""
        return max(0.0, self._held - now)
