"""Value the trades of one chain that no quote token prices: by what their tokens' own pools paid just before."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from msgspec import structs
from sqlalchemy import Engine

from ingest.errors import BudgetExhausted
from ingest.evm.pricing import pool_quotes
from ingest.evm.pricing.chainlink import Feeds
from ingest.evm.pricing.pool_quotes import Route
from ingest.evm.pricing.valuation import Prices, quote_tokens
from ingest.types import BlockRef, Chain, Leg, PoolFact, Trade, Valuation
from watcher.jobs.pricing.mark_positions import FLOOR_USD, MARKING
from watcher.jobs.pricing.routes import Place, find_ways, places_of, worth
from watcher.jobs.sync.ingest import Source
from watcher.jobs.sync.spending import settle
from watcher.store import trade_log
from watcher.store.pools import known_pools
from watcher.store.sql.database import reading, writing

POOL, NO_POOL = "pool", "no_pool"  #: sources of a valuation: a pool's answer; that there was none
CHUNK = 20  #: trades of one commit


@dataclass(slots=True)
class Appraisal:
    """What came of the trades without a price on one chain."""

    chain: str
    asked: int = 0  #: trades that were looked at
    valued: int = 0
    short: bool = False  #: the budget ended it


def appraise_once(
    engine: Engine, source: Source, *, now: datetime, stopped: Callable[[], bool] = lambda: False
) -> Appraisal:
    """Value every verified trade of one chain that has no value yet, the newest first; each is looked at once.

    Of the sold side, else of the bought one, as far as it is a single token: the whole quantity is sold, in a
    question to the node, one block earlier, along every way to a quote token that the token's nearest trades went; the
    best counts. The wallet's own trade is not in that price, and a thin pool bids little, so that nothing is made
    dearer than what could have been had. A rebuilt trade log is looked at anew.

    Parameters
    ----------
    engine
        The database.
    source
        The chain and its node, metered against the marks' share of the budget.
    now
        UTC.
    stopped
        Asked before each commit; True ends the job cleanly.

    Raises
    ------
    RpcUnavailable, WrongChain
        What was committed stays; the next call goes on from there.
    """
    chain, done = source.chain, Appraisal(source.chain.name)
    with reading(engine) as connection:
        quotes = quote_tokens(chain)
        # What has a quote token on one side waits for that one's price.
        unvalued = [
            (trade, before)
            for trade, before in trade_log.unvalued(connection, chain.chain_id)
            if not any(leg.token in quotes for leg in trade.sold + trade.bought)
        ]
        if not unvalued:
            return done
        everything = [trade for trade, *_ in trade_log.trades(connection)]
        known = known_pools(connection, chain.chain_id)
    tokens = {leg.token for trade, _ in unvalued for leg in trade.sold + trade.bought}
    places = places_of(everything, tokens, chain)
    unvalued.sort(key=lambda pair: (pair[0].block_number, pair[0].transaction_index), reverse=True)
    try:
        for start in range(0, len(unvalued), CHUNK):
            if stopped():
                break
            part = unvalued[start : start + CHUNK]
            found = [_appraise(engine, source, trade, before, places, known) for trade, before in part]
            with writing(engine) as connection:
                trade_log.revalue(connection, found)
            done.asked += len(part)
            done.valued += sum(each.source == POOL for each in found)
    except BudgetExhausted:
        done.short = True
    finally:
        settle(engine, source.meter, chain.chain_id, now=now, purpose=MARKING)
    return done


def _appraise(
    engine: Engine,
    source: Source,
    trade: Trade,
    before: Valuation,
    places: Mapping[str, set[Place]],
    known: Mapping[str, PoolFact],
) -> Valuation:
    """The trade's valuation by the first side that a pool bids for."""
    assert trade.timestamp is not None, "only such trades are unvalued"
    block = BlockRef(number=trade.block_number - 1, hash="", timestamp=trade.timestamp)
    for leg in _single_legs(trade):
        near = sorted(places[leg.token], key=lambda place: (abs(place[0] - trade.block_number), place))
        with reading(engine) as connection:
            found = find_ways(connection, leg.token, near, source.chain, known)
        if found and (usd := _bid(source, leg, found, block)) is not None:
            return structs.replace(before, value_usd=usd, source=POOL, as_of=trade.timestamp)
    return structs.replace(before, source=NO_POOL)


def _single_legs(trade: Trade) -> Iterator[Leg]:
    for side in (trade.sold, trade.bought):
        if len(side) == 1:
            yield side[0]


def _bid(source: Source, leg: Leg, found: list[Route], block: BlockRef) -> Decimal | None:
    """The best of what the ways pay, in US dollars; None below ``FLOOR_USD``, or where nobody answers."""
    amounts = pool_quotes.executable(source.node, [(route, leg.amount_raw) for route in found], block.number)
    paid = [(route, amount) for route, amount in zip(found, amounts, strict=True) if amount]
    if not paid:
        return None
    prices = _prices(source, block, source.chain)
    bids = [worth(leg, route, amount, block, prices) for route, amount in paid]
    best = max((bid for bid in bids if bid is not None), default=None)
    return best if best is not None and best >= FLOOR_USD else None


def _prices(source: Source, block: BlockRef, chain: Chain) -> Prices:
    fed = Feeds(source.node, chain).read({token: {block.number: block} for token in quote_tokens(chain)})
    return Prices(chain=chain, fed=fed, file=source.prices)
