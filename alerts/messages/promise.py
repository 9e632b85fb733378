"""The dial's promise beside what came of it. Pure."""

from alerts import wording
from metrics.intervals import poisson

LEAST_YEARS = 0.1  #: of wallets judged; from less nothing can be told


def against_promise(flags: int, years: float, dial: float) -> str | None:
    """Return ``12 flags in 10 wallet-years; 10 (4 to 17) expected if nothing had changed``, with a dash for *to*.

    Nobody can see which flag was false; but how many would have come to wallets that never change is known, and so is
    the range in which luck alone puts their number (Poisson, 95 %).

    Parameters
    ----------
    flags
        About departures that had not been told before, as the dial counts them.
    years
        Wallet-years in which one could have been opened.
    dial
        Promised false flags per wallet-year.

    Returns
    -------
    str or None
        None where hardly anybody was judged yet, or nobody knows for how long.
    """
    if not years >= LEAST_YEARS:
        return None
    expected = dial * years
    mean = wording.figure(expected, 0 if expected >= 2 else 1)
    if 0 <= expected <= 100_000:
        low, high = poisson(expected)
        mean = f"{mean} ({low}\N{EN DASH}{high})"
    counted = f"{wording.count(flags, 'flag')} in {wording.count(years, 'wallet-year')}"
    return f"{counted}; {mean} expected if nothing had changed"
