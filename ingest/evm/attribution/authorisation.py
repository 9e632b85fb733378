"""By what a wallet that did not send a transaction is known to have agreed to it."""

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log, as_address
from ingest.types import Dex

KIND = "entry_point"


@dataclass(frozen=True, slots=True)
class Intent:
    """An event of a contract that checks a wallet's signature, and where it names the wallet."""

    kind: str  #: the family or registry kind of the contracts that are believed
    indexed: int
    words: int
    field: int  #: position of the wallet, indexed words first
    settles: bool  #: the event itself says that an order of the wallet was filled


INTENTS = {
    topics.USER_OPERATION: Intent(KIND, 3, 4, 1, settles=False),
    topics.ZEROEX_META_TRANSACTION: Intent("zeroex", 1, 3, 2, settles=False),
    topics.UNISWAPX_FILL: Intent("uniswapx", 3, 1, 2, settles=True),
    topics.ONEINCH_FILLED_V3: Intent("oneinch", 1, 2, 0, settles=True),
}


OWN = frozenset({topics.SAFE_EXECUTED, topics.SAFE_MODULE_EXECUTED})
"""Events that a wallet with code of its own emits when it acts, and not when it is only sent something."""


def acted(logs: Iterable[Log], called: str | None, wallet: str) -> bool:
    """Tell whether the wallet's own code acted: a Safe, a smart account, or an account with delegated code.

    Parameters
    ----------
    logs
        The transaction's logs: nobody else can emit at the wallet's address.
    called
        The account that the transaction called; a call to an account without code moves nothing out of it.
    wallet
        Lower-case address.
    """
    return called == wallet or any(log.address == wallet and log.topic in OWN for log in logs)


def signers(logs: Iterable[Log], dexes: Iterable[Dex]) -> dict[str, tuple[Intent, Log]]:
    """Return the wallets that a known contract names as having signed, with the event that does.

    Parameters
    ----------
    logs
        The transaction's logs.
    dexes
        The chain's registry: only its contracts are believed, since anyone can emit an event.
    """
    found: dict[str, tuple[Intent, Log]] = {}
    told = [log for log in logs if log.topic in INTENTS]
    if not told:
        return found
    believed = {(dex.kind, dex.factory) for dex in dexes}
    for log in told:
        intent = INTENTS[log.topic]
        if not log.fits(intent.indexed, intent.words):
            continue
        wallet = as_address(log.fields()[intent.field])
        if wallet is not None and (intent.kind, log.address) in believed:
            found.setdefault(wallet, (intent, log))
    return found
