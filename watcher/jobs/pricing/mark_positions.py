"""Mark every open position of one chain, once a UTC day: what selling all of it at once would have brought.

What was moved away before its first mark is marked once more, so that it is known whether it left under water.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine

from ingest.errors import BudgetExhausted
from ingest.evm.pricing import pool_quotes
from ingest.evm.pricing.chainlink import Feeds
from ingest.evm.pricing.pool_quotes import Route
from ingest.evm.pricing.valuation import Prices, quote_tokens
from ingest.evm.rpc.budget import units
from ingest.evm.sync import fetch
from ingest.types import BlockRef, Chain, Leg, PoolFact
from metrics.books.departures import MARK_LIFE
from metrics.types import Departure, Mark, OpenPosition, Unit
from watcher.jobs.pricing.routes import find_ways, places_of, worth
from watcher.jobs.sync.ingest import Source
from watcher.jobs.sync.spending import settle
from watcher.record.accounts import Account, read_accounts
from watcher.store import marks, usage, wallets
from watcher.store.pools import known_pools
from watcher.store.sql.database import reading, writing

Position = OpenPosition | Departure

MARKING = "marking"  #: the purpose under which its requests are metered
CHUNK = 20  #: positions of one commit
FLOOR_USD = Decimal(1)  #: what brings less than a dollar brings nothing: the books call so little dust


@dataclass(slots=True)
class Marking:
    """What came of one day's open positions on one chain."""

    chain: str
    positions: int = 0  #: not marked before
    marked: int = 0
    short: bool = False  #: the budget ended it

    @property
    def unknown(self) -> int:
        """Positions of which it is not known what they would bring."""
        return self.positions - self.marked


def mark_once(
    engine: Engine,
    source: Source,
    *,
    chains: Mapping[int, Chain],
    unit: Unit | None,
    now: datetime,
    stopped: Callable[[], bool] = lambda: False,
) -> Marking:
    """Mark the open positions of one chain at its last final block, the largest first, then the newest.

    A position is sold, in a question to the node, along every way that the newest trade of its token with a way to a
    quote token went; the best counts. Where no way is known, or a pool gives no answer and no other pays, there is no
    mark. Done for a UTC day, it asks nothing more on that day; out of budget, it is done for that day too.

    Parameters
    ----------
    engine
        The database.
    source
        The chain and its node, metered against the marks' share of the budget.
    chains
        Every chain of the configuration; the books need all quote tokens.
    unit
        The unit of the books; None: each wallet has its own.
    now
        UTC.
    stopped
        Asked before each commit; True ends the job cleanly.

    Raises
    ------
    RpcUnavailable, RpcRejected, WrongChain
        What was committed stays; the next call goes on from there.
    """
    chain, done = source.chain, Marking(source.chain.name)
    memo = f"marked:{chain.chain_id}"
    with reading(engine) as connection:
        last_day = usage.recall(connection, memo) or ""
        if last_day >= now.date().isoformat() or stopped():
            return done
        accounts = read_accounts(connection, wallets.all_wallets(connection), chains, unit=unit)
        known = known_pools(connection, chain.chain_id)
    if not _asked(accounts, chain, now):
        return done
    try:
        number = fetch.head(source.node, confirmations=source.config.confirmations)
        block = fetch.block_refs(source.node, [number])[number]
        day = datetime.fromtimestamp(block.timestamp, UTC).date()
        if last_day >= day.isoformat():  # the last final block is still of yesterday
            return done
        with reading(engine) as connection:
            before = marks.marked_on(connection, chain.chain_id, day)
            positions = [item for item in _asked(accounts, chain, now) if (item.wallet, item.token) not in before]
            ways = _ways(connection, accounts, {item.token for item in positions}, chain, known)
        done.positions = len(positions)
        sellable = sorted((item for item in positions if ways[item.token]), key=_order)
        prices = _prices(source, block) if sellable else Prices(chain=chain)
        while sellable and not done.short:
            if stopped():
                return done
            part = _payable(sellable, ways, source)
            found = _mark(source, part, ways, block, prices)
            with writing(engine) as connection:
                marks.write(connection, found)
            done.marked += len(found)
            sellable, done.short = sellable[len(part) :], not part
    except BudgetExhausted:
        done.short = True
    finally:
        settle(engine, source.meter, chain.chain_id, now=now, purpose=MARKING)
    with writing(engine) as connection:
        usage.remember(connection, memo, (now.date() if done.short else day).isoformat())
    return done


def _asked(accounts: Iterable[Account], chain: Chain, now: datetime) -> list[Position]:
    """What is open, and what left lately at an unknown worth; of one token of a wallet one alone."""
    found: dict[tuple[str, str], Position] = {}
    for account in accounts:
        lately = [
            each.departure
            for each in account.departures
            if each.mark_return is None and each.departure.left_at > now - MARK_LIFE
        ]
        items: list[Position] = [*account.books.open_positions, *reversed(lately)]
        for position in items:
            if position.chain_id == chain.chain_id and position.quantity_raw > 0:
                found.setdefault((position.wallet, position.token), position)
    return list(found.values())


def _order(position: Position) -> tuple[Decimal, float]:
    """The largest cost first; of equal or unknown cost the newest."""
    return -(position.cost_usd or Decimal(0)), -position.opened_at.timestamp()


def _payable(positions: Sequence[Position], ways: Mapping[str, list[Route]], source: Source) -> list[Position]:
    """The first positions, as many as one commit takes and the budget pays."""
    meter, cost = source.meter, max(1, units("eth_call", source.node.host))
    left, part = (meter.limit - meter.spent) // cost, []
    for position in positions[:CHUNK]:
        left -= sum(len(route) for route in ways[position.token])
        if left < 0:
            break
        part.append(position)
    return part


def _ways(
    connection: Connection,
    accounts: Iterable[Account],
    tokens: Collection[str],
    chain: Chain,
    known: Mapping[str, PoolFact],
) -> dict[str, list[Route]]:
    """Token to the ways from it to a quote token, by the newest trade that had one; empty where none had."""
    places = places_of((trade for account in accounts for trade in account.verified), tokens, chain)
    return {token: find_ways(connection, token, sorted(places[token], reverse=True), chain, known) for token in tokens}


def _prices(source: Source, block: BlockRef) -> Prices:
    """What quote tokens are worth at a block; of other tokens nothing, for what they bring is asked of pools."""
    wanted = {token: {block.number: block} for token in quote_tokens(source.chain)}
    fed = Feeds(source.node, source.chain).read(wanted)
    return Prices(chain=source.chain, fed=fed, file=source.prices)


def _mark(
    source: Source,
    positions: Sequence[Position],
    ways: Mapping[str, list[Route]],
    block: BlockRef,
    prices: Prices,
) -> list[Mark]:
    """The marks of those positions of which it is known what they would bring."""
    asked = [(position, route) for position in positions for route in ways[position.token]]
    sales = [(route, position.quantity_raw) for position, route in asked]
    bids: dict[tuple[str, str], list[Decimal | None]] = {}
    for (position, route), amount in zip(asked, pool_quotes.executable(source.node, sales, block.number), strict=True):
        sold = Leg(position.token, position.quantity_raw)
        bid = None if amount is None else worth(sold, route, amount, block, prices)
        bids.setdefault((position.wallet, position.token), []).append(bid)
    found = []
    for position in positions:
        proceeds = best(bids[position.wallet, position.token])
        if proceeds is not None:
            found.append(
                Mark(
                    wallet=position.wallet,
                    chain_id=position.chain_id,
                    token=position.token,
                    marked_at=datetime.fromtimestamp(block.timestamp, UTC),
                    quantity_raw=position.quantity_raw,
                    proceeds_usd=proceeds,
                )
            )
    return found


def best(bids: Sequence[Decimal | None]) -> Decimal | None:
    """The highest of several bids, in US dollars; below ``FLOOR_USD`` 0.

    None where nobody bids enough and one bid is unknown: that pool might have paid.
    """
    highest = max((bid for bid in bids if bid is not None), default=Decimal(0))
    if highest >= FLOOR_USD:
        return highest
    return None if None in bids or not bids else Decimal(0)
