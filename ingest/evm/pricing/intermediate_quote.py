"""The quote token that a trade went through, where neither of its sides is one. Pure."""

from collections.abc import Collection, Iterable

from ingest.evm.logs.token_flows import Transfer
from ingest.types import Decoding, Leg, VenueStatus


def quote_hop(decoding: Decoding, transfers: Iterable[Transfer], quotes: Collection[str]) -> Leg | None:
    """What an asset was worth on its way to another asset, in the quote token between them.

    Of TKA → WETH → TKB the wallet sees two assets; the WETH that verified pools paid out on the way is what TKA
    brought and what TKB cost. Defined only where one quote token alone left verified pools: with two in a row the same
    value would count twice.

    Parameters
    ----------
    decoding
        What the decoder saw.
    transfers
        Of the whole transaction.
    quotes
        Addresses of the chain's quote tokens.

    Returns
    -------
    Leg or None
        The quote token and its amount in base units; None where there is no such hop.
    """
    pools = {swap.emitter for swap in decoding.venues if swap.status is VenueStatus.VERIFIED}
    paid: dict[str, int] = {}
    for transfer in transfers:
        if transfer.token in quotes and transfer.source in pools:
            paid[transfer.token] = paid.get(transfer.token, 0) + transfer.amount
    if len(paid) != 1:
        return None
    [(token, amount)] = paid.items()
    return Leg(token, amount) if amount else None
