"""Where to tokens went that a wallet gave away without trading. Pure."""

from collections.abc import Collection

from ingest.evm.logs.token_flows import read_movements, token_flows
from ingest.types import RawTransaction, Sending


def sendings_of(raw: RawTransaction, wallet: str, chain_id: int, tokens: Collection[str]) -> list[Sending]:
    """Return what went to each address in one transaction, net of what came back from it.

    Parameters
    ----------
    raw
        The transaction.
    wallet
        Lower-case address.
    tokens
        Those of the wallet's moves out, see ``ingest.evm.movements.transfers``: what trades explain is not asked here.
        A token that is not among them may claim any movement.

    Returns
    -------
    list of Sending
        By token and address.
    """
    net: dict[tuple[str, str], int] = {}
    for flow in token_flows(read_movements(raw.receipt, None), wallet, None):
        if flow.token in tokens and flow.counterparty is not None:
            key = flow.token, flow.counterparty
            net[key] = net.get(key, 0) - flow.amount_raw
    return [
        Sending(
            chain_id=chain_id,
            block_number=raw.block.number,
            tx_hash=raw.tx_hash,
            timestamp=raw.block.timestamp,
            token=token,
            amount_raw=amount,
            to=to,
        )
        for (token, to), amount in sorted(net.items())
        if amount > 0
    ]
