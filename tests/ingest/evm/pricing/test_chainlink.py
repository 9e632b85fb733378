"""What feeds are believed, and how rarely they are asked."""

from collections import Counter
from decimal import Decimal

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import RpcRejected
from ingest.evm import chains
from ingest.evm.lookup.tokens import DECIMALS
from ingest.evm.pricing.chainlink import JUMP, LATEST_ROUND_DATA, STALE_S, Feeds
from ingest.types import NATIVE, BlockRef, Chain, QuoteToken
from tests.builders import START, USD

WRAPPED = "0x" + "ee11" * 10
BRIDGED = "0x" + "ab" * 20
NATIVE_FEED, USD_FEED = "0x" + "fe" * 20, "0x" + "fd" * 20
CHAIN = Chain(
    name="test",
    chain_id=1,
    native_symbol="ETH",
    wrapped_native=WRAPPED,
    quote_tokens=(
        QuoteToken(address=USD, symbol="USD", decimals=6, usd=Decimal(1), usd_feed=USD_FEED),
        QuoteToken(address=BRIDGED, symbol="USD.b", decimals=6, usd=Decimal(1), usd_feed=USD_FEED),
    ),
    native_usd_feed=NATIVE_FEED,
)


def word(number):
    return f"0x{number:064x}"


def answered(price, updated_at):
    return "0x" + encode(["uint80", "int256", "uint256", "uint256", "uint80"], [1, price, 0, updated_at, 1]).hex()


class FakeFeeds:
    """What a node answers of feeds: ``script`` maps a feed to its answer at a block number."""

    def __init__(self, script, digits=8):
        self.script, self.digits, self.asked = script, digits, Counter()

    def batch(self, requests, *, tolerant):
        assert tolerant
        return [self._call(*params) for _method, params in requests]

    def _call(self, request, block):
        feed, what = request["to"], request["data"]
        if what == DECIMALS:
            self.asked[feed, what] += 1
            return word(self.digits) if self.digits is not None else "0x"
        assert what == LATEST_ROUND_DATA
        self.asked[feed] += 1
        said = self.script[feed](int(block, 16))
        return RpcRejected("eth_call: execution reverted") if said is None else said


def at(*times):
    """Blocks 1, 2, … at these times."""
    return {n: BlockRef(number=n, hash="0x", timestamp=time) for n, time in enumerate(times, 1)}


def read(fake_feeds, *wanted):
    """One reading after the other by the same ``Feeds``."""
    feeds = Feeds(fake_feeds, CHAIN)
    return [feeds.read(blocks) for blocks in wanted]


def read_one(token, answer, *, digits=8):
    """What is believed of one answer, at a block of the time ``START``."""
    [prices] = read(
        FakeFeeds(dict.fromkeys((NATIVE_FEED, USD_FEED), lambda _block: answer), digits), {token: at(START)}
    )
    return prices[token]


GOOD = 99_990_000


@pytest.mark.parametrize("token", [NATIVE, USD])
@pytest.mark.parametrize(
    "bad",
    [
        answered(0, START),
        answered(-5, START),
        answered(GOOD, START + 1),
        answered(GOOD, START - STALE_S - 1),
        answered(GOOD, 0),
        answered(2**255 - 1, START),
    ],
)
def test_a_stale_zero_negative_future_or_absurd_answer_is_refused(token, bad):
    """Such an answer is None: known to be no price."""
    assert read_one(token, bad) == {1: None}


@pytest.mark.parametrize("nothing", ["0x", "0x1234", None, "0xzz", 7])
def test_where_a_feed_says_nothing_nothing_is_known(nothing):
    """No contract there yet, no state of that block, or no aggregator: neither a price nor a refusal."""
    assert read_one(USD, nothing) == read_one(NATIVE, nothing) == {}
    assert read_one(USD, answered(GOOD, START), digits=None) == {}


def test_an_answer_as_old_as_a_heartbeat_still_counts():
    """Refused is what is older."""
    assert read_one(NATIVE, answered(GOOD, START - STALE_S)) == {1: (Decimal("0.9999"), START - STALE_S)}


@pytest.mark.parametrize("digits", [0, 6, 18])
def test_the_feed_itself_says_its_decimals(digits):
    """A price is the answer by the feed's own ``decimals()``; they are asked once."""
    script = dict.fromkeys((NATIVE_FEED, USD_FEED), lambda _block: answered(3 * 10**digits, START))
    fake = FakeFeeds(script, digits)
    wanted = {NATIVE: at(START), USD: at(START)}
    first, second = read(fake, wanted, wanted)
    assert first == second == {NATIVE: {1: (Decimal(3), START)}, USD: {1: (Decimal(3), START)}}
    assert fake.asked[NATIVE_FEED, DECIMALS] == fake.asked[USD_FEED, DECIMALS] == 1


@pytest.mark.parametrize(("price", "believed"), [(1, False), (2, True), (9999, True), (10_000, False)])
def test_a_stable_is_believed_between_a_hundredth_and_a_hundred_times_its_peg(price, believed):
    """Beyond that the feed counts in other units, or is none of this token."""
    assert read_one(USD, answered(price * 10**6, START)) == {1: (Decimal(price) / 100, START) if believed else None}


def by_block(*prices):
    """Rounds of the native coin, one in each block from 1 on."""
    return {NATIVE_FEED: lambda block: answered(prices[block - 1] * 10**8, START + 3600 * (block - 1))}


def hours(count):
    return at(*(START + 3600 * n for n in range(count)))


def test_a_price_that_its_neighbours_contradict_is_refused():
    """One wild answer among others is none; of two that disagree neither stands; a jump within the limit does."""
    [prices] = read(FakeFeeds(by_block(2500, 2_500_000, 2510)), {NATIVE: hours(3)})
    assert [answer and answer[0] for answer in prices[NATIVE].values()] == [2500, None, 2510]
    [prices] = read(FakeFeeds(by_block(2500, 2_500_000)), {NATIVE: hours(2)})
    assert list(prices[NATIVE].values()) == [None, None]
    [prices] = read(FakeFeeds(by_block(1, JUMP)), {NATIVE: hours(2)})
    assert None not in prices[NATIVE].values()


def test_neighbours_are_also_those_of_the_reading_before():
    """A lone answer is held against the last ones, unless these lie more than a week away."""
    fake = FakeFeeds(
        {NATIVE_FEED: lambda block: answered((250_000 if block == 9 else 1) * 10**8, START + 86_400 * block)}
    )
    blocks = {n: BlockRef(number=n, hash="0x", timestamp=START + 86_400 * n) for n in (1, 2, 9, 17)}
    near, lone, _ = read(fake, {NATIVE: {2: blocks[2]}}, {NATIVE: {9: blocks[9]}}, {NATIVE: {17: blocks[17]}})
    assert near[NATIVE][2] is not None
    assert lone[NATIVE] == {9: None}
    far, lone = read(fake, {NATIVE: {1: blocks[1]}}, {NATIVE: {9: blocks[9]}})
    assert far[NATIVE][1] is not None
    assert lone[NATIVE][9] is not None


@given(
    steps=st.lists(st.just(0) | st.integers(0, 60), min_size=1, max_size=40),
    updated=st.sets(st.integers(1, 40), max_size=15),
    before=st.one_of(st.none(), st.integers(1, 30 * 3600)),
    silent=st.sets(st.integers(1, 40), max_size=5),
    token=st.sampled_from([NATIVE, USD]),
)
def test_asking_rarely_gives_what_asking_about_every_block_gives(steps, updated, before, silent, token):
    """For any blocks (several a second among them), any rounds in them, and blocks of which the node knows nothing."""
    times, now = [], START
    for step in steps:
        now += 600 * step
        times.append(now)
    blocks = at(*times)
    made = {0: START - before} if before else {}  # block -> when its round was updated, 0: before all of them
    made |= {n: blocks[n].timestamp for n in updated if n in blocks}

    def latest(block):
        rounds = [n for n in made if n <= block]
        return answered(10**8 + max(rounds), made[max(rounds)]) if rounds and block not in silent else None

    script = {NATIVE_FEED: latest, USD_FEED: latest}
    [prices] = read(FakeFeeds(script), {token: blocks})
    for number, block in blocks.items():
        if number not in silent:
            [alone] = read(FakeFeeds(script), {token: {number: block}})
            assert prices[token].get(number, ...) == alone[token].get(number, ...)


def test_a_round_is_asked_about_once_for_all_its_blocks():
    """A stable's round of a day costs one call for every trade of that day, whichever of its forms they used."""
    fake = FakeFeeds({USD_FEED: lambda _block: answered(GOOD, START + 1)})
    blocks = at(*(START + 60 * n for n in range(2, 1_000)))
    [prices] = read(fake, {USD: blocks, BRIDGED: blocks})
    assert set(prices[USD].values()) == {(Decimal("0.9999"), START + 1)}
    assert prices[USD] == prices[BRIDGED]
    assert fake.asked[USD_FEED] == 1


def test_the_registry_names_each_feed_for_one_thing():
    """No feed serves two different symbols but a bridged form beside its own; the native coin's is no stable's."""
    for chain in chains.registry().values():
        served = {}
        for token in chain.quote_tokens:
            if token.usd_feed is not None:
                served.setdefault(token.usd_feed, set()).add(token.symbol.removesuffix(".e").replace("USDbC", "USDC"))
        assert all(len(symbols) == 1 for symbols in served.values())
        assert chain.native_usd_feed not in served
    stables = [token for chain in chains.registry().values() for token in chain.quote_tokens if token.usd is not None]
    assert sum(token.usd_feed is not None for token in stables) >= 27
