"""Checks of a set-up, each with one line that says what to do. What they look at is passed in."""

import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from alerts.wording import count
from ingest.errors import IngestError, WatchError
from ingest.evm.rpc import answer_checks
from ingest.evm.rpc.node import Node
from ingest.evm.sync.fetch import finalized
from ingest.types import Chain
from watcher.config.settings import Config
from watcher.own_file import open_to_others
from watcher.record import calibration_factor
from watcher.reports.overview import Overview, calibration_note, undelivered
from watcher.types import Role

ENOUGH_PEERS = 8
"""From here on one peer's own fate hardly moves the peers' common shift; a convention."""
LEAST_DISK, FEW_DISK = 500 * 2**20, 5 * 2**30  #: bytes
HEAD_AGE = timedelta(minutes=10)  #: an older newest block: the node lags, or this clock is ahead
CLOCK_AHEAD = timedelta(seconds=30)  #: a newest block from the future: this clock is behind
LAG = timedelta(days=1)  #: of reading


class Health(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """It works; something should be done."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check."""

    name: str
    health: Health
    words: str  #: what was found
    todo: str = ""  #: what to do; empty where all is well


def guarded(name: str, check: Callable[[], list[Check]]) -> list[Check]:
    """Run checks; an error that says what to do is a failed check."""
    try:
        return check()
    except WatchError as error:
        return [Check(name=name, health=Health.FAILED, words=str(error))]


def configuration(path: Path, config: Config) -> list[Check]:
    """Which file, what it sets up, and whether it holds a key."""
    chains = ", ".join(table.name for table in config.chains) or "no chain: records come from files"
    if config.keys_in_file:
        hosts = ", ".join(dict.fromkeys(config.keys_in_file))
        words = f"rpc_urls hold what looks like a key, in the URL of {hosts}"
        todo = f"write ${{RPC_KEY}} in its place in {path}, and set RPC_KEY in the environment"
        return [Check(name="configuration", health=Health.WARNING, words=words, todo=todo)]
    if make_url(config.store.url).password:
        words, todo = "store.url holds a password", f"take it out of {path}: PGPASSWORD or ~/.pgpass can hold it"
        return [Check(name="configuration", health=Health.WARNING, words=words, todo=todo)]
    return [Check(name="configuration", health=Health.OK, words=f"{path}: {chains}")]


def modes(config_file: Path, database: Path | None) -> list[Check]:
    """Whether others on this machine can read the configuration, the database or what lies beside it."""
    beside = [Path(f"{database}{end}") for end in ("", "-wal", "-shm", ".lock")] if database else []
    wide = [str(path) for path in (config_file, *beside) if open_to_others(path)]
    if not wide:
        return [Check(name="files", health=Health.OK, words="nobody else on this machine can read them")]
    words = f"others on this machine can read or change {', '.join(wide)}"
    return [Check(name="files", health=Health.WARNING, words=words, todo=f"chmod 600 {shlex.join(wide)}")]


def disk(folder: Path) -> list[Check]:
    """Free space where the database grows."""
    free = shutil.disk_usage(folder).free
    words = f"{free / 2**30:,.1f} GB free in {folder}"
    health = Health.OK if free >= FEW_DISK else Health.WARNING if free >= LEAST_DISK else Health.FAILED
    todo = "" if health is Health.OK else "make room, or move store.url to another disk: a full disk halts reading"
    return [Check(name="disk", health=health, words=words, todo=todo)]


def watch_list(view: Overview) -> list[Check]:
    """Whom it watches, with how many to compare them, how far reading has come, and what waits."""
    followed = [wallet for wallet, _ in view.wallets if wallet.role is Role.FOLLOWED and wallet.unfollowed_at is None]
    others = max(0, len(view.wallets) - 1)
    checks = []
    if not followed:
        todo = "edgewatch wallets import FILE, or edgewatch import FILE --follow"
        checks.append(Check(name="wallets", health=Health.WARNING, words="nobody is followed", todo=todo))
    else:
        checks.append(Check(name="wallets", health=Health.OK, words=f"{len(followed)} followed"))
        health, todo = Health.OK, ""
        if others < ENOUGH_PEERS:
            health = Health.WARNING
            todo = f"below {ENOUGH_PEERS} no market move shows beside a wallet's own: edgewatch peers suggest --read"
        words = f"each wallet can be compared with {count(others, 'other')}"
        checks.append(Check(name="peers", health=health, words=words, todo=todo))
        checks.append(_reading(view))
    if view.undelivered:
        todo = "edgewatch telegram test shows whether each chat can be reached"
        checks.append(Check(name="outbox", health=Health.WARNING, words=undelivered(view), todo=todo))
    return checks


def _reading(view: Overview) -> Check:
    if view.read_until is None:
        words, todo = "nothing was read from a node", "edgewatch backfill; nothing to do where records come from files"
        filed = view.counts["filed_round_trips"] + view.counts["filed_trades"]
        return Check(
            name="reading", health=Health.OK if filed else Health.WARNING, words=words, todo="" if filed else todo
        )
    late = view.at - view.read_until > LAG
    return Check(
        name="reading",
        health=Health.WARNING if late else Health.OK,
        words=f"read until {view.read_until:%Y-%m-%d %H:%M} UTC",
        todo="it is behind: edgewatch run (or once); edgewatch backfill says what is missing" if late else "",
    )


def calibration(view: Overview) -> list[Check]:
    """By what scores are divided, and whether it still belongs to the shipped curve."""
    note = calibration_note(view.calibrated)
    if view.calibrated is None or note is None:
        return []
    stale = view.calibrated.curve != calibration_factor.curve()
    health = Health.WARNING if stale else Health.OK
    return [Check(name="calibration", health=health, words=note, todo="edgewatch calibrate" if stale else "")]


def budget(view: Overview, config: Config) -> list[Check]:
    """What is left of today's budget."""
    limit = config.budget.rpc_units_per_day
    left = limit - view.units_today
    health = Health.OK if left > limit / 10 else Health.WARNING
    todo = "" if health is Health.OK else "reading goes on after midnight UTC, or with a larger rpc_units_per_day"
    return [Check(name="budget", health=health, words=f"{left:,} of {limit:,} units left today", todo=todo)]


def node(
    host: str, endpoint: Node, chain: Chain, *, confirmations: int | None, from_age: timedelta, now: datetime
) -> list[Check]:
    """One endpoint: its chain, the age of its head, finalised blocks, logs, and how far back its state goes.

    Parameters
    ----------
    host
        Its name, without the key.
    endpoint
        A node with this endpoint alone.
    chain
        What it should serve.
    confirmations
        As configured; None: the node's finalised block is needed.
    from_age
        How far back prices will be asked for.
    now
        UTC.
    """
    name = f"node {chain.name} {host}"
    [head] = endpoint.batch([("eth_getBlockByNumber", ["latest", False])], required=("number", "timestamp"))
    checks = [Check(name=name, health=Health.OK, words=f"serves chain {chain.chain_id}")]
    number = answer_checks.count(head["number"])
    age = now - datetime.fromtimestamp(answer_checks.moment(head["timestamp"]), UTC)
    if age < -CLOCK_AHEAD:
        words, todo = f"this clock is {-age.total_seconds():.0f} s behind the chain", "set the clock (NTP)"
        checks.append(Check(name="clock", health=Health.FAILED, words=words, todo=todo))
    elif age > HEAD_AGE:
        words = f"its newest block is {age.total_seconds() / 60:,.0f} minutes old"
        todo = "the node lags, or this clock is ahead: use another endpoint, check the clock"
        checks.append(Check(name=f"{name}: head", health=Health.FAILED, words=words, todo=todo))
    else:
        checks.append(Check(name=f"{name}: head", health=Health.OK, words=f"{max(0.0, age.total_seconds()):.0f} s old"))
    checks.append(_finalised(name, endpoint, confirmations, number))
    back = max(1, number - int(from_age.total_seconds() / chain.block_seconds))
    checks.append(_archive(name, endpoint, chain, back))
    return checks


def _finalised(name: str, endpoint: Node, confirmations: int | None, head: int) -> Check:
    name = f"{name}: finalised"
    if confirmations is not None:
        return Check(name=name, health=Health.OK, words=f"{confirmations} confirmations, as configured")
    found = _asked(finalized, endpoint)
    if not isinstance(found, int):
        todo = "set confirmations in its [[chains]] table, 64 for example, or use another endpoint"
        return Check(name=name, health=Health.FAILED, words="it names no finalised block", todo=todo)
    return Check(name=name, health=Health.OK, words=f"{count(head - found, 'block')} behind the head")


def _archive(name: str, endpoint: Node, chain: Chain, block: int) -> Check:
    """Old logs are needed for everything, old state for the prices of old trades."""
    name = f"{name}: history"
    asked = {"fromBlock": hex(block), "toBlock": hex(block), "address": chain.wrapped_native}
    logs = _asked(endpoint.call, "eth_getLogs", [asked])
    if not isinstance(logs, list):
        todo = "use an endpoint that keeps old logs, or a shorter history"
        return Check(name=name, health=Health.FAILED, words=f"no logs of block {block:,}: {logs}", todo=todo)
    if not isinstance(code := _asked(endpoint.call, "eth_getCode", [chain.wrapped_native, hex(block)]), str):
        words = f"logs of block {block:,}, but not its state: {code}"
        todo = "trades that old stay unpriced unless [prices] file prices them: use an archive node"
        return Check(name=name, health=Health.WARNING, words=words, todo=todo)
    return Check(name=name, health=Health.OK, words=f"logs and state of block {block:,}")


def _asked(ask: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return ask(*arguments)
    except IngestError as error:
        return error
