"""What moved without being traded: what the flows hold and the trades leave over."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decode import decode_transaction
from ingest.evm.logs.token_flows import net_by_token
from ingest.evm.movements.transfers import moves_of
from ingest.types import NATIVE, Decoding, Flow, Leg, Move, Trade, VenueStatus
from tests.ingest.receipts import COIN, FAKE, OTHER, USDC, WALLET, ZERO, receipt, transaction, transfer


def flow(token: str, amount: int, index: int = 0) -> Flow:
    return Flow(token=token, amount_raw=amount, counterparty=OTHER, log_index=index)


def swapped(sold: Leg, bought: Leg, status: VenueStatus = VenueStatus.VERIFIED) -> Trade:
    return Trade(
        chain_id=1,
        block_number=16,
        transaction_index=2,
        tx_hash="0x" + "ab" * 32,
        ordinal=0,
        wallet=WALLET,
        timestamp=7,
        sold=(sold,),
        bought=(bought,),
        venue="uniswap_v2",
        venue_status=status,
        native_source=None,
        fee_native_raw=0,
    )


def moves(
    *flows: Flow, trades: tuple[Trade, ...] = (), tx: Any = None, answer: Any = None, wallet: str = WALLET
) -> Any:
    return moves_of(
        Decoding(flows=flows, venues=(), trades=trades, reasons=()),
        transaction=transaction() if tx is None else tx,
        receipt=receipt() if answer is None else answer,
        wallet=wallet,
        chain_id=1,
        timestamp=7,
    )


def test_a_transfer_is_a_move() -> None:
    """The whole record, from a raw receipt."""
    answer = receipt(transfer(COIN, OTHER, WALLET, 500))
    decoding = decode_transaction(transaction(sender=OTHER), answer, wallet=WALLET, chain_id=1, timestamp=7)
    found = moves_of(
        decoding, transaction=transaction(sender=OTHER), receipt=answer, wallet=WALLET, chain_id=1, timestamp=7
    )
    assert found == [
        Move(
            chain_id=1,
            block_number=16,
            transaction_index=2,
            tx_hash="0x" + "ab" * 32,
            wallet=WALLET,
            timestamp=7,
            token=COIN,
            amount_raw=500,
        )
    ]


def test_what_a_trade_explains_is_no_move() -> None:
    """Its legs are taken off, verified or not; what is left of the same token is a move."""
    for status in VenueStatus:
        trade = swapped(Leg(USDC, 90), Leg(COIN, 40), status)
        found = moves(flow(USDC, -100), flow(COIN, 40), flow(FAKE, 3), trades=(trade,))
        assert [(move.token, move.amount_raw) for move in found] == [(USDC, -10), (FAKE, 3)]


def test_movements_of_one_token_are_one_move() -> None:
    """Net by token; what comes and goes again is none."""
    found = moves(flow(COIN, 5), flow(USDC, -3), flow(COIN, -7), flow(FAKE, 2), flow(FAKE, -2))
    assert [(move.token, move.amount_raw) for move in found] == [(COIN, -2), (USDC, -3)]


def test_the_native_coin_is_left_out() -> None:
    """It is spent as gas and as a quote: no inventory of it is kept."""
    assert moves(flow(NATIVE, 5)) == []


def test_liquidity_is_two_tokens_out_and_its_own_token_in() -> None:
    """Adding liquidity trades nothing: every leg of it is a move."""
    answer = receipt(
        transfer(USDC, WALLET, FAKE, 10), transfer(COIN, WALLET, FAKE, 20), transfer(FAKE, ZERO, WALLET, 14)
    )
    decoding = decode_transaction(transaction(), answer, wallet=WALLET, chain_id=1, timestamp=7)
    found = moves_of(decoding, transaction=transaction(), receipt=answer, wallet=WALLET, chain_id=1, timestamp=7)
    assert [(move.token, move.amount_raw) for move in found] == [(USDC, -10), (COIN, -20), (FAKE, 14)]


def test_a_wallet_that_is_no_address_moves_nothing() -> None:
    """Nothing is read into a name."""
    assert moves(flow(COIN, 5), wallet="nobody") == []


JUNK = st.one_of(st.none(), st.integers(), st.text(max_size=8), st.lists(st.none(), max_size=2), st.booleans())
FIELDS = ["transactionHash", "hash", "blockNumber", "transactionIndex", "status", "logs"]


@settings(deadline=None)
@given(
    odd=st.dictionaries(st.sampled_from(FIELDS), JUNK),
    sent=st.lists(
        st.tuples(st.sampled_from([COIN, USDC]), st.sampled_from([WALLET, OTHER]), st.integers(0, 2**256 - 1)),
        max_size=8,
    ),
)
def test_moves_never_raise_and_add_up_to_the_flows(odd: dict[str, Any], sent: list[tuple[str, str, int]]) -> None:
    """Whatever a node answers; trades and moves together are all that moved."""
    answer = {**receipt(*(transfer(t, a, OTHER if a == WALLET else WALLET, n) for t, a, n in sent)), **odd}
    tx = {**transaction(), **odd}
    decoding = decode_transaction(tx, answer, wallet=WALLET, chain_id=1)
    found = moves_of(decoding, transaction=tx, receipt=answer, wallet=WALLET, chain_id=1, timestamp=None)
    rest = net_by_token(decoding.flows)
    for leg in (leg for trade in decoding.trades for leg in trade.bought):
        rest[leg.token] = rest.get(leg.token, 0) - leg.amount_raw
    for leg in (leg for trade in decoding.trades for leg in trade.sold):
        rest[leg.token] = rest.get(leg.token, 0) + leg.amount_raw
    assert {move.token: move.amount_raw for move in found} == {t: n for t, n in rest.items() if n and t != NATIVE}
    assert all(move.amount_raw for move in found)
