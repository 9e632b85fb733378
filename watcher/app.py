"""The only place where real things are built: the clock, the database, nodes and the bot."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from alerts.bot import TelegramBot
from alerts.types import Message
from ingest.budget import Meter
from ingest.errors import ConfigError
from ingest.rpc import Node
from ingest.types import Chain
from watcher import overview
from watcher.config import Config, TelegramConfig
from watcher.desk import Desk
from watcher.jobs.ingest import Source
from watcher.store import database, meters


def clock() -> datetime:
    """The current UTC time."""
    return datetime.now(UTC)


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


def database_file(config: Config) -> Path | None:
    """The database's file, if it is one."""
    return database.sqlite_path(config.store_url())


def chains(config: Config) -> dict[int, Chain]:
    """Chain id to what is known of the chain."""
    return {table.chain_id: table.chain() for table in config.chains}


@contextmanager
def sources(config: Config, engine: Engine, now: datetime) -> Iterator[list[Source]]:
    """The chains of the configuration with their nodes, metered against today's budget."""
    with database.reading(engine) as connection:
        spent = meters.units_on(connection, now.date())
    meter = Meter(spent=spent, limit=config.budget.rpc_units_per_day)
    with ExitStack() as stack:
        yield [
            Source(
                chain=table.chain(),
                config=table,
                node=stack.enter_context(Node(table.rpc_urls, chain_id=table.chain_id, charge=meter.charge)),
                meter=meter,
            )
            for table in config.chains
        ]


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


def bot(config: Config) -> TelegramBot:
    """The bot, not connected yet."""
    table = telegram(config)
    return TelegramBot(
        token=config.token(),
        chat_id=table.chat_id,
        allowed_user_ids=table.allowed_user_ids,
        key=button_key(config),
        base_url=table.base_url,
    )


def desk(engine: Engine) -> Desk:
    """Where decisions are taken down."""

    def status() -> Message:
        with database.reading(engine) as connection:
            return overview.status_message(overview.read(connection, clock()))

    return Desk(engine, clock=clock, status=status)
