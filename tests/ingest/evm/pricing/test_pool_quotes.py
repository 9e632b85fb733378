"""What a sale would bring: never more than price times quantity, more for more, nothing from nothing."""

from fractions import Fraction

import pytest
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.pricing import pool_quotes, swap_simulation
from ingest.evm.pricing.pool_quotes import Pool, amount_out, executable, question, v2_out
from ingest.types import NATIVE
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.evm.rpc.test_node import node

LOW, HIGH, THIRD, POOL, NEXT = ("0x" + digit * 40 for digit in "12345")
amounts = st.integers(1, 2**112)
V2 = Pool(kind="uniswap_v2", address=POOL, tokens=(LOW, HIGH))


def words(*numbers):
    return "0x" + b"".join((n % 2**256).to_bytes(32) for n in numbers).hex()


@given(amounts, amounts, amounts, amounts)
def test_a_pair_pays_less_than_its_price_and_more_for_more(quantity, more, reserve_in, reserve_out):
    """Executable <= spot value less the fee, <= the reserve, and rising with the quantity."""
    out = v2_out(quantity, reserve_in, reserve_out)
    assert 0 <= out <= Fraction(997 * quantity * reserve_out, 1000 * reserve_in)
    assert out < reserve_out
    assert out <= v2_out(quantity + more, reserve_in, reserve_out)


@given(amounts, amounts)
def test_an_empty_side_pays_nothing(quantity, reserve):
    """A drained pair brings 0, whichever side is gone: that is known."""
    assert v2_out(quantity, 0, reserve) == v2_out(quantity, reserve, 0) == v2_out(quantity, 0, 0) == 0


@given(amounts, amounts, amounts)
def test_a_pair_never_loses_by_a_sale(quantity, reserve_in, reserve_out):
    """With the fee taken off what came in, the product of the reserves does not fall, to the unit (Uniswap V2, K)."""
    out = v2_out(quantity, reserve_in, reserve_out)
    after = (1000 * (reserve_in + quantity) - 3 * quantity) * (reserve_out - out)
    assert after >= 1000 * reserve_in * reserve_out
    assert after - (1000 * reserve_in + 997 * quantity) < 1000 * reserve_in * reserve_out, "one unit more would fall"


@given(st.binary(max_size=200).map(lambda data: "0x" + data.hex()) | st.text(max_size=20) | st.none() | st.integers())
@pytest.mark.parametrize("kind", sorted(pool_quotes.KINDS))
def test_no_answer_breaks_the_reader(kind, answer):
    """Whatever a node answers is an amount from 0 on, or unknown."""
    pool = Pool(kind=kind, address=POOL, tokens=(LOW, HIGH))
    for token in pool.tokens:
        found = amount_out(pool, token, 10**18, answer)
        assert found is None or found >= 0


@pytest.mark.parametrize("kind", sorted(pool_quotes.KINDS))
def test_no_answer_is_unknown_and_not_zero(kind):
    """A refusal, an account without code, half a word: None."""
    pool = Pool(kind=kind, address=POOL, tokens=(LOW, HIGH))
    for answer in ("0x", "0x" + "00" * 31, None):
        assert amount_out(pool, LOW, 1, answer) is None


@given(st.integers(0, 2**126), st.integers(0, 2**126), st.booleans())
def test_the_refusal_of_a_dry_run_carries_the_payment(gives, takes, down):
    """A V3 callback names what the pool pays as negative, a V4 delta as positive; the right side is read."""
    pair = (takes, -gives) if down else (-gives, takes)
    assert swap_simulation.paid(bytes.fromhex(words(*pair)[2:]), zero_for_one=down) == gives
    first, second = (-takes, gives) if down else (gives, -takes)
    delta = bytes.fromhex(words((first << 128) + second % 2**128)[2:])
    assert swap_simulation.paid(delta, zero_for_one=down) == gives


@pytest.mark.parametrize(
    ("selector", "signature"),
    [
        (pool_quotes.GET_RESERVES, "getReserves()"),
        (pool_quotes.GET_AMOUNT_OUT, "getAmountOut(uint256,address)"),
        (pool_quotes.GET_DY["int128"], "get_dy(int128,int128,uint256)"),
        (pool_quotes.GET_DY["uint256"], "get_dy(uint256,uint256,uint256)"),
        ("0x" + swap_simulation.V3_SWAP, "swap(address,bool,int256,uint160,bytes)"),
        ("0x" + swap_simulation.V4_UNLOCK, "unlock(bytes)"),
        (
            "0x" + swap_simulation.V4_SWAP,
            "swap((address,address,uint24,int24,address),(bool,int256,uint160),bytes)",
        ),
    ],
)
def test_selectors_follow_from_their_signatures(selector, signature):
    """The first four bytes of the signature's hash (Solidity ABI)."""
    assert selector == "0x" + keccak(text=signature)[:4].hex()


def test_each_kind_is_asked_in_its_own_way():
    """Curve by the coins' numbers in the direction of the sale, Solidly by token; a dry run has no receiver."""
    curve = Pool(kind="curve", address=POOL, tokens=(HIGH, LOW), coins=(2, 0), index="uint256")
    _, [call, block] = question(curve, LOW, 7, 255)
    assert (call["to"], call["data"][:10], block) == (POOL, pool_quotes.GET_DY["uint256"], "0xff")
    assert decode(["uint256"] * 3, bytes.fromhex(call["data"][10:])) == (0, 2, 7)
    solidly = Pool(kind="solidly", address=POOL, tokens=(LOW, HIGH))
    _, [call, _] = question(solidly, HIGH, 7, 1)
    assert call["data"] == pool_quotes.GET_AMOUNT_OUT + encode(["uint256", "address"], [7, HIGH]).hex()
    for kind in ("uniswap_v3", "uniswap_v4"):
        _, [call, _] = question(Pool(kind=kind, address=POOL, tokens=(NATIVE, HIGH)), HIGH, 7, 1)
        assert call.keys() == {"data"}


def asked(script, sales):
    def call(request, _block):
        if request["to"] not in script:
            raise RpcFault(3, "execution reverted")
        return script[request["to"]]

    with FakeNode({"eth_call": call}) as fake, node(fake) as client:
        return executable(client, sales, 9), fake.asked.count("eth_call")


@pytest.mark.parametrize(
    "words_of_the_node", ["out of gas", "gas required exceeds allowance (1000)", "invalid opcode: SHL"]
)
def test_a_failed_execution_is_unknown_at_once(words_of_the_node):
    """One pool that cannot be run is no reason to ask again, nor to leave the others unasked."""

    def call(request, _block):
        if request["to"] == NEXT:
            raise RpcFault(-32000, words_of_the_node)
        return words(10**9, 10**9, 0)

    other = Pool(kind="uniswap_v2", address=NEXT, tokens=(LOW, HIGH))
    with FakeNode({"eth_call": call}) as fake, node(fake) as client:
        found = executable(client, [(((other, LOW),), 5), (((V2, LOW),), 10**6)], 9)
        assert found == [None, v2_out(10**6, 10**9, 10**9)]
        assert fake.asked.count("eth_call") == 2


def test_a_second_pool_sells_what_the_first_one_paid():
    """Two hops compose; an empty first pool is 0 without asking the second; a silent one is unknown."""
    route = ((V2, LOW), (Pool(kind="uniswap_v2", address=NEXT, tokens=(HIGH, THIRD)), HIGH))
    first, second = (10**9, 4 * 10**9), (3 * 10**9, 10**9)
    between = v2_out(10**6, *first)
    assert asked({POOL: words(*first, 0), NEXT: words(*second, 0)}, [(route, 10**6), (route[:1], 10**6)]) == (
        [v2_out(between, *second), between],
        3,
    )
    assert asked({POOL: words(0, 0, 0)}, [(route, 10**6)]) == ([0], 1)
    assert asked({POOL: words(*first, 0)}, [(route, 10**6)]) == ([None], 2)
    assert asked({}, [(route, pool_quotes.MOST + 1)]) == ([None], 0), "no pool counts so far"
