"""Who placed an order is asked of the contract that holds what was paid, else of its event: in few requests."""

from typing import Any

from ingest.evm import chains
from ingest.evm.interpret import Interpretation, Interpreter
from ingest.evm.logs import topics
from ingest.evm.lookup.orders import INVALIDATED, LOOK_BACK_S, ORDERS, REQUESTS, look_up
from ingest.types import PlacedOrder, VenueStatus
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.evm.rpc.test_node import node
from tests.ingest.evm.test_interpret import raw
from tests.ingest.receipts import (
    ETH_FLOW,
    FAKE,
    OTHER,
    SETTLEMENT,
    WALLET,
    Raw,
    eth_flow_order,
    order_filled,
    order_placement,
    receipt,
    transaction,
    uid_of,
)

ETHEREUM = chains.by_id(1)
ORDER = eth_flow_order()
UID = uid_of(ORDER)
BLOCK = 1_000_000
ALL = int(LOOK_BACK_S / ETHEREUM.block_seconds)  #: blocks looked through at most


class Contract:
    """A node that knows one ETH-flow contract.

    Parameters
    ----------
    owner
        What its storage says of the order; None: it has no state to ask.
    placed
        Block of the order's event; None: there is none.
    most
        Blocks that the node takes at once.
    """

    def __init__(self, owner: str | None, placed: int | None = None, most: int = 10**9, **event: str) -> None:
        self.owner, self.placed, self.most = owner, placed, most
        where = {"blockNumber": hex(placed or 0), "transactionIndex": "0x0", "logIndex": "0x1"}
        hashes = {"blockHash": "0x" + "12" * 32, "transactionHash": "0x" + "34" * 32}
        self.event = {**order_placement(ORDER, **event), **where, **hashes}
        self.ranges: list[tuple[int, int]] = []

    def methods(self) -> dict[str, Any]:
        return {"eth_call": self._call, "eth_getLogs": self._logs}

    def _call(self, request: dict[str, str], _block: str) -> str:
        if self.owner is None:
            raise RpcFault(3, "execution reverted")
        asked = request == {"to": ETH_FLOW, "data": ORDERS + UID[2:66]}
        return "0x" + (self.owner[2:] if asked else "").rjust(64, "0") + f"{2**31:064x}"

    def _logs(self, query: dict[str, Any]) -> list[Raw]:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        self.ranges.append((first, last))
        assert query["topics"] == [topics.COW_ORDER_PLACEMENT, "0x" + WALLET[2:].rjust(64, "0")]
        assert query["address"] == ETH_FLOW
        if last - first >= self.most:
            raise RpcFault(-32602, f"block range is too wide, at most {self.most} blocks")
        return [self.event] if self.placed is not None and first <= self.placed <= last else []


def found(contract: Contract) -> tuple[dict[str, PlacedOrder], list[str]]:
    with FakeNode(contract.methods()) as fake, node(fake) as client:
        order = look_up(client, ETHEREUM, {(UID, WALLET): BLOCK})
        return order, [method for method in fake.asked if method != "eth_chainId"]


def test_the_contract_is_asked_once() -> None:
    """Its storage names who placed the order, however long ago: the wallet, or another who bought for it."""
    for owner in (WALLET, OTHER):
        assert found(Contract(owner)) == ({UID: PlacedOrder(wallet=owner)}, ["eth_call"])


def test_where_the_contract_says_nothing_the_event_does() -> None:
    """The rest of an order was paid back, the storage is empty, or the node has none: the event stays."""
    for owner in (INVALIDATED, "0x" + "00" * 20, None):
        assert found(Contract(owner, BLOCK - 3))[0] == {UID: PlacedOrder(wallet=WALLET)}


def test_an_event_of_another_contract_or_sender_is_not_believed() -> None:
    """Whatever the node answers, it must be the event of this contract; who it names is who placed the order."""
    assert found(Contract(None, BLOCK - 3, emitter=FAKE))[0] == {}
    assert found(Contract(None, BLOCK - 3, sender=OTHER))[0] == {UID: PlacedOrder(wallet=OTHER)}


def test_the_event_is_looked_for_backwards_for_a_day() -> None:
    """The oldest block of the day is looked at, and none before it; each block once."""
    within, beyond = Contract(None, BLOCK - ALL), Contract(None, BLOCK - ALL - 1)
    assert found(within)[0] == {UID: PlacedOrder(wallet=WALLET)}
    assert found(beyond)[0] == {}
    for ranges in (within.ranges, beyond.ranges):
        assert ranges[0][1] == BLOCK
        assert ranges[-1][0] == BLOCK - ALL
        assert all(later[1] == earlier[0] - 1 for earlier, later in zip(ranges, ranges[1:], strict=False))


def test_a_node_of_small_ranges_is_asked_a_few_times() -> None:
    """As many blocks as so many requests reach are looked through, and no more."""
    near, far = Contract(None, BLOCK - 15, most=10), Contract(None, BLOCK - ALL, most=10)
    assert found(near)[0] == {UID: PlacedOrder(wallet=WALLET)}
    assert (found(far)[0], len(far.ranges)) == ({}, REQUESTS)
    assert found(Contract(None, BLOCK, most=0))[0] == {}


def interpret(contract: Contract, *transactions: Any) -> tuple[Interpretation, list[str]]:
    with FakeNode(contract.methods()) as fake, node(fake) as client:
        return Interpreter(client, ETHEREUM, {}).interpret(transactions), fake.asked


def test_a_fill_asks_and_is_verified() -> None:
    """The trade is the wallet's, and who placed the order is there to be stored."""
    fill = raw(transaction(sender=OTHER, to=SETTLEMENT), receipt(*order_filled(ORDER)))
    said, _ = interpret(Contract(WALLET), fill)
    assert [trade.venue_status for trade in said.trades] == [VenueStatus.VERIFIED]
    assert said.orders == {UID: PlacedOrder(wallet=WALLET)}
    unknown, _ = interpret(Contract(None), fill)
    assert [trade.venue_status for trade in unknown.trades] == [VenueStatus.UNVERIFIED]
    assert unknown.orders == {}


def test_an_order_placed_in_the_same_window_is_not_asked_for() -> None:
    """The wallet's own transaction tells it."""
    name = "0x" + "cd" * 32
    placing = raw(transaction(to=ETH_FLOW, value=10**18), receipt(order_placement(ORDER), transactionHash=name))
    fill = raw(transaction(sender=OTHER, to=SETTLEMENT), receipt(*order_filled(ORDER)))
    contract = Contract(None)
    said, _ = interpret(contract, placing, fill)
    assert [trade.venue_status for trade in said.trades] == [VenueStatus.VERIFIED]
    assert (said.orders, contract.ranges) == ({UID: PlacedOrder(wallet=WALLET)}, [])


def test_nobody_is_asked_about_an_order_of_the_wallets_own_account() -> None:
    """An order that the settlement takes from the wallet itself needs no one to say who paid."""
    plain = raw(transaction(sender=OTHER, to=SETTLEMENT), receipt(*order_filled(eth_flow_order(), owner=WALLET)))
    contract = Contract(None)
    assert [trade.counts for trade in interpret(contract, plain)[0].trades] == [True]
    assert contract.ranges == []
