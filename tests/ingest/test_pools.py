"""Who vouches for a pool: a known factory that answers with this very address, and nobody else."""

import pytest
from eth_abi.abi import encode

from ingest.pools import FACTORY, FEE, GET_PAIR, GET_POOL_FEE, TOKEN0, TOKEN1, look_up
from ingest.types import Chain, Dex, PoolFact
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.test_rpc import node

POOL, KNOWN, OTHER, T0, T1 = ("0x" + digit * 40 for digit in "12345")
CHAIN = Chain(
    name="test", chain_id=1, native_symbol="ETH", wrapped_native=T0, dexes=(Dex(kind="uniswap_v2", factory=KNOWN),)
)


def word(address):
    return "0x" + address[2:].rjust(64, "0")


def pair_question(selector, *more):
    return selector + encode(["address", "address", *(kind for kind, _ in more)], [T0, T1, *(v for _, v in more)]).hex()


def asked(script):
    def call(request, _block):
        if (key := (request["to"], request["data"])) not in script:
            raise RpcFault(3, "execution reverted")
        return script[key]

    with FakeNode({"eth_call": call}) as fake, node(fake) as client:
        return look_up(client, CHAIN, [POOL])[POOL]


SAID = {(POOL, FACTORY): word(KNOWN), (POOL, TOKEN0): word(T0), (POOL, TOKEN1): word(T1)}


@pytest.mark.parametrize(
    "more",
    [
        {(KNOWN, pair_question(GET_PAIR)): word(POOL)},
        {(POOL, FEE): "0x" + f"{500:064x}", (KNOWN, pair_question(GET_POOL_FEE, ("uint24", 500))): word(POOL)},
    ],
)
def test_a_pool_that_its_factory_confirms_is_vouched_for(more):
    """Uniswap V2's and V3's ways to ask; the fact names the factory and the tokens."""
    assert asked(SAID | more) == PoolFact(factory=KNOWN, tokens=(T0, T1))


@pytest.mark.parametrize(
    "script",
    [
        {},
        SAID,
        SAID | {(KNOWN, pair_question(GET_PAIR)): word(OTHER)},
        {**SAID, (POOL, FACTORY): word(OTHER), (OTHER, pair_question(GET_PAIR)): word(POOL)},
        SAID | {(KNOWN, pair_question(GET_PAIR)): "0x"},
        {**SAID, (POOL, TOKEN0): "0x" + "ff" * 32},
        dict.fromkeys(SAID, "0xzz"),
    ],
)
def test_a_pools_own_word_is_not_enough(script):
    """A pool that names a stranger, or whose factory answers otherwise or not at all, has nobody to vouch for it."""
    assert asked(script) == PoolFact(factory=None, tokens=())
