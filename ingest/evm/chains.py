"""What is known of each chain, read once from the packaged ``chains.toml``, and chains a user describes."""

import functools
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib import resources
from types import MappingProxyType
from typing import Any

from ingest.errors import ConfigError
from ingest.evm.logs.logs import address
from ingest.evm.venues.families import NAMES
from ingest.limits import real, shown, whole
from ingest.types import Chain, Dex, QuoteToken, UncoveredVenue

CHAIN_KEYS = frozenset(
    {
        *("name", "chain_id", "native_symbol", "wrapped_native", "quote_tokens", "native_usd_feed"),
        *("dexes", "block_seconds", "unverified", "unseen"),
    }
)
QUOTE_KEYS = frozenset({"address", "symbol", "decimals", "usd", "usd_feed"})
MOST_DECIMALS = 77  #: 10**77 is the largest power of ten that an amount can be (256 bits)
BLOCK_SECONDS = {"least": 0.001, "most": 86_400.0, "example": 12.0}
DEX_KEYS = frozenset({"kind", "name", "factory", "init_code_hash", "deployer"})
GAP_KEYS = frozenset({"name", "why"})


@functools.cache
def registry() -> Mapping[int, Chain]:
    """Return the built-in chains by chain id."""
    text = resources.files("ingest.evm").joinpath("chains.toml").read_text(encoding="utf-8")
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
    return Chain(
        name=name,
        chain_id=_number(table, "chain_id", where, whole, least=1, most=2**63 - 1, example=1),
        native_symbol=_text(table, "native_symbol", where),
        wrapped_native=_address(table, "wrapped_native", where),
        quote_tokens=tuple(_quote(t, f"{where}.quote_tokens[{i}]") for i, t in _tables(table, "quote_tokens", where)),
        native_usd_feed=_optional_address(table, "native_usd_feed", where),
        dexes=tuple(_dex(t, f"{where}.dexes[{i}]") for i, t in _tables(table, "dexes", where)),
        block_seconds=_number({"block_seconds": 12.0} | dict(table), "block_seconds", where, real, **BLOCK_SECONDS),
        unverified=tuple(_gap(t, f"{where}.unverified[{i}]") for i, t in _tables(table, "unverified", where)),
        unseen=tuple(_gap(t, f"{where}.unseen[{i}]") for i, t in _tables(table, "unseen", where)),
    )


def _quote(table: Mapping[str, Any], where: str) -> QuoteToken:
    _only(table, QUOTE_KEYS, where)
    peg = None
    if table.get("usd") is not None:
        peg = Decimal(str(_number(table, "usd", where, real, least=1e-9, most=1e9, example=1.0)))
    feed = _optional_address(table, "usd_feed", where)
    if feed is not None and peg is None:
        raise ConfigError(f"{where}.usd_feed: a feed checks a peg; add usd = 1.0")
    return QuoteToken(
        address=_address(table, "address", where),
        symbol=_text(table, "symbol", where),
        decimals=_number(table, "decimals", where, whole, least=0, most=MOST_DECIMALS, example=18),
        usd=peg,
        usd_feed=feed,
    )


def _dex(table: Mapping[str, Any], where: str) -> Dex:
    _only(table, DEX_KEYS, where)
    init = table.get("init_code_hash")
    if init is not None:
        digits = init.removeprefix("0x") if isinstance(init, str) else ""
        if len(digits) != 64 or not set(digits.lower()) <= set("0123456789abcdef"):
            raise ConfigError(f"{where}.init_code_hash: {shown(init)} is not a 32-byte hash in hex")
        init = f"0x{digits.lower()}"
    kind = _text(table, "kind", where)
    if kind not in NAMES:
        raise ConfigError(f"{where}.kind: {shown(kind)} is no venue family; known are {', '.join(sorted(NAMES))}")
    return Dex(
        kind=kind,
        factory=_address(table, "factory", where),
        init_code_hash=init,
        deployer=_optional_address(table, "deployer", where),
        name=None if table.get("name") is None else _text(table, "name", where),
    )


def _gap(table: Mapping[str, Any], where: str) -> UncoveredVenue:
    _only(table, GAP_KEYS, where)
    return UncoveredVenue(name=_text(table, "name", where), why=_text(table, "why", where))


def _only(table: object, allowed: frozenset[str], where: str) -> None:
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: {shown(table)} is not a table")
    for key in table:
        if key not in allowed:
            raise ConfigError(f"{where}.{key}: unknown key; known are {', '.join(sorted(allowed))}")


def _tables(table: Mapping[str, Any], key: str, where: str) -> list[tuple[int, Mapping[str, Any]]]:
    value = table.get(key, [])
    if not isinstance(value, list | tuple):
        raise ConfigError(f"{where}.{key}: {shown(value)} is not a list of tables")
    return list(enumerate(value))


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{where}.{key}: needs a text, got {shown(value)}")
    return value


def _number(table: Mapping[str, Any], key: str, where: str, check: Callable[..., Any], **limits: Any) -> Any:
    try:
        return check(table.get(key), **limits)
    except ValueError as error:
        raise ConfigError(f"{where}.{key}: {error}") from None


def _address(table: Mapping[str, Any], key: str, where: str) -> str:
    value = address(table.get(key))
    if value is None:
        raise ConfigError(f"{where}.{key}: {shown(table.get(key))} is not an address (0x and 40 hex digits)")
    return value


def _optional_address(table: Mapping[str, Any], key: str, where: str) -> str | None:
    return None if table.get(key) is None else _address(table, key, where)
