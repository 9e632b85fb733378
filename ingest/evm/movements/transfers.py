"""What moved without being traded: transfers, liquidity, vaults, bridges, airdrops. Pure."""

from collections.abc import Mapping
from typing import Any

from ingest.evm.logs.logs import address, number
from ingest.evm.logs.token_flows import net_by_token
from ingest.types import NATIVE, Decoding, Move


def moves_of(
    decoding: Decoding,
    *,
    transaction: Mapping[str, Any],
    receipt: Mapping[str, Any],
    wallet: str,
    chain_id: int,
    timestamp: int | None,
) -> list[Move]:
    """Return the wallet's movements in one transaction that its trades leave over, net by token.

    For each token: the sum of the flows, less what the trades bought, plus what they sold. An unverified trade
    explains its legs as well as a verified one. The native coin is left out: it is spent as gas and as a quote,
    and the books keep no inventory of it. Anyone can send a wallet a token, so that a move in says nothing about
    what the wallet did.

    Parameters
    ----------
    decoding
        What the decoder saw.
    transaction, receipt
        The raw JSON-RPC results that were decoded.
    wallet
        The wallet's address.
    timestamp
        Unix seconds of the block, if known.

    Returns
    -------
    list of Move
        In the order of the tokens' first movements; empty where the wallet is no address.
    """
    me = address(wallet)
    if me is None:
        return []
    left = net_by_token(decoding.flows)
    for trade in decoding.trades:
        for leg in trade.sold:
            left[leg.token] = left.get(leg.token, 0) + leg.amount_raw
        for leg in trade.bought:
            left[leg.token] = left.get(leg.token, 0) - leg.amount_raw
    name = receipt.get("transactionHash") or transaction.get("hash")
    return [
        Move(
            chain_id=chain_id,
            block_number=number(receipt.get("blockNumber")) or 0,
            transaction_index=number(receipt.get("transactionIndex")) or 0,
            tx_hash=name.lower() if isinstance(name, str) else "",
            wallet=me,
            timestamp=timestamp,
            token=token,
            amount_raw=amount,
        )
        for token, amount in left.items()
        if amount and token != NATIVE
    ]
