"""Laws that hold for any receipt, hostile ones above all."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decode import decode_transaction
from ingest.evm.logs import topics
from ingest.evm.logs.token_flows import net_by_token, read_movements, token_flows
from tests.ingest.receipts import (
    COIN,
    FAKE,
    MANAGER_V4,
    OTHER,
    ROUTER,
    SETTLEMENT,
    USDC,
    USDC_WETH_V3,
    VAULT_V2,
    WALLET,
    WETH,
    ZERO,
    receipt,
    transaction,
    transfer,
)

ACCOUNTS = [WALLET, OTHER, ROUTER, FAKE, ZERO, USDC_WETH_V3]
EMITTERS = [*ACCOUNTS, COIN, USDC, WETH, MANAGER_V4, VAULT_V2, SETTLEMENT, "0x", "nonsense"]
WORDS = st.one_of(
    st.integers(0, 3),
    st.integers(0, 2**256 - 1),
    st.just(2**256 - 1),
    st.sampled_from(ACCOUNTS).map(lambda a: int(a, 16)),
).map(lambda n: f"{n:064x}")
JUNK = st.one_of(st.none(), st.integers(), st.text(max_size=8), st.lists(st.none(), max_size=2), st.booleans())
TOPICS = st.lists(
    st.one_of(st.sampled_from(sorted(topics.SIGNATURES)), WORDS.map(lambda w: "0x" + w), JUNK), max_size=5
)
DATA = st.one_of(st.lists(WORDS, max_size=12).map(lambda w: "0x" + "".join(w)), st.just("0x1"), st.just("0xzz"), JUNK)
LOGS = st.fixed_dictionaries(
    {"address": st.one_of(st.sampled_from(EMITTERS), JUNK), "topics": st.one_of(TOPICS, JUNK), "data": DATA},
    optional={"logIndex": st.one_of(st.just("0x1"), JUNK), "removed": JUNK},
)


@settings(max_examples=300, deadline=None)
@given(
    logs=st.one_of(st.lists(st.one_of(LOGS, JUNK), max_size=12), JUNK),
    odd=st.dictionaries(st.sampled_from(["status", "gasUsed", "blockNumber", "from", "value", "input", "to"]), JUNK),
    internal=st.one_of(st.none(), st.lists(st.dictionaries(st.sampled_from(["from", "to", "value"]), JUNK))),
    chain_id=st.sampled_from([1, 137, 31337]),
)
def test_decode_never_raises(logs: Any, odd: dict[str, Any], internal: Any, chain_id: int) -> None:
    """Whatever a node or a contract answers, the decoder answers with a Decoding."""
    got = {**receipt(), "logs": logs, **odd}
    decoding = decode_transaction(
        {**transaction(), **odd}, got, wallet=WALLET, chain_id=chain_id, internal_transactions=internal
    )
    for trade in decoding.trades:
        assert all(leg.amount_raw > 0 for leg in (*trade.sold, *trade.bought))
        assert trade.sold
        assert trade.bought


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([COIN, USDC]),
            st.sampled_from(ACCOUNTS),
            st.sampled_from(ACCOUNTS),
            st.integers(0, 2**256 - 1),
        ),
        max_size=20,
    )
)
def test_net_flows_conserve(moves: list[tuple[str, str, str, int]]) -> None:
    """What all accounts together gave of a token, all accounts together got."""
    moved = read_movements(receipt(*(transfer(*move) for move in moves)), None)
    total: dict[str, int] = {}
    for account in ACCOUNTS:
        for token, amount in net_by_token(token_flows(moved, account, None)).items():
            total[token] = total.get(token, 0) + amount
    assert not any(total.values())
