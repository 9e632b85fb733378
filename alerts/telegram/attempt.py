"""A message as one call would send it, and what to try where Telegram will not take it so. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from alerts.messages.fit import fit
from alerts.types import Button, Message
from alerts.wording import strip

_CHAT: Final = ("chat not found", "peer", "rights", "user not found", "chat_")
_TOPIC: Final = ("topic_closed", "topic_deleted", "topic closed", "topic deleted", "thread not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The parts of one call."""

    words: str
    is_html: bool
    photo: bytes | None
    file: bytes | None  #: all of the words, where they are too long for a message
    buttons: tuple[tuple[Button, ...], ...]
    silent: bool

    @classmethod
    def first(cls, message: Message) -> Self:
        """Return the message as it should be sent."""
        words, file = fit(message.html)
        return cls(
            words=words,
            is_html=True,
            photo=message.chart_png,
            file=file,
            buttons=message.buttons,
            silent=message.silent,
        )

    def simpler(self, reason: str) -> Self | None:
        """Return what to try after a refusal, in Telegram's words; None where nothing simpler would be taken."""
        said = reason.lower()
        if is_about_topic(reason) or any(part in said for part in _CHAT):
            return None  # no message would be taken
        if self.is_html and "parse entities" in said:
            return replace(self, words=strip(self.words), is_html=False)
        if "button" in said and (left := _without_links(self.buttons)) != self.buttons:
            return replace(self, buttons=left)
        if self.photo is not None:
            return replace(self, photo=None)
        return replace(self, buttons=()) if self.buttons else None


def is_about_topic(reason: str) -> bool:
    """Whether Telegram refuses because of the topic of a forum."""
    return any(part in reason.lower() for part in _TOPIC)


def topic_words(reason: str, chat_id: int, topic: int | None) -> str:
    """Say that a topic takes no messages, and the way out."""
    which = f"Topic {topic}" if topic is not None else "The topic"
    other = "set another message_thread_id for this chat in [telegram] (edgewatch telegram whoami shows it) and restart"
    if "closed" in reason.lower():
        return f"{which} of chat {chat_id} is closed: open it again in Telegram, let the bot manage topics, or {other}."
    return f"{which} of chat {chat_id} is not there any more: {other}, or remove it to write to the general topic."


def _without_links(buttons: Sequence[Sequence[Button]]) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons without those that open something."""
    rows = (tuple(button for button in row if button.url is None) for row in buttons)
    return tuple(row for row in rows if row)
