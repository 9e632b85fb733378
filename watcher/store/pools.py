"""Who vouches for which pool; where nobody did, it is asked again when the venues of its chain change."""

import hashlib
from collections.abc import Mapping

from sqlalchemy import Connection, Engine, delete, select

from ingest.types import Chain, PoolFact
from watcher.store import usage
from watcher.store.sql.bulk import insert_rows
from watcher.store.sql.database import reading, writing
from watcher.store.sql.schema import pool


def forget_refused(engine: Engine, chain: Chain) -> None:
    """Forget which pools of a chain nobody vouched for, unless its venues are those that were asked.

    Parameters
    ----------
    engine
        The database.
    chain
        With the venues that are configured now.
    """
    entries = sorted((dex.kind, dex.factory, dex.init_code_hash or "", dex.deployer or "") for dex in chain.dexes)
    venues, memo = hashlib.sha256(repr(entries).encode()).hexdigest(), f"venues:{chain.chain_id}"
    with reading(engine) as connection:
        if usage.recall(connection, memo) == venues:
            return
    with writing(engine) as connection:
        connection.execute(delete(pool).where(pool.c.chain_id == chain.chain_id, pool.c.factory.is_(None)))
        usage.remember(connection, memo, venues)


def add_pools(connection: Connection, chain_id: int, facts: Mapping[str, PoolFact]) -> None:
    """Keep who vouches for which pool."""
    rows = [
        {"chain_id": chain_id, "address": address, "factory": fact.factory, "tokens": list(fact.tokens)}
        for address, fact in sorted(facts.items())
    ]
    insert_rows(connection, pool, rows)


def known_pools(connection: Connection, chain_id: int) -> dict[str, PoolFact]:
    """Pool to what was looked up about it."""
    rows = connection.execute(select(pool).where(pool.c.chain_id == chain_id))
    return {row.address: PoolFact(factory=row.factory, tokens=tuple(row.tokens)) for row in rows}
