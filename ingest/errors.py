"""Every error of Edgewatch, by what the caller can do about it.

::

    WatchError                    root of all; the message says what to do next
    ├── ConfigError               fix the configuration or the input          (exit 3)
    ├── IngestError
    │   ├── RpcUnavailable        try again later, or another endpoint
    │   │   ├── AnswerTooLarge    ask for less in one request
    │   │   ├── AnswerTooLate     the same, or ask again
    │   │   ├── TryElsewhere      another endpoint may have it now; this one has not
    │   │   └── Unlinked          what was read does not continue what is known: read anew, or roll back
    │   ├── RangeRefused          ask for fewer blocks
    │   ├── RpcRejected           the node refuses this request: give up
    │   │   ├── EndpointRefused   the endpoint refuses its URL or key: a person must look
    │   │   └── NotOffered        the endpoint has no such method: another one may have it
    │   ├── WrongChain            the endpoint serves another chain: never use it
    │   ├── IndexContradicted     the logs show what a wallet index left out: what it said was not kept
    │   ├── NotUnderstood         an answer broke this program: report it, the other chains go on
    │   ├── ReorgTooDeep          blocks that counted as final were replaced: a person must look
    │   └── MethodForbidden       the request was not read-only: a bug here
    ├── BudgetExhausted           wait for the next UTC day or raise the budget (exit 4)
    └── StoreError                the database cannot be used as it is
"""


class WatchError(Exception):
    """Root of all errors that carry a message for a person."""


class ConfigError(WatchError):
    """The configuration, or something a person typed, is wrong."""


class IngestError(WatchError):
    """Something between Edgewatch and a node went wrong."""


class RpcUnavailable(IngestError):
    """The node did not give a usable answer; the same request may succeed later.

    Parameters
    ----------
    message
        What happened, without the endpoint's URL.
    retry_after
        Seconds the node asked to wait, or None.
    unreachable
        Nothing answers there at all: a person wants to know soon.
    too_fast
        Too many requests in too short a time.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        unreachable: bool = False,
        too_fast: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.unreachable = unreachable
        self.too_fast = too_fast


class AnswerTooLarge(RpcUnavailable):
    """An answer is more than this machine takes at once; ask for less in one request.

    Parameters
    ----------
    message
        What happened, without the endpoint's URL.
    together
        It is more together with the answers before it: asking for it again in smaller requests does not help.
    """

    def __init__(self, message: str, *, together: bool = False) -> None:
        super().__init__(message)
        self.together = together


class AnswerTooLate(RpcUnavailable):
    """No whole answer came before the deadline."""


class TryElsewhere(RpcUnavailable):
    """This endpoint is behind the head, has dropped what is asked for, or its quota is used up.

    Parameters
    ----------
    message
        What happened, without the endpoint's URL.
    gone
        It dropped the state of old blocks: waiting does not bring it back.
    """

    def __init__(self, message: str, *, gone: bool = False) -> None:
        super().__init__(message)
        self.gone = gone


class Unlinked(RpcUnavailable):
    """A block is of another fork than what was read next to it."""


class RangeRefused(IngestError):
    """The node wants fewer blocks or fewer results in one request.

    Parameters
    ----------
    message
        The node's own words.
    suggested
        How many blocks the node says would work, or None.
    """

    def __init__(self, message: str, *, suggested: int | None = None) -> None:
        super().__init__(message)
        self.suggested = suggested


class RpcRejected(IngestError):
    """The node answered with an error that repeating cannot mend."""


class EndpointRefused(RpcRejected):
    """The endpoint refuses its URL, its key or the plan behind it, whatever is asked."""


class NotOffered(RpcRejected):
    """The endpoint has no such method.

    Parameters
    ----------
    message
        The node's own words.
    method
        What it does not have.
    """

    def __init__(self, message: str, *, method: str) -> None:
        super().__init__(message)
        self.method = method


class WrongChain(IngestError):
    """The endpoint serves another chain than the configuration says."""


class IndexContradicted(IngestError):
    """A wallet index left out a transaction that the node's logs show; nothing of that window was kept."""


class NotUnderstood(IngestError):
    """Something a node answered broke the program that reads it: a fault here, and of this one chain's work only."""


class ReorgTooDeep(IngestError):
    """The chain replaced more blocks than can be rolled back; nothing was deleted."""


class MethodForbidden(IngestError):
    """A method outside the read-only list was about to be sent."""


class BudgetExhausted(WatchError):
    """The day's request units are used up; work resumes where it stopped."""


class StoreError(WatchError):
    """The database is missing, newer than this program, or in use."""
