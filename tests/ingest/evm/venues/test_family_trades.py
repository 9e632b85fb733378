"""One golden case for each smaller venue family: the whole record, from events as their contracts emit them."""

from typing import Any

import pytest

from ingest.decode import decode_transaction
from ingest.evm.logs import topics
from ingest.types import NATIVE, Leg, PoolFact, Trade, VenueStatus
from tests.ingest.receipts import (
    COIN,
    DAI,
    FAKE,
    OTHER,
    ROUTER,
    USDC,
    WALLET,
    ZERO,
    Raw,
    log,
    receipt,
    transaction,
    transfer,
)

POOL = "0x" + "cc" * 20
GAVE, GOT = 2_000_000, 1_999 * 10**15


def swapped(*events: Raw, pool: str = POOL, kept: str | None = None, paid: str | None = None) -> Raw:
    """The wallet gives USDC and gets COIN; the tokens lie in the pool, or where ``kept`` and ``paid`` say."""
    moves = [transfer(USDC, WALLET, kept or pool, GAVE), transfer(COIN, paid or pool, WALLET, GOT)]
    return receipt(*moves, *events)


def record(venue: str, status: VenueStatus, *, sold: Leg | None = None, bought: Leg | None = None) -> Trade:
    return Trade(
        chain_id=1,
        block_number=16,
        transaction_index=2,
        tx_hash="0x" + "ab" * 32,
        ordinal=0,
        wallet=WALLET,
        timestamp=99,
        sold=(sold or Leg(USDC, GAVE),),
        bought=(bought or Leg(COIN, GOT),),
        venue=venue,
        venue_status=status,
        native_source=None,
        fee_native_raw=5000,
    )


def decode(got: Raw, chain_id: int = 1, **more: Any) -> tuple[Trade, ...]:
    return decode_transaction(transaction(), got, wallet=WALLET, chain_id=chain_id, timestamp=99, **more).trades


MOONISWAP = (topics.MOONISWAP_SWAPPED, (ROUTER, WALLET, USDC), (COIN, GAVE, GOT, 1, 1, ZERO))
IN_THE_POOL = {
    "mooniswap": MOONISWAP,
    "mooniswap (first)": (topics.MOONISWAP_SWAPPED_V1, (WALLET, USDC, COIN), (GAVE, GOT, 1, 1, 1, ZERO)),
    "stabull": (topics.STABULL_TRADE, (WALLET, USDC, COIN), (GAVE, GOT, 3)),
    "bancor": (topics.BANCOR_CONVERTER, (USDC, COIN, WALLET), (GAVE, GOT, 3)),
    "integral": (topics.INTEGRAL_SELL, (WALLET, WALLET, 5), (USDC, COIN, GAVE, GOT, 1, 0, 3, ROUTER)),
    "integral (buy)": (topics.INTEGRAL_BUY, (WALLET, WALLET, 5), (USDC, COIN, GAVE, GAVE + 9, GOT, 0, 3, ROUTER)),
    "trader_joe_lb": (topics.LB_V20_SWAP, (ROUTER, WALLET, 7), (1, GAVE - 30, GOT, 0, 30)),
    "lfj": (topics.LFJ_POOL_SWAP, (ROUTER, WALLET, 1), (GAVE, GOT, 3)),
    "valantis": (topics.VALANTIS_SWAP, (ROUTER,), (1, GAVE, 3, GOT)),
    "saddle": (topics.SADDLE_SWAP_UNDERLYING, (WALLET,), (GAVE, GOT, 0, 1)),
    "virtuals": (topics.VIRTUALS_SWAP, (), (0, GOT, GAVE, 0)),
    "nadfun": (topics.NADFUN_BUY, (WALLET, COIN), (GAVE, GOT)),
    "nadfun (sale)": (topics.NADFUN_SELL, (WALLET, USDC), (GAVE, GOT)),
    "gho_gsm": (topics.GSM_BUY, (WALLET, WALLET), (GOT, GAVE, 3)),
}


@pytest.mark.parametrize(("venue", "event"), IN_THE_POOL.items())
def test_a_pool_of_a_stranger_is_a_trade_and_unverified(venue: str, event: tuple[Any, ...]) -> None:
    """The pool's own transfers bear its event out; nobody vouches for the pool."""
    assert decode(swapped(log(POOL, *event))) == (record(venue.partition(" ")[0], VenueStatus.UNVERIFIED),)


@pytest.mark.parametrize(("venue", "event"), IN_THE_POOL.items())
def test_a_pool_that_its_register_lists_is_verified(venue: str, event: tuple[Any, ...]) -> None:
    """What was looked up makes the same trade verified."""
    known = {POOL: PoolFact(factory=FAKE, tokens=())}
    trades = decode(swapped(log(POOL, *event)), known=known)
    assert trades == (record(venue.partition(" ")[0], VenueStatus.VERIFIED),)


def test_kyber_dmm_reads_the_four_amounts() -> None:
    """Token 0 is the one with the lower address, whichever that is."""
    low = min(USDC, COIN)
    amounts = (GAVE, 0, 0, GOT) if low == USDC else (0, GAVE, GOT, 0)
    event = log(POOL, topics.KYBER_DMM_SWAP, (ROUTER, WALLET), (*amounts, 10**15))
    assert decode(swapped(event)) == (record("kyber_dmm", VenueStatus.UNVERIFIED),)


IN_ACCOUNTS_APART = {
    "platypus": (topics.PLATYPUS_SWAP, (ROUTER, WALLET), (USDC, COIN, GAVE, GOT)),
    "angle": (topics.ANGLE_SWAP, (USDC, COIN, WALLET), (GAVE, GOT, WALLET)),
    "nabla": (topics.NABLA_SWAP, (WALLET, WALLET), (GAVE, GOT, USDC, COIN)),
    "elfomofi": (topics.ELFOMO_TRADE, (1, 2), (ROUTER, WALLET, USDC, COIN, GAVE, GOT)),
    "tessera": (topics.TESSERA_TRADE, (), (USDC, COIN, GAVE, GOT, WALLET)),
    "native_rfq": (topics.NATIVE_RFQ, (), (WALLET, USDC, COIN, GAVE, GOT, 1, FAKE)),
    "native_rfq (first)": (topics.NATIVE_RFQ_OLD, (), (WALLET, USDC, COIN, GAVE, GOT, 1, FAKE)),
    "dexalot": (topics.DEXALOT_SWAP, (), (1, FAKE, WALLET, COIN, USDC, GAVE, GOT)),
    "oasis": (topics.OASIS_TAKE, (1, FAKE, WALLET), (9, COIN, USDC, GOT, GAVE, 99)),
    "oasis (rubicon)": (topics.RUBICON_TAKE, (9, 1, FAKE), (WALLET, COIN, USDC, GOT, GAVE)),
    "bebop": (topics.BEBOP_SINGLE, (9, WALLET), (USDC, COIN, GAVE, GOT)),
    "bebop (jam)": (topics.BEBOP_JAM, (9, WALLET), (128, 192, 256, 320, 1, USDC, 1, COIN, 1, GAVE, 1, GOT)),
    "zeroex": (topics.ZEROEX_V1_FILL, (FAKE, ZERO, 1), (WALLET, COIN, USDC, GOT, GAVE, 0, 0, 1)),
}


@pytest.mark.parametrize(("venue", "event"), IN_ACCOUNTS_APART.items())
def test_the_tokens_may_lie_apart_from_the_emitter(venue: str, event: tuple[Any, ...]) -> None:
    """One account kept exactly what went in, another gave exactly what came out."""
    got = swapped(log(POOL, *event), kept=FAKE, paid=OTHER)
    assert decode(got) == (record(venue.partition(" ")[0], VenueStatus.UNVERIFIED),)


@pytest.mark.parametrize(("venue", "event"), IN_ACCOUNTS_APART.items())
def test_a_router_that_passes_on_proves_nothing(venue: str, event: tuple[Any, ...]) -> None:
    """The same words, where the amounts moved only through one account, are borne out by nobody."""
    moves = [
        transfer(USDC, WALLET, ROUTER, GAVE),
        transfer(USDC, ROUTER, FAKE, GAVE // 2),
        transfer(COIN, OTHER, ROUTER, GOT // 2),
        transfer(COIN, ROUTER, WALLET, GOT),
    ]
    assert decode(receipt(*moves, log(ROUTER, *event))) == ()


def test_euler_swap_passes_what_it_got_to_a_vault() -> None:
    """EulerSwap names no tokens; it took what went in itself, and its vaults kept and paid."""
    moves = [
        transfer(USDC, WALLET, POOL, GAVE),
        transfer(USDC, POOL, FAKE, GAVE),
        transfer(COIN, OTHER, WALLET, GOT),
        log(POOL, topics.EULER_SWAP, (ROUTER, WALLET), (0, GAVE, GOT, 0, 0, 0, 1, 1)),
    ]
    assert decode(receipt(*moves)) == (record("eulerswap", VenueStatus.UNVERIFIED),)


def test_a_stability_module_mints_what_it_sells() -> None:
    """GHO comes from nowhere; the asset stays in the module."""
    event = log(POOL, topics.GSM_SELL, (WALLET, WALLET), (GAVE, GOT, 3))
    assert decode(swapped(event, paid=ZERO)) == (record("gho_gsm", VenueStatus.UNVERIFIED),)


SYNTHETIX = "0xc011a73ee8576fb46f5e1c5751ca3b9fe0af2a6f"


def test_synths_are_burned_and_minted() -> None:
    """The proxy names keys, not tokens: what was burned and minted in these amounts is what was exchanged."""
    data = (int.from_bytes(b"sUSD"), GAVE, int.from_bytes(b"sETH"), GOT, WALLET)
    event = log(SYNTHETIX, topics.SYNTH_EXCHANGE, (WALLET,), data)
    assert decode(swapped(event, kept=ZERO, paid=ZERO)) == (record("synthetix", VenueStatus.VERIFIED),)


EXCHANGE_V2, EXCHANGE_V3 = "0x080bf510fcbf18b91105470639e9561022937712", "0x61935cbdd02287b511119ddb11aeb42f1593b7ef"


def _asset(token: str) -> tuple[int, int, int]:
    """Asset data as two and a half words: its length, and the selector with the token behind it."""
    raw = (bytes.fromhex("f47261b0") + int(token, 16).to_bytes(32)).ljust(64, b"\0")
    return 36, int.from_bytes(raw[:32]), int.from_bytes(raw[32:])


@pytest.mark.parametrize(
    ("exchange", "topic", "head"),
    [
        (EXCHANGE_V2, topics.ZEROEX_V2_FILL, (WALLET, WALLET, GOT, GAVE, 0, 0, 8 * 32, 11 * 32)),
        (EXCHANGE_V3, topics.ZEROEX_V3_FILL, (11 * 32, 14 * 32, 0, 0, WALLET, WALLET, GOT, GAVE, 0, 0, 0)),
    ],
)
def test_zeroex_orders_name_their_tokens_in_bytes(exchange: str, topic: str, head: tuple[Any, ...]) -> None:
    """The maker's and the taker's asset data are dynamic fields."""
    event = log(exchange, topic, (FAKE, ZERO, 1), (*head, *_asset(COIN), *_asset(USDC)))
    assert decode(swapped(event, pool=FAKE)) == (record("zeroex", VenueStatus.VERIFIED),)


ROUTER_V5 = "0x1111111254eeb25477b68fb85ed929f73a960582"


@pytest.mark.parametrize(
    ("emitter", "topic", "indexed", "data"),
    [
        (ROUTER_V5, topics.ONEINCH_RFQ_FILLED, (), (1, GOT)),
        ("0xbbbbbbb520d69a9775e85b458c58c648259fad5f", topics.BEBOP_ORDER, (1,), ()),
    ],
)
def test_a_filled_order_without_words_is_read_from_its_makers_movements(
    emitter: str, topic: str, indexed: tuple[int, ...], data: tuple[int, ...]
) -> None:
    """The known contract says that an order was filled, and one account gave one token for another."""
    venue = "bebop" if topic == topics.BEBOP_ORDER else "oneinch"
    assert decode(swapped(log(emitter, topic, indexed, data), pool=FAKE)) == (record(venue, VenueStatus.VERIFIED),)
    assert decode(swapped(log(OTHER, topic, indexed, data), pool=FAKE)) == ()


FOURMEME = "0x5c952063c7fc8610ffdb798152d69f0b9550762b"


def test_fourmeme_is_bought_with_the_native_coin() -> None:
    """What the wallet sent along is the sold leg; the manager's event and transfer bear the purchase out."""
    got = receipt(
        transfer(COIN, FOURMEME, WALLET, GOT),
        log(FOURMEME, topics.FOURMEME_BUY, (), (COIN, WALLET, 1, GOT, 990, 10, 5, 5)),
    )
    (trade,) = decode_transaction(transaction(value=1000), got, wallet=WALLET, chain_id=56, timestamp=99).trades
    assert (trade.sold, trade.bought) == ((Leg(NATIVE, 1000),), (Leg(COIN, GOT),))
    assert (trade.venue, trade.venue_status) == ("fourmeme", VenueStatus.VERIFIED)


def test_fourmeme_is_sold_for_the_native_coin_less_the_fee() -> None:
    """Without a trace the proceeds are the manager's own amount."""
    got = receipt(
        transfer(COIN, WALLET, FOURMEME, GAVE),
        log(FOURMEME, topics.FOURMEME_SELL, (), (COIN, WALLET, 1, GAVE, 1000, 10, 5, 5)),
    )
    (trade,) = decode_transaction(transaction(), got, wallet=WALLET, chain_id=56, timestamp=99).trades
    assert (trade.sold, trade.bought) == ((Leg(COIN, GAVE),), (Leg(NATIVE, 990),))


LIQUIDITY_LAYER = "0x52aa899454998be5b000ad077a46bbe360f4e497"


def test_fluid_pools_keep_their_tokens_in_one_layer() -> None:
    """The pool tells the amounts, the liquidity layer moves them."""
    event = log(POOL, topics.FLUID_SWAP, (), (1, GAVE, GOT, WALLET))
    assert decode(swapped(event, pool=LIQUIDITY_LAYER)) == (record("fluid", VenueStatus.UNVERIFIED),)


def test_a_gift_beside_a_swap_is_no_leg() -> None:
    """A family's event does not turn another token's movement into a leg."""
    event = log(POOL, *MOONISWAP)
    base = swapped(event)
    more = receipt(*base["logs"], transfer(DAI, OTHER, WALLET, 5))
    (trade,) = decode(more)
    assert trade.bought == (Leg(COIN, GOT),)


MANAGER_V4 = "0x000000000004444c5dc75cb358380d2e3de08a90"


@pytest.mark.parametrize(("said", "venues"), [((0, 0, 1, 1, 1, 1), 1), ((5, 5, 1, 1, 1, 1), 0)])
def test_a_hook_that_swaps_by_its_own_accounts_is_unverified(said: tuple[int, ...], venues: int) -> None:
    """The manager passes the tokens between wallet and hook and reports a swap of nothing."""
    got = receipt(
        transfer(USDC, WALLET, MANAGER_V4, GAVE),
        transfer(USDC, MANAGER_V4, FAKE, GAVE),
        transfer(COIN, FAKE, MANAGER_V4, GOT),
        transfer(COIN, MANAGER_V4, WALLET, GOT),
        log(MANAGER_V4, topics.UNISWAP_V4_SWAP, (9, ROUTER), said),
    )
    assert decode(got) == (record("uniswap_v4", VenueStatus.UNVERIFIED),) * venues
