"""CoW's ETH-flow: an order that was paid in one transaction and filled in another is the trade of who placed it."""

from typing import Any

import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import decode_transaction
from ingest.evm import chains
from ingest.evm.attribution.cow_eth_flow import contract_of, placements
from ingest.evm.logs.logs import read_logs
from ingest.evm.logs.token_flows import read_movements
from ingest.types import NATIVE, Decoding, Leg, NativeSource, PlacedOrder, Trade, VenueStatus
from tests.ingest.receipts import (
    COIN,
    ETH_FLOW,
    FAKE,
    OTHER,
    SETTLEMENT,
    WALLET,
    WETH,
    Raw,
    eth_flow_order,
    order_filled,
    order_placement,
    receipt,
    transaction,
    uid_of,
)

ETHEREUM = chains.by_id(1)
SOLD, GOT = 10**18, 5
ORDER = eth_flow_order(sell=SOLD, buy=GOT)
UID = uid_of(ORDER)
MINE = {UID: PlacedOrder(wallet=WALLET)}


def decode(*logs: Raw, known: Any = None, wallet: str = WALLET, value: int = 0, sender: str = OTHER) -> Decoding:
    tx = transaction(sender=sender, to=SETTLEMENT, value=value)
    return decode_transaction(tx, receipt(*logs), wallet=wallet, chain_id=1, timestamp=99, known=known)


def placed(*logs: Raw) -> dict[str, PlacedOrder]:
    return placements(read_movements(receipt(*logs), WETH).logs, ETHEREUM)


def statuses(decoding: Decoding) -> list[VenueStatus]:
    return [trade.venue_status for trade in decoding.trades]


def test_the_uid_of_an_order_is_its_eip_712_hash_with_owner_and_expiry() -> None:
    """By the constants that cowprotocol publishes: its Order's type hash, and the domain of its mainnet settlement."""
    type_hash = bytes.fromhex("d5a25ba2e97094ad7d83dc28a6572da797d6b3e7fc6663bd93efb789fc17e489")
    domain = bytes.fromhex("c078f884a2676e1345748b1feace7b0abee5d00ecadb6e574dcdd109a63e8943")
    fields = b"".join(int(str(f), 16 if str(f)[:2] == "0x" else 10).to_bytes(32) for f in ORDER)
    digest = keccak(b"\x19\x01" + domain + keccak(type_hash + fields))
    assert f"0x{digest.hex()}{ETH_FLOW[2:]}ffffffff" == UID
    assert contract_of(UID) == ETH_FLOW
    assert placed(order_placement(ORDER)) == MINE


def test_an_order_that_the_wallet_placed_is_its_trade() -> None:
    """It sold what the settlement took, the fee in it, and bought what it received; somebody else paid the gas."""
    decoding = decode(*order_filled(ORDER), known=MINE)
    assert decoding.trades == (
        Trade(
            chain_id=1,
            block_number=16,
            transaction_index=2,
            tx_hash="0x" + "ab" * 32,
            ordinal=0,
            wallet=WALLET,
            timestamp=99,
            sold=(Leg(NATIVE, SOLD),),
            bought=(Leg(COIN, GOT),),
            venue="cow",
            venue_status=VenueStatus.VERIFIED,
            native_source=NativeSource.POOL,
            fee_native_raw=0,
        ),
    )
    traced = decode_transaction(
        transaction(sender=OTHER, to=SETTLEMENT),
        receipt(*order_filled(ORDER)),
        wallet=WALLET,
        chain_id=1,
        timestamp=99,
        internal_transactions=[],
        known=MINE,
    )
    assert traced == decoding
    assert decoding.reasons == (
        "The wallet placed the order and paid for it in an earlier transaction; this one filled it.",
    )


def test_a_part_that_is_filled_sells_that_part() -> None:
    """What was not taken comes back later, and is no trade then."""
    [made] = decode(*order_filled(ORDER, gave=SOLD // 3, got=2), known=MINE).trades
    assert (made.sold, made.bought) == ((Leg(NATIVE, SOLD // 3),), (Leg(COIN, 2),))
    assert made.venue_status is VenueStatus.VERIFIED


def test_where_nobody_knows_who_paid_the_trade_is_not_verified() -> None:
    """Nothing looked up, another order's placer, or that of the same order in another contract: as good as nothing."""
    elsewhere = uid_of(ORDER, owner="0x40a50cf069e992aa4536211b23f286ef88752187")
    for known in (None, {uid_of(eth_flow_order(buy=6)): MINE[UID]}, {elsewhere: MINE[UID]}):
        decoding = decode(*order_filled(ORDER), known=known)
        assert statuses(decoding) == [VenueStatus.UNVERIFIED]
        assert "who paid is not known" in decoding.reasons[0]


def test_what_another_bought_for_the_wallet_is_a_gift() -> None:
    """Who placed the order paid for it: neither the receiver nor the one who paid both gave and got."""
    known = {UID: PlacedOrder(wallet=OTHER)}
    assert decode(*order_filled(ORDER), known=known).trades == ()
    assert decode(*order_filled(ORDER), known=known, wallet=OTHER).trades == ()


def test_two_orders_in_one_settlement_are_one_trade_of_which_each_must_be_known() -> None:
    """Native coin and tokens add up; an order of another beside the wallet's own adds nothing to what it gave."""
    more = eth_flow_order(sell=3 * SOLD, buy=7)
    both = [*order_filled(ORDER), *order_filled(more, gave=3 * SOLD, got=7)]
    known = {**MINE, uid_of(more): PlacedOrder(wallet=WALLET)}
    [made] = decode(*both, known=known).trades
    assert (made.sold, made.bought, made.counts) == ((Leg(NATIVE, 4 * SOLD),), (Leg(COIN, 12),), True)
    assert statuses(decode(*both, known=MINE)) == [VenueStatus.UNVERIFIED]


@pytest.mark.parametrize(
    "told",
    [
        order_placement(ORDER, emitter=FAKE),
        order_placement(ORDER, emitter=SETTLEMENT),
        order_placement(ORDER, sender=OTHER),
        order_placement(eth_flow_order(buy=6)),
        order_placement(ORDER, emitter="0x40a50cf069e992aa4536211b23f286ef88752187"),
    ],
    ids=["another contract", "the settlement", "another sender", "another order", "another contract of CoW's"],
)
def test_a_forged_placement_never_verifies(told: Raw) -> None:
    """Only the contract that holds the coin says who placed the order, and it says so of this very order."""
    assert VenueStatus.VERIFIED not in statuses(decode(*order_filled(ORDER), known=placed(told)))
    # Nor does it where it stands in the settlement itself.
    assert VenueStatus.VERIFIED not in statuses(decode(told, *order_filled(ORDER)))


def test_a_forged_fill_is_no_trade() -> None:
    """A Trade that another contract emits about a known order proves nothing."""
    [gave, got, told] = order_filled(ORDER)
    assert decode(gave, got, {**told, "address": FAKE}, known=MINE).trades == ()


def test_placing_and_taking_back_are_no_trades() -> None:
    """Coin into an order, coin back out of one that was not filled: nothing was bought."""
    out = [{"from": ETH_FLOW, "to": WALLET, "value": str(SOLD)}]
    assert decode(order_placement(ORDER), known=MINE, value=SOLD, sender=WALLET).trades == ()
    back = decode_transaction(
        transaction(to=ETH_FLOW), receipt(), wallet=WALLET, chain_id=1, known=MINE, internal_transactions=out
    )
    assert (back.trades, back.reasons) == ((), ("Nothing left the wallet.",))


@given(st.data())
def test_a_mutated_placement_never_raises_and_never_names_another_order(data: st.DataObject) -> None:
    """Whatever is changed of it, it is not read, or tells of another order, or of the same one and its real sender."""
    entry = order_placement(ORDER)
    body = bytearray.fromhex(entry["data"][2:])
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=3)):
        body[at] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.none() | st.integers(0, len(body)))
    changed = {**entry, "data": "0x" + bytes(body[:cut]).hex()}
    changed["topics"] = data.draw(st.just(entry["topics"]) | st.lists(st.sampled_from(entry["topics"]), max_size=4))
    found = placements(read_logs([changed]), ETHEREUM)
    assert found.get(UID, MINE[UID]) == MINE[UID]
    assert all(known == MINE[UID] for known in found.values())
    decoding = decode(changed, *order_filled(ORDER), known=found)
    verified = statuses(decoding) == [VenueStatus.VERIFIED]
    assert verified == (UID in found)
