"""A venue that a user describes is as good as a built-in one, whatever its family."""

from typing import Any

import pytest

from ingest.decode import decode_transaction
from ingest.evm import chains
from ingest.evm.logs import topics
from ingest.evm.lookup import pools
from ingest.evm.lookup.pools import BY_TOKENS, REGISTERS, look_up
from ingest.evm.venues.families import DERIVERS, NAMES, SINGLETONS
from ingest.types import Chain, PoolFact, Trade, VenueStatus
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.evm.rpc.test_node import node
from tests.ingest.receipts import COIN, FAKE, OTHER, ROUTER, USDC, WALLET, Raw, log, receipt, transaction, transfer

VENUE, POOL = "0x" + "dd" * 20, "0x" + "cc" * 20
GAVE, GOT = 2_000_000, 1_999 * 10**15
UP = int(USDC, 16) < int(COIN, 16)  #: USDC is the first token of a pair
LOW, HIGH = (USDC, COIN) if UP else (COIN, USDC)
FOUR = (GAVE, 0, 0, GOT) if UP else (0, GAVE, GOT, 0)  #: in and in, out and out
SIGNED = (GAVE, -GOT) if UP else (-GOT, GAVE)  #: into the pool
TURNED = (-GAVE, GOT) if UP else (GOT, -GAVE)

Event = tuple[Any, ...]


def own_chain(kind: str, **more: str) -> Chain:
    """A chain as the configuration builds it, with one venue of the kind, or with none."""
    table = {
        "name": "mine",
        "chain_id": 31337,
        "native_symbol": "ETH",
        "wrapped_native": "0x" + "ee" * 19 + "01",
        "dexes": [{"kind": kind, "factory": VENUE, **more}] if kind else [],
    }
    return chains.build(table)


def trades(chain: Chain, *logs: Raw, sender: str = WALLET, known: dict[str, PoolFact] | None = None) -> list[Trade]:
    decoding = decode_transaction(
        transaction(sender=sender),
        receipt(*logs),
        wallet=WALLET,
        chain_id=31337,
        timestamp=99,
        internal_transactions=[],
        known=known,
        chain=chain,
    )
    return list(decoding.trades)


def swapped(holder: str) -> list[Raw]:
    return [transfer(USDC, WALLET, holder, GAVE), transfer(COIN, holder, WALLET, GOT)]


def statuses(found: list[Trade]) -> list[VenueStatus]:
    return [trade.venue_status for trade in found]


V2 = (topics.UNISWAP_V2_SWAP, (ROUTER, WALLET), FOUR)
V3 = (topics.UNISWAP_V3_SWAP, (ROUTER, WALLET), (*SIGNED, 1, 1, 1))

EMITTERS: dict[str, Event] = {
    "airswap": (topics.AIRSWAP_LIGHT_SWAP, (1, FAKE, WALLET), (1, COIN, GOT, 0, USDC, GAVE)),
    "ambient": (topics.CROC_SWAP, (LOW, HIGH), (420, 1, 1, GAVE, 0, 0, 0, 0, *SIGNED)),
    "angle": (topics.ANGLE_SWAP, (USDC, COIN, WALLET), (GAVE, GOT, WALLET)),
    "balancer_v2": (topics.BALANCER_V2_SWAP, (1, USDC, COIN), (GAVE, GOT)),
    "balancer_v3": (topics.BALANCER_V3_SWAP, (POOL, USDC, COIN), (GAVE, GOT, 1, 1)),
    "bancor": (topics.BANCOR_CONVERTER, (USDC, COIN, WALLET), (GAVE, GOT, 3)),
    "bebop": (topics.BEBOP_SINGLE, (9, WALLET), (USDC, COIN, GAVE, GOT)),
    "carbon": (topics.CARBON_TRADED, (WALLET, USDC, COIN), (GAVE, GOT, 1, 0)),
    "clipper": (topics.CLIPPER_SWAPPED, (USDC, COIN, WALLET), (GAVE, GOT, 96)),
    "cow": (topics.COW_TRADE, (WALLET,), (USDC, COIN, GAVE, GOT, 0, 0, 0)),
    "curve": (topics.CURVE_EXCHANGE, (WALLET,), (0, GAVE, 1, GOT)),
    "dexalot": (topics.DEXALOT_SWAP, (), (1, FAKE, WALLET, COIN, USDC, GAVE, GOT)),
    "dfx": (topics.DFX_TRADE, (WALLET, USDC, COIN), (GAVE, GOT)),
    "elfomofi": (topics.ELFOMO_TRADE, (1, 2), (ROUTER, WALLET, USDC, COIN, GAVE, GOT)),
    "fermi": (topics.FERMI_SWAP, (WALLET, USDC, COIN), (GAVE, GOT)),
    "flap": (topics.FLAP_BOUGHT, (), (99, COIN, WALLET, GOT, GAVE, 10, 5)),
    "fluid": (topics.FLUID_SWAP, (), (1, GAVE, GOT, WALLET)),
    "fourmeme": (topics.FOURMEME_BUY, (), (COIN, WALLET, 1, GOT, GAVE - 10, 10, 5, 5)),
    "gho_gsm": (topics.GSM_BUY, (WALLET, WALLET), (GOT, GAVE, 3)),
    "gmx": (topics.BALANCER_V3_SWAP, (), (WALLET, USDC, COIN, GAVE, GOT + 7, GOT, 7)),
    "hashflow": (topics.HASHFLOW_TRADE, (), (WALLET, 1, USDC, COIN, GAVE, GOT)),
    "integral": (topics.INTEGRAL_SELL, (WALLET, WALLET, 5), (USDC, COIN, GAVE, GOT, 1, 0, 3, ROUTER)),
    "kyber_dmm": (topics.KYBER_DMM_SWAP, (ROUTER, WALLET), (*FOUR, 10**15)),
    "kyber_network": (topics.KYBER_TRADE, (WALLET,), (USDC, COIN, GAVE, GOT)),
    "lfj": (topics.LFJ_POE_SWAP, (ROUTER, WALLET, 1), (GAVE, GOT, 3, 0)),
    "maker_psm": (topics.MAKER_SELL_GEM, (WALLET,), (GAVE, 10**15)),
    "metric": (topics.METRIC_SWAP, (), (ROUTER, WALLET, 1, *SIGNED, 1, 1)),
    "nabla": (topics.NABLA_SWAP, (WALLET, WALLET), (GAVE, GOT, USDC, COIN)),
    "nadfun": (topics.NADFUN_BUY, (WALLET, COIN), (GAVE, GOT)),
    "native_rfq": (topics.NATIVE_RFQ, (), (WALLET, USDC, COIN, GAVE, GOT, 1, FAKE)),
    "oasis": (topics.OASIS_TAKE, (1, FAKE, WALLET), (9, COIN, USDC, GOT, GAVE, 99)),
    "pancake_infinity": (topics.PANCAKE_INFINITY_CL_SWAP, (9, ROUTER), (*TURNED, 1, 1, 1, 1, 1)),
    "pancake_mm": (topics.PANCAKE_MM_SWAP, (WALLET, FAKE), (1, FAKE, USDC, COIN, GAVE, GOT)),
    "paraswap_rfq": (topics.PARASWAP_RFQ_FILLED, (1, FAKE, WALLET), (COIN, GOT, USDC, GAVE)),
    "platypus": (topics.PLATYPUS_SWAP, (ROUTER, WALLET), (USDC, COIN, GAVE, GOT)),
    "relay": (topics.RELAY_SWAPPED, (), (WALLET, USDC, COIN, GAVE, GOT)),
    "saddle": (topics.SADDLE_SWAP, (WALLET,), (GAVE, GOT, 0, 1)),
    "spark_psm": (topics.PSM3_SWAP, (USDC, COIN, WALLET), (WALLET, GAVE, GOT, 0)),
    "stabull": (topics.STABULL_TRADE, (WALLET, USDC, COIN), (GAVE, GOT, 3)),
    "synthetix": (
        topics.SYNTH_EXCHANGE,
        (WALLET,),
        (int.from_bytes(b"sUSD"), GAVE, int.from_bytes(b"sETH"), GOT, WALLET),
    ),
    "tessera": (topics.TESSERA_TRADE, (), (USDC, COIN, GAVE, GOT, WALLET)),
    "tokenlon": (topics.TOKENLON_RFQ, (1, WALLET, FAKE), (USDC, GAVE, COIN, GOT + 7, WALLET, GOT, 30)),
    "uniswap_v4": (topics.UNISWAP_V4_SWAP, (9, ROUTER), (*TURNED, 1, 1, 1, 1)),
    "valantis": (topics.VALANTIS_SWAP, (ROUTER,), (1, GAVE, 3, GOT)),
    "virtuals": (topics.VIRTUALS_SWAP, (), (0, GOT, GAVE, 0)),
    "wombat": (topics.WOMBAT_SWAP, (WALLET, WALLET), (USDC, COIN, GAVE, GOT, 1)),
    "woofi": (topics.WOOFI_SWAP, (USDC, COIN, 1), (GAVE, GOT, WALLET, WALLET, 1, 1)),
    "zeroex": (topics.ZEROEX_RFQ_FILLED, (), (1, FAKE, WALLET, COIN, USDC, GAVE, GOT, 1)),
}
"""Kinds whose ``factory`` is the emitter itself."""


@pytest.mark.parametrize("kind", sorted(EMITTERS))
def test_an_emitter_that_a_user_names_is_verified(kind: str) -> None:
    """The same transaction is verified by the entry, and by nothing without it or at another address."""
    event = EMITTERS[kind]
    [trade] = trades(own_chain(kind), *swapped(VENUE), log(VENUE, *event))
    assert (trade.venue, trade.venue_status) == (kind, VenueStatus.VERIFIED)
    for chain, emitter in ((own_chain(""), VENUE), (own_chain(kind), OTHER)):
        assert VenueStatus.VERIFIED not in statuses(trades(chain, *swapped(emitter), log(emitter, *event)))


DERIVED: dict[str, Event] = {
    "uniswap_v2": V2,
    "smardex": (topics.SMARDEX_SWAP, (ROUTER, WALLET), SIGNED),
    "solidly": (topics.SOLIDLY_SWAP, (ROUTER, WALLET), FOUR),
    "uniswap_v3": V3,
    "pancake_v3": (topics.PANCAKE_V3_SWAP, (ROUTER, WALLET), (*SIGNED, 1, 1, 1, 0, 0)),
    "slipstream": V3,
    "solidly_v3": V3,
    "algebra": (topics.ALGEBRA_SWAP, (ROUTER, WALLET), (*SIGNED, 1, 1, 1, 0, 0)),
    "izumi": (topics.IZUMI_SWAP, (USDC, COIN, 500), (1, GAVE, GOT, 7)),
}
"""Kinds whose pools' addresses follow from factory, tokens and hash."""


@pytest.mark.parametrize("kind", sorted(DERIVED))
def test_a_fork_that_a_user_describes_is_verified(kind: str) -> None:
    """Factory and hash are enough; one digit of the hash less, or a pool elsewhere, and nobody vouches."""
    chain = own_chain(kind, init_code_hash="0x" + "12" * 32)
    pool = min(DERIVERS[kind](chain.dexes[0], LOW, HIGH))
    assert statuses(trades(chain, *swapped(pool), log(pool, *DERIVED[kind]))) == [VenueStatus.VERIFIED]
    wrong = own_chain(kind, init_code_hash="0x" + "12" * 31 + "13")
    for other, emitter in ((wrong, pool), (chain, POOL)):
        assert statuses(trades(other, *swapped(emitter), log(emitter, *DERIVED[kind]))) == [VenueStatus.UNVERIFIED]


ASKED: dict[str, Event] = {
    **{kind: event for kind, event in DERIVED.items() if kind != "izumi"},
    "balancer_v1": (topics.BALANCER_V1_SWAP, (WALLET, USDC, COIN), (GAVE, GOT)),
    "brownfi": (topics.BROWNFI_V3_SWAP, (ROUTER, WALLET), (*FOUR, *range(8))),
    "curve": EMITTERS["curve"],
    "dodo": (topics.DODO_SWAP, (), (USDC, COIN, GAVE, GOT, WALLET, WALLET)),
    "eulerswap": (topics.EULER_V1_SWAP, (ROUTER, WALLET), (*FOUR, 1, 1)),
    "fluid": EMITTERS["fluid"],
    "lfj": EMITTERS["lfj"],
    "metric": EMITTERS["metric"],
    "maverick": (topics.MAVERICK_V1_SWAP, (), (ROUTER, WALLET, 1, 0, GAVE, GOT, 7)),
    "mooniswap": (topics.MOONISWAP_SWAPPED, (ROUTER, WALLET, USDC), (COIN, GAVE, GOT, 1, 1, FAKE)),
    "pancake_stable": (topics.CURVE_CRYPTO_EXCHANGE, (WALLET,), (0, GAVE, 1, GOT)),
    "pendle": (topics.PENDLE_SWAP, (ROUTER, WALLET), (-GAVE, GOT, 0, 0)),
    "trader_joe_lb": (topics.LB_V20_SWAP, (ROUTER, WALLET, 7), (1, GAVE - 30, GOT, 0, 30)),
    "uniswap_v1": (topics.UNISWAP_V1_SELL, (WALLET, GAVE, GOT), ()),
}
"""Kinds whose factories or registers are asked."""


def word(value: str | int) -> str:
    return f"{int(value, 16) if isinstance(value, str) else value:064x}"


SAYS = {
    **dict.fromkeys((pools.FACTORY, pools.GET_FACTORY), VENUE),
    **dict.fromkeys((pools.TOKEN0, pools.TOKEN_X, pools.BASE_TOKEN, pools.COINS + word(0)), LOW),
    **dict.fromkeys((pools.TOKEN1, pools.TOKEN_Y, pools.QUOTE_TOKEN, pools.COINS + word(1)), HIGH),
    **dict.fromkeys((pools.FEE, pools.STABLE, pools.TICK_SPACING, pools.BIN_STEP), 1),
}
"""What a pool tells of itself."""


def confirming(kind: str) -> Any:
    """A node whose one factory answers as those of the kind do; pools of registers tell nothing of themselves."""
    silent = kind in REGISTERS and kind not in DERIVERS and kind not in BY_TOKENS
    lists = {selector for selector, where in BY_TOKENS[kind].listed if where is None} if kind in BY_TOKENS else set()

    def call(request: dict[str, str], _block: object) -> str:
        data = request["data"]
        if request["to"] == POOL and data in (pools.GET_ASSETS, pools.GET_TOKENS):
            return "0x" + word(LOW) + word(HIGH)
        if request["to"] == POOL and data in SAYS and not silent:
            return "0x" + word(SAYS[data])
        if request["to"] != VENUE:
            raise RpcFault(3, "execution reverted")
        selector = data[:10]
        if selector in REGISTERS.get(kind, ()):
            return "0x" + word(1 if data[10:] == word(POOL) else 0)
        if selector in lists:
            return "0x" + word(32) + word(2) + word(OTHER) + word(POOL)
        return "0x" + (word(25) if selector == pools.GET_LB_PAIR else "") + word(POOL)

    return call


@pytest.mark.parametrize("kind", sorted(ASKED))
def test_a_factory_that_a_user_names_is_asked(kind: str) -> None:
    """Without a hash the answer of the one named factory verifies, and no other's."""
    chain = own_chain(kind)
    with FakeNode({"eth_call": confirming(kind)}) as fake, node(fake) as client:
        known = look_up(client, chain, [POOL])
        nobody = look_up(client, own_chain(""), [POOL])
    assert known[POOL].factory == VENUE
    logs = [*swapped(POOL), log(POOL, *ASKED[kind])]
    if kind == "uniswap_v1":  # against the native coin, which no log shows
        logs = [transfer(USDC, WALLET, POOL, GAVE), log(POOL, *ASKED[kind])]
        paid = [{"from": POOL, "to": WALLET, "value": str(GOT), "isError": "0"}]
        found = decode_transaction(
            transaction(),
            receipt(*logs),
            wallet=WALLET,
            chain_id=31337,
            internal_transactions=paid,
            known=known,
            chain=chain,
        ).trades
        assert statuses(list(found)) == [VenueStatus.VERIFIED]
        return
    assert statuses(trades(chain, *logs, known=known)) == [VenueStatus.VERIFIED]
    assert statuses(trades(own_chain(""), *logs, known=nobody)) == [VenueStatus.UNVERIFIED]


def test_contracts_that_say_whose_order_was_filled() -> None:
    """1inch, UniswapX, an entry point and CoW's ETH-flow make a trade of what would be none."""
    pool = min(DERIVERS["uniswap_v2"](own_chain("uniswap_v2", init_code_hash="0x" + "12" * 32).dexes[0], LOW, HIGH))
    filled = {
        "oneinch": (WALLET, [*swapped(FAKE), log(VENUE, topics.ONEINCH_RFQ_FILLED, (), (1, GOT))]),
        "uniswapx": (OTHER, [*swapped(FAKE), log(VENUE, topics.UNISWAPX_FILL, (1, FAKE, WALLET), (7,))]),
        "entry_point": (
            OTHER,
            [*swapped(pool), log(pool, *V2), log(VENUE, topics.USER_OPERATION, (1, WALLET, FAKE), (1, 1, 0, 0))],
        ),
    }
    for kind, (sender, logs) in filled.items():
        assert trades(own_chain(kind), *logs, sender=sender), kind
        assert not trades(own_chain(""), *logs, sender=sender), kind


def test_a_vault_of_pools_with_events_of_their_own() -> None:
    """The pool emits, the vault moves: a trade where the vault is known, though nobody vouches for the pool."""
    logs = [*swapped(VENUE), log(POOL, *V2)]
    assert statuses(trades(own_chain("pool_vault"), *logs)) == [VenueStatus.UNVERIFIED]
    assert trades(own_chain(""), *logs) == []


def test_an_eth_flow_contract_of_a_users() -> None:
    """What it paid earlier is the wallet's, where it owns the order that this settlement filled."""
    wrapped, settlement = own_chain("").wrapped_native, OTHER
    table = [{"kind": "cow_eth_flow", "factory": VENUE}, {"kind": "cow", "factory": settlement}]
    base = {"name": "mine", "chain_id": 31337, "native_symbol": "ETH", "wrapped_native": wrapped}
    trade = log(settlement, topics.COW_TRADE, (VENUE,), (wrapped, COIN, GAVE, GOT, 0, 0, 0))
    logs = [transfer(wrapped, VENUE, settlement, GAVE), transfer(COIN, settlement, WALLET, GOT), trade]
    assert trades(chains.build(base | {"dexes": table}), *logs, sender=FAKE)
    assert not trades(chains.build(base | {"dexes": table[1:]}), *logs, sender=FAKE)


def test_every_family_has_a_case_here() -> None:
    """No kind can be configured that is not tried above."""
    others = {"oneinch", "uniswapx", "entry_point", "cow_eth_flow", "pool_vault"}
    assert set(EMITTERS) == SINGLETONS
    assert set(DERIVED) == set(DERIVERS)
    assert set(EMITTERS) | set(DERIVED) | set(ASKED) | others == set(NAMES)
