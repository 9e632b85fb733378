"""Who vouches for a pool: a known factory that answers with this very address, and nobody else."""

import pytest
from eth_abi.abi import encode
from eth_utils import keccak

from ingest.evm.lookup import pools
from ingest.evm.lookup.pools import (
    BASE_TOKEN,
    BIN_STEP,
    BY_TOKENS,
    COINS,
    FACTORY,
    FEE,
    GET_ASSETS,
    GET_DODO,
    GET_DODO_POOL,
    GET_FACTORY,
    GET_LB_PAIR,
    GET_PAIR,
    GET_PAIR_INFO,
    GET_POOL,
    GET_POOL_FEE,
    GET_THREE_POOL,
    GET_TOKENS,
    POOLS_BY_PAIR,
    QUOTE_TOKEN,
    REGISTERS,
    SWAP_FEE_UNITS,
    TOKEN0,
    TOKEN1,
    TOKEN_X,
    TOKEN_Y,
    look_up,
)
from ingest.types import Chain, Dex, PoolFact
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.evm.rpc.test_node import node

POOL, KNOWN, OTHER, T0, T1 = ("0x" + digit * 40 for digit in "12345")
CHAIN = Chain(
    name="test", chain_id=1, native_symbol="ETH", wrapped_native=T0, dexes=(Dex(kind="uniswap_v2", factory=KNOWN),)
)


def word(address):
    return "0x" + address[2:].rjust(64, "0")


def pair_question(selector, *more):
    return selector + encode(["address", "address", *(kind for kind, _ in more)], [T0, T1, *(v for _, v in more)]).hex()


def asked(script, chain=CHAIN):
    def call(request, _block):
        if (key := (request["to"], request["data"])) not in script:
            raise RpcFault(3, "execution reverted")
        return script[key]

    with FakeNode({"eth_call": call}) as fake, node(fake) as client:
        return look_up(client, chain, [POOL])[POOL]


SAID = {(POOL, FACTORY): word(KNOWN), (POOL, TOKEN0): word(T0), (POOL, TOKEN1): word(T1)}


@pytest.mark.parametrize(
    "more",
    [
        {(KNOWN, pair_question(GET_PAIR)): word(POOL)},
        {(POOL, FEE): "0x" + f"{500:064x}", (KNOWN, pair_question(GET_POOL_FEE, ("uint24", 500))): word(POOL)},
        {(POOL, SWAP_FEE_UNITS): "0x" + f"{40:064x}", (KNOWN, pair_question(GET_POOL_FEE, ("uint24", 40))): word(POOL)},
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


def test_a_liquidity_book_pair_is_the_second_word_of_its_factorys_answer():
    """The factory answers with the step, the pair and two flags; the pair names itself by other readers."""
    question = pair_question(GET_LB_PAIR, ("uint256", 25))
    said = {(POOL, GET_FACTORY): word(KNOWN), (POOL, TOKEN_X): word(T0), (POOL, TOKEN_Y): word(T1)}
    said[POOL, BIN_STEP] = "0x" + f"{25:064x}"
    answer = "0x" + f"{25:064x}" + word(POOL)[2:] + f"{0:064x}" * 2
    assert asked(said | {(KNOWN, question): answer}) == PoolFact(factory=KNOWN, tokens=(T0, T1))
    swapped = "0x" + word(POOL)[2:] + f"{25:064x}" + f"{0:064x}" * 2
    assert asked(said | {(KNOWN, question): swapped}).factory is None


@pytest.mark.parametrize(("kind", "selector"), [(k, s) for k, selectors in REGISTERS.items() for s in selectors])
def test_a_register_that_lists_a_pool_vouches_for_it(kind, selector):
    """It is asked even where the pool names no factory; zero, a refusal and an empty answer are a no."""
    chain = Chain(
        name="test", chain_id=1, native_symbol="ETH", wrapped_native=T0, dexes=(Dex(kind=kind, factory=KNOWN),)
    )
    question = (KNOWN, selector + encode(["address"], [POOL]).hex())
    assert asked({question: "0x" + f"{1:064x}"}, chain) == PoolFact(factory=KNOWN, tokens=())
    for no in ("0x" + f"{0:064x}", "0x"):
        assert asked({question: no}, chain).factory is None
    assert asked({}, chain).factory is None


def listed(*addresses):
    """An array of addresses as a contract answers it."""
    return "0x" + encode(["address[]"], [addresses]).hex()


COIN_0, COIN_1 = (COINS + f"{i:064x}" for i in range(2))
TOLD = {
    "dodo": {(POOL, BASE_TOKEN): word(T0), (POOL, QUOTE_TOKEN): word(T1)},
    "eulerswap": {(POOL, GET_ASSETS): word(T0) + word(T1)[2:]},
    "lfj": {(POOL, GET_TOKENS): word(T0) + word(T1)[2:]},
    "pancake_stable": {(POOL, COIN_0): word(T0), (POOL, COIN_1): word(T1)},
}


def of_kind(kind):
    return Chain(
        name="test", chain_id=1, native_symbol="ETH", wrapped_native=T0, dexes=(Dex(kind=kind, factory=KNOWN),)
    )


@pytest.mark.parametrize(
    ("kind", "selector", "yes", "tokens"),
    [
        ("dodo", GET_DODO, word(POOL), (T0, T1)),
        ("dodo", GET_DODO_POOL, listed(OTHER, POOL), (T0, T1)),
        ("eulerswap", POOLS_BY_PAIR, listed(POOL), (T0, T1)),
        ("lfj", GET_POOL, word(POOL), (T0, T1)),
        ("pancake_stable", GET_PAIR_INFO, word(POOL) + word(T0)[2:] + word(T1)[2:] + word(OTHER)[2:], ()),
        ("pancake_stable", GET_THREE_POOL, word(POOL) + word(T0)[2:] + word(T1)[2:] + word(OTHER)[2:] * 2, ()),
    ],
)
def test_a_factory_that_lists_a_pool_of_two_tokens_vouches_for_it(kind, selector, yes, tokens):
    """The pool names no factory: every known one of its kind is asked for the tokens that it tells."""
    question = (KNOWN, pair_question(selector))
    assert asked(TOLD[kind] | {question: yes}, of_kind(kind)) == PoolFact(factory=KNOWN, tokens=tokens)
    for no in (yes.replace(POOL[2:], OTHER[2:]), word("0x" + "00" * 20), "0x", listed(), yes[:40]):
        assert asked(TOLD[kind] | {question: no}, of_kind(kind)).factory is None
    assert asked({question: yes}, of_kind(kind)).factory is None


def test_a_coin_or_share_of_a_listed_pool_is_no_pool():
    """A token can claim to be the pool of the pair that it is in; only the pool's own word of the answer counts."""
    question = (KNOWN, pair_question(GET_PAIR_INFO))
    told = TOLD["pancake_stable"]
    for place in (1, 3):
        words = [OTHER] * 4
        words[place] = POOL
        assert asked(told | {question: "0x" + "".join(word(w)[2:] for w in words)}, of_kind("pancake_stable")) == (
            PoolFact(factory=None, tokens=())
        )


def test_pools_are_asked_only_what_the_chains_factories_can_use():
    """Readers of rare families cost nothing on chains without them."""
    calls = []

    def call(request, _block):
        calls.append(request["data"])
        raise RpcFault(3, "execution reverted")

    with FakeNode({"eth_call": call}) as fake, node(fake) as client:
        look_up(client, CHAIN, [POOL])
    assert not set(calls) & {reader for by in BY_TOKENS.values() for reader, _ in by.tokens}


SIGNATURES = {
    "FACTORY": "factory()",
    "TOKEN0": "token0()",
    "TOKEN1": "token1()",
    "FEE": "fee()",
    "STABLE": "stable()",
    "TICK_SPACING": "tickSpacing()",
    "SWAP_FEE_UNITS": "swapFeeUnits()",
    "GET_FACTORY": "getFactory()",
    "TOKEN_X": "getTokenX()",
    "TOKEN_Y": "getTokenY()",
    "BIN_STEP": "getBinStep()",
    "GET_PAIR": "getPair(address,address)",
    "POOL_BY_PAIR": "poolByPair(address,address)",
    "GET_POOL_FEE": "getPool(address,address,uint24)",
    "GET_POOL_STABLE": "getPool(address,address,bool)",
    "GET_PAIR_STABLE": "getPair(address,address,bool)",
    "GET_POOL_SPACING": "getPool(address,address,int24)",
    "GET_LB_PAIR": "getLBPairInformation(address,address,uint256)",
    "BASE_TOKEN": "_BASE_TOKEN_()",
    "QUOTE_TOKEN": "_QUOTE_TOKEN_()",
    "GET_DODO": "getDODO(address,address)",
    "GET_DODO_POOL": "getDODOPool(address,address)",
    "GET_ASSETS": "getAssets()",
    "POOLS_BY_PAIR": "poolsByPair(address,address)",
    "COINS": "coins(uint256)",
    "GET_TOKENS": "getTokens()",
    "GET_POOL": "getPool(address,address)",
    "GET_PAIR_INFO": "getPairInfo(address,address)",
    "GET_THREE_POOL": "getThreePoolPairInfo(address,address)",
}
ASKED = {
    "balancer_v1": ("isBPool(address)",),
    "eulerswap": ("deployedPools(address)",),
    "curve": ("is_registered(address)", "get_n_coins(address)"),
    "fluid": ("isDex(address)",),
    "maverick": ("isFactoryPool(address)",),
    "metric": ("isPool(address)",),
    "mooniswap": ("isPool(address)",),
    "pendle": ("isValidMarket(address)",),
    "slipstream": ("isPair(address)",),
    "solidly": ("isPair(address)", "isPool(address)"),
    "uniswap_v1": ("getToken(address)",),
}


def selector(signature):
    return "0x" + keccak(text=signature)[:4].hex()


def test_every_selector_is_the_hash_of_its_signature():
    """No question is asked that the contracts do not know."""
    constants = {name for name, value in vars(pools).items() if name.isupper() and isinstance(value, str)}
    assert constants == set(SIGNATURES)
    assert {name: getattr(pools, name) for name in SIGNATURES} == {n: selector(s) for n, s in SIGNATURES.items()}
    assert {kind: tuple(map(selector, signatures)) for kind, signatures in ASKED.items()} == REGISTERS
