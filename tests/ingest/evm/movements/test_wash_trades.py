"""Which trades look like wash trades, and which only look small."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from ingest.decode import decode_transaction
from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log, read_logs
from ingest.evm.logs.topics import SOLIDLY_BURN, SOLIDLY_SYNC, SYNC, V2_BURN, V2_MINT, V3_BURN, V3_MINT, V4_MODIFY
from ingest.evm.movements.liquidity import PoolUse, Provision, pool_uses, provisions
from ingest.evm.movements.wash_trades import Swapped, is_alone, is_own, is_toy, main_uses
from ingest.types import Leg
from tests.ingest import receipts as r
from tests.ingest.test_decode_laws import DATA, JUNK, TOPICS

Q96 = 1 << 96
USE = PoolUse(
    pool=r.USDC_WETH_V2,
    emitter=r.USDC_WETH_V2,
    topic=topics.UNISWAP_V2_SWAP,
    log_index=3,
    amount_in=1_000,
    amount_out=10,
    zero_for_one=True,
    liquidity=1_000,
    tick=None,
    share=0.01,
)
LIQUIDITY = (SYNC, SOLIDLY_SYNC, V2_MINT, V2_BURN, SOLIDLY_BURN, V3_MINT, V3_BURN, V4_MODIFY)
OWN = Provision(pool=USE.pool, log_index=1, liquidity=600, lower=None, upper=None)


def logs_of(receipt: r.Raw) -> tuple[Log, ...]:
    return read_logs(receipt["logs"])


def v2_sale(before: tuple[int, int], paid: int, got: int) -> tuple[r.Raw, r.Raw]:
    """A sale of USDC to the USDC/WETH pair, with the reserves that it leaves."""
    pair = r.USDC_WETH_V2
    logs = [
        r.transfer(r.USDC, r.WALLET, pair, paid),
        r.transfer(r.WETH, pair, r.WALLET, got),
        r.log(pair, SYNC, (), (before[0] + paid, before[1] - got)),
        r.v2_swap(pair, paid, 0, 0, got),
    ]
    return r.transaction(), r.receipt(*logs)


def test_a_pair_tells_its_depth_by_its_reserves() -> None:
    """What was taken, as a share of what was there before; the liquidity is the root of both reserves."""
    transaction, receipt = v2_sale((10**6, 4_000), 250, 100)
    decoding = decode_transaction(transaction, receipt, wallet=r.WALLET, chain_id=1)
    [use] = pool_uses(logs_of(receipt), decoding.venues)
    assert (use.pool, use.amount_in, use.amount_out, use.share) == (r.USDC_WETH_V2, 250, 100, 100 / 4_000)
    assert use.liquidity == int(((10**6 + 250) * 3_900) ** 0.5)
    assert main_uses(decoding.trades[0], [use]) == [use]


@pytest.mark.parametrize(("liquidity", "share"), [(0, 1.0), (1_000, 1 / 11), (100, 0.5)])
def test_a_concentrated_pool_tells_its_depth_by_its_liquidity(liquidity: int, share: float) -> None:
    """At a price of one, liquidity is what each side holds within the range; none left is a pool emptied."""
    pool = r.USDC_WETH_V3
    logs = [
        r.transfer(r.USDC, r.WALLET, pool, 100),
        r.transfer(r.WETH, pool, r.WALLET, 100),
        r.log(pool, topics.UNISWAP_V3_SWAP, (r.ROUTER, r.WALLET), (100, -100, Q96, liquidity, -7)),
    ]
    decoding = decode_transaction(r.transaction(), r.receipt(*logs), wallet=r.WALLET, chain_id=1)
    [use] = pool_uses(logs_of(r.receipt(*logs)), decoding.venues)
    assert (use.liquidity, use.tick, use.share) == (liquidity, -7, pytest.approx(share))


def test_a_forged_swap_tells_nothing() -> None:
    """A token that emits a swap and reserves of its own cannot bring an honest trade under suspicion."""
    transaction, receipt = v2_sale((10**6, 4_000), 250, 100)
    forged = [r.log(r.COIN, SYNC, (), (1, 1)), r.v2_swap(r.COIN, 250, 0, 0, 100), r.v2_swap(r.USDC, 250, 0, 0, 100)]
    both = {**receipt, "logs": [*receipt["logs"], *({**each, "logIndex": hex(9 + i)} for i, each in enumerate(forged))]}
    decoding = decode_transaction(transaction, both, wallet=r.WALLET, chain_id=1)
    assert [use.emitter for use in pool_uses(logs_of(both), decoding.venues)] == [r.USDC_WETH_V2]


def test_liquidity_is_read_of_every_family() -> None:
    """What was added counts up, what was taken out counts down, with the ticks where it works."""
    ends = (-60, 60)
    logs = [
        r.log("0x" + "a1" * 20, V2_MINT, (r.ROUTER,), (4, 9)),
        r.log("0x" + "a1" * 20, V2_BURN, (r.ROUTER, r.WALLET), (1, 1)),
        r.log("0x" + "a1" * 20, SOLIDLY_BURN, (r.ROUTER, r.WALLET), (4, 4)),
        r.log("0x" + "a3" * 20, V3_MINT, (r.ROUTER, *ends), (r.ROUTER, 50, 1, 1)),
        r.log("0x" + "a3" * 20, V3_BURN, (r.ROUTER, *ends), (20, 1, 1)),
        r.log(r.MANAGER_V4, V4_MODIFY, (7, r.ROUTER), (*ends, -5, 0)),
        r.log("0x" + "a3" * 20, V3_BURN, (r.ROUTER, *ends), (0, 0, 0)),  # a poke: nothing
    ]
    found = [(each.pool[-2:], each.liquidity, each.lower, each.upper) for each in provisions(logs_of(r.receipt(*logs)))]
    assert found == [
        ("a1", 6, None, None),
        ("a1", -1, None, None),
        ("a1", -4, None, None),
        ("a3", 50, -60, 60),
        ("a3", -20, -60, 60),
        ("07", -5, -60, 60),
    ]


@given(st.lists(st.fixed_dictionaries({"address": st.just(r.COIN), "topics": st.one_of(TOPICS, JUNK), "data": DATA})))
def test_no_receipt_breaks_the_readers(logs: list[r.Raw]) -> None:
    """Whatever a contract emits, depth and liquidity are read or left out."""
    receipt = {**r.receipt(), "logs": logs}
    decoding = decode_transaction(r.transaction(), receipt, wallet=r.WALLET, chain_id=1)
    pool_uses(logs_of(receipt), decoding.venues)
    provisions(logs_of(receipt))


@given(st.sampled_from(LIQUIDITY), st.lists(st.integers(0, 2**256 - 1), max_size=7), st.integers(0, 3))
def test_no_words_break_the_liquidity(topic: str, words: list[int], indexed: int) -> None:
    """Any words under a known topic are read or left out."""
    one = r.log(r.COIN, topic, tuple(words[:indexed]), tuple(words[indexed:]))
    for each in provisions(logs_of(r.receipt(one))):
        assert each.lower is None or -(2**23) <= each.lower < 2**23


def test_a_pool_is_the_wallets_own_from_half_of_its_liquidity_on() -> None:
    """Added less taken out, against what works in the swap; out of range it does not count."""
    assert is_own(USE, [OWN])
    assert not is_own(USE, [])
    assert not is_own(USE, [OWN, replace(OWN, liquidity=-101)])
    assert is_own(USE, [OWN, replace(OWN, liquidity=-100)])
    narrow, at = replace(OWN, lower=-60, upper=60), structs.replace(USE, tick=60)
    assert not is_own(at, [narrow])
    assert is_own(structs.replace(at, tick=59), [narrow])
    assert not is_own(structs.replace(USE, liquidity=0), [OWN])


def test_a_small_pool_is_a_toy_by_its_value_or_by_the_share_taken() -> None:
    """Under 1,000 $ on one side, or more than half of it taken at once."""
    assert is_toy(USE, Decimal("9.99"))
    assert not is_toy(USE, Decimal("10.01"))
    assert not is_toy(USE, None)
    assert is_toy(structs.replace(USE, share=0.51), None)
    assert is_toy(structs.replace(USE, share=0.51), Decimal(10**6))


def test_a_sliver_of_a_split_route_says_nothing() -> None:
    """A router that sends a hundredth of a trade through a toy pool does not make it a wash trade."""
    decoding = decode_transaction(*v2_sale((10**6, 4_000), 250, 100), wallet=r.WALLET, chain_id=1)
    trade = decoding.trades[0]
    assert main_uses(trade, [structs.replace(USE, amount_in=250, amount_out=1)])
    assert main_uses(trade, [structs.replace(USE, amount_in=2, amount_out=1)]) == []
    assert (
        main_uses(structs.replace(trade, sold=(Leg(r.USDC, 1),), bought=(Leg(r.WETH, 1),)), [structs.replace(USE)])
        == []
    )


def day(*swaps: tuple[str, bool]) -> list[Swapped]:
    return [Swapped(tx_hash=name, zero_for_one=way) for name, way in swaps]


def test_alone_is_both_ways_and_half_of_a_day() -> None:
    """An honest trader of a dead token sells and is not marked; who buys and sells to itself is, helper or not."""
    own = {"m1", "m2", "m3"}
    assert is_alone(day(("m1", True), ("x", True), ("m2", False), ("y", False)), own)
    assert is_alone(day(("m1", True), ("m2", False), ("m1", True), ("m2", False)), own)
    assert not is_alone(day(("m1", False), ("m2", False), ("m3", False), ("m3", False)), own), "only sells"
    assert not is_alone(day(("m1", True), ("m2", False)), own), "too few"
    assert not is_alone(day(("m1", True), ("m2", False), *((f"x{i}", True) for i in range(3))), own), "a crowd"
    assert not is_alone([], own)
