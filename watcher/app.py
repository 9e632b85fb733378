"""The only place where real things are built: the clock, the database, nodes and the bot."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from io import TextIOWrapper
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Engine

from alerts.telegram.bot import TelegramBot
from ingest.errors import ConfigError, IngestError, RpcUnavailable
from ingest.evm.rpc.adaptive_size import AdaptiveSize
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.endpoint import names
from ingest.evm.rpc.endpoint_health import EndpointHealth
from ingest.evm.rpc.node import Node
from ingest.evm.sync import hypersync
from ingest.evm.sync.capabilities import probe, served_elsewhere
from ingest.evm.sync.cost_model import Ability
from ingest.evm.sync.wallet_index import Index
from ingest.files import price_file
from ingest.files.lines import lines_of
from ingest.files.price_file import PriceFile
from ingest.types import Chain
from watcher.config.settings import ChainConfig, Config
from watcher.config.telegram import TelegramConfig
from watcher.jobs.pricing.mark_positions import MARKING
from watcher.jobs.sync.ingest import Source
from watcher.jobs.sync.spending import settle
from watcher.own_file import open_plain
from watcher.store import usage
from watcher.store.sql import database
from watcher.telegram.decision_handler import DecisionHandler

UNRECORDED = 500  #: at most one part in so many of a day's budget is spent and not persisted
RECORD_S = 1.0
PRICE_BYTES = 256 * 2**20  #: of the file of prices: some five million lines
PATIENCE_S, CHECK_TRIES = 5.0, 4  #: of a check
Charge = Callable[[Sequence[str], str], None]  #: what a node calls before a request leaves

log = structlog.get_logger()


def clock() -> datetime:
    """The current UTC time."""
    return datetime.now(UTC)


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def open_store(config: Config) -> Engine:
    """The database, brought to the current schema.

    Raises
    ------
    StoreError
        It cannot be used as it is.
    """
    engine = database.connect(config.store_url())
    database.prepare(engine)
    return engine


def chains(config: Config) -> dict[int, Chain]:
    """Chain id to what is known of the chain."""
    return {table.chain_id: table.chain() for table in config.chains}


def prices(config: Config) -> PriceFile | None:
    """The user's own prices: read once, and again only where the file has changed. Lines left out are logged.

    Raises
    ------
    ConfigError
        The file cannot be read or holds no usable line.
    """
    if config.prices is None:
        return None
    path = config.folder / config.prices.file
    try:
        found = path.stat()
        described = tuple(sorted(chains(config).items()))
        return _read_prices(path, config.prices.max_age_s, described, (found.st_mtime_ns, found.st_size))
    except OSError as error:
        raise ConfigError(f"prices.file: cannot read {path}: {error.strerror}") from None
    except (ConfigError, UnicodeDecodeError) as error:
        raise ConfigError(f"prices.file: {path}: {error}") from None


@lru_cache(maxsize=1)
def _read_prices(
    path: Path, max_age_s: int, described: tuple[tuple[int, Chain], ...], _version: tuple[int, int]
) -> PriceFile:
    with TextIOWrapper(open_plain(path, most=PRICE_BYTES), encoding="utf-8-sig", newline="") as file:
        found = price_file.parse(lines_of(file, most=price_file.MOST), chains=dict(described), max_age_s=max_age_s)
    for bad in found.bad:
        log.warning("price_line_left_out", file=path.name, line=bad.line, reason=bad.reason)
    if found.bad_count > len(found.bad):
        log.warning("more_price_lines_left_out", file=path.name, lines=found.bad_count - len(found.bad))
    return found


@contextmanager
def sources(config: Config, engine: Engine, now: datetime, *, marking: bool = False) -> Iterator[list[Source]]:
    """The chains of the configuration with their nodes, metered against today's budget, or marks' share of it."""
    with database.reading(engine) as connection:
        spent = usage.units_on(connection, now.date())
        marked = usage.units_on(connection, now.date(), purpose=MARKING)
    limit = config.budget.rpc_units_per_day
    if marking:
        limit = min(limit, spent + max(0, int(limit * config.budget.marks_share) - marked))
    meter = Meter(spent=spent, limit=limit, today=None if marking else lambda: clock().date())
    own, most = prices(config), config.budget.rpc_units_per_day // UNRECORDED
    with ExitStack() as stack:
        found = []
        for table in config.chains:
            charge = _recorded(engine, meter, table, most, MARKING if marking else "")
            node, index = stack.enter_context(_node(table, charge)), None
            if table.index == hypersync.NAME and config.hypersync_token:
                token = config.hypersync_token.get_secret_value()
                index = Index(hypersync.ask, stack.enter_context(_hypersync(table, charge, token)), internal=False)
            found.append(Source(chain=table.chain(), config=table, node=node, meter=meter, prices=own, index=index))
        yield found


def abilities(source: Source) -> list[Ability]:
    """What each endpoint of a chain can do, those left out that cannot be reached; metered.

    Raises
    ------
    IngestError
        None can be reached.
    """
    found, config = [], source.config
    failure: IngestError | None = None
    for url, name in zip(config.rpc_urls, names(config.rpc_urls), strict=True):
        _stand(config)  # what the endpoint asks for now, a wait for one, holds for the reading after it too
        with Node([url], chain_id=config.chain_id, charge=source.meter.charge, standings=_standings, tries=1) as node:
            try:
                history_s = config.history_span.total_seconds()
                found.append(probe(node, source.chain, endpoint=name, history_s=history_s))
            except IngestError as error:
                failure = error
                log.warning("endpoint_left_out", chain=source.chain.name, endpoint=name, problem=str(error))
    if failure and not found:
        raise failure
    if source.index is None:
        return found
    try:
        return served_elsewhere(found, source.index, hypersync.NAME)
    except IngestError as error:
        log.warning("index_left_out", chain=source.chain.name, endpoint=source.index.node.host, problem=str(error))
        return [replace(each, index=None) for each in found]


_standings: dict[str, EndpointHealth] = {}
"""What this process learned of each endpoint, by URL: it outlives the nodes, which are built for each run of a job."""


def _stand(table: ChainConfig) -> None:
    for url in table.rpc_urls:
        _standings.setdefault(
            url, EndpointHealth(most_per_s=table.requests_per_second, width=AdaptiveSize(1, table.in_flight))
        )


def _recorded(engine: Engine, meter: Meter, table: ChainConfig, most: int, purpose: str) -> Charge:
    """Charge, and persist what was spent once a second, or sooner where it is much: a process may be killed."""
    last = float("-inf")

    def charge(methods: Sequence[str], host: str) -> None:
        nonlocal last
        meter.charge(methods, host)
        if meter.unrecorded > most or time.monotonic() - last >= RECORD_S:
            settle(engine, meter, table.chain_id, now=clock(), purpose=purpose)
            last = time.monotonic()

    return charge


def _node(table: ChainConfig, charge: Charge) -> Node:
    _stand(table)

    def tell(text: str) -> None:
        log.warning("endpoint_set_aside", chain=table.name, what=text)

    return Node(table.rpc_urls, chain_id=table.chain_id, charge=charge, sleep=sleep, standings=_standings, tell=tell)


def _hypersync(table: ChainConfig, charge: Charge, token: str) -> Node:
    """HyperSync's service for a chain: metered, paced and checked like a node."""
    speak = partial(hypersync.HyperSync, token=token)
    urls = [hypersync.url(table.chain_id)]
    return Node(urls, chain_id=table.chain_id, charge=charge, sleep=sleep, standings=_standings, speak=speak)


def endpoints(table: ChainConfig, meter: Meter) -> Iterator[tuple[str, Node]]:
    """Each endpoint of a chain by itself, under its host's name: for checks, without much patience."""

    def briefly(seconds: float) -> None:
        if seconds > PATIENCE_S:
            raise RpcUnavailable(f"the endpoint asks not to be asked for another {seconds:.0f} s")
        time.sleep(seconds)

    for url in table.rpc_urls:
        node = Node([url], chain_id=table.chain_id, charge=meter.charge, sleep=briefly, tries=CHECK_TRIES)
        yield urlsplit(url).hostname or "?", node


def telegram(config: Config) -> TelegramConfig:
    """The ``[telegram]`` table.

    Raises
    ------
    ConfigError
        There is none.
    """
    if config.telegram is None:
        raise ConfigError("there is no [telegram] in the configuration: add chat_id and allowed_user_ids")
    return config.telegram


def button_key(config: Config) -> bytes:
    """The secret that signs buttons: it lives as long as the bot's token does."""
    return hashlib.sha256(b"edgewatch buttons:" + config.token().encode()).digest()


def bot(config: Config, *, poll_seconds: int = 30) -> TelegramBot:
    """The bot, not connected yet."""
    table = telegram(config)
    return TelegramBot(
        token=config.token(),
        chat_id=table.chat_id,
        allowed_user_ids=table.allowed_user_ids,
        key=button_key(config),
        base_url=table.base_url,
        poll_seconds=poll_seconds,
        more_chats={chat.chat_id: chat.allowed_user_ids for chat in table.chats},
        topics=table.topics,
    )


def chat_ids(config: Config) -> list[int]:
    """Whom to tell; none without ``[telegram]``."""
    return [] if config.telegram is None else config.telegram.chat_ids


def desk(config: Config, engine: Engine) -> DecisionHandler:
    """Where decisions are taken down."""
    return DecisionHandler(
        engine,
        clock=clock,
        key=button_key(config),
        chats=chat_ids(config),
        units_a_day=config.budget.rpc_units_per_day,
        config_hash=config.detection.fingerprint,
    )
