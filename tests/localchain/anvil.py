"""Anvil, a real EVM node, on loopback: installed from npm beside this file, started and ended by its owner."""

import gzip
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.ports import free_port

HERE = Path(__file__).parent
NODE_MODULES = HERE / "node_modules"
MISSING = "Anvil is not installed (needs Node and npm): run `make test` with npm on the PATH"
Call = tuple[str, Sequence[Any]]


class RpcError(RuntimeError):
    """The node answered with an error; ``code`` is its JSON-RPC code, ``data`` what a revert returned."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error}")
        self.code: int = error["code"]
        self.data: str | None = error.get("data")


def find_anvil() -> Path | None:
    """Return Anvil's executable, or None where it or the contracts are missing."""
    if not (NODE_MODULES / "@uniswap").is_dir():
        return None
    # npm brings the bare binary for Linux on amd64; elsewhere a Foundry installation serves as well.
    bundled = NODE_MODULES / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
    on_path = shutil.which("anvil")
    return bundled if bundled.exists() else Path(on_path) if on_path else None


class Anvil:
    """One Anvil process; mines only when told, in the order of arrival, and lets any address send.

    Parameters
    ----------
    timestamp
        Unix seconds of block 0.
    genesis
        Geth-style genesis (``alloc`` and so on) to begin with instead of an empty chain.
    port
        0 takes a free one.
    """

    def __init__(self, timestamp: int = 1_746_057_600, *, genesis: dict[str, Any] | None = None, port: int = 0) -> None:
        executable = find_anvil()
        if executable is None:
            raise FileNotFoundError(MISSING)
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # A HOME of its own keeps the node's caches out of the user's.
        self._home = Path(tempfile.mkdtemp(prefix="anvil-"))
        arguments = [
            *("--host", "127.0.0.1", "--port", str(self.port), "--chain-id", "31337"),
            *("--no-mining", "--order", "fifo", "--auto-impersonate", "--accounts", "1", "--quiet"),
            *("--disable-block-gas-limit", "--no-request-size-limit"),
        ]
        if genesis is None:
            arguments += ["--timestamp", str(timestamp)]
        else:
            path = self._home / "genesis.json"
            path.write_text(json.dumps(genesis | {"timestamp": hex(timestamp)}))
            arguments += ["--init", str(path)]
        self._http = httpx.Client(timeout=600)
        self._process = subprocess.Popen(
            [str(executable), *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(self._home)},
        )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        for _ in range(500):
            with suppress(httpx.TransportError):
                self.rpc("eth_chainId")
                return
            if self._process.poll() is not None:
                raise RuntimeError(f"anvil ended with {self._process.returncode}")
            time.sleep(0.02)
        raise TimeoutError("anvil does not answer")

    def rpc(self, method: str, *params: Any) -> Any:
        """Call one method; raises ``RpcError``."""
        return self.batch([(method, params)])[0]

    def batch(self, calls: Sequence[Call], size: int = 500) -> list[Any]:
        """Call many methods, ``size`` in a request; results in the order of the calls."""
        return list(self._batches(calls, size))

    def _batches(self, calls: Sequence[Call], size: int) -> Iterator[Any]:
        for start in range(0, len(calls), size):
            part = calls[start : start + size]
            body = [
                {"jsonrpc": "2.0", "id": i, "method": method, "params": list(params)}
                for i, (method, params) in enumerate(part)
            ]
            answers = self._http.post(self.url, json=body).json()
            for (method, _), answer in zip(part, sorted(answers, key=lambda a: a["id"]), strict=True):
                if "error" in answer:
                    raise RpcError(method, answer["error"])
                yield answer["result"]

    def mine(self, timestamp: int | None = None) -> None:
        """Mine one block with everything that waits, at ``timestamp`` where it is given."""
        if timestamp is not None:
            self.rpc("evm_setNextBlockTimestamp", timestamp)
        self.rpc("evm_mine")

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time that it took so far; on Linux only."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def accounts(self) -> dict[str, Any]:
        """Return the whole state as a genesis ``alloc``."""
        state = json.loads(gzip.decompress(bytes.fromhex(self.rpc("anvil_dumpState")[2:])))
        return dict(state["accounts"])

    def stop(self) -> None:
        """End the process and remove its files."""
        self._http.close()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
