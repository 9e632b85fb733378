"""Leave crowded pools, then windows, out of a sample that would cost too much."""

from collections import Counter
from collections.abc import Iterable
from math import ceil

from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.rpc.budget import units
from ingest.evm.survey.pool_swaps import Key
from watcher.jobs.peers.pool_survey import Survey, questions

LEAST_COMPARED = 0.5  #: of the followed wallets that could be compared: with fewer, the sample is not worth its cost
ENOUGH = 15  #: of its trades among what is planned, so that what is read holds the 10 that a style takes
SHARES = (1.0, 0.75, 0.5)  #: of the windows that are tried


def narrow(survey: Survey, *, most: int) -> int | None:
    """Leave out pools until the sample fits, first those where others swap the most for each swap of the own wallets.

    Where that does not do, the same with fewer windows: a beginning of them, which is spread evenly as well.

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
    host, chosen, own = survey.source.node.host, set(survey.places), Counter(seen.key for _, seen in survey.own)

    def senders(some: set[Key]) -> int:
        return sum(units(method, host) for method, _ in questions((s for _, s in survey.found if s.key in some), host))

    logs, read = survey.spent - senders(chosen), max(1, survey.read)
    burden = {key: (senders({key}) / own[key], key[0], key[1] or "") for key in chosen}
    least = max(1.0, LEAST_COMPARED * _compared(survey, survey.windows, chosen))
    for share in SHARES:
        windows, keys = survey.windows[: ceil(share * len(survey.windows))], set(chosen)
        while _compared(survey, windows, keys) >= least:
            rest = (logs + senders(keys)) / read * (len(windows) - survey.read)
            if survey.spent + rest <= most:
                survey.windows = windows
                survey.places = {key: place for key, place in survey.places.items() if key in keys}
                survey.found = [pair for pair in survey.found if pair[1].key in keys]
                survey.own = [pair for pair in survey.own if pair[1].key in keys]
                return ceil(survey.spent + rest)
            keys.remove(max(keys, key=burden.__getitem__))
    return None


def _compared(survey: Survey, windows: Iterable[BlockRange], keys: set[Key]) -> int:
    """How many followed wallets have enough trades in some windows and pools."""
    blocks = {block for window in windows for block in range(window.first, window.last + 1)}
    trades: dict[str, set[str]] = {}
    for wallet, seen in survey.own:
        if seen.key in keys and seen.block in blocks:
            trades.setdefault(wallet, set()).add(seen.tx_hash)
    return sum(len(each) >= ENOUGH for each in trades.values())
