"""Log decoding beside hypersync's decoder, which is Rust (alloy); in the environment that ``make bench-peers`` makes.

    python -m benchmarks.peers [logs, default 20,000]

The mix of logs and our path are those of ``benchmarks.decoding``. hypersync's log decoder takes only logs that its own
client fetched; its call decoder, the same Rust code, is handed each log's words as calldata, once ready made and once
from the bytes of the answer, like ours. Version 1.2.1 does not cut the selector off, so its values stand four bytes too
far right: the work is the same, the values are not compared.
"""

import sys

import msgspec
from eth_utils.crypto import keccak

from benchmarks.chain_logs import EVENTS, answer
from benchmarks.decoding import decode
from benchmarks.timing import seconds

ROUNDS = 7


def calldata(selectors, logs):
    """Each log's words behind the selector of a function with the event's fields."""
    return [
        selectors[log["topics"][0]] + "".join([topic[2:] for topic in log["topics"][1:]]) + log["data"][2:]
        for log in logs
    ]


def main():
    """Print the table."""
    try:
        import hypersync
    except ImportError as error:
        sys.exit(f"hypersync was not measured: it cannot be imported here ({error}). Run it by `make bench-peers`.")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    signatures, selectors = [], {}
    for number, (topic, event) in enumerate(EVENTS.items()):
        fields = sorted(event["inputs"], key=lambda field: not field["indexed"])
        signature = f"f{number}({','.join(field['type'] for field in fields)})"
        signatures.append(f"function {signature}")
        selectors[topic] = "0x" + keccak(text=signature)[:4].hex()
    decoder = hypersync.CallDecoder(signatures).inner  # its Python wrapper calls a misspelt name

    def rust(ready):
        return [[value.val for value in found] for found in decoder.decode_inputs_sync(ready)]

    body = answer(count)
    ready = calldata(selectors, msgspec.json.decode(body)["result"])
    took = seconds(
        {
            "ours": lambda: decode(body),
            "ready": lambda: rust(ready),
            "bytes": lambda: rust(calldata(selectors, msgspec.json.decode(body)["result"])),
        },
        ROUNDS,
    )
    print("| mixed logs to exact values | logs a second | Edgewatch is so many times |")
    print("|---|---|---|")
    print(f"| Edgewatch, from the bytes of the answer | {count / took['ours']:,.0f} | 1 |")
    for name, what in (("bytes", "from the bytes of the answer"), ("ready", "handed ready-made calldata")):
        print(f"| hypersync (Rust), {what} | {count / took[name]:,.0f} | {took[name] / took['ours']:.2f} |")


if __name__ == "__main__":
    main()
