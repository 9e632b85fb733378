"""A second look at logs, where there is another endpoint: a part of a window is asked for again, of that one."""

from collections.abc import Collection, Mapping
from random import Random

from ingest.errors import RpcUnavailable
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.rpc.answer_checks import well_formed
from ingest.evm.rpc.node import Node, Request
from ingest.evm.sync.fetch import log_requests, touches_in
from ingest.evm.sync.header_checks import read_header
from ingest.evm.sync.touches import Touch

LOOKS = 20  #: windows, one of which is looked at twice


def look_again(
    node: Node, wallets: Collection[str], blocks: BlockRange, found: Mapping[str, Touch], last_hash: str, dice: Random
) -> None:
    """Hold what a window's logs named against what they name in one half of it.

    A node may cut its answers without a word, or ask a part of its servers that lacks them: in another split, another
    endpoint does not lack the same.

    Parameters
    ----------
    node
        Inside the window that was read.
    found
        What the window named.
    last_hash
        Of the window's last block: whoever is on another fork, or behind, is not asked for an opinion.
    dice
        Which windows, and which half.

    Raises
    ------
    RpcUnavailable
        Something is there that the window left out.
    """
    if len(blocks) < 2 or dice.random() * LOOKS >= 1:
        return
    middle = (blocks.first + blocks.last) // 2
    half = dice.choice([BlockRange(blocks.first, middle), BlockRange(middle + 1, blocks.last)])
    asked: list[Request] = [*log_requests(wallets, half), ("eth_getBlockByNumber", [hex(blocks.last), False])]
    answers = node.elsewhere(asked)
    if answers is None or not isinstance(answers[-1], Mapping):
        return
    with well_formed(f"block {blocks.last:,}"):
        if read_header(blocks.last, answers[-1]).hash != last_hash:
            return
    named = touches_in(answers[:-1], wallets, half)
    if missing := sorted(named.keys() - found.keys()):
        raise RpcUnavailable(f"eth_getLogs left out {len(missing)} transactions of a wallet, {missing[0]} for one")
