"""1inch orders of router v6 (limit orders and Fusion): the fill's event tells only the order's hash.

The order itself stands in the calldata, at any offset, since whoever fills it may wrap it. Its EIP-712 hash for
the router's own domain proves that it is the one that the router checked and filled.
"""

from collections.abc import Iterable

from eth_utils import keccak  # type: ignore[attr-defined]

from ingest.evm.attribution.authorisation import Intent
from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues.create2 import word
from ingest.types import Chain

KIND = "oneinch"
FILLED = Intent(KIND, 0, 2, 0, settles=True)

_ORDER = keccak(
    text="Order(uint256 salt,address maker,address receiver,address makerAsset,address takerAsset,"
    "uint256 makingAmount,uint256 takingAmount,uint256 makerTraits)"
)
_DOMAIN = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_NAME = keccak(text="1inch Aggregation Router")
_VERSION = keccak(text="6")
_FIELDS = 8
_TRIES = 64
"""A wallet's address stands only so often in one transaction's calldata."""


def order_hash(order: bytes, router: str, chain_id: int) -> int:
    """Return an order's EIP-712 hash.

    Parameters
    ----------
    order
        Its eight fields as ABI words.
    router
        The contract that it was signed for.
    chain_id
        The chain that it was signed for.
    """
    domain = keccak(_DOMAIN + _NAME + _VERSION + word(chain_id) + word(router))
    return int.from_bytes(keccak(b"\x19\x01" + domain + keccak(_ORDER + order)))


def signed_order(logs: Iterable[Log], data: bytes, wallet: str, chain: Chain | None) -> tuple[Intent, Log] | None:
    """Return the fill of an order that the wallet made, with the log that tells it.

    Parameters
    ----------
    logs
        The transaction's logs.
    data
        Its calldata.
    wallet
        Lower-case address.
    chain
        The chain's registry entry: only its routers are believed.
    """
    told = [log for log in logs if log.topic == topics.ONEINCH_FILLED and log.fits(FILLED.indexed, FILLED.words)]
    if chain is None or not told:
        return None
    routers = {dex.factory for dex in chain.dexes if dex.kind == KIND}
    filled = {(log.address, log.fields()[0]): log for log in told if log.address in routers}
    maker, at = word(wallet), 31
    for _ in range(_TRIES):
        at = data.find(maker, at + 1)
        if at < 0:
            break
        order = data[at - 32 : at - 32 + 32 * _FIELDS]
        for router in routers:
            log = filled.get((router, order_hash(order, router, chain.chain_id)))
            if log is not None:
                return FILLED, log
    return None
