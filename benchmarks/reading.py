"""From a node to rows, beside web3.py with SQLAlchemy's ORM, ethereum-etl and cryo; and a thousand wallets beside one.

    python -m benchmarks.reading [peers] [transactions, default 10000]

A chain of real Uniswap pools on Anvil, where a hundred wallets trade. Everyone reads it from the first block to the
last: the logs that move tokens of these wallets, each transaction, its receipt and its block's time.

- Edgewatch and web3.py: see ``benchmarks.readers``. web3.py, which takes a second for a hundred transactions, reads the
  first part only.
- ethereum-etl (``peers``; ``make bench-peers`` makes its environment): the three commands of its ``export_all`` that
  give this, to CSV; for the receipts it is told the hashes. Once more without ``export_token_transfers``: nothing is
  decoded then.
- cryo, likewise: all transfer logs, all transactions with fields of their receipts, to a frame in memory.

Each is a process of its own, whose processor time is counted beside the node's; times are told with and without the
starts of these programs. The quickest of two rounds in turn counts, also with 50 ms added to every request. Without
``peers`` then one wallet, the same with 999 others that never traded, and a thousand that did. Writes
``benchmarks/results.md``.
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.latency import late
from benchmarks.readers import TRANSFER
from ingest.types import NATIVE
from tests.localchain.anvil import MISSING, Anvil, find_anvil
from tests.localchain.world import World
from watcher.store import wallets
from watcher.store.sql import database
from watcher.store.sql.database import writing
from watcher.types import Wallet

WALLETS, BLOCK_TRANSACTIONS, STEP, LATENCY_MS, ROUNDS = 100, 20, 50, 50, 2
PEERS = Path("build/etl/bin")
CRYO = """
import sys, cryo
url, first, last, topic = sys.argv[1:]
asked = dict(blocks=[f"{first}:{int(last) + 1}"], rpc=url, inner_request_size=50, max_concurrent_requests=8)
cryo.collect("logs", topic0=[topic], verbose=False, output_format="polars", **asked)
print(len(cryo.collect("transactions", verbose=False, output_format="polars", **asked)))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What happened on a chain, and whom to watch there."""

    anvil: Anvil
    table: dict[str, Any]  #: of the configuration
    names: list[str]  #: of the wallets
    first: int
    last: int
    hashes: list[str]

    def part(self, transactions: int) -> "Past":
        """Its beginning."""
        blocks = max(1, transactions // BLOCK_TRANSACTIONS)
        return Past(
            anvil=self.anvil,
            table=self.table,
            names=self.names,
            first=self.first,
            last=min(self.last, self.first + blocks - 1),
            hashes=self.hashes[: blocks * BLOCK_TRANSACTIONS],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one way of reading took."""

    seconds: float
    reading_s: float  #: without the start
    client_s: float  #: processor time of the reader
    node_s: float  #: and of the node
    did: dict[str, Any]  #: transactions, and what else it tells


Way = Callable[[str, Path], dict[str, Any]]
"""Reads from a URL into a folder."""


def trade(anvil: Anvil, *, many: int, count: int) -> Past:
    """Let wallets trade."""
    world = World(anvil, v4=False)
    world.deploy()
    names = [f"0x{n + 1:04x}" + "5a" * 18 for n in range(many)]
    world.fund(names)
    world.mine()
    anvil.rpc("anvil_setBlockTimestampInterval", 12)
    first = int(anvil.rpc("eth_blockNumber"), 16) + 1
    routes = [
        (venue, sell, buy)
        for venue in ("v2", "v3")
        for sell, buy in ((NATIVE, "ALFA"), ("USD", "ALFA"), (NATIVE, "BRAVO"), ("USD", "BRAVO"))
    ]
    token, hashes = {NATIVE: NATIVE, **world.tokens}, []
    for start in range(0, count, BLOCK_TRANSACTIONS):
        requests = []
        for n in range(start, start + BLOCK_TRANSACTIONS):
            venue, sell, buy = routes[n % len(routes)]
            amount = 10**15 if sell == NATIVE else 10**6
            requests.append(world.swap_request(names[n % len(names)], venue, token[sell], token[buy], amount))
        hashes += world.send_all(requests)
        world.mine()
    last = int(anvil.rpc("eth_blockNumber"), 16)
    anvil.rpc("anvil_mine", hex(70), hex(12))  # final is what 64 blocks follow
    return Past(anvil=anvil, table=world.chain_table(), names=names, first=first, last=last, hashes=hashes)


def python(way: str, past: Past, *, names: Sequence[str] = (), **table: Any) -> Way:
    """One of ``benchmarks.readers``, on a new database that knows the wallets."""
    names, now = names or past.names, datetime.now(UTC)
    ready = Path(tempfile.mkdtemp()) / "ready.db"
    engine = database.connect(f"sqlite:///{ready}")
    if way == "ours":
        database.prepare(engine)
        with writing(engine) as connection:
            for name in names:
                wallets.add(connection, Wallet(address=name, followed_since=now, added_at=now))
    engine.dispose()

    def run(url: str, folder: Path) -> dict[str, Any]:
        if ready.exists():
            shutil.copy(ready, folder / "rows.db")
        task = {"url": url, "database": str(folder / "rows.db"), "table": past.table | table, "wallets": list(names)}
        path = folder / "task.json"
        path.write_text(json.dumps({**task, "first": past.first, "last": past.last, "step": STEP}))
        return dict(json.loads(_output([sys.executable, "-m", "benchmarks.readers", way, str(path)])))

    return run


def etl(past: Past, *, decoded: bool) -> Way:
    """ethereum-etl, five workers, as its manual has them."""
    start_s = _start([str(PEERS / "ethereumetl"), "--help"])

    def run(url: str, folder: Path) -> dict[str, Any]:
        (folder / "hashes").write_text("\n".join(past.hashes) + "\n")
        blocks, given = f"-s {past.first} -e {past.last} -b {STEP}", f"-t {folder}/hashes -b 100"
        commands = [
            f"export_blocks_and_transactions {blocks} --blocks-output {folder}/b --transactions-output {folder}/t",
            f"export_receipts_and_logs {given} --receipts-output {folder}/receipts --logs-output {folder}/logs",
        ]
        if decoded:
            commands.append(f"export_token_transfers {blocks} -o {folder}/transfers")
        for command in commands:
            _output([str(PEERS / "ethereumetl"), *command.split(), "-w", "5", "-p", url])
        count = len((folder / "receipts").read_text().splitlines()) - 1
        return {"transactions": count, "start_s": len(commands) * start_s}

    return run


def cryo(past: Past) -> Way:
    """cryo's two collections, to a frame in memory."""
    start_s = _start([str(PEERS / "python"), "-c", "import cryo, polars"])

    def run(url: str, _folder: Path) -> dict[str, Any]:
        bounds = [str(past.first), str(past.last)]
        count = int(_output([str(PEERS / "python"), "-c", CRYO, url, *bounds, TRANSFER]))
        return {"transactions": count, "start_s": start_s}

    return run


def _start(command: list[str]) -> float:
    """Seconds that a program takes to do nothing."""
    took = []
    for _ in range(3):
        begin = time.perf_counter()
        _output(command)
        took.append(time.perf_counter() - begin)
    return min(took)


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-400:])
    return done.stdout


def measure(past: Past, url: str, ways: dict[str, Way], rounds: int = ROUNDS) -> dict[str, Run]:
    """The quickest run of each way, in turn; what fails is told and left out."""
    best: dict[str, Run] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                begin, client, node = time.perf_counter(), _children_s(), past.anvil.cpu_s
                try:
                    did = way(url, Path(folder))
                except (RuntimeError, OSError) as error:
                    print(f"{name} was not measured: {str(error)[-200:]}", file=sys.stderr)
                    continue
                took = time.perf_counter() - begin
                run = Run(
                    seconds=took,
                    reading_s=did["reading_s"] if "reading_s" in did else took - did["start_s"],
                    client_s=_children_s() - client,
                    node_s=past.anvil.cpu_s - node,
                    did=did,
                )
                best[name] = min(best.get(name, run), run, key=lambda each: each.seconds)
    return best


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compared(title: str, found: dict[str, Run]) -> list[str]:
    """One table; times Edgewatch's go by transactions a second."""
    own = found["Edgewatch"]
    lines = [
        f"| {title} | transactions | seconds, after the start | times Edgewatch's | CPU seconds: reader, node |",
        "|---|---|---|---|---|",
    ]
    for name, run in found.items():
        count, more = run.did["transactions"], own.did["transactions"] / run.did["transactions"]
        times = f"{more * run.seconds / own.seconds:.1f}, {more * run.reading_s / own.reading_s:.1f}"
        took, spent = f"{run.seconds:.1f}, {run.reading_s:.1f}", f"{run.client_s:.1f}, {run.node_s:.1f}"
        lines.append(f"| {name} | {count:,} | {took} | {times} | {spent} |")
    return [*lines, ""]


def against_peers(past: Past) -> list[str]:
    """Edgewatch beside ethereum-etl and cryo."""
    ways: dict[str, Way] = {
        "Edgewatch": python("ours", past),
        "ethereum-etl, 5 workers": etl(past, decoded=True),
        "the same without token transfers": etl(past, decoded=False),
        "cryo, to memory": cryo(past),
    }
    lines = compared("no latency", measure(past, past.anvil.url, ways))
    with late(past.anvil.port, LATENCY_MS) as url:
        return lines + compared(f"{LATENCY_MS} ms", measure(past, url, ways))


def against_web3(past: Past) -> list[str]:
    """Edgewatch beside the tutorials' loop, and what prices cost."""
    ways: dict[str, Way] = {
        "Edgewatch": python("ours", past),
        "without price feeds": python("ours", past, native_usd_feed=None),
    }
    part, less = past.part(2_000), past.part(200)
    lines = compared("no latency", measure(past, past.anvil.url, {**ways, "web3.py, ORM": python("web3", part)}))
    with late(past.anvil.port, LATENCY_MS) as url:
        found = measure(past, url, {**ways, "web3.py, ORM": python("web3", less)}, rounds=1)
    return lines + compared(f"{LATENCY_MS} ms", found)


def crowds(past: Past, crowd: Past) -> list[str]:
    """A thousand wallets beside one."""
    idle = [f"0x{n:040x}" for n in range(1, 1_000)]
    ways = {
        f"{words}, `{verify}`": (of, python("ours", of, names=names, verify=verify))
        for verify in ("ends", "full")
        for words, of, names in (
            ("1 wallet", past, past.names[:1]),
            ("1, and 999 that never traded", past, [past.names[0], *idle]),
            ("1,000 that trade", crowd, crowd.names),
        )
    }
    lines = [
        "| wallets, `verify` | transactions | seconds, no start | windows | eth_getLogs | requests | peak memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, (of, way) in ways.items():
        run = measure(of, of.anvil.url, {name: way}, rounds=3)[name]
        counts = " | ".join(f"{run.did[key]:,}" for key in ("windows", "eth_getLogs", "requests"))
        cells = f"{run.did['transactions']:,} | {run.reading_s:.2f} | {counts} | {run.did['peak_mb']} MB"
        lines.append(f"| {name} | {cells} |")
    return lines


def main() -> None:
    """Measure, print and keep."""
    peers, count = "peers" in sys.argv[1:], next((int(each) for each in sys.argv[1:] if each.isdigit()), 10_000)
    if find_anvil() is None or (peers and not PEERS.exists()):
        print(f"Reading was not measured. {'' if find_anvil() else MISSING}", file=sys.stderr)
        return
    with Anvil() as anvil:
        past = trade(anvil, many=WALLETS, count=count)
        if peers:
            results.write("benchmarks.reading peers", against_peers(past))
            return
        lines = against_web3(past)
        with Anvil() as other:
            lines += crowds(past, trade(other, many=1_000, count=count))
        results.write("benchmarks.reading", lines)


if __name__ == "__main__":
    main()
