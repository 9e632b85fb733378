"""Golden cases of the younger and rarer venues, bought and sold: the whole record, and what a stranger's event is."""

from collections.abc import Callable
from typing import Any

import pytest

from ingest.decode import decode_transaction
from ingest.evm.logs import topics
from ingest.types import NATIVE, Leg, NativeSource, PoolFact, Trade, VenueStatus
from tests.ingest.receipts import (
    COIN,
    FAKE,
    OTHER,
    ROUTER,
    USDC,
    WALLET,
    WETH,
    ZERO,
    Raw,
    log,
    receipt,
    transaction,
    transfer,
)

POOL = "0x" + "cc" * 20
DOLLARS, COINS = 2_000_000, 1_999 * 10**15
Given = tuple[str, int]
Event = tuple[Any, ...]
BUY, SELL = ((USDC, DOLLARS), (COIN, COINS)), ((COIN, COINS), (USDC, DOLLARS))
BOTH = pytest.mark.parametrize(("gave", "got"), [BUY, SELL], ids=["buy", "sell"])


def decode(
    *logs: Raw,
    chain_id: int = 1,
    sender: str = WALLET,
    value: int = 0,
    known: dict[str, PoolFact] | None = None,
    paid: list[dict[str, str]] | None = None,
) -> tuple[Trade, ...]:
    return decode_transaction(
        transaction(sender=sender, value=value),
        receipt(*logs),
        wallet=WALLET,
        chain_id=chain_id,
        timestamp=99,
        internal_transactions=paid or [],
        known=known,
    ).trades


def record(
    venue: str, gave: Given, got: Given, *, verified: bool, chain_id: int = 1, fee: int = 5000, native: bool = False
) -> Trade:
    return Trade(
        chain_id=chain_id,
        block_number=16,
        transaction_index=2,
        tx_hash="0x" + "ab" * 32,
        ordinal=0,
        wallet=WALLET,
        timestamp=99,
        sold=(Leg(*gave),),
        bought=(Leg(*got),),
        venue=venue,
        venue_status=VenueStatus.VERIFIED if verified else VenueStatus.UNVERIFIED,
        native_source=NativeSource.INTERNAL if native else None,
        fee_native_raw=fee,
    )


def moves(gave: Given, got: Given, holder: str) -> list[Raw]:
    return [transfer(gave[0], WALLET, holder, gave[1]), transfer(got[0], holder, WALLET, got[1])]


def passed_on(gave: Given, got: Given) -> list[Raw]:
    """The wallet's movements, where the other side is a router that had something else before and after."""
    return [
        transfer(gave[0], WALLET, ROUTER, gave[1]),
        transfer(gave[0], ROUTER, FAKE, gave[1] // 2),
        transfer(got[0], OTHER, ROUTER, got[1] // 2),
        transfer(got[0], ROUTER, WALLET, got[1]),
    ]


def into(gave: Given, got: Given) -> tuple[int, int]:
    """What went into a pool of each token, the lower address first; negative: out."""
    return (gave[1], -got[1]) if gave[0] < got[0] else (-got[1], gave[1])


def four(gave: Given, got: Given) -> tuple[int, int, int, int]:
    return (gave[1], 0, 0, got[1]) if gave[0] < got[0] else (0, gave[1], got[1], 0)


def packed(upper: int, lower: int) -> int:
    """Two signed halves of a word."""
    return upper % 2**128 << 128 | lower % 2**128


POOLS: dict[str, Callable[[Given, Given], Event]] = {
    "smardex": lambda a, b: (topics.SMARDEX_SWAP, (ROUTER, WALLET), into(a, b)),
    "brownfi": lambda a, b: (topics.BROWNFI_V2_SWAP, (ROUTER, WALLET), (*four(a, b), 7, 8)),
    "brownfi (v3)": lambda a, b: (topics.BROWNFI_V3_SWAP, (ROUTER, WALLET), (*four(a, b), *range(8))),
    "metric": lambda a, b: (topics.METRIC_SWAP, (), (ROUTER, WALLET, 1, *into(a, b), -3, 9)),
    "metric (v1)": lambda a, b: (topics.METRIC_V1_SWAP, (ROUTER, WALLET), (0, *into(a, b), -3, 9, 4)),
    "metric (v2)": lambda a, b: (topics.METRIC_V2_SWAP, (ROUTER, WALLET), (8, packed(*into(a, b)), 4)),
    "dfx": lambda a, b: (topics.DFX_TRADE, (WALLET, a[0], b[0]), (a[1], b[1])),
    "lfj": lambda a, b: (topics.LFJ_POE_SWAP, (ROUTER, WALLET, int(a[0] < b[0])), (a[1], b[1], 5, 0)),
    "flap": lambda a, b: (
        (topics.FLAP_BOUGHT, (), (99, COIN, WALLET, b[1], a[1], 10, 5))
        if b[0] == COIN
        else (topics.FLAP_SOLD, (), (99, COIN, WALLET, a[1], b[1], 10, 5))
    ),
    "balancer_v1": lambda a, b: (topics.BALANCER_V1_SWAP, (WALLET, a[0], b[0]), (a[1], b[1])),
    "bancor": lambda a, b: (topics.BANCOR_CONVERTER_2018, (a[0], b[0], WALLET), (a[1], b[1], 3, 4)),
    "ambient": lambda a, b: (
        topics.CROC_SWAP,
        tuple(sorted((a[0], b[0]))),
        (420, int(a[0] < b[0]), 1, a[1], 0, 0, 0, 0, *into(a, b)),
    ),
}


@BOTH
@pytest.mark.parametrize("name", POOLS)
def test_a_pool_is_read_both_ways(name: str, gave: Given, got: Given) -> None:
    """A stranger's pool is a trade and unverified; the same pool with a factory that vouches is verified."""
    venue, event = name.partition(" ")[0], log(POOL, *POOLS[name](gave, got))
    fact = {POOL: PoolFact(factory=FAKE, tokens=())}
    assert decode(*moves(gave, got, POOL), event) == (record(venue, gave, got, verified=False),)
    assert decode(*moves(gave, got, POOL), event, known=fact) == (record(venue, gave, got, verified=True),)


@BOTH
@pytest.mark.parametrize("name", POOLS)
def test_a_pool_that_moved_other_amounts_is_no_venue(name: str, gave: Given, got: Given) -> None:
    """An event is a claim: its emitter must have taken and given exactly that, and a stranger's is never verified."""
    event = log(POOL, *POOLS[name](gave, got))
    assert decode(*passed_on(gave, got), event) == ()
    less = [transfer(gave[0], WALLET, POOL, gave[1] - 1_000), transfer(got[0], OTHER, WALLET, got[1])]
    assert VenueStatus.VERIFIED not in {trade.venue_status for trade in decode(*less, event)}


def test_a_smardex_pair_follows_from_its_factory() -> None:
    """Offline: the pair of SDEX and WETH is where factory and hash of the registry put it."""
    pair, sdex = "0xf3a4b8efe3e3049f6bc71b47ccb7ce6665420179", "0x5de8ab7e27f6e7a1fff3e5b337584aa43961beef"
    gave, got = (sdex, 10**21), (WETH, 10**15)
    event = topics.SMARDEX_SWAP, (ROUTER, WALLET), into(gave, got)
    assert decode(*moves(gave, got, pair), log(pair, *event)) == (record("smardex", gave, got, verified=True),)
    assert decode(*moves(gave, got, POOL), log(POOL, *event)) == (record("smardex", gave, got, verified=False),)


CROC_SCROLL = "0xaaaaaaaacb71bf2c8cae522ea5fa455571a74106"


@BOTH
def test_ambient_is_one_contract_of_each_chain(gave: Given, got: Given) -> None:
    """Known by address on the chain that it is on, and nowhere else."""
    logs = [*moves(gave, got, CROC_SCROLL), log(CROC_SCROLL, *POOLS["ambient"](gave, got))]
    assert decode(*logs, chain_id=534352) == (record("ambient", gave, got, verified=True, chain_id=534352),)
    assert decode(*logs, chain_id=10) == (record("ambient", gave, got, verified=False, chain_id=10),)


@pytest.mark.parametrize("buying", [True, False])
def test_ambients_first_token_may_be_the_native_coin(buying: bool) -> None:
    """Its base is the zero address then; the coins move without a log."""
    flows = (700, -COINS) if buying else (-700, COINS)
    swap = log(CROC_SCROLL, topics.CROC_SWAP, (ZERO, COIN), (420, int(buying), 1, 700, 0, 0, 0, 0, *flows))
    if buying:
        found = decode(transfer(COIN, CROC_SCROLL, WALLET, COINS), swap, chain_id=534352, value=700)
        gave, got = (NATIVE, 700), (COIN, COINS)
    else:
        back = [{"from": CROC_SCROLL, "to": WALLET, "value": "700", "isError": "0"}]
        found = decode(transfer(COIN, WALLET, CROC_SCROLL, COINS), swap, chain_id=534352, paid=back)
        gave, got = (COIN, COINS), (NATIVE, 700)
    assert found == (record("ambient", gave, got, verified=True, chain_id=534352, native=True),)


FERMI, FERMI_2 = "0xb1076fe3ab5e28005c7c323bac5ac06a680d452e", "0x5979458912f80b96d30d4220af8e2e4925a33320"
FERMI_VAULT = "0x585d44727129b9c69791b10238ca605932938b4f"


@BOTH
@pytest.mark.parametrize(
    ("emitter", "topic", "more"), [(FERMI, topics.FERMI_SWAP, ()), (FERMI_2, topics.FERMI_SWAPPED, (WALLET,))]
)
def test_fermi_swaps_from_one_vault(emitter: str, topic: str, more: tuple[str, ...], gave: Given, got: Given) -> None:
    """The tokens lie apart from the emitter; another emitter is unverified, and a router that repeats it nothing."""
    event = topic, (WALLET, gave[0], got[0]), (gave[1], got[1], *more)
    logs = moves(gave, got, FERMI_VAULT)
    assert decode(*logs, log(emitter, *event)) == (record("fermi", gave, got, verified=True),)
    assert decode(*logs, log(POOL, *event)) == (record("fermi", gave, got, verified=False),)
    assert decode(*passed_on(gave, got), log(ROUTER, *event)) == ()


AIRSWAP_LIGHT = [
    (1, "0xc549a5c701cb6e6cbc091007a80c089c49595468"),
    (1, "0x522d6f36c95a1b6509a14272c17747bbb582f2a6"),
    (56, "0x132f13c3896eab218762b9e46f55c9c478905849"),
    (43114, "0xec08261ac8b3d2164d236bd499def9f82ba9d13f"),
]


@BOTH
@pytest.mark.parametrize(("chain_id", "light"), AIRSWAP_LIGHT)
def test_airswap_light_settles_between_two_wallets(chain_id: int, light: str, gave: Given, got: Given) -> None:
    """The sender's token goes in, the signer's comes out; the contract holds nothing."""
    event = topics.AIRSWAP_LIGHT_SWAP, (8, FAKE, WALLET), (99, got[0], got[1], 5, gave[0], gave[1])
    logs = moves(gave, got, FAKE)
    expected = record("airswap", gave, got, verified=True, chain_id=chain_id)
    assert decode(*logs, log(light, *event), chain_id=chain_id) == (expected,)
    assert decode(*logs, log(POOL, *event), chain_id=chain_id) == (
        record("airswap", gave, got, verified=False, chain_id=chain_id),
    )
    assert decode(*passed_on(gave, got), log(ROUTER, *event), chain_id=chain_id) == ()


MM_POOLS = [(1, "0x9ca2a439810524250e543ba8fb6e88578af242bc"), (56, "0xfeacb05b373f1a08e68235ba7fc92636b92ced01")]


@BOTH
@pytest.mark.parametrize(("chain_id", "pool"), MM_POOLS)
def test_pancakeswaps_market_makers_settle_in_one_contract(chain_id: int, pool: str, gave: Given, got: Given) -> None:
    """The maker's treasury takes and pays; the contract names user and maker."""
    event = topics.PANCAKE_MM_SWAP, (WALLET, OTHER), (8, FAKE, gave[0], got[0], gave[1], got[1])
    logs = moves(gave, got, FAKE)
    expected = record("pancake_mm", gave, got, verified=True, chain_id=chain_id)
    assert decode(*logs, log(pool, *event), chain_id=chain_id) == (expected,)
    assert decode(*passed_on(gave, got), log(ROUTER, *event), chain_id=chain_id) == ()
    assert decode(*logs, log(POOL, *event), chain_id=chain_id, sender=OTHER) == ()


PMM, RFQ = "0x8d90113a1e286a5ab3e496fbd1853f265e5913c6", "0x91c986709bb4fe0763edf8e2690ee9d5019bea4a"
AMM = "0x4a14347083b80e5216ca31350a2d21702ac3650d"
TOKENLON: dict[str, tuple[str, Callable[[Given, Given], Event]]] = {
    "PMM": (
        PMM,
        lambda a, b: (
            topics.TOKENLON_FILL,
            (1, 2, WALLET),
            (288, a[0], a[1], FAKE, b[0], b[1] + 7, WALLET, b[1], 30, 8, "0x" + "00" * 20),
        ),
    ),
    "RFQ": (RFQ, lambda a, b: (topics.TOKENLON_RFQ, (1, WALLET, FAKE), (a[0], a[1], b[0], b[1] + 7, WALLET, b[1], 30))),
    "AMM": (
        AMM,
        lambda a, b: (
            topics.TOKENLON_SWAPPED,
            (),
            (320, OTHER, a[0], b[0], a[1], b[1] - 9, WALLET, WALLET, 1, 2, 192, 3, b[1], b[1] + 7, 30, 0, 10, 0),
        ),
    ),
}


@BOTH
@pytest.mark.parametrize("name", TOKENLON)
def test_tokenlon_names_the_user_whose_order_another_sent(name: str, gave: Given, got: Given) -> None:
    """The user did not send the transaction; the known contract names it, and only that one is believed."""
    emitter, event = TOKENLON[name]
    logs = moves(gave, got, FAKE)
    assert decode(*logs, log(emitter, *event(gave, got)), sender=OTHER) == (
        record("tokenlon", gave, got, verified=True, fee=0),
    )
    assert decode(*logs, log(POOL, *event(gave, got)), sender=OTHER) == ()
    assert decode(*logs, log(POOL, *event(gave, got))) == (record("tokenlon", gave, got, verified=False),)


@pytest.mark.parametrize("offset", [10**9, 2**255, 33 * 32])
def test_a_tokenlon_event_that_points_past_its_end_is_none(offset: int) -> None:
    """Offsets are a stranger's numbers too."""
    topic, indexed, data = TOKENLON["AMM"][1](*BUY)
    assert decode(*moves(*BUY, FAKE), log(AMM, topic, indexed, (offset, *data[1:])), sender=OTHER) == ()


EXCHANGE_V2, EXCHANGE_V3 = "0x4f833a24e1f95d70f028921e27040ca56e09ab0b", "0x61935cbdd02287b511119ddb11aeb42f1593b7ef"


def asset(selector: str, token: str) -> tuple[int, int, int]:
    """Asset data as two and a half words: its length, and the selector with the token behind it."""
    raw = (bytes.fromhex(selector) + int(token, 16).to_bytes(32)).ljust(64, b"\0")
    return 36, int.from_bytes(raw[:32]), int.from_bytes(raw[32:])


@BOTH
@pytest.mark.parametrize(("selector", "trades"), [("f47261b0", True), ("dc1600f3", True), ("02571792", False)])
def test_zeroex_makers_may_be_bridges_and_never_collections(
    selector: str, trades: bool, gave: Given, got: Given
) -> None:
    """v3 fills with ERC20Bridge buy in the middle of the fill; ERC721 asset data is another thing."""
    head = (11 * 32, 14 * 32, 0, 0, WALLET, WALLET, got[1], gave[1], 0, 0, 0)
    event = log(
        EXCHANGE_V3,
        topics.ZEROEX_V3_FILL,
        (FAKE, ZERO, 1),
        (*head, *asset(selector, got[0]), *asset("f47261b0", gave[0])),
    )
    expected = (record("zeroex", gave, got, verified=True),) if trades else ()
    assert decode(*moves(gave, got, FAKE), event) == expected


@BOTH
def test_the_first_zeroex_v2_exchange_is_known(gave: Given, got: Given) -> None:
    """v2 was deployed twice; the maker, who signed, did not send."""
    head = (WALLET, OTHER, gave[1], got[1], 0, 0, 8 * 32, 11 * 32)
    assets = (*asset("f47261b0", gave[0]), *asset("f47261b0", got[0]))
    event = log(EXCHANGE_V2, topics.ZEROEX_V2_FILL, (WALLET, ZERO, 1), (*head, *assets))
    assert decode(*moves(gave, got, FAKE), event, sender=OTHER) == (record("zeroex", gave, got, verified=True, fee=0),)


@BOTH
def test_the_beta_reactor_of_uniswapx_names_the_swapper(gave: Given, got: Given) -> None:
    """Whoever filled the order sent it; the wallet's own movements are the order."""
    reactor = "0xbd7f9d0239f81c94b728d827a87b9864972661ec"
    fill = topics.UNISWAPX_FILL, (1, OTHER, WALLET), (7,)
    logs = moves(gave, got, FAKE)
    assert decode(*logs, log(reactor, *fill), sender=OTHER) == (record("uniswapx", gave, got, verified=True, fee=0),)
    assert decode(*logs, log(POOL, *fill), sender=OTHER) == ()


@BOTH
@pytest.mark.parametrize("topic", [topics.EULER_SWAP, topics.EULER_V1_SWAP])
def test_an_euler_pool_is_verified_by_its_factory(topic: str, gave: Given, got: Given) -> None:
    """It passes what it got to a vault, and another vault pays; without the factory it is unverified."""
    logs = [
        transfer(gave[0], WALLET, POOL, gave[1]),
        transfer(gave[0], POOL, FAKE, gave[1]),
        transfer(got[0], OTHER, WALLET, got[1]),
    ]
    more = (1, 1) if topic == topics.EULER_V1_SWAP else (0, 0, 1, 1)
    event = log(POOL, topic, (ROUTER, WALLET), (*four(gave, got), *more))
    tokens = (min(USDC, COIN), max(USDC, COIN))
    fact = {POOL: PoolFact(factory="0xb013be1d0d380c13b58e889f412895970a2cf228", tokens=tokens)}
    assert decode(*logs, event) == (record("eulerswap", gave, got, verified=False),)
    assert decode(*logs, event, known=fact) == (record("eulerswap", gave, got, verified=True),)
