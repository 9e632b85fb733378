"""Which tokens a wallet is known to have had."""

from sqlalchemy import Connection, Text, cast, select

from ingest.evm.sync.dust import Holdings
from watcher.store.sql.schema import move, trade


def holdings(connection: Connection, chain_id: int, wallet: str) -> Holdings:
    """What the stored trades and movements of a wallet name."""
    legs = connection.execute(
        select(trade.c.sold, trade.c.bought).where(trade.c.chain_id == chain_id, trade.c.wallet == wallet)
    )
    came = connection.execute(
        select(move.c.token)
        .where(move.c.chain_id == chain_id, move.c.wallet == wallet, cast(move.c.amount_raw, Text).not_like("-%"))
        .distinct()
    )
    return Holdings(
        traded={token for row in legs for side in row for token, _ in side}, came={token for (token,) in came}
    )
