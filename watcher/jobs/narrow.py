"""Leave crowded pools out of a sample that would cost too much."""

from collections import Counter
from math import ceil

from ingest.budget import units
from ingest.places import Key
from metrics.likeness import FEWEST_TRADES
from watcher.jobs.survey import Survey, questions

LEAST_COMPARED = 0.5  #: of the followed wallets that could be compared: with fewer, the sample is not worth its cost


def narrow(survey: Survey, *, most: int) -> int | None:
    """Leave out pools until the sample fits, first those where others swap the most for each swap of the own wallets.

    Parameters
    ----------
    survey
        After its pilot, which says what each pool costs; left as it was where nothing helps.
    most
        Units, those spent included.

    Returns
    -------
    int or None
        The units that all of it costs then; None where too little would be left to compare.
    """
    host, keys = survey.source.node.host, set(survey.places)
    own = Counter(seen.key for _, seen in survey.own)

    def senders(some: set[Key]) -> int:
        return sum(units(method, host) for method, _ in questions((s for _, s in survey.found if s.key in some), host))

    def compared() -> int:
        trades: dict[str, set[str]] = {}
        for wallet, seen in planned:
            if seen.key in keys:
                trades.setdefault(wallet, set()).add(seen.tx_hash)
        return sum(len(each) >= FEWEST_TRADES for each in trades.values())

    blocks = {block for window in survey.windows for block in range(window.first, window.last + 1)}
    planned = [(wallet, seen) for wallet, seen in survey.own if seen.block in blocks]
    burden = {key: senders({key}) / own[key] for key in keys}
    logs, least = survey.spent - senders(keys), max(1.0, LEAST_COMPARED * compared())
    while compared() >= least:
        rest = (logs + senders(keys)) / max(1, survey.read) * (len(survey.windows) - survey.read)
        if survey.spent + rest <= most:
            survey.places = {key: place for key, place in survey.places.items() if key in keys}
            survey.found = [pair for pair in survey.found if pair[1].key in keys]
            survey.own = [pair for pair in survey.own if pair[1].key in keys]
            return ceil(survey.spent + rest)
        keys.remove(max(keys, key=lambda key: (burden[key], key[0], key[1] or "")))
    return None
