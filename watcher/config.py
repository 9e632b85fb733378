"""``edgewatch.toml`` and the environment's secrets, checked as a whole before anything starts."""

import difflib
import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from alerts.link import check_template
from alerts.updates import check_person
from ingest import chains
from ingest.endpoint import check_url
from ingest.errors import ConfigError
from ingest.standing import IN_FLIGHT
from ingest.types import Chain
from metrics.types import Unit
from watcher.types import FILE

TOKEN_VARIABLE = "EDGEWATCH_TELEGRAM_TOKEN"  # noqa: S105 - the name of a variable, not a secret
INDEX_VARIABLE = "EDGEWATCH_HYPERSYNC_TOKEN"
CONFIG_VARIABLE = "EDGEWATCH_CONFIG"
DEFAULT_FILE = "edgewatch.toml"

#: Keys of a ``[[chains]]`` table that describe the chain itself and go to ``ingest.chains``.
_REGISTRY_KEYS = ("native_symbol", "wrapped_native", "quote_tokens", "native_usd_feed", "dexes", "block_seconds")

_HIDDEN = ("telegram_token", "hypersync_token", "folder")  #: of ``Config``, and no keys of the file


def _duration(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d*d", text):
        raise ValueError("write a number of days, for example 180d")
    return text


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _hours_or_days(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,5}[hd]", text):
        raise ValueError("write a number of hours or days, for example 24h")
    return text


class StoreConfig(_Table):
    """``[store]``."""

    url: str = "sqlite:///edgewatch.db"


class ChainConfig(_Table):
    """One ``[[chains]]`` table."""

    name: str
    chain_id: Annotated[int, Field(gt=0)]
    rpc_urls: Annotated[list[str], Field(min_length=1)]
    history: Annotated[str, AfterValidator(_duration)] = "180d"
    from_block: Annotated[int, Field(ge=0)] | None = None
    confirmations: Annotated[int, Field(ge=0)] | None = None
    in_flight: Annotated[int, Field(ge=1, le=16)] = IN_FLIGHT  #: HTTP requests at once at one endpoint
    requests_per_second: Annotated[float, Field(gt=0)] | None = None  #: at one endpoint; None: as fast as it answers
    verify: Literal["auto", "full", "ends"] = "auto"
    index: Literal["none", "alchemy", "hypersync"] = "none"  # as ingest.index.INDEXES, and ingest.hypersync
    native_symbol: str | None = None
    wrapped_native: str | None = None
    quote_tokens: list[dict[str, Any]] | None = None
    native_usd_feed: str | None = None
    dexes: list[dict[str, Any]] | None = None
    block_seconds: float | None = None

    @property
    def history_span(self) -> timedelta:
        """``history`` as a time span."""
        return timedelta(days=int(self.history.removesuffix("d")))

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
        return replace(known, name=self.name, **{key: getattr(built, key) for key in own})


class BudgetConfig(_Table):
    """``[budget]``."""

    rpc_units_per_day: Annotated[int, Field(gt=0)] = 300_000
    marks_share: Annotated[float, Field(ge=0, le=1)] = 0.1  #: part of it that marks may use


class PricesConfig(_Table):
    """``[prices]``."""

    file: Annotated[str, Field(min_length=1)]
    max_age: Annotated[str, AfterValidator(_hours_or_days)] = "24h"

    @property
    def max_age_s(self) -> int:
        """``max_age`` in seconds."""
        return int(self.max_age[:-1]) * (3_600 if self.max_age.endswith("h") else 86_400)


class DetectionConfig(_Table):
    """``[detection]``."""

    false_flags_per_wallet_year: Annotated[float, Field(gt=0)] | None = None
    false_flags_per_month: Annotated[float, Field(gt=0)] | None = None
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


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("not a time zone; for example Europe/Berlin") from None
    return name


def _hours(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError("write two times of day, for example 22:00-07:00")
    return text


def _bot_api(url: str) -> str:
    try:
        check_url(url)
    except ConfigError:
        # Every request carries the bot's token.
        raise ValueError("write an https:// address without a user name (http is for this machine only)") from None
    if not url.endswith("/bot") or re.search(r"[?#\s]", url):
        raise ValueError("the address of a Bot API ends with /bot, for example http://localhost:8081/bot")
    return url


class ChatConfig(_Table):
    """One ``[[telegram.chats]]`` table: a further chat with the same messages."""

    chat_id: int
    allowed_user_ids: Annotated[list[Annotated[int, AfterValidator(check_person)]], Field(min_length=1)]
    message_thread_id: Annotated[int, Field(gt=0, lt=2**31)] | None = None  #: the topic of a forum to write to


class TelegramConfig(ChatConfig):
    """``[telegram]``."""

    base_url: Annotated[str, AfterValidator(_bot_api)] = "https://api.telegram.org/bot"
    chats: list[ChatConfig] = []
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    quiet_hours: Annotated[str, AfterValidator(_hours)] | None = None

    @property
    def chat_ids(self) -> list[int]:
        """Every chat, the first one first."""
        return [self.chat_id, *(chat.chat_id for chat in self.chats)]

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if doubles := sorted({chat_id for chat_id in self.chat_ids if self.chat_ids.count(chat_id) > 1}):
            raise ValueError(f"chat_id {doubles[0]} occurs twice: give each chat one table with all of its people")
        return self

    @property
    def topics(self) -> dict[int, int]:
        """Chat to the topic that messages go to, where one is configured."""
        tables = (self, *self.chats)
        return {each.chat_id: each.message_thread_id for each in tables if each.message_thread_id is not None}

    @property
    def zone(self) -> ZoneInfo:
        """The user's time zone."""
        return ZoneInfo(self.timezone)

    def is_quiet(self, now: datetime) -> bool:
        """Whether messages make no sound at this moment."""
        if self.quiet_hours is None:
            return False
        begin, end = (time.fromisoformat(part) for part in self.quiet_hours.split("-"))
        local = now.astimezone(self.zone).time()
        return begin <= local < end if begin <= end else local >= begin or local < end

    wallet_url: Annotated[str, AfterValidator(check_template)] | None = None  #: a link to the user's own tool


class Config(_Table):
    """The whole configuration. Secrets are masked in its ``repr``."""

    store: StoreConfig = StoreConfig()
    chains: list[ChainConfig] = []  # none: wallets whose record files bring
    budget: BudgetConfig = BudgetConfig()
    prices: PricesConfig | None = None
    detection: DetectionConfig = DetectionConfig()
    telegram: TelegramConfig | None = None
    telegram_token: SecretStr | None = Field(default=None, exclude=True)
    hypersync_token: SecretStr | None = Field(default=None, exclude=True)  #: there where a chain's index needs it
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
            url = url.set(database=str((self.folder / url.database).resolve()))
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
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"no configuration at {path}: run `edgewatch init`, or name a file with --config") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    for hidden in _HIDDEN:
        if hidden in raw:
            raise ConfigError(f"{path}: unknown key {hidden!r}; secrets come from the environment ({TOKEN_VARIABLE})")
    faults: list[str] = []
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        faults = [_fault(item) for item in error.errors()]
        raise ConfigError(_message(path, faults)) from None
    expanded = [
        table.model_copy(update={"rpc_urls": [_expand(url, environment, faults) for url in table.rpc_urls]})
        for table in config.chains
    ]
    for number, table in enumerate(config.chains, 1):
        place = f"chains[{number}] ({table.name})"
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
            for url in expanded[number - 1].rpc_urls:
                try:
                    check_url(url)
                except ConfigError as error:
                    faults.append(f"{place}: {error}")
    faults += [f"chains: the name {FILE!r} is kept for what files bring" for t in config.chains if t.name == FILE]
    ids = [table.chain_id for table in config.chains]
    faults += [f"chains: chain_id {double} occurs twice" for double in sorted({i for i in ids if ids.count(i) > 1})]
    try:
        make_url(config.store.url)
    except ArgumentError:
        faults.append("store.url: not a database URL; for example sqlite:///edgewatch.db")
    if faults:
        raise ConfigError(_message(path, faults))
    token, index_token = environment.get(TOKEN_VARIABLE), environment.get(INDEX_VARIABLE)
    return config.model_copy(
        update={
            "chains": expanded,
            "telegram_token": SecretStr(token) if token else None,
            "hypersync_token": SecretStr(index_token) if index_token else None,
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


def _fault(error: Any) -> str:
    place = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        *parents, key = error["loc"]
        return f"{place}: unknown key {key!r}{_nearest(str(key), parents)}"
    if error["type"] == "missing":
        return f"{place}: missing"
    if error["type"] == "too_short" and error["loc"][-1:] == ("allowed_user_ids",):
        return f"{place}: empty; nobody could decide. List the Telegram user ids that may press the buttons"
    return f"{place}: {error['msg']}".replace("Value error, ", "")


def _nearest(key: str, parents: list[Any]) -> str:
    table: Any = Config
    for part in parents:
        if isinstance(part, str):
            table = {
                "store": StoreConfig,
                "chains": ChainConfig,
                "budget": BudgetConfig,
                "prices": PricesConfig,
                "detection": DetectionConfig,
                "telegram": TelegramConfig,
                "chats": ChatConfig,
            }.get(part, table)
    names = [name for name in table.model_fields if name not in _HIDDEN]
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; valid here: {', '.join(names)}"


def environment() -> Mapping[str, str]:
    """The process's environment, read in one place."""
    return os.environ
