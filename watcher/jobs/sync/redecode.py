"""Build trades, moves and valuations again from what the nodes once said, without asking them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine

from ingest.decode import VERSION
from ingest.evm.attribution.cow_eth_flow import placements
from ingest.evm.interpret import decode, mean
from ingest.evm.logs.token_flows import read_movements
from ingest.evm.pricing.intermediate_quote import quote_hop
from ingest.evm.pricing.valuation import Prices
from ingest.files.price_file import PriceFile
from ingest.types import Chain, Fact, Move, Trade, Valuation
from watcher.store import others_swaps, placed_orders, trade_log
from watcher.store.pools import known_pools
from watcher.store.sql.database import writing


def redecode(engine: Engine, chains: Mapping[int, Chain], *, now: datetime, price_file: PriceFile | None = None) -> int:
    """Decode every raw transaction again, in one transaction of the database; returns the number of trades.

    A trade that was there keeps the time at which it became known; ``now`` is that of the others. Chains that are not
    in ``chains`` keep nothing. What the feeds said is remembered; ``price_file`` holds the user's own prices.
    """
    trades: list[Trade] = []
    moves: list[Move] = []
    valuations: list[Valuation] = []
    by_others: list[tuple[int, str, str, int]] = []
    with writing(engine) as connection:
        known: dict[int, dict[str, Fact]] = {
            chain_id: {**known_pools(connection, chain_id), **placed_orders.placed(connection, chain_id)}
            for chain_id in chains
        }
        prices = {
            chain_id: Prices(
                chain=chain,
                fed=trade_log.feed_prices(connection, chain_id),
                file=price_file,
                decimals=trade_log.decimals(connection, chain_id),
            )
            for chain_id, chain in chains.items()
        }
        for chain_id, raw, internals in trade_log.raw_transactions(connection):
            if (chain := chains.get(chain_id)) is None:
                continue
            moved = read_movements(raw.receipt, chain.wrapped_native)
            # An order is placed before it is filled, and so is what the chain tells of it.
            known[chain_id] |= placements(moved.logs, chain)
            for wallet in raw.wallets:
                found = decode(raw, wallet, chain, known=known[chain_id], internal_transactions=internals, moved=moved)
                hop = quote_hop(found, moved.transfers, prices[chain_id].quotes) if found.trades else None
                left, worth = mean(found, raw, wallet, prices[chain_id], hop)
                by_others += [(chain_id, raw.tx_hash, wallet, raw.block.number)] if found.on_behalf else []
                trades += found.trades
                moves += left
                valuations += worth
        before = trade_log.known_times(connection)
        trade_log.clear_trades(connection)
        trade_log.add_trades(connection, trades, decoder=VERSION, known_at=now, known_before=before)
        trade_log.add_moves(connection, moves)
        trade_log.add_valuations(connection, valuations)
        others_swaps.clear(connection)
        others_swaps.add(connection, by_others)
    return len(trades)
