"""The registry of chains and chains that a user describes."""

from decimal import Decimal
from typing import Any

import pytest

from ingest.errors import ConfigError
from ingest.evm import chains

OWN: dict[str, Any] = {
    "name": "mine",
    "chain_id": 31337,
    "native_symbol": "ETH",
    "wrapped_native": "0x" + "AB" * 20,
    "quote_tokens": [{"address": "0x" + "cd" * 20, "symbol": "USD", "decimals": 6, "usd": 1.0}],
    "dexes": [{"kind": "uniswap_v2", "factory": "0x" + "ef" * 20, "init_code_hash": "0x" + "12" * 32}],
}


def test_the_registry_knows_its_chains() -> None:
    """Sixteen chains by id and by name."""
    ids = {1, 10, 56, 100, 130, 137, 143, 146, 480, 999, 8453, 42161, 43114, 59144, 80094, 534352}
    assert set(chains.registry()) == ids
    assert chains.by_name("bsc") == chains.by_id(56)
    assert chains.by_id(5) is None
    assert chains.by_name("nowhere") is None


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
        ({"dexes": [{**OWN["dexes"][0], "kind": "uniswap_v22"}]}, "dexes[0].kind: 'uniswap_v22' is no venue family"),
        ({"dexes": [{**OWN["dexes"][0], "name": 1}]}, "chains.mine.dexes[0].name"),
        ({"unseen": [{"name": "Kuru"}]}, "chains.mine.unseen[0].why"),
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
