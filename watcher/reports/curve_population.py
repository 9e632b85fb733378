"""How far a list is from the wallets that the shipped curve was made with: as a table and in words. Pure."""

from collections.abc import Iterable, Mapping

from rich import box
from rich.table import Table
from rich.text import Text

from alerts import wording
from metrics.detector.curve_population import OUTSIDE, TRAITS, WALLETS, Distance

NAMED = 5  #: wallets


def table(distances: Iterable[Distance]) -> Table:
    """One line a trait: the wallets that the shipped curve was made with, and those of a list."""
    out = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("trait", "curve made with", "yours: median (all)", "outside"):
        out.add_column(name, no_wrap=True, justify="right" if name == "outside" else "left")
    for each in distances:
        words, digits = TRAITS[each.trait]
        low, high, least, median, most = (
            wording.figure(number, digits) for number in (each.low, each.high, each.least, each.median, each.most)
        )
        outside = Text(f"{len(each.outside)}", style="yellow" if each.outside else "")
        out.add_row(words, f"{low} to {high}", f"{median} ({least} to {most})", outside)
    return out


def unlike(distances: Iterable[Distance], labels: Mapping[str, str]) -> str:
    """Which wallets, by their ``labels``, are unlike those of the curve."""
    found = sorted({wallet for each in distances for wallet in each.outside})
    if not found:
        return f"all of them are like the wallets, in lists of {WALLETS}, that the shipped curve was made with"
    names = ", ".join(wording.clean(labels[wallet], 20) or wording.short(wallet) for wallet in found[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    wallets = wording.count(len(found), "wallet")
    return (
        f"{wallets} unlike those, in lists of {WALLETS}, that the shipped curve was made with in some trait; so are "
        f"{wording.percent(OUTSIDE)} of those themselves: {names}{more}. For these, trust the rates above more than "
        "the curve"
    )
