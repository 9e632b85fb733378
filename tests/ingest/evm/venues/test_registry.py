"""The registry as data: every entry is well formed, and its constants lead to pools that everybody knows."""

import re

import pytest

from ingest.evm import chains
from ingest.evm.lookup.pools import BY_TOKENS, REGISTERS
from ingest.evm.venues.families import BY_PAIR, DERIVERS, NAMES, ORDERS, SINGLETONS
from ingest.types import Chain, Dex

CHAINS = sorted(chains.registry().values(), key=lambda chain: chain.name)
ENTRIES = [(chain, dex) for chain in CHAINS for dex in chain.dexes]
LOOKED_FOR = set(DERIVERS) | SINGLETONS | set(REGISTERS) | set(BY_TOKENS) | BY_PAIR | ORDERS | {"pool_vault"}
ADDRESS, HASH = re.compile(r"0x[0-9a-f]{40}"), re.compile(r"0x[0-9a-f]{64}")


def label(value: object) -> str:
    return value.name if isinstance(value, Chain) else f"{value.name} {value.factory}" if isinstance(value, Dex) else ""


@pytest.mark.parametrize("chain", CHAINS, ids=label)
def test_a_chain_has_what_reading_it_needs(chain: Chain) -> None:
    """A wrapped coin that is the first quote token, a venue, a name that a command line can hold, no entry twice."""
    addresses = [chain.wrapped_native, *(q.address for q in chain.quote_tokens)]
    feeds = [chain.native_usd_feed, *(q.usd_feed for q in chain.quote_tokens)]
    assert all(map(ADDRESS.fullmatch, addresses + [feed for feed in feeds if feed is not None]))
    assert chain.quote_tokens[0].address == chain.wrapped_native
    assert chain.quote_tokens[0].decimals == 18
    assert len({q.address for q in chain.quote_tokens}) == len(chain.quote_tokens)
    assert all(q.decimals in {6, 18} for q in chain.quote_tokens)
    assert re.fullmatch(r"[a-z]+", chain.name)
    assert 0.1 <= chain.block_seconds <= 15
    trading = [dex for dex in chain.dexes if dex.kind not in ORDERS]
    assert trading
    assert len({(dex.kind, dex.factory) for dex in chain.dexes}) == len(chain.dexes)
    gaps = [gap.name for gap in (*chain.unverified, *chain.unseen)]
    assert len(set(gaps)) == len(gaps)


def test_no_chain_is_there_twice() -> None:
    """Neither by id nor by name."""
    assert len({chain.name for chain in CHAINS}) == len(CHAINS) == len({chain.chain_id for chain in CHAINS})


@pytest.mark.parametrize(("chain", "dex"), ENTRIES, ids=label)
def test_an_entry_is_well_formed(chain: Chain, dex: Dex) -> None:
    """Lower-case addresses, hashes of 32 bytes, a name, and a kind that something looks for."""
    assert ADDRESS.fullmatch(dex.factory)
    assert int(dex.factory, 16)
    assert dex.deployer is None or ADDRESS.fullmatch(dex.deployer)
    assert dex.init_code_hash is None or (HASH.fullmatch(dex.init_code_hash) and dex.kind in DERIVERS)
    assert dex.name
    assert dex.name.strip() == dex.name
    assert "|" not in dex.name
    assert dex.kind in LOOKED_FOR
    assert dex.kind in NAMES


def test_every_kind_that_something_looks_for_has_a_name() -> None:
    """The page and the message for a mistyped kind list them all."""
    assert set(NAMES) == LOOKED_FOR


WAVAX, WETH_OP = "0xb31f66aa3c1e785363f0875a1b74e27b85fd66c7", "0x4200000000000000000000000000000000000006"
WETH, WBNB = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2", "0xbb4cdb9cbd36b01bd1cbaebf2de08d9173bc095c"
USDC, USDC_AVAX = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", "0xb97ef9ef8734c71904d8002f8b6bc66dd9c48a6e"
USDT_BSC, USDC_LINEA = "0x55d398326f99059ff775485246999027b3197955", "0x176211869ca2b568f2a7d4ee941e073a821ee1ff"
USDC_E_AVAX = "0xa7d7079b0fead91f3e65f86e8915cb59c1a4c664"
WETH_LINEA = "0xe5d7c2a44ffddf6b295a15c148167daaaf5cf34f"

KNOWN_POOLS = [
    ("ethereum", "Crypto.com DeFi Swap", USDC, WETH, "0x3aa370aacf4cb08c7e1e7aa8e8ff9418d73c7e0f"),
    ("ethereum", "Uniswap v2", USDC, WETH, "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc"),
    ("ethereum", "Uniswap v3", USDC, WETH, "0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640"),
    (
        "ethereum",
        "SmarDex",
        "0x5de8ab7e27f6e7a1fff3e5b337584aa43961beef",
        WETH,
        "0xf3a4b8efe3e3049f6bc71b47ccb7ce6665420179",
    ),
    (
        "ethereum",
        "Solidly v3",
        USDC,
        "0xdac17f958d2ee523a2206206994597c13d831ec7",
        "0x6146be494fee4c73540cb1c5f87536abf1452500",
    ),
    (
        "bsc",
        "BakerySwap",
        "0xe02df9e3e622debdd69fb838bb799e3f168902c5",
        WBNB,
        "0xc2eed0f5a0dc28cfa895084bc0a9b8b8279ae492",
    ),
    (
        "bsc",
        "ApeSwap",
        "0x603c7f932ed1fc6575303d8fb018fdcbb0f39a95",
        WBNB,
        "0xf65c1c0478efde3c19b49ecbe7acc57bb6b1d713",
    ),
    (
        "bsc",
        "BabySwap",
        "0x53e562b9b7e5e94b81f10e96ee70ad06df3d2657",
        WBNB,
        "0x36ae10a4d16311959b607ee98bc4a8a653a33b1f",
    ),
    ("bsc", "MDEX", WBNB, USDT_BSC, "0x09cb618bf5ef305fadfd2c8fc0c26eecf8c6d5fd"),
    ("bsc", "SquadSwap v2", WBNB, USDT_BSC, "0x6a1856a891e139c4a73189dda3baf7d65393a283"),
    (
        "bsc",
        "SmarDex",
        "0xfdc66a08b0d0dc44c17bbd471b88f49f50cdd20f",
        USDT_BSC,
        "0xe7b89cbd4e833510f393ccfbe7d433edbb137ab2",
    ),
    (
        "base",
        "BaseSwap v2",
        WETH_OP,
        "0xd9aaec86b65d86f6a7b5b1b0c42ffa531710b6ca",
        "0x41d160033c222e6f3722ec97379867324567d883",
    ),
    (
        "arbitrum",
        "Camelot v2",
        "0x82af49447d8a07e3bd95bd0d56f35241523fbab1",
        "0xff970a61a04b1ca14834a43f5de4533ebddb5cc8",
        "0x84652bb2539513baf36e225c930fdd8eaa63ce27",
    ),
    (
        "scroll",
        "Zebra v2",
        "0x5300000000000000000000000000000000000004",
        "0x06efdbff2a14a7c8e15944d1f4a48f9f95f663a4",
        "0x118a84e97620829a6a9666d41acc9e91edf32bd6",
    ),
    ("avalanche", "Trader Joe v1", WAVAX, USDC_AVAX, "0xf4003f4efbe8691b60249e6afbd307abe7758adb"),
    ("avalanche", "Pangolin", WAVAX, USDC_AVAX, "0x0e0100ab771e9288e0aa97e11557e6654c3a9665"),
    ("avalanche", "SushiSwap v2", WAVAX, USDC_E_AVAX, "0x4ed65dab34d5fd4b1eb384432027ce47e90e1185"),
    ("avalanche", "Uniswap v3", WAVAX, USDC_AVAX, "0xfae3f424a0a47706811521e3ee268f00cfb5c45e"),
    ("linea", "Uniswap v3", WETH_LINEA, USDC_LINEA, "0xc48622190a6b91d64ee7459c62fade9abe61b48a"),
    ("linea", "PancakeSwap v2", WETH_LINEA, USDC_LINEA, "0xb91a09d3794e815008194b0423802af8359516db"),
    ("linea", "PancakeSwap v3", WETH_LINEA, USDC_LINEA, "0xd5539d0360438a66661148c633a9f0965e482845"),
    (
        "sonic",
        "Uniswap v3",
        "0x039e2fb66102314ce7b64ce5ce3e5183bc94ad38",
        "0x29219dd400f2bf60e5a23d13be72b486d4038894",
        "0xecb04e075503bd678241f00155abcb532c0a15eb",
    ),
    (
        "berachain",
        "Kodiak v3",
        "0x6969696969696969696969696969696969696969",
        "0xfcbd14dc51f0a4d49d5e53c2e0950e0bc26d0dce",
        "0x1127f801cb3ab7bdf8923272949aa7dba94b5805",
    ),
    (
        "unichain",
        "Uniswap v2",
        WETH_OP,
        "0x078d782b760474a361dda0af3839290b0ef57ad6",
        "0x8cbf356ecf5ae7035583543479996250178527f4",
    ),
    (
        "unichain",
        "Uniswap v3",
        WETH_OP,
        "0x078d782b760474a361dda0af3839290b0ef57ad6",
        "0x65081cb48d74a32e9ccfed75164b8c09972dbcf1",
    ),
    (
        "worldchain",
        "Uniswap v3",
        "0x2cfc85d8e48f8eab294be644d9e25c3030863003",
        "0x79a02482a880bce3f13e09da970dc34db4cd24d1",
        "0x610e319b3a3ab56a0ed5562927d37c233774ba39",
    ),
]
"""Chain, name of the entry, two tokens and a pool of theirs that explorers and public code know."""


@pytest.mark.parametrize(("name", "venue", "one", "other", "pool"), KNOWN_POOLS)
def test_a_well_known_pool_follows_from_its_entry(name: str, venue: str, one: str, other: str, pool: str) -> None:
    """Factory, hash and deployer are right: no other numbers give this address. The other entries do not claim it."""
    chain = chains.by_name(name)
    assert chain is not None
    low, high = sorted((one, other))
    owners = [dex.name for dex in chain.dexes if dex.kind in DERIVERS and pool in DERIVERS[dex.kind](dex, low, high)]
    assert owners == [venue]
