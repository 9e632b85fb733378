"""``edgewatch.toml`` and the environment's secrets, checked as a whole before anything starts."""

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ingest.errors import ConfigError
from ingest.evm import chains
from ingest.evm.chains import BLOCK_SECONDS
from ingest.evm.rpc.endpoint import check_url, host
from ingest.evm.rpc.endpoint_health import IN_FLIGHT
from ingest.limits import hours, real, span, whole
from ingest.secret import has_key
from ingest.types import Chain
from metrics.types import Unit
from watcher import own_file
from watcher.config.faults import fault
from watcher.config.table import Table, number
from watcher.config.telegram import TelegramConfig
from watcher.types import FILE

TOKEN_VARIABLE = "EDGEWATCH_TELEGRAM_TOKEN"  # noqa: S105 - the name of a variable, not a secret
INDEX_VARIABLE = "EDGEWATCH_HYPERSYNC_TOKEN"
CONFIG_VARIABLE = "EDGEWATCH_CONFIG"
DEFAULT_FILE = "edgewatch.toml"

#: Keys of a ``[[chains]]`` table that describe the chain itself and go to ``ingest.evm.chains``.
_REGISTRY_KEYS = ("native_symbol", "wrapped_native", "quote_tokens", "native_usd_feed", "dexes", "block_seconds")

MOST_BYTES = 2**20  #: of the file
MOST_ID = 2**63 - 1  #: of a chain or a block: the largest whole number of the database
DIAL = {"least": 0.01, "most": 100.0, "example": 1.0}  #: false flags of a wallet in a year

_HIDDEN = ("telegram_token", "hypersync_token", "keys_in_file", "folder")  #: of ``Config``, and no keys of the file


class StoreConfig(Table):
    """``[store]``."""

    url: str = "sqlite:///edgewatch.db"


class ChainConfig(Table):
    """One ``[[chains]]`` table."""

    name: str
    chain_id: Annotated[int, number(whole, least=1, most=MOST_ID, example=1)]
    rpc_urls: Annotated[list[str], Field(min_length=1)]
    history: Annotated[str, number(span, units="d", most_days=7_300, example="180d")] = "180d"
    from_block: Annotated[int, number(whole, least=0, most=MOST_ID, example=18_000_000)] | None = None
    confirmations: Annotated[int, number(whole, least=0, most=100_000, example=64)] | None = None
    in_flight: Annotated[int, number(whole, least=1, most=16, example=4)] = IN_FLIGHT  #: HTTP requests at one endpoint
    #: at one endpoint; None: as fast as it answers
    requests_per_second: Annotated[float, number(real, least=0.01, most=10_000, example=25)] | None = None
    verify: Literal["auto", "full", "ends"] = "auto"
    index: Literal["none", "alchemy", "hypersync"] = (
        "none"  # as ingest.evm.sync.wallet_index.INDEXES, and ingest.evm.sync.hypersync
    )
    native_symbol: str | None = None
    wrapped_native: str | None = None
    quote_tokens: list[dict[str, Any]] | None = None
    native_usd_feed: str | None = None
    dexes: list[dict[str, Any]] | None = None
    block_seconds: Annotated[float, number(real, **BLOCK_SECONDS)] | None = None

    @property
    def history_span(self) -> timedelta:
        """``history`` as a time span."""
        return timedelta(hours=hours(self.history))

    def chain(self) -> Chain:
        """The registry's entry, with what this table adds or replaces.

        Raises
        ------
        ConfigError
            The chain is not in the registry and the table does not describe it.
        """
        own = {key: value for key in _REGISTRY_KEYS if (value := getattr(self, key)) is not None}
        known = chains.by_id(self.chain_id)
        if known is None and "wrapped_native" not in own:
            raise ConfigError(
                f"chain {self.chain_id} ({self.name}) is not in the registry: add native_symbol, wrapped_native, "
                "quote_tokens, native_usd_feed and dexes to its [[chains]] table"
            )
        least = {"native_symbol": "?", "name": self.name, "chain_id": self.chain_id}
        if known is None:
            return chains.build(least | own)
        built = chains.build(least | {"wrapped_native": known.wrapped_native} | own)
        ours = {key: getattr(built, key) for key in own}
        if self.dexes is not None:
            ours["dexes"] = tuple(dict.fromkeys(known.dexes + built.dexes))
        return replace(known, name=self.name, **ours)


class BudgetConfig(Table):
    """``[budget]``."""

    rpc_units_per_day: Annotated[int, number(whole, least=1, most=10**12, example=300_000)] = 300_000
    #: part of it that marks may use
    marks_share: Annotated[float, number(real, least=0, most=1, example=0.1)] = 0.1


def _file_name(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError('write the name of a file, for example "prices.csv"')
    return text


class PricesConfig(Table):
    """``[prices]``."""

    file: Annotated[str, AfterValidator(_file_name)]
    max_age: Annotated[str, number(span, units="hd", most_days=3_650, example="24h")] = "24h"

    @property
    def max_age_s(self) -> int:
        """``max_age`` in seconds."""
        return 3_600 * hours(self.max_age)


class DetectionConfig(Table):
    """``[detection]``."""

    false_flags_per_wallet_year: Annotated[float, number(real, **DIAL)] | None = None
    false_flags_per_month: Annotated[float, number(real, least=0.01, most=10_000, example=2)] | None = None
    unit: Literal["auto", "episode", "fifo"] = "auto"

    @model_validator(mode="after")
    def _one_dial(self) -> "DetectionConfig":
        if self.false_flags_per_wallet_year is not None and self.false_flags_per_month is not None:
            raise ValueError("set false_flags_per_wallet_year or false_flags_per_month, not both")
        return self

    @property
    def one_unit(self) -> Unit | None:
        """The unit of every wallet; None: each has its own."""
        return None if self.unit == "auto" else Unit(self.unit)

    @property
    def fingerprint(self) -> str:
        """A short hash of these settings, kept with every flag and decision."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def per_wallet_year(self, wallets: int) -> float:
        """The promise for one wallet, whichever way it was written; 1.0 if it was not."""
        if self.false_flags_per_month is not None:
            return 12 * self.false_flags_per_month / max(1, wallets)
        return self.false_flags_per_wallet_year or 1.0


class Config(Table):
    """The whole configuration. Secrets are masked in its ``repr``."""

    store: StoreConfig = StoreConfig()
    chains: list[ChainConfig] = Field(default=[])  # none: wallets whose record files bring
    budget: BudgetConfig = BudgetConfig()
    prices: PricesConfig | None = None
    detection: DetectionConfig = DetectionConfig()
    telegram: TelegramConfig | None = None
    telegram_token: SecretStr | None = Field(default=None, exclude=True)
    hypersync_token: SecretStr | None = Field(default=None, exclude=True)  #: there where a chain's index needs it
    keys_in_file: tuple[str, ...] = Field(default=(), exclude=True)  #: hosts of URLs that hold what looks like a key
    folder: Path = Field(default=Path(), exclude=True)  #: where the file lies; relative paths start there

    def token(self) -> str:
        """The bot's token.

        Raises
        ------
        ConfigError
            It is not in the environment.
        """
        if self.telegram_token is None:
            raise ConfigError(
                f"[telegram] needs the bot's token: set the environment variable {TOKEN_VARIABLE} "
                "(never write it into the file), or remove [telegram] to review flags on the command line"
            )
        return self.telegram_token.get_secret_value()

    def store_url(self) -> str:
        """The database's URL, a relative SQLite path made absolute from the configuration file's folder."""
        url = make_url(self.store.url)
        if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
            url = url.set(database=os.path.realpath(self.folder / url.database))
        return url.render_as_string(hide_password=False)


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """Read and check a configuration file.

    Parameters
    ----------
    path
        The TOML file.
    environment
        Where ``${NAME}`` in RPC URLs and the bot's token come from.

    Raises
    ------
    ConfigError
        One message with every fault of the file, each with its place.
    """
    try:
        with own_file.open_plain(path, most=MOST_BYTES) as file:
            text = file.read().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"no configuration at {path}: run `edgewatch init`, or name a file with --config") from None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"cannot read {path}: {error}") from None
    return parse(text, path, environment)


def parse(text: str, path: Path, environment: Mapping[str, str]) -> Config:
    """Check the text of a configuration file; ``path`` is where it is, or will be. Else as ``load``."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists in lists
        raise ConfigError(f"{path} is not valid TOML: a number is too long, or tables are nested too deep") from None
    for hidden in _HIDDEN:
        if hidden in raw:
            raise ConfigError(f"{path}: unknown key {hidden!r}; secrets come from the environment ({TOKEN_VARIABLE})")
    faults: list[str] = []
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        faults = [fault(item, Config, hidden=_HIDDEN) for item in error.errors()]
        raise ConfigError(_message(path, faults)) from None
    expanded = [
        table.model_copy(update={"rpc_urls": [_expand(url, environment, faults) for url in table.rpc_urls]})
        for table in config.chains
    ]
    for nth, table in enumerate(config.chains, 1):
        place = f"chains[{nth}] ({table.name})"
        try:
            table.chain()
        except ConfigError as error:
            faults.append(f"{place}: {error}")
        if table.index == "hypersync" and not re.fullmatch(r"[!-~]+", environment.get(INDEX_VARIABLE, "")):
            faults.append(
                f'{place}: index = "hypersync" needs a token of envio.dev in the environment variable {INDEX_VARIABLE} '
                "(never write it into the file)"
            )
        if not faults:
            for url in expanded[nth - 1].rpc_urls:
                try:
                    check_url(url)
                except ConfigError as error:
                    faults.append(f"{place}: {error}")
    faults += [f"chains: the name {FILE!r} is kept for what files bring" for t in config.chains if t.name == FILE]
    ids = [table.chain_id for table in config.chains]
    faults += [f"chains: chain_id {double} occurs twice" for double in sorted({i for i in ids if ids.count(i) > 1})]
    try:
        config.store_url()
    except (ArgumentError, ValueError, OSError):
        faults.append("store.url: not a database URL; for example sqlite:///edgewatch.db")
    if faults:
        raise ConfigError(_message(path, faults))
    token, index_token = environment.get(TOKEN_VARIABLE), environment.get(INDEX_VARIABLE)
    return config.model_copy(
        update={
            "chains": expanded,
            "telegram_token": SecretStr(token) if token else None,
            "hypersync_token": SecretStr(index_token) if index_token else None,
            "keys_in_file": tuple(host(url) for table in config.chains for url in table.rpc_urls if has_key(url)),
            "folder": path.resolve().parent,
        }
    )


def find_file(option: Path | None, environment: Mapping[str, str]) -> Path:
    """The file that ``--config``, else ``EDGEWATCH_CONFIG``, names; else ``edgewatch.toml`` here."""
    return option or Path(environment.get(CONFIG_VARIABLE) or DEFAULT_FILE)


def _message(path: Path, faults: list[str]) -> str:
    return f"{path} has {len(faults)} fault{'s' if len(faults) > 1 else ''}:\n" + "\n".join(f"  {f}" for f in faults)


def _expand(url: str, environment: Mapping[str, str], faults: list[str]) -> str:
    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        if not environment.get(name):
            faults.append(f"rpc_urls: the environment variable {name} is not set")
        return environment.get(name, "")

    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", one, url)


def environment() -> Mapping[str, str]:
    """The process's environment, read in one place."""
    return os.environ
