"""Which trades of a window look like wash trades."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from ingest.evm.interpret import Interpretation
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.logs import address
from ingest.evm.movements.liquidity import PoolUse, Provision, pool_uses, provisions
from ingest.evm.movements.wash_trades import Doubt, Suspicion, is_alone, is_own, is_toy, main_uses
from ingest.evm.rpc.node import Node
from ingest.evm.survey.pool_activity import read_crowd
from ingest.types import Chain, RawTransaction, Trade
from watcher.store import wash_trades
from watcher.store.sql.database import reading

DAY_S = 86_400
MOST_POOLS = 8  #: asked about in one window: a flood of toy pools must not eat the budget

#: A wallet's own addition to a pool, with the transaction it was made in.
Own = tuple[RawTransaction, str, Provision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """What a window of trades gives reason to doubt."""

    suspicions: tuple[Suspicion, ...]
    provisions: tuple[Own, ...]  #: what the wallets themselves added to pools and took out


@dataclass(frozen=True, slots=True)
class _Toy:
    raw: RawTransaction
    trade: Trade
    use: PoolUse


def suspect(engine: Engine, node: Node, chain: Chain, meaning: Interpretation) -> Suspects:
    """Doubt trades: those in a pool of the wallet's own, then those alone in a toy pool, which the node is asked about.

    What the node does not answer, or what is beyond ``MOST_POOLS``, is not doubted.
    """
    values = {(each.tx_hash, each.wallet, each.ordinal): each.value_usd for each in meaning.valuations}
    own = [
        (raw, wallet, item)
        for raw, wallet, _ in meaning.decodings
        if wallet in (address(raw.transaction.get("from")), address(raw.transaction.get("to")))
        for item in provisions(meaning.moved[raw.tx_hash].logs)
    ]
    found: dict[tuple[str, str, int], Suspicion] = {}
    toys: list[_Toy] = []
    if not meaning.decodings:
        return Suspects(suspicions=(), provisions=())
    people = {wallet for _, wallet, _ in meaning.decodings}
    first = min(raw.block.number for raw, _, _ in meaning.decodings)
    with reading(engine) as connection:
        added = wash_trades.provisions(connection, chain.chain_id, people, before=first)
    for raw, wallet, item in own:
        place = (raw.block.number, raw.transaction_index)
        added.setdefault((wallet, item.pool), []).append((place, item))
    for raw, wallet, decoding in meaning.decodings:
        for trade in decoding.trades:
            if not trade.counts:
                continue
            key = (trade.tx_hash, wallet, trade.ordinal)
            here = (raw.block.number, raw.transaction_index)
            for use in main_uses(trade, pool_uses(meaning.moved[raw.tx_hash].logs, decoding.venues)):
                mine = [item for place, item in added.get((wallet, use.pool), ()) if place < here]
                if is_own(use, mine):
                    found[key] = _doubt(trade, use, Doubt.OWN_POOL)
                elif is_toy(use, values.get(key)):
                    toys.append(_Toy(raw, trade, use))
    toys = [toy for toy in toys if (toy.trade.tx_hash, toy.trade.wallet, toy.trade.ordinal) not in found]
    alone = _alone(engine, node, chain, toys, [trade for _, _, each in meaning.decodings for trade in each.trades])
    return Suspects(suspicions=(*found.values(), *alone), provisions=tuple(own))


def _alone(engine: Engine, node: Node, chain: Chain, toys: Sequence[_Toy], trades: Iterable[Trade]) -> list[Suspicion]:
    """Of the trades in toy pools those that the wallet made with itself, by the day of the pool that ends with each."""
    day = int(DAY_S / chain.block_seconds)
    window: dict[str, dict[str, int]] = {}
    for trade in trades:
        window.setdefault(trade.wallet, {})[trade.tx_hash] = trade.block_number
    pools: dict[str, list[tuple[_Toy, set[str]]]] = {}
    for toy in toys:
        block, wallet = toy.raw.block.number, toy.trade.wallet
        with reading(engine) as connection:
            mine = wash_trades.own_trades(connection, chain.chain_id, wallet, block - day, block)
        mine |= {name for name, number in window[wallet].items() if block - day <= number <= block}
        if len(mine) > 1:  # nobody goes both ways in one trade
            pools.setdefault(toy.use.pool, []).append((toy, mine))
    found = []
    for pool in sorted(pools)[:MOST_POOLS]:
        numbers = [toy.raw.block.number for toy, _ in pools[pool]]
        blocks = BlockRange(max(0, min(numbers) - day), max(numbers))
        crowd = read_crowd(node, pools[pool][0][0].use, blocks)
        for toy, mine in pools[pool] if crowd else ():
            end = (toy.raw.block.number, toy.use.log_index)
            until = [swap for place, swap in crowd or () if (end[0] - day, 0) <= place <= end]
            if is_alone(until, mine):
                found.append(_doubt(toy.trade, toy.use, Doubt.ALONE))
    return found


def _doubt(trade: Trade, use: PoolUse, doubt: Doubt) -> Suspicion:
    return Suspicion(
        chain_id=trade.chain_id,
        tx_hash=trade.tx_hash,
        wallet=trade.wallet,
        ordinal=trade.ordinal,
        pool=use.pool,
        doubt=doubt,
    )
