"""What is known of each chain, read once from the packaged ``chains.toml``, and chains a user describes."""

import functools
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from importlib import resources
from types import MappingProxyType
from typing import Any

from ingest.errors import ConfigError
from ingest.logs import address
from ingest.types import Chain, Dex, Gap, QuoteToken
from ingest.venues.families import NAMES

CHAIN_KEYS = frozenset(
    {
        *("name", "chain_id", "native_symbol", "wrapped_native", "quote_tokens", "native_usd_feed"),
        *("dexes", "block_seconds", "unverified", "unseen"),
    }
)
QUOTE_KEYS = frozenset({"address", "symbol", "decimals", "usd", "usd_feed"})
DEX_KEYS = frozenset({"kind", "name", "factory", "init_code_hash", "deployer"})
GAP_KEYS = frozenset({"name", "why"})


@functools.cache
def registry() -> Mapping[int, Chain]:
    """Return the built-in chains by chain id."""
    text = resources.files("ingest").joinpath("chains.toml").read_text(encoding="utf-8")
    chains = (build(table) for table in tomllib.loads(text)["chains"])
    return MappingProxyType({chain.chain_id: chain for chain in chains})


def by_id(chain_id: int) -> Chain | None:
    """Return a built-in chain by its id, or None."""
    return registry().get(chain_id)


def by_name(name: str) -> Chain | None:
    """Return a built-in chain by its name, or None."""
    return next((chain for chain in registry().values() if chain.name == name.lower()), None)


def build(table: Mapping[str, Any]) -> Chain:
    """Build a chain from a table of the registry or of a user's configuration.

    Parameters
    ----------
    table
        Keys as in ``chains.toml``; ``name`` and ``chain_id`` are required.

    Raises
    ------
    ConfigError
        A key is unknown, missing or has a value that cannot be used; the message names it.
    """
    _only(table, CHAIN_KEYS, "chains")
    name = _text(table, "name", "chains")
    where = f"chains.{name}"
    block_seconds = table.get("block_seconds", 12.0)
    if isinstance(block_seconds, bool) or not isinstance(block_seconds, int | float) or block_seconds <= 0:
        raise ConfigError(f"{where}.block_seconds: {block_seconds!r} is not a positive number")
    return Chain(
        name=name,
        chain_id=_whole(table, "chain_id", where, least=1),
        native_symbol=_text(table, "native_symbol", where),
        wrapped_native=_address(table, "wrapped_native", where),
        quote_tokens=tuple(_quote(t, f"{where}.quote_tokens[{i}]") for i, t in _tables(table, "quote_tokens", where)),
        native_usd_feed=_optional_address(table, "native_usd_feed", where),
        dexes=tuple(_dex(t, f"{where}.dexes[{i}]") for i, t in _tables(table, "dexes", where)),
        block_seconds=float(block_seconds),
        unverified=tuple(_gap(t, f"{where}.unverified[{i}]") for i, t in _tables(table, "unverified", where)),
        unseen=tuple(_gap(t, f"{where}.unseen[{i}]") for i, t in _tables(table, "unseen", where)),
    )


def _quote(table: Mapping[str, Any], where: str) -> QuoteToken:
    _only(table, QUOTE_KEYS, where)
    usd = table.get("usd")
    try:
        peg = None if usd is None else Decimal(str(usd))
    except InvalidOperation:
        peg = Decimal("NaN")
    if peg is not None and not (peg.is_finite() and peg > 0):
        raise ConfigError(f"{where}.usd: {usd!r} is not a positive number")
    feed = _optional_address(table, "usd_feed", where)
    if feed is not None and peg is None:
        raise ConfigError(f"{where}.usd_feed: a feed checks a peg; add usd = 1.0")
    return QuoteToken(
        address=_address(table, "address", where),
        symbol=_text(table, "symbol", where),
        decimals=_whole(table, "decimals", where, least=0),
        usd=peg,
        usd_feed=feed,
    )


def _dex(table: Mapping[str, Any], where: str) -> Dex:
    _only(table, DEX_KEYS, where)
    init = table.get("init_code_hash")
    if init is not None:
        digits = init.removeprefix("0x") if isinstance(init, str) else ""
        if len(digits) != 64 or not set(digits.lower()) <= set("0123456789abcdef"):
            raise ConfigError(f"{where}.init_code_hash: {init!r} is not a 32-byte hash in hex")
        init = f"0x{digits.lower()}"
    kind = _text(table, "kind", where)
    if kind not in NAMES:
        raise ConfigError(f"{where}.kind: {kind!r} is no venue family; known are {', '.join(sorted(NAMES))}")
    return Dex(
        kind=kind,
        factory=_address(table, "factory", where),
        init_code_hash=init,
        deployer=_optional_address(table, "deployer", where),
        name=None if table.get("name") is None else _text(table, "name", where),
    )


def _gap(table: Mapping[str, Any], where: str) -> Gap:
    _only(table, GAP_KEYS, where)
    return Gap(name=_text(table, "name", where), why=_text(table, "why", where))


def _only(table: object, allowed: frozenset[str], where: str) -> None:
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: {table!r} is not a table")
    for key in table:
        if key not in allowed:
            raise ConfigError(f"{where}.{key}: unknown key; known are {', '.join(sorted(allowed))}")


def _tables(table: Mapping[str, Any], key: str, where: str) -> list[tuple[int, Mapping[str, Any]]]:
    value = table.get(key, [])
    if not isinstance(value, list | tuple):
        raise ConfigError(f"{where}.{key}: {value!r} is not a list of tables")
    return list(enumerate(value))


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{where}.{key}: needs a text, got {value!r}")
    return value


def _whole(table: Mapping[str, Any], key: str, where: str, *, least: int) -> int:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigError(f"{where}.{key}: needs a whole number of at least {least}, got {value!r}")
    return value


def _address(table: Mapping[str, Any], key: str, where: str) -> str:
    value = address(table.get(key))
    if value is None:
        raise ConfigError(f"{where}.{key}: {table.get(key)!r} is not an address (0x and 40 hex digits)")
    return value


def _optional_address(table: Mapping[str, Any], key: str, where: str) -> str | None:
    return None if table.get(key) is None else _address(table, key, where)
