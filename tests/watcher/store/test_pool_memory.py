"""What was looked up about pools is kept for as long as it can still be true."""

from dataclasses import replace

from ingest.types import Chain, Dex, PoolFact
from watcher.store.pools import add_pools, forget_refused, known_pools
from watcher.store.sql.database import reading, writing

MINE, STRANGE, VENUE = ("0x" + digit * 40 for digit in "123")
CHAIN = Chain(name="mine", chain_id=5, native_symbol="ETH", wrapped_native="0x" + "ab" * 20)
LOOKED_UP = {MINE: PoolFact(factory=VENUE, tokens=()), STRANGE: PoolFact(factory=None, tokens=())}


def remembered(store, chain_id):
    with reading(store) as connection:
        return known_pools(connection, chain_id)


def look_up(store, *chain_ids):
    with writing(store) as connection:
        for chain_id in chain_ids:
            add_pools(connection, chain_id, LOOKED_UP)


def test_a_no_is_forgotten_when_the_chains_venues_change(store):
    """A fork that somebody adds later vouches for pools that were asked about before; a yes stays a yes."""
    forget_refused(store, CHAIN)
    look_up(store, 5, 6)
    forget_refused(store, CHAIN)
    assert remembered(store, 5) == LOOKED_UP
    more = replace(CHAIN, dexes=(Dex(kind="uniswap_v2", factory=VENUE),))
    forget_refused(store, more)
    assert remembered(store, 5) == {MINE: LOOKED_UP[MINE]}
    assert remembered(store, 6) == LOOKED_UP
    look_up(store, 5)
    forget_refused(store, more)
    assert remembered(store, 5) == LOOKED_UP


def test_a_name_is_no_change(store):
    """What an entry is called, and in which order entries stand, asks nobody again."""
    one, other = Dex(kind="uniswap_v2", factory=VENUE), Dex(kind="curve", factory=MINE)
    forget_refused(store, replace(CHAIN, dexes=(one, other)))
    look_up(store, 5)
    forget_refused(store, replace(CHAIN, dexes=(other, replace(one, name="Fork"))))
    assert remembered(store, 5) == LOOKED_UP
