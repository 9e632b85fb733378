"""What may be asked of a node: enforced before anything leaves."""

from collections.abc import Sequence

from ingest.errors import MethodForbidden
from ingest.evm.rpc.batch import Request

READ_METHODS = frozenset(
    {
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_getBalance",
        "eth_getBlockByNumber",
        "eth_getBlockReceipts",
        "eth_getCode",
        "eth_getLogs",
        "eth_getTransactionByHash",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "debug_traceTransaction",
        "trace_transaction",
        "web3_clientVersion",
        "alchemy_getAssetTransfers",
        "hypersync_query",  # our name for HyperSync's ``POST /query`` (ingest.evm.sync.hypersync)
    }
)
"""Every method that may leave this machine. All of them only read."""


def only_reading(requests: Sequence[Request]) -> frozenset[str]:
    """The methods of requests.

    Raises
    ------
    MethodForbidden
        One of them is not in ``READ_METHODS``.
    """
    methods = frozenset(method for method, _ in requests)
    for method in sorted(methods - READ_METHODS):
        raise MethodForbidden(f"{method} is not a read-only method; Edgewatch never sends it")
    return methods
