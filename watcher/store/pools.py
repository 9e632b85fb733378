"""Pools that nobody vouched for are asked about again when the venues of their chain change."""

import hashlib

from sqlalchemy import Engine, delete

from ingest.types import Chain
from watcher.store import usage
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
