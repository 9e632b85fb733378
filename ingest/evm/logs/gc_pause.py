"""Work on many small objects without Python's cyclic garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_off() -> Iterator[None]:
    """Keep the cyclic collector from running meanwhile.

    A batch makes hundreds of thousands of records that no cycle holds, and every few hundred of them the collector
    would walk through all that are alive: half of the time and more, for nothing. Counting references frees them as
    always. The switch belongs to the whole process: where two threads overlap, the first to leave turns it on again,
    which costs the other one time and nothing else.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
