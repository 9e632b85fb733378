"""Where a token can be sold, as its own trades tell, and what such a sale is worth. For marks and appraisals."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from sqlalchemy import Connection

from ingest.evm.pricing.pool_quotes import Route
from ingest.evm.pricing.routes import pools_in, routes
from ingest.evm.pricing.valuation import Prices, quote_tokens, value
from ingest.types import BlockRef, Chain, Leg, PoolFact, Trade, VenueStatus
from watcher.store import marks

#: Block, transaction index and transaction of a trade.
Place = tuple[int, int, str]

LOOK_BACK = 5  #: trades of a token in which a way to a quote token is looked for


def places_of(trades: Iterable[Trade], tokens: Iterable[str], chain: Chain) -> dict[str, set[Place]]:
    """Each token to where it was traded on a chain."""
    places: dict[str, set[Place]] = {token: set() for token in tokens}
    for trade in trades:
        if trade.chain_id == chain.chain_id:
            for token in {leg.token for leg in trade.sold + trade.bought} & places.keys():
                places[token].add((trade.block_number, trade.transaction_index, trade.tx_hash))
    return places


def find_ways(
    connection: Connection, token: str, nearest: Iterable[Place], chain: Chain, known: Mapping[str, PoolFact]
) -> list[Route]:
    """The ways from a token to a quote token, by the first of its first few trades that had one; empty: none had."""
    hashes = [tx_hash for *_, tx_hash in nearest][:LOOK_BACK]
    receipts = marks.receipts(connection, chain.chain_id, hashes)
    tried = (
        routes(token, pools_in(receipts[each], chain, known), quote_tokens(chain))
        for each in hashes
        if each in receipts
    )
    return next(filter(None, tried), [])


def worth(sold: Leg, route: Route, amount: int, block: BlockRef, prices: Prices) -> Decimal | None:
    """What a sale that never was would have been worth, valued as one that was; None where its token has no price."""
    if not amount:
        return Decimal(0)
    pool, token = route[-1]
    sale = Trade(
        chain_id=prices.chain.chain_id,
        block_number=block.number,
        transaction_index=0,
        tx_hash="",
        ordinal=0,
        wallet="",
        timestamp=block.timestamp,
        sold=(sold,),
        bought=(Leg(pool.other(token), amount),),
        venue=pool.kind,
        venue_status=VenueStatus.VERIFIED,
        native_source=None,
        fee_native_raw=0,
    )
    return value(sale, prices).value_usd
