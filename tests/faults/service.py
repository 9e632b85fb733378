"""Edgewatch as processes of the operating system that a test may kill at any moment."""

import json
import multiprocessing
import os
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.end_to_end.cli import Folder
from tests.faults.forks import ANN, BOB
from watcher.cli.main import main

# Importing takes seconds and writes nothing: it happens once, and each process is forked from what has imported all.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["watcher.cli.main", "tests.faults.service"])


def _edgewatch(folder: str, out: str, most_bytes: int, *arguments: str) -> None:
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    for stream, name in ((1, out), (2, "log")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    os.environ.pop("EDGEWATCH_CONFIG", None)
    sys.argv = ["edgewatch", *arguments]
    main()


class Service(Folder):
    """A folder, and the command line in it as forked processes."""

    def fork(self, *arguments: str, out: str = "out", most_bytes: int = resource.RLIM_INFINITY) -> BaseProcess:
        """Start ``edgewatch`` and leave it running; what it prints goes to files: to ``out``, errors to ``log``.

        A write beyond ``most_bytes`` of any file fails.
        """
        process = _FORKS.Process(target=_edgewatch, args=(str(self.path), out, most_bytes, *arguments))
        process.start()
        return process

    def run_forked(self, *arguments: str, **options: Any) -> int | None:
        """Run ``edgewatch`` to its end; its exit code."""
        process = self.fork(*arguments, **options)
        process.join(120)
        stopped(process)
        return process.exitcode

    def trades(self) -> list[dict[str, Any]]:
        """The exported trade log."""
        (self.path / "trades").write_text("")
        assert self.run_forked("export", "trades", "--format", "jsonl", out="trades") == 0
        return [json.loads(line) for line in (self.path / "trades").read_text().splitlines()]

    @property
    def log(self) -> str:
        """What all processes have logged."""
        return (self.path / "log").read_text() if (self.path / "log").exists() else ""

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the database: nothing, it is hoped."""
        with closing(sqlite3.connect(self.path / "edgewatch.db")) as database:
            integrity = [str(row[0]) for row in database.execute("PRAGMA integrity_check")]
            foreign = [str(row) for row in database.execute("PRAGMA foreign_key_check")]
        return [line for line in integrity if line != "ok"] + foreign

    def stored(self) -> list[tuple[str, str]]:
        """The transactions that were stored, each with its block."""
        with closing(sqlite3.connect(self.path / "edgewatch.db")) as database:
            return database.execute("SELECT tx_hash, block_hash FROM raw_transaction ORDER BY 1, 2").fetchall()


def follow(path: Path, url: str, table: dict[str, Any]) -> Service:
    """A folder that follows Ann and Bob through this node."""
    path.mkdir(exist_ok=True)
    service = Service(path, url, table)
    (path / "wallets.csv").write_text(f"address,label\n{ANN},Ann\n{BOB},Bob\n")
    assert service.run_forked("wallets", "import", "wallets.csv") == 0
    return service


def until(condition: Callable[[], bool], process: BaseProcess) -> None:
    """Wait for something that a running process brings about."""
    deadline = time.monotonic() + 60
    while not condition():
        assert process.is_alive(), "the process has ended"
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def stopped(process: BaseProcess) -> None:
    """End a process that a test left behind."""
    if process.is_alive() and process.pid is not None:
        os.kill(process.pid, signal.SIGKILL)
    process.join(10)
