"""What can go wrong between a flag and a decision, by what the caller can do about it.

::

    AlertError(WatchError)
    ├── DeliveryError      Telegram did not confirm: its fields say whether and when to try again
    ├── ConflictError      another program reads this bot's presses: stop polling, go on measuring
    └── ReviewError        the decision is not possible; the text says who decided before
"""

from ingest.errors import WatchError


class AlertError(WatchError):
    """Something between a flag and a person went wrong."""


class DeliveryError(AlertError):
    """Telegram did not confirm a call.

    Parameters
    ----------
    message
        What happened, for a person; never the bot's token.
    permanent
        Trying again cannot help before a person changes something.
    retry_after
        Seconds that Telegram asked to wait, or None.
    uncertain
        The call left this machine and nobody knows whether Telegram carried it out: trying again may show
        the message twice.
    moved_to
        The chat's new id, where a group became another chat; nobody has allowed that one yet.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        uncertain: bool = False,
        moved_to: int | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.uncertain = uncertain
        self.moved_to = moved_to


class ConflictError(AlertError):
    """Another program, or a webhook, takes the updates of the same bot."""


class ReviewError(AlertError):
    """A decision that the flag's state does not allow."""
