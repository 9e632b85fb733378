"""Bundles (ERC-4337): one transaction carries the operations of many wallets, each between two events.

The entry point announces that execution begins and reports every operation when it ends, so that what a wallet's
operation did lies between the report before it and its own. What a stranger in the same bundle swapped proves
nothing about this wallet.
"""

from collections.abc import Iterable
from itertools import pairwise

from ingest.evm.attribution.authorisation import KIND
from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log, as_address
from ingest.evm.logs.token_flows import Movements
from ingest.types import Dex

_MARKS = frozenset({topics.BEFORE_EXECUTION, topics.USER_OPERATION})


def own_part(moved: Movements, wallet: str, dexes: Iterable[Dex]) -> Movements:
    """Return the movements of the wallet's own operations; all of them where it has none.

    Parameters
    ----------
    moved
        The transaction's movements.
    wallet
        Lower-case address.
    dexes
        The chain's registry: only its entry points are believed.
    """
    believed = {dex.factory for dex in dexes if dex.kind == KIND}
    marks = [log for log in moved.logs if log.topic in _MARKS and log.address in believed]
    spans = [(a.index, b.index) for a, b in pairwise(marks) if _reports(b, wallet)]
    if not spans:
        return moved

    def own(index: int) -> bool:
        return any(first < index <= last for first, last in spans)

    return Movements(
        logs=tuple(log for log in moved.logs if own(log.index)),
        transfers=tuple(t for t in moved.transfers if own(t.index)),
        wraps=tuple(w for w in moved.wraps if own(w.index)),
        nft_receivers=moved.nft_receivers,
    )


def _reports(log: Log, wallet: str) -> bool:
    return log.topic == topics.USER_OPERATION and log.fits(3, 4) and as_address(log.indexed[1]) == wallet
