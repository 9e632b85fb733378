"""Read several chains by turns, so that a wallet is soon read on all of its chains."""

from collections.abc import Callable, Iterator, Sequence

from ingest.errors import IngestError
from watcher.jobs.ingest import Progress, Source

SHARE = 20  #: turns in a day's budget: beginning a turn costs a look at the head and at the index


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
                done = read(source, lambda meter=meter, until=until: meter.spent >= until)  # type: ignore[misc]
            except IngestError as error:
                waiting.remove(source)
                yield source, error
                continue
            if done.finished:
                waiting.remove(source)
            yield source, done
