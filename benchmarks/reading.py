"""From a node to rows beside web3.py with SQLAlchemy's ORM, ethereum-etl and cryo: the same logs, the same receipts.

    python -m benchmarks.reading [transactions, default 2000]

A chain of real Uniswap pools on Anvil, where a hundred wallets trade. Everyone reads all of it once, from the first
block to the last: the logs that move tokens of these wallets, and each transaction, its receipt and its block's time.

- Edgewatch: the shipped ``ingest_once`` into a SQLite file that knows the wallets; it decodes and values trades too.
- web3.py: the loop of every tutorial: ``get_logs``, ``process_log``, ``get_transaction``, ``get_transaction_receipt``,
  ``get_block``, and a mapped class a row.
- ethereum-etl, in its own environment (``make bench-peers`` makes it): ``export_token_transfers``, then
  ``export_receipts_and_logs`` for the transactions that Edgewatch found, to CSV.
- cryo, likewise, where it can be installed: all transfer logs, all transactions with fields of their receipts.

Wall time, the least of two rounds in turn, also with 50 ms added to every answer of the node. Then one wallet alone and
the same with 999 others that never traded, found by its logs alone (``verify = "ends"``); and the peak memory. Prints
Markdown.
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from ingest.budget import Meter
from ingest.rpc import Node
from ingest.types import NATIVE
from tests.localchain.anvil import Anvil
from tests.localchain.world import World
from watcher.config import ChainConfig
from watcher.jobs.ingest import Source, ingest_once
from watcher.store import database, wallets
from watcher.store.database import writing
from watcher.types import Wallet

WALLETS, BLOCK_TRANSACTIONS, STEP, LATENCY_S = 100, 20, 50, 0.05
PEERS = Path("build/etl/bin")
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def trade(world: World, names: list[str], count: int) -> tuple[int, int]:
    """Let the wallets trade; first and last block."""
    world.fund(names)
    world.mine()
    world.anvil.rpc("anvil_setBlockTimestampInterval", 12)
    first = int(world.anvil.rpc("eth_blockNumber"), 16) + 1
    routes = [
        (venue, sell, buy)
        for venue in ("v2", "v3")
        for sell, buy in ((NATIVE, "ALFA"), ("USD", "ALFA"), (NATIVE, "BRAVO"), ("USD", "BRAVO"))
    ]
    token = {NATIVE: NATIVE, **world.tokens}
    for start in range(0, count, BLOCK_TRANSACTIONS):
        requests = []
        for n in range(start, start + BLOCK_TRANSACTIONS):
            venue, sell, buy = routes[n % len(routes)]
            amount = 10**15 if sell == NATIVE else 10**6
            requests.append(world.swap_request(names[n % len(names)], venue, token[sell], token[buy], amount))
        world.send_all(requests)
        world.mine()
    last = int(world.anvil.rpc("eth_blockNumber"), 16)
    world.anvil.rpc("anvil_mine", hex(70), hex(12))  # final is what 64 blocks follow
    return first, last


class Counting(ThreadingHTTPServer):
    """Hands requests on to a node, late, and counts them by method."""

    daemon_threads = True

    def __init__(self, url: str, latency_s: float) -> None:
        super().__init__(("127.0.0.1", 0), _Late)
        self.upstream, self.latency_s, self.asked = url, latency_s, Counter[str]()
        self.client = httpx.Client(timeout=60)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Late(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Counting)
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = json.loads(body)
        server.asked.update(each["method"] for each in (asked if isinstance(asked, list) else [asked]))
        time.sleep(server.latency_s)
        answer = server.client.post(server.upstream, content=body, headers={"content-type": "application/json"}).content
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def late(url: str, latency_s: float) -> Iterator[Counting]:
    """The node behind so much latency."""
    server = Counting(url, latency_s)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def ours(world: World, names: list[str], first: int, **how: str) -> Callable[[str, Path], int]:
    """``ingest_once``, whole, into a new file; how many transactions it kept."""
    now = datetime.now(UTC)
    ready = Path(tempfile.mkdtemp()) / "ready.db"
    engine = database.connect(f"sqlite:///{ready}")
    database.prepare(engine)
    with writing(engine) as connection:
        for name in names:
            wallets.add(connection, Wallet(address=name, followed_since=now, added_at=now))
    engine.dispose()

    def run(url: str, folder: Path) -> int:
        path = shutil.copy(ready, folder / "edgewatch.db")
        engine = database.connect(f"sqlite:///{path}")
        table = {**world.chain_table(), "rpc_urls": [url], "from_block": first, **how}
        config = ChainConfig.model_validate(table)
        meter = Meter(spent=0, limit=10**12)
        with Node([url], chain_id=config.chain_id, charge=meter.charge) as node:
            source = Source(chain=config.chain(), config=config, node=node, meter=meter)
            done = ingest_once(engine, source, now=now)
        engine.dispose()
        assert done.finished
        return done.transactions

    return run


def by_web3(names: list[str], first: int, last: int) -> Callable[[str, Path], int]:
    """The loop of every tutorial."""
    from sqlalchemy import Column, Integer, String, create_engine
    from sqlalchemy.orm import Session, declarative_base
    from web3 import HTTPProvider, Web3

    base = declarative_base()

    class Transfer(base):  # type: ignore[misc, valid-type]
        __tablename__ = "transfer"
        id = Column(Integer, primary_key=True)
        block, tx_hash, log_index = Column(Integer), Column(String), Column(Integer)
        token, sender, receiver, amount = Column(String), Column(String), Column(String), Column(String)

    class Transaction(base):  # type: ignore[misc, valid-type]
        __tablename__ = "transaction_"
        tx_hash = Column(String, primary_key=True)
        block, at, sender, status, gas = (
            Column(Integer),
            Column(Integer),
            Column(String),
            Column(Integer),
            Column(String),
        )

    fields = (("from", "address", True), ("to", "address", True), ("value", "uint256", False))
    abi = [
        {
            "type": "event",
            "anonymous": False,
            "name": "Transfer",
            "inputs": [{"name": name, "type": kind, "indexed": indexed} for name, kind, indexed in fields],
        }
    ]
    padded = ["0x" + "00" * 12 + name[2:] for name in names]

    def run(url: str, folder: Path) -> int:
        path = folder / "web3.db"
        path.unlink(missing_ok=True)
        engine = create_engine(f"sqlite:///{path}")
        base.metadata.create_all(engine)
        web3 = Web3(HTTPProvider(url))
        event = web3.eth.contract(abi=abi).events.Transfer()
        seen: set[str] = set()
        with Session(engine) as session:
            for start in range(first, last + 1, STEP):
                end = min(start + STEP - 1, last)
                logs = {}
                for topics in ([TRANSFER, padded], [TRANSFER, None, padded]):
                    for log in web3.eth.get_logs({"fromBlock": start, "toBlock": end, "topics": topics}):
                        logs[log["blockNumber"], log["logIndex"]] = log
                for log in logs.values():
                    found = event.process_log(log)
                    session.add(
                        Transfer(
                            block=found["blockNumber"],
                            tx_hash=found["transactionHash"].hex(),
                            log_index=found["logIndex"],
                            token=found["address"],
                            sender=found["args"]["from"],
                            receiver=found["args"]["to"],
                            amount=str(found["args"]["value"]),
                        )
                    )
                    tx_hash = found["transactionHash"].hex()
                    if tx_hash in seen:
                        continue
                    seen.add(tx_hash)
                    sent = web3.eth.get_transaction(tx_hash)
                    receipt = web3.eth.get_transaction_receipt(tx_hash)
                    block = web3.eth.get_block(found["blockNumber"])
                    session.add(
                        Transaction(
                            tx_hash=tx_hash,
                            block=found["blockNumber"],
                            at=block["timestamp"],
                            sender=sent["from"],
                            status=receipt["status"],
                            gas=str(receipt["gasUsed"] * receipt["effectiveGasPrice"]),
                        )
                    )
                session.commit()
        engine.dispose()
        return len(seen)

    return run


def by_etl(hashes: list[str], first: int, last: int) -> Callable[[str, Path], int]:
    """ethereum-etl's two commands, five workers each, as its manual has them."""

    def run(url: str, folder: Path) -> int:
        asked = folder / "hashes.txt"
        asked.write_text("\n".join(hashes) + "\n")
        etl = [str(PEERS / "ethereumetl")]
        blocks, receipts = f"-s {first} -e {last} -b {STEP}", folder / "receipts.csv"
        for command in (
            f"export_token_transfers {blocks} -o {folder}/transfers.csv",
            f"export_receipts_and_logs -t {asked} -b 100 --receipts-output {receipts} --logs-output {folder}/logs.csv",
            f"export_blocks_and_transactions {blocks} --blocks-output {folder}/b --transactions-output {folder}/t",
        ):
            asked_of = [*command.split(), "-w", "5", "-p", url]
            done = subprocess.run([*etl, *asked_of], capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stderr[-400:])
        return len(receipts.read_text().splitlines()) - 1

    return run


CRYO = """
import sys, cryo
url, first, last, topic = sys.argv[1:]
asked = dict(blocks=[f"{first}:{int(last) + 1}"], rpc=url, inner_request_size=50, max_concurrent_requests=8)
cryo.collect("logs", topic0=[topic], verbose=False, output_format="polars", **asked)
print(len(cryo.collect("transactions", verbose=False, output_format="polars", **asked)))
"""


def by_cryo(first: int, last: int) -> Callable[[str, Path], int]:
    """cryo's two collections, to a frame in memory."""

    def run(url: str, _folder: Path) -> int:
        command = [str(PEERS / "python"), "-c", CRYO, url, str(first), str(last), TRANSFER]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-400:])
        return int(done.stdout)

    return run


def measure(url: str, ways: dict[str, Callable[[str, Path], int]], rounds: int = 2) -> dict[str, tuple[float, int]]:
    """Least wall time and transactions of each way, in turn; what fails is told and left out."""
    best: dict[str, tuple[float, int]] = {}
    for _ in range(rounds):
        for name, run in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                begin = time.perf_counter()
                try:
                    count = run(url, Path(folder))
                except (RuntimeError, OSError) as error:
                    print(f"{name} was not measured: {str(error)[-200:]}", file=sys.stderr)
                    continue
                took = time.perf_counter() - begin
                best[name] = min(best.get(name, (took, count)), (took, count))
    return best


def table(title: str, found: dict[str, tuple[float, int]]) -> None:
    """Print one table."""
    own = found["Edgewatch"][0]
    print(f"| {title} | seconds | transactions a second | times slower than Edgewatch |")
    print("|---|---|---|---|")
    for name, (took, count) in found.items():
        print(f"| {name} | {took:.2f} | {count / took:,.0f} | {took / own:.1f} |", flush=True)
    print()


def main() -> None:
    """Print the tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    names = [f"0x{n + 1:02x}" + "5a" * 19 for n in range(WALLETS)]
    with Anvil() as anvil:
        world = World(anvil, v4=False)
        world.deploy()
        first, last = trade(world, names, count)
        hashes = [
            tx_hash
            for n in range(first, last + 1)
            for tx_hash in anvil.rpc("eth_getBlockByNumber", hex(n), False)["transactions"]  # noqa: FBT003
        ]
        read = ours(world, names, first)
        ways = {"Edgewatch": read, "web3.py and the ORM": by_web3(names, first, last)}
        if PEERS.exists():
            ways |= {"ethereum-etl, 5 workers": by_etl(hashes, first, last), "cryo, to memory": by_cryo(first, last)}
        else:
            print("ethereum-etl and cryo were not measured: run `make bench-peers`", file=sys.stderr)
        found = measure(anvil.url, ways)
        table(f"{len(hashes):,} transactions in {last - first + 1} blocks", found)
        with late(anvil.url, LATENCY_S) as server:
            table("the same, 50 ms later", measure(server.url, ways, rounds=1))
        one = [names[0]]
        with late(anvil.url, 0.0) as server:
            idle = [f"0x{n:040x}" for n in range(1, 1_000)]
            print("| wallets | seconds | eth_getLogs | requests in all |")
            print("|---|---|---|---|")
            for many in (one, one + idle):
                server.asked.clear()
                took, _ = measure(server.url, {"Edgewatch": ours(world, many, first, verify="ends")}, rounds=1)[
                    "Edgewatch"
                ]
                print(f"| {len(many):,} | {took:.2f} | {server.asked['eth_getLogs']} | {server.asked.total()} |")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print()
        print(f"at most {peak} MB of memory, web3.py and its peers' loops in the same process among it")


if __name__ == "__main__":
    main()
