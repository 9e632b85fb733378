"""Topics, readers and re-derived pool addresses."""

import pytest
from eth_utils import keccak

from ingest.evm import chains
from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.logs.token_flows import ZERO
from ingest.evm.venues import create2, families, solidly, uniswap_v2, uniswap_v3
from ingest.evm.venues.swap_event import Holding
from ingest.types import Dex

USDC, WETH = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
V2_INIT = "0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"
V3_INIT = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"


@pytest.mark.parametrize(("topic", "signature"), topics.SIGNATURES.items())
def test_a_topic_is_the_hash_of_its_signature(topic: str, signature: str) -> None:
    """Every constant is keccak of the signature beside it."""
    assert topic == "0x" + keccak(text=signature).hex()


def test_every_topic_has_a_signature() -> None:
    """No constant escapes the test above."""
    constants = {v for k, v in vars(topics).items() if k.isupper() and isinstance(v, str)}
    assert constants == set(topics.SIGNATURES)


def test_families_share_no_topic() -> None:
    """One reader per event: which family it is follows from the factory that vouches."""
    assert len(families.READERS) == sum(len(family.READERS) for family in families.FAMILIES)


@pytest.mark.parametrize("topic", sorted(families.READERS))
@pytest.mark.parametrize("indexed", range(4))
@pytest.mark.parametrize("size", [0, 31, 32, 160, 1024])
def test_readers_answer_none_or_positive_amounts(topic: str, indexed: int, size: int) -> None:
    """A log that only shares the topic, or is cut short, is left out; a manager may tell of a swap without amounts."""
    log = Log(ZERO, topic, (2**160 - 1,) * indexed, b"\x01" * size, 0)
    event = families.READERS[topic](log)
    unsaid = event is not None and event.holding is Holding.MANAGER and event.amount_in == event.amount_out == 0
    assert event is None or unsaid or (event.amount_in > 0 and event.amount_out > 0)


def test_create2_follows_eip_1014() -> None:
    """The address of the proposal's example with a salt that is hashed first."""
    code = keccak(hexstr="0x00").hex()
    address = create2.derive("0x" + "00" * 20, b"", code)
    expected = keccak(b"\xff" + bytes(20) + keccak(b"") + keccak(hexstr="0x00"))[12:].hex()
    assert address == "0x" + expected


def test_pools_are_rederived() -> None:
    """Mainnet's two best-known USDC/WETH pools follow from factory, init code hash and tokens."""
    v2 = Dex(kind="uniswap_v2", factory="0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f", init_code_hash=V2_INIT)
    v3 = Dex(kind="uniswap_v3", factory="0x1f98431c8ad98523631ae4a59f267346ea31f984", init_code_hash=V3_INIT)
    assert uniswap_v2.derive(v2, USDC, WETH) == {"0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc"}
    assert "0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640" in uniswap_v3.derive(v3, USDC, WETH)


@pytest.mark.parametrize(
    ("chain", "kind", "pair", "pool"),
    [
        (
            "arbitrum",
            "uniswap_v2",
            ("0x82af49447d8a07e3bd95bd0d56f35241523fbab1", "0xff970a61a04b1ca14834a43f5de4533ebddb5cc8"),
            "0x84652bb2539513baf36e225c930fdd8eaa63ce27",
        ),
        (
            "ethereum",
            "solidly_v3",
            (USDC, "0xdac17f958d2ee523a2206206994597c13d831ec7"),
            "0x6146be494fee4c73540cb1c5f87536abf1452500",
        ),
    ],
)
def test_the_registry_vouches_for_well_known_pools(chain: str, kind: str, pair: tuple[str, str], pool: str) -> None:
    """Camelot's WETH/USDC.e and Solidly v3's USDC/USDT follow from the registry's constants."""
    known = chains.by_name(chain)
    assert known is not None
    assert any(pool in families.DERIVERS[kind](dex, *pair) for dex in known.dexes if dex.kind == kind)


def test_a_dex_without_hash_derives_nothing() -> None:
    """What cannot be re-derived stays unverified rather than guessed."""
    dex = Dex(kind="any", factory=ZERO)
    for derive in families.DERIVERS.values():
        assert derive(dex, USDC, WETH) == frozenset()


def test_solidly_pools_come_in_two_kinds() -> None:
    """Stable and volatile pools of one pair are two addresses."""
    dex = Dex(kind="solidly", factory=ZERO, init_code_hash=V2_INIT)
    assert len(solidly.derive(dex, USDC, WETH)) == 2


def test_a_taxed_pair_is_read_by_its_net_direction() -> None:
    """A reflecting token shows an inflow on the side that left."""
    words = (308, 115, 680, 0)
    data = b"".join(create2.word(w) for w in words)
    event = families.READERS[topics.UNISWAP_V2_SWAP](Log(ZERO, topics.UNISWAP_V2_SWAP, (1, 2), data, 0))
    assert event is not None
    assert (event.zero_for_one, event.amount_in, event.amount_out) == (False, 115, 680)
    assert event.holding is Holding.POOL
