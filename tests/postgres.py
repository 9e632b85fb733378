"""A PostgreSQL server of the tests' own, on loopback: started once when the first test asks, ended with the session."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cached_property
from itertools import count
from pathlib import Path

import psycopg

from tests.ports import free_port
from tests.programs import NO_POSTGRES, find_postgres
from watcher.store.sql import database

HASTE = ["-cfsync=off", "-cfull_page_writes=off"]  #: its data need not outlive the machine, only the server


class Server:
    """One PostgreSQL server with a folder, a port and, where the tests run as root, a user of its own."""

    def __init__(self) -> None:
        programs = find_postgres()
        if programs is None:
            raise FileNotFoundError(NO_POSTGRES)
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="edgewatch-postgres-"))
        self._numbers = count()
        self._process: subprocess.Popen[bytes] | None = None
        self._user: dict[str, object] = {}
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.port = free_port()
        options = ["--auth=trust", "--username=edgewatch", "--encoding=UTF8", "--locale=C", "--no-sync"]
        known = subprocess.run([self._programs / "initdb", "--help"], capture_output=True, text=True, check=True).stdout
        if "--icu-locale" in known:  # words sort as people sort them, not as SQLite does: no result may depend on it
            options += ["--locale-provider=icu", "--icu-locale=en-US"]
        self._run("initdb", "-D", "data", *options).wait()
        self.start()

    def _run(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        with (self._folder / "log").open("ab") as log:
            command = [str(self._programs / program), *arguments]
            return subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log, **self._user)  # type: ignore[call-overload]

    def start(self) -> None:
        """Start the server and wait until it answers."""
        listen = ["-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        self._process = self._run("postgres", "-D", "data", *listen, *HASTE)
        deadline = time.monotonic() + 30
        while True:
            with suppress(psycopg.OperationalError), self._admin():
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends its sessions first, SIGQUIT is a crash."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(timeout=30)

    def close(self) -> None:
        """Stop the server and remove its data."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder)

    def url(self, name: str) -> str:
        """The URL of a database as the configuration has it."""
        return f"postgresql+psycopg://edgewatch@127.0.0.1:{self.port}/{name}"

    def _admin(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(f"postgresql://edgewatch@127.0.0.1:{self.port}/postgres", autocommit=True)

    def create(self, template: str = "template0") -> str:
        """A new database, a copy of ``template``; its URL."""
        name = f"test_{next(self._numbers)}"
        with self._admin() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self.url(name)

    @cached_property
    def _migrated(self) -> str:
        url = self.create()
        engine = database.connect(url)
        database.prepare(engine)
        engine.dispose()
        return url.rpartition("/")[2]

    def database(self) -> str:
        """The URL of a new database with the current schema and no rows."""
        return self.create(self._migrated)
