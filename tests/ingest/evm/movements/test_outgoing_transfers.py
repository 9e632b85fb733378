"""Where tokens went that no trade explains."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.movements.outgoing_transfers import sendings_of
from ingest.types import BlockRef, RawTransaction
from tests.ingest.receipts import COIN, FAKE, OTHER, ROUTER, USDC, WALLET, ZERO, receipt, transaction, transfer


def raw(*logs):
    return RawTransaction(
        tx_hash="0x" + "ab" * 32,
        block=BlockRef(number=16, hash="0x1", timestamp=1_700_000_000),
        transaction_index=2,
        transaction=transaction(),
        receipt=receipt(*logs),
        wallets=frozenset({WALLET}),
    )


def found(*logs, tokens=(COIN, USDC)):
    return [(item.token, item.to, item.amount_raw) for item in sendings_of(raw(*logs), WALLET, 1, tokens)]


def test_each_address_gets_what_went_to_it_less_what_came_back():
    """Several tokens and receivers; a refund is taken off; what others move among themselves is not the wallet's."""
    logs = (
        transfer(COIN, WALLET, OTHER, 70),
        transfer(COIN, WALLET, ROUTER, 30),
        transfer(COIN, ROUTER, WALLET, 30),
        transfer(USDC, WALLET, OTHER, 5),
        transfer(USDC, OTHER, ROUTER, 99),
    )
    assert found(*logs) == [(USDC, OTHER, 5), (COIN, OTHER, 70)] or found(*logs) == [
        (COIN, OTHER, 70),
        (USDC, OTHER, 5),
    ]


def test_only_tokens_that_the_books_miss_are_looked_at():
    """A token that nobody asked about, transfers of nothing and to oneself send nothing anywhere."""
    assert found(transfer(FAKE, WALLET, OTHER, 10**30)) == []
    assert found(transfer(COIN, WALLET, OTHER, 0), transfer(COIN, WALLET, WALLET, 7)) == []
    assert found(transfer(COIN, WALLET, ZERO, 7)) == [(COIN, ZERO, 7)]


@given(st.lists(st.tuples(st.sampled_from([OTHER, ROUTER]), st.integers(-(10**30), 10**30)), max_size=8))
def test_no_amount_is_lost(steps):
    """What was sent, less what came back, is the wallet's net change with the addresses that got something."""
    logs = [
        transfer(COIN, WALLET, to, amount) if amount > 0 else transfer(COIN, to, WALLET, -amount)
        for to, amount in steps
    ]
    net = {to: sum(amount for other, amount in steps if other == to) for to, _ in steps}
    assert {to: amount for _, to, amount in found(*logs)} == {to: amount for to, amount in net.items() if amount > 0}


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=8), lambda leaf: st.lists(leaf, max_size=3), max_leaves=8)
)
def test_a_receipt_of_any_shape_is_read(logs):
    """A stranger's bytes never raise."""
    made = raw()
    broken = replace(made, receipt={**made.receipt, "logs": logs})
    assert sendings_of(broken, WALLET, 1, {COIN}) == []
