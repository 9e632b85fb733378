"""The registry of chains and chains that a user describes."""

from decimal import Decimal
from typing import Any

import pytest

from ingest import chains
from ingest.errors import ConfigError
from ingest.pools import REGISTERS
from ingest.venues.families import DERIVERS, SINGLETONS

OWN: dict[str, Any] = {
    "name": "mine",
    "chain_id": 31337,
    "native_symbol": "ETH",
    "wrapped_native": "0x" + "AB" * 20,
    "quote_tokens": [{"address": "0x" + "cd" * 20, "symbol": "USD", "decimals": 6, "usd": 1.0}],
    "dexes": [{"kind": "uniswap_v2", "factory": "0x" + "ef" * 20, "init_code_hash": "0x" + "12" * 32}],
}


def test_the_registry_knows_its_chains() -> None:
    """Ten chains by id and by name, every address lower-case, the wrapped coin among the quote tokens."""
    assert set(chains.registry()) == {1, 10, 56, 100, 137, 143, 999, 8453, 42161, 534352}
    assert chains.by_name("bsc") == chains.by_id(56)
    assert chains.by_id(5) is None
    assert chains.by_name("nowhere") is None
    for chain in chains.registry().values():
        addresses = [chain.wrapped_native, *(q.address for q in chain.quote_tokens)]
        addresses += [d.factory for d in chain.dexes]
        assert all(a == a.lower() and len(a) == 42 for a in addresses)
        assert chain.quote_tokens[0].address == chain.wrapped_native
        assert len(set(chain.dexes)) == len(chain.dexes)


def test_every_kind_of_the_registry_is_used() -> None:
    """A kind that nothing looks for would be dead data."""
    others = {"entry_point", "oneinch", "uniswapx", "cow_eth_flow", "pool_vault", "trader_joe_lb"}
    kinds = {dex.kind for chain in chains.registry().values() for dex in chain.dexes}
    assert kinds <= set(DERIVERS) | SINGLETONS | set(REGISTERS) | others


def test_a_user_describes_a_chain() -> None:
    """The same builder serves the registry and the configuration."""
    chain = chains.build(OWN)
    assert chain.wrapped_native == "0x" + "ab" * 20
    assert chain.quote_tokens[0].usd == Decimal("1.0")
    assert chain.dexes[0].init_code_hash == "0x" + "12" * 32
    assert chain.block_seconds == 12.0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"chain_id": "1"}, "chains.mine.chain_id"),
        ({"chain_id": True}, "chains.mine.chain_id"),
        ({"wrapped_native": "0x12"}, "chains.mine.wrapped_native"),
        ({"native_usd_feed": 5}, "chains.mine.native_usd_feed"),
        ({"block_seconds": 0}, "chains.mine.block_seconds"),
        ({"colour": 1}, "chains.colour"),
        ({"dexes": {}}, "chains.mine.dexes"),
        ({"dexes": [1]}, "chains.mine.dexes[0]"),
        ({"dexes": [{**OWN["dexes"][0], "init_code_hash": "0x1"}]}, "chains.mine.dexes[0].init_code_hash"),
        ({"quote_tokens": [{**OWN["quote_tokens"][0], "usd": "x"}]}, "chains.mine.quote_tokens[0].usd"),
        ({"quote_tokens": [{**OWN["quote_tokens"][0], "decimals": -1}]}, "quote_tokens[0].decimals"),
        ({"quote_tokens": [{**OWN["quote_tokens"][0], "usd_feed": "0x1"}]}, "quote_tokens[0].usd_feed"),
        (
            {"quote_tokens": [{**OWN["quote_tokens"][0], "usd": None, "usd_feed": "0x" + "fe" * 20}]},
            "usd_feed: a feed checks a peg",
        ),
    ],
)
def test_a_bad_key_is_named(change: dict[str, Any], named: str) -> None:
    """The message names the key to mend."""
    with pytest.raises(ConfigError) as error:
        chains.build({**OWN, **change})
    assert named in str(error.value)
