"""Build trades, moves and valuations again from what the nodes once said, without asking them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine

from ingest.decode import VERSION, decode_transaction
from ingest.moves import moves_of
from ingest.types import Chain, Move, Trade
from watcher.jobs.ingest import valuations
from watcher.store import ledger
from watcher.store.database import writing


def redecode(engine: Engine, chains: Mapping[int, Chain], *, now: datetime) -> int:
    """Decode every raw transaction again, in one transaction of the database; returns the number of trades.

    A trade that was there keeps the time at which it became known; ``now`` is that of the others. Chains that are not
    in ``chains`` keep nothing.
    """
    trades: dict[int, list[Trade]] = {chain_id: [] for chain_id in chains}
    moves: list[Move] = []
    with writing(engine) as connection:
        known = {chain_id: ledger.pools(connection, chain_id) for chain_id in chains}
        for chain_id, wallet, timestamp, body in ledger.raw_transactions(connection):
            if chain_id not in chains:
                continue
            transaction, receipt = body["transaction"], body["receipt"]
            found = decode_transaction(
                transaction,
                receipt,
                wallet=wallet,
                chain_id=chain_id,
                timestamp=timestamp,
                internal_transactions=body.get("internal_transactions"),
                known=known[chain_id],
                chain=chains[chain_id],
            )
            trades[chain_id] += found.trades
            moves += moves_of(
                found,
                transaction=transaction,
                receipt=receipt,
                wallet=wallet,
                chain_id=chain_id,
                timestamp=timestamp,
            )
        before = ledger.known_times(connection)
        ledger.clear_trades(connection)
        for chain_id, mine in trades.items():
            native = ledger.native_prices(connection, chain_id)
            ledger.add_trades(connection, mine, decoder=VERSION, known_at=now, known_before=before)
            ledger.add_valuations(connection, valuations(mine, chains[chain_id], native))
        ledger.add_moves(connection, moves)
    return sum(map(len, trades.values()))
