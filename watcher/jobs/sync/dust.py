"""What strangers have caused, from one run to the next."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

import msgspec
from sqlalchemy import Connection, Engine

from ingest.evm.rpc.node import Node
from ingest.evm.sync.dust import Holdings, Strangers, Tally
from ingest.evm.sync.nonces import Nonces
from ingest.types import Chain
from watcher.store import usage
from watcher.store.holdings import holdings
from watcher.store.sql.database import reading

TALLY = "strangers"  #: memo


def tally(connection: Connection) -> Tally:
    """What strangers have caused so far, all chains."""
    text = usage.recall(connection, TALLY)
    return msgspec.json.decode(text, type=Tally) if text else Tally()


def left_out(connection: Connection, wallet: str | None = None) -> int:
    """Transactions of strangers that were never looked at, of one wallet or of all."""
    counts = tally(connection).left_out
    return sum(count for key, count in counts.items() if wallet is None or key.partition(":")[2] == wallet)


def memo_of(strangers: Strangers) -> Mapping[str, str]:
    """What is to be remembered."""
    return {TALLY: msgspec.json.encode(strangers.tally).decode()}


def make_strangers(engine: Engine, chain: Chain, node: Node, *, budget: int, now: datetime) -> Strangers:
    """Begin a run with what earlier ones let strangers cause.

    Parameters
    ----------
    budget
        Units of a UTC day.
    now
        UTC; another day begins with a new share.
    """
    with reading(engine) as connection:
        known = tally(connection).on(now.date().isoformat())
    load = partial(_load, engine, chain.chain_id)
    return Strangers(chain=chain, budget=budget, host=node.host, nonces=Nonces(node), load=load, tally=known)


def _load(engine: Engine, chain_id: int, wallet: str) -> Holdings:
    with reading(engine) as connection:
        return holdings(connection, chain_id, wallet)
