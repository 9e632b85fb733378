"""One reading in a process of its own, so that its start, processor time and memory can be counted.

    python -m benchmarks.readers ours|web3 TASK.json

Prints what it did as JSON. ``ours`` is the shipped ``ingest_once`` into a SQLite file that knows the wallets: it
checks, decodes and values too. ``web3`` is the loop of every tutorial: ``get_logs``, ``process_log``,
``get_transaction``, ``get_transaction_receipt``, ``get_block``, and a mapped class of SQLAlchemy's ORM a row.
"""

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
Task = dict[str, Any]


def ours(task: Task) -> Task:
    """``ingest_once``, whole, into ``database``."""
    from ingest.evm.rpc.budget import Meter
    from ingest.evm.rpc.node import Node
    from watcher.config.settings import ChainConfig
    from watcher.jobs.sync.ingest import Source, ingest_once
    from watcher.store.sql import database

    engine = database.connect(f"sqlite:///{task['database']}")
    config = ChainConfig.model_validate({**task["table"], "rpc_urls": [task["url"]], "from_block": task["first"]})
    meter, asked = Meter(spent=0, limit=10**12), Counter[str]()

    def charge(methods: Sequence[str], host: str) -> None:
        asked.update(methods)
        meter.charge(methods, host)

    windows: list[int] = []
    with Node(config.rpc_urls, chain_id=config.chain_id, charge=charge) as node:
        source = Source(chain=config.chain(), config=config, node=node, meter=meter)
        done = ingest_once(engine, source, now=datetime.now(UTC), on_progress=lambda each: windows.append(each.blocks))
    engine.dispose()
    assert done.finished
    return {
        "transactions": done.transactions,
        "trades": done.trades,
        "windows": len(windows) + done.refusals,
        "requests": asked.total(),
        "eth_getLogs": asked["eth_getLogs"],
    }


def by_web3(task: Task) -> Task:
    """The loop of every tutorial, into a new ``database``."""
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
        block, at, sender = Column(Integer), Column(Integer), Column(String)
        status, gas = Column(Integer), Column(String)

    fields = (("from", "address", True), ("to", "address", True), ("value", "uint256", False))
    inputs = [{"name": name, "type": kind, "indexed": indexed} for name, kind, indexed in fields]
    abi = [{"type": "event", "anonymous": False, "name": "Transfer", "inputs": inputs}]
    padded = ["0x" + "00" * 12 + name[2:] for name in task["wallets"]]
    engine = create_engine(f"sqlite:///{task['database']}")
    base.metadata.create_all(engine)
    web3 = Web3(HTTPProvider(task["url"]))
    event = web3.eth.contract(abi=abi).events.Transfer()
    seen: set[str] = set()
    with Session(engine) as session:
        for start in range(task["first"], task["last"] + 1, task["step"]):
            end = min(start + task["step"] - 1, task["last"])
            logs = {}
            for topics in ([TRANSFER, padded], [TRANSFER, None, padded]):
                for log in web3.eth.get_logs({"fromBlock": start, "toBlock": end, "topics": topics}):
                    logs[log["blockNumber"], log["logIndex"]] = log
            for log in logs.values():
                found = event.process_log(log)
                tx_hash = found["transactionHash"].hex()
                session.add(
                    Transfer(
                        block=found["blockNumber"],
                        tx_hash=tx_hash,
                        log_index=found["logIndex"],
                        token=found["address"],
                        sender=found["args"]["from"],
                        receiver=found["args"]["to"],
                        amount=str(found["args"]["value"]),
                    )
                )
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
    return {"transactions": len(seen)}


def start(way: str) -> None:
    """Import what a way needs: that is its start, not its reading."""
    if way == "ours":
        import watcher.config.settings
        import watcher.jobs.sync.ingest  # noqa: F401
    else:
        import sqlalchemy.orm  # noqa: F401
        import web3  # noqa: F401


WAYS: dict[str, Callable[[Task], Task]] = {"ours": ours, "web3": by_web3}

if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    start(sys.argv[1])
    begin = time.perf_counter()
    did = WAYS[sys.argv[1]](asked)
    took, peak = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({**did, "reading_s": took, "peak_mb": peak}))
