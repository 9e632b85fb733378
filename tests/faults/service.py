"""Edgewatch as processes of the operating system that a test may kill at any moment."""

import json
import multiprocessing
import os
import signal
import sqlite3
import sys
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.end_to_end.cli import Folder
from watcher.cli.main import main

# Importing takes seconds and writes nothing: it happens once, and each process is forked from what has imported all.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["watcher.cli.main", "tests.faults.service"])


def _edgewatch(folder: str, out: str, *arguments: str) -> None:
    os.chdir(folder)
    for stream, name in ((1, out), (2, "log")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    os.environ.pop("EDGEWATCH_CONFIG", None)
    sys.argv = ["edgewatch", *arguments]
    main()


class Service(Folder):
    """A folder, and the command line in it as forked processes."""

    def fork(self, *arguments: str, out: str = "out") -> BaseProcess:
        """Start ``edgewatch`` and leave it running; what it prints goes to files: to ``out``, errors to ``log``."""
        process = _FORKS.Process(target=_edgewatch, args=(str(self.path), out, *arguments))
        process.start()
        return process

    def run_forked(self, *arguments: str, out: str = "out") -> int | None:
        """Run ``edgewatch`` to its end; its exit code."""
        process = self.fork(*arguments, out=out)
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

    def raw_transactions(self) -> int:
        """How many transactions were stored."""
        with closing(sqlite3.connect(self.path / "edgewatch.db")) as database:
            return int(database.execute("SELECT count(*) FROM raw_transaction").fetchone()[0])


def stopped(process: BaseProcess) -> None:
    """End a process that a test left behind."""
    if process.is_alive() and process.pid is not None:
        os.kill(process.pid, signal.SIGKILL)
    process.join(10)
