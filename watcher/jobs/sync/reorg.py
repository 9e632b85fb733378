"""Take back what a reorganisation replaced: read anew first, then replaced in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from ingest.errors import ReorgTooDeep
from ingest.evm.logs.block_ranges import BlockRange, MissingBlocks
from ingest.evm.rpc.node import Node
from ingest.evm.sync.fetch import read_headers
from ingest.evm.sync.header_checks import Link
from ingest.evm.sync.reorg import TAIL, common_ancestor
from watcher.store import blocks, trade_log
from watcher.store.sql.database import reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What has to be read anew, and what it then replaces."""

    ancestor: int  #: the last block that stays
    gap: MissingBlocks  #: everything after it that was read, and for whom
    known: Mapping[int, Link]  #: what of the known blocks stays


def find_rollback(engine: Engine, node: Node, chain_id: int) -> Rollback | None:
    """Ask the node whether what was read last is still part of the chain.

    A node that lacks the block is behind, or has not caught up with a new fork yet: that is no reorganisation.

    Returns
    -------
    Rollback or None
        None where nothing was replaced.

    Raises
    ------
    ReorgTooDeep
        More was replaced than is known of the chain; nothing was deleted.
    RpcUnavailable
        The node does not give the block now.
    """
    with reading(engine) as connection:
        known = blocks.known(connection, chain_id)
        covered = trade_log.covered_blocks(connection, chain_id)
    if not known or not covered:
        return None
    tip = max(known)
    tail = {number: link for number, link in known.items() if number > tip - TAIL}
    with node.window():
        if read_headers(node, [tip])[0].hash == known[tip].hash:
            return None
        now = {header.number: header for header in read_headers(node, tail)}
    floor = min(each.first for ranges in covered.values() for each in ranges)
    ancestor = common_ancestor(tail, now, floor=floor)
    if ancestor is None:
        raise ReorgTooDeep(
            f"the chain replaced more than the {len(tail)} blocks up to {tip:,} whose hashes are known; reading has "
            "stopped and nothing was deleted. Check the node against a block explorer; if the chain really did this, "
            "remove its wallets and add them again to read their history anew"
        )
    wallets = frozenset(wallet for wallet, ranges in covered.items() if any(each.last > ancestor for each in ranges))
    return Rollback(
        ancestor=ancestor,
        gap=MissingBlocks(blocks=BlockRange(ancestor + 1, tip), wallets=wallets),
        known={number: link for number, link in known.items() if number <= ancestor},
    )
