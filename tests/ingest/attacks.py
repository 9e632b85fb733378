"""What a broken node, or a file from a stranger, sends to fill the memory; each in a process of its own, measured.

``python -m tests.ingest.attacks`` prints the table.
"""

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.fakes.node import FakeNode

MIB = 2**20
MOST = 300 * MIB  #: above the idle process
SIZE = 30 * MIB  #: of an answer, below the limit of one
LOG = {
    "address": "0x" + "ab" * 20,
    "topics": ["0x" + "cd" * 32] * 3,
    "data": "0x" + "00" * 32,
    "blockNumber": "0x1",
    "blockHash": "0x" + "12" * 32,
    "transactionHash": "0x" + "34" * 32,
    "logIndex": "0x1",
    "transactionIndex": "0x1",
}


def _filled(item: str, size: int = SIZE) -> str:
    return f"[{','.join([item] * (size // (len(item) + 1)))}]"


def _answer(result: str) -> bytes:
    return b'{"jsonrpc":"2.0","id":%d,"result":' + result.encode() + b"}"


def _packed(times: int) -> bytes:
    body = gzip.compress(bytes(512 * MIB), 1)
    for _ in range(times - 1):
        body = gzip.compress(body)
    return body


def _log_with(field: str, value: str) -> str:
    return f"[{json.dumps({**LOG, field: '?'}).replace(json.dumps('?'), value)}]"


#: By name: method, Content-Encoding, and what makes the body of each of four answers that come at once.
NODES: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "512 MiB packed twice": ("eth_call", "gzip, gzip", lambda: _packed(2)),
    "512 MiB packed": ("eth_call", "gzip", lambda: _packed(1)),
    "lists": ("eth_call", "", lambda: _answer(_filled("[]"))),
    "lists in a tower": ("eth_call", "", lambda: _answer(_filled("[" * 900 + "]" * 900))),
    "objects": ("eth_getBlockByNumber", "", lambda: _answer(_filled('{"":0}'))),
    "short texts": ("eth_getTransactionReceipt", "", lambda: _answer(_filled('"a"'))),
    "a wide text": ("eth_call", "", lambda: _answer(f'"{"a" * SIZE}\U0001f600"')),
    "logs with lists": ("eth_getLogs", "", lambda: _answer(_log_with("removed", _filled("[]")))),
    "logs with topics": ("eth_getLogs", "", lambda: _answer(_log_with("topics", _filled('"a"')))),
    "a batch of nothing": ("eth_getLogs", "", lambda: _filled("{}").encode()),
    "honest logs": ("eth_getLogs", "", lambda: _answer(_filled(json.dumps(LOG, separators=(",", ":"))))),
}


def _parquet(**columns: Any) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    written, packed = io.BytesIO(), columns.pop("packed", True)
    parquet.write_table(pa.table(columns), written, use_dictionary=packed, compression="zstd")
    return written.getvalue()


def _repeated(text: str, rows: int) -> Any:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))


def _nested() -> Any:
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(range(0, 100_001, 100), pa.int32()), _repeated("x" * MIB, 100_000))


#: By name: what reads it, and what makes it.
FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "Parquet, one text in 100,000 rows": ("sheet", lambda: _parquet(a=_repeated("x" * 16 * MIB, 100_000))),
    "Parquet, many texts in many rows": ("sheet", lambda: _parquet(a=_repeated("x" * 100_000, 200_000))),
    "Parquet, a text in lists": ("sheet", lambda: _parquet(a=_nested())),
    "Parquet, packed pages": ("sheet", lambda: _parquet(a=["x" * 16 * MIB] * 12, packed=False)),
    "CSV, one cell": ("sheet", lambda: b"a,b\n" + b"x" * 60 * MIB),
    "CSV, cells of nothing": ("sheet", lambda: b"," * 1_000 + (b"\n" + b"," * 1_000) * 60_000),
    "CSV, lines of nothing": ("sheet", lambda: b"a,b" + b"\n" * 60 * MIB),
    "CSV, short lines": ("sheet", lambda: b"a,b" + b"\n1" * 30 * MIB),
    "CSV, a wide letter": ("sheet", lambda: b"a,b\n" + ("\U0001f600" + "x" * 60 * MIB).encode()),
    "JSON lines of lists": ("sheet", lambda: (b'{"a":' + _filled("[]", 60_000).encode() + b"}\n") * 1_000),
    "JSON, one line": ("sheet", lambda: b'{"a":' + _filled("[]", 60 * MIB).encode() + b"}"),
    "wallets, short lines": ("wallets", lambda: b"x\n" * 30 * MIB),
    "wallets, one line": ("wallets", lambda: b"x" * 60 * MIB),
    "hashes, short lines": ("hashes", lambda: b"x\n" * 30 * MIB),
    "prices, one line": ("prices", lambda: b"x" * 60 * MIB),
    "prices, short lines": ("prices", lambda: b"chain,token,time,usd\n" + b"x\n" * 30 * MIB),
}


def measure(name: str) -> tuple[int, str]:
    """Bytes at the peak of a process that meets one attack, above what it had before; and what it said."""
    if name in FILES:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            path.write_bytes(FILES[name][1]())
            return _child(name, str(path))
    method, coding, make = NODES[name]
    body = make()

    def raw(asked: Any) -> tuple[int, dict[str, str], bytes] | None:
        if asked["method"] != method:
            return None
        headers = {"Content-Encoding": coding} if coding else {}
        return 200, headers, body.replace(b"%d", str(asked["id"]).encode(), 1)

    with FakeNode(raw=raw) as node:
        return _child(name, node.url)


def _child(name: str, where: str) -> tuple[int, str]:
    called = [sys.executable, "-m", "tests.ingest.attacks", name, where]
    done = subprocess.run(called, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    peak, _, said = done.stdout.strip().partition(" ")
    return int(peak), said


def _memory(what: str) -> int:
    # Not getrusage: its maximum is the parent's, where that was larger when it made this process.
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what)]
    return int(line.split()[1]) * 1_024


def _meet(name: str, where: str) -> None:
    """In the child: meet it, and print the peak and the error."""
    from datetime import UTC, datetime

    from ingest.errors import WatchError
    from ingest.evm.rpc.adaptive_size import AdaptiveSize
    from ingest.evm.rpc.endpoint_health import EndpointHealth
    from ingest.evm.rpc.node import Node
    from ingest.files import price_file, tx_hashes
    from ingest.files.lines import lines_of, text_of
    from ingest.files.parquet import read_parquet
    from ingest.files.tabular import read_sheet
    from watcher.given import read_given
    from watcher.wallet_list import parse

    readers: dict[str, Callable[[bytes], object]] = {
        "sheet": read_sheet,
        "wallets": lambda content: parse(content, now=datetime(2026, 1, 1, tzinfo=UTC), chain_names=()),
        "hashes": lambda content: tx_hashes.parse(lines_of(text_of(content), most=tx_hashes.MOST), {}),
        "prices": lambda content: price_file.parse(
            lines_of(text_of(content), most=price_file.MOST), chains={}, max_age_s=1
        ),
    }
    if name in FILES and "Parquet" in name:
        with suppress(WatchError):
            read_parquet(b"PAR1", most_rows=1, most_bytes=1)  # the library is loaded, or its lack is told below
    idle = _memory("VmRSS")
    said = "nothing"
    try:
        if name in FILES:
            readers[FILES[name][0]](read_given(Path(where)))
        else:
            wide = EndpointHealth(batch=AdaptiveSize(1, 1), width=AdaptiveSize(4, 4))
            with Node([where], chain_id=1, standings={where: wide}, sleep=lambda _s: None, tries=2) as node:
                node.batch([(NODES[name][0], [place]) for place in range(4)])
    except WatchError as error:
        said = f"{type(error).__name__}: {error}"
    print(_memory("VmHWM") - idle, said)


if __name__ == "__main__":
    if sys.argv[1:]:
        _meet(*sys.argv[1:])
    else:
        for each in (*NODES, *FILES):
            peak, said = measure(each)
            print(f"| {each} | {peak // MIB} MiB | {said} |", flush=True)
