"""What strangers say about their tokens, taken with care."""

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.lookup.tokens import decimals_of, read_tokens, symbol_of
from ingest.text import clean
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.evm.rpc.test_node import node


def answer(text):
    return "0x" + encode(["string"], [text]).hex()


@pytest.mark.parametrize(
    ("raw", "symbol"),
    [
        (answer("WETH"), "WETH"),
        ("0x" + b"MKR".ljust(32, b"\0").hex(), "MKR"),  # bytes32, as the first tokens have it
        (answer("US\u202eDC\x00\u200b"), "USDC"),
        (answer("x" * 10_000), "x" * 15 + "…"),
        (answer(""), None),
        ("0x", None),
        ("0xzz", None),
        (None, None),
    ],
)
def test_a_symbol_is_cleaned_or_unknown(raw, symbol):
    """Strings and bytes32 are read; control, bidi and zero-width go; 10 kB are cut; nonsense is unknown."""
    assert symbol_of(raw) == symbol


@pytest.mark.parametrize(("value", "decimals"), [(6, 6), (36, 36), (37, None), (255, None), (2**256 - 1, None)])
def test_absurd_decimals_are_unknown(value, decimals):
    """Decimals beyond 36 are a joke or an attack: unknown, never used."""
    assert decimals_of("0x" + value.to_bytes(32).hex()) == decimals


@given(st.binary(max_size=200))
def test_no_answer_breaks_the_reader(data):
    """Whatever a contract returns is a value or unknown."""
    symbol_of("0x" + data.hex())
    decimals_of("0x" + data.hex())


@given(st.text(max_size=300), st.integers(1, 40))
def test_cleaned_text_is_one_short_printable_line(text, limit):
    """No control or format character survives, and the limit holds."""
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert shown.isprintable()


def test_a_token_that_reverts_is_unknown_and_costs_the_others_nothing():
    """One reverting contract leaves the tokens beside it readable."""

    def call(request, _block):
        if request["to"] == "0xbad":
            raise RpcFault(3, "execution reverted")
        return answer("GOOD") if request["data"] == "0x95d89b41" else "0x" + (18).to_bytes(32).hex()

    with FakeNode({"eth_call": call}) as fake, node(fake) as client:
        assert read_tokens(client, ["0xbad", "0xgood"]) == {"0xbad": (None, None), "0xgood": ("GOOD", 18)}
