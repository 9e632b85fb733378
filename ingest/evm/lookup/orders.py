"""Who placed an order that was paid before it was filled: asked once, of the contract that holds what was paid."""

from collections.abc import Mapping

from ingest.errors import RangeRefused, RpcRejected
from ingest.evm.attribution.cow_eth_flow import contract_of, placements
from ingest.evm.logs.block_ranges import FIRST_STEP, LARGEST_STEP, BlockRange
from ingest.evm.logs.logs import as_address, number, read_logs, topic
from ingest.evm.logs.topics import COW_ORDER_PLACEMENT
from ingest.evm.rpc.adaptive_size import AdaptiveSize
from ingest.evm.rpc.node import Node, Request
from ingest.types import Chain, PlacedOrder

ORDERS = "0x9c3f1e90"  #: orders(bytes32), CoWSwapEthFlow: who placed an order; kept when it is filled
INVALIDATED = "0x" + "ff" * 20  #: stands there instead once what was left of the order was paid back
LOOK_BACK_S = 86_400  #: before the fill, in which the event that placed an order is looked for; most are filled at once
REQUESTS = 12  #: for that, of one order


def look_up(node: Node, chain: Chain, wanted: Mapping[tuple[str, str], int]) -> dict[str, PlacedOrder]:
    """Find who placed orders of ETH-flow contracts.

    Parameters
    ----------
    node, chain
        Whom to ask, and about what.
    wanted
        The order's uid and a wallet that may have placed it, to the block in which it was filled. Uids as the
        chain's known settlement told them.

    Returns
    -------
    dict
        Who placed the order, by uid; an order is left out where it cannot be found out.
    """
    uids = sorted({uid for uid, _ in wanted})
    asked: list[Request] = [
        ("eth_call", [{"to": contract_of(uid), "data": ORDERS + uid[2:66]}, "latest"]) for uid in uids
    ]
    found: dict[str, PlacedOrder] = {}
    for uid, answer in zip(uids, node.batch(asked, tolerant=True), strict=True):
        word = number(answer[:66]) if isinstance(answer, str) and len(answer) >= 66 else None
        wallet = as_address(word) if word else None
        if wallet not in (None, INVALIDATED):
            found[uid] = PlacedOrder(wallet=wallet)
    for (uid, wallet), block in sorted(wanted.items()):
        if uid not in found and (order := _by_event(node, chain, uid, wallet, block)) is not None:
            found[uid] = order
    return found


def _by_event(node: Node, chain: Chain, uid: str, wallet: str, block: int) -> PlacedOrder | None:
    """Look for the event by which a wallet placed an order, backwards from the block that filled it."""
    stride, last = AdaptiveSize(FIRST_STEP, LARGEST_STEP), block
    first = max(0, block - int(LOOK_BACK_S / chain.block_seconds))
    for _ in range(REQUESTS):
        if last < first:
            break
        blocks = BlockRange(max(first, last - stride.step + 1), last)
        bounds = {"fromBlock": hex(blocks.first), "toBlock": hex(blocks.last)}
        wanted = [COW_ORDER_PLACEMENT, topic(wallet)]
        try:
            logs = node.call("eth_getLogs", [{**bounds, "address": contract_of(uid), "topics": wanted}])
        except RangeRefused as refusal:
            if len(blocks) == 1:
                break
            stride.refuse(len(blocks), suggested=refusal.suggested)
            continue
        except RpcRejected:
            break
        order = placements(read_logs(logs), chain).get(uid)
        if order is not None:
            return order
        stride.agree(len(blocks))
        last = blocks.first - 1
    return None
