"""Read several chains by turns, so that a wallet is soon read on all of its chains; one's failure is its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from ingest.errors import IngestError, NotUnderstood
from watcher.jobs.sync.ingest import Source
from watcher.types import Progress

SHARE = 20  #: turns in a day's budget: beginning a turn costs a look at the head and at the index
BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What an odd value raises where no type has stopped it. A database or a disk that fails is nobody's answer."""

log = structlog.get_logger()


def take_turns(
    sources: Sequence[Source], read: Callable[[Source, Callable[[], bool]], Progress]
) -> Iterator[tuple[Source, Progress | IngestError]]:
    """Read every chain to its end, each in turn for a part of the day's budget.

    Parameters
    ----------
    sources
        The chains; a single one has one turn.
    read
        Reads a chain until it is asked to stop; asked after each commit.

    Yields
    ------
    tuple of (Source, Progress or IngestError)
        What a turn read, or the error that ended the chain's reading; the others go on.

    Raises
    ------
    BudgetExhausted
        The day's budget is used up: all chains end.
    """
    waiting = list(sources)
    while waiting:
        for source in list(waiting):
            meter = source.meter
            until = meter.spent + meter.limit // SHARE if len(waiting) > 1 else meter.limit + 1
            try:
                with contained(source):
                    done = read(source, lambda meter=meter, until=until: meter.spent >= until)  # type: ignore[misc]
            except IngestError as error:
                waiting.remove(source)
                yield source, error
                continue
            if done.finished:
                waiting.remove(source)
            yield source, done


@contextmanager
def contained(source: Source) -> Iterator[None]:
    """Keep what a chain's node answered from breaking more than the work on this chain.

    ``ingest.evm.rpc.answer_checks`` is where odd answers are stopped. Should one get past it, the other chains are
    still read, and judging and delivering go on.

    Raises
    ------
    NotUnderstood
        The work broke; the log says where.
    """
    try:
        yield
    except BROKEN as error:
        log.exception("chain_broke", chain=source.chain.name)
        raise NotUnderstood(
            f"Edgewatch broke on what a node answered ({type(error).__name__}); nothing of it was kept. Please report "
            "it, with the lines of the log"
        ) from None
