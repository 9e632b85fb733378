"""Hostile data, law by law: what a stranger can put into a receipt, a token or a log, and what it must not do."""

from decimal import Decimal
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import decode_transaction
from ingest.evm import chains
from ingest.evm.logs import topics
from ingest.evm.logs.token_flows import read_movements
from ingest.evm.logs.topics import SYNC, V2_MINT
from ingest.evm.lookup.tokens import DECIMALS, read_tokens
from ingest.evm.movements.transfers import moves_of
from ingest.evm.pricing.intermediate_quote import quote_hop
from ingest.evm.pricing.valuation import Prices, quote_tokens, value
from ingest.types import Decoding, Leg, VenueStatus
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest import receipts as r
from tests.ingest.evm.rpc.test_node import node
from tests.ingest.test_decode_laws import LOGS

ETHEREUM = chains.by_id(1)
PAIR_CREATED = "0x0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9"  # keccak of Uniswap V2's
SALE = [
    r.transfer(r.USDC, r.WALLET, r.USDC_WETH_V3, 2_000),
    r.transfer(r.WETH, r.USDC_WETH_V3, r.WALLET, 10**18),
    r.v3_swap(r.USDC_WETH_V3, 2_000, -(10**18)),
]
STRANGE = st.sampled_from([r.FAKE, r.COIN, r.OTHER])
ANYONE = st.sampled_from([r.WALLET, r.OTHER, r.FAKE, r.USDC_WETH_V3, r.ZERO])
AMOUNT = st.sampled_from([0, 1, 2_000, 10**18, 2**255, 2**256 - 1])


def decode(*logs: r.Raw, sender: str = r.WALLET) -> Decoding:
    return decode_transaction(r.transaction(sender=sender), r.receipt(*logs), wallet=r.WALLET, chain_id=1)


def forged(emitter: str, a: str, b: str, amounts: list[int], kind: int) -> r.Raw:
    """One log by a contract that is no pool, in the shape of a real event."""
    return [
        r.log(emitter, topics.UNISWAP_V2_SWAP, (a, b), tuple(amounts[:4])),
        r.log(emitter, topics.UNISWAP_V3_SWAP, (a, b), (*amounts[:4], 0)),
        r.log(emitter, topics.UNISWAP_V4_SWAP, (1, b), (*amounts[:4], 0, 0)),
        r.log(emitter, PAIR_CREATED, (r.USDC, r.WETH), (emitter, 1)),
        r.log(emitter, SYNC, (), tuple(amounts[:2])),
        r.log(emitter, V2_MINT, (r.WALLET,), tuple(amounts[:2])),
        r.log(emitter, topics.COW_TRADE, (r.WALLET,), (r.USDC, r.WETH, *amounts[:3], 0)),
        r.log(emitter, topics.USER_OPERATION, (1, r.WALLET, 0), (0, 1, 0, 0)),
    ][kind]


FORGED = st.lists(
    st.builds(forged, STRANGE, ANYONE, ANYONE, st.lists(AMOUNT, min_size=4, max_size=4), st.integers(0, 7)), max_size=8
)


@given(FORGED, FORGED)
def test_forged_events_neither_change_a_trade_nor_its_standing(before: list[r.Raw], after: list[r.Raw]) -> None:
    """Swaps, pools, reserves, orders and user operations by contracts that nobody vouches for change nothing."""
    [plain], [found] = decode(*SALE).trades, decode(*before, *SALE, *after).trades
    assert (found.sold, found.bought, found.venue_status) == (plain.sold, plain.bought, VenueStatus.VERIFIED)


@given(FORGED)
def test_forged_events_make_no_trade_of_a_payment(logs: list[r.Raw]) -> None:
    """A payment and a gift in one transaction stay what they are, whatever else its contracts claim."""
    gift = [r.transfer(r.USDC, r.WALLET, r.OTHER, 7), r.transfer(r.WETH, r.FAKE, r.WALLET, 5)]
    assert all(trade.venue_status is not VenueStatus.VERIFIED for trade in decode(*logs, *gift).trades)


@given(FORGED, STRANGE, AMOUNT)
def test_a_forged_outflow_that_the_wallet_did_not_sign_is_no_trade(logs: list[r.Raw], token: str, amount: int) -> None:
    """A token may say that the wallet sent it away and a "pool" paid it: without the wallet's hand it sold nothing."""
    claimed = [r.transfer(token, r.WALLET, r.FAKE, amount), r.transfer(r.COIN, r.FAKE, r.WALLET, 5)]
    assert decode(*logs, *claimed, r.v2_swap(r.FAKE, amount, 0, 0, 5), sender=r.OTHER).trades == ()


def test_a_created_pair_is_not_a_known_pair() -> None:
    """``PairCreated`` by a factory that nobody knows does not make its pool a venue."""
    logs = [
        r.log(r.OTHER, PAIR_CREATED, (r.COIN, r.USDC), (r.FAKE, 1)),
        r.transfer(r.USDC, r.WALLET, r.FAKE, 10),
        r.transfer(r.COIN, r.FAKE, r.WALLET, 5),
        r.v2_swap(r.FAKE, 10, 0, 0, 5),
    ]
    assert [trade.venue_status for trade in decode(*logs).trades] == [VenueStatus.UNVERIFIED]


def test_a_token_named_like_a_dollar_is_worth_nothing_known() -> None:
    """Quote tokens are known by address: what calls itself USDC elsewhere has no peg and prices no trade."""

    def call(request: dict[str, str], _block: str) -> str:
        return "0x" + ((6).to_bytes(32) if request["data"] == DECIMALS else encode(["string"], ["USDC"])).hex()

    with FakeNode({"eth_call": call}) as fake, node(fake) as client:
        named = read_tokens(client, [r.FAKE])
    assert named == {r.FAKE: ("USDC", 6)}
    prices = Prices(chain=ETHEREUM, decimals={r.FAKE: 6})
    [trade] = decode(*SALE).trades
    assert value(trade, prices).value_usd == Decimal("0.002")
    same = type(trade)(**{**{name: getattr(trade, name) for name in trade.__slots__}, "sold": (Leg(r.FAKE, 2_000),)})
    assert value(same, prices).value_usd is None


@given(st.lists(st.tuples(st.sampled_from([r.USDC, r.WETH, r.COIN]), ANYONE, ANYONE), max_size=8), st.booleans())
def test_transfers_of_nothing_leave_no_trace(transfers: list[tuple[str, str, str]], sent: bool) -> None:
    """Zero-value transfers "from" or "to" the wallet, as address poisoners make them, are no flow, move or trade."""
    logs = [r.transfer(token, source, target, 0) for token, source, target in transfers]
    decoding = decode(*logs, sender=r.WALLET if sent else r.OTHER)
    assert (decoding.flows, decoding.trades) == ((), ())
    assert _moves(decoding, r.receipt(*logs)) == []
    [beside] = decode(*logs, *SALE).trades
    assert (beside.sold, beside.bought) == (decode(*SALE).trades[0].sold, decode(*SALE).trades[0].bought)


def test_dust_from_a_look_alike_is_a_move_and_no_trade() -> None:
    """A poisoner's crumb of a real token is held and counted as a gift; it is no buy."""
    decoding = decode(r.transfer(r.USDC, r.WALLET[:-4] + "2222", r.WALLET, 1), sender=r.OTHER)
    assert decoding.trades == ()
    assert [(move.token, move.amount_raw) for move in _moves(decoding, r.receipt())] == [(r.USDC, 1)]


@pytest.mark.parametrize("answer", [None, (255).to_bytes(32), (2**256 - 1).to_bytes(32), b"", b"\x06", b"\xff" * 500])
def test_decimals_that_revert_or_lie_price_nothing(answer: bytes | None) -> None:
    """Unreadable decimals are unknown, and a price per token then says nothing of base units."""

    def call(request: dict[str, str], _block: str) -> str:
        if request["data"] != DECIMALS:
            return "0x" + encode(["string"], ["X"]).hex()
        if answer is None:
            raise RpcFault(3, "execution reverted")
        return "0x" + answer.hex()

    with FakeNode({"eth_call": call}) as fake, node(fake) as client:
        assert read_tokens(client, [r.COIN]) == {r.COIN: ("X", None)}


def _moves(decoding: Decoding, receipt: r.Raw) -> list[Any]:
    return moves_of(decoding, transaction=r.transaction(), receipt=receipt, wallet=r.WALLET, chain_id=1, timestamp=None)


@given(st.lists(LOGS, max_size=10))
def test_whatever_is_logged_beside_a_trade_all_that_follows_decoding_stands(noise: list[Any]) -> None:
    """Bad topics, short data and the largest numbers: decoding, moves and the hop between answer or leave out."""
    receipt = {**r.receipt(), "logs": [*SALE, *noise]}
    decoding = decode_transaction(r.transaction(), receipt, wallet=r.WALLET, chain_id=1)
    assert all(move.amount_raw for move in _moves(decoding, receipt))
    quote_hop(decoding, read_movements(receipt, None).transfers, quote_tokens(ETHEREUM))
    for trade in decoding.trades:
        value(trade, Prices(chain=ETHEREUM))
