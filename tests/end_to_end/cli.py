"""The command line as a person runs it, in a folder of its own."""

import io
import json
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from watcher.cli.main import main


def toml_value(value: Any) -> str:
    """One value as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return json.dumps(value)


class Folder:
    """A folder with a configuration, and the command line run in it."""

    def __init__(self, path: Path, url: str, table: dict[str, Any], extra: str = "", **environment: str) -> None:
        self.path = path
        self.environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120", **environment}
        self.environment.pop("EDGEWATCH_CONFIG", None)
        rows = "".join(f"{key} = {toml_value(value)}\n" for key, value in {**table, "rpc_urls": [url]}.items())
        text = f"[budget]\nrpc_units_per_day = 10_000_000\n[[chains]]\n{rows}{extra}"
        (path / "edgewatch.toml").write_text(text)

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """Start ``edgewatch`` and leave it running."""
        command = [sys.executable, "-m", "watcher", *arguments]
        return subprocess.Popen(command, cwd=self.path, env=self.environment, text=True, **options)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run ``edgewatch`` to its end; its standard output.

        The entry point itself, as a process runs it, but in this process: starting one takes seconds.
        """
        out, err, ended = io.StringIO(), io.StringIO(), 0
        with (
            chdir(self.path),
            patch.dict(os.environ, self.environment, clear=True),
            patch.object(sys, "argv", ["edgewatch", *arguments]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as end:
                ended = end.code
        self.errors, self.ended = err.getvalue(), ended
        assert ended == code, f"edgewatch {' '.join(arguments)} ended with {ended}:\n{out.getvalue()}{self.errors}"
        return out.getvalue()

    def trades(self) -> list[dict[str, Any]]:
        """The exported trade log."""
        return [json.loads(line) for line in self.run("export", "trades", "--format", "jsonl").splitlines()]
