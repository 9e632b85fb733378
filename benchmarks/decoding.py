"""From the bytes of an ``eth_getLogs`` answer to exact values, beside web3.py; and whole transactions.

    python -m benchmarks.decoding [logs, default 20,000]

Ours is the path of ingestion: ``wire.parse``, ``read_logs``, ``read_transfers``, ``read_events``, JSON and all checks
included. web3.py's ``process_log`` is handed logs that are parsed already. Both must find the same values. CPU time of
one core, the least of several rounds in turn; prints Markdown.
"""

import json
import sys
from pathlib import Path

from web3 import Web3

from benchmarks.chain_logs import EVENTS, answer
from benchmarks.timing import seconds
from ingest.decode import decode_transaction
from ingest.evm.logs import json_codec
from ingest.evm.logs.gc_pause import collector_off
from ingest.evm.logs.logs import read_logs
from ingest.evm.logs.token_flows import read_transfers
from ingest.evm.venues.families import read_events
from watcher import demo
from watcher.config.settings import load
from watcher.demo.node import Recording

ASKED = {"method": "eth_getLogs"}
ROUNDS, SAMPLE = 9, 10  # web3.py decodes one log in ten: a rate needs no more


def decode(body):
    """What ingestion makes of an answer: its transfers and its swaps."""
    with collector_off():
        logs = read_logs(json_codec.parse(body, ASKED)["result"])
        return read_transfers(logs), read_events(logs)


def process_log(logs):
    """web3.py's own decoding of parsed logs."""
    contracts = {topic: Web3().eth.contract(abi=[event]).events for topic, event in EVENTS.items()}
    events = {topic: getattr(contracts[topic], event["name"])() for topic, event in EVENTS.items()}
    return lambda: [events[log["topics"][0]].process_log(log) for log in logs]


def values(found):
    """web3.py's transfers and swaps as sorted tuples."""
    transfers, swaps = [], []
    for log in found:
        args, place = log["args"], (log["blockNumber"], log["logIndex"], log["address"].lower())
        if log["event"] == "Transfer":
            transfers.append((*place[1:], args["from"].lower(), args["to"].lower(), args["value"]))
        elif log["event"] == "Swap":
            if "amount0" in args:
                pair = args["amount0"], args["amount1"]
            else:
                pair = args["amount0In"] - args["amount0Out"], args["amount1In"] - args["amount1Out"]
            swaps.append((*place[1:], max(pair), -min(pair), pair[0] > 0))
    return sorted(transfers), sorted(swaps)


def check(body):
    """Refuse to measure what is not the same; return how many events were compared."""
    transfers, swaps = decode(body)
    ours = (
        sorted((hex(t.index), t.token, t.source, t.target, t.amount) for t in transfers),
        sorted((hex(s.log_index), s.emitter, s.amount_in, s.amount_out, s.zero_for_one) for s in swaps),
    )
    if ours != values(process_log(json.loads(body)["result"])()):
        raise SystemExit("the values differ from web3.py's")
    return sum(map(len, ours))


def recorded_transactions():
    """Every transaction of the demo's chain with its receipt, seen by its sender."""
    folder = Path(demo.__file__).parent
    settings = load(folder / "edgewatch.toml", {"EDGEWATCH_DEMO_PORT": "1"})
    chain = settings.chains[0].chain()
    recording = Recording.load(folder / "chain.jsonl.xz")
    pairs = [
        (recording.transaction(number, index), receipt)
        for number in range(recording.head + 1)
        for index, receipt in enumerate(recording.receipts(number))
    ]
    return lambda: [
        decode_transaction(transaction, receipt, wallet=transaction["from"], chain_id=chain.chain_id, chain=chain)
        for transaction, receipt in pairs
    ]


def main():
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    compared = check(answer(2_000))
    body = answer(count)
    logs = json.loads(body)["result"][::SAMPLE]
    took = seconds({"ours": lambda: decode(body), "web3": process_log(logs)}, ROUNDS)
    ours, theirs = count / took["ours"], len(logs) / took["web3"]
    print(f"{compared:,} transfers and swaps beside web3.py's first: none differs.\n")
    print("| mixed logs to exact values | logs a second | times web3.py |")
    print("|---|---|---|")
    print(f"| web3.py `process_log`, its JSON not counted | {theirs:,.0f} | 1 |")
    print(f"| Edgewatch, from the bytes of the answer | {ours:,.0f} | {ours / theirs:.0f} |")
    everything = recorded_transactions()
    trades = sum(len(found.trades) for found in everything())
    rate = len(everything()) / seconds({"ours": everything}, 3)["ours"]
    print(f"\nWhole transactions of the demo's chain ({trades:,} trades among them): {rate:,.0f} a second.")


if __name__ == "__main__":
    main()
